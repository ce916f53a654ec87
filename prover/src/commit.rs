//! From an ONNX file to a committed model: compilation, key generation, weight commitments, card.

use crate::compact::compact;
use crate::error::ProveError;
use crate::fidelity::{measure, Fidelity, Source};
use crate::recipe;
use crate::register::register;
use crate::rows::{self, Rows, Use};
use crate::srs::{Srs, SrsKind};
use halo2_proofs::arithmetic::best_multiexp;
use halo2_proofs::plonk::{keygen_pk2, ProvingKey};
use halo2curves::bn256::{Fr, G1Affine};
use halo2curves::ff::Field as _;
use halo2curves::group::{Curve, GroupEncoding};
use provenn_circuits::circuit::ModelCircuit;
use provenn_circuits::layout::Layout;
use provenn_circuits::lower::{self, Ranges};
use provenn_circuits::onnx::{self, Graph, InputType};
use provenn_circuits::qmodel::QModel;
use provenn_circuits::shape::{Shape, TAIL};
use provenn_circuits::CircuitError;
use provenn_verifier::{
    CheckedCard, InstanceLayout, Linked, ModelCard, Policy, SrsParts, SrsVerifyingKey, VerifyingKey,
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
}

/// A compiled model: what `inspect` shows before anything is committed.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// The float graph.
    pub graph: Graph,
    /// Calibrated magnitudes of its values.
    pub ranges: Ranges,
    /// The quantized program.
    pub model: Arc<QModel>,
    /// Its layout.
    pub layout: Arc<Layout>,
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
    pub model: Arc<QModel>,
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
    let (model, layout) = lower::compile(&graph, &ranges, !options.committed_input)?;
    let warnings = match options.calibration.is_some() {
        true => rows.warnings(2f64.powi(-model.tensors[0].frac)),
        false => vec![],
    };
    Ok(Compiled {
        graph,
        ranges,
        model: Arc::new(model),
        layout: Arc::new(layout),
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
    let scores = lower::scores(&compiled.graph).map(|id| &compiled.graph.values[id].shape);
    let expected = scores.map_or(0, |shape| shape.iter().product());
    let got = model.tensors[model.output()].len();
    if expected != got {
        return Err(CircuitError::Outputs { expected, got }.into());
    }
    let fidelity = compiled.fidelity(options)?;
    let (proving_key, key) = model_key(&model, &layout, srs)?;
    let srs_key = srs_verifying_key(srs)?;
    let srs_id = srs_key.id();
    let registered = register(&model, &layout, &key.digest(), &srs_id, srs, rng)?;
    let description = describe(compiled, fidelity);
    let card = ModelCard {
        key,
        srs_id,
        quantization: recipe::digest(&description),
        commitments: registered.commitments,
        registration: registered.registration,
        description: serde_json::to_string(&description).map_err(|e| ProveError::ProofSystem(e.to_string()))?,
    }
    .check(&srs_key)
    .map_err(ProveError::Refused)?;
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
    model: &Arc<QModel>,
    layout: &Arc<Layout>,
    srs: &Srs,
) -> Result<(ProvingKey<G1Affine>, VerifyingKey), ProveError> {
    let circuit = ModelCircuit {
        model: model.clone(),
        layout: layout.clone(),
        witness: None,
    };
    let failed = |e: halo2_proofs::plonk::Error| ProveError::ProofSystem(e.to_string());
    if srs.k() != layout.shape.k {
        return Err(ProveError::SrsMismatch);
    }
    let proving_key = keygen_pk2(&srs.params, &circuit, false).map_err(failed)?;
    let shape = &layout.shape;
    let inputs = if shape.public_input { 0 } else { shape.lanes };
    let linked = Linked {
        model: (0..shape.weight_lanes as u32).collect(),
        input: (shape.weight_lanes as u32..(shape.weight_lanes + inputs) as u32).collect(),
    };
    let key = compact(
        proving_key.get_vk(),
        shape.k,
        linked,
        Some(instance_layout(model, layout)),
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
    let points = srs.lagrange_points();
    let n = points.len();
    let commit = |(cells, tail): (&Vec<u64>, &Vec<Fr>)| {
        let mut column: Vec<Fr> = cells.iter().map(|&v| Fr::from(v)).collect();
        column.resize(n - TAIL, Fr::ZERO);
        column.extend(tail);
        best_multiexp(&column, &points).to_affine()
    };
    cells.par_iter().zip(tails).map(commit).collect()
}

/// Compressed encoding of a point.
pub fn compressed(point: &G1Affine) -> [u8; 32] {
    let mut bytes = [0u8; 32];
    bytes.copy_from_slice(point.to_bytes().as_ref());
    bytes
}

fn instance_layout(model: &QModel, layout: &Layout) -> InstanceLayout {
    let (input, output) = (&model.tensors[0], &model.tensors[model.output()]);
    let bits = model.precision.bits();
    InstanceLayout {
        lanes: layout.shape.lanes as u32,
        channels: input.channels as u32,
        positions: input.positions() as u32,
        blocks: layout.channel_blocks(input.channels) as u32,
        public_input: layout.shape.public_input,
        outputs: output.len() as u32,
        policy_rows: layout.policy_rows as u32,
        input_bits: bits,
        output_bits: bits,
    }
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
    SrsVerifyingKey::new(parts).map_err(|e| ProveError::ProofSystem(e.to_string()))
}

pub(crate) fn describe(compiled: &Compiled, fidelity: Fidelity) -> Description {
    let (graph, model, layout) = (&compiled.graph, &compiled.model, &compiled.layout);
    let outputs = model.tensors[model.output()].len();
    let (outputs, width) = (u32::try_from(outputs).unwrap_or(u32::MAX), model.precision.bits());
    // An index has no scores: those before it are no output of the model.
    let index = lower::scores(graph) != graph.output.first().copied();
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
