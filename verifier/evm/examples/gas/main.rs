//! Gas of a receipt for each model: `gas [--where] [--burnt] MODEL.onnx ..`, committed for the least gas, with public inputs and the policy `label`; calldata
//! counts. A row is the name of a model and its gas.
//!
//! A graph is `GRAPH.col:K`, with a colouring in K colours in GRAPH.sol beside it: `provenn color make planted` writes both.
//!
//! With `--burnt` a row has the gas of a contract with the key burnt in besides (`burn.mjs` says what is), and by how many percent key data is dearer; with
//! `--where` the gas of each function follows. Both need node, and `npm ci` in the folder of this crate.

#[path = "../../tests/common/mod.rs"]
mod common;
mod profile;

use common::graphs::try_coloured;
use common::Case;
use provenn_verifier::Graph;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    let (options, models): (Vec<String>, Vec<String>) = std::env::args().skip(1).partition(|arg| arg.starts_with("--"));
    let asked = |name: &str| options.iter().any(|option| option == name);
    for path in models.iter().map(PathBuf::from) {
        if let Err(reason) = row(&path, asked("--burnt"), asked("--where")) {
            eprintln!("{}: {reason}", path.display());
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// Of a block. A transaction has at most 2^24 (EIP-7825), which is not looked at here.
const BLOCK: u64 = 30_000_000;

/// A model, or a graph with the number of its colours behind its name.
fn case(path: &Path) -> Result<Case, String> {
    let text = path.to_string_lossy();
    let graph = text
        .rsplit_once(':')
        .and_then(|(file, colours)| Some((PathBuf::from(file), colours.parse().ok()?)));
    match graph {
        Some((file, colours)) => coloured(&file, colours),
        None => Case::cheapest(&name(path), &std::fs::read(path).map_err(|e| e.to_string())?, false),
    }
}

fn coloured(file: &Path, count: u32) -> Result<Case, String> {
    let read = |path: &Path| std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()));
    let graph = Graph::from_text(&read(file)?).map_err(|e| e.to_string())?.graph;
    let colouring = read(&file.with_extension("sol"))?;
    let colours = colouring.split_whitespace().map(|colour| colour.parse::<u8>());
    let colours = colours.collect::<Result<Vec<_>, _>>().map_err(|e| e.to_string())?;
    try_coloured(&name(file), graph, &colours, count)
}

fn name(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn row(path: &Path, burnt: bool, sections: bool) -> Result<(), String> {
    let mut case = case(path)?;
    let call = case.calldata(&case.receipt);
    let data = call.encode(case.key.into_array());
    let outcome = case.chain.call(case.verifier, &data, BLOCK);
    outcome.returned.as_ref().map_err(|_| outcome.code())?;
    let name = &case.name;
    let gas = outcome.gas;
    match burnt {
        false => println!("{name} {gas}"),
        true => {
            let code = profile::script("burn.mjs", &profile::hex(&case.data.code))?;
            let contract = case.chain.place(&profile::bytes(&code)?);
            let outcome = case.chain.call(contract, &data, BLOCK);
            outcome.returned.as_ref().map_err(|_| outcome.code())?;
            let more = 100.0 * (gas as f64 / outcome.gas as f64 - 1.0);
            println!("{name} {gas} {} {more:.1}", outcome.gas);
        }
    }
    if sections {
        for (section, gas) in profile::sections(&case, &data, gas)? {
            println!("{gas:>9} {section}");
        }
    }
    Ok(())
}
