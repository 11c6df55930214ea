// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @notice Calls a target in the middle of its next transfers, as an account that has money there.
contract ReentrantToken is ERC20 {
    address public target;
    bytes public call;
    bytes public outcome;
    bool public succeeded;
    bool private _inside;

    constructor() ERC20("Reentrant", "REE") {
        _mint(msg.sender, 1_000_000e18);
        _mint(address(this), 1_000_000e18);
    }

    function aim(address place, bytes calldata data) external {
        target = place;
        call = data;
    }

    /// @notice Acts as this contract outside of any transfer, to bond and allocate like an operator.
    function act(address place, bytes calldata data) external returns (bytes memory answer) {
        bool ok;
        (ok, answer) = place.call(data);
        require(ok, string(answer));
    }

    function approveAs(address spender) external {
        _approve(address(this), spender, type(uint256).max);
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (target == address(0) || _inside) return;
        _inside = true;
        (succeeded, outcome) = target.call(call);
        _inside = false;
    }
}
