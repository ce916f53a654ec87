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

/// What a valid receipt of a colouring states, in words; those that it shares with other statements have the same places.
struct Colouring {
    /// The hash of the key data: it names the number of colours, the circuit and the SRS.
    bytes32 key;
    /// The kind of statement: 2, a colouring.
    uint256 kind;
    uint256 colours;
    uint256 vertices;
    uint256 edges;
    /// Blake2b-256 of the graph's canonical bytes. Compare it with that of the graph that you mean.
    bytes32 graph;
    bytes32 audience;
    bytes32 nonce;
    uint64 notAfter;
}

/// Decides receipts.
interface IVerifier {
    /// Reverts with `Refused(code)` if the receipt is not valid under this key data. `ys` has the y coordinates of the points of the receipt: those of the
    /// proof in order, of the announcement, of the commitments in the claim.
    function verify(address key, bytes calldata receipt, uint256[] calldata ys) external view returns (Statement memory);

    /// The same of a colouring of this graph, in its canonical bytes.
    function verifyColouring(address key, bytes calldata receipt, uint256[] calldata ys, bytes calldata graph)
        external
        view
        returns (Colouring memory);
}
