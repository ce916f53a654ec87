// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IValidationRegistry} from "./IErc8004.sol";
import {IVerifier, Statement} from "./IVerifier.sol";

/// Adapter of ERC-8004 (a draft): a validator of answers of one model under one policy. An agent claims an answer by a request whose hash commits to it,
/// and whoever has a receipt of just that makes this contract respond, once, with 100. It has no other response: that there is no receipt shows nothing.
contract Erc8004Validator {
    /// The response of a validation that passed.
    uint8 private constant PASSED = 100;
    string public constant TAG = "halo2kzg-bn254-2";

    IVerifier public immutable verifier;
    IValidationRegistry public immutable registry;
    /// The hash of the key data: which card, model, circuit and SRS.
    bytes32 public immutable key;
    bytes32 public immutable policy;
    /// Whom receipts are made for: Keccak-256 of the audience.
    bytes32 public immutable audience;
    /// Requests that were responded to.
    mapping(bytes32 requestHash => bool) public responded;

    /// The receipt is valid, and not what the request is about.
    error Unexpected(bytes32 what);

    constructor(IVerifier verifier_, IValidationRegistry registry_, bytes32 key_, bytes32 policy_, bytes32 audience_) {
        (verifier, registry, key, policy, audience) = (verifier_, registry_, key_, policy_, audience_);
    }

    /// The hash of a request, which is also the nonce of its receipt: that `agentId` has this answer about these inputs, as in the statement. The salt makes it
    /// one of its own. It is of this validator on this chain only.
    function requestHash(uint256 agentId, bytes32 inputs, uint256 answer, bytes32 salt) public view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), agentId, inputs, answer, salt));
    }

    /// Responds to a request by a receipt of what it says. Anybody may call.
    function respond(uint256 agentId, bytes32 salt, address keyData, bytes calldata receipt, uint256[] calldata ys)
        external
    {
        Statement memory stated = verifier.verify(keyData, receipt, ys);
        // Whoever calls chooses the key data: without this comparison the model would be theirs.
        if (stated.key != key) revert Unexpected("key");
        if (stated.policy != policy) revert Unexpected("policy");
        if (stated.audience != audience) revert Unexpected("audience");
        if (stated.notAfter != 0 && block.timestamp > stated.notAfter) revert Unexpected("expired");
        // A nonce alone could be answered with any inputs.
        if (stated.nonce != requestHash(agentId, stated.inputs, stated.answer, salt)) revert Unexpected("request");
        if (responded[stated.nonce]) revert Unexpected("responded");
        responded[stated.nonce] = true;
        // Somebody else's agent may have sent the same hash first.
        (address validator, uint256 asking) = registry.getValidationStatus(stated.nonce);
        if (validator != address(this) || asking != agentId) revert Unexpected("agent");
        // No address of the caller's choice stands in the registry.
        registry.validationResponse(stated.nonce, PASSED, "", keccak256(receipt), TAG);
    }
}
