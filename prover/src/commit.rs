//! From an ONNX file to a committed model: compilation, key generation, weight commitments, card.

mod compiled;
mod description;
mod options;

pub(crate) use compiled::{calibrated, Calibrated, Lifting};
pub use compiled::{compile, Compiled};
pub(crate) use description::{describe, describe_parts, Described};
pub use description::{Binding, Description, InputDescription, OutputDescription};
pub use options::{CommitOptions, CommittedInputs};

use crate::compact::compact;
use crate::error::{Defect, ProveError};
use crate::plonk::{self, msm, Key};
use crate::recipe;
use crate::register::{register, Unregistered};
use crate::srs::{Srs, SrsKind};
use halo2curves::bn256::{Fr, G1Affine, G1};
use halo2curves::group::{Curve, GroupEncoding};
use provenn_circuits::argument::{weight_cells, Columns, ModelCircuit};
use provenn_circuits::compile;
use provenn_circuits::graph::Graph;
use provenn_circuits::layout::{Ends, Layout, TAIL};
use provenn_circuits::program::{self, Program};
use provenn_circuits::register::RegisterCircuit;
use provenn_circuits::CircuitError;
use provenn_engine::{Cells, Column};
use provenn_verifier::{
    CheckedCard, Folded, InputLayout, InputOrder, InstanceLayout, Linked, OutputLayout, Purpose, RowSet, SegmentLayout,
    SrsParts, SrsVerifyingKey, VerifyingKey, WholeOutput,
};
use rand_chacha::ChaCha20Rng;
use rand_core::{CryptoRng, RngCore, SeedableRng};
use std::sync::Arc;

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
    pub proving_key: Key,
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
    scores_fit(&compiled.graph, &model)?;
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

/// Whether a program has the scores of its graph.
pub(crate) fn scores_fit(graph: &Graph, model: &Program) -> Result<(), ProveError> {
    for (index, id) in compile::scores(graph).into_iter().enumerate() {
        let expected = graph.values[id].shape.iter().product();
        let got = model.output(index).len();
        if expected != got {
            return Err(CircuitError::Outputs { expected, got }.into());
        }
    }
    Ok(())
}

/// Both keys of the circuit of a model, or of a segment of one. They do not depend on weights.
pub(crate) fn model_key(
    model: &Arc<Program>,
    layout: &Arc<Layout>,
    srs: &Srs,
) -> Result<(Key, VerifyingKey), ProveError> {
    let proving_key = proving_key(model, layout)?;
    let library = plonk::verifying_key(&proving_key, srs)?;
    let shape = &layout.shape;
    let columns = Columns::numbered(shape);
    let given = shape.features.given.map(|_| columns.input.given);
    let linked = Linked {
        weights: Folded {
            columns: columns.lines.weights,
            lanes: shape.weight_lanes as u32,
            challenge: 0,
            zero: 1 << (shape.weight_bits - 1),
        },
        inputs: columns.input.committed.into_iter().chain(given).collect(),
        ..Linked::default()
    };
    let key = compact(&library, shape.k, linked, purpose(model, layout), &RowSet::ALL)?;
    Ok((proving_key.named(library.transcript_repr()), key))
}

/// The proving key of the same circuit, which has no name yet.
pub(crate) fn proving_key(model: &Arc<Program>, layout: &Arc<Layout>) -> Result<Key, ProveError> {
    let circuit = ModelCircuit {
        model: model.clone(),
        layout: layout.clone(),
        witness: None,
    };
    Key::new(&circuit, layout.shape.k)
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

/// What the proofs of a layout are about.
fn purpose(model: &Program, layout: &Layout) -> Purpose {
    let (instances, ends) = (instance_layout(model, layout), layout.shape.ends);
    if ends == Ends::default() {
        return Purpose::Inference(instances);
    }
    let given = layout.shape.features.given.zip(ends.gives);
    Purpose::Segment(SegmentLayout {
        takes: ends.takes.is_some(),
        gives: given.map(|(given, row)| InputLayout {
            channels: given.channels as u32,
            positions: given.positions as u32,
            row: row as u32,
            bits: model.precision.bits(),
            public: false,
            order: InputOrder(vec![]),
        }),
        onto: ends.onto.map(|lanes| lanes as u32),
        instances,
    })
}

pub(crate) fn instance_layout(model: &Program, layout: &Layout) -> InstanceLayout {
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
            whole: layout
                .shape
                .whole
                .contains(&index)
                .then(|| whole_output(model, layout, index)),
        });
    InstanceLayout {
        lanes: layout.shape.lanes as u32,
        inputs: inputs.collect(),
        outputs: outputs.collect(),
    }
}

/// Where an output that is shown whole stands.
fn whole_output(model: &Program, layout: &Layout, index: usize) -> WholeOutput {
    let (tensor, rows) = (model.output(index), &layout.rows[model.outputs[index].tensor]);
    WholeOutput {
        channels: tensor.channels as u32,
        positions: tensor.positions() as u32,
        row: rows.iter().copied().min().unwrap_or(0) as u32,
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
