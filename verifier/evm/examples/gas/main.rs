//! Gas of a receipt for each model: `gas [--where] [--burnt] MODEL.onnx ..`, committed for the least gas, with public inputs and the policy `label`; calldata
//! counts. A row is the name of a model and its gas.
//!
//! With `--burnt` a row has the gas of a contract with the key burnt in besides (`burn.mjs` says what is), and by how many percent key data is dearer; with
//! `--where` the gas of each function follows. Both need node, and `npm ci` in the folder of this crate.

#[path = "../../tests/common/mod.rs"]
mod common;
mod profile;

use common::chain::GAS;
use common::Case;
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

fn row(path: &Path, burnt: bool, sections: bool) -> Result<(), String> {
    let model = std::fs::read(path).map_err(|error| error.to_string())?;
    let mut case = Case::cheapest("gas", &model, false)?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let call = case.calldata(&case.receipt);
    let outcome = case.call(&call);
    outcome.returned.as_ref().map_err(|_| outcome.code())?;
    let gas = outcome.gas;
    match burnt {
        false => println!("{name} {gas}"),
        true => {
            let code = profile::script("burn.mjs", &profile::hex(&case.data.code))?;
            let contract = case.chain.place(&profile::bytes(&code)?);
            let outcome = case.chain.call(contract, &call.encode(case.key.into_array()), GAS);
            outcome.returned.as_ref().map_err(|_| outcome.code())?;
            let more = 100.0 * (gas as f64 / outcome.gas as f64 - 1.0);
            println!("{name} {gas} {} {more:.1}", outcome.gas);
        }
    }
    if sections {
        let data = call.encode(case.key.into_array());
        for (section, gas) in profile::sections(&case, &data, gas)? {
            println!("{gas:>9} {section}");
        }
    }
    Ok(())
}
