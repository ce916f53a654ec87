//! The quantization recipe: everything that turns the structure of a model into its integer program, and nothing of its weights.

use crate::commit::Description;
use provenn_verifier::FORMAT_VERSION;

/// Digest of the recipe's canonical bytes, which a card and every claim about it name: little endian, lengths as `u32`.
pub(crate) fn digest(description: &Description) -> [u8; 32] {
    let hash = blake2b_simd::Params::new()
        .hash_length(32)
        .personal(b"Provenn-Quant---")
        .hash(&bytes(description));
    let mut digest = [0u8; 32];
    digest.copy_from_slice(hash.as_bytes());
    digest
}

/// Version, bit widths, calibrated magnitudes, the stored tensors with their names and scales, and the lifts of the inputs that have any.
fn bytes(description: &Description) -> Vec<u8> {
    let precision = description.shape.precision();
    let mut out = FORMAT_VERSION.to_le_bytes().to_vec();
    for width in [precision.table_bits, precision.limbs, precision.top_bits] {
        out.extend(width.to_le_bytes());
    }
    let steps = description.ranges.steps();
    put_length(&mut out, steps.len());
    out.extend(steps.iter().flat_map(|step| step.to_le_bytes()));
    put_length(&mut out, description.tensors.len());
    for (name, frac) in &description.tensors {
        put_length(&mut out, name.len());
        out.extend(name.as_bytes());
        out.extend(frac.to_le_bytes());
    }
    for (index, input) in description
        .inputs
        .iter()
        .enumerate()
        .filter(|(_, input)| !input.lifts.is_empty())
    {
        put_length(&mut out, index);
        put_length(&mut out, input.lifts.len());
        out.extend(&input.lifts);
    }
    out
}

/// Lengths of what a description holds are far below `2^32`: its text has 256 KiB at most.
fn put_length(out: &mut Vec<u8>, length: usize) {
    out.extend(u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use super::*;
    use crate::commit::{compile, describe, CommitOptions};

    /// The bytes of a small model, spelled out.
    #[test]
    fn bytes_are_canonical() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/models/linear_30.onnx");
        let options = CommitOptions::default();
        let compiled = compile(&std::fs::read(path).unwrap(), &options).unwrap();
        let mut description = describe(&compiled, compiled.fidelity(&options).unwrap());
        description.ranges = serde_json::from_str("[1,-2]").unwrap();
        description.tensors = vec![("in".into(), 3), (String::new(), -1)];
        let precision = description.shape.precision();
        let widths = [precision.table_bits, precision.limbs, precision.top_bits];
        let expected = [
            &[2, 0][..],
            &widths.map(u32::to_le_bytes).concat(),
            &[2, 0, 0, 0, 1, 0, 0xfe, 0xff],
            &[2, 0, 0, 0, 2, 0, 0, 0, b'i', b'n', 3, 0, 0, 0],
            &[0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff],
        ];
        assert_eq!(bytes(&description), expected.concat());
        let before = digest(&description);
        description.tensors[1].1 = -2;
        assert_ne!(digest(&description), before);
        description.tensors[1].1 = -1;
        description.inputs[0].lifts = vec![0, 7];
        let lifts = [0, 0, 0, 0, 2, 0, 0, 0, 0, 7];
        assert_eq!(bytes(&description), [expected.concat(), lifts.to_vec()].concat());
    }
}
