//! Stages put together: the card of the chain follows from theirs alone, so that anybody can make it, and an audit makes it again.

use super::commit::text;
use super::stage::{layout, Gives};
use super::{stage_description, ChainDescription};
use crate::about::About;
use crate::commit::Description;
use crate::error::ProveError;
use crate::fidelity::Fidelity;
use provenn_circuits::compile::Ranges;
use provenn_circuits::layout::Shape;
use provenn_verifier::{ChainCard, ModelCard};

/// The chain of these stages, from the first. Its registrations are not checked yet.
///
/// # Errors
/// [`ProveError::Stage`] names the stage that does not fit, and why.
pub fn of_stages(stages: Vec<ModelCard>, about: Option<About>) -> Result<ChainCard, ProveError> {
    let described: Vec<Description> = stages.iter().map(stage_description).collect::<Result<_, _>>()?;
    let named = |index: usize| format!("stage {} (`{}`)", index + 1, described[index].name);
    let refused = |reason: String, help| Err(ProveError::Stage { reason, help });
    if stages.len() < 2 {
        return refused(
            "a chain has two stages at least".into(),
            "give the card of each stage, in their order",
        );
    }
    for (index, card) in stages.iter().enumerate() {
        let own = layout(card)?;
        let Some(before) = index.checked_sub(1) else {
            if own.takes {
                let reason = format!("{} takes what a stage before it gives", named(index));
                return refused(reason, "give the cards of all stages, from the first");
            }
            continue;
        };
        let gives = Gives::of(&stages[before])?;
        let other = |what: &str| format!("{} {what} than {} before it", named(index), named(before));
        if !own.takes {
            let reason = format!("{} takes nothing from the stage before it", named(index));
            return refused(reason, "commit it with --after the card of that stage");
        }
        // Other rows are another SRS too.
        let again = "commit it again, --after the card of that stage";
        if card.key.k != stages[before].key.k {
            return refused(other("has other rows"), again);
        }
        if card.srs_id != stages[before].srs_id {
            return refused(
                other("was committed under another SRS"),
                "commit all stages under one SRS",
            );
        }
        let own = described[index].inputs.first();
        let own = own.map(|input| (input.shape.as_slice(), input.frac, input.lifts.as_slice()));
        // The verifier compares places and widths; what the integers there stand for is in the descriptions, which audits rebuild.
        let (shape, frac) = own.map_or((None, None), |(shape, frac, _)| (Some(shape), Some(frac)));
        if shape != gives.output().map(|(shape, _)| shape) {
            return refused(other("takes another shape"), again);
        }
        if frac != gives.output().map(|(_, frac)| frac) || own.is_some_and(|(.., lifts)| !lifts.is_empty()) {
            return refused(other("reads its values at another scale"), again);
        }
    }
    if layout(&stages[stages.len() - 1])?.gives.is_some() {
        let reason = format!("{} gives its output to another stage", named(stages.len() - 1));
        return refused(
            reason,
            "give the card of the last stage too, which is committed without --gives",
        );
    }
    let card = ChainCard {
        description: text(&described_whole(described, about))?,
        segments: stages,
    };
    // Places and widths.
    card.validate().map_err(|error| ProveError::Stage {
        reason: format!("the stages do not follow one another ({error})"),
        help: "commit each again, --after the card of the stage before it",
    })?;
    super::description(&card)?;
    Ok(card)
}

/// What is said of the whole: inputs of the first stage, outputs of the last. Recipe and fidelity of each are on its own card.
fn described_whole(stages: Vec<Description>, about: Option<About>) -> ChainDescription {
    let names: Vec<String> = stages.iter().map(|stage| stage.name.clone()).collect();
    let parameters = stages
        .iter()
        .fold(0usize, |sum, stage| sum.saturating_add(stage.parameters));
    let mut ends = stages.into_iter();
    // Two at least.
    let first = ends.next();
    let last = ends.last();
    let (inputs, taken) = first
        .map(|first| (first.inputs, first.shape.inputs))
        .unwrap_or_default();
    let (outputs, shape, leakage) = last
        .map(|last| (last.outputs, last.shape, last.leakage))
        .unwrap_or_default();
    ChainDescription {
        model: Description {
            name: names.join(" > "),
            inputs,
            outputs,
            parameters,
            shape: Shape { inputs: taken, ..shape },
            ranges: Ranges::default(),
            tensors: vec![],
            fidelity: Fidelity::unmeasured(),
            leakage,
            about,
        },
        cuts: vec![],
        stages: names,
    }
}
