// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @dev Number of a read session, from 1.
type ReadSessionId is uint64;
