//! Files of colourings, as solvers write them.

use crate::error::CliError;
use crate::files;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

/// What lines that say no colours begin with.
const COMMENTS: [char; 4] = ['c', 's', '#', '%'];

/// Reads the colours of so many vertices from a file.
///
/// # Errors
/// What is wrong, with the file and its line.
pub fn read(path: &Path, vertices: u32) -> Result<Vec<u8>, CliError> {
    let bytes = files::read(path, files::MAX_DATA)?;
    parse(&bytes, Some(vertices)).map_err(|message| unreadable(format!("{}: {message}", files::named(path))))
}

/// The error of a file that is no colouring.
pub fn unreadable(message: String) -> CliError {
    CliError::usage(
        "colours-file",
        message,
        "give one colour on each line, in the order of the vertices, or lines `l VERTEX COLOUR` with vertices from 1",
    )
}

/// Reads colours: one number on each line, in the order of the vertices, or lines `l VERTEX COLOUR` (vertices from 1) in any order. Lines that
/// begin with `c`, `s`, `#` or `%` are comments. Colours may be numbered in any way: they are renumbered from 0, in ascending order. Where the
/// number of vertices is not given, there are as many as the file colours.
///
/// # Errors
/// What is wrong, with its line.
pub fn parse(bytes: &[u8], vertices: Option<u32>) -> Result<Vec<u8>, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "not a text".to_owned())?;
    let count = || u32::try_from(count(text)).map_err(|e| e.to_string());
    let vertices = vertices.map_or_else(count, Ok)?;
    let mut listed: Vec<u64> = vec![];
    let mut named: BTreeMap<u32, u64> = BTreeMap::new();
    for (line, content) in (1..).zip(text.lines()) {
        let mut words = content.split_ascii_whitespace();
        let words = [(); 4].map(|()| words.next());
        let number = |word: &str| {
            word.parse::<u64>()
                .map_err(|_| format!("line {line}: `{word}` is no number"))
        };
        match words {
            [None, ..] => {}
            [Some(first), ..] if first.starts_with(COMMENTS) => {}
            [Some("l"), Some(vertex), Some(colour), None] => {
                let vertex = u32::try_from(number(vertex)?).ok();
                let known = vertex.filter(|vertex| (1..=vertices).contains(vertex));
                let vertex = known.ok_or_else(|| format!("line {line}: no such vertex, there are 1 to {vertices}"))?;
                if named.insert(vertex, number(colour)?).is_some() {
                    return Err(format!("line {line}: vertex {vertex} has a colour already"));
                }
            }
            [Some(colour), None, ..] => {
                listed.push(number(colour)?);
                if listed.len() > vertices as usize {
                    return Err(format!(
                        "line {line}: more colours than the {vertices} vertices of the graph"
                    ));
                }
            }
            _ => return Err(format!("line {line}: expected a colour, or `l VERTEX COLOUR`")),
        }
    }
    let colours = match (listed.is_empty(), named.is_empty()) {
        (false, false) => return Err("colours with and without their vertices in one file".into()),
        (false, true) => listed,
        _ => named.into_values().collect(),
    };
    if colours.len() != vertices as usize {
        return Err(format!("{} colours for {vertices} vertices", colours.len()));
    }
    let labels: BTreeSet<u64> = colours.iter().copied().collect();
    let numbers: BTreeMap<u64, usize> = labels.into_iter().zip(0..).collect();
    let number = |label: &u64| numbers.get(label).and_then(|number| u8::try_from(*number).ok());
    let numbered: Option<Vec<u8>> = colours.iter().map(number).collect();
    numbered.ok_or_else(|| format!("{} different colours; at most 16 are supported", numbers.len()))
}

/// How many vertices a file colours, if it is a colouring.
pub fn count(text: &str) -> usize {
    let colouring = |line: &&str| !line.trim_ascii().is_empty() && !line.trim_ascii().starts_with(COMMENTS);
    text.lines().filter(colouring).count()
}

/// One colour on each line.
pub fn text(colours: &[u8]) -> String {
    let mut text = String::new();
    for colour in colours {
        let _infallible = writeln!(text, "{colour}");
    }
    text
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests;
