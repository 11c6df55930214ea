// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ClaimId, ServiceId, Tier} from "../types/ComputeTypes.sol";

/// @notice What providers sell, in a book per (model, tier) with prices on 1 % ticks.
/// @dev Capacity is money: an operator admits open budgets up to its bond allocated to this contract times 10,000 divided by
/// `services.bondRatio`, so the bond grows with the throughput that it admits, and claims are accepted only while it does.
/// One listed service per (operator, model, tier).
interface IServices {
    /// @param modelId a published model
    /// @param tier how answers are judged
    /// @param tick unit price = `priceAt(tick)` wei
    /// @param signer hot key that signs receipts
    /// @param endpoint base URL, http or https, at most 200 bytes
    struct Offer {
        bytes32 modelId;
        Tier tier;
        uint16 tick;
        address signer;
        string endpoint;
    }

    struct Service {
        address operator;
        address signer;
        bytes32 modelId;
        Tier tier;
        uint16 tick;
        bool listed;
        string endpoint;
    }

    error Services_Unknown(ServiceId id);
    error Services_NotOperator(ServiceId id, address caller);
    error Services_TickTooHigh(uint256 tick, uint256 max);
    error Services_InvalidEndpoint(string endpoint);
    error Services_InvalidSigner();
    error Services_ModelNotOffered(bytes32 modelId, Tier tier);
    error Services_InsufficientBond(address operator, uint256 allocated, uint256 required);
    /// @notice Thrown when no listed service is at or under the ceiling with capacity for the budget.
    /// @param cheapest lowest listed unit price in the book, wei; 0 when the book is empty
    error Services_NoMatch(bytes32 modelId, Tier tier, uint256 ceiling, uint256 cheapest);
    error Services_OnlySessions(address caller);
    error Services_OnlyAudits(address caller);
    error Services_AlreadyOffered(ServiceId id);
    error Services_WrongListing(ServiceId id, bool listed);
    error Services_NoTickAtOrBelow(uint256 price);
    error Services_NewBusinessStopped();

    event ServiceRegistered(
        ServiceId indexed id,
        address indexed operator,
        bytes32 indexed modelId,
        Offer offer
    );
    event ServiceRepriced(ServiceId indexed id, uint16 fromTick, uint16 toTick);
    event ServiceEndpointChanged(ServiceId indexed id, string endpoint);
    event ServiceListed(ServiceId indexed id);
    event ServiceDelisted(ServiceId indexed id);
    event CapacityReserved(ServiceId indexed id, address indexed operator, uint256 budget);
    event CapacityReleased(ServiceId indexed id, address indexed operator, uint256 budget);
    event OperatorPunished(address indexed operator, ClaimId indexed claim, uint256 cut);

    /// @notice Registers and lists a service; the caller is its operator and must have the minimum bond allocated.
    function register(Offer calldata offer) external returns (ServiceId id);
    /// @notice Moves a service to another tick. Open sessions keep their price.
    function reprice(ServiceId id, uint16 tick) external;
    function setEndpoint(ServiceId id, string calldata endpoint) external;
    /// @notice Takes no new sessions; open ones go on. Operator; anyone once its bond is under `services.minBond`.
    function delist(ServiceId id) external;
    /// @notice Takes new sessions again. Same terms as `register`.
    function list(ServiceId id) external;

    /// @notice Picks a service at the best price with capacity and reserves it. Sessions only.
    /// @dev Looks at no more than 16 services: up to 8 from the best tick on, and when those are full as many again from a
    /// salted tick under the ceiling, so that a row of full services at the cheap end can't hide the rest.
    /// @param ceiling highest acceptable unit price, wei
    /// @param budget wei that the session locks
    /// @param salt spreads the choice among equals; not a secret
    function reserve(
        bytes32 modelId,
        Tier tier,
        uint256 ceiling,
        uint256 budget,
        bytes32 salt
    ) external returns (ServiceId id, uint256 unitPrice, address operator, address signer);
    /// @notice Gives reserved capacity back. Sessions only.
    function release(ServiceId id, uint256 budget) external;
    /// @notice Slashes the operator of a guilty claim: `audits.slashBps` of what is slashable here, and at least twice the
    /// harm where there is so much. Audits only.
    /// @dev Half of a slash never goes to the victim, so that an operator that plays its own victim can't move its bond out.
    /// @param harm wei of the claim; the victim, whose claim was refunded before, gets as much, up to half of the slash
    /// @param reporters share `audits.reporterBps` of the slash
    /// @return cut wei slashed
    function punish(
        address operator,
        ClaimId claim,
        address victim,
        uint256 harm,
        address[] calldata reporters
    ) external returns (uint256 cut);

    /// @notice Reverts unless the bond of `operator` that isn't leaving covers all budgets that it has admitted.
    function requireCovered(address operator) external view;

    function get(ServiceId id) external view returns (Service memory);
    function count() external view returns (uint256);
    /// @notice Unit price of a tick, wei: 1.01^tick rounded down, within a relative 2^-58 of it; ticks 0 to 69 all cost 1 wei.
    function priceAt(uint16 tick) external pure returns (uint256);
    /// @notice The largest tick whose price is at or under `price`.
    function tickAtOrBelow(uint256 price) external pure returns (uint16);
    /// @notice Wei of budgets that `operator` has admitted and not yet got free again.
    function reservedOf(address operator) external view returns (uint256);
    /// @notice Wei of budgets that `operator` can still admit; none while its bond is under `services.minBond`.
    function freeCapacity(address operator) external view returns (uint256);
}
