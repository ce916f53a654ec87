//! From an ONNX file to a committed model: compilation, key generation, weight commitments, card.

use crate::about::About;
use crate::compact::compact;
use crate::error::{Defect, ProveError};
use crate::fidelity::{measure, Fidelity, Source};
use crate::plonk::{self, msm};
use crate::recipe;
use crate::register::{register, Unregistered};
use crate::rows::{self, Rows, Use};
use crate::srs::{Srs, SrsKind};
use halo2_proofs::plonk::ProvingKey;
use halo2curves::bn256::{Fr, G1Affine, G1};
use halo2curves::group::{Curve, GroupEncoding};
use provenn_circuits::argument::{weight_cells, Columns, ModelCircuit, Objective};
use provenn_circuits::compile::{self, Choice, Chosen, Ranges};
use provenn_circuits::graph::{Graph, InputType};
use provenn_circuits::layout::{Layout, Shape, TAIL};
use provenn_circuits::onnx;
use provenn_circuits::program::{self, Program};
use provenn_circuits::register::RegisterCircuit;
use provenn_circuits::CircuitError;
use provenn_engine::{Cells, Column};
use provenn_verifier::{
    CheckedCard, Disclosure, Folded, InputLayout, InputOrder, InstanceLayout, Linked, OutputLayout, Purpose, RowSet,
    SrsParts, SrsVerifyingKey, Target, VerifyingKey,
};
use rand_chacha::ChaCha20Rng;
use rand_core::{CryptoRng, RngCore, SeedableRng};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How to commit.
#[derive(Clone, Debug, Default)]
pub struct CommitOptions {
    /// Rows that scales are chosen from; seeded ones if none are given.
    pub calibration: Option<Rows>,
    /// Rows that fidelity is measured on; those that scales are chosen from if none are given.
    pub held_out: Option<Rows>,
    /// The inputs that receipts commit to instead of showing them.
    pub committed_inputs: CommittedInputs,
    /// Items of a batch whose labels receipts count; 0 for a model whose receipts are about one run. The model has them as the first axis.
    pub items: usize,
    /// What the circuit is chosen for.
    pub objective: Objective,
    /// What the card says of the model, for people.
    pub about: Option<About>,
}

/// Inputs that receipts commit to; they show the others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CommittedInputs {
    /// None.
    #[default]
    None,
    /// All.
    All,
    /// Those of these names.
    Named(Vec<String>),
}

impl From<bool> for CommittedInputs {
    fn from(all: bool) -> Self {
        match all {
            true => Self::All,
            false => Self::None,
        }
    }
}

impl CommittedInputs {
    /// For each input of a graph whether it is public.
    fn public(&self, graph: &Graph) -> Result<Vec<bool>, ProveError> {
        let inputs: Vec<&String> = graph
            .inputs
            .iter()
            .map(|input| &graph.values[input.value].name)
            .collect();
        let names = match self {
            Self::None => return Ok(vec![true; inputs.len()]),
            Self::All => return Ok(vec![false; inputs.len()]),
            Self::Named(names) => names,
        };
        match names.iter().find(|name| !inputs.contains(name)) {
            Some(name) => Err(ProveError::UnknownInput {
                name: name.clone(),
                inputs: inputs.into_iter().cloned().collect(),
            }),
            None => Ok(inputs.iter().map(|input| !names.contains(input)).collect()),
        }
    }
}

/// A compiled model: what `inspect` shows before anything is committed.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// The float graph.
    pub graph: Graph,
    /// Calibrated magnitudes of its values.
    pub ranges: Ranges,
    /// The quantized program.
    pub model: Arc<Program>,
    /// Its layout.
    pub layout: Arc<Layout>,
    /// The best shape for each objective, with its forecast.
    pub choices: Vec<Choice>,
    /// The rows that its scales were chosen from.
    pub calibration: Rows,
    /// What is odd about them, for the owner.
    pub warnings: Vec<String>,
}

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

impl Description {
    /// The fractional bits of each output, as words of the verifier take them.
    pub fn fracs(&self) -> Vec<i32> {
        self.outputs.iter().map(|output| output.frac).collect()
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
        let layout = |output: &OutputDescription| {
            let len = output.shape.iter().product::<usize>() as u32;
            OutputLayout {
                len,
                rows: len,
                bits,
                items,
            }
        };
        self.outputs.iter().map(layout).collect()
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

/// A committed model, as its owner holds it.
#[derive(Debug)]
pub struct Committed {
    /// The public card.
    pub card: CheckedCard,
    /// The program, with weights.
    pub model: Arc<Program>,
    /// Its layout.
    pub layout: Arc<Layout>,
    /// Tails of the committed weight columns: the openings. Secret.
    pub tails: Vec<Vec<Fr>>,
    /// The proving key.
    pub proving_key: ProvingKey<G1Affine>,
}

/// Imports and compiles a model.
///
/// # Errors
/// Import errors, unsupported operators, bad calibration data.
pub fn compile(bytes: &[u8], options: &CommitOptions) -> Result<Compiled, ProveError> {
    let graph = onnx::import(bytes)?;
    let public = options.committed_inputs.public(&graph)?;
    for (rows, data) in [
        (&options.calibration, Use::Calibration),
        (&options.held_out, Use::HeldOut),
    ] {
        rows.iter().try_for_each(|rows| rows.check(&graph, data))?;
    }
    let rows = match &options.calibration {
        Some(rows) => rows.clone(),
        None => rows::seeded(&graph).into(),
    };
    let graph = graph.lifted_for(&rows.rows);
    let ranges = Ranges::calibrate(&graph, &rows.rows)?;
    let chosen = compile::compile(&graph, &ranges, &public, options.objective)?;
    let Chosen { model, layout, choices } = match options.items {
        0 => chosen,
        items => {
            by_item(&graph, items)?;
            chosen.counting(items)?
        }
    };
    let warnings = match options.calibration.is_some() {
        true => rows.warnings(model.input_tensors()),
        false => vec![],
    };
    Ok(Compiled {
        graph,
        ranges,
        model: Arc::new(model),
        layout: Arc::new(layout),
        choices,
        calibration: rows,
        warnings,
    })
}

/// Whether the first axis of the scores is that of so many items.
fn by_item(graph: &Graph, items: usize) -> Result<(), ProveError> {
    let scores = compile::scores(graph);
    let shapes: Vec<&[usize]> = scores.iter().map(|id| graph.values[*id].shape.as_slice()).collect();
    // An index has no scores of its own on the card.
    let are_outputs = scores.iter().eq(graph.outputs.iter().map(|output| &output.value));
    match are_outputs && shapes.iter().all(|shape| shape.first() == Some(&items)) {
        true => Ok(()),
        false => Err(CircuitError::Items {
            items,
            shapes: format!("{shapes:?}"),
        }
        .into()),
    }
}

impl Compiled {
    /// Fidelity on the held-out rows, or on those that the scales were chosen from.
    ///
    /// # Errors
    /// As [`measure`].
    pub fn fidelity(&self, options: &CommitOptions) -> Result<Fidelity, ProveError> {
        let (rows, source) = match (&options.held_out, &options.calibration) {
            (Some(rows), _) => (rows, Source::HeldOut),
            (None, Some(_)) => (&self.calibration, Source::Calibration),
            (None, None) => (&self.calibration, Source::Seeded),
        };
        measure(&self.graph, &self.model, &rows.rows, source)
    }

    /// Fidelity on as many of the calibration rows as take no more than seconds: what `inspect` has time for.
    ///
    /// # Errors
    /// As [`measure`].
    pub fn estimated_fidelity(&self, source: Source) -> Result<Fidelity, ProveError> {
        let rows = &self.calibration.rows;
        let few = rows.len().min(rows::affordable(&self.graph));
        measure(&self.graph, &self.model, &rows[..few], source)
    }
}

/// Commits to a compiled model under an SRS of `layout.shape.k`.
///
/// # Errors
/// [`CircuitError::Outputs`], constants that do not fit their cells, errors of key generation or randomness.
pub fn commit(compiled: &Compiled, options: &CommitOptions, srs: &Srs) -> Result<Committed, ProveError> {
    commit_with(compiled, options, srs, &mut system_rng()?)
}

/// [`commit`] with the caller's randomness. Whoever can guess it opens the commitments: seeded generators are for fixtures.
///
/// # Errors
/// As [`commit`].
pub fn commit_with<R: RngCore + CryptoRng>(
    compiled: &Compiled,
    options: &CommitOptions,
    srs: &Srs,
    rng: &mut R,
) -> Result<Committed, ProveError> {
    let (model, layout) = (compiled.model.clone(), compiled.layout.clone());
    for (index, id) in compile::scores(&compiled.graph).into_iter().enumerate() {
        let expected = compiled.graph.values[id].shape.iter().product();
        let got = model.output(index).len();
        if expected != got {
            return Err(CircuitError::Outputs { expected, got }.into());
        }
    }
    let mut description = describe(compiled, compiled.fidelity(options)?);
    description.about.clone_from(&options.about);
    let instances = instance_layout(&model, &layout);
    description
        .check_about(Some(&instances))
        .map_err(|reason| ProveError::About { reason })?;
    let circuit = RegisterCircuit::new(&model, &layout)?;
    let (proving_key, key) = model_key(&model, &layout, srs)?;
    let srs_key = srs_verifying_key(srs)?;
    let text = serde_json::to_string(&description).map_err(|e| Defect::Encoding {
        what: "the description",
        reason: e.to_string(),
    })?;
    let unregistered = Unregistered {
        key,
        quantization: recipe::digest(&description),
        description: text,
    };
    let lanes = weight_cells(&model, &layout);
    let registered = register(&circuit, &lanes, unregistered, srs, &srs_key, rng)?;
    let card = registered.card.check(&srs_key).map_err(ProveError::Refused)?;
    Ok(Committed {
        card,
        model,
        layout,
        tails: registered.tails,
        proving_key,
    })
}

/// Both keys of a model's circuit. They do not depend on weights.
pub(crate) fn model_key(
    model: &Arc<Program>,
    layout: &Arc<Layout>,
    srs: &Srs,
) -> Result<(ProvingKey<G1Affine>, VerifyingKey), ProveError> {
    let circuit = ModelCircuit {
        model: model.clone(),
        layout: layout.clone(),
        witness: None,
    };
    if srs.k() != layout.shape.k {
        return Err(ProveError::SrsMismatch);
    }
    let proving_key = plonk::proving_key(&circuit, srs)?;
    let shape = &layout.shape;
    let columns = Columns::numbered(shape);
    let linked = Linked {
        weights: Folded {
            columns: columns.lines.weights,
            lanes: shape.weight_lanes as u32,
            challenge: 0,
            zero: 1 << (shape.weight_bits - 1),
        },
        inputs: columns.input.committed,
        ..Linked::default()
    };
    let key = compact(
        proving_key.get_vk(),
        shape.k,
        linked,
        Purpose::Inference(instance_layout(model, layout)),
        &RowSet::ALL,
    )?;
    Ok((proving_key, key))
}

/// A generator seeded by the operating system.
///
/// # Errors
/// [`ProveError::Randomness`].
pub fn system_rng() -> Result<ChaCha20Rng, ProveError> {
    let mut seed = [0u8; 32];
    getrandom::getrandom(&mut seed).map_err(ProveError::Randomness)?;
    Ok(ChaCha20Rng::from_seed(seed))
}

/// Commitments to columns of small integers with the given tails.
pub fn commit_columns(srs: &Srs, cells: &[Vec<u64>], tails: &[Vec<Fr>]) -> Vec<G1Affine> {
    let columns = cells.iter().zip(tails).map(|(cells, tail)| Column {
        cells: Cells::Integers(cells),
        tail,
    });
    let points = msm::lagrange(srs, TAIL).commit(&columns.collect::<Vec<_>>());
    let mut affine = vec![G1Affine::default(); points.len()];
    G1::batch_normalize(&points, &mut affine);
    affine
}

/// Compressed encoding of a point.
pub fn compressed(point: &G1Affine) -> [u8; 32] {
    let mut bytes = [0u8; 32];
    bytes.copy_from_slice(point.to_bytes().as_ref());
    bytes
}

fn instance_layout(model: &Program, layout: &Layout) -> InstanceLayout {
    let bits = model.precision.bits();
    let inputs = model.inputs.iter().zip(&layout.shape.inputs).zip(&layout.rows);
    let inputs = inputs.map(|((input, shape), rows)| InputLayout {
        channels: shape.channels as u32,
        positions: shape.positions as u32,
        row: rows.iter().copied().min().unwrap_or(0) as u32,
        bits,
        public: shape.public,
        order: input_order(&input.order),
    });
    let outputs = layout
        .outputs
        .iter()
        .enumerate()
        .map(|(index, (_, rows))| OutputLayout {
            len: model.output(index).len() as u32,
            rows: *rows as u32,
            bits,
            items: layout.shape.items as u32,
        });
    InstanceLayout {
        lanes: layout.shape.lanes as u32,
        inputs: inputs.collect(),
        outputs: outputs.collect(),
    }
}

/// The order of the values of an input; one axis is the order in which its tensor numbers them.
fn input_order(order: &program::InputOrder) -> InputOrder {
    let axes = order.axes();
    let axes = axes.iter().filter(|_| axes.len() > 1);
    InputOrder(axes.map(|(extent, stride)| [*extent as u32, *stride as u32]).collect())
}

/// What a verifier needs of an SRS.
///
/// # Errors
/// [`ProveError::ProofSystem`] if the parameters are degenerate.
pub fn srs_verifying_key(srs: &Srs) -> Result<SrsVerifyingKey, ProveError> {
    let kind = match srs.kind {
        SrsKind::Dev => provenn_verifier::SrsKind::Dev,
        SrsKind::Ceremony => provenn_verifier::SrsKind::Ceremony,
    };
    let g1 = *srs.g1_points().first().ok_or(ProveError::SrsMismatch)?;
    let parts = SrsParts {
        kind,
        k: srs.k(),
        g1: g1.into(),
        g2: srs.params.g2().into(),
        s_g2: srs.params.s_g2().into(),
        tail: srs.tail(TAIL).into_iter().map(Into::into).collect(),
    };
    SrsVerifyingKey::new(parts).map_err(|e| Defect::Srs(e).into())
}

pub(crate) fn describe(compiled: &Compiled, fidelity: Fidelity) -> Description {
    let (graph, model, layout) = (&compiled.graph, &compiled.model, &compiled.layout);
    // An index has no scores: those before it are no output of the model.
    let scores = compile::scores(graph);
    let has_scores = |index: usize| scores.get(index) == graph.outputs.get(index).map(|output| &output.value);
    let is_offered = |disclosure: &Disclosure| match disclosure.target {
        Target::Output(index) => has_scores(index as usize) || disclosure.policy.about().of_index,
        Target::All => (0..graph.outputs.len()).all(has_scores),
    };
    let is_listed = |disclosure: &Disclosure| is_offered(disclosure) && !disclosure.policy.about().sized;
    let instances = instance_layout(model, layout);
    let offered = Disclosure::offered(&instances).into_iter().filter(is_listed);
    let leakage = offered.map(|disclosure| {
        let bits = disclosure.microbits(&instances) as f64 / 1e6;
        let words = format!("{bits:.2} bits, the answer that there is no receipt among them");
        (disclosure.name(), words)
    });
    let inputs = model.inputs.iter().zip(&model.tensors).zip(&layout.shape.inputs);
    let inputs = inputs.map(|((input, tensor), shape)| InputDescription {
        name: tensor.name.clone(),
        shape: input.shape.clone(),
        elements: input.elements,
        frac: tensor.frac,
        lifts: input.lifts.clone(),
        binding: match shape.public {
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
        shape: layout.shape.clone(),
        ranges: compiled.ranges.clone(),
        tensors: model.tensors.iter().map(|t| (t.name.clone(), t.frac)).collect(),
        fidelity,
        leakage: leakage.collect(),
        about: None,
    }
}
