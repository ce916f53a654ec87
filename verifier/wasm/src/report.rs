//! The decision of [`provenn_verifier::verify`], with every check named and the claim spelled out.

use crate::checks::{Check, State};
use crate::json::{list, text, words, Object};
use crate::request::{refused, Request};
use crate::{statement, values};
use provenn_verifier::statement::colouring::{GraphText, GraphTextError};
use provenn_verifier::{
    differences, verify, AnyCard, AnyReceipt, Bundle, Claim, Disclosure, Graph, InputLayout, InstanceLayout,
    SchemaError, SrsKind, SrsVerifyingKey, StatementKind, Subject, Verdict, VerifyError,
};

/// Decides a request. The result is a JSON object:
///
/// - `verdict`: `verified`, `dev-verified` or `refused`;
/// - `error`: `null`, or `code`, `message`, `help` and the name of the `check` that failed;
/// - `differences`: in what the receipt is not as asked, each with `field`, and `expected` and `found` in words;
/// - `checks`: all of [`Check::ALL`], each with `name`, `title` and `state`;
/// - `bundle`: `null`, or how many `receipts` the bundle holds, which `receipt` this is about, and whether its card is `signed` and `logged`, the `state` of the model stated and an `agreement` there, of which nothing is checked here;
/// - `values`: what the verdict says in the units of the model, see [`Values`](provenn_verifier::Values); `null` without a verdict, or where the card does not say them;
/// - `claim` (its `body` by the kind of `statement`), `card` (with how many `segments`, of a model in segments) or `graph`, `srs`: what the files say, `null` where one does not decode. Only under a verdict other than
///   `refused` is the claim true.
pub fn report(request: &Request<'_>) -> String {
    let bundle = match request.bundle.map(Bundle::from_bytes).transpose() {
        Ok(bundle) => bundle,
        Err(error) => return judged(request, None, Some(Refusal::new(Check::BundleFile, error))),
    };
    let Some(bundle) = &bundle else {
        return judged(request, None, None);
    };
    let index = usize::try_from(request.receipt_index).unwrap_or(usize::MAX);
    let receipt = bundle.receipts.get(index).map_or(&[][..], |one| one.receipt.as_slice());
    let parts = Request {
        receipt,
        card: &bundle.card,
        srs: &bundle.srs,
        ..request.clone()
    };
    judged(&parts, Some(bundle), None)
}

/// The report about the parts of a request; `broken` is why there are none.
fn judged(request: &Request<'_>, bundle: Option<&Bundle>, broken: Option<Refusal>) -> String {
    let about = About::of(request);
    let request = &match asked(request, &about) {
        Ok(request) => request,
        Err(message) => {
            return refused(
                "policy-out-of-range",
                &message,
                "Give a policy that the model has, with values in their ranges.",
            )
        }
    };
    let srs = SrsVerifyingKey::from_bytes(request.srs);
    let receipt = AnyReceipt::from_bytes(request.receipt);
    let claim = receipt.as_ref().map(AnyReceipt::claim);
    let result = match broken {
        Some(refusal) => Err(refusal),
        None => decide(request, &about, srs.as_ref(), claim),
    };
    let (verdict, error) = match &result {
        Ok(Verdict::Verified(_)) => ("verified", None),
        Ok(Verdict::Dev(_)) => ("dev-verified", None),
        Err(refusal) => ("refused", Some(refusal)),
    };
    let schema = about.card().map(AnyCard::schema);
    let schema = schema.as_ref().and_then(|schema| schema.as_ref().ok());
    let values = schema.zip(result.as_ref().ok());
    let values = values.and_then(|(schema, verdict)| schema.values(verdict).ok());
    let failed = error.map(|refusal| refusal.check);
    let checks = Check::ALL.map(|check| {
        Object::new()
            .text("name", check.name())
            .text("title", check.title())
            .text("state", state(check, failed, request).name())
            .end()
    });
    let apart = match (claim, about.subject(), &srs) {
        (Ok(claim), Some(subject), Ok(srs)) if error.is_some() => {
            differences(claim, subject, srs, &request.expectation)
        }
        _ => vec![],
    };
    let apart = apart.iter().map(|difference| {
        Object::new()
            .text("field", difference.field)
            .raw("expected", words(&difference.expected))
            .raw("found", words(&difference.found))
            .end()
    });
    let null = || "null".to_owned();
    let (card, graph) = match &about {
        About::Card(card) => (card.as_ref().ok(), None),
        About::Graph(graph) => (None, graph.as_ref().ok()),
    };
    Object::new()
        .text("verdict", verdict)
        .raw("error", error.map_or_else(null, Refusal::json))
        .raw("differences", list(apart))
        .raw("checks", list(checks))
        .raw("values", values.as_ref().map_or_else(null, values::values))
        .raw("claim", claim.map_or_else(|_| null(), claim_json))
        .raw("card", card.map_or_else(null, |card| card_json(card, claim.ok())))
        .raw("graph", graph.map_or_else(null, statement::graph))
        .raw("srs", srs.as_ref().map_or_else(|_| null(), srs_json))
        .raw(
            "bundle",
            bundle.map_or_else(null, |bundle| bundle_json(bundle, request.receipt_index)),
        )
        .end()
}

/// The request with the integers of a policy that is asked in the units of the model, or what is wrong with that policy.
fn asked<'a>(request: &Request<'a>, about: &About) -> Result<Request<'a>, String> {
    let mut asked = request.clone();
    // Without a schema the card is refused.
    if let (Some(text), Some(Ok(schema))) = (request.policy, about.card().map(AnyCard::schema)) {
        let policy = schema.policy(text).map_err(|error| error.shown(&schema.fracs()))?;
        asked.expectation.inference.policy = Some(policy);
    }
    Ok(asked)
}

/// What the receipt is to be about.
enum About {
    Card(Result<AnyCard, VerifyError>),
    Graph(Result<GraphText, GraphTextError>),
}

impl About {
    fn of(request: &Request<'_>) -> Self {
        match request.graph {
            Some(text) => Self::Graph(Graph::from_text(text)),
            None => Self::Card(AnyCard::from_bytes(request.card)),
        }
    }

    /// The card, if it decodes.
    fn card(&self) -> Option<&AnyCard> {
        match self {
            Self::Card(card) => card.as_ref().ok(),
            Self::Graph(_) => None,
        }
    }

    fn kind(&self) -> StatementKind {
        match self {
            Self::Card(_) => StatementKind::Inference,
            Self::Graph(_) => StatementKind::Colouring,
        }
    }

    fn subject(&self) -> Option<Subject<'_>> {
        match self {
            Self::Card(card) => card.as_ref().ok().map(Subject::from),
            Self::Graph(text) => text.as_ref().ok().map(|text| Subject::from(&text.graph)),
        }
    }
}

/// The check that failed, and why.
struct Refusal {
    check: Check,
    code: &'static str,
    message: String,
    help: &'static str,
}

impl Refusal {
    fn new(check: Check, error: VerifyError) -> Self {
        Self {
            check,
            code: error.code(),
            message: error.to_string(),
            help: error.help(),
        }
    }

    fn of_schema(error: &SchemaError) -> Self {
        Self {
            check: Check::CardFile,
            code: error.code(),
            message: error.to_string(),
            help: error.help(),
        }
    }

    fn of_graph(error: GraphTextError) -> Self {
        Self {
            check: Check::GraphFile,
            code: "graph-file",
            message: error.to_string(),
            help: "Give a DIMACS .col file, or a list of edges with one `U V` on each line.",
        }
    }

    fn json(&self) -> String {
        Object::new()
            .text("code", self.code)
            .text("message", &self.message)
            .text("help", self.help)
            .text("check", self.check.name())
            .end()
    }
}

/// The verdict, or the error and the check that gave it.
fn decide(
    request: &Request<'_>,
    about: &About,
    srs: Result<&SrsVerifyingKey, &VerifyError>,
    claim: Result<&Claim, &VerifyError>,
) -> Result<Verdict, Refusal> {
    let srs = srs.map_err(|error| Refusal::new(Check::SrsFile, *error))?;
    let named = |id: [u8; 32]| match request.srs_id {
        Some(expected) if expected != id => Err(Refusal::new(Check::NamedSrs, VerifyError::SrsMismatch)),
        _ => Ok(()),
    };
    let verdict = match about {
        About::Card(card) => {
            let card = card.as_ref().map_err(|error| Refusal::new(Check::CardFile, *error))?;
            if request.policy.is_some() {
                card.schema().map_err(|error| Refusal::of_schema(&error))?;
            }
            let named_model = request.expectation.inference.model_id;
            if named_model.is_some_and(|id| id != card.model_id()) {
                return Err(Refusal::new(Check::NamedModel, VerifyError::ModelMismatch));
            }
            named(srs.id())?;
            let card = card.clone().check(srs);
            let card = card.map_err(|error| Refusal::new(Check::of_card(error), error))?;
            verify(request.receipt, &card, srs, &request.expectation)
        }
        About::Graph(text) => {
            let text = text.as_ref().map_err(|error| Refusal::of_graph(*error))?;
            named(srs.id())?;
            verify(request.receipt, &text.graph, srs, &request.expectation)
        }
    };
    verdict.map_err(|error| {
        let check = match (error, claim) {
            (VerifyError::DevSrs, _) => Check::Parameters,
            (_, Err(_)) => Check::ReceiptFile,
            // Nothing else was looked at.
            (_, Ok(claim)) if claim.body.kind() != about.kind() => Check::Kind,
            // It decodes: of a model in segments under the card of another, or the other way round.
            (VerifyError::BadMagic { .. }, Ok(_)) => Check::Kind,
            (_, Ok(_)) => Check::of(error),
        };
        Refusal::new(check, error)
    })
}

fn state(check: Check, failed: Option<Check>, request: &Request<'_>) -> State {
    match failed {
        Some(failed) if check == failed => State::Failed,
        // What the reason is, and so how far the verifier got, is not known here.
        Some(Check::Other) => State::NotReached,
        Some(failed) if check > failed => State::NotReached,
        _ if !check.is_asked(request) => State::NotAsked,
        _ => State::Passed,
    }
}

fn claim_json(claim: &Claim) -> String {
    let context = &claim.context;
    Object::new()
        .hex("digest", &claim.digest())
        .hex("key_digest", &claim.key_digest)
        .hex("srs_id", &claim.srs_id)
        .text("audience", &context.audience)
        .hex("nonce", &context.nonce)
        // As text: it may exceed what a JavaScript number holds exactly.
        .raw("not_after", text(&context.not_after.to_string()))
        .text("statement", claim.body.kind().name())
        .raw("body", statement::body(&claim.body))
        .end()
}

fn card_json(card: &AnyCard, claim: Option<&Claim>) -> String {
    let object = Object::new()
        .hex("model_id", &card.model_id())
        .hex("key_digest", &card.key_digest())
        .hex("quantization", &card.quantization())
        .hex("srs_id", &card.srs_id())
        .raw("k", card.k())
        .raw(
            "segments",
            card.segments()
                .map_or_else(|| "null".to_owned(), |count| count.to_string()),
        )
        .raw("commitments", card.commitments())
        .text("description", card.description());
    match card.layout() {
        Some(layout) => object
            .raw("inputs", list(layout.inputs.iter().map(input_json)))
            .raw(
                "outputs",
                list(layout.outputs.iter().map(|output| {
                    Object::new()
                        .raw("values", output.len)
                        .raw("labels", output.labels())
                        .raw("bits", output.bits)
                        .end()
                })),
            )
            .raw("leakage", list(leakage(&layout, claim)))
            .raw(
                "schema",
                card.schema()
                    .map_or_else(|_| "null".to_owned(), |schema| values::schema(&schema)),
            ),
        None => object,
    }
    .end()
}

fn input_json(input: &InputLayout) -> String {
    Object::new()
        .raw("values", input.values())
        .raw("public", input.public)
        .end()
}

/// What each policy lets out at most of each output, `[name, millionths of a bit]`; names as [`Disclosure::name`]. Last, under its whole text, the
/// policy of the claim, if its parameters say how much it lets out.
fn leakage(layout: &InstanceLayout, claim: Option<&Claim>) -> Vec<String> {
    let pair = |name: &str, policy: &Disclosure| list([text(name), policy.microbits(layout).to_string()]);
    let stated = claim.and_then(|claim| claim.body.inference()).map(|body| &body.policy);
    let stated = stated.filter(|policy| policy.policy.about().sized && policy.fits(layout));
    let offered = Disclosure::offered(layout);
    let offered = offered.iter().map(|policy| pair(&policy.name(), policy));
    offered
        .chain(stated.map(|policy| pair(&policy.to_string(), policy)))
        .collect()
}

/// What a bundle holds beside what is judged: who vouches for its card is not, nor what was agreed.
fn bundle_json(bundle: &Bundle, receipt: u32) -> String {
    Object::new()
        .raw("receipts", bundle.receipts.len())
        .raw("receipt", receipt)
        .raw("signed", bundle.signature.is_some())
        .raw("logged", bundle.card_log_proof.is_some())
        .raw("state", bundle.state.is_some())
        .raw("agreement", bundle.agreement.is_some())
        .end()
}

fn srs_json(srs: &SrsVerifyingKey) -> String {
    let kind = match srs.kind {
        SrsKind::Dev => "development",
        SrsKind::Ceremony => "ceremony",
    };
    Object::new()
        .hex("srs_id", &srs.id())
        .text("kind", kind)
        .raw("k", srs.k)
        .end()
}
