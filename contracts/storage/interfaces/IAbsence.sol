// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice How members of a committee that have gone silent are found out, faster than audits do it.
/// @dev Anyone challenges a member with a deposit of "storage.challengeDeposit" wei. The member answers with one transaction within
/// "storage.answerWindow" seconds and earns the deposit; or anyone removes it from its committee and the challenger has the deposit
/// back. So a challenge of who is there costs more than it costs to answer, and a member can't be kept busy for nothing.
///
/// An answer proves that somebody attends to the member's keys, and nothing about its rows: those are for audits.
interface IAbsence {
    /// @param challenger whose deposit it is; zero when no challenge is open
    /// @param deadline last second at which it may be answered
    /// @param deposit wei
    struct Challenge {
        address challenger;
        uint64 deadline;
        uint256 deposit;
    }

    /// @notice Thrown when a member is challenged, or challenged again, while a challenge is open.
    error Absence_AlreadyChallenged(address operator, uint256 deadline);
    error Absence_NotChallenged(address operator);
    /// @notice Thrown when the caller is neither the operator nor its signer.
    error Absence_NotTheMember(address operator, address caller);
    /// @notice Thrown when a challenge is answered after its deadline.
    error Absence_TooLate(address operator, uint256 deadline);
    /// @notice Thrown when a member is to be expelled that may still answer.
    error Absence_StillTime(address operator, uint256 deadline);

    event MemberChallenged(
        address indexed operator,
        address indexed challenger,
        uint256 deposit,
        uint256 deadline
    );
    event ChallengeAnswered(address indexed operator, address indexed challenger, uint256 deposit);
    /// @dev The member left, by whatever way, with the challenge open.
    event ChallengeReturned(address indexed operator, address indexed challenger, uint256 deposit);
    event DepositCollected(address indexed account, address indexed to, uint256 amount);

    /// @notice Challenges a member. Takes the deposit from the caller's allowance.
    function challenge(address operator) external;
    /// @notice Says that the member is there. Caller is the operator or its signer; the operator is credited the deposit.
    function answer(address operator) external;
    /// @notice Removes a member that didn't answer in time. Anyone may call; the challenger is credited the deposit.
    function expel(address operator) external;
    /// @notice Pays out what is credited to the caller; zero when that is nothing.
    function collect(address to) external returns (uint256 amount);

    function challengeOf(address operator) external view returns (Challenge memory);
    /// @notice Credit waiting for `collect`, wei.
    function owed(address account) external view returns (uint256);
    /// @notice Sum of all deposits held, open or owed, wei; the balance is never below it.
    function totalHeld() external view returns (uint256);
}
