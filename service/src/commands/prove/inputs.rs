//! The inputs of a proof: committed now, shown, or committed beforehand.

use crate::data::source::Source;
use crate::data::{opening, sample};
use crate::error::CliError;
use crate::srs::Parameters;
use provenn_circuits::program::{quantize_input, Program};
use provenn_prover::commit::{Committed, Description};
use provenn_prover::input::{commit_input_of, opens, Input, Opening};
use provenn_prover::ProveError;
use provenn_verifier::{ChainCard, ModelCard};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// The circuit that takes the inputs.
pub struct Taking<'a> {
    card: &'a ModelCard,
    program: &'a Program,
    /// Of each input whether receipts show it.
    public: Vec<bool>,
}

impl<'a> Taking<'a> {
    pub fn of(committed: &'a Committed) -> Self {
        Self {
            card: &committed.card,
            program: &committed.model,
            public: committed.layout.shape.inputs.iter().map(|input| input.public).collect(),
        }
    }

    /// The first segment of a model, whose program this is.
    pub fn first(card: &'a ChainCard, program: &'a Program) -> Result<Self, ProveError> {
        let first = card.segments.first().zip(card.layout());
        let (card, layout) = first.ok_or(ProveError::SrsMismatch)?;
        Ok(Self {
            card,
            program,
            public: layout.inputs.iter().map(|input| input.public).collect(),
        })
    }
}

/// Inputs in the order of the model, before anything is committed.
pub struct Given<'a> {
    /// Integers of those that are given as samples.
    samples: BTreeMap<usize, Vec<i64>>,
    /// Those that are committed already.
    openings: BTreeMap<usize, (Vec<i64>, Opening)>,
    taking: Taking<'a>,
}

impl<'a> Given<'a> {
    /// Every input once, as a sample or by the opening of its commitment.
    pub fn read(
        samples: &[Source],
        commitments: &[PathBuf],
        taking: Taking<'a>,
        description: &Description,
    ) -> Result<Self, CliError> {
        let openings = opening::by_input(commitments, description)?;
        let samples = sample::some(samples, description)?;
        if samples.keys().chain(openings.keys()).collect::<BTreeSet<_>>().len() != description.inputs.len()
            || samples.len() + openings.len() != description.inputs.len()
        {
            return Err(sample::each_once(description));
        }
        let quantized = samples.into_iter().map(|(index, values)| {
            let values = quantize_input(taking.program, index, &values)?;
            Ok((index, values))
        });
        Ok(Self {
            samples: quantized.collect::<Result<_, CliError>>()?,
            openings,
            taking,
        })
    }

    /// Whether an input is committed now.
    pub fn is_new(&self, index: usize) -> bool {
        self.samples.contains_key(&index) && self.taking.public.get(index) == Some(&false)
    }

    /// Whether any is.
    pub fn has_new(&self) -> bool {
        (0..self.taking.public.len()).any(|index| self.is_new(index))
    }

    /// Commits to what is not committed.
    pub fn bind(&self, parameters: &Parameters) -> Result<Vec<Input>, CliError> {
        let (srs, Taking { card, program, public }) = (&parameters.srs, &self.taking);
        let bind = |(index, public): (usize, &bool)| -> Result<Input, ProveError> {
            let samples = self.samples.get(&index).cloned();
            match (self.openings.get(&index), samples, public) {
                (Some((values, opening)), ..) => Ok(Input::Committed(values.clone(), opening.clone())),
                (None, Some(values), false) => {
                    let opening = commit_input_of(card, program, srs, index, &values)?;
                    Ok(Input::Committed(values, opening))
                }
                (None, values, _) => Ok(Input::Public(values.unwrap_or_default())),
            }
        };
        for (index, (values, opening)) in &self.openings {
            let opened = opens(card, srs, *index, values, opening);
            if !opened.map_err(|error| parameters.blame(error))? {
                return Err(opening::foreign());
            }
        }
        let inputs = public.iter().enumerate().map(bind);
        inputs
            .collect::<Result<_, _>>()
            .map_err(|error| parameters.blame(error))
    }
}
