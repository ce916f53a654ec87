// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// What a valid receipt states, in words.
struct Statement {
    /// The hash of the key data: it names card, model, circuit and SRS. Compare it with the one that you pin; nothing else says whose model this is.
    bytes32 key;
    /// The kind of statement: 1, an inference.
    uint256 kind;
    /// The model id of the card.
    bytes32 modelId;
    /// Keccak-256 of the policy with its parameters and target, as in the claim.
    bytes32 policy;
    /// The answer: a label or a bit as it is, 1 for the answer of `yes-only`; of scores and sets Keccak-256 of their bytes in the claim.
    uint256 answer;
    /// Keccak-256 of the bindings of the inputs, as in the claim: public values, or commitments.
    bytes32 inputs;
    /// Keccak-256 of the audience.
    bytes32 audience;
    /// The challenge that the receipt answers.
    bytes32 nonce;
    /// Last second of validity, 0 for no end.
    uint64 notAfter;
}

/// Decides receipts about models.
interface IVerifier {
    /// Reverts with `Refused(code)` if the receipt is not valid under this key data. `ys` has the y coordinates of the points of the receipt: those of the
    /// proof in order, of the announcement, of the commitments in the claim.
    function verify(address key, bytes calldata receipt, uint256[] calldata ys) external view returns (Statement memory);
}
