//! What a policy reveals at most: one rule for cards, the ledger and people.

use provenn_verifier::PolicyKind;

/// Most bits that asking for a receipt under `policy` reveals, where the circuit has `outputs` outputs of `width` bits. Of so many answers
/// one is given, or no receipt is, which is an answer too: an input may be out of range, a yes may not hold.
pub fn bits(policy: PolicyKind, outputs: u32, width: u32) -> f64 {
    let answers = match policy {
        PolicyKind::Scores => f64::from(width) * f64::from(outputs),
        PolicyKind::Label => f64::from(outputs).log2(),
        PolicyKind::ThresholdBit { .. } => 1.0,
        PolicyKind::YesOnly { .. } => 0.0,
    };
    // log2(2^answers + 1), where 2^answers may be beyond any float.
    answers + (-answers).exp2().ln_1p() / std::f64::consts::LN_2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_counts_and_so_does_none() {
        let (output, threshold) = (0, 0);
        for (policy, outputs, answers) in [
            (PolicyKind::Label, 1, 1.0),
            (PolicyKind::Label, 10, 10.0),
            (PolicyKind::Scores, 1, 4096.0),
            (PolicyKind::ThresholdBit { output, threshold }, 10, 2.0),
            (PolicyKind::YesOnly { output, threshold }, 10, 1.0),
        ] {
            let got = bits(policy, outputs, 12);
            assert!((got - f64::log2(answers + 1.0)).abs() < 1e-12, "{policy:?}: {got}");
        }
        assert_eq!(bits(PolicyKind::Scores, 1000, 12), 12_000.0);
    }
}
