//! The grammar of every command: what an option requires is asked for beside every other option. The parser drops a requirement when something that is given excludes
//! what is required, so that an option would be taken and have no effect: the option has to exclude that too.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, Command, CommandFactory, Parser};
use provenn_service::cli::Cli;
use provenn_verifier::party::PARTY;
use provenn_verifier::publisher::PUBLISHER;
use provenn_verifier::tlog::{NoteKey, COSIGNATURE, ED25519};
use std::collections::BTreeSet;

fn key<const TYPE: u8>() -> String {
    NoteKey::<TYPE>::new("name", [0; 32]).unwrap().to_string()
}

/// Values, of which every option takes one.
fn values() -> Vec<String> {
    let words = ["3", "8", "0.5", "label", "name=3", "name:3", "gas", "active", "whole"].map(str::to_owned);
    let digits = [32, 20].map(|bytes| "00".repeat(bytes));
    let keys = [
        key::<ED25519>(),
        key::<COSIGNATURE>(),
        key::<PUBLISHER>(),
        key::<PARTY>(),
    ];
    words.into_iter().chain(digits).chain(keys).collect()
}

/// What the parser finds missing, or why it got no further.
fn missing(words: &[String]) -> Result<BTreeSet<String>, ErrorKind> {
    match Cli::try_parse_from(words) {
        Ok(_) => Ok(BTreeSet::new()),
        Err(refused) if refused.kind() == ErrorKind::MissingRequiredArgument => {
            match refused.get(ContextKind::InvalidArg) {
                Some(ContextValue::Strings(names)) => Ok(names.iter().cloned().collect()),
                other => panic!("{other:?}"),
            }
        }
        Err(refused) => Err(refused.kind()),
    }
}

/// An option as it is written, with a value that it takes.
fn written(path: &[String], arg: &Arg) -> String {
    let name = arg.get_long().map(|long| format!("--{long}"));
    if !matches!(arg.get_action(), ArgAction::Set | ArgAction::Append) {
        return name.unwrap();
    }
    let possible = arg.get_possible_values();
    let words = values()
        .into_iter()
        .chain(possible.iter().map(|value| value.get_name().to_owned()));
    let mut words = words.map(|value| name.as_ref().map_or(value.clone(), |name| format!("{name}={value}")));
    let taken = words.find(|word| {
        let refused = missing(&[path, std::slice::from_ref(word)].concat()).err();
        !matches!(refused, Some(ErrorKind::InvalidValue | ErrorKind::ValueValidation))
    });
    taken.unwrap_or_else(|| panic!("{path:?} {arg}: no value for it"))
}

/// All commands without commands of their own.
fn commands(command: &Command, path: &[String], found: &mut Vec<(Vec<String>, Vec<Arg>)>) {
    let inner: Vec<_> = command
        .get_subcommands()
        .filter(|one| one.get_name() != "help")
        .collect();
    if inner.is_empty() {
        let own = command.get_arguments().filter(|arg| !arg.is_global_set());
        let own = own.filter(|arg| !matches!(arg.get_action(), ArgAction::Help | ArgAction::Version));
        found.push((path.to_vec(), own.cloned().collect()));
    }
    for one in inner {
        commands(one, &[path, &[one.get_name().to_owned()]].concat(), found);
    }
}

#[test]
fn no_option_is_taken_without_what_it_requires() {
    let (mut whole, mut found) = (Cli::command(), Vec::new());
    whole.build();
    commands(&whole, &["provenn".to_owned()], &mut found);
    let mut requirements = 0;
    for (path, args) in found {
        let always = missing(&path).unwrap_or_default();
        let words: Vec<String> = args.iter().map(|arg| written(&path, arg)).collect();
        for (arg, word) in args.iter().zip(&words) {
            let alone = missing(&[&path[..], std::slice::from_ref(word)].concat());
            let required: Vec<String> = alone.unwrap().difference(&always).cloned().collect();
            requirements += required.len();
            for (other, beside) in args.iter().zip(&words) {
                let Ok(left) = missing(&[&path[..], &[word.clone(), beside.clone()]].concat()) else {
                    continue;
                };
                // A positional is named without a dash.
                for name in required.iter().filter(|name| **name != other.to_string()) {
                    assert!(
                        left.contains(name),
                        "{path:?}: {arg} requires {name}, and does not beside {other}"
                    );
                }
            }
        }
    }
    assert!(requirements > 15, "{requirements}");
}

/// The same, of what was once taken and not done.
#[test]
fn what_would_not_be_done_is_refused() {
    for line in [
        "verify bundle --any-model --witness WITNESS",
        "verify --card c --receipt r --any-model --state s",
        "verify --card c --receipt r --any-model --signature s",
        "verify --card c --receipt r --any-model --log-proof p",
        "prove --card c --rows x --party-input s --out o",
        "prove --card c --input x --audience a --party-input s --out o",
        "commit m --calibration c --out o --srs s --digest DIGEST",
        "commit m --calibration c --out o --batch 4 --expect-error 0.5",
        "commit m --calibration c --out o --segments 2 --expect-error 0.5",
        "export evm --card c --k 3 --out o",
    ] {
        let line = line
            .replace("DIGEST", &"00".repeat(32))
            .replace("WITNESS", &key::<COSIGNATURE>());
        let words: Vec<&str> = line.split(' ').collect();
        let refused = Cli::try_parse_from(["provenn"].iter().chain(&words)).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ArgumentConflict, "{line}: {refused}");
    }
}
