// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";
import {IBonds} from "../../core/interfaces/IBonds.sol";
import {IParameters} from "../../core/interfaces/IParameters.sol";
import {IAudits} from "../interfaces/IAudits.sol";

/// @title Roster
/// @notice Who may be drawn as a verifier, now and at every version since the beginning.
/// @dev A claim names the version at which it was posted, and its committee is drawn from exactly that roster: joining,
/// leaving and evicting after a seed is known change no draw. Removal swaps in the last entry, so a roster has no holes with
/// which somebody could dilute it.
abstract contract Roster is IAudits {
    using Checkpoints for Checkpoints.Trace224;

    struct Verifier {
        address signer;
        uint32 position;
        bool enlisted;
    }

    /* IMMUTABLES */

    IBonds internal immutable BONDS;
    IParameters internal immutable PARAMETERS;

    /* STORAGE */

    /// @inheritdoc IAudits
    mapping(address signer => address) public verifierOf;
    mapping(address verifier => Verifier) private _verifiers;
    uint32 internal _rosterVersion;
    Checkpoints.Trace224 private _lengths;
    mapping(uint256 position => Checkpoints.Trace224) private _occupants;

    /* CONSTRUCTOR */

    constructor(IBonds bonds, IParameters parameters) {
        BONDS = bonds;
        PARAMETERS = parameters;
    }

    /* MEMBERSHIP */

    /// @inheritdoc IAudits
    function enlist(address signer) external {
        Verifier storage entry = _verifiers[msg.sender];
        require(!entry.enlisted, Audits_AlreadyEnlisted(msg.sender));
        require(signer != address(0), Audits_InvalidSigner(signer));
        address holder = verifierOf[signer];
        require(holder == address(0) || holder == msg.sender, Audits_SignerTaken(signer, holder));
        uint256 allocated = BONDS.allocated(msg.sender, address(this));
        uint256 required = PARAMETERS.get("audits.verifierBond");
        require(allocated >= required, Audits_InsufficientBond(msg.sender, allocated, required));

        if (entry.signer != signer) verifierOf[entry.signer] = address(0);
        verifierOf[signer] = msg.sender;
        uint32 version = ++_rosterVersion;
        uint32 position = uint32(_lengths.latest());
        _occupants[position].push(version, uint160(msg.sender));
        _lengths.push(version, position + 1);
        _verifiers[msg.sender] = Verifier(signer, position, true);
        emit VerifierEnlisted(msg.sender, signer, position);
    }

    /// @inheritdoc IAudits
    function resign() external {
        _remove(msg.sender);
    }

    /// @inheritdoc IAudits
    function evict(address verifier) external {
        uint256 allocated = BONDS.allocated(verifier, address(this));
        uint256 threshold = _absencePenalty();
        require(allocated < threshold, Audits_StillBonded(verifier, allocated, threshold));

        _remove(verifier);
    }

    /// @dev The signer stays: it may finish the duties of earlier claims.
    function _remove(address verifier) private {
        Verifier storage entry = _verifiers[verifier];
        require(entry.enlisted, Audits_NotEnlisted(verifier));

        uint32 version = ++_rosterVersion;
        uint32 position = entry.position;
        uint32 last = uint32(_lengths.latest()) - 1;
        if (position != last) {
            uint224 moved = _occupants[last].latest();
            _occupants[position].push(version, moved);
            _verifiers[address(uint160(moved))].position = position;
        }
        _lengths.push(version, last);
        entry.enlisted = false;
        emit VerifierResigned(verifier);
    }

    /* VIEWS */

    /// @inheritdoc IAudits
    function rosterLength() public view returns (uint256) {
        return _lengths.latest();
    }

    function _isEnlisted(address verifier) internal view returns (bool) {
        return _verifiers[verifier].enlisted;
    }

    function _rosterLengthAt(uint32 version) internal view returns (uint256) {
        return _lengths.upperLookupRecent(version);
    }

    /// @param position below the length at `version`
    function _occupantAt(uint256 position, uint32 version) internal view returns (address) {
        return address(uint160(_occupants[position].upperLookupRecent(version)));
    }

    function _absencePenalty() internal view returns (uint256) {
        return PARAMETERS.get("audits.absencePenalty");
    }
}
