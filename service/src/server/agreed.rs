//! Whether a receipt is what several parties agreed to: before it is made, and before it is published.

use super::api::inputs::form::Form;
use super::api::proofs::context::Context;
use super::error::ApiError;
use super::ids::{ObjectDigest, TenantId};
use super::job::Under;
use super::state::App;
use super::store::Kind;
use super::worker::cache::Public;
use crate::data::agreement;
use crate::error::CliError;
use crate::server::api::http::id::named;
use provenn_verifier::agreement::{Proposal, SignedAgreement};
use provenn_verifier::party::InputSignature;
use provenn_verifier::{Disclosure, InputBinding, Verdict};
use std::collections::BTreeMap;

/// Signatures with one request.
const MOST: usize = 64;

/// An agreement, and the signatures of inputs that are given with it.
pub struct Agreed {
    pub under: Under,
    agreement: SignedAgreement,
    signatures: Vec<InputSignature>,
}

/// The bytes of an agreement, and of signatures of inputs.
pub struct Files {
    pub agreement: Vec<u8>,
    pub signatures: Vec<Vec<u8>>,
}

impl Agreed {
    /// What a request names, if it names an agreement: one in force. The receipt then is for it, and ends with it.
    ///
    /// # Errors
    /// There is none, or no such signature; it was revoked; an audience is given too; storage.
    pub async fn read(
        app: &App,
        tenant: &TenantId,
        (agreement, signatures): (Option<String>, Vec<String>),
        context: &mut Context,
    ) -> Result<Option<Self>, ApiError> {
        let Some(agreement) = agreement else {
            return match signatures.is_empty() {
                true => Ok(None),
                false => Err(ApiError::bad("`signatures` are given without an `agreement`")),
            };
        };
        if !context.audience.is_empty() {
            return Err(ApiError::bad(
                "`agreement` and an audience are both given; the audience of a receipt under an agreement is the agreement",
            ));
        }
        if signatures.len() > MOST {
            let got = signatures.len();
            return Err(ApiError::bad(format!("{got} signatures, at most {MOST} are accepted")));
        }
        let known = app
            .db
            .agreement(tenant, &named(&agreement, "agreement")?)
            .await?
            .in_force()?;
        let signatures = signatures.iter().map(|text| named(text, "signature"));
        let under = Under {
            agreement: known.agreement,
            file: known.file,
            signatures: signatures.collect::<Result<_, _>>()?,
        };
        let agreed = Self::load(app, tenant, under).await?;
        let terms = agreed.agreement.agreement();
        context.audience = terms.audience();
        if context.not_after == 0 {
            context.not_after = terms.not_after;
        }
        Ok(Some(agreed))
    }

    /// Reads the uploads.
    ///
    /// # Errors
    /// [`ApiError::NotFound`] of one that is not there, or of another form; storage.
    pub async fn load(app: &App, tenant: &TenantId, under: Under) -> Result<Self, ApiError> {
        let file = bytes(app, tenant, &under.file, (Form::Agreement, "agreement")).await?;
        let mut signatures = Vec::new();
        for sha256 in &under.signatures {
            let file = bytes(app, tenant, sha256, (Form::Signature, "signature")).await?;
            signatures.push(InputSignature::from_bytes(&file).map_err(CliError::from)?);
        }
        Ok(Self {
            under,
            agreement: SignedAgreement::from_bytes(&file).map_err(CliError::from)?,
            signatures,
        })
    }

    /// The uploads as they are, for whoever gets a receipt under them; nothing if one was deleted since.
    ///
    /// # Errors
    /// Storage.
    pub async fn files(app: &App, tenant: &TenantId, under: &Under) -> Result<Option<Files>, ApiError> {
        let mut files = Vec::new();
        let signatures = under
            .signatures
            .iter()
            .map(|sha256| (sha256, (Form::Signature, "signature")));
        for (sha256, form) in [(&under.file, (Form::Agreement, "agreement"))]
            .into_iter()
            .chain(signatures)
        {
            match bytes(app, tenant, sha256, form).await {
                Ok(file) => files.push(file),
                Err(ApiError::NotFound { .. }) => return Ok(None),
                Err(error) => return Err(error),
            }
        }
        let agreement = files.remove(0);
        Ok(Some(Files {
            agreement,
            signatures: files,
        }))
    }

    /// Checks that a receipt that is to be made keeps to it. Times are the receipt's end in seconds and now in milliseconds.
    ///
    /// # Errors
    /// What is not as agreed; an input that nobody has committed to, and so nobody signed.
    pub fn permits(
        &self,
        public: &Public,
        policy: &Disclosure,
        inputs: BTreeMap<u32, InputBinding>,
        (not_after, now): (u64, i64),
    ) -> Result<(), ApiError> {
        if inputs.len() != public.description.inputs.len() {
            return Err(ApiError::Refused {
                code: "input-unsigned".into(),
                message: "an input is not committed to yet, so that no party can have signed it".into(),
                help: "upload the opening that the party made with `provenn party commit`, with `form=opening`, and name it as the input".into(),
                forecast: None,
            });
        }
        let inputs: Vec<InputBinding> = inputs.into_values().collect();
        let proposal = Proposal {
            model_id: public.card.model_id(),
            policy,
            inputs: &inputs,
            srs: public.srs.kind,
            not_after,
        };
        let permitted = self.agreement.permits(&proposal, &self.signatures, seconds(now));
        permitted.map_err(|error| CliError::under(error, &public.description.fracs()))?;
        let terms = self.agreement.agreement();
        Ok(agreement::about(terms, &public.card.model_id(), &public.description)?)
    }

    /// The same of a receipt that holds.
    ///
    /// # Errors
    /// What is not as agreed.
    pub fn check(&self, verdict: &Verdict, public: &Public, now: i64) -> Result<(), ApiError> {
        let checked = self.agreement.check(verdict, &self.signatures, seconds(now));
        checked.map_err(|error| CliError::under(error, &public.description.fracs()))?;
        Ok(())
    }
}

fn seconds(millis: i64) -> Option<u64> {
    u64::try_from(millis / 1000).ok()
}

/// An upload of a form.
///
/// # Errors
/// [`ApiError::NotFound`] of one that is not there, or of another form; storage.
pub async fn bytes(
    app: &App,
    tenant: &TenantId,
    sha256: &ObjectDigest,
    (form, what): (Form, &'static str),
) -> Result<Vec<u8>, ApiError> {
    let known = app.db.upload(tenant, "input", sha256).await?;
    match known.is_some_and(|known| form.is_of(&known.summary)) {
        true => app.store.get(tenant, Kind::Input, sha256).await,
        false => Err(ApiError::NotFound { what }),
    }
}
