//! `provenn party`: keys of parties to agreements, commitments to inputs that they supply, and signatures of these.

use crate::bytes::hex;
use crate::data::{agreement, opening};
use crate::data::{sample, source::Source};
use crate::error::CliError;
use crate::model;
use crate::output::Output;
use crate::report::Report;
use crate::server::tlog::key::PartySigner;
use crate::srs;
use provenn_prover::commit::Description;
use provenn_prover::input::{commit_to, opens, Input};
use provenn_verifier::agreement::Agreement;
use provenn_verifier::party::SignedInput;
use provenn_verifier::text::quoted;
use provenn_verifier::{AnyCard, InputBinding};
use serde_json::json;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Make the key of a party.
    Key {
        /// Name of the party, such as clinic.example.
        #[arg(long)]
        name: String,
        /// File to write. It is secret.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Commit to an input of a model of which you have the card alone. Whoever proves gets the opening, and with it the input.
    Commit {
        /// Model card.
        #[arg(long, value_name = "FILE")]
        card: PathBuf,
        /// The input, as for `provenn prove`: NAME=FILE of several.
        #[arg(long, value_name = "FILE")]
        input: Source,
        /// Folder of development parameters, or a file made by `provenn srs import`.
        #[arg(long, value_name = "PATH")]
        srs: Option<PathBuf>,
        /// Secret opening to write.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Replace the file if it exists.
        #[arg(long)]
        force: bool,
    },
    /// Sign an input that you supply, for all receipts under an agreement.
    Sign(Box<Sign>),
}

#[derive(Debug, clap::Args)]
pub struct Sign {
    /// The agreement; it says which input is yours.
    #[arg(long, value_name = "FILE")]
    agreement: PathBuf,
    /// Card of the model that it is about.
    #[arg(long, value_name = "FILE")]
    card: PathBuf,
    /// Opening of your commitment. It is checked, and nothing of it is written.
    #[arg(
        long,
        value_name = "FILE",
        required_unless_present = "input",
        conflicts_with = "input"
    )]
    opening: Option<PathBuf>,
    /// The input itself, where receipts show it: NAME=FILE of several.
    #[arg(long, value_name = "FILE")]
    input: Option<Source>,
    /// Key of `provenn party key`.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Folder of development parameters, or a file made by `provenn srs import`, to check the opening.
    #[arg(long, value_name = "PATH")]
    srs: Option<PathBuf>,
    /// File to write, which goes with receipts.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Replace the file if it exists.
    #[arg(long)]
    force: bool,
}

pub fn run(command: &Command) -> Result<Report, CliError> {
    match command {
        Command::Key { name, out } => {
            // A key that is lost cannot be made again.
            Output::private(out, false, &[])?.file()?;
            let party = PartySigner::make(name, out)?;
            let mut report = Report::default();
            report.row("party key", &party.key);
            report.line("Tell this key to those with whom you agree, over a way that they trust.");
            report.json = json!({ "key": party.key.to_string() });
            Ok(report)
        }
        Command::Commit {
            card,
            input,
            srs,
            out,
            force,
        } => commit(card, input, srs.as_deref(), out, *force),
        Command::Sign(args) => sign(args),
    }
}

fn commit(path: &Path, input: &Source, srs: Option<&Path>, out: &Path, force: bool) -> Result<Report, CliError> {
    let (card, description) = model::read(path)?;
    let place = Output::private(out, force, &[path, &input.path(&description)])?;
    let given = sample::some(std::slice::from_ref(input), &description)?;
    let (first, parameters) = (model::first(&card)?, srs::existing(srs, card.k())?);
    let mut report = Report {
        aside: place.is_standard(),
        ..Report::default()
    };
    let mut inputs = Vec::new();
    for (index, values) in given {
        let values = sample::quantize(&values, &description, index);
        let opening = commit_to(first, &parameters.srs, index, &values).map_err(|error| parameters.blame(error))?;
        let name = description.inputs.get(index).map_or("", |input| &input.name);
        let points: Vec<String> = opening.points.iter().map(|point| hex(point)).collect();
        report.row(
            "input",
            format!("{}, {} commitments: {}", quoted(name), points.len(), points.join(" ")),
        );
        report.json = json!({ "input": name, "points": points });
        inputs.push((index, Input::Committed(values, opening)));
    }
    let openings = opening::of_inputs(inputs.iter().map(|(index, input)| (*index, input)), &description);
    place.write(openings.unwrap_or_default().to_string().as_bytes())?;
    report.line(format!(
        "{} is secret: it goes to nobody but whoever proves.",
        out.display()
    ));
    Ok(report)
}

fn sign(args: &Sign) -> Result<Report, CliError> {
    let (card, description) = model::read(&args.card)?;
    let sample = args.input.as_ref().map(|input| input.path(&description));
    let named = [&args.agreement, &args.card, &args.key].into_iter();
    let named: Vec<&Path> = named
        .chain(&args.opening)
        .chain(&sample)
        .map(PathBuf::as_path)
        .collect();
    let place = Output::new(&args.out, args.force, &named)?;
    let signed = agreement::read(&args.agreement)?;
    let agreement = signed.agreement();
    agreement::about(agreement, &card.model_id(), &description)?;
    let signer = PartySigner::load(&args.key)?;
    let role = signed.party_of(&signer.key)?.role.clone();
    let (index, binding) = only(agreement, &role, bindings(args, &card, &description)?)?;
    let input = SignedInput {
        context: agreement.audience(),
        index: index as u32,
        name: agreement
            .inputs
            .get(index)
            .map(|input| input.name.clone())
            .unwrap_or_default(),
        role,
        binding,
    };
    let signature = signer.sign_input(input);
    place.write(&signature.to_bytes())?;
    let mut report = Report {
        aside: place.is_standard(),
        ..Report::default()
    };
    let input = &signature.input;
    report.row(
        "signed",
        format!("input {} as {}", quoted(&input.name), quoted(&input.role)),
    );
    report.row("for receipts to", &input.context);
    report.line(
        "It holds for every receipt under the agreement until that ends: whoever proves may use the input again.",
    );
    report.json = json!({ "input": input.name, "role": input.role, "context": input.context });
    Ok(report)
}

/// What is given of inputs, by their index: openings that open, or values that receipts show.
fn bindings(args: &Sign, card: &AnyCard, description: &Description) -> Result<Vec<(usize, InputBinding)>, CliError> {
    if let Some(input) = &args.input {
        let given = sample::some(std::slice::from_ref(input), description)?.into_iter();
        let public = given.map(|(index, values)| {
            let values = sample::quantize(&values, description, index);
            (index, InputBinding::Public { values })
        });
        return Ok(public.collect());
    }
    let (card, parameters) = (model::first(card)?, srs::existing(args.srs.as_deref(), card.k())?);
    let openings = opening::by_input(args.opening.as_slice(), description)?;
    let one = openings.into_iter().map(|(index, (values, opening))| {
        let opened = opens(card, &parameters.srs, index, &values, &opening);
        match opened.map_err(|error| parameters.blame(error))? {
            true => Ok((index, InputBinding::Committed { points: opening.points })),
            false => Err(CliError::usage(
                "opening",
                "it does not open its commitments under this card",
                "commit to your input again (provenn party commit)",
            )),
        }
    });
    one.collect()
}

/// The one of the inputs that a role supplies.
fn only(
    agreement: &Agreement,
    role: &str,
    given: Vec<(usize, InputBinding)>,
) -> Result<(usize, InputBinding), CliError> {
    let public = |binding: &InputBinding| matches!(binding, InputBinding::Public { .. });
    let mut mine = given.into_iter().filter(|(index, binding)| {
        let input = agreement.inputs.get(*index);
        input.is_some_and(|input| input.supplier.as_deref() == Some(role) && input.public == public(binding))
    });
    match (mine.next(), mine.next()) {
        (Some(one), None) => Ok(one),
        (found, _) => {
            let many = if found.is_some() { "several inputs" } else { "no input" };
            let of = agreement
                .inputs
                .iter()
                .filter(|input| input.supplier.as_deref() == Some(role));
            let names: Vec<String> = of.map(agreement::schema).collect();
            let message = format!(
                "what is given is of {many} that {} supplies: {}",
                quoted(role),
                names.join("; ")
            );
            Err(CliError::usage(
                "party-input",
                message,
                "give one input that the agreement says is yours",
            ))
        }
    }
}
