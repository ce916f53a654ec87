//! What a command prints: text for people, one JSON object for scripts.

use provenn_verifier::text::printable;
use serde_json::Value;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::process::ExitCode;

/// Result of a command.
#[derive(Debug, Default)]
pub struct Report {
    pub text: String,
    pub json: Value,
    /// Standard output holds a file: the report goes to standard error.
    pub aside: bool,
}

impl Report {
    /// Adds a line `name   value`.
    pub fn row(&mut self, name: &str, value: impl std::fmt::Display) {
        let _infallible = writeln!(self.text, "{name:<16} {}", printable(&value.to_string()));
    }

    pub fn line(&mut self, line: impl std::fmt::Display) {
        let _infallible = writeln!(self.text, "{}", printable(&line.to_string()));
    }

    /// The same about a file that has another name for people.
    pub fn renamed(mut self, from: &str, to: &str) -> Self {
        self.text = self.text.replace(from, to);
        for field in self
            .json
            .as_object_mut()
            .into_iter()
            .flat_map(|fields| fields.values_mut())
        {
            if let Value::String(text) = field {
                *text = text.replace(from, to);
            }
        }
        self
    }

    pub fn print(&self, json: bool) -> ExitCode {
        let json = json.then(|| format!("{}\n", self.json));
        let text = json.as_ref().unwrap_or(&self.text);
        let written = match self.aside {
            true => io::stderr().lock().write_all(text.as_bytes()),
            false => out(text),
        };
        // A reader that closed the pipe has what it wants.
        match written {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => ExitCode::FAILURE,
            _ => ExitCode::SUCCESS,
        }
    }
}

/// Writes to standard output without panicking on a closed pipe.
pub fn out(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// `12345` as `12,345`.
pub fn grouped(n: usize) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use super::*;
    use provenn_verifier::text::{decimal, quoted};

    #[test]
    fn numbers_and_terminal_safety() {
        assert_eq!(
            ["1", "999", "1,000", "1,234,567"],
            [1, 999, 1000, 1_234_567].map(grouped).each_ref().map(String::as_str)
        );
        let mut report = Report::default();
        report.row("a", "\u{1b}[2Jb\u{202e}\n");
        assert_eq!(report.text, "a                \\u{1b}[2Jb\\u{202e}\\u{a}\n");
    }

    /// The pages show text in the same way: `text.js` is held to this table too.
    #[test]
    fn text_is_shown_as_on_the_pages() {
        let table: Value = serde_json::from_str(include_str!("../../verifier/wasm/test/text.json")).unwrap();
        for (name, shown) in [("printable", printable as fn(&str) -> String), ("quoted", quoted)] {
            let rows = table[name].as_array().unwrap();
            assert!(rows.len() >= 4);
            for row in rows {
                assert_eq!(shown(row[0].as_str().unwrap()), row[1].as_str().unwrap());
            }
        }
    }

    #[test]
    fn numbers_are_shown_as_on_the_pages() {
        let table: Vec<(i64, i32, String)> =
            serde_json::from_str(include_str!("../../verifier/wasm/test/decimal.json")).unwrap();
        assert!(table.len() > 20);
        for (integer, frac, shown) in table {
            assert_eq!(decimal(integer, frac), shown);
        }
    }
}
