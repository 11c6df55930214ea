// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IEmission} from "./interfaces/IEmission.sol";
import {IMyceliaToken} from "./interfaces/IMyceliaToken.sol";

/// @title Emission
/// @notice Who gets new tokens, how many and when.
contract Emission is IEmission, AccessManaged {
    using SafeCast for uint256;

    /* CONSTANTS AND IMMUTABLES */

    uint256 private constant SHARES = 4;
    uint256 private constant WHOLE = 10_000;

    uint256 private constant TICK = 12 seconds;

    /// @inheritdoc IEmission
    address public immutable token;
    /// @inheritdoc IEmission
    uint256 public immutable issuable;
    /// @inheritdoc IEmission
    uint256 public immutable initialRate;

    /* STORAGE */

    /// @param genesisTime timestamp of tick zero, seconds; in storage, so that deployed code is the same everywhere
    /// @param ticks complete ticks accrued
    /// @param halvings periods that have ended
    /// @param issued wei credited to shares
    struct Schedule {
        uint48 genesisTime;
        uint64 ticks;
        uint16 halvings;
        uint128 issued;
    }

    /// @param recipient who gets it; zero address: nobody, and the share isn't issued
    /// @param bps part of every tick, within minBps and maxBps, which nobody may change
    /// @param credit wei accrued and not yet minted
    /// @param minted wei minted
    struct ShareState {
        address recipient;
        uint16 bps;
        uint16 minBps;
        uint16 maxBps;
        uint128 credit;
        uint128 minted;
    }

    Schedule private _schedule;
    ShareState[SHARES] private _shares;

    /* CONSTRUCTOR */

    /// @param authority the AccessManager of the deployment
    /// @param ownToken the token, made before with this contract's predicted address as its minter
    /// @param genesis table of first balances, minted here and now
    /// @param rateAtStart wei a tick in the first period
    /// @param terms of the shares, in the order of the enum; the bounds hold for ever
    constructor(
        address authority,
        address ownToken,
        Grant[] memory genesis,
        uint256 rateAtStart,
        ShareTerms[SHARES] memory terms
    ) AccessManaged(authority) {
        address minter = IMyceliaToken(ownToken).minter();
        require(minter == address(this), Emission_NotMinter(ownToken, minter));
        token = ownToken;
        uint256 left = _mintGenesis(IMyceliaToken(ownToken), genesis);
        require(rateAtStart != 0 && rateAtStart <= left / 2, Emission_RateOutOfBounds(rateAtStart, left / 2));
        issuable = left;
        initialRate = rateAtStart;
        _schedule.genesisTime = uint48(block.timestamp);
        for (uint256 i = 0; i < SHARES; ++i) {
            _shares[i].bps = terms[i].bps;
            _shares[i].minBps = terms[i].minBps;
            _shares[i].maxBps = terms[i].maxBps;
            _requireInBounds(Share(i), terms[i].bps);
        }
        _requireWithinWhole();
    }

    /// @return left wei under the cap after the table
    function _mintGenesis(IMyceliaToken mycelia, Grant[] memory genesis) private returns (uint256 left) {
        for (uint256 i = 0; i < genesis.length; ++i) {
            mycelia.mint(genesis[i].account, genesis[i].amount);
            emit GenesisMinted(genesis[i].account, genesis[i].amount);
        }
        return mycelia.cap() - mycelia.totalSupply();
    }

    /* EMISSION */

    /// @inheritdoc IEmission
    function accrue() public returns (uint256 amount) {
        Schedule memory schedule = _schedule;
        uint256 halvingsBefore = schedule.halvings;
        (uint256 ticks, uint256[SHARES] memory credits) = _advance(schedule);
        if (ticks == 0) return 0;

        for (uint256 i = 0; i < SHARES; ++i) {
            if (credits[i] == 0) continue;
            _shares[i].credit += credits[i].toUint128();
            amount += credits[i];
        }
        _schedule = schedule;
        emit Accrued(ticks, amount, schedule.issued);
        if (schedule.halvings != halvingsBefore) {
            emit Halved(schedule.halvings, initialRate >> schedule.halvings);
        }
    }

    /// @inheritdoc IEmission
    function mintShare(Share share) external returns (uint256 amount) {
        accrue();
        address recipient = _shares[uint256(share)].recipient;
        require(recipient != address(0), Emission_NoRecipient(share));

        return _mintCredit(share, recipient);
    }

    function _mintCredit(Share share, address recipient) private returns (uint256 amount) {
        ShareState storage state = _shares[uint256(share)];
        amount = state.credit;
        if (amount == 0) return 0;

        state.credit = 0;
        state.minted += amount.toUint128();
        emit ShareMinted(share, recipient, amount);

        IMyceliaToken(token).mint(recipient, amount);
    }

    /// @dev Runs the schedule, in memory, to the last complete tick. One turn of the loop a period, so at most as many as
    /// the first rate has bits.
    /// @return ticks that have passed
    /// @return credits wei for each share
    function _advance(
        Schedule memory schedule
    ) private view returns (uint256 ticks, uint256[SHARES] memory credits) {
        ticks = (block.timestamp - schedule.genesisTime) / TICK - schedule.ticks;
        schedule.ticks += ticks.toUint64();
        uint256 left = ticks;
        uint256 issuedNow = schedule.issued;
        while (left != 0) {
            (uint256[SHARES] memory perShare, uint256 perTick) = _worthOfTick(schedule.halvings);
            if (perTick == 0) break;
            uint256 goal = issuable - (issuable >> (schedule.halvings + 1));
            uint256 untilGoalUp = issuedNow < goal ? (goal - issuedNow - 1) / perTick + 1 : 0;
            uint256 count = left < untilGoalUp ? left : untilGoalUp;
            for (uint256 i = 0; i < SHARES; ++i) credits[i] += perShare[i] * count;
            issuedNow += perTick * count;
            left -= count;
            if (issuedNow >= goal) ++schedule.halvings;
        }
        schedule.issued = issuedNow.toUint128();
    }

    /// @return perShare wei that a tick of this period credits to each share, rounded down
    /// @return perTick their sum
    function _worthOfTick(
        uint256 period
    ) private view returns (uint256[SHARES] memory perShare, uint256 perTick) {
        uint256 whole = initialRate >> period;
        for (uint256 i = 0; i < SHARES; ++i) {
            ShareState storage state = _shares[i];
            if (state.recipient == address(0)) continue;
            perShare[i] = (whole * state.bps) / WHOLE;
            perTick += perShare[i];
        }
    }

    /* SHARES */

    /// @inheritdoc IEmission
    function setShare(Share share, uint16 bps) external restricted {
        accrue();
        _requireInBounds(share, bps);
        uint256 from = _shares[uint256(share)].bps;

        _shares[uint256(share)].bps = bps;
        _requireWithinWhole();
        emit ShareSet(share, from, bps);
    }

    /// @inheritdoc IEmission
    function setRecipient(Share share, address recipient) external restricted {
        accrue();
        ShareState storage state = _shares[uint256(share)];
        address from = state.recipient;

        state.recipient = recipient;
        emit RecipientSet(share, from, recipient);

        if (from != address(0)) _mintCredit(share, from);
    }

    function _requireInBounds(Share share, uint256 bps) private view {
        ShareState storage state = _shares[uint256(share)];
        require(
            bps >= state.minBps && bps <= state.maxBps,
            Emission_ShareOutOfBounds(share, bps, state.minBps, state.maxBps)
        );
    }

    function _requireWithinWhole() private view {
        uint256 sum;
        for (uint256 i = 0; i < SHARES; ++i) sum += _shares[i].bps;
        require(sum <= WHOLE, Emission_SharesExceedWhole(sum));
    }

    /* VIEWS */

    /// @inheritdoc IEmission
    function termsOf(Share share) external view returns (ShareTerms memory terms, address recipient) {
        ShareState storage state = _shares[uint256(share)];
        return (ShareTerms(state.bps, state.minBps, state.maxBps), state.recipient);
    }

    /// @inheritdoc IEmission
    function creditOf(Share share) external view returns (uint256) {
        (, uint256[SHARES] memory credits) = _advance(_schedule);
        return _shares[uint256(share)].credit + credits[uint256(share)];
    }

    /// @inheritdoc IEmission
    function mintedOf(Share share) external view returns (uint256) {
        return _shares[uint256(share)].minted;
    }

    /// @inheritdoc IEmission
    function issued() external view returns (uint256) {
        return _schedule.issued;
    }

    /// @inheritdoc IEmission
    function rate() external view returns (uint256) {
        return initialRate >> _schedule.halvings;
    }

    /// @inheritdoc IEmission
    function halvings() external view returns (uint256) {
        return _schedule.halvings;
    }

    /// @inheritdoc IEmission
    function progress() external view returns (uint256 genesisTime, uint256 accruedTicks) {
        return (_schedule.genesisTime, _schedule.ticks);
    }

    /// @inheritdoc IEmission
    function tickLength() external pure returns (uint256) {
        return TICK;
    }
}
