// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IBonds} from "../../core/interfaces/IBonds.sol";
import {IParameters} from "../../core/interfaces/IParameters.sol";
import {IServices} from "../interfaces/IServices.sol";
import {ClaimId} from "../types/ComputeTypes.sol";

/// @title Capacity
/// @notice What an operator's bond lets it admit, and what it loses by guilt.
abstract contract Capacity is IServices {
    /* TYPES */

    /// @param minimum smallest bond that admits anything, wei
    /// @param ratio bond required for each wei of budget, 1/10,000
    struct BondTerms {
        uint256 minimum;
        uint256 ratio;
    }

    /* CONSTANTS */

    uint256 private constant BPS = 10_000;

    /* IMMUTABLES */

    IBonds internal immutable BONDS;
    IParameters internal immutable PARAMETERS;
    address private immutable AUDITS;

    /* STORAGE */

    /// @inheritdoc IServices
    mapping(address operator => uint256) public reservedOf;

    /* CONSTRUCTOR */

    constructor(IBonds bonds, IParameters parameters, address audits) {
        BONDS = bonds;
        PARAMETERS = parameters;
        AUDITS = audits;
    }

    /* BLAME */

    /// @inheritdoc IServices
    function punish(
        address operator,
        ClaimId claim,
        address victim,
        uint256 harm,
        address[] calldata reporters
    ) external returns (uint256 cut) {
        require(msg.sender == AUDITS, Services_OnlyAudits(msg.sender));

        uint256 slashable = BONDS.slashable(operator, address(this));
        uint256 share = (slashable * PARAMETERS.get("audits.slashBps")) / BPS;
        uint256 amount = Math.min(slashable, Math.max(share, 2 * harm));
        if (amount != 0) {
            cut = BONDS.slash(
                IBonds.Slash({
                    operator: operator,
                    amount: amount,
                    victim: victim,
                    victimAmount: Math.min(harm, amount / 2),
                    reporters: reporters,
                    reporterAmount: reporters.length == 0
                        ? 0
                        : (amount * PARAMETERS.get("audits.reporterBps")) / BPS,
                    evidence: bytes32(uint256(ClaimId.unwrap(claim)))
                })
            );
        }
        emit OperatorPunished(operator, claim, cut);
    }

    /* VIEWS */

    /// @inheritdoc IServices
    function requireCovered(address operator) external view {
        uint256 allocated = BONDS.allocated(operator, address(this));
        // Rounded up: a bond that is one wei short doesn't cover.
        uint256 required = (reservedOf[operator] * _bondRatio() + BPS - 1) / BPS;
        require(allocated >= required, Services_InsufficientBond(operator, allocated, required));
    }

    /// @inheritdoc IServices
    function freeCapacity(address operator) external view returns (uint256) {
        return _freeCapacity(operator, _terms());
    }

    /// @dev None under the minimum bond: whoever was slashed below it takes no new sessions before it bonds anew.
    function _freeCapacity(address operator, BondTerms memory terms) internal view returns (uint256) {
        uint256 allocated = BONDS.allocated(operator, address(this));
        if (allocated < terms.minimum) return 0;
        uint256 admitted = (allocated * BPS) / terms.ratio;
        uint256 reserved = reservedOf[operator];
        return admitted > reserved ? admitted - reserved : 0;
    }

    /// @dev Read once, however many services are looked at.
    function _terms() internal view returns (BondTerms memory) {
        return BondTerms(_minBond(), _bondRatio());
    }

    function _minBond() internal view returns (uint256) {
        return PARAMETERS.get("services.minBond");
    }

    function _bondRatio() private view returns (uint256) {
        return PARAMETERS.get("services.bondRatio");
    }
}
