//! The key data: everything about a model, or a class of graphs, that the contract reads. `contracts/Key.sol` has its layout.

mod layout;

use crate::equation::{Equation, Point};
use crate::messages::Messages;
use crate::program::{Instruction, Slot};
use crate::{keccak256, ExportError};
use layout::Layout;
use provenn_bn254::{Fr, G1Affine};
use provenn_verifier::{CheckedCard, ColouringClass, SrsVerifyingKey, VerifyingKey};

/// Where the key data begins in the memory of the contract.
const START: usize = 0x80;
/// Bytes of a term: x, y and scalar.
const TERM: usize = 96;
/// Most bytes of an account's code (EIP-170).
const MAX_CODE: usize = 24_576;

/// The data of a model, or of a class of graphs, for the contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyData {
    /// Deployed code: a byte 0, so that it never runs, and the data.
    pub code: Vec<u8>,
}

impl KeyData {
    /// Of a card whose registration was verified under this SRS.
    ///
    /// # Errors
    /// What is too large for the contract, or that it does not evaluate.
    pub fn new(card: &CheckedCard, srs: &SrsVerifyingKey) -> Result<Self, ExportError> {
        if card.srs_id != srs.id() {
            return Err(ExportError::Srs);
        }
        let key = &card.key;
        let layout = key.purpose.layout().ok_or(ExportError::Inconsistent)?;
        if layout.items() > 0 || key.computed_columns > 0 {
            return Err(ExportError::Batch);
        }
        if layout.has_whole() {
            return Err(ExportError::Whole);
        }
        let ids = [card.model_id(), card.quantization];
        Self::written(key, srs, ids, &card.commitments, Layout::model(layout, key))
    }

    /// Of all colourings of graphs of this class: the key follows from it.
    ///
    /// # Errors
    /// [`ExportError::Srs`] if the SRS is of another size, and what is too large for the contract.
    pub fn colouring(class: &ColouringClass, srs: &SrsVerifyingKey) -> Result<Self, ExportError> {
        let key = class.key().map_err(|_| ExportError::Inconsistent)?;
        if srs.k != key.k || srs.tail.len() != key.tail_rows() as usize {
            return Err(ExportError::Srs);
        }
        Self::written(&key, srs, [[0; 32]; 2], &[], Layout::class(class)?)
    }

    fn written(
        key: &VerifyingKey,
        srs: &SrsVerifyingKey,
        ids: [[u8; 32]; 2],
        commitments: &[[u8; 32]],
        layout: Layout,
    ) -> Result<Self, ExportError> {
        let messages = Messages::of(key);
        let equation = Equation::of(key, &messages, srs.tail.len())?;
        let writer = Writer {
            ids,
            commitments,
            layout,
            srs,
            key,
            messages: &messages,
            equation: &equation,
        };
        let code = writer.code()?;
        match code.len() > MAX_CODE {
            true => Err(ExportError::Code(code.len())),
            false => Ok(Self { code }),
        }
    }

    /// Keccak-256 of the code: what a consumer pins.
    pub fn hash(&self) -> [u8; 32] {
        keccak256(&self.code)
    }

    /// Code that deploys the data: it returns what stands behind it.
    pub fn creation_code(&self) -> Vec<u8> {
        let [high, low] = u16::try_from(self.code.len()).unwrap_or(u16::MAX).to_be_bytes();
        // push2 length, dup1, push1 10, push0, codecopy, push0, return
        let mut out = vec![0x61, high, low, 0x80, 0x60, 0x0a, 0x5f, 0x39, 0x5f, 0xf3];
        out.extend(&self.code);
        out
    }
}

/// A scalar or coordinate as the machine takes it.
pub(crate) fn word(mut bytes: [u8; 32]) -> [u8; 32] {
    bytes.reverse();
    bytes
}

/// Addresses of all parts.
struct Places {
    constants: usize,
    terms: usize,
    challenges: usize,
    scalars: usize,
    link: usize,
    responses: usize,
    sums: usize,
    inverted: usize,
    temporaries: usize,
    free: usize,
}

impl Places {
    fn address(&self, slot: Slot) -> usize {
        match slot {
            Slot::Constant(index) => self.constants + 32 * index,
            Slot::Challenge(index) => self.challenges + 32 * index,
            Slot::Scalar(index) => self.scalars + 32 * index,
            Slot::Link(index) => self.link + 32 * index,
            Slot::Response(index) => self.responses + 32 * index,
            Slot::Sum(index) => self.sums + 32 * index,
            Slot::Inverted(index) => self.inverted + 32 * index,
            Slot::Term(index) => self.terms + TERM * index + 64,
            Slot::Temporary(index) => self.temporaries + 32 * index,
        }
    }
}

struct Writer<'a> {
    /// Model id and quantization; of colourings there are none.
    ids: [[u8; 32]; 2],
    /// Of the card.
    commitments: &'a [[u8; 32]],
    layout: Layout,
    srs: &'a SrsVerifyingKey,
    key: &'a VerifyingKey,
    messages: &'a Messages,
    equation: &'a Equation,
}

/// A number of the head.
fn short(value: usize) -> Result<[u8; 2], ExportError> {
    u16::try_from(value)
        .map(u16::to_be_bytes)
        .map_err(|_| ExportError::Memory(value))
}

/// Words that the instructions take, four in each.
fn program_bytes(instructions: &[Instruction]) -> usize {
    instructions.len().div_ceil(4) * 32
}

impl Writer<'_> {
    fn code(&self) -> Result<Vec<u8>, ExportError> {
        let (srs, messages, equation) = (self.srs, self.messages, self.equation);
        let tail = srs.tail.len();
        let rounds = self.rounds()?;
        let prefix = self.link_prefix();
        let columns = self.link_columns()?;
        let layout = &self.layout;

        let head = START + 0x140 + 64;
        let at_rounds = head;
        let at_prefix = at_rounds + rounds.len();
        let at_columns = at_prefix + prefix.len();
        let at_inputs = at_columns + columns.len();
        let at_outputs = at_inputs + layout.inputs.len();
        let at_first = (at_outputs + layout.outputs.len()).next_multiple_of(32);
        let at_second = at_first + program_bytes(&equation.first);
        let program_end = at_second + program_bytes(&equation.second);
        let terms = program_end + 32 * equation.constants.len();
        let proof_terms = terms + TERM * equation.points.len();
        let claimed: usize = self.key.linked.inputs.iter().map(Vec::len).sum();
        let challenges = proof_terms + TERM * (messages.points + 1 + claimed);
        let drawn: usize = messages.rounds.iter().map(|[_, _, challenges]| challenges).sum();
        let scalars = challenges + 32 * drawn;
        let link = scalars + 32 * messages.scalars;
        let responses = link + 32 * 3;
        let sums = responses + 32 * tail;
        let inverted = sums + 32 * self.key.instance_columns as usize;
        let temporaries = inverted + 32 * equation.inverted;
        // One more, which padding writes to.
        let free = temporaries + 32 * (equation.temporaries + 1);
        let places = Places {
            constants: program_end,
            terms,
            challenges,
            scalars,
            link,
            responses,
            sums,
            inverted,
            temporaries,
            free: free.next_multiple_of(32),
        };
        let head_numbers = [
            terms,
            proof_terms,
            terms + TERM * equation.start,
            at_rounds,
            messages.rounds.len(),
            challenges,
            challenges + 32 * (messages.later + 4),
            scalars,
            responses,
            link,
            sums,
            inverted,
            inverted + 32 * equation.inverted,
            at_first,
            at_second,
            program_end,
            tail,
            at_prefix,
            at_prefix + prefix.len(),
            at_columns,
            self.key.linked.weights.columns.len() + claimed,
            at_inputs,
            layout.input_count,
            at_outputs,
            layout.output_count,
            layout.lanes,
            layout.public_lanes,
            layout.policy_rows,
            layout.input_rows,
            messages.points,
            32 * (messages.points + messages.scalars),
            places.free / 32,
        ];
        short(places.free)?;

        let mut out = vec![0u8];
        out.extend(srs.id());
        out.extend(self.key.digest());
        out.extend(self.ids.as_flattened());
        out.extend(self.key.transcript_repr.to_bytes());
        let (x, y) = srs.s_g2.coordinates();
        let ((x0, x1), (y0, y1)) = (x.coefficients(), y.coefficients());
        [x1, x0, y1, y0]
            .iter()
            .for_each(|part| out.extend(word(part.to_bytes())));
        out.extend(word(self.omega_inverse().to_bytes()));
        for number in head_numbers {
            out.extend(short(number)?);
        }
        [&rounds, &prefix, &columns, &layout.inputs, &layout.outputs]
            .into_iter()
            .for_each(|part| out.extend(part));
        // The data follows one byte of code.
        out.resize(at_first - START + 1, 0);
        for instructions in [&equation.first, &equation.second] {
            self.program(&mut out, instructions, &places)?;
        }
        equation
            .constants
            .iter()
            .for_each(|constant| out.extend(word(*constant)));
        for point in &equation.points {
            let (x, y) = self.point(*point)?.coordinates();
            out.extend(word(x.to_bytes()));
            out.extend(word(y.to_bytes()));
            out.extend([0; 32]);
        }
        Ok(out)
    }

    fn omega_inverse(&self) -> Fr {
        (self.key.k..Fr::TWO_ADICITY).fold(Fr::ROOT_OF_UNITY_INVERSE, |omega, _| omega.square())
    }

    fn program(&self, out: &mut Vec<u8>, instructions: &[Instruction], places: &Places) -> Result<(), ExportError> {
        for instruction in instructions {
            out.extend(short(places.address(instruction.to))?);
            for operand in instruction.operands {
                out.extend(short(places.address(operand))?);
            }
        }
        let padding = Slot::Temporary(self.equation.temporaries);
        for _ in 0..instructions.len().next_multiple_of(4) - instructions.len() {
            for _ in 0..4 {
                out.extend(short(places.address(padding))?);
            }
        }
        Ok(())
    }

    /// How many points, scalars and challenges are in each round.
    fn rounds(&self) -> Result<Vec<u8>, ExportError> {
        let mut out = Vec::new();
        for count in self.messages.rounds.iter().flatten() {
            out.extend(short(*count)?);
        }
        Ok(out)
    }

    /// What the transcript of the link proof takes behind the digest of the proof: number of tail rows, number of commitments, the card's commitments.
    fn link_prefix(&self) -> Vec<u8> {
        let inputs: usize = self.key.linked.inputs.iter().map(Vec::len).sum();
        let committed = self.commitments.len() + inputs;
        let mut out = Vec::new();
        for count in [self.srs.tail.len(), committed] {
            out.extend(u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes());
        }
        self.commitments.iter().for_each(|point| out.extend(point));
        out
    }

    /// For each linked column how many terms it has, as the transcript takes it, and where in the proof its commitment is.
    fn link_columns(&self) -> Result<Vec<u8>, ExportError> {
        let weights = &self.key.linked.weights;
        let folded = weights.columns.iter().map(|column| (column, weights.lanes));
        let inputs = self.key.linked.inputs.iter().flatten().map(|column| (column, 1));
        let mut out = Vec::new();
        for (column, terms) in folded.chain(inputs) {
            out.extend(terms.to_le_bytes());
            let number = *self
                .messages
                .advice
                .get(*column as usize)
                .ok_or(ExportError::Inconsistent)?;
            out.extend(short(self.offset(number))?);
        }
        Ok(out)
    }

    /// Where a point of the proof is: scalars come before the last two only.
    fn offset(&self, number: usize) -> usize {
        32 * number
    }

    fn point(&self, point: Point) -> Result<G1Affine, ExportError> {
        let found = match point {
            Point::Fixed(index) => self.key.fixed_commitments.get(index).copied(),
            Point::Sigma(index) => self.key.permutation_commitments.get(index).copied(),
            Point::Lane(index) => self.commitments.get(index).and_then(G1Affine::from_bytes),
            Point::Tail(index) => self.srs.tail.get(index).copied(),
            Point::Generator => Some(self.srs.g1),
            Point::Identity => Some(G1Affine::IDENTITY),
        };
        found.ok_or(ExportError::Inconsistent)
    }
}
