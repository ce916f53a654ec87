//! Damaged proofs, encodings that are not canonical, and files that contradict themselves.

use crate::honest::Case;
use crate::kit::Kit;
use crate::vector::Vector;
use provenn_verifier::claim::MAX_AUDIENCE;
use provenn_verifier::{PolicyKind, Receipt};

/// Magic and version of every file.
const HEADER: usize = 6;
/// Bytes of a list's or a string's length.
const LENGTH: usize = 4;
/// A byte string that is no scalar: above the field order.
const UNREDUCED: [u8; 32] = [0xff; 32];

/// Damaged receipts.
pub fn receipts(kit: &mut Kit, linear: &Case, digits: &Case) {
    let bytes = linear.receipt.to_bytes();
    let claim_len = linear.receipt.claim.to_bytes().len();
    let claim = HEADER + LENGTH;
    let proof = claim + claim_len + LENGTH;
    let link = proof + linear.receipt.proof.len();
    let audience = bytes.windows(12).position(|window| window == b"bank.example").unwrap();
    let mut add = |name: &str, expect: &str, comment: &str, bytes: Vec<u8>| {
        let path = kit.file(&format!("files/{name}.receipt"), &bytes);
        kit.vector(
            name,
            &altered(linear, expect, comment, |vector| vector.receipts = vec![path]),
        );
    };
    let at = |at: usize, new: &[u8]| patched(&bytes, at, new);
    add("receipt_empty", "truncated", "no bytes", vec![]);
    add("receipt_magic", "bad-magic", "a card's magic", at(0, b"PRVC"));
    add(
        "receipt_version",
        "bad-version",
        "a later version of the receipt",
        at(4, &[2]),
    );
    add(
        "receipt_claim_version",
        "bad-version",
        "a later version of the claim",
        at(claim, &[2]),
    );
    add(
        "receipt_proof_system",
        "bad-proof-system",
        "another proof system",
        at(claim + 2, b"H"),
    );
    add(
        "receipt_policy_tag",
        "bad-tag",
        "a policy that does not exist",
        at(claim + 146, &[5]),
    );
    add(
        "receipt_width",
        "bad-tag",
        "an integer list in a width that is not the shortest",
        wider_scores(&bytes, claim),
    );
    add(
        "receipt_audience",
        "bad-utf8",
        "the audience is not UTF-8",
        at(audience, &[0xff]),
    );
    add(
        "receipt_audience_length",
        "too-large",
        "an audience of more bytes than the format allows",
        at(audience - LENGTH, &(MAX_AUDIENCE as u32 + 1).to_le_bytes()),
    );
    add(
        "receipt_cut",
        "truncated",
        "the last byte is missing",
        bytes[..bytes.len() - 1].to_vec(),
    );
    add(
        "receipt_extended",
        "trailing-bytes",
        "one byte follows",
        [&bytes[..], &[0]].concat(),
    );
    add(
        "proof_point",
        "bad-point",
        "the first commitment is not on the curve",
        at(proof, &off_curve()),
    );
    add(
        "proof_identity",
        "bad-point",
        "the first commitment is the identity",
        at(proof, &identity()),
    );
    add(
        "proof_bit",
        "opening-failed",
        "one bit of the last evaluation",
        flipped(&bytes, link - 3 * 32),
    );
    add(
        "proof_opening",
        "opening-failed",
        "the two points of the opening swapped",
        swapped(&bytes, link - 64),
    );
    let scalar = link - 3 * 32;
    add(
        "proof_scalar",
        "non-canonical-scalar",
        "an evaluation above the field order",
        at(scalar, &UNREDUCED),
    );
    let (mut longer, mut shorter) = (linear.receipt.clone(), linear.receipt.clone());
    longer.proof.extend([0; 32]);
    shorter.proof.truncate(shorter.proof.len() - 32);
    add(
        "proof_extended",
        "trailing-bytes",
        "32 bytes follow the proof, counted in its length",
        longer.to_bytes(),
    );
    add(
        "proof_cut",
        "truncated",
        "the last point of the proof is missing",
        shorter.to_bytes(),
    );
    add(
        "link_announcement",
        "bad-point",
        "the announcement is the identity",
        at(link, &identity()),
    );
    let response = link + 32 + LENGTH;
    add(
        "link_response",
        "link-failed",
        "one bit of a response",
        flipped(&bytes, response),
    );
    add(
        "link_scalar",
        "non-canonical-scalar",
        "a response above the field order",
        at(response, &UNREDUCED),
    );
    let mut short = linear.receipt.clone();
    short.link.z.pop();
    add("link_length", "link-length", "a response is missing", short.to_bytes());
    batches(kit, digits);
}

/// Several receipts, one pairing check.
fn batches(kit: &mut Kit, digits: &Case) {
    let base = &digits.vector;
    let batch = |comment: &str, expect: &str, at, receipts: Vec<String>| Vector {
        comment: comment.to_owned(),
        expect: expect.to_owned(),
        at,
        cards: receipts.iter().map(|_| base.cards[0].clone()).collect(),
        receipts,
        ..base.clone()
    };
    let good = &base.receipts[0];
    let honest = batch("a batch of three", "verified", None, vec![good.clone(); 3]);
    kit.vector("batch", &honest);
    let mut bad = digits.receipt.clone();
    let end = bad.proof.len();
    bad.proof.copy_within(end - 32.., end - 64);
    let bad = kit.file("files/batch_bad.receipt", &bad.to_bytes());
    let receipts = vec![good.clone(), bad, good.clone()];
    kit.vector(
        "batch_bad",
        &batch(
            "a batch with a bad receipt in the middle",
            "opening-failed",
            Some(1),
            receipts,
        ),
    );
}

/// Link proofs, cards and claims that do not belong together, and damaged cards.
pub fn cards(kit: &mut Kit, linear: &Case) {
    let card = linear.issuer.card();
    let bytes = card.to_bytes();
    let key_len = card.key.to_bytes().len();
    let key = HEADER + LENGTH;
    let list = key + key_len + 64;
    let registration = list + LENGTH + 32 * card.commitments.len();
    let description = registration + LENGTH + card.registration.key.to_bytes().len();
    let registration_proof = description + LENGTH + card.description.len() + LENGTH;
    let registration_end = registration_proof + card.registration.proof.len();
    let (mut shorter, mut exchanged) = (card.clone(), card.clone());
    shorter.registration.proof.truncate(card.registration.proof.len() - 32);
    exchanged.registration.key = card.key.clone();
    let mut add = |name: &str, expect: &str, comment: &str, bytes: Vec<u8>| {
        let path = kit.file(&format!("files/{name}.card"), &bytes);
        kit.vector(
            name,
            &altered(linear, expect, comment, |vector| vector.cards = vec![path]),
        );
    };
    let at = |at: usize, new: &[u8]| patched(&bytes, at, new);
    add("card_magic", "bad-magic", "a receipt's magic", at(0, b"PRVN"));
    add(
        "card_version",
        "bad-version",
        "a later version of the card",
        at(4, &[9]),
    );
    add(
        "card_cut",
        "truncated",
        "the last byte is missing",
        bytes[..bytes.len() - 1].to_vec(),
    );
    add(
        "card_extended",
        "trailing-bytes",
        "one byte follows",
        [&bytes[..], &[0]].concat(),
    );
    add(
        "card_description",
        "registration-failed",
        "one letter of the description",
        at(description + LENGTH + 2, b"X"),
    );
    add(
        "registration_bit",
        "registration-failed",
        "one bit of an evaluation of the registration",
        flipped(&bytes, registration_end - 3 * 32),
    );
    add(
        "registration_cut",
        "truncated",
        "the last point of the registration is missing",
        shorter.to_bytes(),
    );
    add(
        "registration_key",
        "key-invalid",
        "the model's key in the place of the registration's",
        exchanged.to_bytes(),
    );
    add(
        "card_utf8",
        "bad-utf8",
        "the description is not UTF-8",
        at(description + LENGTH, &[0xff]),
    );
    add(
        "card_quantization",
        "registration-failed",
        "another quantization",
        flipped(&bytes, list - 1),
    );
    add(
        "card_srs",
        "srs-mismatch",
        "a card for another SRS",
        flipped(&bytes, list - 33),
    );
    add(
        "card_commitment",
        "bad-point",
        "a weight commitment is not on the curve",
        at(list + LENGTH, &off_curve()),
    );
    add(
        "card_weight",
        "registration-failed",
        "a weight commitment replaced",
        at(list + LENGTH, &generator()),
    );
    let mut few = card.clone();
    few.commitments.pop();
    add(
        "card_commitment_count",
        "commitment-count",
        "a weight commitment is missing",
        few.to_bytes(),
    );
    add("key_magic", "bad-magic", "the key's magic", at(key, b"PRVC"));
    add(
        "key_version",
        "bad-version",
        "a later version of the key",
        at(key + 4, &[7]),
    );
    add(
        "key_k",
        "too-large",
        "a key of more rows than the field has",
        at(key + HEADER, &[29]),
    );
    add(
        "key_degree",
        "key-invalid",
        "a key of degree 2",
        at(key + HEADER + 8, &[2]),
    );
    add(
        "key_blinding",
        "key-invalid",
        "a key without blinding rows",
        at(key + HEADER + 4, &[0]),
    );
    add(
        "key_phase",
        "key-invalid",
        "a column of a fourth phase",
        at(key + HEADER + 16, &[3]),
    );
    let layout = key + key_len - 33;
    add(
        "key_layout",
        "key-invalid",
        "a layout without channels",
        at(layout + 4, &[0; 4]),
    );
    add(
        "key_flag",
        "bad-tag",
        "a flag that is neither 0 nor 1",
        at(layout + 16, &[2]),
    );
    add(
        "key_bits",
        "registration-failed",
        "inputs of one bit less",
        at(layout + 25, &[bytes[layout + 25] - 1]),
    );
}

/// Damaged SRS keys, and the link proof of another receipt.
pub fn srs(kit: &mut Kit, linear: &Case) {
    let bytes = linear.issuer.srs_key.to_bytes();
    let (kind, k, g1) = (HEADER, HEADER + 1, HEADER + 5);
    let (g2, s_g2) = (g1 + 32, g1 + 32 + 128);
    let tail = s_g2 + 128;
    let mut add = |name: &str, expect: &str, comment: &str, bytes: Vec<u8>| {
        let path = kit.file(&format!("files/{name}.srs"), &bytes);
        kit.vector(name, &altered(linear, expect, comment, |vector| vector.srs = path));
    };
    let at = |at: usize, new: &[u8]| patched(&bytes, at, new);
    add("srs_magic", "bad-magic", "a card's magic", at(0, b"PRVC"));
    add(
        "srs_version",
        "bad-version",
        "a later version of the SRS key",
        at(4, &[2]),
    );
    add("srs_kind", "bad-tag", "a kind that does not exist", at(kind, &[2]));
    add(
        "srs_relabelled",
        "srs-mismatch",
        "labelled a development SRS",
        at(kind, &[0]),
    );
    add("srs_k", "too-large", "more rows than the field has", at(k, &[29]));
    add(
        "srs_other_k",
        "srs-mismatch",
        "another number of rows",
        at(k, &[bytes[k] + 1]),
    );
    add(
        "srs_generator",
        "srs-invalid",
        "another generator of G1",
        at(g1, &negated_generator()),
    );
    add(
        "srs_identity",
        "bad-point",
        "the identity as generator",
        at(g1, &identity()),
    );
    add(
        "srs_g2_field",
        "bad-point",
        "a coordinate of G2 above the field order",
        at(g2, &UNREDUCED),
    );
    add(
        "srs_g2_curve",
        "bad-point",
        "a G2 point off the curve",
        flipped(&bytes, s_g2),
    );
    add(
        "srs_g2_subgroup",
        "bad-g2-subgroup",
        "a G2 point outside the subgroup",
        at(s_g2, &outside_subgroup()),
    );
    add(
        "srs_secret",
        "srs-mismatch",
        "another secret",
        at(s_g2, &bytes[g2..s_g2]),
    );
    let none = [&bytes[..tail], &[0; 4]].concat();
    add("srs_no_tail", "srs-invalid", "no tail points", none);
    add(
        "srs_tail",
        "srs-mismatch",
        "two tail points swapped",
        swapped(&bytes, tail + LENGTH),
    );
    add(
        "srs_cut",
        "truncated",
        "the last byte is missing",
        bytes[..bytes.len() - 1].to_vec(),
    );
    add(
        "srs_extended",
        "trailing-bytes",
        "one byte follows",
        [&bytes[..], &[0]].concat(),
    );
}

/// Two receipts of one model with their link proofs exchanged.
pub fn exchanged(kit: &mut Kit, case: &mut Case) {
    let other = case.issuer.issue(PolicyKind::Scores);
    let receipt = Receipt {
        link: other.link,
        ..case.receipt.clone()
    };
    let path = kit.file("files/link_exchanged.receipt", &receipt.to_bytes());
    let comment = "the link proof of another receipt of the same model";
    let vector = altered(case, "link-failed", comment, |vector| vector.receipts = vec![path]);
    kit.vector("link_exchanged", &vector);
}

fn altered(case: &Case, expect: &str, comment: &str, edit: impl FnOnce(&mut Vector)) -> Vector {
    let mut vector = Vector {
        comment: comment.to_owned(),
        expect: expect.to_owned(),
        ..case.vector.clone()
    };
    edit(&mut vector);
    vector
}

fn patched(bytes: &[u8], at: usize, new: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at..at + new.len()].copy_from_slice(new);
    bytes
}

fn flipped(bytes: &[u8], at: usize) -> Vec<u8> {
    patched(bytes, at, &[bytes[at] ^ 1])
}

/// The two 32-byte words from `at` exchanged.
fn swapped(bytes: &[u8], at: usize) -> Vec<u8> {
    patched(bytes, at, &[&bytes[at + 32..at + 64], &bytes[at..at + 32]].concat())
}

/// The one score of the claim in one byte more than it needs.
fn wider_scores(bytes: &[u8], claim: usize) -> Vec<u8> {
    let (length, list) = (claim - LENGTH, claim + 147);
    let width = usize::from(bytes[list + LENGTH]);
    let end = list + LENGTH + 1 + width;
    let sign = if bytes[end - 1] >= 0x80 { 0xff } else { 0 };
    let mut wider = [&bytes[..end], &[sign], &bytes[end..]].concat();
    wider[list + LENGTH] += 1;
    let claim_len = u32::from_le_bytes(wider[length..claim].try_into().unwrap()) + 1;
    patched(&wider, length, &claim_len.to_le_bytes())
}

/// Compressed G1 points: x with the sign of y in bit 6 of the last byte, the identity in bit 7.
fn word(first: u8, last: u8) -> [u8; 32] {
    let mut word = [0; 32];
    (word[0], word[31]) = (first, last);
    word
}

fn generator() -> [u8; 32] {
    halo2curves::group::GroupEncoding::to_bytes(&halo2curves::bn256::G1Affine::generator())
        .as_ref()
        .try_into()
        .unwrap()
}

fn negated_generator() -> [u8; 32] {
    let mut point = generator();
    point[31] ^= 0x40;
    point
}

fn identity() -> [u8; 32] {
    word(0, 0x80)
}

/// `x^3 + 3` is no square for x = 4.
fn off_curve() -> [u8; 32] {
    word(4, 0)
}

/// A point of the twist that is not in the prime-order subgroup, by a search over its x coordinate.
fn outside_subgroup() -> Vec<u8> {
    use halo2curves::bn256::G2Affine;
    use halo2curves::ff::PrimeField;
    use halo2curves::group::GroupEncoding;
    let point = (1u8..).find_map(|x| {
        let mut repr = <G2Affine as GroupEncoding>::Repr::default();
        repr.as_mut()[0] = x;
        Option::<G2Affine>::from(G2Affine::from_bytes(&repr))
    });
    let point = point.unwrap();
    [point.x.c0, point.x.c1, point.y.c0, point.y.c1]
        .iter()
        .flat_map(|part| part.to_repr())
        .collect()
}
