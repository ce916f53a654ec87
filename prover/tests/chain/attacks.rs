//! Attacks by whoever controls prover, receipt and card.

use super::*;
use halo2curves::bn256::Fr;
use halo2curves::ff::Field;
use provenn_circuits::argument::{input_cells, Witness};
use provenn_circuits::layout::TAIL;
use provenn_prover::chain::segment_proof;
use provenn_prover::commit::{commit_columns, compressed};
use provenn_prover::input::Opening;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

fn chain() -> Chain {
    Chain::new("breast_cancer_mlp", 2, false)
}

fn asked(nonce: u8) -> Context {
    Context {
        audience: "asker".into(),
        nonce: [nonce; 32],
        not_after: 0,
    }
}

/// Bytes of a receipt that was changed.
fn changed(receipt: &[u8], change: impl FnOnce(&mut ChainReceipt)) -> Vec<u8> {
    let mut receipt = ChainReceipt::from_bytes(receipt).unwrap();
    change(&mut receipt);
    receipt.to_bytes()
}

/// Segments swapped, dropped, repeated, of another receipt, context or model; commitments swapped for others.
#[test]
fn pieces_of_receipts_do_not_fit() {
    let chain = Chain::new("digits_mlp", 3, false);
    let [receipt, other] = [1, 2].map(|nonce| chain.prove(policy::Label, asked(nonce)));
    let same = chain.prove(policy::Label, asked(1));
    assert!(chain.verdict(&receipt).is_ok());
    assert_eq!(changed(&receipt, |_| {}), receipt);
    let [others, sames] = [&other, &same].map(|receipt| ChainReceipt::from_bytes(receipt).unwrap());
    type Change<'a> = Box<dyn Fn(&mut ChainReceipt) + 'a>;
    let changes: Vec<(&str, Change<'_>)> = vec![
        ("swapped", Box::new(|r| r.segments.swap(0, 1))),
        ("swapped last", Box::new(|r| r.segments.swap(1, 2))),
        ("repeated", Box::new(|r| r.segments[1] = r.segments[0].clone())),
        (
            "of another nonce",
            Box::new(|r| r.segments[1] = others.segments[1].clone()),
        ),
        (
            "of another run",
            Box::new(|r| r.segments[1] = sames.segments[1].clone()),
        ),
        (
            "commitments of another run",
            Box::new(|r| r.between.clone_from(&sames.between)),
        ),
        (
            "one commitment of another run",
            Box::new(|r| r.between[1].clone_from(&sames.between[1])),
        ),
        (
            "a segment of another run with its commitments",
            Box::new(|r| {
                r.between.clone_from(&sames.between);
                r.segments[1] = sames.segments[1].clone();
            }),
        ),
        ("claim of another nonce", Box::new(|r| r.claim = others.claim.clone())),
        (
            "another answer",
            Box::new(|r| {
                let body = r.claim.body.inference_mut().unwrap();
                let Answer::Label(label) = &mut body.items[0].answer else {
                    panic!("a label")
                };
                *label = (*label + 1) % 10;
            }),
        ),
    ];
    for (name, change) in changes {
        let refused = chain.verdict(&changed(&receipt, change));
        // The proof of another circuit may not even be read as one of this.
        let other_circuit = matches!(name, "swapped" | "swapped last" | "repeated");
        let fails = |error: &VerifyError| matches!(error, VerifyError::OpeningFailed | VerifyError::LinkFailed);
        assert!(
            refused.as_ref().is_err_and(|error| fails(error) || other_circuit),
            "{name}: {refused:?}"
        );
    }
    let counts: [(&str, Change<'_>); 3] = [
        ("dropped", Box::new(|r| drop(r.segments.pop()))),
        ("one more", Box::new(|r| r.segments.push(r.segments[0].clone()))),
        ("fewer commitments", Box::new(|r| drop(r.between.pop()))),
    ];
    for (name, change) in counts {
        let refused = chain.verdict(&changed(&receipt, change));
        assert!(
            matches!(refused, Err(VerifyError::SegmentCount { .. })),
            "{name}: {refused:?}"
        );
    }
    let short = changed(&receipt, |r| r.between[0].truncate(0));
    assert!(matches!(chain.verdict(&short), Err(VerifyError::InputShape { .. })));
    // Asked for another context, or by another reference.
    let expectation = Expectation {
        nonce: Some([9; 32]),
        ..accept()
    };
    let refused = verify(&receipt, &chain.card, &chain.key, &expectation);
    assert!(matches!(refused, Err(VerifyError::ContextMismatch { .. })));
    let another = Chain::new("digits_mlp", 3, false);
    let refused = verify(&receipt, &another.card, &another.key, &accept());
    assert!(matches!(refused, Err(VerifyError::ModelMismatch)));
    // A claim that names the other model does not make its proofs.
    let renamed = changed(&receipt, |r| {
        r.claim.key_digest = another.card.key_digest();
        r.claim.body.inference_mut().unwrap().model_id = another.card.model_id();
    });
    assert_eq!(
        verify(&renamed, &another.card, &another.key, &accept()).unwrap_err(),
        VerifyError::OpeningFailed
    );
}

/// What a prover does to what is between.
struct Forgery {
    /// Changes the tensor that the second segment takes.
    taken: fn(&mut Vec<i64>),
    /// Changes the cells that are committed for it.
    cells: fn(&mut Vec<Vec<u64>>, usize),
    /// Whether each segment has the opening of its own values.
    two: bool,
}

/// A receipt by a prover who checks nothing, and whether it verifies.
fn forged(chain: &Chain, forgery: &Forgery) -> Result<Answer, VerifyError> {
    let mut rng = ChaCha20Rng::from_seed([3; 32]);
    let honest = ChainReceipt::from_bytes(&chain.prove(policy::Scores, Context::default())).unwrap();
    let [first, second] = [&chain.segments[0], &chain.segments[1]];
    let run = execute(&first.model, &chain.values).unwrap();
    let given = run.outputs(&first.model).remove(0);
    let mut taken = given.clone();
    (forgery.taken)(&mut taken);
    let then = execute(&second.model, std::slice::from_ref(&taken)).unwrap();
    // In the cells of the one that takes them.
    let mut commit = |values: &[i64]| {
        let mut cells = input_cells(&second.model, &second.layout, 0, values);
        let row = second.layout.rows[0].iter().max().unwrap();
        (forgery.cells)(&mut cells, *row);
        let tails: Vec<Vec<Fr>> = cells
            .iter()
            .map(|_| (0..TAIL).map(|_| Fr::random(&mut rng)).collect())
            .collect();
        let points = commit_columns(&chain.srs, &cells, &tails)
            .iter()
            .map(compressed)
            .collect();
        Opening { tails, points }
    };
    let shown = commit(&taken);
    let of_first = match forgery.two {
        true => commit(&given),
        false => shown.clone(),
    };
    let mut receipt = ChainReceipt {
        between: vec![shown.points.clone()],
        ..honest
    };
    let body = receipt.claim.body.inference_mut().unwrap();
    body.items[0].answer = Answer::Scores(then.outputs(&second.model).remove(0));
    let (item, policy) = (body.items[0].clone(), body.policy.clone());
    receipt.segments.clear();
    for (index, (segment, trace, opening)) in [(first, run, of_first), (second, then, shown)].into_iter().enumerate() {
        let card = &chain.card.segments[index];
        let layout = card.key.purpose.segment().unwrap();
        let columns = layout.given(&item, card.key.k, &policy).unwrap();
        let columns: Vec<Vec<Fr>> = columns
            .into_iter()
            .map(|c| c.into_iter().map(Fr::from).collect())
            .collect();
        let rows = 0..segment.layout.policy_rows;
        let witness = Witness {
            trace,
            top: 0,
            policy: rows
                .map(|row| [0, 1, 2].map(|column: usize| columns[column][row]))
                .collect(),
            counts: None,
        };
        let digest = receipt.segment_digest(index);
        let proof = segment_proof(
            card,
            segment,
            &chain.srs,
            &chain.key,
            &witness,
            &[&opening],
            &columns,
            &digest,
            &mut rng,
        );
        receipt.segments.push(proof.unwrap());
    }
    chain.verdict(&receipt.to_bytes())
}

const HONEST: Forgery = Forgery {
    taken: |_| {},
    cells: |_, _| {},
    two: false,
};

#[test]
fn the_prover_without_checks_is_the_prover() {
    assert!(forged(&chain(), &HONEST).is_ok());
}

/// One cell of what the second segment takes is not what the first gives: with one opening for both, and with two.
#[test]
fn a_changed_cell_between_segments_is_caught() {
    let chain = chain();
    for two in [false, true] {
        let forgery = Forgery {
            taken: |values| values[0] += 1,
            two,
            ..HONEST
        };
        let refused = forged(&chain, &forgery);
        assert!(
            matches!(refused, Err(VerifyError::LinkFailed | VerifyError::OpeningFailed)),
            "{refused:?}"
        );
    }
}

/// The same values under a commitment of which the cells differ: in a row of the tensor, in one that is no row of it.
#[test]
fn a_commitment_to_other_cells_is_caught() {
    let chain = chain();
    for cells in [
        (|cells: &mut Vec<Vec<u64>>, row: usize| cells[0][row] += 1) as fn(&mut Vec<Vec<u64>>, usize),
        |cells, row| cells[0].resize(row + 2, 5),
        |cells, _| cells.last_mut().unwrap()[0] ^= 1,
    ] {
        let refused = forged(&chain, &Forgery { cells, ..HONEST });
        assert!(
            matches!(refused, Err(VerifyError::LinkFailed | VerifyError::OpeningFailed)),
            "{refused:?}"
        );
    }
}

/// Two runs of one commitment are not two commitments: each receipt has its own, with the same values.
#[test]
fn commitments_are_fresh() {
    let chain = chain();
    let [a, b] = [1, 1].map(|nonce| ChainReceipt::from_bytes(&chain.prove(policy::Scores, asked(nonce))).unwrap());
    assert_eq!(a.claim, b.claim);
    assert!(a.between[0].iter().zip(&b.between[0]).all(|(a, b)| a != b));
}

/// Cards whose segments do not follow one another, and segments by themselves.
#[test]
fn segments_are_no_models_and_cards_are_whole() {
    let chain = Chain::new("digits_mlp", 3, false);
    let card: ChainCard = (*chain.card).clone();
    assert_eq!(ChainCard::from_bytes(&card.to_bytes()), Ok(card.clone()));
    let refused = |change: &dyn Fn(&mut ChainCard)| {
        let mut changed = card.clone();
        change(&mut changed);
        let direct = changed.clone().check(&chain.key).err();
        assert_eq!(direct, ChainCard::from_bytes(&changed.to_bytes()).err());
        matches!(direct, Some(VerifyError::KeyInvalid { .. }))
    };
    assert!(refused(&|card| card.segments.swap(0, 1)));
    assert!(refused(&|card| drop(card.segments.remove(0))));
    assert!(refused(&|card| drop(card.segments.remove(1))));
    assert!(refused(&|card| drop(card.segments.pop())));
    assert!(refused(&|card| card.segments.clear()));
    assert!(refused(&|card| card.segments[1] = card.segments[0].clone()));
    assert!(refused(&|card| card.segments[1].srs_id = [1; 32]));
    for segment in &card.segments {
        let alone = provenn_verifier::ModelCard::from_bytes(&segment.to_bytes());
        assert_eq!(alone, Err(VerifyError::StageCard));
        assert_eq!(segment.clone().check(&chain.key), Err(VerifyError::StageCard));
    }
    // Another recipe could be that of a stage, but none that this segment's registration was made for.
    let mut other = card.clone();
    other.segments[1].quantization = [1; 32];
    assert_eq!(ChainCard::from_bytes(&other.to_bytes()).as_ref(), Ok(&other));
    assert_ne!(other.quantization(), card.quantization());
    assert!(other.check(&chain.key).is_err());
    // A segment of another commitment of the same model: nobody's registration says which it belongs to, the id does.
    let other = Chain::new("digits_mlp", 3, false);
    let mut mixed = card.clone();
    mixed.segments[1] = other.card.segments[1].clone();
    let mixed = mixed.check(&chain.key).unwrap();
    assert_ne!(mixed.model_id(), chain.card.model_id());
    let receipt = chain.prove(policy::Label, Context::default());
    let refused = verify(&receipt, &mixed, &chain.key, &accept());
    assert_eq!(refused.unwrap_err(), VerifyError::ModelMismatch);
    // Receipts of one kind are none of the other.
    let whole = provenn_verifier::Receipt::from_bytes(&receipt);
    assert!(matches!(whole, Err(VerifyError::BadMagic { .. })));
    assert!(matches!(Reference::from(&chain.card), Reference::Chain(_)));
}
