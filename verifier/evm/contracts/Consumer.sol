// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IVerifier, Statement} from "./IVerifier.sol";

/// An example of a consumer: takes answers of one model, under one policy, each to a question that it asked. What it relies on is fixed when it is made.
contract Consumer {
    IVerifier public immutable verifier;
    /// The hash of the key data: which card, model, circuit and SRS.
    bytes32 public immutable key;
    bytes32 public immutable policy;
    /// Whom receipts are made for: Keccak-256 of the audience.
    bytes32 public immutable audience;
    /// Questions without an answer.
    mapping(bytes32 nonce => bool) public open;
    uint256 private asked_;

    event Asked(bytes32 indexed nonce);
    event Answered(bytes32 indexed nonce, bytes32 inputs, uint256 answer);

    /// The receipt is valid, and not what was asked for.
    error Unexpected(bytes32 what);

    constructor(IVerifier verifier_, bytes32 key_, bytes32 policy_, bytes32 audience_) {
        (verifier, key, policy, audience) = (verifier_, key_, policy_, audience_);
    }

    /// Asks for a receipt with this nonce.
    function ask() external returns (bytes32 nonce) {
        nonce = keccak256(abi.encode(address(this), ++asked_));
        open[nonce] = true;
        emit Asked(nonce);
    }

    /// Takes the answer, once.
    function answer(address keyData, bytes calldata receipt, uint256[] calldata ys) external returns (uint256) {
        Statement memory stated = verifier.verify(keyData, receipt, ys);
        // Whoever calls chooses the key data: without this comparison the model would be theirs.
        if (stated.key != key) revert Unexpected("key");
        if (stated.policy != policy) revert Unexpected("policy");
        if (stated.audience != audience) revert Unexpected("audience");
        if (stated.notAfter != 0 && block.timestamp > stated.notAfter) revert Unexpected("expired");
        if (!open[stated.nonce]) revert Unexpected("nonce");
        delete open[stated.nonce];
        emit Answered(stated.nonce, stated.inputs, stated.answer);
        return stated.answer;
    }
}
