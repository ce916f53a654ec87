//! The registration of a model: a proof, made once, that the committed weights are in range and fit the architecture.
//!
//! Its circuit sees combinations of the committed lanes; a link proof ties them to the commitments of the card, as each
//! receipt's ties its own columns, so what the registration shows holds for every receipt of the card. What it shows and
//! why stands above the circuit (`provenn_circuits::register`); here are the digest that everything depends on, the random
//! bits that follow from it ([`Grid`]), and the check.

mod grid;

pub use grid::{Bits, Grid};

use crate::card::ModelCard;
use crate::codec::{length, size};
use crate::curve;
use crate::domain::{invert, powers};
use crate::error::VerifyError;
use crate::key::{Linked, VerifyingKey};
use crate::link::{self, LinkProof, LinkStatement, LinkedColumn};
use crate::msm::Terms;
use crate::plonk::{self, Public};
use crate::srs::SrsVerifyingKey;
use alloc::vec::Vec;
use core::ops::Deref;
use provenn_bn254::{Fr, G1Affine};

/// Evidence about the committed weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Registration {
    /// Verifying key of the registration circuit. Like the key of the model's circuit it follows from the
    /// architecture; an audit rebuilds both.
    pub key: VerifyingKey,
    /// The halo2 proof. At most [`MAX_PROOF`](crate::receipt::MAX_PROOF) bytes.
    pub proof: Vec<u8>,
    /// Ties its combined columns to the commitments of the card.
    pub link: LinkProof,
}

/// What a registration is about, once its digest is known: the bits, and what follows from them.
#[derive(Clone, Debug)]
pub struct Registering<'a> {
    key: &'a VerifyingKey,
    bits: Bits,
}

impl<'a> Registering<'a> {
    /// For the registration key of a card with this [`ModelCard::registration_digest`].
    pub fn new(key: &'a VerifyingKey, digest: &[u8; 64]) -> Self {
        let usable = usize::try_from(key.usable_rows()).unwrap_or(usize::MAX);
        let grid = Grid::new(key.linked.registered.lanes(), usable);
        Self {
            key,
            bits: Bits::new(grid, digest),
        }
    }

    /// The bits of lanes and rows.
    pub fn bits(&self) -> &Bits {
        &self.bits
    }

    /// For each combined column, the lanes that it combines with their coefficients, from the challenges of the circuit:
    /// all lanes by their bits, then the lanes of each class, with coefficients that add up to one.
    ///
    /// # Errors
    /// [`VerifyError::DegenerateChallenge`], with negligible probability.
    pub fn combinations(&self, challenges: &[Fr]) -> Result<Vec<Vec<(usize, Fr)>>, VerifyError> {
        let theta = first(challenges)?;
        let registered = &self.key.linked.registered;
        let all = self.bits.lane_coefficients(theta).into_iter().enumerate();
        let mut out = Vec::from([all.collect::<Vec<_>>()]);
        out.resize(registered.columns.len(), Vec::new());
        for ((lane, class), power) in registered.classes().enumerate().zip(powers(theta)) {
            let column = class.and_then(|class| out.get_mut(size(class).saturating_add(1)));
            if let Some(column) = column {
                column.push((lane, power));
            }
        }
        for column in out.iter_mut().skip(1) {
            let sum = column.iter().fold(Fr::ZERO, |sum, (_, power)| sum + power);
            let inverse = invert(sum)?;
            column.iter_mut().for_each(|(_, power)| *power *= inverse);
        }
        Ok(out)
    }

    /// The public columns of the circuit, from its challenges.
    ///
    /// # Errors
    /// [`VerifyError::KeyInvalid`] if there is none.
    pub fn public_columns(&self, challenges: &[Fr]) -> Result<[Vec<Fr>; 2], VerifyError> {
        Ok(self.bits.public_columns(first(challenges)?))
    }

    /// The combined columns of a proof with these advice commitments and challenges, as the link proof takes them.
    ///
    /// # Errors
    /// As [`combinations`](Self::combinations); [`VerifyError::KeyInvalid`] if the key has other columns.
    pub fn linked_columns(&self, advice: &[G1Affine], challenges: &[Fr]) -> Result<Vec<LinkedColumn>, VerifyError> {
        let columns = self.key.linked.registered.columns.iter();
        let linked = |(column, terms): (&u32, Vec<(usize, Fr)>)| {
            let proven = advice.get(size(*column)).copied().ok_or(MISSING)?;
            let constant = Fr::ZERO;
            Ok(LinkedColumn {
                proven,
                terms,
                constant,
            })
        };
        columns.zip(self.combinations(challenges)?).map(linked).collect()
    }
}

const MISSING: VerifyError = VerifyError::KeyInvalid {
    reason: "registered lanes",
};

fn first(challenges: &[Fr]) -> Result<Fr, VerifyError> {
    challenges.first().copied().ok_or(MISSING)
}

/// Its public columns follow from the digest, which the transcript absorbs first, and from a challenge of the first of two
/// phases.
impl Public for Registering<'_> {
    fn given(&self) -> &[Vec<Fr>] {
        &[]
    }

    fn computed(&self, challenges: &[Fr]) -> Result<Vec<Vec<Fr>>, VerifyError> {
        self.public_columns(challenges).map(Vec::from)
    }
}

/// What the transcript of a registration absorbs first, by [`ModelCard::registration_digest`].
pub fn registration_scalar(digest: &[u8; 64]) -> Fr {
    Fr::from_wide_bytes(digest)
}

/// A card whose registration holds under an SRS. Only [`ModelCard::check`] makes one.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckedCard {
    card: ModelCard,
    model_id: [u8; 32],
    /// The commitments, decoded once for all receipts.
    points: Vec<G1Affine>,
}

impl Deref for CheckedCard {
    type Target = ModelCard;

    fn deref(&self) -> &ModelCard {
        &self.card
    }
}

impl CheckedCard {
    /// See [`ModelCard::model_id`].
    pub fn model_id(&self) -> [u8; 32] {
        self.model_id
    }

    pub(crate) fn points(&self) -> &[G1Affine] {
        &self.points
    }
}

impl ModelCard {
    /// Verifies the registration; once for each card, before any of its receipts.
    ///
    /// # Errors
    /// [`VerifyError::SrsMismatch`] if the card was made under another SRS, [`VerifyError::RegistrationFailed`] if the
    /// proof is invalid, errors of the format, and those of [`validate`](Self::validate).
    pub fn check(self, srs: &SrsVerifyingKey) -> Result<CheckedCard, VerifyError> {
        self.validate()?;
        let points = self.registered(srs)?;
        let model_id = self.model_id();
        Ok(CheckedCard {
            card: self,
            model_id,
            points,
        })
    }

    /// Verifies the registration of the card of a segment, or of a stage.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub fn check_segment(&self, srs: &SrsVerifyingKey) -> Result<(), VerifyError> {
        self.validate_segment()?;
        self.registered(srs).map(drop)
    }

    /// Verifies the registration of a valid card; gives its commitments, decoded.
    pub(crate) fn registered(&self, srs: &SrsVerifyingKey) -> Result<Vec<G1Affine>, VerifyError> {
        let points: Result<Vec<_>, _> = self.commitments.iter().map(curve::g1_nonzero).collect();
        let points = points?;
        let Registration { key, proof, link } = &self.registration;
        let srs_id = srs.id();
        let tail = length(srs.tail.len());
        let fits = |key: &VerifyingKey| key.k == srs.k && key.tail_rows() == tail;
        if self.srs_id != srs_id || !fits(key) || !fits(&self.key) {
            return Err(VerifyError::SrsMismatch);
        }
        let digest = self.registration_digest();
        let registering = Registering::new(key, &digest);
        let reduced = plonk::reduce(key, srs, &registration_scalar(&digest), &registering, proof)?;
        let statement = LinkStatement {
            claim_digest: digest,
            key_digest: key.digest(),
            srs_id,
            proof,
            columns: registering.linked_columns(&reduced.advice, &reduced.challenges)?,
            committed: points,
            tail: &srs.tail,
            g1: srs.g1,
        };
        let equation = link::equation(&statement, link)?;
        let model_id = self.model_id();
        // Both equations by one pairing check, with weights that follow from all of the card.
        let weight = |purpose: u8| {
            let mut state = blake2b_simd::Params::new()
                .hash_length(64)
                .personal(b"Provenn-RegCheck")
                .to_state();
            Fr::from_wide_bytes(state.update(&model_id).update(&[purpose]).finalize().as_array())
        };
        let (mut left, mut right) = (Terms::default(), Terms::default());
        left.add(weight(0), &reduced.opening.left);
        right.add(weight(0), &reduced.opening.right);
        right.add(weight(1), &equation);
        if !srs.pairs(&left, &right) {
            return Err(VerifyError::RegistrationFailed);
        }
        Ok(statement.committed)
    }
}

/// The rules a registration must satisfy beside a model's key: it is about as many lanes as the card commits to, and about
/// nothing else.
pub(crate) fn validate(registration: &Registration, commitments: usize) -> Result<(), VerifyError> {
    let invalid = |reason| Err(VerifyError::KeyInvalid { reason });
    let Linked {
        weights,
        inputs,
        registered,
    } = &registration.key.linked;
    if !weights.columns.is_empty() || !inputs.is_empty() || registered.columns.is_empty() {
        return invalid("a registration is about committed lanes only");
    }
    if registered.lanes() != commitments {
        return invalid("a registration is about all committed lanes");
    }
    Ok(())
}
