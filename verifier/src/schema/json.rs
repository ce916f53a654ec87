//! JSON as a card's description holds it: strict, of bounded depth, no name twice in an object.

use super::SchemaError;
use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::str::FromStr;

/// Deepest nesting: descriptions have five levels.
const MAX_DEPTH: usize = 32;

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Json {
    Null,
    Bool,
    /// As it is written: which numbers it may be is for its place to say.
    Number(String),
    Text(String),
    List(Vec<Json>),
    Object(BTreeMap<String, Json>),
}

/// Reads a whole text.
pub(super) fn parse(text: &str) -> Result<Json, SchemaError> {
    let mut parser = Parser { rest: text };
    let value = parser.value(MAX_DEPTH)?;
    parser.space();
    match parser.rest.is_empty() {
        true => Ok(value),
        false => Err(malformed()),
    }
}

fn malformed() -> SchemaError {
    SchemaError::new("this is not JSON")
}

impl Json {
    pub(super) fn object(&self) -> Option<&BTreeMap<String, Self>> {
        match self {
            Self::Object(members) => Some(members),
            _ => None,
        }
    }

    pub(super) fn list(&self) -> Option<&[Self]> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A whole number in the range of `T`.
    pub(super) fn integer<T: FromStr>(&self) -> Option<T> {
        match self {
            Self::Number(digits) => digits.parse().ok(),
            _ => None,
        }
    }
}

struct Parser<'a> {
    rest: &'a str,
}

impl Parser<'_> {
    fn space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
    }

    /// Takes a word if it is next.
    fn take(&mut self, word: &str) -> bool {
        let rest = self.rest.strip_prefix(word);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// Takes a word that has to be next.
    fn need(&mut self, word: &str) -> Result<(), SchemaError> {
        self.space();
        match self.take(word) {
            true => Ok(()),
            false => Err(malformed()),
        }
    }

    fn value(&mut self, depth: usize) -> Result<Json, SchemaError> {
        let deeper = depth.checked_sub(1).ok_or_else(malformed)?;
        self.space();
        match self.rest.chars().next().ok_or_else(malformed)? {
            '{' => self.members(deeper),
            '[' => self.items(deeper),
            '"' => self.string().map(Json::Text),
            '-' | '0'..='9' => self.number(),
            _ if self.take("null") => Ok(Json::Null),
            _ if self.take("true") || self.take("false") => Ok(Json::Bool),
            _ => Err(malformed()),
        }
    }

    fn items(&mut self, depth: usize) -> Result<Json, SchemaError> {
        let mut items = Vec::new();
        self.need("[")?;
        self.space();
        if self.take("]") {
            return Ok(Json::List(items));
        }
        loop {
            items.push(self.value(depth)?);
            self.space();
            if self.take("]") {
                return Ok(Json::List(items));
            }
            self.need(",")?;
        }
    }

    fn members(&mut self, depth: usize) -> Result<Json, SchemaError> {
        let mut members = BTreeMap::new();
        self.need("{")?;
        self.space();
        if self.take("}") {
            return Ok(Json::Object(members));
        }
        loop {
            self.space();
            let name = self.string()?;
            self.need(":")?;
            let value = self.value(depth)?;
            // Readers differ on which of two counts.
            if members.insert(name.clone(), value).is_some() {
                return Err(SchemaError::new(format!("duplicate field `{name}`")));
            }
            self.space();
            if self.take("}") {
                return Ok(Json::Object(members));
            }
            self.need(",")?;
        }
    }

    fn number(&mut self) -> Result<Json, SchemaError> {
        let end = self
            .rest
            .find(|c: char| !matches!(c, '0'..='9' | '-' | '+' | '.' | 'e' | 'E'));
        let (number, rest) = self
            .rest
            .split_at_checked(end.unwrap_or(self.rest.len()))
            .ok_or_else(malformed)?;
        let unsigned = number.strip_prefix('-').unwrap_or(number);
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.strip_prefix(['-', '+']).unwrap_or(exponent)),
            None => (unsigned, "0"),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let leading_zero = whole.len() > 1 && whole.starts_with('0');
        if leading_zero || ![whole, fraction, exponent].into_iter().all(digits) {
            return Err(malformed());
        }
        self.rest = rest;
        Ok(Json::Number(number.to_owned()))
    }

    fn string(&mut self) -> Result<String, SchemaError> {
        if !self.take("\"") {
            return Err(malformed());
        }
        let mut text = String::new();
        loop {
            let end = self.rest.find(|c: char| c == '"' || c == '\\' || c < ' ');
            let (plain, rest) = end
                .and_then(|at| self.rest.split_at_checked(at))
                .ok_or_else(malformed)?;
            text.push_str(plain);
            self.rest = rest;
            if self.take("\"") {
                return Ok(text);
            }
            text.push(self.escaped()?);
        }
    }

    fn escaped(&mut self) -> Result<char, SchemaError> {
        const ESCAPES: [(&str, char); 8] = [
            ("\\\"", '"'),
            ("\\\\", '\\'),
            ("\\/", '/'),
            ("\\b", '\u{8}'),
            ("\\f", '\u{c}'),
            ("\\n", '\n'),
            ("\\r", '\r'),
            ("\\t", '\t'),
        ];
        if let Some((_, c)) = ESCAPES.into_iter().find(|(escape, _)| self.take(escape)) {
            return Ok(c);
        }
        let first = self.unit()?;
        // Characters beyond 16 bits are written as two units.
        let units = match first {
            0xd800..=0xdbff => [first, self.unit()?].to_vec(),
            _ => [first].to_vec(),
        };
        let mut decoded = char::decode_utf16(units);
        match (decoded.next(), decoded.next()) {
            (Some(Ok(c)), None) => Ok(c),
            _ => Err(malformed()),
        }
    }

    /// `\u` and four hexadecimal digits.
    fn unit(&mut self) -> Result<u16, SchemaError> {
        if !self.take("\\u") {
            return Err(malformed());
        }
        let (digits, rest) = self.rest.split_at_checked(4).ok_or_else(malformed)?;
        if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(malformed());
        }
        self.rest = rest;
        u16::from_str_radix(digits, 16).map_err(|_| malformed())
    }
}

#[cfg(test)]
mod tests;
