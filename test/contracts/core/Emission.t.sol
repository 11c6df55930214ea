// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Emission} from "../../../contracts/core/Emission.sol";
import {MyceliaToken} from "../../../contracts/core/MyceliaToken.sol";
import {IEmission} from "../../../contracts/core/interfaces/IEmission.sol";
import {Authority} from "../../../contracts/governance/Authority.sol";
import {vm} from "./Vm.sol";

/// @notice Makes a token and its emission, the caller being the DAO.
library EmissionMaker {
    uint256 internal constant GENESIS = 1_000_000e18;

    /// @param nonce of the calling contract, which makes the authority, the token and then the emission
    function make(uint256 nonce, uint256 rate) internal returns (MyceliaToken token, Emission emission) {
        Authority authority = new Authority(address(this));
        token = new MyceliaToken(_created(nonce + 2));
        IEmission.Grant[] memory genesis = new IEmission.Grant[](1);
        genesis[0] = IEmission.Grant(address(0xda0), GENESIS);
        IEmission.ShareTerms[4] memory terms = [
            IEmission.ShareTerms(4_100, 500, 6_000),
            IEmission.ShareTerms(1_800, 500, 6_000),
            IEmission.ShareTerms(2_000, 500, 6_000),
            IEmission.ShareTerms(1_000, 500, 6_000)
        ];
        emission = new Emission(address(authority), address(token), genesis, rate, terms);
    }

    /// @dev Address of the calling contract's creation number `nonce`, below 128.
    function _created(uint256 nonce) private view returns (address) {
        bytes memory rlp = abi.encodePacked(bytes2(0xd694), address(this), uint8(nonce));
        return address(uint160(uint256(keccak256(rlp))));
    }
}

/// @notice Time passes, cranks are turned, the DAO moves shares and recipients.
contract EmissionHandler {
    MyceliaToken public immutable token;
    Emission public immutable emission;

    constructor() {
        (token, emission) = EmissionMaker.make(1, 500e18);
        for (uint256 i = 0; i < 4; ++i)
            emission.setRecipient(IEmission.Share(i), address(uint160(0x1000 + i)));
    }

    function pass(uint40 time) external {
        vm.warp(block.timestamp + (time % 400 days));
    }

    function accrue() external {
        uint256 before = emission.issued();
        uint256 amount = emission.accrue();
        require(emission.issued() == before + amount, "EMIT-7: what is credited is issued");
    }

    function mintShare(uint256 seed) external {
        IEmission.Share share = IEmission.Share(seed % 4);
        (, address recipient) = emission.termsOf(share);
        if (recipient == address(0)) return;
        uint256 credit = emission.creditOf(share);
        require(emission.mintShare(share) == credit, "EMIT-7: credit is what is minted");
    }

    function setShare(uint256 seed, uint16 bps) external {
        uint16 wanted = 500 + (bps % 5_501);
        uint256 others;
        for (uint256 i = 0; i < 4; ++i) {
            (IEmission.ShareTerms memory terms, ) = emission.termsOf(IEmission.Share(i));
            if (i != seed % 4) others += terms.bps;
        }
        if (others + wanted > 10_000) return;
        emission.setShare(IEmission.Share(seed % 4), wanted);
    }

    function setRecipient(uint256 seed) external {
        address recipient = seed % 5 == 0 ? address(0) : address(uint160(0x1000 + (seed % 7)));
        emission.setRecipient(IEmission.Share(seed % 4), recipient);
    }
}

/// @notice What holds of the emission after any sequence of actions.
contract EmissionInvariants {
    EmissionHandler private _handler;

    function setUp() external {
        _handler = new EmissionHandler();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    /// EMIT-8: the supply is genesis and what shares have minted, and both stay under their caps.
    /// hardhat-config: invariant.fail-on-revert = true
    function invariant_EMIT_8_neverAboveTheCap() external {
        Emission emission = _handler.emission();
        MyceliaToken token = _handler.token();
        emission.accrue();
        uint256 minted;
        uint256 credit;
        for (uint256 i = 0; i < 4; ++i) {
            minted += emission.mintedOf(IEmission.Share(i));
            credit += emission.creditOf(IEmission.Share(i));
        }
        require(token.totalSupply() == EmissionMaker.GENESIS + minted, "EMIT-8: supply");
        require(emission.issued() == minted + credit, "EMIT-8: issued");
        require(emission.issued() <= emission.issuable(), "EMIT-8: issuable");
        require(EmissionMaker.GENESIS + emission.issuable() == token.cap(), "EMIT-8: cap");
    }

    /// EMIT-9: the period is the one that issuance says.
    /// hardhat-config: invariant.fail-on-revert = true
    function invariant_EMIT_9_halvesWithTheRest() external view {
        Emission emission = _handler.emission();
        uint256 rest = emission.issuable() - emission.issued();
        uint256 period = emission.halvings();
        require(rest > emission.issuable() >> (period + 1), "EMIT-9: a period too few");
        require(period == 0 || rest <= emission.issuable() >> period, "EMIT-9: a period too many");
    }
}

/// @notice The rhythm of the crank decides nothing.
contract EmissionRhythm {
    /// EMIT-3: however often somebody accrues, credits are the same to the wei.
    function testFuzz_EMIT_3_rhythmChangesNothing(uint24[12] calldata pauses, uint256 rate) external {
        rate = 1 + (rate % 10_000_000e18);
        (, Emission often) = EmissionMaker.make(1, rate);
        (, Emission once) = EmissionMaker.make(4, rate);
        often.setRecipient(IEmission.Share.Subnets, address(1));
        once.setRecipient(IEmission.Share.Subnets, address(1));
        often.setRecipient(IEmission.Share.Treasury, address(2));
        once.setRecipient(IEmission.Share.Treasury, address(2));

        for (uint256 i = 0; i < pauses.length; ++i) {
            vm.warp(block.timestamp + pauses[i]);
            often.accrue();
        }
        once.accrue();

        require(often.issued() == once.issued() && often.halvings() == once.halvings(), "EMIT-3: issued");
        for (uint256 i = 0; i < 4; ++i) {
            IEmission.Share share = IEmission.Share(i);
            require(often.creditOf(share) == once.creditOf(share), "EMIT-3: credit");
        }
    }

    /// EMIT-4: whatever the rate and the time, one call is bounded and stays within what may be issued.
    function testFuzz_EMIT_4_anySilenceIsBounded(uint256 rate, uint40 silence) external {
        rate = 1 + (rate % 10_000_000e18);
        (, Emission emission) = EmissionMaker.make(1, rate);
        for (uint256 i = 0; i < 4; ++i) emission.setRecipient(IEmission.Share(i), address(uint160(i + 1)));
        vm.warp(block.timestamp + silence);
        uint256 gas = gasleft();
        emission.accrue();
        require(gas - gasleft() < 2 ** 20, "EMIT-4: gas");
        require(emission.issued() <= emission.issuable(), "EMIT-4: issued");
    }
}
