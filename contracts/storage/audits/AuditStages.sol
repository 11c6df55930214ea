// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IBeacon} from "../../core/interfaces/IBeacon.sol";
import {IParameters} from "../../core/interfaces/IParameters.sol";
import {DrawId} from "../../core/types/DrawId.sol";
import {IEndowment} from "../interfaces/IEndowment.sol";
import {IStorageAudits} from "../interfaces/IStorageAudits.sol";

/// @title AuditStages
/// @notice The stages of an epoch's audit, and what turning their cranks earns.
abstract contract AuditStages is IStorageAudits {
    using SafeCast for uint256;

    /* CONSTANTS AND IMMUTABLES */

    uint256 internal constant BPS = 10_000;
    bytes32 private constant COMMIT_WINDOW = "storage.commitWindow";
    bytes32 private constant OPEN_WINDOW = "storage.openWindow";
    bytes32 private constant CRANK_SHARE = "storage.crankBps";
    bytes32 private constant CRANK_REWARD = "storage.crankReward";
    /// @dev Two windows and the waits for two draws fit an epoch, whatever the DAO sets.
    uint256 private constant WINDOWS_PER_EPOCH = 4;

    IParameters public immutable parameters;
    IBeacon public immutable beacon;
    /// @notice Whose entropy decides which rows are audited.
    IBeacon.Source public immutable source;
    IEndowment public immutable endowment;
    uint256 internal immutable EPOCH_LENGTH;

    /* STORAGE */

    mapping(uint256 epoch => Audit) private _audits;

    /* CONSTRUCTOR */

    constructor(IParameters parameters_, IBeacon beacon_, IBeacon.Source source_, IEndowment endowment_) {
        require(address(endowment_) != address(0), StorageAudits_ZeroAddress());
        parameters = parameters_;
        beacon = beacon_;
        source = source_;
        endowment = endowment_;
        EPOCH_LENGTH = parameters_.epochLength();
    }

    /* STAGES */

    /// @inheritdoc IStorageAudits
    function open(uint256 epoch) external returns (DrawId id) {
        Audit storage audit = _inStage(epoch, Stage.None);
        _requireCurrent(epoch);
        uint256 budget = endowment.open(epoch);
        uint256 crankBps = parameters.get(CRANK_SHARE);
        id = beacon.request(source, 0);

        audit.stage = Stage.Seeding;
        audit.crankBps = crankBps.toUint16();
        audit.draw = id;
        audit.budget = budget.toUint128();
        audit.crankLeft = Math.mulDiv(budget, crankBps, BPS).toUint128();
        emit AuditOpened(epoch, id, budget);
        _rewardCrank(epoch);
    }

    /// @inheritdoc IStorageAudits
    function seed(uint256 epoch) external {
        Audit storage audit = _inStage(epoch, Stage.Seeding);
        _requireCurrent(epoch);
        bytes32 seedA = beacon.fulfil(audit.draw);
        uint256 deadline = block.timestamp + _window(COMMIT_WINDOW);

        audit.stage = Stage.Committing;
        audit.deadline = deadline.toUint64();
        audit.seedA = seedA;
        emit AuditSeeded(epoch, seedA, deadline);
        _rewardCrank(epoch);
    }

    /// @inheritdoc IStorageAudits
    function draw(uint256 epoch) external returns (DrawId id) {
        Audit storage audit = _inStage(epoch, Stage.Committing);
        _requireCurrent(epoch);
        _requireAfter(epoch, audit.deadline);
        id = beacon.request(source, 0);

        audit.stage = Stage.Drawing;
        audit.deadline = 0;
        audit.draw = id;
        emit AuditDrawn(epoch, id);
        _rewardCrank(epoch);
    }

    /// @inheritdoc IStorageAudits
    function challenge(uint256 epoch) external {
        Audit storage audit = _inStage(epoch, Stage.Drawing);
        _requireCurrent(epoch);
        bytes32 seedB = beacon.fulfil(audit.draw);
        uint256 window = _window(OPEN_WINDOW);
        uint256 deadline = block.timestamp + window;

        audit.stage = Stage.Answering;
        audit.deadline = deadline.toUint64();
        audit.settleUntil = (deadline + window).toUint64();
        audit.seedB = seedB;
        emit AuditChallenged(epoch, seedB, deadline, deadline + window);
        _rewardCrank(epoch);
    }

    /// @inheritdoc IStorageAudits
    function close(uint256 epoch) external {
        Audit storage audit = _inStage(epoch, Stage.Answering);
        _requireAfter(epoch, audit.settleUntil);

        audit.stage = Stage.Closed;
        emit AuditClosed(epoch, _giveBack(epoch));
    }

    /// @inheritdoc IStorageAudits
    function void(uint256 epoch) external {
        Audit storage audit = _audits[epoch];
        Stage stage = audit.stage;
        bool isPending = stage == Stage.Seeding || stage == Stage.Committing || stage == Stage.Drawing;
        require(isPending, StorageAudits_NotLost(epoch));
        if (epoch == _currentEpoch()) {
            (IBeacon.DrawState state, ) = beacon.stateOf(audit.draw);
            require(state == IBeacon.DrawState.Expired, StorageAudits_NotLost(epoch));
            beacon.expire(audit.draw);
        }

        audit.stage = Stage.Void;
        emit AuditVoided(epoch, _giveBack(epoch));
    }

    function _giveBack(uint256 epoch) private returns (uint256 returned) {
        _rewardCrank(epoch);
        return endowment.close(epoch);
    }

    /* CRANKS */

    /// @dev Pays the caller out of what the epoch has set aside for cranks, as far as that goes.
    function _rewardCrank(uint256 epoch) internal {
        Audit storage audit = _audits[epoch];
        uint256 left = audit.crankLeft;
        uint256 amount = Math.min(left, parameters.get(CRANK_REWARD));
        if (amount == 0) return;

        // At most what has 128 bits.
        audit.crankLeft = uint128(left - amount);
        // As weights of the whole budget, wei pay themselves.
        endowment.pay(epoch, msg.sender, amount, audit.budget);
        emit CrankPaid(epoch, msg.sender, amount);
    }

    /* VIEWS */

    /// @inheritdoc IStorageAudits
    function auditOf(uint256 epoch) external view returns (Audit memory) {
        return _audits[epoch];
    }

    function _inStage(uint256 epoch, Stage wanted) internal view returns (Audit storage audit) {
        audit = _audits[epoch];
        Stage stage = audit.stage;
        require(stage == wanted, StorageAudits_WrongStage(epoch, stage, wanted));
    }

    /// @dev The audit, in a stage whose window is running.
    function _inWindow(uint256 epoch, Stage wanted) internal view returns (Audit storage audit) {
        audit = _inStage(epoch, wanted);
        uint256 deadline = audit.deadline;
        require(block.timestamp <= deadline, StorageAudits_TooLate(epoch, deadline));
    }

    function _crankBps(uint256 epoch) internal view returns (uint256) {
        return _audits[epoch].crankBps;
    }

    function _requireCurrent(uint256 epoch) private view {
        uint256 current = _currentEpoch();
        require(epoch == current, StorageAudits_NotCurrentEpoch(epoch, current));
    }

    function _requireAfter(uint256 epoch, uint256 until) private view {
        require(block.timestamp > until, StorageAudits_TooEarly(epoch, until));
    }

    function _window(bytes32 name) private view returns (uint256) {
        return Math.min(parameters.get(name), EPOCH_LENGTH / WINDOWS_PER_EPOCH);
    }

    function _currentEpoch() private view returns (uint256) {
        return block.timestamp / EPOCH_LENGTH;
    }
}
