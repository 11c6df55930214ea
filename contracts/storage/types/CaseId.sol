// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @dev Number of a case about an unrecoverable segment, from 1.
type CaseId is uint64;
