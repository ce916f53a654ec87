//! Bodies of claims as JSON, one function for each kind of statement.

use crate::json::{hex, list, text, words, Object};
use provenn_verifier::statement::colouring::GraphText;
use provenn_verifier::{Answer, Colouring, Disclosure, Inference, InputBinding, Item, Policy, Statement};

pub(crate) fn body(statement: &Statement) -> String {
    match statement {
        Statement::Inference(body) => inference(body),
        Statement::Colouring(body) => colouring(body),
    }
}

fn inference(body: &Inference) -> String {
    Object::new()
        .hex("model_id", &body.model_id)
        .hex("quantization", &body.quantization)
        .raw("policy", policy(&body.policy))
        .raw("items", list(body.items.iter().map(|one| item(&body.policy, one))))
        .end()
}

/// Largest graph that can be drawn so that something is seen.
const DRAWN: (u32, u32) = (500, 10_000);

/// What the file of a graph says. `pairs` are its edges, for a drawing; `null` of a graph that is too large for one.
pub(crate) fn graph(text: &GraphText) -> String {
    let graph = &text.graph;
    let drawn = graph.vertices() <= DRAWN.0 && graph.edge_count() <= DRAWN.1;
    let pairs = drawn.then(|| list(graph.edges().iter().map(|(u, v)| format!("[{u},{v}]"))));
    Object::new()
        .raw("vertices", graph.vertices())
        .raw("edges", graph.edge_count())
        .raw("repeated", text.repeated)
        .hex("digest", &graph.digest())
        .raw("pairs", pairs.unwrap_or_else(|| "null".to_owned()))
        .end()
}

/// `says` is the claim in a sentence.
fn colouring(body: &Colouring) -> String {
    Object::new()
        .raw("colours", body.colours)
        .raw("vertices", body.vertices)
        .raw("edges", body.edges)
        .hex("graph", &body.graph)
        .raw("says", words(&body.words()))
        .end()
}

/// `target` is the index of the output that the policy speaks of, or `all`.
fn policy(policy: &Disclosure) -> String {
    Object::new()
        .text("name", policy.policy.name())
        .text("target", &policy.target.to_string())
        .text("text", &policy.to_string())
        .raw("words", words(&policy.words()))
        .end()
}

/// `says` is what the model gave, for a sentence.
fn item(policy: &Disclosure, item: &Item) -> String {
    let label = match item.answer {
        Answer::Label(label) => Some(label),
        _ => None,
    };
    Object::new()
        .raw("inputs", list(item.inputs.iter().map(input)))
        .text("answer", &item.answer.to_string())
        .raw("label", label.map_or("null".to_owned(), |label| label.to_string()))
        .raw("words", words(&policy.answer_words(&item.answer)))
        .raw("says", words(&policy.says(&item.answer)))
        .end()
}

fn input(input: &InputBinding) -> String {
    let object = Object::new();
    match input {
        InputBinding::Public { values } => object.text("kind", "public").raw("values", list(values)),
        InputBinding::Committed { points } => object
            .text("kind", "committed")
            .raw("points", list(points.iter().map(|point| text(&hex(point))))),
    }
    .end()
}

/// All policies, for forms: `name`, `title`, `listed` (what a card names where it offers it), `parameters` (each with `name`, `title` and `unit`: `output`, `outputs`, `count` or `value`) and the `form` of
/// its answers (`scores`, `label`, `labels`, `bit` or `yes`).
pub fn policies() -> String {
    list(Policy::KINDS.iter().map(|about| {
        let parameters = about.parameters.iter().map(|parameter| {
            Object::new()
                .text("name", parameter.name)
                .text("title", parameter.title)
                .text("unit", parameter.unit.name())
                .end()
        });
        Object::new()
            .text("name", about.name)
            .text("title", about.title)
            .text("listed", about.listed())
            .raw("parameters", list(parameters))
            .text("form", about.form.name())
            .end()
    }))
}
