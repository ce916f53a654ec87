//! Segments that are proven by themselves: what makes a receipt, and what must not.

use super::*;
use provenn_circuits::program::Program;
use provenn_prover::chain::{join, prove_segment, Piece, Run, Segments, RUN_MAGIC};
use provenn_prover::error::PieceError;
use provenn_verifier::FORMAT_VERSION;

fn run(chain: &Chain) -> Run {
    let inputs = chain::bind_inputs(&chain.card, &chain.segments, &chain.srs, chain.values.clone()).unwrap();
    let policy = policy::Label.into();
    Run::new(
        &chain.card,
        &chain.segments,
        &chain.srs,
        &inputs,
        &policy,
        &Context::default(),
    )
    .unwrap()
}

fn proven(chain: &Chain, run: &Run, index: usize) -> Piece {
    prove_segment(&chain.card, &chain.segments, &chain.srs, run, index).unwrap()
}

fn joined(chain: &Chain, pieces: &[&Piece]) -> Result<Vec<u8>, ProveError> {
    join(&chain.card, &chain.key, pieces.iter().copied().cloned().collect())
}

/// A machine that has the files of one segment.
struct Only<'a>(&'a Chain, usize);

impl Segments for Only<'_> {
    fn program(&self, index: usize) -> Result<Arc<Program>, ProveError> {
        self.segment(index).map(|segment| segment.model.clone())
    }

    fn segment(&self, index: usize) -> Result<Arc<Segment>, ProveError> {
        match index == self.1 {
            true => self.0.segments.segment(index),
            false => Err(ProveError::SrsMismatch),
        }
    }
}

/// Each from the run's file and the files of its segment alone, in any order; the joined receipt says what the whole does.
#[test]
fn segments_are_proven_apart() {
    for (name, committed) in [("digits_mlp", false), ("digits_cnn", true)] {
        let chain = Chain::new(name, 3, committed);
        let bytes = run(&chain).to_bytes().unwrap();
        let pieces: Vec<Piece> = [2, 0, 1]
            .map(|index| {
                let run = Run::from_bytes(&bytes).unwrap();
                let piece = prove_segment(&chain.card, &Only(&chain, index), &chain.srs, &run, index).unwrap();
                Piece::from_bytes(&piece.to_bytes()).unwrap()
            })
            .into();
        let receipt = join(&chain.card, &chain.key, pieces).unwrap();
        assert_eq!(
            chain.verdict(&receipt),
            chain.verdict(&chain.prove(policy::Label, Context::default()))
        );
    }
}

/// Two proofs of one segment have the commitments between segments in common and no other message; each goes with the others.
#[test]
fn a_segment_is_proven_twice() {
    let chain = Chain::new("digits_mlp", 3, true);
    let run = run(&chain);
    let pieces: Vec<[Piece; 2]> = (0..3)
        .map(|index| [0, 1].map(|_| proven(&chain, &run, index)))
        .collect();
    for [a, b] in &pieces {
        assert_eq!((&a.part.claim, &a.part.between), (&b.part.claim, &b.part.between));
        let [a, b] = [a, b].map(|piece| &piece.part.segments[0]);
        assert_eq!(a.proof.len(), b.proof.len());
        for (a, b) in a.proof.chunks(32).zip(b.proof.chunks(32)) {
            // Columns that no row uses are 0 everywhere.
            assert!(a != b || a == [0; 32], "{a:?}");
        }
        let shown: Vec<&[u8]> = pieces[0][0].part.between.iter().flatten().map(|p| &p[..]).collect();
        assert!(a
            .proof
            .chunks(32)
            .chain(b.proof.chunks(32))
            .all(|message| !shown.contains(&message)));
        assert_ne!(a.link, b.link);
    }
    for choice in 0..8usize {
        let chosen = [0, 1, 2].map(|index| &pieces[index][choice >> index & 1]);
        assert!(chain.verdict(&joined(&chain, &chosen).unwrap()).is_ok());
    }
}

/// Pieces of another run, segment or model, missing, doubled, damaged.
#[test]
fn wrong_pieces_make_no_receipt() {
    let chain = Chain::new("breast_cancer_mlp", 2, false);
    let [one, two] = [run(&chain), run(&chain)].map(|run| [0, 1].map(|index| proven(&chain, &run, index)));
    let refused = |pieces: &[&Piece]| match joined(&chain, pieces) {
        Err(ProveError::Pieces(error)) => error,
        other => panic!("{other:?}"),
    };
    assert!(joined(&chain, &[&one[1], &one[0]]).is_ok());
    // The values are the same: runs differ in their randomness alone.
    assert_eq!(one[0].part.claim, two[0].part.claim);
    assert_eq!(refused(&[&one[0], &two[1]]), PieceError::OtherRun { piece: 1 });
    assert_eq!(refused(&[]), PieceError::Missing { segments: vec![1, 2] });
    assert_eq!(refused(&[&one[1]]), PieceError::Missing { segments: vec![1] });
    let twice = PieceError::Twice {
        piece: 2,
        other: 0,
        segment: 1,
    };
    assert_eq!(refused(&[&one[0], &one[1], &one[0]]), twice);
    let moved = Piece {
        segment: 2,
        ..one[1].clone()
    };
    let none = PieceError::NoSegment {
        piece: 1,
        segment: 3,
        of: 2,
    };
    assert_eq!(refused(&[&one[0], &moved]), none);
    let other = Chain::new("breast_cancer_mlp", 2, false);
    let pieces = [&one[0], &one[1]];
    assert!(matches!(
        joined(&other, &pieces),
        Err(ProveError::Pieces(PieceError::OtherModel { piece: 0 }))
    ));
    // What lies about its segment, or has another proof, is found by the verifier before anything is returned.
    let lies = [0, 1].map(|index| Piece {
        segment: 1 - index,
        ..one[index].clone()
    });
    assert!(matches!(
        refused(&[&lies[0], &lies[1]]),
        PieceError::Refused {
            piece: 1,
            segment: 1,
            ..
        }
    ));
    let mut forged = one[1].clone();
    forged.part.segments.clone_from(&two[1].part.segments);
    // The one that is at fault is named, in whichever order they are given.
    for (pieces, piece) in [([&one[0], &forged], 1), ([&forged, &one[0]], 0)] {
        let error = refused(&pieces);
        let failed = VerifyError::OpeningFailed;
        assert_eq!(
            error,
            PieceError::Refused {
                piece,
                segment: 2,
                error: failed
            }
        );
        assert_eq!(error.piece(), Some(piece));
    }
    // Of a link, which is found by its equation alone.
    let mut unlinked = one[0].clone();
    unlinked.part.segments[0].link.z[0][0] ^= 1;
    let error = VerifyError::LinkFailed;
    assert_eq!(
        refused(&[&one[1], &unlinked]),
        PieceError::Refused {
            piece: 1,
            segment: 1,
            error
        }
    );
    let bytes = one[0].to_bytes();
    for at in (0..bytes.len()).step_by(61) {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        for damaged in [&changed[..], &bytes[..at]] {
            assert!(
                matches!(Piece::from_bytes(damaged), Err(PieceError::Damaged { .. })),
                "{at}"
            );
        }
    }
}

type Opening = (Vec<Vec<[u8; 32]>>, Vec<[u8; 32]>);
type Change<'a> = (&'a str, &'a dyn Fn(&mut Kept));
type Kept = (Vec<u8>, Vec<Vec<Vec<i64>>>, Vec<Opening>, Vec<Opening>);

/// A run's file that somebody changed, with its digest.
fn changed(run: &Run, change: &dyn Fn(&mut Kept)) -> Vec<u8> {
    let bytes = run.to_bytes().unwrap();
    let mut kept: Kept = postcard::from_bytes(&bytes[RUN_MAGIC.len() + 2 + 32..]).unwrap();
    change(&mut kept);
    let body = postcard::to_allocvec(&kept).unwrap();
    let digest = blake2b_simd::Params::new()
        .hash_length(32)
        .personal(b"Provenn-File----")
        .hash(&body);
    [&RUN_MAGIC[..], &FORMAT_VERSION.to_le_bytes(), digest.as_bytes(), &body].concat()
}

/// Runs that are damaged, of another model, or hold what their model does not compute: no proof, and no panic.
#[test]
fn wrong_runs_have_no_proofs() {
    let chain = Chain::new("digits_mlp", 3, true);
    let run = run(&chain);
    let bytes = run.to_bytes().unwrap();
    assert_eq!(changed(&run, &|_| {}), bytes);
    for at in (0..bytes.len()).step_by(97) {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        for damaged in [&changed[..], &bytes[..at]] {
            assert!(matches!(Run::from_bytes(damaged), Err(ProveError::Run { .. })), "{at}");
        }
    }
    let changes: [Change<'_>; 12] = [
        ("a value between", &|kept| kept.1[1][0][0] += 1),
        ("a value out of range", &|kept| kept.1[1][0][0] = i64::MAX),
        ("an input", &|kept| kept.1[0][0][3] ^= 1),
        ("an answer", &|kept| kept.1[2][0].fill(0)),
        ("fewer values", &|kept| assert!(kept.1[1][0].pop().is_some())),
        ("fewer segments", &|kept| drop(kept.1.pop())),
        ("no input", &|kept| kept.1[0].clear()),
        ("fewer openings", &|kept| drop(kept.3.pop())),
        ("no opening of the input", &|kept| kept.2.clear()),
        ("fewer points", &|kept| assert!(kept.3[0].1.pop().is_some())),
        ("a shorter tail", &|kept| assert!(kept.3[0].0[0].pop().is_some())),
        ("fewer tails", &|kept| drop(kept.3[1].0.pop())),
    ];
    for (name, change) in changes {
        let run = Run::from_bytes(&changed(&run, change)).unwrap();
        let each = (0..3).map(|index| prove_segment(&chain.card, &chain.segments, &chain.srs, &run, index));
        assert!(each.into_iter().any(|piece| piece.is_err()), "{name}");
    }
    // Scalars above the field, and points that are none.
    let refused = Run::from_bytes(&changed(&run, &|kept| kept.3[0].0[0][0] = [255; 32]));
    assert!(matches!(refused, Err(ProveError::Run { .. })));
    let run_ = Run::from_bytes(&changed(&run, &|kept| kept.3[0].1[0] = [255; 32])).unwrap();
    assert!(prove_segment(&chain.card, &chain.segments, &chain.srs, &run_, 0).is_err());
    // Another randomness than that of the commitment: there is a proof, and no receipt.
    let other = Run::from_bytes(&changed(&run, &|kept| kept.3[0].0[0][0] = [1; 32])).unwrap();
    let pieces = [0, 1, 2].map(|index| proven(&chain, &other, index));
    let refused = joined(&chain, &[&pieces[0], &pieces[1], &pieces[2]]);
    let blamed = PieceError::Refused {
        piece: 0,
        segment: 1,
        error: VerifyError::OpeningFailed,
    };
    assert!(
        matches!(&refused, Err(ProveError::Pieces(error)) if *error == blamed),
        "{refused:?}"
    );

    let another = Chain::new("digits_mlp", 3, true);
    let refused = prove_segment(&another.card, &another.segments, &another.srs, &run, 0);
    assert!(matches!(refused, Err(ProveError::Run { .. })));
    let refused = prove_segment(&chain.card, &chain.segments, &chain.srs, &run, 3);
    assert!(matches!(refused, Err(ProveError::NoSegment { asked: 4, of: 3 })));
    let refused = prove_segment(
        &chain.card,
        &chain.segments,
        &Srs::dev_from_seed(chain.compiled.k(), [8; 32]),
        &run,
        0,
    );
    assert!(matches!(refused, Err(ProveError::SrsMismatch)));
}
