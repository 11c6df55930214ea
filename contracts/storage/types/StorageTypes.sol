// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @dev Number of a committee, from 0 in the order of opening.
type CommitteeId is uint16;

/// @dev Number of a batch in the log, from 0.
type BatchId is uint64;

using {equals as ==, differs as !=} for CommitteeId global;

function equals(CommitteeId a, CommitteeId b) pure returns (bool) {
    return CommitteeId.unwrap(a) == CommitteeId.unwrap(b);
}

function differs(CommitteeId a, CommitteeId b) pure returns (bool) {
    return CommitteeId.unwrap(a) != CommitteeId.unwrap(b);
}
