//! What a command prints: text for people, one JSON object for scripts.

use serde_json::Value;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::process::ExitCode;

/// Result of a command.
#[derive(Debug, Default)]
pub struct Report {
    pub text: String,
    pub json: Value,
}

impl Report {
    /// Adds a line `name   value`.
    pub fn row(&mut self, name: &str, value: impl std::fmt::Display) {
        let _infallible = writeln!(self.text, "{name:<16} {}", printable(&value.to_string()));
    }

    pub fn line(&mut self, line: impl std::fmt::Display) {
        let _infallible = writeln!(self.text, "{}", printable(&line.to_string()));
    }

    pub fn print(&self, json: bool) -> ExitCode {
        let written = match json {
            true => out(&format!("{}\n", self.json)),
            false => out(&self.text),
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

/// Text from a file, safe for a terminal: control characters and bidirectional overrides are escaped.
pub fn printable(text: &str) -> String {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    text.chars()
        .map(|c| {
            if hidden(c) {
                c.escape_unicode().to_string()
            } else {
                c.to_string()
            }
        })
        .collect()
}

/// `12345` as `12,345`.
pub fn grouped(n: usize) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_terminal_safety() {
        assert_eq!(
            ["1", "999", "1,000", "1,234,567"],
            [1, 999, 1000, 1_234_567].map(grouped).each_ref().map(String::as_str)
        );
        assert_eq!(printable("a\u{1b}[2Jb\u{202e}"), "a\\u{1b}[2Jb\\u{202e}");
    }
}
