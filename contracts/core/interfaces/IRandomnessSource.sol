// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Where a Beacon takes entropy from.
/// @dev The entropy of a target never changes. Availability only moves forward: Future, Known, Lost.
interface IRandomnessSource {
    /// @dev Future: not known to anyone yet. Known: provable now. Lost: can no longer be proven on chain.
    enum Availability {
        Future,
        Known,
        Lost
    }

    /// @notice The first target whose value nobody can know at the time of this call.
    function nextTarget() external view returns (uint64 target);
    /// @notice Entropy at `target`; non-zero exactly when Known.
    function entropyAt(uint64 target) external view returns (Availability availability, bytes32 entropy);
}
