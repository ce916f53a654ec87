//! Just enough JSON to write a report.

use provenn_verifier::words::{Word, Words};
use std::fmt::{Display, Write};

/// A JSON object under construction.
pub(crate) struct Object(String);

impl Object {
    pub(crate) fn new() -> Self {
        Self("{".into())
    }

    /// A member whose value is JSON already: an object, a list, a number, a flag or `null`.
    pub(crate) fn raw(mut self, name: &str, value: impl Display) -> Self {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        self.0.push_str(&text(name));
        self.0.push(':');
        write_display(&mut self.0, value);
        self
    }

    pub(crate) fn text(self, name: &str, value: &str) -> Self {
        self.raw(name, text(value))
    }

    pub(crate) fn hex(self, name: &str, bytes: &[u8]) -> Self {
        self.raw(name, text(&hex(bytes)))
    }

    pub(crate) fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

/// A list of JSON values.
pub(crate) fn list(items: impl IntoIterator<Item = impl Display>) -> String {
    let mut out = String::from("[");
    for item in items {
        if out.len() > 1 {
            out.push(',');
        }
        write_display(&mut out, item);
    }
    out.push(']');
    out
}

/// A JSON string.
pub(crate) fn text(value: &str) -> String {
    let mut out = String::from("\"");
    for c in value.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            c if c < ' ' => write_display(&mut out, format_args!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A sentence: a list of texts, and of numbers for the scores in it, which are integers of the quantized model.
pub(crate) fn words(words: &Words) -> String {
    list(words.pieces().iter().map(|word| match word {
        Word::Text(part) => text(part),
        Word::Score { value, output } => list([value.to_string(), output.to_string()]),
    }))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut out = String::new();
    for byte in bytes {
        write_display(&mut out, format_args!("{byte:02x}"));
    }
    out
}

/// Writing to a string cannot fail.
fn write_display(out: &mut String, value: impl Display) {
    let _infallible = write!(out, "{value}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_escaped() {
        let made = Object::new()
            .text("a\"b", "\\ \"\n\u{1f} é\u{2028}")
            .raw("list", list([1, 2]))
            .hex("hex", &[0, 255])
            .end();
        assert_eq!(
            made,
            "{\"a\\\"b\":\"\\\\ \\\"\\u000a\\u001f é\u{2028}\",\"list\":[1,2],\"hex\":\"00ff\"}"
        );
    }
}
