// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title BLS
/// @notice BLS12-381 signatures of 32-byte digests: keys in G1, signatures in G2 ("minimal public key size").
/// @dev Ciphersuite BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_ of draft-irtf-cfrg-bls-signature, hashing as RFC 9380 says, on the
/// precompiles of EIP-2537. Points are encoded as there: a coordinate is 64 bytes, the first 16 of them zero; infinity is all zero.
///
/// Signatures of one digest add up, and so do their keys. That is safe only among keys whose possession was proven: a key that is
/// computed from others' could otherwise cancel them.
///
/// `isValidKey` and `verify` judge and never pass what is malformed. A precompile eats all the gas that a refused call was given,
/// so each is given twice what EIP-2537 charges: enough to outlive a repricing, and no more.
library BLS {
    /* TYPES */

    /// @param x0 high half of x: 16 zero bytes, 16 bytes
    /// @param x1 low half of x
    /// @param y0 high half of y
    /// @param y1 low half of y
    struct G1 {
        bytes32 x0;
        bytes32 x1;
        bytes32 y0;
        bytes32 y1;
    }

    /// @param words x.c0, x.c1, y.c0, y.c1, two words each
    struct G2 {
        bytes32[8] words;
    }

    /// @notice Thrown when points are added of which one isn't on the curve, or when a chain lacks EIP-2537.
    error BLS_PrecompileRefused(address precompile);
    /// @notice Thrown when so little gas is left that a true signature could look false.
    error BLS_TooLittleGas(uint256 left, uint256 needed);

    /* CONSTANTS */

    address private constant MODEXP = address(0x05);
    address private constant G1_ADD = address(0x0b);
    address private constant G1_MSM = address(0x0c);
    address private constant G2_ADD = address(0x0d);
    address private constant PAIRING = address(0x0f);
    address private constant MAP_TO_G2 = address(0x11);

    /// @dev Twice what EIP-2537 charges, and twice EIP-7883's MODEXP.
    uint256 private constant MODEXP_GAS = 2 * 500;
    uint256 private constant G1_ADD_GAS = 2 * 375;
    uint256 private constant G1_MSM_GAS = 2 * 12_000;
    uint256 private constant G2_ADD_GAS = 2 * 600;
    uint256 private constant PAIRING_GAS = 2 * (37_700 + 2 * 32_600);
    uint256 private constant MAP_TO_G2_GAS = 2 * 23_800;

    /// @dev The field's modulus, in halves.
    uint256 private constant P0 = 0x1a0111ea397fe69a4b1ba7b6434bacd7;
    uint256 private constant P1 = 0x64774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab;

    /// @dev The generator of G1 with its y negated.
    bytes32 private constant X0 = 0x0000000000000000000000000000000017f1d3a73197d7942695638c4fa9ac0f;
    bytes32 private constant X1 = 0xc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb;
    bytes32 private constant MINUS_Y0 = 0x00000000000000000000000000000000114d1d6855d545a8aa7d76c8cf2e21f2;
    bytes32 private constant MINUS_Y1 = 0x67816aef1db507c96655b9d5caac42364e6f38ba0ecb751bad54dcd6b939c2ca;

    /// @dev DST_prime of RFC 9380, 5.3.1: the suite's name, then its length, 43.
    bytes private constant DOMAIN = "BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_\x2b";

    /* KEYS */

    /// @notice Sum of two points of the curve, infinity being neutral. Reverts when one isn't on the curve.
    function add(G1 memory a, G1 memory b) internal view returns (G1 memory sum) {
        return abi.decode(_require(G1_ADD, G1_ADD_GAS, abi.encode(a, b), 128), (G1));
    }

    /// @notice The point that adds up with `a` to infinity. Coordinates must be below the modulus, as on every point of the curve.
    function negate(G1 memory a) internal pure returns (G1 memory) {
        if (a.y0 | a.y1 == 0) return a;
        unchecked {
            // Wraps exactly when there is a borrow.
            uint256 low = P1 - uint256(a.y1);
            uint256 borrow = uint256(a.y1) > P1 ? 1 : 0;
            return G1(a.x0, a.x1, bytes32(P0 - uint256(a.y0) - borrow), bytes32(low));
        }
    }

    /// @notice Whether `key` is a point of the curve's subgroup of order r, and not infinity.
    function isValidKey(G1 memory key) internal view returns (bool) {
        if (isInfinity(key)) return false;
        (bool ok, ) = _call(G1_MSM, G1_MSM_GAS, abi.encode(key, uint256(1)), 128);
        return ok;
    }

    function isInfinity(G1 memory a) internal pure returns (bool) {
        return a.x0 | a.x1 | a.y0 | a.y1 == 0;
    }

    /* SIGNATURES */

    /// @notice Whether `signature` is that of `digest` under `key`: one key, or the sum of keys whose possession was proven.
    /// @dev e(key, H(digest)) = e(generator, signature). The pairing refuses points that aren't on the curve or in the subgroup.
    function verify(G1 memory key, bytes32 digest, G2 memory signature) internal view returns (bool) {
        if (isInfinity(key)) return false;
        G1 memory minusGenerator = G1(X0, X1, MINUS_Y0, MINUS_Y1);
        bytes memory pairs = abi.encode(minusGenerator, signature, key, hashToG2(digest));
        (bool ok, bytes memory answer) = _call(PAIRING, PAIRING_GAS, pairs, 32);
        return ok && uint256(bytes32(answer)) == 1;
    }

    /// @notice Point of G2 that a digest hashes to: hash_to_curve of RFC 9380. The map's precompile clears the cofactor.
    function hashToG2(bytes32 digest) internal view returns (G2 memory point) {
        bytes32[8] memory uniform = _expand(digest);
        bytes memory a = _mapToG2(_reduce(uniform[0], uniform[1]), _reduce(uniform[2], uniform[3]));
        bytes memory b = _mapToG2(_reduce(uniform[4], uniform[5]), _reduce(uniform[6], uniform[7]));
        return abi.decode(_require(G2_ADD, G2_ADD_GAS, bytes.concat(a, b), 256), (G2));
    }

    function _mapToG2(bytes memory c0, bytes memory c1) private view returns (bytes memory) {
        return _require(MAP_TO_G2, MAP_TO_G2_GAS, bytes.concat(c0, c1), 256);
    }

    /// @dev expand_message_xmd with SHA-256 for 256 bytes: a block of zeros, the message, the length, 0, the domain; then a chain
    /// of eight.
    function _expand(bytes32 digest) private pure returns (bytes32[8] memory uniform) {
        bytes32 first = sha256(
            abi.encodePacked(bytes32(0), bytes32(0), digest, uint16(256), uint8(0), DOMAIN)
        );
        bytes32 last = 0;
        for (uint8 i = 0; i < 8; ++i) {
            last = sha256(abi.encodePacked(first ^ last, i + 1, DOMAIN));
            uniform[i] = last;
        }
    }

    /// @dev 64 uniform bytes modulo P, as 64 bytes: MODEXP with exponent 1.
    function _reduce(bytes32 high, bytes32 low) private view returns (bytes memory) {
        bytes memory input = abi.encodePacked(
            uint256(64),
            uint256(1),
            uint256(64),
            high,
            low,
            uint8(1),
            P0,
            P1
        );
        return _require(MODEXP, MODEXP_GAS, input, 64);
    }

    /* PRECOMPILES */

    function _require(
        address precompile,
        uint256 allowance,
        bytes memory input,
        uint256 length
    ) private view returns (bytes memory answer) {
        bool ok;
        (ok, answer) = _call(precompile, allowance, input, length);
        require(ok, BLS_PrecompileRefused(precompile));
    }

    /// @return ok whether the precompile answered with `length` bytes; an address without code answers with none
    function _call(
        address precompile,
        uint256 allowance,
        bytes memory input,
        uint256 length
    ) private view returns (bool ok, bytes memory answer) {
        // All but a 64th of what is left can be passed on; 3,000 is more than the way to the call takes.
        uint256 needed = allowance + allowance / 63 + 3000;
        uint256 left = gasleft();
        require(left >= needed, BLS_TooLittleGas(left, needed));
        (ok, answer) = precompile.staticcall{gas: allowance}(input);
        ok = ok && answer.length == length;
    }
}
