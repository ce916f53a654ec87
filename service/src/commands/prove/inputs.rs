//! The inputs of a proof: committed now, shown, or committed beforehand.

use super::Args;
use crate::data::{opening, sample};
use crate::error::CliError;
use crate::srs::Parameters;
use provenn_circuits::program::quantize_input;
use provenn_prover::commit::{Committed, Description};
use provenn_prover::input::{commit_input, opens, Input, Opening};
use provenn_prover::ProveError;
use std::collections::{BTreeMap, BTreeSet};

/// Inputs in the order of the model, before anything is committed.
pub struct Given {
    /// Integers of those that are given as samples.
    samples: BTreeMap<usize, Vec<i64>>,
    /// Those that are committed already.
    openings: BTreeMap<usize, (Vec<i64>, Opening)>,
    /// Of each input whether receipts show it.
    public: Vec<bool>,
}

impl Given {
    /// Every input once, as a sample or by its opening.
    pub fn read(args: &Args, committed: &Committed, description: &Description) -> Result<Self, CliError> {
        let openings = opening::by_input(&args.commitment, description)?;
        let samples = sample::some(&args.input, description)?;
        if samples.keys().chain(openings.keys()).collect::<BTreeSet<_>>().len() != description.inputs.len()
            || samples.len() + openings.len() != description.inputs.len()
        {
            return Err(sample::each_once(description));
        }
        let quantized = samples.into_iter().map(|(index, values)| {
            let values = quantize_input(&committed.model, index, &values)?;
            Ok((index, values))
        });
        Ok(Self {
            samples: quantized.collect::<Result<_, CliError>>()?,
            openings,
            public: committed.layout.shape.inputs.iter().map(|input| input.public).collect(),
        })
    }

    /// Whether an input is committed now.
    pub fn is_new(&self, index: usize) -> bool {
        self.samples.contains_key(&index) && self.public.get(index) == Some(&false)
    }

    /// Whether any is.
    pub fn has_new(&self) -> bool {
        (0..self.public.len()).any(|index| self.is_new(index))
    }

    /// Commits to what is not committed.
    pub fn bind(&self, committed: &Committed, parameters: &Parameters) -> Result<Vec<Input>, CliError> {
        let srs = &parameters.srs;
        let bind = |(index, public): (usize, &bool)| -> Result<Input, ProveError> {
            let samples = self.samples.get(&index).cloned();
            match (self.openings.get(&index), samples, public) {
                (Some((values, opening)), ..) => Ok(Input::Committed(values.clone(), opening.clone())),
                (None, Some(values), false) => {
                    let opening = commit_input(committed, srs, index, &values)?;
                    Ok(Input::Committed(values, opening))
                }
                (None, values, _) => Ok(Input::Public(values.unwrap_or_default())),
            }
        };
        for (index, (values, opening)) in &self.openings {
            let opened = opens(&committed.card, srs, *index, values, opening);
            if !opened.map_err(|error| parameters.blame(error))? {
                return Err(opening::foreign());
            }
        }
        let inputs = self.public.iter().enumerate().map(bind);
        inputs
            .collect::<Result<_, _>>()
            .map_err(|error| parameters.blame(error))
    }
}
