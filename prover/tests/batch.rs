//! Batches: receipts that state what is counted of hidden labels.
#![allow(clippy::unwrap_used, reason = "tests")]

use provenn_circuits::onnx;
use provenn_circuits::program::{execute, quantize_inputs};
use provenn_prover::audit::audit;
use provenn_prover::commit::{commit, compile, srs_verifying_key, CommitOptions, Committed};
use provenn_prover::prove::{bind_inputs, prove};
use provenn_prover::srs::Srs;
use provenn_prover::store;
use provenn_prover::ProveError;
use provenn_verifier::{
    verify, Answer, Context, Disclosure, Expectation, Receipt, SrsVerifyingKey, StatementKind, VerifyError,
};

const ITEMS: usize = 6;
const CLASSES: usize = 10;

fn file() -> Vec<u8> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/models/digits_mlp.onnx");
    onnx::batched(&std::fs::read(path).unwrap(), ITEMS).unwrap()
}

struct Setup {
    committed: Committed,
    srs: Srs,
    key: SrsVerifyingKey,
    values: Vec<Vec<i64>>,
    labels: Vec<u32>,
}

impl Setup {
    fn new(committed_input: bool) -> Self {
        let options = CommitOptions {
            committed_inputs: committed_input.into(),
            items: ITEMS,
            ..CommitOptions::default()
        };
        let compiled = compile(&file(), &options).unwrap();
        let srs = Srs::dev_from_seed(compiled.layout.shape.k, [9; 32]);
        let values = quantize_inputs(&compiled.model, &compiled.calibration.rows[0]).unwrap();
        let scores = execute(&compiled.model, &values)
            .unwrap()
            .outputs(&compiled.model)
            .remove(0);
        let label = |scores: &[i64]| {
            let best = scores.iter().max();
            scores.iter().position(|score| Some(score) == best).unwrap() as u32
        };
        Self {
            labels: scores.chunks(CLASSES).map(label).collect(),
            committed: commit(&compiled, &options, &srs).unwrap(),
            key: srs_verifying_key(&srs).unwrap(),
            srs,
            values,
        }
    }

    fn ask(&self, policy: &str) -> Result<Receipt, ProveError> {
        let policy: Disclosure = policy.parse().unwrap();
        let inputs = bind_inputs(&self.committed, &self.srs, self.values.clone())?;
        let bytes = prove(&self.committed, &self.srs, &inputs, policy, Context::default(), &|_| {})?;
        Ok(Receipt::from_bytes(&bytes).unwrap())
    }

    fn verify(&self, receipt: &Receipt) -> Result<(), VerifyError> {
        let expectation = Expectation {
            statements: Some(vec![StatementKind::Inference]),
            accept_dev: true,
            ..Expectation::default()
        };
        verify(&receipt.to_bytes(), &self.committed.card, &self.key, &expectation).map(drop)
    }
}

fn answer(receipt: &mut Receipt) -> &mut Answer {
    &mut receipt.claim.body.inference_mut().unwrap().items[0].answer
}

fn joined(labels: &[u32]) -> String {
    labels.iter().map(ToString::to_string).collect::<Vec<_>>().join(":")
}

#[test]
fn receipts_of_batches() {
    for committed_input in [false, true] {
        let setup = Setup::new(committed_input);
        let labels = setup.labels.clone();
        let (first, wrong) = (labels[0], (labels[1] + 1) % 10);
        let number = labels.iter().filter(|label| **label == first).count() as u32;
        let mut given = labels.clone();
        given[1] = wrong;
        let mut matrix = vec![0u32; CLASSES * CLASSES];
        for (right, label) in given.iter().zip(&labels) {
            matrix[*right as usize * CLASSES + *label as usize] += 1;
        }
        let mut moved = matrix.clone();
        moved.swap(wrong as usize * CLASSES, wrong as usize * CLASSES + labels[1] as usize);
        let mut mistaken = labels.clone();
        mistaken[2] = (mistaken[2] + 1) % 10;
        let least = number + 1;
        // Two items of group 0 and four of group 1.
        let groups = [0, 1, 1, 0, 1, 1];
        let of = |group: u32| {
            let own = groups.iter().zip(&labels);
            own.filter(|(own, label)| **own == group && **label == first).count() as i64
        };
        let gap = of(1) * 2 - of(0) * 4;
        let marks: Vec<u32> = given
            .iter()
            .zip(&groups)
            .flat_map(|(right, group)| [*right, *group])
            .collect();
        let gap_of = |groups: &[u32]| format!("gap:{first}:{}", joined(groups));
        let cases = [
            (gap_of(&groups), Answer::Gap(gap), Answer::Gap(gap + 2)),
            // What was a group's is not the other's.
            (
                gap_of(&groups.map(|group| 1 - group)),
                Answer::Gap(-gap),
                Answer::Gap(if gap == 0 { 4 } else { gap }),
            ),
            // Of the right labels all but one of group 1 are given: 3 of 4 less 2 of 2.
            (
                format!("accuracy-gap:{}", joined(&marks)),
                Answer::Gap(3 * 2 - 2 * 4),
                Answer::Gap(0),
            ),
            // The last two count nowhere.
            (
                gap_of(&groups[..2]),
                Answer::Gap(i64::from(labels[1] == first) - 1),
                Answer::Gap(1),
            ),
            (
                "labels".to_owned(),
                Answer::Labels(labels.clone()),
                Answer::Labels(mistaken),
            ),
            (
                format!("accuracy:{}", joined(&given)),
                Answer::Count(5),
                Answer::Count(6),
            ),
            // Two items fill the batch: they count nowhere.
            (
                format!("accuracy:{}", joined(&given[..4])),
                Answer::Count(3),
                Answer::Count(4),
            ),
            (
                format!("confusion:{}", joined(&given)),
                Answer::Counts(matrix),
                Answer::Counts(moved),
            ),
            (format!("count:6:1:{first}"), Answer::Count(number), Answer::Count(0)),
            (
                format!("count:6:{least}:{first}"),
                Answer::Count(0),
                Answer::Count(least),
            ),
            (
                format!("at-least:6:{number}:{first}"),
                Answer::Bit(true),
                Answer::Bit(false),
            ),
            (
                format!("at-least:6:{least}:{first}"),
                Answer::Bit(false),
                Answer::Bit(true),
            ),
            (
                format!("at-least:1:1:{wrong}"),
                Answer::Bit(first == wrong),
                Answer::Bit(first != wrong),
            ),
        ];
        for (policy, expected, lie) in cases {
            let mut receipt = setup.ask(&policy).unwrap();
            assert_eq!(*answer(&mut receipt), expected, "{policy}");
            assert_eq!(setup.verify(&receipt), Ok(()), "{policy}");
            *answer(&mut receipt) = lie;
            assert!(setup.verify(&receipt).is_err(), "{policy}");
        }
        // The same proof under other labels.
        let mut receipt = setup.ask(&format!("accuracy:{}", joined(&given))).unwrap();
        receipt.claim.body.inference_mut().unwrap().policy = format!("accuracy:{}", joined(&labels)).parse().unwrap();
        assert!(setup.verify(&receipt).is_err());
        // Nor under other groups, or another sign.
        let mut receipt = setup.ask(&gap_of(&groups)).unwrap();
        let other = [0, 0, 1, 0, 1, 1];
        receipt.claim.body.inference_mut().unwrap().policy = gap_of(&other).parse().unwrap();
        assert!(setup.verify(&receipt).is_err());
        // Policies about single scores hold as ever; those that compare all of them are not for batches.
        let mut receipt = setup.ask("scores").unwrap();
        assert_eq!(setup.verify(&receipt), Ok(()));
        receipt.claim.body.inference_mut().unwrap().policy = "label".parse().unwrap();
        *answer(&mut receipt) = Answer::Label(0);
        let refused = setup.verify(&receipt).unwrap_err();
        assert_eq!(refused.code(), "policy-out-of-range");
        assert!(setup.ask("label").is_err());
        for policy in [
            "count:7:1:0",
            "count:6:1:10",
            "at-least:0:1:0",
            "accuracy:0:0:0:0:0:0:0",
            "gap:0:0:0",
            "gap:0:0:1:2",
            "gap:10:0:1",
            "accuracy-gap:0:0",
            "accuracy-gap:10:0:0:1",
        ] {
            let refused = policy.parse::<Disclosure>().map(|_| setup.ask(policy));
            assert!(!matches!(refused, Ok(Ok(_))), "{policy}");
        }
    }
}

#[test]
fn a_batch_is_kept_and_audited() {
    let setup = Setup::new(true);
    let folder = tempfile::tempdir().unwrap();
    store::save(&setup.committed, &setup.srs, folder.path()).unwrap();
    let loaded = store::load(folder.path()).unwrap();
    assert_eq!(loaded.layout.shape, setup.committed.layout.shape);
    assert_eq!(loaded.layout.shape.items, ITEMS);
    let checks = audit(&file(), &setup.committed.card, &setup.srs, Some(&setup.committed.tails)).unwrap();
    let failed: Vec<_> = checks.iter().filter(|check| !check.holds).collect();
    assert!(failed.is_empty(), "{failed:?}");
}

#[test]
fn scores_are_those_of_so_many_items() {
    for items in [4, 7, 60] {
        let options = CommitOptions {
            items,
            ..CommitOptions::default()
        };
        let refused = compile(&file(), &options).unwrap_err().to_string();
        assert!(refused.contains(&format!("a batch of {items} items")), "{refused}");
    }
    let refused = onnx::batched(&file(), ITEMS + 1).unwrap_err().to_string();
    assert!(
        refused.contains("is not a batch of 7 items: the file has 6"),
        "{refused}"
    );
}
