//! What a card says of its model.

use super::{instance_layout, Compiled};
use crate::about::About;
use crate::error::ProveError;
use crate::fidelity::Fidelity;
use provenn_circuits::compile::{self, Ranges};
use provenn_circuits::graph::{Graph, InputType};
use provenn_circuits::layout::Shape;
use provenn_circuits::program::Program;
use provenn_verifier::{Disclosure, InstanceLayout, OutputLayout, Quantization, Target, WholeOutput};
use serde::{Deserialize, Serialize};

/// The people's part of a model card. Everything in it is bound by the model id.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Description {
    /// Name of the ONNX graph.
    pub name: String,
    /// The inputs, in the order of the key.
    pub inputs: Vec<InputDescription>,
    /// The outputs, likewise.
    pub outputs: Vec<OutputDescription>,
    /// Weights and biases.
    pub parameters: usize,
    /// Circuit dimensions.
    pub shape: Shape,
    /// Calibrated magnitudes of the values of the graph, from which all scales follow.
    pub ranges: Ranges,
    /// Fractional bits per stored tensor.
    pub tensors: Vec<(String, i32)>,
    /// How far the program is from the float model, as the owner measured it.
    pub fidelity: Fidelity,
    /// The policies that fit the model's outputs, and the bits each reveals; without those whose bits depend on their parameters.
    pub leakage: Vec<(String, String)>,
    /// What its publisher says of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<About>,
}

/// An input of a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InputDescription {
    /// Name in the ONNX graph.
    pub name: String,
    /// Shape; a first axis of one is the batch and not in it.
    pub shape: Vec<usize>,
    /// What its elements may be.
    pub elements: InputType,
    /// An integer v stands for v / 2^frac.
    pub frac: i32,
    /// Element `i`, row-major, has `lifts[i]` fractional bits more; empty if all have the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lifts: Vec<u8>,
    /// How receipts bind it.
    pub binding: Binding,
}

/// How receipts bind an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Binding {
    /// They show it.
    Public,
    /// They show a commitment to it.
    Committed,
}

impl Binding {
    /// Its name on cards.
    pub fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Committed => "committed",
        }
    }
}

/// An output of a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OutputDescription {
    /// Name in the ONNX graph.
    pub name: String,
    /// Shape; a first axis of one is the batch and not in it.
    pub shape: Vec<usize>,
    /// A score z stands for z / 2^frac.
    pub frac: i32,
}

impl InputDescription {
    /// Which numbers its integers stand for.
    pub fn quantization(&self) -> Quantization {
        Quantization {
            frac: self.frac,
            lifts: self.lifts.clone(),
        }
    }
}

impl OutputDescription {
    /// Which numbers its scores stand for.
    pub fn quantization(&self) -> Quantization {
        Quantization {
            frac: self.frac,
            lifts: vec![],
        }
    }
}

impl Description {
    /// The fractional bits of each output, as words of the verifier take them.
    pub fn fracs(&self) -> Vec<i32> {
        self.outputs.iter().map(|output| output.frac).collect()
    }

    /// A policy in words, in the units of the model.
    pub fn words(&self, policy: &Disclosure) -> String {
        policy.words().shown(&self.fracs())
    }

    /// The class that the publisher names a label of an output.
    pub fn class(&self, output: usize, label: usize) -> Option<&str> {
        let name = &self.outputs.get(output)?.name;
        let about = self.about.as_ref()?.outputs.iter().find(|about| about.name == *name)?;
        about.classes.get(label).map(String::as_str)
    }

    /// Checks what the publisher says against the public columns of the model.
    pub(crate) fn check_about(&self, layout: Option<&InstanceLayout>) -> Result<(), String> {
        let (Some(about), Some(layout)) = (&self.about, layout) else {
            return Ok(());
        };
        let inputs: Vec<&str> = self.inputs.iter().map(|input| input.name.as_str()).collect();
        let outputs: Vec<&str> = self.outputs.iter().map(|output| output.name.as_str()).collect();
        about.check(&inputs, &outputs, layout)
    }

    /// The index of the input of this name.
    ///
    /// # Errors
    /// [`ProveError::UnknownInput`].
    pub fn input(&self, name: &str) -> Result<usize, ProveError> {
        let found = self.inputs.iter().position(|input| input.name == name);
        found.ok_or_else(|| ProveError::UnknownInput {
            name: name.to_owned(),
            inputs: self.inputs.iter().map(|input| input.name.clone()).collect(),
        })
    }

    /// What a policy speaks of that names this output: `all`, or the output of this name.
    ///
    /// # Errors
    /// [`ProveError::UnknownOutput`].
    pub fn target(&self, name: &str) -> Result<Target, ProveError> {
        let found = self.outputs.iter().position(|output| output.name == name);
        let found = found.map(|index| Target::Output(index as u32));
        let all = (name == Target::All.to_string() && self.outputs.len() > 1).then_some(Target::All);
        found.or(all).ok_or_else(|| ProveError::UnknownOutput {
            name: name.to_owned(),
            outputs: self.outputs.iter().map(|output| output.name.clone()).collect(),
        })
    }

    /// What policies know of the outputs, for their ranges.
    pub fn ranges_of_outputs(&self) -> Vec<OutputLayout> {
        let bits = self.shape.precision().bits();
        let items = self.shape.items as u32;
        let layout = |(index, output): (usize, &OutputDescription)| {
            let len = output.shape.iter().product::<usize>() as u32;
            // Where the values stand makes no difference to a policy.
            let whole = WholeOutput {
                channels: len,
                positions: 1,
                row: 0,
            };
            let whole = Some(whole).filter(|_| self.shape.whole.contains(&index));
            OutputLayout {
                len,
                rows: whole.map_or(len, |_| 0),
                bits,
                items,
                whole,
            }
        };
        self.outputs.iter().enumerate().map(layout).collect()
    }

    /// Whether receipts of a policy are about the model's outputs.
    ///
    /// # Errors
    /// [`ProveError::NotOffered`].
    pub fn offers(&self, disclosure: &Disclosure) -> Result<(), ProveError> {
        match self.leakage.iter().any(|(name, _)| *name == disclosure.listed()) {
            true => Ok(()),
            false => Err(ProveError::NotOffered {
                policy: disclosure.name(),
                offered: self.leakage.iter().map(|(name, _)| name.clone()).collect(),
            }),
        }
    }
}

pub(crate) fn describe(compiled: &Compiled, fidelity: Fidelity) -> Description {
    describe_parts(Described {
        graph: &compiled.graph,
        ranges: &compiled.ranges,
        model: &compiled.model,
        shape: &compiled.layout.shape,
        instances: &instance_layout(&compiled.model, &compiled.layout),
        fidelity,
    })
}

/// What a card describes.
pub(crate) struct Described<'a> {
    pub graph: &'a Graph,
    pub ranges: &'a Ranges,
    pub model: &'a Program,
    pub shape: &'a Shape,
    pub instances: &'a InstanceLayout,
    pub fidelity: Fidelity,
}

pub(crate) fn describe_parts(of: Described<'_>) -> Description {
    let Described {
        graph,
        ranges,
        model,
        shape,
        instances,
        fidelity,
    } = of;
    // An index has no scores: those before it are no output of the model.
    let scores = compile::scores(graph);
    let has_scores = |index: usize| scores.get(index) == graph.outputs.get(index).map(|output| &output.value);
    let is_offered = |disclosure: &Disclosure| match disclosure.target {
        Target::Output(index) => has_scores(index as usize) || disclosure.policy.about().of_index,
        Target::All => (0..graph.outputs.len()).all(has_scores),
    };
    let is_listed = |disclosure: &Disclosure| is_offered(disclosure) && !disclosure.policy.about().sized;
    let offered = Disclosure::offered(instances).into_iter().filter(is_listed);
    let leakage = offered.map(|disclosure| {
        let bits = disclosure.microbits(instances) as f64 / 1e6;
        let words = format!("{bits:.2} bits, the answer that there is no receipt among them");
        (disclosure.name(), words)
    });
    let inputs = model.inputs.iter().zip(&model.tensors).zip(&shape.inputs);
    let inputs = inputs.map(|((input, tensor), own)| InputDescription {
        name: tensor.name.clone(),
        shape: input.shape.clone(),
        elements: input.elements,
        frac: tensor.frac,
        lifts: input.lifts.clone(),
        binding: match own.public {
            true => Binding::Public,
            false => Binding::Committed,
        },
    });
    let outputs = model
        .outputs
        .iter()
        .enumerate()
        .map(|(index, output)| OutputDescription {
            name: output.name.clone(),
            shape: output.shape.clone(),
            frac: model.output(index).frac,
        });
    Description {
        name: graph.name.clone(),
        inputs: inputs.collect(),
        outputs: outputs.collect(),
        parameters: graph
            .values
            .iter()
            .filter_map(|v| v.constant.as_ref())
            .map(|t| t.data.len())
            .sum(),
        shape: shape.clone(),
        ranges: ranges.clone(),
        tensors: model.tensors.iter().map(|t| (t.name.clone(), t.frac)).collect(),
        fidelity,
        leakage: leakage.collect(),
        about: None,
    }
}
