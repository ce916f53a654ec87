//! Every stable code of an error with its cause and its remedy: what `provenn explain CODE` prints and `docs/errors.md` is made of.

mod commands;
mod models;
mod parameters;
mod receipts;
mod service;

use std::fmt::Write as _;

/// A code, why it comes, and what its reader can do.
#[derive(Clone, Copy, Debug)]
pub struct Code {
    pub code: &'static str,
    pub cause: &'static str,
    pub remedy: &'static str,
}

const fn code(code: &'static str, cause: &'static str, remedy: &'static str) -> Code {
    Code { code, cause, remedy }
}

/// Codes by where they come from, in the order of the reference.
pub const CHAPTERS: &[(&str, &[Code])] = &[
    ("Receipts, cards and bundles", receipts::RECEIPTS),
    ("Agreements of several parties", receipts::AGREEMENTS),
    ("Transparency logs", receipts::LOGS),
    ("Models and inputs", models::MODELS),
    ("Graph colourings", models::COLOURINGS),
    ("Parameters", parameters::PARAMETERS),
    ("The command line", commands::COMMANDS),
    ("The service", service::SERVICE),
];

pub fn all() -> impl Iterator<Item = &'static Code> {
    CHAPTERS.iter().flat_map(|(_, codes)| codes.iter())
}

pub fn find(code: &str) -> Option<&'static Code> {
    all().find(|known| known.code == code)
}

/// A text of the table without its links: `[words](file.md)` as `words (docs/file.md)`.
pub fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, words, target, after)) = link(rest) {
        let file = target.split('#').next().unwrap_or(target);
        let _infallible = write!(out, "{before}{words} (docs/{file})");
        rest = after;
    }
    out + rest
}

/// What stands before a text's first link, its words, its target, and what follows.
fn link(text: &str) -> Option<(&str, &str, &str, &str)> {
    let (head, tail) = text.split_once("](")?;
    let (before, words) = head.rsplit_once('[')?;
    let (target, after) = tail.split_once(')')?;
    Some((before, words, target, after))
}

/// Whether a text has the form of a code: words of small letters and digits with hyphens between them.
pub fn is_form(text: &str) -> bool {
    let word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    text.split('-').all(word)
}

/// The known code that is nearest to a text, by the fewest insertions, removals and changes of letters.
pub fn nearest(text: &str) -> Option<&'static str> {
    let near = all().map(|known| (distance(text, known.code), known.code)).min()?;
    (near.0 <= (text.len() / 3).max(2)).then_some(near.1)
}

fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut last = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let (above, diagonal) = (
                row.get(j + 1).copied().unwrap_or_default(),
                row.get(j).copied().unwrap_or_default(),
            );
            let next = (diagonal + usize::from(x != y)).min(above + 1).min(last + 1);
            if let Some(slot) = row.get_mut(j) {
                *slot = last;
            }
            last = next;
        }
        if let Some(slot) = row.last_mut() {
            *slot = last;
        }
    }
    row.last().copied().unwrap_or_default()
}

/// The reference, as `docs/errors.md` has it.
pub fn reference() -> String {
    let mut text = String::from(
        "# Errors\n\nGenerated from the table that `provenn explain CODE` reads. A code is the same on the command line (`error[CODE]: ..`), in `--json`, in the service's answers and in the \
         libraries, and stays what it is; messages name the very file, value or node and may change.\n\nExit codes of the command line: 0 success, 1 other failure, 2 wrong usage, 3 receipt refused, 4 model \
         unsupported, 5 limit exceeded, 6 a log shows different histories. A command line that is not of the grammar has no code: what was expected is printed, and the exit code is 2.\n",
    );
    for (title, codes) in CHAPTERS {
        let _infallible = write!(text, "\n## {title}\n\n| code | cause | remedy |\n|---|---|---|\n");
        for Code { code, cause, remedy } in *codes {
            let _infallible = writeln!(text, "| `{code}` | {cause} | {remedy} |");
        }
    }
    text
}

#[cfg(test)]
mod tests;
