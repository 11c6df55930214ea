// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice One request for randomness to the Beacon. Zero is never a draw.
type DrawId is uint64;
