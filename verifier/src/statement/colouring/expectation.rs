//! What the caller asks of a colouring, and in what a claim differs from it.

use super::{Colouring, ColouringClass, Graph};
use crate::claim::Claim;
use crate::difference::List;
use crate::error::VerifyError;
use crate::srs::SrsVerifyingKey;
use alloc::format;
use alloc::string::String;

/// Checks that a colouring must pass beside that of the graph. `None` means "not checked".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ColouringExpectation {
    /// The number of colours.
    pub colours: Option<u32>,
}

impl ColouringExpectation {
    pub(super) fn check(&self, body: &Colouring) -> Result<(), VerifyError> {
        match self.colours {
            Some(expected) if expected != body.colours => Err(VerifyError::ColoursMismatch {
                expected,
                got: body.colours,
            }),
            _ => Ok(()),
        }
    }
}

impl Colouring {
    /// See [`Statement::differences`](super::super::Statement::differences).
    pub(in super::super) fn differences(
        &self,
        list: &mut List,
        claim: &Claim,
        graph: &Graph,
        srs: &SrsVerifyingKey,
        asked: &ColouringExpectation,
    ) {
        let shape = |vertices: u32, edges: u32| -> String { format!("{vertices} vertices, {edges} edges") };
        let (expected, found) = (
            shape(graph.vertices(), graph.edge_count()),
            shape(self.vertices, self.edges),
        );
        match expected == found {
            true => list.ids("graph", &graph.digest(), &self.graph),
            false => list.add("graph", expected, found),
        }
        list.ids("srs", &srs.id(), &claim.srs_id);
        if let Ok(key) = ColouringClass::of(self.colours, graph.vertices()).and_then(|class| class.key()) {
            list.ids("circuit key", &key.digest(), &claim.key_digest);
        }
        if let Some(colours) = asked.colours.filter(|colours| *colours != self.colours) {
            list.add("colours", format!("{colours}"), format!("{}", self.colours));
        }
    }
}
