//! Of what the rows of the tamper manifest are rows: honest receipts with everything that they are judged by. `FILES` of the test is where they are.

use super::{rows, FILES};
use provenn_verifier::*;

/// What a row edits: an honest receipt with everything it is judged by.
#[derive(Clone)]
pub struct Subject {
    pub receipt: Receipt,
    pub key: KeyParts,
    pub card: ModelCard,
    pub srs: SrsParts,
}

/// One edit of one field.
pub struct Row {
    /// `Type.field`.
    pub field: &'static str,
    pub change: &'static str,
    pub code: &'static str,
    pub apply: fn(&mut Subject),
}

impl Subject {
    fn read(name: &str) -> Self {
        let read = |extension| std::fs::read(format!("{FILES}/{name}.{extension}")).unwrap();
        let card = ModelCard::from_bytes(&read("card")).unwrap();
        Self {
            receipt: Receipt::from_bytes(&read("receipt")).unwrap(),
            key: (*card.key).clone(),
            card,
            srs: (*SrsVerifyingKey::from_bytes(&read("srs")).unwrap()).clone(),
        }
    }
}

/// A model with a committed input and a label, one with a public input and scores, and one with two inputs and outputs.
pub fn subjects() -> [(&'static str, Subject, Vec<Row>); 3] {
    [
        ("digits_cnn", Subject::read("digits_cnn"), rows::committed()),
        ("linear_30", Subject::read("linear_30"), rows::public()),
        ("conflict_check", Subject::read("conflict_check"), rows::pair()),
    ]
}
