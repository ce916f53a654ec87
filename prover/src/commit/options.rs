//! What a commitment is asked to be.

use crate::about::About;
use crate::error::ProveError;
use crate::fidelity::Source;
use crate::rows::Rows;
use provenn_circuits::argument::Objective;
use provenn_circuits::compile::Outputs;
use provenn_circuits::graph::Graph;

/// How to commit.
#[derive(Clone, Debug, Default)]
pub struct CommitOptions {
    /// Rows that scales are chosen from; seeded ones if none are given.
    pub calibration: Option<Rows>,
    /// Rows that fidelity is measured on; those that scales are chosen from if none are given.
    pub held_out: Option<Rows>,
    /// The inputs that receipts commit to instead of showing them.
    pub committed_inputs: CommittedInputs,
    /// Items of a batch whose labels receipts count; 0 for a model whose receipts are about one run. The model has them as the first axis.
    pub items: usize,
    /// How receipts speak of the outputs; those of a batch and of segments by policies.
    pub outputs: Outputs,
    /// What the circuit is chosen for.
    pub objective: Objective,
    /// What the card says of the model, for people.
    pub about: Option<About>,
}

impl CommitOptions {
    /// The rows that fidelity is measured on, with where they are from; `calibration` are those that scales were chosen from.
    pub(crate) fn measured_on<'a>(&'a self, calibration: &'a Rows) -> (&'a Rows, Source) {
        match (&self.held_out, &self.calibration) {
            (Some(rows), _) => (rows, Source::HeldOut),
            (None, Some(_)) => (calibration, Source::Calibration),
            (None, None) => (calibration, Source::Seeded),
        }
    }
}

/// Inputs that receipts commit to; they show the others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CommittedInputs {
    /// None.
    #[default]
    None,
    /// All.
    All,
    /// Those of these names.
    Named(Vec<String>),
}

impl From<bool> for CommittedInputs {
    fn from(all: bool) -> Self {
        match all {
            true => Self::All,
            false => Self::None,
        }
    }
}

impl CommittedInputs {
    /// For each input of a graph whether it is public.
    pub(super) fn public(&self, graph: &Graph) -> Result<Vec<bool>, ProveError> {
        let inputs: Vec<&String> = graph
            .inputs
            .iter()
            .map(|input| &graph.values[input.value].name)
            .collect();
        let names = match self {
            Self::None => return Ok(vec![true; inputs.len()]),
            Self::All => return Ok(vec![false; inputs.len()]),
            Self::Named(names) => names,
        };
        match names.iter().find(|name| !inputs.contains(name)) {
            Some(name) => Err(ProveError::UnknownInput {
                name: name.clone(),
                inputs: inputs.into_iter().cloned().collect(),
            }),
            None => Ok(inputs.iter().map(|input| !names.contains(input)).collect()),
        }
    }
}
