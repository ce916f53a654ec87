//! A vector of the test kit: its text, and what this crate says about it. The format is in `fixtures/testkit/README.md`.

use provenn_verifier::*;
use std::fmt;
use std::path::Path;

/// One vector. Paths are relative to the kit's folder.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Vector {
    pub comment: String,
    pub expect: String,
    pub at: Option<usize>,
    pub srs: String,
    pub cards: Vec<String>,
    /// In place of cards, for colourings.
    pub graphs: Vec<String>,
    pub receipts: Vec<String>,
    pub expectation: Expectation,
    pub claims: Vec<String>,
    pub shows: Vec<String>,
}

impl Vector {
    /// Reads the text of a vector.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut vector = Self::default();
        for line in text.lines() {
            let (name, value) = line.split_once(": ").ok_or_else(|| format!("not a header: {line}"))?;
            let bad = || format!("bad value: {line}");
            let owned = value.to_owned();
            let expectation = &mut vector.expectation;
            let asked = &mut expectation.inference;
            match name {
                "comment" => vector.comment = owned,
                "expect" => vector.expect = owned,
                "at" => vector.at = Some(value.parse().map_err(|_| bad())?),
                "srs" => vector.srs = owned,
                "card" => vector.cards.push(owned),
                "graph" => vector.graphs.push(owned),
                "receipt" => vector.receipts.push(owned),
                "accept-dev" if value == "yes" => expectation.accept_dev = true,
                "statements" => {
                    let names = value.split(' ').filter(|name| !name.is_empty());
                    expectation.statements =
                        Some(names.map(StatementKind::named).collect::<Option<_>>().ok_or_else(bad)?);
                }
                "policy" => asked.policy = Some(value.parse().map_err(|_| bad())?),
                "answer" => {
                    let form = asked.policy.as_ref().ok_or_else(bad)?.form();
                    asked.answer = Some(Answer::parse(form, value).ok_or_else(bad)?);
                }
                "public-input" | "committed-input" => {
                    let (index, value) = match value.strip_prefix('@') {
                        Some(rest) => rest.split_once(' ').ok_or_else(bad)?,
                        None => ("0", value),
                    };
                    let index = index.parse().map_err(|_| bad())?;
                    let binding = match name {
                        "public-input" => InputBinding::Public {
                            values: numbers(value).ok_or_else(bad)?,
                        },
                        _ => InputBinding::Committed {
                            points: value.split(' ').map(unhex).collect::<Option<_>>().ok_or_else(bad)?,
                        },
                    };
                    asked.inputs.insert(index, binding);
                }
                "colours" => expectation.colouring.colours = Some(value.parse().map_err(|_| bad())?),
                "audience" => expectation.audience = Some(owned),
                "nonce" => expectation.nonce = Some(unhex(value).ok_or_else(bad)?),
                "now" => expectation.now = Some(value.parse().map_err(|_| bad())?),
                "claim" => vector.claims.push(owned),
                "shows" => vector.shows.push(owned),
                _ => return Err(format!("unknown header: {line}")),
            }
        }
        Ok(vector)
    }

    /// Reads the files under `root` and judges them: the vector as it should read.
    pub fn judged(&self, root: &Path) -> Self {
        let mut vector = Self {
            at: None,
            claims: vec![],
            shows: vec![],
            ..self.clone()
        };
        match self.verdicts(root) {
            Ok(verdicts) => {
                for verdict in verdicts {
                    vector.expect = match &verdict {
                        Verdict::Verified(_) => "verified".to_owned(),
                        Verdict::Dev(_) => "dev-verified".to_owned(),
                    };
                    vector.claims.push(hex(&verdict.claim().digest()));
                    vector.shows.push(shown(verdict.claim()));
                }
            }
            Err((at, error)) => {
                vector.expect = error.code().to_owned();
                vector.at = at;
            }
        }
        vector
    }

    fn verdicts(&self, root: &Path) -> Result<Vec<Verdict>, (Option<usize>, VerifyError)> {
        let read = |path: &String| std::fs::read(root.join(path)).unwrap();
        let alone = |error| (None, error);
        let srs = SrsVerifyingKey::from_bytes(&read(&self.srs)).map_err(alone)?;
        let cards = self
            .cards
            .iter()
            .map(|path| AnyCard::from_bytes(&read(path))?.check(&srs));
        let cards: Vec<CheckedAny> = cards.collect::<Result<_, _>>().map_err(alone)?;
        let graph = |path: &String| {
            Graph::from_text(std::str::from_utf8(&read(path)).unwrap())
                .unwrap()
                .graph
        };
        let graphs: Vec<Graph> = self.graphs.iter().map(graph).collect();
        let about = cards
            .iter()
            .map(Reference::from)
            .chain(graphs.iter().map(Reference::from));
        let about: Vec<Reference<'_>> = about.collect();
        let receipts: Vec<Vec<u8>> = self.receipts.iter().map(read).collect();
        match (&about[..], &receipts[..]) {
            ([about], [receipt]) => verify(receipt, *about, &srs, &self.expectation)
                .map(|verdict| vec![verdict])
                .map_err(alone),
            _ => {
                assert_eq!(about.len(), receipts.len(), "{}", self.comment);
                let judged = receipts.iter().zip(about);
                let judged = judged.map(|(receipt, about)| Judged::new(receipt, about, &self.expectation));
                verify_batch(&judged.collect::<Vec<_>>(), &srs).map_err(|(at, error)| (Some(at), error))
            }
        }
    }
}

impl fmt::Display for Vector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "comment: {}\nexpect: {}", self.comment, self.expect)?;
        let mut line = |name: &str, value: Option<String>| value.map_or(Ok(()), |value| writeln!(f, "{name}: {value}"));
        line("at", self.at.map(|at| at.to_string()))?;
        line("srs", Some(self.srs.clone()))?;
        let cards = self.cards.iter().map(|path| ("card", path));
        let about = cards.chain(self.graphs.iter().map(|path| ("graph", path)));
        for ((kind, path), receipt) in about.zip(&self.receipts) {
            line(kind, Some(path.clone()))?;
            line("receipt", Some(receipt.clone()))?;
        }
        let asked = &self.expectation;
        line("accept-dev", asked.accept_dev.then(|| "yes".to_owned()))?;
        let kinds = asked.statements.as_ref();
        line(
            "statements",
            kinds.map(|kinds| kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(" ")),
        )?;
        let body = &asked.inference;
        line("policy", body.policy.as_ref().map(Disclosure::to_string))?;
        line("answer", body.answer.as_ref().map(Answer::to_string))?;
        for (index, input) in &body.inputs {
            let which = if *index == 0 {
                String::new()
            } else {
                format!("@{index} ")
            };
            match input {
                InputBinding::Public { values } => line("public-input", Some(which + &join(values)))?,
                InputBinding::Committed { points } => {
                    let points: Vec<String> = points.iter().map(|point| hex(point)).collect();
                    line("committed-input", Some(which + &points.join(" ")))?;
                }
            }
        }
        line("colours", asked.colouring.colours.map(|colours| colours.to_string()))?;
        line("audience", asked.audience.clone())?;
        line("nonce", asked.nonce.map(|nonce| hex(&nonce)))?;
        line("now", asked.now.map(|now| now.to_string()))?;
        for (claim, shows) in self.claims.iter().zip(&self.shows) {
            line("claim", Some(claim.clone()))?;
            line("shows", Some(shows.clone()))?;
        }
        Ok(())
    }
}

fn join(values: &[i64]) -> String {
    values.iter().map(i64::to_string).collect::<Vec<_>>().join(" ")
}

/// The policy with its answer, or the sentence: what a person is shown.
fn shown(claim: &Claim) -> String {
    match &claim.body {
        Statement::Inference(body) => format!("{} {}", body.policy, body.item().unwrap().answer),
        Statement::Colouring(body) => body.words().to_string(),
    }
}

fn numbers<T: std::str::FromStr>(text: &str) -> Option<Vec<T>> {
    text.split(' ').map(|word| word.parse().ok()).collect()
}

/// Lowercase hex digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let pairs = text.as_bytes().chunks(2);
    let bytes: Option<Vec<u8>> = pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect();
    bytes?.try_into().ok()
}
