//! What key data says of public columns: of a model its inputs and outputs, of colourings the class of their graphs.

use crate::ExportError;
use provenn_verifier::{ColouringClass, InputLayout, InstanceLayout, OutputLayout, VerifyingKey};

/// Sections and numbers of the head about public columns; `Key.sol` says what each is.
#[derive(Default)]
pub(super) struct Layout {
    pub(super) inputs: Vec<u8>,
    pub(super) input_count: usize,
    pub(super) outputs: Vec<u8>,
    pub(super) output_count: usize,
    pub(super) lanes: usize,
    pub(super) public_lanes: usize,
    pub(super) policy_rows: usize,
    pub(super) input_rows: usize,
}

impl Layout {
    pub(super) fn model(layout: &InstanceLayout, key: &VerifyingKey) -> Self {
        let inputs = layout.inputs.iter().zip(&key.linked.inputs);
        let outputs = layout.outputs.iter();
        Self {
            inputs: inputs
                .flat_map(|(one, columns)| input(one, layout.lanes, columns.len()))
                .collect(),
            input_count: layout.inputs.len(),
            outputs: outputs.flat_map(|one| output(one, key.k)).collect(),
            output_count: layout.outputs.len(),
            lanes: layout.lanes as usize,
            public_lanes: (key.instance_columns as usize).saturating_sub(4),
            policy_rows: usize::try_from(layout.policy_rows()).unwrap_or(usize::MAX),
            input_rows: usize::try_from(layout.public_rows()).unwrap_or(usize::MAX),
        }
    }

    /// In place of inputs: the number of colours, the fewest and the most vertices, usable rows.
    pub(super) fn class(class: &ColouringClass) -> Result<Self, ExportError> {
        let bound = |vertices: u64| u32::try_from(vertices).map_err(|_| ExportError::Inconsistent);
        let (fewest, most) = (bound(class.fewest())?, bound(class.capacity())?);
        let numbers = [class.colours(), fewest, most, class.usable()].map(u32::to_be_bytes);
        let mut word = numbers.as_flattened().to_vec();
        word.resize(32, 0);
        Ok(Self {
            inputs: word,
            lanes: class.lanes() as usize,
            ..Self::default()
        })
    }
}

/// An input with the number of points that commit to it.
fn input(input: &InputLayout, lanes: u32, points: usize) -> [u8; 64] {
    let mut out = [0; 64];
    let blocks = input.channels.div_ceil(lanes.max(1));
    let numbers = [input.channels, input.positions, input.row, blocks].map(u32::to_be_bytes);
    let points = u32::try_from(points).unwrap_or(u32::MAX).to_be_bytes();
    let small = [input.bits as u8, u8::from(input.public)];
    let axes = &input.order.0;
    let bytes = numbers
        .as_flattened()
        .iter()
        .chain(&small)
        .copied()
        .chain(points)
        .chain([axes.len() as u8]);
    out.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
    let axes = axes.iter().flatten().flat_map(|value| value.to_be_bytes());
    out.iter_mut().skip(32).zip(axes).for_each(|(to, from)| *to = from);
    out
}

fn output(output: &OutputLayout, k: u32) -> [u8; 32] {
    let mut out = [0; 32];
    let small = [output.bits, output.width(k).unwrap_or(0)].map(|bits| bits as u8);
    let bytes = output
        .len
        .to_be_bytes()
        .into_iter()
        .chain(output.rows.to_be_bytes())
        .chain(small);
    out.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
    out
}
