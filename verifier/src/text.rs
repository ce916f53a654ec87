//! Text from files and from others, as it can be shown: nothing invisible, nothing that moves what stands beside it.
//!
//! `verifier/wasm/web/text.js` is the same for pages; `verifier/wasm/test/text.json` holds both to one table.

use alloc::format;
use alloc::string::String;

/// Characters of a name that are shown; of a longer one the number is said.
pub const SHOWN_NAME: usize = 80;
/// Combining marks in a row that are shown: more of them paint over the lines above and below.
const MARKS: usize = 2;

/// The text with every character spelled out (`\u{202e}`) that is invisible, a control, formatting, private,
/// unassigned or a space other than the common one.
pub fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    // Marks that the last character can still take.
    let mut room = 0usize;
    for c in text.chars() {
        match Class::of(c) {
            Class::Plain => {
                shown.push(c);
                room = MARKS;
            }
            Class::Mark if room > 0 => {
                shown.push(c);
                room = room.saturating_sub(1);
            }
            _ => {
                shown.extend(c.escape_unicode());
                room = 0;
            }
        }
    }
    shown
}

/// Whether [`printable`] leaves the text as it is.
pub fn is_printable(text: &str) -> bool {
    printable(text) == text
}

/// The last second of the year 9999, after which RFC 3339 has no dates.
const LAST: u64 = 253_402_300_799;
const DAY: u64 = 86_400;

/// A moment in unix seconds for people, as of RFC 3339: `2027-01-31T12:00:00Z`.
pub fn moment(seconds: u64) -> String {
    let (hour, minute, second) = (seconds % DAY / 3600, seconds % 3600 / 60, seconds % 60);
    match seconds {
        0..=LAST => {
            let (year, month, day) = date(seconds / DAY);
            format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
        }
        _ => format!("{seconds} (unix seconds)"),
    }
}

/// Year, month and day of a day that is counted from 1970 on. (Howard Hinnant, "chrono-compatible low-level date algorithms", `civil_from_days`.)
fn date(days: u64) -> (u64, u64, u64) {
    // From 1 March of the year 0 on: the day that not every year has is the last one of a year, and 400 years are of one length.
    let days = days.saturating_add(719_468);
    let (era, of_era) = (days / 146_097, days % 146_097);
    let leap = (of_era / 1460)
        .saturating_add(of_era / 146_096)
        .saturating_sub(of_era / 36_524);
    let year = of_era.saturating_sub(leap) / 365;
    let begun = year
        .saturating_mul(365)
        .saturating_add(year / 4)
        .saturating_sub(year / 100);
    let of_year = of_era.saturating_sub(begun);
    let month = of_year.saturating_mul(5).saturating_add(2) / 153;
    let day = of_year
        .saturating_sub(month.saturating_mul(153).saturating_add(2) / 5)
        .saturating_add(1);
    // January and February are at the end of the year before.
    let (month, next) = if month < 10 {
        (month.saturating_add(3), 0)
    } else {
        (month.saturating_sub(9), 1)
    };
    (
        year.saturating_add(era.saturating_mul(400)).saturating_add(next),
        month,
        day,
    )
}

/// What an integer of the quantized model stands for, `integer / 2^frac`: the decimal of the fewest digits after the point
/// that is nearest to this integer and to no other. Beyond 64 bits either way it is written as a product, `3 * 2^-70`.
pub fn decimal(integer: i64, frac: i32) -> String {
    exact(integer, frac).unwrap_or_else(|| format!("{integer} * 2^{}", i64::from(frac).saturating_neg()))
}

/// [`decimal`] in integers, as long as they are small enough.
fn exact(integer: i64, frac: i32) -> Option<String> {
    if !(-64..=64).contains(&frac) {
        return None;
    }
    let size = u128::from(integer.unsigned_abs());
    let sign = if integer < 0 { "-" } else { "" };
    if frac <= 0 {
        return Some(format!(
            "{sign}{}",
            size.checked_mul(1u128.checked_shl(frac.unsigned_abs())?)?
        ));
    }
    let unit = 1u128.checked_shl(frac.unsigned_abs())?;
    let (mut digits, mut power) = (0usize, 1u128);
    loop {
        let wide = size.checked_mul(power)?;
        let number = wide
            .checked_mul(2)?
            .checked_add(unit)?
            .checked_div(unit.checked_mul(2)?)?;
        if number.checked_mul(unit)?.abs_diff(wide).checked_mul(2)? < power {
            let text = format!("{number:0>width$}", width = digits.checked_add(1)?);
            let (whole, fraction) = text.split_at_checked(text.len().checked_sub(digits)?)?;
            let point = if digits > 0 { "." } else { "" };
            return Some(format!("{sign}{whole}{point}{fraction}"));
        }
        (digits, power) = (digits.checked_add(1)?, power.checked_mul(10)?);
    }
}

/// Text that is not the hexadecimal of so many bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{expected} hexadecimal digits are expected")]
pub struct HexError {
    /// Number of digits.
    expected: usize,
}

/// Bytes that are told in hexadecimal: ids, nonces.
///
/// # Errors
/// Another number of digits, or other characters.
pub fn unhex<const N: usize>(text: &str) -> Result<[u8; N], HexError> {
    let malformed = HexError {
        expected: N.saturating_mul(2),
    };
    let mut bytes = [0u8; N];
    let pairs = text.as_bytes().chunks(2);
    if text.len() != malformed.expected || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(malformed);
    }
    for (byte, pair) in bytes.iter_mut().zip(pairs) {
        let pair = core::str::from_utf8(pair).map_err(|_| malformed)?;
        *byte = u8::from_str_radix(pair, 16).map_err(|_| malformed)?;
    }
    Ok(bytes)
}

/// A name as data: printable, between `"` that cannot occur in it, with at most [`SHOWN_NAME`] of its characters.
pub fn quoted(name: &str) -> String {
    let head: String = name.chars().take(SHOWN_NAME).collect();
    let mut shown = String::with_capacity(head.len());
    for c in printable(&head).chars() {
        match c {
            '"' => shown.push_str("\\\""),
            '\u{ab}'
            | '\u{bb}'
            | '\u{201c}'..='\u{201f}'
            | '\u{2033}'
            | '\u{2036}'
            | '\u{301d}'..='\u{301f}'
            | '\u{ff02}' => {
                shown.extend(c.escape_unicode());
            }
            c => shown.push(c),
        }
    }
    match name.len() > head.len() {
        true => format!("\"{shown}\u{2026}\" ({} characters)", name.chars().count()),
        false => format!("\"{shown}\""),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Plain,
    /// Combines with what is before it.
    Mark,
    Hidden,
}

impl Class {
    fn of(c: char) -> Self {
        match c {
            ' '..='~' => Self::Plain,
            // Letters, marks and signs that show nothing: fillers, joiners, variation selectors, blanks.
            '\u{34f}'
            | '\u{115f}'
            | '\u{1160}'
            | '\u{17b4}'
            | '\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{ffa0}'
            | '\u{1d159}'
            | '\u{e0000}'..='\u{e0fff}' => Self::Hidden,
            // The core library knows what is unassigned, private, a control, formatting or a space, and what combines;
            // alone it escapes both, behind a letter the former only.
            _ if c.escape_debug().eq([c]) => Self::Plain,
            _ if String::from_iter(['a', c]).escape_debug().eq(['a', c]) => Self::Mark,
            _ => Self::Hidden,
        }
    }
}

#[cfg(test)]
mod tests;
