//! The right labels of items, or their groups, or both in turn, in a file.

use crate::data::npy;
use crate::error::CliError;
use crate::files::{self, MAX_DATA};
use std::path::Path;

/// Most items of a batch.
pub const MOST_ITEMS: u32 = 1 << 16;
/// Most numbers of a file: of an item a label, or a group, or both.
const MOST: usize = 2 * MOST_ITEMS as usize;

/// One label for each item: a `.npy` file with one axis, or numbers with commas, spaces or line ends between them.
pub fn read(path: &Path) -> Result<Vec<u32>, CliError> {
    let bytes = files::read(path, MAX_DATA)?;
    parse(&bytes).map_err(|e| e.at(path))
}

/// The labels of a file, if one is named.
pub fn named(file: Option<&Path>) -> Result<Option<Vec<u32>>, CliError> {
    file.map(read).transpose()
}

/// What [`read`] finds in a file.
pub fn parse(bytes: &[u8]) -> Result<Vec<u32>, CliError> {
    let labels = match bytes.starts_with(npy::MAGIC) {
        true => of_array(bytes)?,
        false => of_text(bytes)?,
    };
    match labels.is_empty() {
        true => Err(bad("there are none".into())),
        false if labels.len() > MOST => Err(bad(format!(
            "there are {}, and a batch has at most {MOST_ITEMS} items, each with a label and a group",
            labels.len()
        ))),
        false => Ok(labels),
    }
}

fn of_array(bytes: &[u8]) -> Result<Vec<u32>, CliError> {
    let (shape, values) = npy::array(bytes)?;
    if shape.len() != 1 {
        return Err(bad(format!("the array has the shape {shape:?}")));
    }
    let one = |(at, value): (usize, f64)| {
        let label = value as u32;
        let is_label = f64::from(label) == value;
        is_label
            .then_some(label)
            .ok_or_else(|| bad(format!("label {at} is {value}")))
    };
    values.into_iter().enumerate().map(one).collect()
}

fn of_text(bytes: &[u8]) -> Result<Vec<u32>, CliError> {
    let text = std::str::from_utf8(bytes).map_err(|_| bad(format!("this is {}", files::what(bytes))))?;
    let words = text
        .split(|c: char| c == ',' || c.is_whitespace())
        .filter(|word| !word.is_empty());
    let one = |(at, word): (usize, &str)| {
        let shown: String = word.chars().take(20).collect();
        word.parse()
            .map_err(|_| bad(format!("label {at} is `{}`", shown.escape_debug())))
    };
    words.enumerate().map(one).collect()
}

fn bad(found: String) -> CliError {
    CliError::usage(
        "labels",
        format!("these are no labels: {found}"),
        "give a whole number from 0 on for each item, in a .npy file with one axis or as text",
    )
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use super::*;

    #[test]
    fn labels_are_whole_numbers() {
        for good in ["3,0,1", "3\n0\n1\n", " 3 0\t1", "3, 0, 1"] {
            assert_eq!(parse(good.as_bytes()).unwrap(), [3, 0, 1]);
        }
        for bad in ["", " ,\n", "1,x", "-1", "1.5", "4294967296", "label"] {
            assert!(parse(bad.as_bytes()).is_err(), "{bad}");
        }
        assert_eq!(parse("7 ".repeat(MOST).as_bytes()).unwrap().len(), MOST);
        assert!(parse("7 ".repeat(MOST + 1).as_bytes()).is_err());
        let file = include_bytes!("../../../fixtures/data/digits_test_labels.npy");
        assert!(parse(file).unwrap().iter().all(|label| *label < 10));
        let images = include_bytes!("../../../fixtures/data/digits_flat_test.npy");
        assert!(parse(images).is_err());
    }
}
