//! What about a receipt is not as asked: everything at once, in words. The decision is [`verify`](crate::verify)'s.

use crate::claim::Claim;
use crate::expectation::Expectation;
use crate::srs::{SrsKind, SrsVerifyingKey};
use crate::statement::Subject;
use crate::text::{moment, quoted};
use crate::words::Words;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// One part that differs. `Display` writes scores as integers of the quantized model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// `parameters`, `statement`, `model card`, `model`, `srs`, `circuit key`, `quantization`, `policy`, `items`, `output`, `input`, `graph`, `colours`, `audience`, `nonce` or `expiry`;
    /// of an agreement also `agreement`, `inputs`, `role`, `key` or `context`.
    pub field: &'static str,
    /// What was expected.
    pub expected: Words,
    /// What was found.
    pub found: Words,
}

impl Difference {
    /// One line, see [`Words::shown`].
    pub fn shown(&self, fracs: &[i32]) -> String {
        let (expected, found) = (self.expected.shown(fracs), self.found.shown(fracs));
        format!("{}: expected {expected}, found {found}", self.field)
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown(&[]))
    }
}

/// Everything in which a claim differs from what it should be about, SRS and expectation, in the order of the checks.
pub fn differences<'a>(
    claim: &Claim,
    subject: impl Into<Subject<'a>>,
    srs: &SrsVerifyingKey,
    expectation: &Expectation,
) -> Vec<Difference> {
    let mut list = List(Vec::new());
    if srs.kind == SrsKind::Dev && !expectation.accept_dev {
        list.add("parameters", "those of a ceremony", "development parameters");
    }
    let kind = claim.body.kind();
    if let Some(kinds) = expectation.statements.as_ref().filter(|kinds| !kinds.contains(&kind)) {
        let names: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
        list.add("statement", format!("one of [{}]", names.join(", ")), kind.name());
    }
    claim
        .body
        .differences(&mut list, claim, subject.into(), srs, expectation);
    let context = &claim.context;
    if let Some(audience) = expectation.audience.as_ref().filter(|a| **a != context.audience) {
        list.add("audience", quoted(audience), quoted(&context.audience));
    }
    if let Some(nonce) = &expectation.nonce {
        list.ids("nonce", nonce, &context.nonce);
    }
    if let Some(now) = expectation
        .now
        .filter(|now| context.not_after != 0 && *now > context.not_after)
    {
        list.add(
            "expiry",
            format!("validity at {}", moment(now)),
            format!("its end at {}", moment(context.not_after)),
        );
    }
    list.0
}

/// The list in the making.
pub(crate) struct List(Vec<Difference>);

impl List {
    pub(crate) fn add(&mut self, field: &'static str, expected: impl Into<Words>, found: impl Into<Words>) {
        self.0.push(Difference {
            field,
            expected: expected.into(),
            found: found.into(),
        });
    }

    pub(crate) fn ids(&mut self, field: &'static str, expected: &[u8; 32], found: &[u8; 32]) {
        if expected != found {
            self.add(field, hex(expected), hex(found));
        }
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
