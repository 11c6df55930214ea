// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice The one minter of MYC: a genesis table, then a schedule that halves, split over four bounded shares.
/// @dev Let E = cap - genesis supply, in wei. A tick is 12 s. In period k = 0, 1, 2, … a tick is worth
/// floor(initialRate / 2^k), of which share s is credited floor(rate * bps_s / 10,000) if it has a recipient.
/// Period k ends with the tick that lifts what was issued to E - floor(E / 2^(k+1)) or above: half of the rest is issued.
/// What is not credited (a share without recipient, shares below 10,000 bps in all, rounding) isn't issued, so it stays
/// under the cap for later ticks. Only ticks that are complete count, so how often anyone accrues changes nothing.
/// Since initialRate <= E / 2, a tick is never worth more than what is left: the cap holds without a clamp.
interface IEmission {
    enum Share {
        Subnets,
        Alignment,
        Training,
        Treasury
    }

    /// @param account who gets the grant
    /// @param amount wei
    struct Grant {
        address account;
        uint256 amount;
    }

    /// @param bps part of every tick, 1/10,000
    /// @param minBps smallest part ever allowed
    /// @param maxBps largest part ever allowed
    struct ShareTerms {
        uint16 bps;
        uint16 minBps;
        uint16 maxBps;
    }

    /// @notice Thrown when the token would not obey this contract.
    error Emission_NotMinter(address token, address minter);
    /// @notice Thrown when the initial rate is zero or above half of what is left under the cap, in wei.
    error Emission_RateOutOfBounds(uint256 rate, uint256 max);
    /// @notice Thrown when a share leaves its bounds, all in 1/10,000.
    error Emission_ShareOutOfBounds(Share share, uint256 bps, uint256 min, uint256 max);
    /// @notice Thrown when the shares add up to more than the whole, in 1/10,000.
    error Emission_SharesExceedWhole(uint256 sum);
    /// @notice Thrown when a share that nobody receives would be minted.
    error Emission_NoRecipient(Share share);

    event GenesisMinted(address indexed account, uint256 amount);
    event ShareSet(Share indexed share, uint256 from, uint256 to);
    event RecipientSet(Share indexed share, address from, address to);
    event Accrued(uint256 ticks, uint256 amount, uint256 issued);
    event Halved(uint256 halvings, uint256 rate);
    event ShareMinted(Share indexed share, address indexed recipient, uint256 amount);

    /// @notice Credits the shares with every complete tick since the last call. Anyone may turn this crank.
    /// @dev Its work is bounded by the halvings that are left, not by time.
    /// @return amount wei credited by this call
    function accrue() external returns (uint256 amount);
    /// @notice Accrues, then mints a share's credit to its recipient. Anyone may call.
    /// @dev A recipient that distributes what it gets counts by `creditOf` and `mintedOf`, since anybody may have called.
    /// @return amount wei minted by this call; zero when nothing was credited
    function mintShare(Share share) external returns (uint256 amount);
    /// @notice Changes a share, within its bounds, from the tick in progress on. DAO only.
    function setShare(Share share, uint16 bps) external;
    /// @notice Names who receives a share from the tick in progress on; zero stops the share. DAO only.
    /// @dev What was credited before is minted to the recipient of that time.
    function setRecipient(Share share, address recipient) external;

    /// @notice Terms and recipient of a share.
    function termsOf(Share share) external view returns (ShareTerms memory terms, address recipient);
    /// @notice Wei that a share would have to mint if `accrue` were called now.
    function creditOf(Share share) external view returns (uint256);
    /// @notice Wei that a share has minted over all time.
    function mintedOf(Share share) external view returns (uint256);
    /// @notice Wei issued by the schedule and credited to shares up to the last accrual, genesis apart.
    function issued() external view returns (uint256);
    /// @notice Wei that the schedule can issue over all time: E.
    function issuable() external view returns (uint256);
    /// @notice Wei that a tick is worth since the last accrual, with the part that nobody receives.
    function rate() external view returns (uint256);
    /// @notice Wei that a tick was worth in the first period.
    function initialRate() external view returns (uint256);
    /// @notice Number of periods that had ended at the last accrual.
    function halvings() external view returns (uint256);
    /// @notice Timestamp (seconds) of tick zero, and the number of complete ticks accrued since.
    function progress() external view returns (uint256 genesisTime, uint256 accruedTicks);
    /// @notice Seconds in a tick.
    function tickLength() external view returns (uint256);
    /// @notice The token.
    function token() external view returns (address);
}
