// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {BLS} from "../../../contracts/core/libraries/BLS.sol";

/// @notice Signs on chain, with the precompiles that multiply, and tries what isn't signed.
contract BLSTest {
    address private constant G1_MSM = address(0x0c);
    address private constant G2_MSM = address(0x0e);

    /// @dev Order of the subgroups.
    uint256 private constant R = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001;

    /// BLS-1, BLS-3: what everybody signed is valid under the sum of the keys, and under nothing less.
    function testFuzz_signaturesAddUp(uint256 a, uint256 b, bytes32 digest) public view {
        (a, b) = (_scalar(a), _scalar(b));
        uint256 both = addmod(a, b, R);
        BLS.G1 memory sum = BLS.add(_keyOf(a), _keyOf(b));
        if (both == 0) {
            assert(BLS.isInfinity(sum));
            return;
        }
        assert(_equal(sum, _keyOf(both)));
        assert(BLS.verify(sum, digest, _sign(both, digest)));
        assert(!BLS.verify(sum, digest, _sign(a, digest)));
        assert(!BLS.verify(_keyOf(a), digest, _sign(both, digest)));
    }

    /// BLS-3
    function testFuzz_negatesToInfinity(uint256 a) public view {
        BLS.G1 memory key = _keyOf(_scalar(a));
        BLS.G1 memory minus = BLS.negate(key);
        assert(BLS.isInfinity(BLS.add(key, minus)));
        assert(_equal(BLS.negate(minus), key));
        assert(_equal(minus, _keyOf(R - _scalar(a))));
    }

    /// BLS-6: garbage is judged, not reverted upon, and passes nowhere.
    function testFuzz_garbagePassesNowhere(
        BLS.G1 memory key,
        BLS.G2 memory signature,
        uint256 a,
        bytes32 digest
    ) public view {
        assert(!BLS.isValidKey(key));
        assert(!BLS.verify(key, digest, signature));
        assert(!BLS.verify(_keyOf(_scalar(a)), digest, signature));
        assert(!BLS.verify(key, digest, _sign(_scalar(a), digest)));
    }

    function _scalar(uint256 seed) private pure returns (uint256) {
        return 1 + (seed % (R - 1));
    }

    function _equal(BLS.G1 memory a, BLS.G1 memory b) private pure returns (bool) {
        return keccak256(abi.encode(a)) == keccak256(abi.encode(b));
    }

    function _keyOf(uint256 secret) private view returns (BLS.G1 memory) {
        BLS.G1 memory generator = BLS.G1({
            x0: 0x0000000000000000000000000000000017f1d3a73197d7942695638c4fa9ac0f,
            x1: 0xc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb,
            y0: 0x0000000000000000000000000000000008b3f481e3aaa0f1a09e30ed741d8ae4,
            y1: 0xfcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40caa232946c5e7e1
        });
        (bool ok, bytes memory key) = G1_MSM.staticcall(abi.encode(generator, secret));
        assert(ok);
        return abi.decode(key, (BLS.G1));
    }

    function _sign(uint256 secret, bytes32 digest) private view returns (BLS.G2 memory) {
        (bool ok, bytes memory signature) = G2_MSM.staticcall(abi.encode(BLS.hashToG2(digest), secret));
        assert(ok);
        return abi.decode(signature, (BLS.G2));
    }
}
