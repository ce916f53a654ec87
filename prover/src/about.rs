//! What people expect of a model card beyond numbers: name, licence, intended use, names of classes, units. It is the publisher's word;
//! the model id binds it like the rest of the description.

use crate::error::ProveError;
use crate::store::json_reason;
use provenn_verifier::text::{is_printable, quoted, SHOWN_NAME};
use provenn_verifier::InstanceLayout;
use serde::{Deserialize, Serialize};

/// Most characters of a name, a licence, a contact.
pub const MAX_LINE: usize = 200;
/// Most characters of the intended use and of the notes on data.
pub const MAX_TEXT: usize = 4000;
/// Most characters of a class or a unit: so many of a name are shown.
pub const MAX_NAME: usize = SHOWN_NAME;

/// What a publisher says of a model.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// What the publisher calls the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its version, by the publisher's own count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Under which terms it may be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// What it is for, and what it is not for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intended_use: Option<String>,
    /// Whom to ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// What it was trained and measured on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// Inputs that there is something to say of, by their names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<AboutInput>,
    /// Outputs, likewise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outputs: Vec<AboutOutput>,
}

/// What is said of an input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AboutInput {
    /// Name in the ONNX graph.
    pub name: String,
    /// What its values are measured in.
    pub unit: String,
}

/// What is said of an output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AboutOutput {
    /// Name in the ONNX graph.
    pub name: String,
    /// What its scores are measured in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The class of each label, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<String>,
}

impl About {
    /// Reads what a publisher wrote down. Whether it fits a model is seen when that is committed.
    ///
    /// # Errors
    /// [`ProveError::About`].
    pub fn from_json(bytes: &[u8]) -> Result<Self, ProveError> {
        // A list of values without their names would be taken for the fields in their order.
        if bytes.trim_ascii_start().starts_with(b"[") {
            return Err(ProveError::About {
                reason: "a list is another form than an object with named fields".into(),
            });
        }
        serde_json::from_slice(bytes).map_err(|e| ProveError::About {
            reason: json_reason(&e),
        })
    }

    /// The texts for people, each with its name.
    pub fn texts(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let texts = [
            ("name", &self.name),
            ("version", &self.version),
            ("licence", &self.licence),
            ("intended use", &self.intended_use),
            ("contact", &self.contact),
            ("data", &self.data),
        ];
        texts
            .into_iter()
            .filter_map(|(name, text)| Some((name, text.as_deref()?)))
    }

    /// Checks sizes and characters, and that it speaks of inputs and outputs that the model has, with a class for each label.
    /// `inputs` and `outputs` are their names.
    pub(crate) fn check(&self, inputs: &[&str], outputs: &[&str], layout: &InstanceLayout) -> Result<(), String> {
        for (name, text) in self.texts() {
            let long = matches!(name, "intended use" | "data");
            shown(name, text, if long { MAX_TEXT } else { MAX_LINE })?;
        }
        once("input", self.inputs.iter().map(|input| input.name.as_str()), inputs)?;
        once(
            "output",
            self.outputs.iter().map(|output| output.name.as_str()),
            outputs,
        )?;
        for input in &self.inputs {
            shown(
                &format!("the unit of input {}", quoted(&input.name)),
                &input.unit,
                MAX_NAME,
            )?;
        }
        for output in &self.outputs {
            let name = quoted(&output.name);
            if let Some(unit) = &output.unit {
                shown(&format!("the unit of output {name}"), unit, MAX_NAME)?;
            }
            for (label, class) in output.classes.iter().enumerate() {
                shown(&format!("class {label} of output {name}"), class, MAX_NAME)?;
            }
            let place = outputs.iter().position(|known| *known == output.name);
            let labels = place
                .and_then(|at| layout.outputs.get(at))
                .map_or(0, |output| output.labels() as usize);
            if !output.classes.is_empty() && output.classes.len() != labels {
                return Err(format!(
                    "output {name} has {labels} labels, and {} classes are named",
                    output.classes.len()
                ));
            }
        }
        Ok(())
    }
}

/// Whether a text is there, is not too long and can be shown as it is.
fn shown(name: &str, text: &str, maximum: usize) -> Result<(), String> {
    match text.chars().count() {
        0 => Err(format!("{name} is empty")),
        got if got > maximum => Err(format!("{name} has {got} characters, at most {maximum} are accepted")),
        _ if !is_printable(text) => Err(format!(
            "{name} has characters that cannot be shown (controls, line ends, invisible ones)"
        )),
        _ => Ok(()),
    }
}

/// Whether all names are known, and none comes twice.
fn once<'a>(what: &str, names: impl Iterator<Item = &'a str>, known: &[&str]) -> Result<(), String> {
    let mut seen = Vec::new();
    for name in names {
        if !known.contains(&name) {
            let known: Vec<String> = known.iter().map(|name| quoted(name)).collect();
            return Err(format!(
                "the model has no {what} {}; it has {}",
                quoted(name),
                known.join(", ")
            ));
        }
        if seen.contains(&name) {
            return Err(format!("{what} {} is named twice", quoted(name)));
        }
        seen.push(name);
    }
    Ok(())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests;
