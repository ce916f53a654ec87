//! Signing keys of logs, witnesses, publishers and parties.

use crate::error::CliError;
use crate::files;
use crate::server::config::{Config, Role};
use ed25519_compact::{KeyPair, Seed};
use provenn_verifier::agreement::{Agreement, Party};
use provenn_verifier::party::{InputSignature, SignedInput, PARTY};
use provenn_verifier::publisher::{PublisherSignature, PUBLISHER};
use provenn_verifier::state::{ModelState, SignedState};
use provenn_verifier::tlog::{
    base64_decode, base64_encode, cosigned_message, Checkpoint, NoteKey, COSIGNATURE, ED25519,
};
use std::path::Path;

/// File with the key that the first start makes.
pub const FILE: &str = "log.key";
const PREFIX: &str = "PRIVATE+KEY+";
const MAX_FILE: u64 = 1 << 12;

/// A log key with its private part.
pub type Signer = NoteSigner<ED25519>;
/// The key of a witness with its private part.
pub type Witness = NoteSigner<COSIGNATURE>;
/// The key of a publisher of models with its private part.
pub type Publisher = NoteSigner<PUBLISHER>;

/// The key of a party to agreements with its private part.
pub type PartySigner = NoteSigner<PARTY>;

/// A key for signatures of one type on notes, with its private part.
#[derive(Clone)]
pub struct NoteSigner<const TYPE: u8> {
    pub key: NoteKey<TYPE>,
    pair: KeyPair,
}

impl<const TYPE: u8> std::fmt::Debug for NoteSigner<TYPE> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signer({})", self.key)
    }
}

impl Signer {
    /// The configured key; a new one if the default file is missing and the log has none yet. None for workers, which do not sign.
    ///
    /// # Errors
    /// A file that cannot be read or is no key, an unusable name.
    pub fn open(config: &Config, known: &str) -> Result<Option<Self>, CliError> {
        if config.role == Role::Worker {
            return Ok(None);
        }
        let path = config.log_key();
        if !known.is_empty() && !path.exists() {
            return Err(CliError::usage(
                "log-key",
                format!(
                    "{} is missing, the private part of the log's key {known}",
                    path.display()
                ),
                "put it back from another API node or a backup; if it is lost, `provenn log renew` starts a new log",
            ));
        }
        if config.log.key.is_empty() && !path.exists() {
            let signer = Self::make(&config.log.origin, &path)?;
            tracing::info!(path = %path.display(), key = %signer.key, "wrote the log's key");
        }
        Self::load(&path).map(Some)
    }

    /// The signed note of a checkpoint. Equal checkpoints give equal notes.
    pub fn sign(&self, checkpoint: &Checkpoint) -> String {
        let text = checkpoint.to_text();
        let line = self.key.signature_line(self.pair.sk.sign(&text, None).as_slice());
        format!("{text}\n{line}")
    }
}

impl Witness {
    /// The line that says that the text of a note was seen, at a time in seconds since 1970.
    pub fn cosign(&self, time: u64, text: &str) -> String {
        let signature = self.pair.sk.sign(cosigned_message(time, text), None);
        let bytes = [time.to_be_bytes().as_slice(), signature.as_slice()].concat();
        self.key.signature_line(&bytes)
    }
}

impl Publisher {
    /// The signature of a model id.
    pub fn sign_model(&self, model_id: [u8; 32]) -> PublisherSignature {
        let key = *self.pair.pk;
        let signature = self.pair.sk.sign(PublisherSignature::message(&model_id, &key), None);
        PublisherSignature {
            model_id,
            key,
            signature: *signature,
        }
    }

    /// The signature of a model's state.
    pub fn sign_state(&self, stated: ModelState) -> SignedState {
        let key = *self.pair.pk;
        let signature = *self.pair.sk.sign(stated.message(&key), None);
        SignedState { stated, key, signature }
    }
}

impl PartySigner {
    /// The signature of an agreement, as one of its parties.
    pub fn agree(&self, agreement: &Agreement, party: &Party) -> [u8; 64] {
        *self.pair.sk.sign(agreement.message(party), None)
    }

    /// The signature of an input.
    pub fn sign_input(&self, input: SignedInput) -> InputSignature {
        let key = *self.pair.pk;
        let signature = *self.pair.sk.sign(input.message(&key), None);
        InputSignature { input, key, signature }
    }
}

impl<const TYPE: u8> NoteSigner<TYPE> {
    /// Makes a key in a new file.
    ///
    /// # Errors
    /// An unusable name, a folder that cannot be written.
    pub fn make(name: &str, path: &Path) -> Result<Self, CliError> {
        let mut seed = [0; 32];
        getrandom::getrandom(&mut seed).map_err(|e| CliError::new(1, "randomness", e.to_string(), ""))?;
        let signer = Self::new(name, seed)?;
        files::write(path, format!("{}\n", signer.reveal(seed)).as_bytes(), true)?;
        Ok(signer)
    }

    fn new(name: &str, seed: [u8; 32]) -> Result<Self, CliError> {
        let pair = KeyPair::from_seed(Seed::new(seed));
        let key = NoteKey::new(name, *pair.pk)
            .map_err(|e| CliError::usage("config", e.to_string(), "choose another name, or log.origin"))?;
        Ok(Self { key, pair })
    }

    /// The form of other tools for signed notes: `PRIVATE+KEY+NAME+ID+KEY`.
    fn reveal(&self, seed: [u8; 32]) -> String {
        let public = self.key.to_string();
        let id = public.split('+').nth(1).unwrap_or_default();
        let secret = [[TYPE].as_slice(), &seed].concat();
        format!("{PREFIX}{}+{id}+{}", self.key.name(), base64_encode(&secret))
    }

    /// A key from its file.
    ///
    /// # Errors
    /// A file that cannot be read or is no key.
    pub fn load(path: &Path) -> Result<Self, CliError> {
        let bytes = files::read(path, MAX_FILE)?;
        let text = String::from_utf8_lossy(&bytes);
        let parsed = || {
            let mut parts = text.trim_end().strip_prefix(PREFIX)?.splitn(3, '+');
            let (name, _, secret) = (parts.next()?, parts.next()?, base64_decode(parts.next()?)?);
            let seed: [u8; 32] = secret.strip_prefix(&[TYPE])?.try_into().ok()?;
            Some((name.to_owned(), seed))
        };
        let (name, seed) = parsed().ok_or_else(|| {
            CliError::usage(
                "log-key",
                format!("{} is no private key of {}", path.display(), match TYPE { COSIGNATURE => "a witness", PUBLISHER => "a publisher", PARTY => "a party", _ => "a log" }),
                "it is one line PRIVATE+KEY+NAME+ID+KEY; restore it from a backup, a new key means a new log, witness, publisher or party",
            )
        })?;
        let signer = Self::new(&name, seed)?;
        match signer.reveal(seed) == text.trim_end() {
            true => Ok(signer),
            false => Err(CliError::usage(
                "log-key",
                format!("the id in {} is that of another key", path.display()),
                "",
            )),
        }
    }
}
