// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MyceliaToken} from "../../../contracts/core/MyceliaToken.sol";
import {vm} from "./Vm.sol";

/// @notice Fuzzes authorisations with keys of its own.
contract MyceliaTokenTest {
    bytes32 private constant TYPEHASH = keccak256(
        "TransferWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );
    uint256 private constant CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;

    MyceliaToken private _token;

    function setUp() external {
        _token = new MyceliaToken(address(this));
    }

    /// TOKEN-2: the supply never passes the cap, by any pair of mints.
    function testFuzz_TOKEN_2_cap(uint256 first, uint256 second) external {
        for (uint256 i = 0; i < 2; ++i) {
            uint256 amount = i == 0 ? first : second;
            bool fits = amount <= _token.cap() - _token.totalSupply();
            try _token.mint(address(1), amount) {
                require(fits, "TOKEN-2: over the cap");
            } catch {
                require(!fits, "TOKEN-2: refused under the cap");
            }
        }
    }

    /// TOKEN-4 and TOKEN-5: an authorisation pays once, and any flipped bit of its signature pays nothing.
    function testFuzz_TOKEN_4_5_paysOnceAsSigned(
        uint256 key,
        address to,
        uint128 value,
        bytes32 nonce,
        uint16 bit
    ) external {
        key = 1 + (key % (CURVE_ORDER - 1));
        address from = vm.addr(key);
        if (to == address(0) || to == from) return;
        value %= 1_000e18;
        _token.mint(from, uint256(value) * 2);
        bytes32 digest = _digest(abi.encode(TYPEHASH, from, to, value, 0, type(uint256).max, nonce));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        bytes memory signature = abi.encodePacked(r, s, v);
        uint256 before = _token.balanceOf(to);

        require(!_pay(from, to, value, nonce, _flip(signature, bit)), "TOKEN-5: a wrong signature paid");
        require(_pay(from, to, value, nonce, signature), "TOKEN-4: the signature doesn't pay");
        require(!_pay(from, to, value, nonce, signature), "TOKEN-4: it paid twice");
        require(_token.balanceOf(to) == before + value, "TOKEN-4: it paid something else");
    }

    /// TOKEN-8: votes of all delegates never pass the supply.
    function testFuzz_TOKEN_8_votes(uint8[16] calldata moves, uint128[16] calldata amounts) external {
        for (uint160 i = 1; i <= 3; ++i) _token.mint(address(i), 1_000e18);
        for (uint256 i = 0; i < moves.length; ++i) {
            address from = address(uint160(1 + (moves[i] % 3)));
            address to = address(uint160(1 + ((moves[i] / 3) % 3)));
            vm.prank(from);
            if (moves[i] & 128 == 0) _token.delegate(to);
            else try _token.transfer(to, amounts[i] % 1_500e18) {} catch {}
            uint256 votes;
            for (uint160 j = 1; j <= 3; ++j) votes += _token.getVotes(address(j));
            require(votes <= _token.totalSupply(), "TOKEN-8: votes out of nothing");
        }
    }

    function _pay(
        address from,
        address to,
        uint256 value,
        bytes32 nonce,
        bytes memory signature
    ) private returns (bool) {
        try _token.transferWithAuthorization(from, to, value, 0, type(uint256).max, nonce, signature) {
            return true;
        } catch {
            return false;
        }
    }

    function _digest(bytes memory encoded) private view returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", _token.DOMAIN_SEPARATOR(), keccak256(encoded)));
    }

    function _flip(bytes memory signature, uint256 bit) private pure returns (bytes memory wrong) {
        wrong = abi.encodePacked(signature);
        bit %= wrong.length * 8;
        wrong[bit / 8] ^= bytes1(uint8(1 << (bit % 8)));
    }
}
