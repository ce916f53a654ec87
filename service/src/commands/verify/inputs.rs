//! The inputs that receipts must be about: shown ones as they are given, committed ones by their openings.

use super::Args;
use crate::data::{opening, sample};
use crate::error::CliError;
use crate::model;
use crate::srs;
use provenn_prover::commit::Description;
use provenn_prover::input::opens;
use provenn_verifier::text::quoted;
use provenn_verifier::{AnyCard, InputBinding};
use std::collections::{BTreeMap, BTreeSet};

/// What the caller names, by index.
pub struct Inputs {
    pub bindings: BTreeMap<u32, InputBinding>,
    /// Committed ones that were opened, and whether the caller said what is in them.
    pub opened: BTreeMap<usize, bool>,
}

impl Inputs {
    /// # Errors
    /// An opening of nothing that this card commits to, or of something else than is given with it.
    pub fn read(args: &Args, card: &AnyCard, description: &Description) -> Result<Self, CliError> {
        let mut samples: BTreeMap<usize, Vec<i64>> = sample::some(&args.input, description)?
            .into_iter()
            .map(|(index, values)| (index, sample::quantize(&values, description, index)))
            .collect();
        let mut inputs = Self {
            bindings: BTreeMap::new(),
            opened: BTreeMap::new(),
        };
        let openings = opening::by_input(&args.opening, description)?;
        if !openings.is_empty() {
            let parameters = srs::existing(args.parameters.as_deref(), card.k())?;
            let card = model::first(card)?;
            for (index, (values, opening)) in openings {
                let opened = opens(card, &parameters.srs, index, &values, &opening);
                if !opened.map_err(|error| parameters.blame(error))? {
                    return Err(opening::foreign());
                }
                let given = samples.remove(&index);
                if given.as_ref().is_some_and(|given| *given != values) {
                    return Err(other(index, description));
                }
                inputs.opened.insert(index, given.is_some());
                let points = opening.points;
                inputs
                    .bindings
                    .insert(number(index), InputBinding::Committed { points });
            }
        }
        let shown = samples
            .into_iter()
            .map(|(index, values)| (number(index), InputBinding::Public { values }));
        inputs.bindings.extend(shown);
        Ok(inputs)
    }

    /// The inputs that are named, shown or opened.
    pub fn named(&self) -> BTreeSet<usize> {
        self.bindings.keys().map(|index| *index as usize).collect()
    }
}

fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

/// The opening is of another input than the caller gives.
fn other(index: usize, description: &Description) -> CliError {
    let name = description.inputs.get(index).map_or("", |input| &input.name);
    CliError::new(
        3,
        "input-mismatch",
        format!(
            "the opening of the input {} is of other values than the file that you gave",
            quoted(name)
        ),
        "ask for the opening of the receipt's input, or compare with the file that it was made of",
    )
}
