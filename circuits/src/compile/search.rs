//! The search for the shape that is best for an objective.

use crate::argument::{Cost, Objective};
use crate::error::CircuitError;
use crate::layout::{
    bias_capacity, precisions, Area, Ends, Features, InputShape, Layout, LayoutError, Shape, LANES, LINE_COLUMNS,
    MAX_COMMITTED, MAX_K, MIN_K, WEIGHT_BITS,
};
use crate::program::{Output, Precision, Program, Step, Tensor};
use crate::register::RegisterCircuit;

/// The best shape for an objective, and what it costs.
#[derive(Clone, Debug)]
pub struct Choice {
    /// What it is best for.
    pub objective: Objective,
    /// The shape.
    pub shape: Shape,
    /// Its forecast.
    pub cost: Cost,
}

/// A program in the shape that was chosen, and what the other objectives would choose.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// The program.
    pub model: Program,
    /// Its layout.
    pub layout: Layout,
    /// The best shape for each objective, in the order of [`Objective::ALL`].
    pub choices: Vec<Choice>,
}

impl Chosen {
    /// The same for a batch of so many items, whose labels are counted: in each shape a row and a few columns more.
    ///
    /// # Errors
    /// [`CircuitError::Layout`] if the scores are not those of so many items, or the row does not fit.
    pub fn counting(mut self, items: usize) -> Result<Self, CircuitError> {
        // Items are counted on scans.
        let shape = Shape {
            items,
            dense: false,
            ..self.layout.shape
        };
        let k = shape.k;
        self.layout = Layout::build(&self.model, shape).map_err(|reason| CircuitError::Layout { k, reason })?;
        for choice in &mut self.choices {
            choice.shape.items = items;
            choice.shape.dense = false;
            choice.cost = Cost::of(&choice.shape);
        }
        Ok(self)
    }
}

/// Chooses the shape that is best for an objective, by the cost model. `build` gives the program at a precision, of which these outputs are shown `whole`.
///
/// # Errors
/// [`CircuitError::Layout`] if no supported size fits, [`CircuitError::LaneKinds`] if a registration tells the lanes of none
/// apart; errors of `build`.
pub fn choose(
    build: &dyn Fn(Precision) -> Result<Program, CircuitError>,
    public: &[bool],
    whole: &[usize],
    objective: Objective,
) -> Result<Chosen, CircuitError> {
    let structure = build(Precision {
        table_bits: 8,
        limbs: 2,
        top_bits: 0,
    })?;
    let choices = search(&structure, public, whole)?;
    let chosen = choices.iter().find(|choice| choice.objective == objective);
    let mut shape = chosen.ok_or(CircuitError::TooLarge { max_k: MAX_K })?.shape.clone();
    let model = build(shape.precision())?;
    shape.weight_bits = weight_bits(&model);
    let k = shape.k;
    let layout = Layout::build(&model, shape).map_err(|reason| CircuitError::Layout { k, reason })?;
    RegisterCircuit::new(&model, &layout)?;
    Ok(Chosen { model, layout, choices })
}

/// The best shape for each objective. If there is none, what the largest circuit lacks that came nearest.
fn search(structure: &Program, public: &[bool], whole: &[usize]) -> Result<Vec<Choice>, CircuitError> {
    let mut best: Vec<Choice> = vec![];
    let mut refused = CircuitError::TooLarge { max_k: MAX_K };
    let inputs = InputShape::of(structure, public);
    let dense = candidates(&inputs).filter(|shape| (shape.lanes, shape.line_columns) == (1, 1));
    let dense = dense.map(|shape| Shape {
        dense: true,
        slots: 0,
        ..shape
    });
    // A dense layout has outputs among its lines only.
    for candidate in candidates(&inputs).chain(dense.filter(|_| whole.is_empty())) {
        let candidate = Shape {
            whole: whole.to_vec(),
            ..candidate
        };
        let (k, dense) = (candidate.k, candidate.dense);
        // What a dense layout saves counts where it is paid for.
        let wanted = |choice: &Choice| !dense || choice.objective == Objective::Gas;
        if dense && best.is_empty() {
            break;
        }
        // Lanes and slots only get more while the layout is built.
        let hopeless = |shape: &Shape| {
            let (columns, most) = (shape.committed_columns(), MAX_COMMITTED);
            if columns > most {
                return Some(LayoutError::Committed { columns, most });
            }
            let cost = Cost::of(shape);
            let worse = |choice: &Choice| choice.objective.of(&cost) >= choice.objective.of(&choice.cost);
            (!best.is_empty() && best.iter().filter(|choice| wanted(choice)).all(worse))
                .then_some(LayoutError::Unwanted)
        };
        let layout = roomy(structure, &candidate).and_then(|()| Layout::build_unless(structure, candidate, &hopeless));
        let layout = match layout {
            Ok(layout) => layout,
            Err(reason) => {
                refused = nearer(refused, k, reason);
                continue;
            }
        };
        let cost = Cost::of(&layout.shape);
        let better = |choice: &Choice| choice.objective.of(&cost) < choice.objective.of(&choice.cost);
        if !best.is_empty() && !best.iter().any(|choice| wanted(choice) && better(choice)) {
            continue;
        }
        if let Err(reason) = RegisterCircuit::tells_apart(structure, &layout) {
            refused = reason;
            continue;
        }
        let choice = |objective| Choice {
            objective,
            shape: layout.shape.clone(),
            cost,
        };
        if best.is_empty() {
            best = Objective::ALL.map(choice).to_vec();
        }
        for old in best.iter_mut().filter(|old| wanted(old) && better(old)) {
            *old = choice(old.objective);
        }
    }
    match best.is_empty() {
        true => Err(refused),
        false => Ok(best),
    }
}

/// Whether stored tensors and the policy may fit a shape.
pub(super) fn roomy(model: &Program, shape: &Shape) -> Result<(), LayoutError> {
    let (rows, usable) = (least_rows(model, shape), shape.usable());
    let area = Area::Activations;
    match rows <= usable {
        true => Ok(()),
        false => Err(LayoutError::Rows { area, rows, usable }),
    }
}

/// Of two reasons the one to tell: of the larger circuit, then of the one that lacks less. That lanes cannot be told apart
/// says more than that another shape is too small.
pub(super) fn nearer(known: CircuitError, k: u32, reason: LayoutError) -> CircuitError {
    let rank = |k: u32, reason: &LayoutError| (k, -reason.excess().unwrap_or(f64::MAX));
    match known {
        CircuitError::LaneKinds { .. } => known,
        // Of another one that is possible.
        _ if reason == LayoutError::Unwanted => known,
        CircuitError::Layout { k: other, reason: old } if rank(other, &old) >= rank(k, &reason) => known,
        _ => CircuitError::Layout { k, reason },
    }
}

/// Shapes worth trying, up to what the layout chooses.
pub(super) fn candidates(inputs: &[InputShape]) -> impl Iterator<Item = Shape> + use<'_> {
    let shape = move |k: u32, precision: Precision, lanes: usize, line_columns: usize| Shape {
        k,
        lanes,
        slots: 2,
        table_bits: precision.table_bits,
        limbs: precision.limbs,
        top_bits: precision.top_bits,
        weight_bits: precision.bits(),
        inputs: inputs.to_vec(),
        items: 0,
        ends: Ends::default(),
        dense: false,
        whole: vec![],
        line_columns,
        weight_lanes: 0,
        features: Features::default(),
    };
    (MIN_K..=MAX_K).flat_map(move |k| {
        precisions(k).into_iter().flat_map(move |precision| {
            let lanes = LANES.into_iter();
            lanes.flat_map(move |lanes| LINE_COLUMNS.map(|columns| shape(k, precision, lanes, columns)))
        })
    })
}

/// Rows that stored tensors or the policy take at least.
fn least_rows(model: &Program, Shape { lanes, ends, whole, .. }: &Shape) -> usize {
    let lanes = *lanes;
    let rows = |t: &Tensor| t.channels.div_ceil(lanes).saturating_mul(t.positions());
    let stored = model.tensors.iter().map(rows).fold(0, usize::saturating_add);
    let output = |output: &Output| {
        let tensor = &model.tensors[output.tensor];
        tensor.len() / if tensor.positions() == 1 { lanes } else { 1 }
    };
    let stated = model.outputs.iter().enumerate();
    let stated = stated.filter(|(index, _)| ends.gives.is_none() && !whole.contains(index));
    stored.max(stated.map(|(_, stated)| output(stated)).sum())
}

/// The fewest bits, of those possible, of a signed integer that holds every weight, and of which three limbs hold every bias.
pub fn weight_bits(model: &Program) -> u32 {
    let steps = model.tensors.iter().filter_map(|t| match &t.step {
        Step::Affine(affine) => Some(affine),
        _ => None,
    });
    let bits = |magnitude: u64| u64::BITS - magnitude.leading_zeros();
    let (mut weight, mut bias) = (0, 0);
    for affine in steps {
        weight = affine
            .contractions
            .iter()
            .map(|c| bits(c.weights.largest()))
            .fold(weight, u32::max);
        bias = affine.bias.iter().map(|b| bits(b.unsigned_abs())).fold(bias, u32::max);
    }
    let fits = |width: &u32| weight < *width && bias <= bias_capacity(*width);
    WEIGHT_BITS.into_iter().find(fits).unwrap_or(*WEIGHT_BITS.end())
}
