//! Tables of numbers as text, with commas between them; the first line may have names.

use crate::error::CliError;
use csv::{ReaderBuilder, Trim};

/// The numbers of a table, and of how many each line has.
pub fn table(bytes: &[u8]) -> Result<(usize, Vec<f64>), CliError> {
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .trim(Trim::All)
        .from_reader(bytes);
    let (mut columns, mut values) = (0, vec![]);
    for (at, line) in reader.records().enumerate() {
        let line = line.map_err(|e| bad(e.to_string()))?;
        let numbers: Vec<Result<f64, _>> = line.iter().map(str::parse).collect();
        // Names: no field of the line is a number.
        if at == 0 && numbers.iter().all(Result::is_err) {
            continue;
        }
        columns = line.len();
        for (field, number) in line.iter().zip(numbers) {
            let shown: String = field.chars().take(20).collect();
            let number = number.map_err(|_| bad(format!("line {} has `{}`", at + 1, shown.escape_debug())))?;
            values.push(number);
        }
    }
    match values.is_empty() {
        true => Err(bad("there are no numbers".into())),
        false => Ok((columns, values)),
    }
}

/// Whether a file may be such a table: text, which no other of the known forms begins like.
pub fn is_table(bytes: &[u8]) -> bool {
    let head = bytes.get(..512).unwrap_or(bytes);
    let is_text = |byte: &u8| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~' | 0x80..);
    let first = head.trim_ascii_start().first();
    head.iter().all(is_text) && first.is_some_and(|first| !matches!(first, b'{' | b'[' | 0x80..))
}

fn bad(found: String) -> CliError {
    CliError::usage(
        "csv",
        format!("not a usable table of numbers: {found}"),
        "give lines of as many numbers each, with commas between them; names only in the first line",
    )
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use super::*;

    #[test]
    fn tables_have_numbers_only() {
        for good in ["1,2,3\n4,5,6", "a,b,c\r\n1, 2.0 ,3e0\n4,5,6\n", "\"1\",2,3\n4,5,6\n\n"] {
            assert!(is_table(good.as_bytes()));
            assert_eq!(
                table(good.as_bytes()).unwrap(),
                (3, vec![1., 2., 3., 4., 5., 6.]),
                "{good}"
            );
        }
        assert_eq!(table(b"0.5").unwrap(), (1, vec![0.5]));
        for bad in ["a,b", "a,1\n2,3", "1,2\n3", "1,2\nx,3", "1,,2", "1;2"] {
            assert!(table(bad.as_bytes()).is_err(), "{bad}");
        }
        for other in [
            &b"{\"shape\": [1]}"[..],
            b"[1,2]",
            b"\x93NUMPY",
            b"PK\x03\x04",
            b"",
            b"\x00\x01",
        ] {
            assert!(!is_table(other), "{other:?}");
        }
    }
}
