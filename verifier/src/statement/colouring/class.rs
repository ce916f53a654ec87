//! Sizes of circuits, and the key of each.

use super::gates;
use crate::codec::{size, wide, Put, Reader};
use crate::domain::powers;
use crate::error::VerifyError;
use crate::key::{KeyParts, Linked, Purpose, VerifyingKey};
use alloc::vec;
use alloc::vec::Vec;
use provenn_bn254::Fr;

/// Fewest and most colours.
const COLOURS: core::ops::RangeInclusive<u32> = 2..=16;
/// log2 of the fewest and the most rows.
const ROWS: core::ops::RangeInclusive<u32> = 5..=20;
/// Blinding factors of every circuit here.
const BLINDING: u32 = 5;
/// Orders of roots of unity, each a divisor of `p - 1`.
const ORDERS: [u32; 9] = [2, 3, 4, 6, 8, 9, 12, 13, 16];
/// A root of unity of the order 1872, a multiple of all of them: `7^((p - 1) / 1872)`, lowest limb first.
const ROOT: [u64; 4] = [
    0xfa3b_e3f3_1ef4_3f09,
    0x390e_3e16_9721_ef88,
    0x77a9_9ec5_153a_b24f,
    0x06ec_3ab6_0b0e_4373,
];
const ROOT_ORDER: u32 = 1872;

/// The number of colours, and the size, of a circuit: all graphs of a class have the same key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColouringClass {
    colours: u32,
    rows: u32,
}

/// The smallest of all.
impl Default for ColouringClass {
    fn default() -> Self {
        Self {
            colours: *COLOURS.start(),
            rows: *ROWS.start(),
        }
    }
}

impl ColouringClass {
    /// The smallest class for so many colours and vertices.
    ///
    /// # Errors
    /// [`VerifyError::ColoursOutOfRange`], or [`VerifyError::TooLarge`] for more vertices than the largest class holds.
    pub fn of(colours: u32, vertices: u32) -> Result<Self, VerifyError> {
        if !COLOURS.contains(&colours) {
            return Err(VerifyError::ColoursOutOfRange { got: colours });
        }
        let mut classes = ROWS.map(|rows| Self { colours, rows });
        classes
            .find(|class| class.capacity() >= u64::from(vertices))
            .ok_or(VerifyError::TooLarge {
                maximum: Self {
                    colours,
                    rows: *ROWS.end(),
                }
                .capacity(),
                got: vertices.into(),
            })
    }

    /// Number of colours.
    pub fn colours(&self) -> u32 {
        self.colours
    }

    /// The circuit has `2^rows` rows, as the SRS must have.
    pub fn rows(&self) -> u32 {
        self.rows
    }

    /// Rows that hold vertices.
    pub fn usable(&self) -> u32 {
        (1u32.wrapping_shl(self.rows)).saturating_sub(BLINDING.saturating_add(1))
    }

    /// Vertices of a row. Fewer where a vertex takes more cells, so that receipts have about one size.
    pub fn lanes(&self) -> u32 {
        match self.colours {
            0..=3 => 16,
            4 => 8,
            5..=8 => 4,
            _ => 2,
        }
    }

    /// Cells for vertices: vertex `u` stands in row `u / lanes` of lane `u mod lanes`.
    pub fn capacity(&self) -> u64 {
        u64::from(self.usable()).saturating_mul(self.lanes().into())
    }

    /// The fewest vertices of a graph of this class: one more than the class of half the rows holds.
    pub fn fewest(&self) -> u64 {
        let rows = self.rows.saturating_sub(1);
        match rows < *ROWS.start() {
            true => 0,
            false => Self { rows, ..*self }.capacity().saturating_add(1),
        }
    }

    /// The order `m` of the root of unity whose powers stand for colours: the smallest that is possible.
    pub fn order(&self) -> u32 {
        let order = ORDERS.into_iter().find(|order| *order >= self.colours);
        order.unwrap_or(ROOT_ORDER)
    }

    /// Sums over neighbours of each vertex, `m / 2` of them.
    pub fn vectors(&self) -> u32 {
        self.order() >> 1
    }

    /// `w^i` for a root of unity `w` of this order, `i < m`.
    pub fn roots(&self) -> Vec<Fr> {
        let shift = Fr::from(u64::MAX) + Fr::ONE;
        let root = ROOT
            .iter()
            .rev()
            .fold(Fr::ZERO, |value, limb| value * shift + Fr::from(*limb));
        let step = ROOT_ORDER.checked_div(self.order()).unwrap_or(1);
        powers(root.pow(step.into())).take(size(self.order())).collect()
    }

    /// Cells that hold the colour of a vertex, see [`gates`].
    pub fn cells(&self) -> u32 {
        match self.colours {
            0..=4 => 1,
            5..=8 => 4,
            _ => 6,
        }
    }

    /// The key. It holds no commitments and follows from the class, so that nobody has to be asked for it.
    ///
    /// # Errors
    /// None for a class that [`of`](Self::of) gives.
    pub fn key(&self) -> Result<VerifyingKey, VerifyError> {
        VerifyingKey::new(self.parts())
    }

    fn parts(&self) -> KeyParts {
        let columns = |cells: u32| size(self.lanes().saturating_mul(cells));
        let (colours, sums) = (columns(self.cells()), columns(self.vectors()));
        let mut advice_phases = vec![0; colours];
        advice_phases.resize(colours.saturating_add(sums), 1);
        advice_phases.push(2);
        let instance_columns = gates::PUBLIC.saturating_add(self.lanes());
        KeyParts {
            k: self.rows,
            blinding_factors: BLINDING,
            degree: gates::degree(self),
            advice_queries: gates::advice_queries(self),
            instance_queries: gates::instance_queries(self),
            advice_phases,
            challenge_phases: gates::CHALLENGE_PHASES.to_vec(),
            instance_columns,
            computed_columns: instance_columns,
            fixed_queries: Vec::new(),
            fixed_commitments: Vec::new(),
            permutation_columns: Vec::new(),
            permutation_commitments: Vec::new(),
            // The claim, which is absorbed first, names the whole key.
            transcript_repr: Fr::ZERO,
            gates: gates::gates(self).into_iter().map(|(_, program)| program).collect(),
            linked: Linked::default(),
            purpose: Purpose::Colouring(*self),
        }
    }

    /// A key for colourings is that of its class, and no other.
    pub(crate) fn owns(&self, key: &KeyParts) -> bool {
        COLOURS.contains(&self.colours) && ROWS.contains(&self.rows) && self.parts() == *key
    }

    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        out.put_u32(self.colours);
        out.put_u32(self.rows);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, VerifyError> {
        Ok(Self {
            colours: reader.u32()?,
            rows: reader.u32()?,
        })
    }

    /// Row and lane of a vertex.
    pub fn place(&self, vertex: u32) -> (usize, usize) {
        let lanes = self.lanes();
        let split = (vertex.checked_div(lanes), vertex.checked_rem(lanes));
        (size(split.0.unwrap_or(0)), size(split.1.unwrap_or(0)))
    }

    /// Rows that hold so many vertices.
    pub(super) fn rows_of(&self, vertices: usize) -> usize {
        wide(vertices)
            .div_ceil(u64::from(self.lanes()).max(1))
            .try_into()
            .unwrap_or(usize::MAX)
    }
}

#[cfg(test)]
mod tests;
