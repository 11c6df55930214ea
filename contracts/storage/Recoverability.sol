// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IBeacon} from "../core/interfaces/IBeacon.sol";
import {IParameters} from "../core/interfaces/IParameters.sol";
import {Sha256Tree} from "../core/libraries/Sha256Tree.sol";
import {DrawId} from "../core/types/DrawId.sol";
import {CaseBook} from "./audits/CaseBook.sol";
import {ICommittees} from "./interfaces/ICommittees.sol";
import {IRecoverability} from "./interfaces/IRecoverability.sol";
import {IStorageAudits} from "./interfaces/IStorageAudits.sol";
import {IStorageLog} from "./interfaces/IStorageLog.sol";
import {CaseDraw} from "./libraries/CaseDraw.sol";
import {SlotSet} from "./libraries/SlotSet.sol";
import {SlotTable} from "./libraries/SlotTable.sol";
import {CaseId} from "./types/CaseId.sol";
import {BatchId, CommitteeId} from "./types/StorageTypes.sol";

/// @title Recoverability
/// @notice Finds out whether a segment can still be rebuilt, when a node says that it can't.
contract Recoverability is CaseBook, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;
    using SafeCast for uint256;

    /* CONSTANTS AND IMMUTABLES */

    bytes32 private constant DEPOSIT = "storage.filingDeposit";
    bytes32 private constant OPEN_WINDOW = "storage.openWindow";
    uint256 private constant WINDOWS_PER_EPOCH = 4;
    uint256 private constant ROW_UNIT = 64;
    uint256 private constant ALL = (1 << CaseDraw.ASKED) - 1;

    /// @notice The ERC-20 of the deposits.
    IERC20 public immutable token;
    address public immutable treasury;
    IBeacon public immutable beacon;
    /// @notice Whose entropy decides which rows are asked for.
    IBeacon.Source public immutable source;

    /* STORAGE */

    /// @inheritdoc IRecoverability
    uint256 public totalHeld;
    /// @inheritdoc IRecoverability
    mapping(address account => uint256) public owed;

    /* CONSTRUCTOR */

    constructor(
        IParameters parameters_,
        IBeacon beacon_,
        IBeacon.Source source_,
        ICommittees committees_,
        IStorageLog log_,
        IStorageAudits audits_,
        address treasury_
    ) CaseBook(parameters_, committees_, log_, audits_) {
        require(treasury_ != address(0), Recoverability_ZeroAddress());
        token = IERC20(beacon_.token());
        treasury = treasury_;
        beacon = beacon_;
        source = source_;
    }

    /* CASES */

    /// @inheritdoc IRecoverability
    function file(Filing calldata filing) external nonReentrant returns (CaseId id) {
        uint256 deposit = parameters.get(DEPOSIT);
        id = _record(filing, deposit.toUint128());
        DrawId draw = beacon.request(source, 0);

        _cases[id].draw = draw;
        totalHeld += deposit;
        emit CaseFiled(id, filing.batch, filing.segment, msg.sender, filing.commitment, draw);

        token.safeTransferFrom(msg.sender, address(this), deposit);
    }

    /// @inheritdoc IRecoverability
    function ask(CaseId id) external {
        Case storage case_ = _withVerdict(id, Verdict.Pending);
        (uint256 epoch, uint256 current) = (case_.epoch, _currentEpoch());
        require(current <= epoch + 1, Recoverability_NotCurrentEpoch(id, epoch, current));
        bytes32 seed = beacon.fulfil(case_.draw);
        uint256 slots = CaseDraw.draw(seed, case_.mask);
        uint256 seats = _ownersOf(slots, committees.ownersAt(case_.committee, epoch - 1));
        uint256 window = Math.min(parameters.get(OPEN_WINDOW), EPOCH_LENGTH / WINDOWS_PER_EPOCH);
        uint256 deadline = block.timestamp + window;

        case_.verdict = Verdict.Asking;
        case_.deadline = deadline.toUint64();
        case_.seed = seed;
        case_.slots = slots;
        case_.seats = seats;
        emit CaseAsked(id, slots, rowsOf(id), deadline);
    }

    /// @return seats byte i, counted from the least significant, owns the slot in byte i of `slots`
    function _ownersOf(uint256 slots, uint256[8] memory owners) private pure returns (uint256 seats) {
        for (uint256 number = 0; number < CaseDraw.ASKED; ++number) {
            uint256 seat = SlotTable.ownerAt(owners, CaseDraw.byteAt(slots, number));
            seats |= seat << (8 * number);
        }
    }

    /// @inheritdoc IRecoverability
    function show(
        CaseId id,
        uint256 number,
        bytes calldata row,
        bytes32[] calldata path,
        bytes32 rlcRoot
    ) external {
        Case storage case_ = _withVerdict(id, Verdict.Asking);
        uint256 deadline = case_.deadline;
        require(block.timestamp <= deadline, Recoverability_TooLate(id, deadline));
        require(number < CaseDraw.ASKED, Recoverability_NotAsked(id, number));
        uint256 shown = case_.shown;
        require(shown & (1 << number) == 0, Recoverability_AlreadyShown(id, number));
        uint256 index = _rowOf(case_, number);
        bool isRow =
            row.length == ROW_UNIT * case_.rowUnits &&
                path.length == case_.logRows &&
                Sha256Tree.join(Sha256Tree.climb(Sha256Tree.hashLeaf(row), index, path), rlcRoot) ==
                    case_.commitment;
        require(isRow, Recoverability_WrongRow(case_.commitment, index));

        case_.shown = uint32(shown | (1 << number));
        emit RowShown(id, number, msg.sender);
    }

    /// @inheritdoc IRecoverability
    function resolve(CaseId id) external nonReentrant {
        Case storage case_ = _withVerdict(id, Verdict.Asking);
        (uint256 deadline, uint256 shown) = (case_.deadline, case_.shown);
        bool isOver = block.timestamp > deadline || shown == ALL;
        require(isOver, Recoverability_TooEarly(id, deadline));
        bool isRecoverable = SlotSet.size(shown) >= case_.enough;

        case_.verdict = isRecoverable ? Verdict.Recoverable : Verdict.Unrecoverable;
        emit CaseResolved(id, case_.verdict, shown);
        if (isRecoverable) _rewardOwners(case_, shown);
        else owed[case_.filer] += case_.deposit;
        uint256 silent = _silentSeats(case_, shown);
        if (silent != 0) audits.blame(case_.epoch, case_.committee, silent, msg.sender);
    }

    /// @inheritdoc IRecoverability
    function drop(CaseId id) external nonReentrant {
        Case storage case_ = _withVerdict(id, Verdict.Pending);
        if (_currentEpoch() <= case_.epoch + 1) {
            (IBeacon.DrawState state, ) = beacon.stateOf(case_.draw);
            require(state == IBeacon.DrawState.Expired, Recoverability_CaseStands(id));
            beacon.expire(case_.draw);
        }
        uint256 deposit = case_.deposit;

        case_.verdict = Verdict.Dropped;
        totalHeld -= deposit;
        emit CaseResolved(id, Verdict.Dropped, 0);

        token.safeTransfer(treasury, deposit);
    }

    /// @dev Equal parts, rounded down, to the owner of each row shown; the rest stays the filer's.
    function _rewardOwners(Case storage case_, uint256 shown) private {
        (uint256 deposit, uint256 seats, CommitteeId committee) = (
            case_.deposit,
            case_.seats,
            case_.committee
        );
        uint256 partDown = deposit / SlotSet.size(shown);
        for (uint256 left = shown; left != 0; left &= left - 1) {
            (address owner, ) = committees.holderAt(committee, CaseDraw.byteAt(seats, _lowest(left)));
            owed[owner] += partDown;
        }
        owed[case_.filer] += deposit % SlotSet.size(shown);
    }

    /// @return silent seats that didn't show a row asked of them and have no case of their own, bit i for seat i
    function _silentSeats(Case storage case_, uint256 shown) private view returns (uint256 silent) {
        (uint256 seats, BatchId batch, uint256 segment) = (case_.seats, case_.batch, case_.segment);
        for (uint256 left = ALL & ~shown; left != 0; left &= left - 1) {
            uint8 seat = CaseDraw.byteAt(seats, _lowest(left));
            if (!_isOpenOrWon(latestCase[batch][segment][seat])) silent |= 1 << seat;
        }
    }

    function _lowest(uint256 set) private pure returns (uint256) {
        return Math.log2(set & (~set + 1));
    }

    /* DEPOSITS */

    /// @inheritdoc IRecoverability
    function collect(address to) external nonReentrant returns (uint256 amount) {
        amount = owed[msg.sender];
        if (amount == 0) return 0;

        owed[msg.sender] = 0;
        totalHeld -= amount;
        emit CreditCollected(msg.sender, to, amount);

        token.safeTransfer(to, amount);
    }
}
