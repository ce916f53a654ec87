// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IERC165, IERCZKMLRegistry, IERCZKMLVerifier, ModelCommitment} from "./IErc7992.sol";
import {IVerifier, Statement} from "./IVerifier.sol";

/// Adapter of ERC-7992 (a draft): receipts of the models of a registry. It holds no state: the same receipt is accepted as often as it is sent.
///
/// A registry has, of a model: `modelHash`, the model id; `circuitHash`, the digest of the circuit key; `vkHash`, the hash of the key data; and
/// `proofSystemId`, `PROOF_SYSTEM`. All four are compared. `uri` is nobody's but the registry's.
contract Erc7992Verifier is IERCZKMLVerifier, IERC165 {
    /// The proof system of claims, by its name there.
    bytes4 public constant PROOF_SYSTEM = bytes4(keccak256("halo2kzg-bn254-2"));
    bytes32 private constant INPUT_DOMAIN = keccak256("Provenn ERC-7992 input, version 1");
    /// Bytes of a `Statement`.
    uint256 private constant STATEMENT = 0x120;
    /// Where the code of key data has the digest of the circuit key.
    uint256 private constant KEY_DIGEST = 33;

    IVerifier public immutable verifier;
    address public immutable registry;

    /// The receipt was valid until this second.
    error Expired(uint64 notAfter);

    constructor(IVerifier verifier_, address registry_) {
        (verifier, registry) = (verifier_, registry_);
    }

    /// Reverts unless `proof` shows that the model gives `output`. `proof` are the arguments of `IVerifier.verify`, encoded as that takes them: the address of
    /// the key data, receipt, y coordinates. `output` is `abi.encode(policy, answer)`, the words of the statement: an answer means nothing without its policy.
    function verifyInference(uint256 modelId, bytes32 inputCommitment_, bytes calldata output, bytes calldata proof)
        external
    {
        ModelCommitment memory model = model_(modelId);
        if (model.proofSystemId != PROOF_SYSTEM) revert UnsupportedProofSystem(model.proofSystemId);
        Statement memory stated = verified(proof);
        // The hash of the key data is that of all of it: the other two say what a registry shows.
        if (stated.key != model.vkHash || stated.modelId != model.modelHash || circuit(proof) != model.circuitHash) {
            revert ModelMismatch();
        }
        if (inputCommitment(stated.inputs, stated.audience, stated.nonce) != inputCommitment_) {
            revert InputCommitmentMismatch();
        }
        if (keccak256(abi.encode(stated.policy, stated.answer)) != keccak256(output)) revert OutputMismatch();
        if (stated.notAfter != 0 && block.timestamp > stated.notAfter) revert Expired(stated.notAfter);
        emit InferenceVerified(modelId, inputCommitment_, output, msg.sender);
    }

    /// The input commitment of a receipt: its bindings, whom it is for, and the challenge that it answers. Whoever wants an answer once asks with a nonce
    /// of their own, and remembers it.
    function inputCommitment(bytes32 inputs, bytes32 audience, bytes32 nonce) public pure returns (bytes32) {
        return keccak256(abi.encode(INPUT_DOMAIN, inputs, audience, nonce));
    }

    function proofSystemOf(uint256 modelId) external view returns (bytes4) {
        (ModelCommitment memory model,,) = IERCZKMLRegistry(registry).getModel(modelId);
        return model.proofSystemId;
    }

    function supportsInterface(bytes4 interfaceId) external pure returns (bool) {
        return interfaceId == type(IERCZKMLVerifier).interfaceId || interfaceId == type(IERC165).interfaceId;
    }

    /// What the registry has, unless it is deprecated.
    function model_(uint256 modelId) private view returns (ModelCommitment memory model) {
        bool deprecated;
        (model, deprecated,) = IERCZKMLRegistry(registry).getModel(modelId);
        if (deprecated) revert VerificationRefused_ModelDeprecated(modelId);
    }

    /// What the receipt states. The verifier knows one encoding of its arguments, which goes to it as it is.
    function verified(bytes calldata proof) private view returns (Statement memory) {
        (bool ok, bytes memory words) = address(verifier).staticcall(abi.encodePacked(IVerifier.verify.selector, proof));
        // An account without code succeeds and returns nothing.
        if (!ok || words.length != STATEMENT) revert InvalidProof();
        return abi.decode(words, (Statement));
    }

    /// The digest of the circuit key in the key data that `proof` names, which the verifier has read.
    function circuit(bytes calldata proof) private view returns (bytes32 digest) {
        address key = abi.decode(proof[:32], (address));
        assembly {
            extcodecopy(key, 0, KEY_DIGEST, 32)
            digest := mload(0)
        }
    }
}
