// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {IBeacon} from "../../core/interfaces/IBeacon.sol";
import {IModules} from "../../core/interfaces/IModules.sol";
import {IParameters} from "../../core/interfaces/IParameters.sol";
import {IAudits} from "../interfaces/IAudits.sol";
import {ILedger} from "../interfaces/ILedger.sol";
import {IServices} from "../interfaces/IServices.sol";
import {ISessions} from "../interfaces/ISessions.sol";
import {Evidence} from "../libraries/Evidence.sol";
import {ClaimId, Receipt, SessionId, Voucher} from "../types/ComputeTypes.sol";

/// @title SessionBook
/// @notice What sessions and claims are recorded in, and what they are wired to.
abstract contract SessionBook is ISessions, EIP712 {
    struct Wiring {
        ILedger ledger;
        IServices services;
        IAudits audits;
        IBeacon beacon;
        IModules modules;
        IParameters parameters;
        address treasury;
    }

    /* CONSTANTS */

    uint256 internal constant BPS = 10_000;
    ClaimId internal constant NO_CLAIM = ClaimId.wrap(0);

    /* IMMUTABLES */

    ILedger internal immutable LEDGER;
    IServices internal immutable SERVICES;
    IAudits internal immutable AUDITS;
    IBeacon internal immutable BEACON;
    IModules internal immutable MODULES;
    IParameters internal immutable PARAMETERS;
    address internal immutable TREASURY;
    IERC20 internal immutable TOKEN;

    /* STORAGE */

    mapping(SessionId id => Session) internal _sessions;
    mapping(ClaimId id => Claim) internal _claims;

    /* CONSTRUCTOR */

    constructor(Wiring memory wiring) EIP712("Mycelia Sessions", "1") {
        LEDGER = wiring.ledger;
        SERVICES = wiring.services;
        AUDITS = wiring.audits;
        BEACON = wiring.beacon;
        MODULES = wiring.modules;
        PARAMETERS = wiring.parameters;
        TREASURY = wiring.treasury;
        TOKEN = IERC20(wiring.ledger.token());
    }

    /* MODIFIERS */

    modifier onlyAudits() {
        require(msg.sender == address(AUDITS), Sessions_OnlyAudits(msg.sender));
        _;
    }

    /* VIEWS */

    /// @inheritdoc ISessions
    function get(SessionId id) external view returns (Session memory) {
        return _known(id);
    }

    /// @inheritdoc ISessions
    function claimOf(ClaimId id) external view returns (Claim memory) {
        return _knownClaim(id);
    }

    /// @inheritdoc ISessions
    function receiptDigest(Receipt calldata receipt) external view returns (bytes32) {
        return _hashTypedDataV4(Evidence.hash(receipt));
    }

    /// @inheritdoc ISessions
    function voucherDigest(Voucher calldata voucher) public view returns (bytes32) {
        return _hashTypedDataV4(Evidence.hash(voucher));
    }

    function _known(SessionId id) internal view returns (Session storage session) {
        session = _sessions[id];
        require(session.state != SessionState.None, Sessions_Unknown(id));
    }

    function _knownClaim(ClaimId id) internal view returns (Claim storage posted) {
        posted = _claims[id];
        require(posted.state != ClaimState.None, Sessions_UnknownClaim(id));
    }

    function _feeDown(uint256 amount, uint256 feeBps) internal pure returns (uint256) {
        return (amount * feeBps) / BPS;
    }
}
