//! From an ONNX file to a committed model: compilation, key generation, weight commitments, card.

use crate::compact::compact;
use crate::error::{Defect, ProveError};
use crate::fidelity::{measure, Fidelity, Source};
use crate::plonk::msm::Bases;
use crate::recipe;
use crate::register::{register, Unregistered};
use crate::rows::{self, Rows, Use};
use crate::srs::{Srs, SrsKind};
use halo2_proofs::plonk::{keygen_pk2, ProvingKey};
use halo2curves::bn256::{Fr, G1Affine, G1};
use halo2curves::group::{Curve, GroupEncoding};
use provenn_circuits::argument::{weight_cells, Columns, ModelCircuit, Objective};
use provenn_circuits::compile::{self, Choice, Chosen, Ranges};
use provenn_circuits::graph::{Graph, InputType};
use provenn_circuits::layout::{Layout, Shape, TAIL};
use provenn_circuits::onnx;
use provenn_circuits::program::Program;
use provenn_circuits::register::RegisterCircuit;
use provenn_circuits::CircuitError;
use provenn_verifier::{
    CheckedCard, Folded, InputOrder, InstanceLayout, Linked, Policy, RowSet, SrsParts, SrsVerifyingKey, VerifyingKey,
};
use rand_chacha::ChaCha20Rng;
use rand_core::{CryptoRng, RngCore, SeedableRng};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How to commit.
#[derive(Clone, Debug, Default)]
pub struct CommitOptions {
    /// Rows that scales are chosen from; seeded ones if none are given.
    pub calibration: Option<Rows>,
    /// Rows that fidelity is measured on; those that scales are chosen from if none are given.
    pub held_out: Option<Rows>,
    /// Commit to inputs instead of publishing them.
    pub committed_input: bool,
    /// What the circuit is chosen for.
    pub objective: Objective,
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
    /// Input shape; a first axis of one is the batch and not in it.
    pub input_shape: Vec<usize>,
    /// Output shape; a first axis of one is the batch and not in it.
    pub output_shape: Vec<usize>,
    /// What elements of the input may be.
    pub input_type: InputType,
    /// An input integer v stands for v / 2^input_frac.
    pub input_frac: i32,
    /// A score z stands for z / 2^output_frac.
    pub output_frac: i32,
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
    /// The policies that fit the model's output, and the bits each reveals.
    pub leakage: Vec<(String, String)>,
    /// How inputs are bound.
    pub input: String,
}

impl Description {
    /// Whether receipts of a policy are about the model's output.
    ///
    /// # Errors
    /// [`ProveError::NotOffered`].
    pub fn offers(&self, policy: &Policy) -> Result<(), ProveError> {
        match self.leakage.iter().any(|(name, _)| name == policy.name()) {
            true => Ok(()),
            false => Err(ProveError::NotOffered {
                policy: policy.name(),
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
    let shape = graph.input.first().map_or(&[][..], |&id| graph.unbatched(id));
    for (rows, data) in [
        (&options.calibration, Use::Calibration),
        (&options.held_out, Use::HeldOut),
    ] {
        rows.iter().try_for_each(|rows| rows.check(shape, data))?;
    }
    let rows = match &options.calibration {
        Some(rows) => rows.clone(),
        None => rows::seeded(&graph).into(),
    };
    let ranges = Ranges::calibrate(&graph, &rows.rows)?;
    let Chosen { model, layout, choices } =
        compile::compile(&graph, &ranges, !options.committed_input, options.objective)?;
    let warnings = match options.calibration.is_some() {
        true => rows.warnings(2f64.powi(-model.tensors[0].frac)),
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
    let scores = compile::scores(&compiled.graph).map(|id| &compiled.graph.values[id].shape);
    let expected = scores.map_or(0, |shape| shape.iter().product());
    let got = model.tensors[model.output()].len();
    if expected != got {
        return Err(CircuitError::Outputs { expected, got }.into());
    }
    let fidelity = compiled.fidelity(options)?;
    let circuit = RegisterCircuit::new(&model, &layout)?;
    let (proving_key, key) = model_key(&model, &layout, srs)?;
    let srs_key = srs_verifying_key(srs)?;
    let description = describe(compiled, fidelity);
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
    let proving_key = keygen_pk2(&srs.params, &circuit, false).map_err(Defect::KeyGeneration)?;
    let shape = &layout.shape;
    let columns = Columns::numbered(shape);
    let linked = Linked {
        weights: Folded {
            columns: columns.lines.weights,
            lanes: shape.weight_lanes as u32,
            challenge: 0,
            zero: 1 << (shape.weight_bits - 1),
        },
        input: columns.input.committed,
        ..Linked::default()
    };
    let key = compact(
        proving_key.get_vk(),
        shape.k,
        linked,
        Some(instance_layout(model, layout)),
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
    let bases = Bases::new(srs, TAIL);
    let commit = |(cells, tail): (&Vec<u64>, &Vec<Fr>)| bases.commit_small(cells, tail);
    let points: Vec<G1> = cells.par_iter().zip(tails).map(commit).collect();
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
    let (input, output) = (&model.tensors[0], &model.tensors[model.output()]);
    let bits = model.precision.bits();
    InstanceLayout {
        lanes: layout.shape.lanes as u32,
        channels: input.channels as u32,
        positions: input.positions() as u32,
        blocks: layout.channel_blocks(input.channels) as u32,
        public_input: layout.shape.public_input,
        order: input_order(model),
        outputs: output.len() as u32,
        policy_rows: layout.policy_rows as u32,
        input_bits: bits,
        output_bits: bits,
    }
}

/// The order of the values of the input, where they do not come as the tensor numbers them.
fn input_order(model: &Program) -> Option<InputOrder> {
    let order = model.input_order.axes();
    let mut axes = [[1; 2]; 4];
    for (axis, (extent, stride)) in axes.iter_mut().zip(order) {
        *axis = [*extent as u32, *stride as u32];
    }
    (order.len() > 1).then_some(InputOrder(axes))
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
    let outputs = model.tensors[model.output()].len();
    let (outputs, width) = (u32::try_from(outputs).unwrap_or(u32::MAX), model.precision.bits());
    // An index has no scores: those before it are no output of the model.
    let index = compile::scores(graph) != graph.output.first().copied();
    let offered = Policy::ALL.iter().filter(|policy| !index || policy.about().of_index);
    let leakage = offered.map(|policy| {
        let bits = policy.microbits(outputs, width) as f64 / 1e6;
        let words = format!("{bits:.2} bits, the answer that there is no receipt among them");
        (policy.name().to_owned(), words)
    });
    Description {
        name: graph.name.clone(),
        input_shape: model.input_shape.clone(),
        input_type: model.input_type,
        output_shape: model.output_shape.clone(),
        input_frac: model.tensors[0].frac,
        output_frac: model.tensors[model.output()].frac,
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
        input: if layout.shape.public_input {
            "public"
        } else {
            "committed"
        }
        .to_string(),
    }
}
