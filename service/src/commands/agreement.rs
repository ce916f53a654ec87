//! `provenn agreement`: what several parties agree that receipts may state, and their signatures of it.

use super::show::agreement::shown;
use crate::data::{agreement, labels};
use crate::error::CliError;
use crate::model;
use crate::moment;
use crate::output::Output;
use crate::policy::Asked;
use crate::report::Report;
use crate::server::tlog::key::PartySigner;
use provenn_prover::commit::Description;
use provenn_verifier::agreement::{AgreedInput, Agreement, AgreementError, Party, SignedAgreement, Terms};
use provenn_verifier::party::PartyKey;
use provenn_verifier::text::quoted;
use provenn_verifier::Disclosure;
use serde_json::json;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Write the terms, for all parties to sign.
    Draft(Box<Draft>),
    /// Sign an agreement, as one of its parties.
    Sign {
        /// Agreement, with the signatures of others or without.
        #[arg(long, value_name = "FILE")]
        agreement: PathBuf,
        /// Card of the model that it is about: names and shapes of inputs are compared with it.
        #[arg(long, value_name = "FILE")]
        card: PathBuf,
        /// Key of `provenn party key`.
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        /// File to write: the agreement with this signature.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Replace the file if it exists.
        #[arg(long)]
        force: bool,
    },
    /// Check that all parties signed, that the agreement has not ended and is about a card.
    Check {
        /// Agreement.
        agreement: PathBuf,
        /// Card of the model.
        #[arg(long, value_name = "FILE")]
        card: PathBuf,
        /// Key that a party must have, from a source you trust; may be given several times.
        #[arg(long = "party", value_name = "KEY")]
        parties: Vec<PartyKey>,
    },
    /// Show the terms and who signed.
    Show {
        /// Agreement.
        agreement: PathBuf,
        /// Card of the model, for the units of scores.
        #[arg(long, value_name = "FILE")]
        card: Option<PathBuf>,
    },
}

#[derive(Debug, clap::Args)]
pub struct Draft {
    /// Card of the model: its id, and the names, shapes and bindings of its inputs.
    #[arg(long, value_name = "FILE")]
    card: PathBuf,
    #[arg(long, required = true, help = format!("What receipts may let out; several may be given, of which each allows receipts. One of {}", Disclosure::grammar()))]
    policy: Vec<Asked>,
    /// The labels or groups of the items of a batch, for the policies that take them, as for `provenn prove`.
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// Of several outputs the one that the policies are about, by its name.
    #[arg(long, value_name = "NAME")]
    output: Option<String>,
    /// A party: what it is in this agreement, and its public key. Each has to sign.
    #[arg(long = "party", value_name = "ROLE=KEY", required = true, value_parser = pair)]
    parties: Vec<(String, String)>,
    /// Who supplies an input, and signs it. Each committed input needs somebody.
    #[arg(long = "supplies", value_name = "ROLE=INPUT", value_parser = pair)]
    supplies: Vec<(String, String)>,
    /// Last second of the agreement: a date, as in 2027-01-31 or 2027-01-31T12:00:00Z, or unix seconds.
    #[arg(long, value_name = "DATE", value_parser = moment::parse)]
    not_after: u64,
    /// Let receipts under development parameters count: only if all parties trust the machine that made them.
    #[arg(long)]
    accept_dev: bool,
    /// File to write.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Replace the file if it exists.
    #[arg(long)]
    force: bool,
}

/// Two words with `=` between them.
fn pair(text: &str) -> Result<(String, String), &'static str> {
    let (role, rest) = text
        .split_once('=')
        .ok_or("a role, `=` and what it is about are expected")?;
    Ok((role.to_owned(), rest.to_owned()))
}

pub fn run(command: &Command) -> Result<Report, CliError> {
    match command {
        Command::Draft(args) => draft(args),
        Command::Sign {
            agreement,
            card,
            key,
            out,
            force,
        } => sign(agreement, card, key, out, *force),
        Command::Check {
            agreement,
            card,
            parties,
        } => check(agreement, card, parties),
        Command::Show { agreement, card } => super::show::agreement::run(agreement, card.as_deref()),
    }
}

fn draft(args: &Draft) -> Result<Report, CliError> {
    let place = Output::new(&args.out, args.force, &[&args.card])?;
    let (card, description) = model::read(&args.card)?;
    // Labels that no policy takes are refused by any.
    let taken = args.policy.iter().any(Asked::takes_labels);
    let labels = labels::named(args.labels.as_deref())?;
    let policy = |asked: &Asked| {
        let labels = labels.as_deref().filter(|_| asked.takes_labels() || !taken);
        let labelled = asked.labelled(labels)?;
        labelled.about(args.output.as_deref(), &description)?.of(&description)
    };
    let parties = args.parties.iter().map(|(role, key)| {
        let key = key.parse().map_err(|error: provenn_verifier::tlog::LogError| {
            CliError::usage(
                "party-key",
                format!("the key of {}: {error}", quoted(role)),
                "give the line that `provenn party key` prints",
            )
        })?;
        Ok(Party {
            role: role.clone(),
            key,
        })
    });
    let terms = Terms {
        model_id: card.model_id(),
        policies: args.policy.iter().map(policy).collect::<Result<_, _>>()?,
        inputs: inputs(&args.supplies, &description)?,
        parties: parties.collect::<Result<_, CliError>>()?,
        not_after: args.not_after,
        accept_dev: args.accept_dev,
    };
    let signed = SignedAgreement::from(Agreement::new(terms)?);
    place.write(&signed.to_bytes())?;
    Ok(Report {
        aside: place.is_standard(),
        ..shown(&signed, Some(&description), false)
    })
}

/// The inputs of the card, with who supplies them.
fn inputs(supplies: &[(String, String)], description: &Description) -> Result<Vec<AgreedInput>, CliError> {
    let mut inputs = agreement::inputs(description);
    for (role, name) in supplies {
        let index = description.input(name)?;
        let Some(input) = inputs.get_mut(index) else { continue };
        if let Some(other) = input.supplier.replace(role.clone()) {
            let message = format!(
                "input {} is supplied by {} and by {}",
                quoted(name),
                quoted(&other),
                quoted(role)
            );
            return Err(CliError::usage("supplier", message, "name one party that supplies it"));
        }
    }
    Ok(inputs)
}

fn sign(path: &Path, card: &Path, key: &Path, out: &Path, force: bool) -> Result<Report, CliError> {
    let place = Output::new(out, force, &[path, card, key])?;
    let (mut signed, description) = about_card(path, card)?;
    match signed.check_signatures() {
        Ok(()) | Err(AgreementError::Unsigned { .. }) => {}
        Err(error) => return Err(CliError::from(error).at(path)),
    }
    let signer = PartySigner::load(key)?;
    let party = signed.party_of(&signer.key)?.clone();
    let signature = signer.agree(signed.agreement(), &party);
    signed.add(&party.role, signature)?;
    place.write(&signed.to_bytes())?;
    let mut report = Report {
        aside: place.is_standard(),
        ..shown(&signed, Some(&description), true)
    };
    report.row("signed as", quoted(&party.role));
    Ok(report)
}

/// An agreement about this card.
fn about_card(path: &Path, card: &Path) -> Result<(SignedAgreement, Description), CliError> {
    let signed = agreement::read(path)?;
    let (card, description) = model::read(card)?;
    agreement::about(signed.agreement(), &card.model_id(), &description)?;
    Ok((signed, description))
}

fn check(path: &Path, card: &Path, parties: &[PartyKey]) -> Result<Report, CliError> {
    let (signed, description) = about_card(path, card)?;
    signed.check_signatures()?;
    for key in parties {
        signed.party_of(key)?;
    }
    let (now, not_after) = (moment::now(), signed.agreement().not_after);
    if now > not_after {
        return Err(AgreementError::Expired { not_after, now }.into());
    }
    let mut report = shown(&signed, Some(&description), true);
    report.line("SIGNED by all parties, and not ended.");
    if parties.is_empty() {
        report.line("Not checked: whose keys these are. --party KEY asks for one that you know.");
    }
    if let Some(fields) = report.json.as_object_mut() {
        fields.insert("verified".into(), json!(true));
    }
    Ok(report)
}
