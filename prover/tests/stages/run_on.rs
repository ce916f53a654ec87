//! Runs that go from owner to owner.

use super::*;
use provenn_circuits::program::Program;
use provenn_prover::chain::{join, prove_segment, Run, Segments};

/// A machine that has the files of one stage.
struct Only<'a>(&'a Owner, usize);

impl Segments for Only<'_> {
    fn program(&self, index: usize) -> Result<Arc<Program>, ProveError> {
        self.segment(index).map(|segment| segment.model.clone())
    }

    fn segment(&self, index: usize) -> Result<Arc<Segment>, ProveError> {
        match index == self.1 {
            true => Ok(self.0.segment.clone()),
            false => Err(ProveError::SrsMismatch),
        }
    }
}

/// Each owner runs and proves its own stage, from files; the joined receipt says what the stages compute one after the other.
#[test]
fn each_owner_runs_and_proves_its_own_stage() {
    let owners = pipeline();
    let (card, srs) = (joined(&owners), srs(K));
    let values = quantize_inputs(&owners[0].segment.model, &[data("pipeline_calibration").remove(0)]).unwrap();
    let mut expected = values.clone();
    let inputs = chain::bind_inputs(&card, &Only(&owners[0], 0), &srs, values).unwrap();
    let policy = policy::Scores.into();
    let begun = Run::begun(&card, &inputs, &policy, &Context::default()).unwrap();
    let mut file = begun.to_bytes().unwrap();
    let mut last = None;
    for (index, owner) in owners.iter().enumerate() {
        let mut run = Run::from_bytes(&file).unwrap();
        assert_eq!((run.ran(), run.is_whole()), (index, false));
        let own = Only(owner, index);
        // Nothing is proven of what did not run, and nobody runs the stage of another.
        let early = prove_segment(&card, &own, &srs, &run, 0).unwrap_err();
        assert!(
            early
                .to_string()
                .contains(&format!("segment {} is the next to run", index + 1)),
            "{early}"
        );
        assert!(run.clone().run_on(&card, &Only(owner, index + 1), &srs).is_err());
        assert_eq!(run.run_on(&card, &own, &srs).unwrap(), index < 2);
        file = run.to_bytes().unwrap();
        // What one process ran is not taken for what another did.
        last = Some(run);
        expected = execute(&owner.segment.model, &expected)
            .unwrap()
            .outputs(&owner.segment.model);
    }
    assert!(prove_segment(&card, &Only(&owners[0], 0), &srs, &last.unwrap(), 0).is_ok());
    let run = Run::from_bytes(&file).unwrap();
    assert!((run.ran(), run.is_whole()) == (3, true));
    let pieces = owners.iter().enumerate();
    let pieces = pieces.map(|(index, owner)| prove_segment(&card, &Only(owner, index), &srs, &run, index).unwrap());
    let key = srs_verifying_key(&srs).unwrap();
    let receipt = join(&card, &key, pieces.collect()).unwrap();
    let verdict = verify(&receipt, &card, &key, &accept()).unwrap();
    let answer = &verdict.claim().body.inference().unwrap().items[0].answer;
    assert_eq!(*answer, Answer::Scores(expected.remove(0)));
    // Nothing is left to run; and a run is of its own chain.
    assert!(!run.clone().run_on(&card, &Only(&owners[0], 0), &srs).unwrap());
    let other = joined(&pipeline());
    for run in [run, begun] {
        let refused = run.clone().run_on(&other, &Only(&owners[0], 0), &srs);
        assert!(matches!(refused, Err(ProveError::Run { .. })), "{refused:?}");
    }
}
