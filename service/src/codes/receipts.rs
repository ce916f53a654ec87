//! What the verifier says.

use super::{code, Code};

#[rustfmt::skip]
pub const RECEIPTS: &[Code] = &[
    code("bad-g2-subgroup", "A G2 point of an SRS key is on the curve but outside the subgroup of prime order.", "Get the SRS verifying key again from its publisher."),
    code("bad-magic", "The first bytes of a file are not those of the kind that its place asks for.", "Give the files in their places: receipt, model card and SRS key (srs.vk). `provenn show FILE` says what a file is."),
    code("bad-point", "A point is not canonically encoded, not on the curve, or the identity where that is not allowed.", "The file is damaged or forged; get it again."),
    code("bad-proof-system", "The receipt was made with another proof system.", "Use the verifier release that supports this proof system."),
    code("bad-tag", "A byte that says which of several things follows has no meaning.", "The file is damaged or from a newer release."),
    code("bad-utf8", "A text in the file is not UTF-8.", "The file is damaged; get it again."),
    code("bad-version", "The file has another format version than this release reads.", "Use the verifier release that supports this version."),
    code("bundle-damaged", "The digest at the end of a bundle is not that of its bytes: it was cut or changed.", "Get the bundle again."),
    code("bundle-empty", "A bundle holds no receipt.", "Ask for a bundle with at least one receipt."),
    code("colours-mismatch", "The receipt is about another number of colours than was asked for.", "Ask for a receipt about the number of colours that you agreed on."),
    code("colours-out-of-range", "No circuit is for so many colours.", "Give a number of colours from 2 to 16."),
    code("commitment-count", "The card lists another number of weight commitments than its key links.", "The card is inconsistent; ask its publisher."),
    code("context-mismatch", "The receipt was made for another audience or nonce than the verifier asked for. It may be shown a second time.", "Ask for a receipt made for your audience and nonce."),
    code("degenerate-challenge", "A challenge fell on a point at which the argument is undefined. This does not happen by chance.", "Ask for a new proof."),
    code("dev-srs", "The receipt was made under development parameters: whoever made them can forge receipts.", "Accept development parameters only if you trust the machine that made them (`--accept-dev`); otherwise ask for a model committed under a ceremony."),
    code("expired", "The last second for which the receipt was made has passed.", "Ask for a new receipt."),
    code("graph-mismatch", "The receipt is about another graph.", "Give the graph that the receipt was made for: the same edges between vertices of the same numbers."),
    code("input-count", "The receipt gives the model another number of inputs than its circuit takes.", "The receipt does not fit this model; ask its prover for another one."),
    code("input-mismatch", "The receipt is about another input than was asked for.", "Check which input the receipt is meant for."),
    code("input-shape", "An input has another number of elements than the circuit takes, or is committed where it has to be public, or the other way round.", "The input does not fit this model."),
    code("item-count", "The receipt is about another number of inferences than the circuit proves.", "The receipt does not fit this model; ask its prover for another one."),
    code("key-invalid", "The verifying key on the card contradicts itself.", "The key is damaged or forged; get the model card again."),
    code("key-mismatch", "The receipt was made under another circuit key.", "Use the model card that the receipt was made for."),
    code("link-failed", "The proof does not use the columns that are committed to.", "The prover used other weights or inputs than the committed ones. Do not rely on the receipt."),
    code("link-length", "The link proof has another number of responses than the circuit asks for.", "The receipt does not fit this circuit."),
    code("model-mismatch", "The receipt, or the card, is about another model than was named.", "Use the model card that the receipt was made for."),
    code("non-canonical-scalar", "A number is not reduced modulo the order of the field.", "The file is damaged or forged; get it again."),
    code("opening-failed", "The proof does not hold: its identity or its opening is false.", "The claim is not supported by its proof; do not rely on it."),
    code("output-mismatch", "The policy is the expected one, its answer is not.", "The model gave another output than expected."),
    code("policy-mismatch", "The receipt has another policy, or the same one with other parameters.", "Ask for a receipt under the agreed policy."),
    code("policy-out-of-range", "A parameter or an answer of a policy is outside of what the circuit can represent. The message names it with the range.", "Ask for values in these ranges; a receipt beyond them is forged, or of another model."),
    code("publisher-mismatch", "The model is signed by another key than that of the publisher who was named.", "Check the publisher's key, from a source that you trust; do not take this model for theirs."),
    code("quantization-mismatch", "The receipt names another quantization than the card.", "Use the model card that the receipt was made for."),
    code("registration-failed", "The proof on the card that its weights are in range is invalid.", "Do not rely on this card; ask its publisher for a valid one."),
    code("signature-invalid", "A publisher's signature does not hold.", "The signature is damaged or forged; do not take this model for its publisher's."),
    code("signature-model", "A publisher's signature is of another model.", "Give the signature that belongs to this very card."),
    code("srs-invalid", "The SRS verifying key contradicts itself.", "Get the SRS verifying key again from its publisher."),
    code("srs-mismatch", "Receipt, card or key were made under other parameters than were given.", "Use the SRS verifying key named on the model card. As the owner, give the directory that was used for commit."),
    code("statement-mismatch", "The receipt states something of another kind: a colouring where an inference was asked for, or the other way round.", "Ask for a receipt that states what you agreed on."),
    code("too-large", "A length or a value exceeds its bound.", "The file exceeds the limits of the format."),
    code("trailing-bytes", "Bytes follow the end of what the file holds.", "The file was extended; get it again."),
    code("truncated", "The bytes end too early.", "The file was cut; get it again."),
];

#[rustfmt::skip]
pub const AGREEMENTS: &[Code] = &[
    code("agreement-card", "The card is of another model than the agreement is about.", "Give the card of the model that was agreed on."),
    code("agreement-covers", "Agreements do not speak of what was given, such as a colouring.", "Verify it without an agreement; agreements are about single receipts of one model."),
    code("agreement-differs", "Something that the receipt states is not as agreed. The message says what was agreed and what was found.", "Ask for what was agreed, or for the file that belongs to this agreement and receipt."),
    code("agreement-expired", "The agreement has ended.", "Agree again: an agreement is not prolonged."),
    code("agreement-signature", "The signature of a party on the agreement does not hold.", "The file is damaged or forged; get the agreement again from its parties."),
    code("agreement-stranger", "A key is of no party of the agreement.", "Use the key that the agreement names for your role, or name a party's key."),
    code("agreement-terms", "The terms contradict themselves, or cannot be shown to those who sign them.", "Draft the agreement again; what is signed has one form, which everybody can read."),
    code("agreement-unsigned", "Some parties have not signed the agreement.", "Get the file that all parties signed (provenn agreement sign)."),
    code("input-signature", "The signature of a party on its input does not hold.", "The file is damaged or forged; get it again from the party."),
    code("input-unsigned", "An input is not signed by the party that supplies it.", "Ask the party for its signature of this very input (provenn party sign)."),
];

#[rustfmt::skip]
pub const LOGS: &[Code] = &[
    code("log-fork", "The newer tree does not begin with the older one: the log shows different histories.", "Keep both checkpoints: together they show that the log misbehaved."),
    code("log-index", "A proof gives the entry a place beyond the end of the tree.", "The proof is damaged or forged; get it again."),
    code("log-key", "A key of a log, a witness, a publisher or a party is not of its format, or its private part is missing or another one.", "Copy the key again from its owner; it has the form NAME+ID+KEY. A private key that is lost is restored from a backup: a new key is another log, witness, publisher or party."),
    code("log-malformed", "A checkpoint, a note or a proof is not of its format.", "The file is damaged or of another format; get it again."),
    code("log-not-included", "The entry is not in the tree that the log signed.", "Check that the proof belongs to this very file; do not count it as logged."),
    code("log-origin", "The checkpoint is of another log than the key.", "Use the key of the log that the proof comes from."),
    code("log-path-length", "A proof has another number of hashes than its place in the tree asks for.", "The proof is damaged or forged; get it again."),
    code("log-shrunk", "The newer tree has fewer entries than the older one.", "Compare the checkpoints in the order they were published; a log never shrinks."),
    code("log-signature", "The log's signature on a checkpoint does not hold.", "The checkpoint is damaged or forged; do not rely on it."),
    code("log-too-long", "A text is longer than any of its format.", "The file exceeds the limits of the format."),
    code("log-unsigned", "The checkpoint has no signature under the log's key.", "Use the key of the log that the proof comes from."),
    code("log-witnesses", "Too few of the named witnesses cosigned the checkpoint.", "Get the checkpoint with more cosignatures, or check the witnesses' keys; do not rely on it."),
];
