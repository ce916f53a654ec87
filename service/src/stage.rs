//! The stages of a job, from the process that does the work to the page that shows it.

use crate::server::db::State;
use provenn_prover::prove;
use serde::{Deserialize, Serialize};

/// What a prover process is at, and what the worker does with what it made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Compiling a model.
    Compile,
    /// Making or reading parameters.
    Parameters,
    /// Committing to a model.
    Commit,
    /// Running the model.
    Witness,
    /// Workers prove the segments.
    Segments,
    /// The halo2 proof.
    Proof,
    /// The link proof.
    Link,
    /// The prover verifies its receipt.
    Verify,
    /// The worker verifies it.
    Check,
}

impl Stage {
    const ALL: [Self; 9] = [
        Self::Compile,
        Self::Parameters,
        Self::Commit,
        Self::Witness,
        Self::Segments,
        Self::Proof,
        Self::Link,
        Self::Verify,
        Self::Check,
    ];

    /// Its name in the database, in events and in answers.
    pub fn name(self) -> &'static str {
        self.row().0
    }

    /// The stage of this name; states have names of their own where no stage is reached.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.name() == name)
    }

    /// The state of a job that has reached it.
    pub fn state(self) -> State {
        self.row().1
    }

    /// The share of the work before it, 0 to 1.
    pub fn progress(self) -> f64 {
        self.row().2
    }

    /// Whether little work is left: the next job may begin.
    pub fn is_nearly_done(self) -> bool {
        self.progress() >= Self::Link.progress()
    }

    fn row(self) -> (&'static str, State, f64) {
        match self {
            Self::Compile => ("compile", State::Witness, 0.05),
            Self::Parameters => ("parameters", State::Witness, 0.1),
            Self::Commit => ("commit", State::Proving, 0.2),
            Self::Witness => ("witness", State::Witness, 0.05),
            Self::Segments => ("segments", State::Proving, 0.1),
            Self::Proof => ("proof", State::Proving, 0.2),
            Self::Link => ("link", State::Proving, 0.9),
            Self::Verify => ("verify", State::Verifying, 0.95),
            Self::Check => ("check", State::Verifying, 0.98),
        }
    }
}

impl From<prove::Stage> for Stage {
    fn from(stage: prove::Stage) -> Self {
        match stage {
            prove::Stage::Witness => Self::Witness,
            prove::Stage::Proof => Self::Proof,
            prove::Stage::Link => Self::Link,
            prove::Stage::Verify => Self::Verify,
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_on_the_wire() {
        for stage in Stage::ALL {
            assert_eq!(Stage::named(stage.name()), Some(stage));
            assert_eq!(serde_json::to_value(stage).unwrap(), stage.name());
        }
        assert_eq!(Stage::named("queued"), None);
    }
}
