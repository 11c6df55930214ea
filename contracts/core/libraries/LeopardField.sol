// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title LeopardField
/// @notice GF(2^16) as catid/leopard represents it, by vectors of eight elements: GF(2^16)^8 as 16 bytes, each element a
/// little-endian pair.
/// @dev Bit b of an element stands for the Cantor basis element b, that is the field element written 1 << b. Multiplication
/// distributes over bits, so sixteen constants a basis element say all about it.
library LeopardField {
    /// @dev Products of basis elements. Entry i of word b, counted in 16-bit steps from the least significant, is the product of
    /// element 1 << b and the element whose set bit stands at place i of a lane; a lane, as the EVM reads two bytes of a
    /// little-endian pair, has the pair's halves swapped, in places and in products alike. No place is ever swapped at run time.
    bytes private constant PRODUCTS =
        hex"8000400020001000080004000200010000800040002000100008000400020001"
        hex"e700b30039002c000e000b0003000200e9e7f4b3fa39fd2c7e0e3f0b9f03cf02"
        hex"7d006a00bf004a00070006000b000400fe7de26a7fbfb84adf07ae06f70bab04"
        hex"c6007400ef0082000c0007000e000800d3c67574a7ef14826d0c4707fa0e2108"
        hex"a200e300ea00180082004a002c001000a1a2f6e329eaa7182a823f4aa22c8a10"
        hex"660072003000ea00ef00bf00390020007d666972eb30fbeaf0efedbf6b399d20"
        hex"e80060007200e30074006a00b30040008ae85160aa7245e3a974496aa2b32740"
        hex"c000e8006600a200c6007d00e700800046c0f8e88766aca2bac6bd7d35e71f80"
        hex"1f8027409d208a102108ab04cf020001109f3667e4bdd99a7a29baaf55cd8001"
        hex"35e7a2b36b39a22cfa0ef70b9f030002213bb6e509a839733f8adfc3000355cd"
        hex"bd7d496aedbf3f4a4707ae063f0b0004203e87c17c2d8ecdc19f0006dfc3baaf"
        hex"bac6a974f0ef2a826d0cdf077e0e0008c9af43a8dab89fbc000cc19f3f8a7a29"
        hex"aca245e3fbeaa7181482b84afd2c00105faf25508b3800189fbc8ecd3973d99a"
        hex"8766aa72eb3029eaa7ef7fbffa3900204d9c5cb100308b38dab87c2d09a8e4bd"
        hex"f8e851606972f6e37574e26af4b30040239a00605cb1255043a887c1b6e53667"
        hex"46c08ae87d66a1a2d3c6fe7de9e7008000c0239a4d9c5fafc9af203e213b109f";

    /// @dev Bit 0 of each of the eight lanes.
    uint256 private constant LANES = 0x00010001000100010001000100010001;

    /// @notice Sum over b of (element 1 << b) times the vector b.
    /// @param vectors 32 bytes each, of which the sum (XOR) of both halves is the vector
    function combineBasis(uint256[16] memory vectors) internal pure returns (bytes16) {
        bytes memory products = PRODUCTS;
        uint256 sum = 0;
        assembly ("memory-safe") {
            // A lane that holds 0 or 1, times a 16-bit product, stays in its lane: one MUL serves eight elements.
            for {
                let b := 0
            } lt(b, 0x200) {
                b := add(b, 0x20)
            } {
                let vector := mload(add(vectors, b))
                vector := xor(vector, shr(128, vector))
                let product := mload(add(add(products, 0x20), b))
                for {
                    let i := 0
                } lt(i, 4) {
                    i := add(i, 1)
                } {
                    sum := xor(sum, mul(and(vector, LANES), and(product, 0xffff)))
                    sum := xor(sum, mul(and(shr(1, vector), LANES), and(shr(16, product), 0xffff)))
                    sum := xor(sum, mul(and(shr(2, vector), LANES), and(shr(32, product), 0xffff)))
                    sum := xor(sum, mul(and(shr(3, vector), LANES), and(shr(48, product), 0xffff)))
                    vector := shr(4, vector)
                    product := shr(64, product)
                }
            }
        }
        return bytes16(uint128(sum));
    }
}
