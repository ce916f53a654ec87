//! The agreement that a receipt is made under: nothing is proven outside of it.

use crate::data::agreement;
use crate::error::CliError;
use crate::moment;
use provenn_prover::commit::{srs_verifying_key, Description};
use provenn_prover::srs::Srs;
use provenn_prover::Input;
use provenn_verifier::agreement::{Proposal, SignedAgreement};
use provenn_verifier::party::InputSignature;
use provenn_verifier::{Context, Disclosure};
use std::path::{Path, PathBuf};

/// An agreement, and the signatures of inputs that are given with it.
pub struct Deal {
    pub agreement: SignedAgreement,
    signatures: Vec<InputSignature>,
}

impl Deal {
    /// The agreement that is named, if one is; the receipt then is for it, and ends with it.
    pub fn read(
        agreement: Option<&Path>,
        party_inputs: &[PathBuf],
        context: &mut Context,
    ) -> Result<Option<Self>, CliError> {
        let Some(path) = agreement else { return Ok(None) };
        let agreement = agreement::read(path)?;
        context.audience = agreement.agreement().audience();
        if context.not_after == 0 {
            context.not_after = agreement.agreement().not_after;
        }
        Ok(Some(Self {
            agreement,
            signatures: agreement::signatures(party_inputs)?,
        }))
    }

    /// Checks that the receipt that is to be made keeps to it.
    pub fn permits(
        &self,
        model_id: [u8; 32],
        description: &Description,
        inputs: &[Input],
        policy: &Disclosure,
        srs: &Srs,
        not_after: u64,
    ) -> Result<(), CliError> {
        let bindings: Vec<_> = inputs.iter().map(Input::binding).collect();
        let proposal = Proposal {
            model_id,
            policy,
            inputs: &bindings,
            srs: srs_verifying_key(srs)?.kind,
            not_after,
        };
        let permitted = self.agreement.permits(&proposal, &self.signatures, Some(moment::now()));
        permitted.map_err(|error| CliError::under(error, &description.fracs()))?;
        agreement::about(self.agreement.agreement(), &model_id, description)
    }
}
