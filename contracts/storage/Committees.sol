// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {IBeacon} from "../core/interfaces/IBeacon.sol";
import {IBonds} from "../core/interfaces/IBonds.sol";
import {IModules} from "../core/interfaces/IModules.sol";
import {IParameters} from "../core/interfaces/IParameters.sol";
import {Endpoint} from "../core/libraries/Endpoint.sol";
import {Absence} from "./committees/Absence.sol";
import {Entry} from "./committees/Entry.sol";
import {Seats} from "./committees/Seats.sol";
import {Tables} from "./committees/Tables.sol";
import {ICommittees} from "./interfaces/ICommittees.sol";
import {CommitteeId} from "./types/StorageTypes.sol";

/// @title Committees
/// @notice Who stores which share of every segment. See {ICommittees} and {IAbsence}.
contract Committees is Absence {
    /* CONSTANTS */

    bytes32 private constant RECEIPT_TYPEHASH = keccak256(
        "SegmentReceipt(bytes32 commitment,uint32 k,uint32 n,uint32 rowSize,uint256 slots)"
    );

    /* CONSTRUCTOR */

    /// @param slasher_ module that bonds are allocated to
    /// @param source_ of the entropy that seats who enters
    constructor(
        IBonds bonds_,
        IParameters parameters_,
        IModules modules_,
        IBeacon beacon_,
        address treasury_,
        address slasher_,
        IBeacon.Source source_
    )
        Tables(parameters_)
        Seats(bonds_, slasher_)
        Entry(modules_, beacon_, source_, treasury_)
        EIP712("Mycelia Committees", "1")
    {}

    /* MEMBERS */

    /// @inheritdoc ICommittees
    function resign() external {
        _leave(msg.sender, true);
    }

    /// @inheritdoc ICommittees
    function evict(address operator) external {
        (CommitteeId committee, uint8 seat) = _requireSeated(operator);
        uint256 allocated = bonds.allocated(operator, slasher);
        uint256 required = Math.min(_seatAt(committee, seat).bond, parameters.get(NODE_BOND));
        require(allocated < required, Committees_SufficientBond(operator, allocated, required));

        _leave(operator, false);
    }

    /// @inheritdoc ICommittees
    function setEndpoint(string calldata endpoint) external {
        require(Endpoint.isValid(endpoint), Committees_InvalidEndpoint(endpoint));
        _setEndpoint(msg.sender, endpoint);
    }

    /* RECEIPTS */

    /// @inheritdoc ICommittees
    function receiptDigest(
        bytes32 commitment,
        uint32 k,
        uint32 n,
        uint32 rowSize,
        uint256 slots
    ) external view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(RECEIPT_TYPEHASH, commitment, k, n, rowSize, slots)));
    }
}
