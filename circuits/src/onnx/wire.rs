//! A bounded walk over the protobuf wire format, run before decoding.
//!
//! The decoder recurses on nested groups (stack overflow) and allocates hundreds of bytes for an empty submessage
//! of two. This walk is iterative, knows which length-delimited fields are submessages, and counts everything the
//! decoder would allocate.

use super::error::ImportError;

/// Largest accepted file, in bytes.
pub const MAX_BYTES: u64 = 512 << 20;
const MAX_DEPTH: u64 = 32;
const MAX_MESSAGES: u64 = 200_000;
const MAX_NODES: u64 = 20_000;
const MAX_STRINGS: u64 = 400_000;
const MAX_SCALARS: u64 = 1_000_000;
const MAX_UNKNOWN: u64 = 1_000;
const MAX_PACKED_VARINT_BYTES: u64 = 32 << 20;
/// Dimensions of one tensor.
const MAX_DIMS: u64 = 16;

/// Message types of `onnx.proto`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Annotation,
    Attribute,
    Dimension,
    Function,
    Graph,
    Model,
    Node,
    OpsetId,
    Segment,
    Shape,
    Sparse,
    StringPair,
    Tensor,
    Training,
    Type,
    TypeMap,
    TypeSequence,
    TypeTensor,
    ValueInfo,
}

enum Field {
    Bytes,
    Fixed,
    Message(Kind),
    Unknown,
    Varint,
}

/// Walks the whole file.
pub fn scan(bytes: &[u8]) -> Result<(), ImportError> {
    if bytes.is_empty() {
        return Err(ImportError::Empty);
    }
    limit("file size in bytes", MAX_BYTES, bytes.len() as u64)?;
    let mut counts = Counts::default();
    // The last entry is the dimensions counted so far, of a tensor.
    let mut stack = vec![(Kind::Model, bytes, 0)];
    while let Some((kind, mut rest, mut dims)) = stack.pop() {
        if rest.is_empty() {
            continue;
        }
        let (number, wire_type) = tag(&mut rest)?;
        let field = schema(kind, number);
        let mut child = None;
        let dimensions = kind == Kind::Tensor && number == 1;
        match (wire_type, field) {
            (0, field) => {
                varint(&mut rest)?;
                dims += u64::from(dimensions);
                counts.scalar(matches!(field, Field::Varint))?;
            }
            (1, field) => {
                take(&mut rest, 8)?;
                counts.scalar(matches!(field, Field::Fixed))?;
            }
            (5, field) => {
                take(&mut rest, 4)?;
                counts.scalar(matches!(field, Field::Fixed))?;
            }
            (2, field) => {
                let len = varint(&mut rest)?;
                let body = take(&mut rest, len)?;
                if dimensions {
                    // Each ends with a byte whose top bit is clear.
                    dims += body.iter().filter(|&&b| b < 0x80).count() as u64;
                }
                match field {
                    Field::Message(kind) => {
                        counts.message(kind)?;
                        child = Some((kind, body, 0));
                    }
                    Field::Bytes => counts.string()?,
                    Field::Varint => counts.packed(len)?,
                    Field::Fixed => counts.scalar(true)?,
                    Field::Unknown => counts.scalar(false)?,
                }
            }
            (other, _) => {
                return Err(ImportError::malformed(format!(
                    "protobuf wire type {other} is not used by ONNX"
                )))
            }
        }
        limit("number of dimensions of a tensor", MAX_DIMS, dims)?;
        stack.push((kind, rest, dims));
        stack.extend(child);
        limit("message nesting", MAX_DEPTH, stack.len() as u64)?;
    }
    Ok(())
}

#[derive(Default)]
struct Counts {
    messages: u64,
    nodes: u64,
    packed: u64,
    scalars: u64,
    strings: u64,
    unknown: u64,
}

impl Counts {
    fn message(&mut self, kind: Kind) -> Result<(), ImportError> {
        if kind == Kind::Node {
            bump(&mut self.nodes, 1, "number of nodes", MAX_NODES)?;
        }
        bump(&mut self.messages, 1, "number of protobuf messages", MAX_MESSAGES)
    }

    fn packed(&mut self, bytes: u64) -> Result<(), ImportError> {
        self.scalar(true)?;
        bump(
            &mut self.packed,
            bytes,
            "size of integer lists in bytes",
            MAX_PACKED_VARINT_BYTES,
        )
    }

    fn scalar(&mut self, known: bool) -> Result<(), ImportError> {
        if known {
            bump(&mut self.scalars, 1, "number of scalar fields", MAX_SCALARS)
        } else {
            bump(&mut self.unknown, 1, "number of unknown fields", MAX_UNKNOWN)
        }
    }

    fn string(&mut self) -> Result<(), ImportError> {
        bump(&mut self.strings, 1, "number of strings", MAX_STRINGS)
    }
}

fn bump(count: &mut u64, by: u64, what: &'static str, maximum: u64) -> Result<(), ImportError> {
    *count = count.saturating_add(by);
    limit(what, maximum, *count)
}

/// Refuses `got > maximum`.
pub fn limit(what: &'static str, maximum: u64, got: u64) -> Result<(), ImportError> {
    if got > maximum {
        return Err(ImportError::TooLarge { what, maximum, got });
    }
    Ok(())
}

fn tag(rest: &mut &[u8]) -> Result<(u32, u8), ImportError> {
    let tag = u32::try_from(varint(rest)?).map_err(|_| ImportError::malformed("protobuf tag out of range"))?;
    if tag >> 3 == 0 {
        return Err(ImportError::malformed("protobuf field number 0"));
    }
    Ok((tag >> 3, (tag & 7) as u8))
}

fn varint(rest: &mut &[u8]) -> Result<u64, ImportError> {
    let mut value = 0u64;
    for shift in (0..70).step_by(7) {
        let Some((&byte, tail)) = rest.split_first() else {
            return Err(truncated());
        };
        *rest = tail;
        let bits = u64::from(byte & 0x7f);
        if shift == 63 && bits > 1 {
            break;
        }
        value |= bits << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err(ImportError::malformed("protobuf integer longer than 64 bits"))
}

fn take<'a>(rest: &mut &'a [u8], len: u64) -> Result<&'a [u8], ImportError> {
    let (head, tail) = usize::try_from(len)
        .ok()
        .and_then(|len| rest.split_at_checked(len))
        .ok_or_else(truncated)?;
    *rest = tail;
    Ok(head)
}

fn truncated() -> ImportError {
    ImportError::malformed("the file ends in the middle of a field")
}

/// The type of a field, from `onnx.proto` (IR version 10).
fn schema(kind: Kind, number: u32) -> Field {
    use Field::{Bytes, Fixed, Message, Unknown, Varint};
    match (kind, number) {
        (Kind::Model, 7) => Message(Kind::Graph),
        (Kind::Model, 8) | (Kind::Function, 9) => Message(Kind::OpsetId),
        (Kind::Model, 20) => Message(Kind::Training),
        (Kind::Model, 25) => Message(Kind::Function),
        (Kind::Model, 14) | (Kind::Graph | Kind::Tensor, 16) | (Kind::Node, 9) => Message(Kind::StringPair),
        (Kind::ValueInfo, 4) | (Kind::Function, 14) | (Kind::Tensor, 13) => Message(Kind::StringPair),
        (Kind::Annotation, 2) | (Kind::Training, 3 | 4) => Message(Kind::StringPair),
        (Kind::Model, 2 | 3 | 4 | 6) => Bytes,
        (Kind::Model, 1 | 5) => Varint,
        (Kind::Graph, 1) | (Kind::Function, 7) => Message(Kind::Node),
        (Kind::Graph, 5) | (Kind::Attribute, 5 | 10) | (Kind::Sparse, 1 | 2) => Message(Kind::Tensor),
        (Kind::Graph, 15) | (Kind::Attribute, 22 | 23) => Message(Kind::Sparse),
        (Kind::Graph, 11..=13) | (Kind::Function, 12) => Message(Kind::ValueInfo),
        (Kind::Graph, 14) => Message(Kind::Annotation),
        (Kind::Graph, 2 | 10) => Bytes,
        (Kind::Node, 5) | (Kind::Function, 11) => Message(Kind::Attribute),
        (Kind::Node, 1..=4 | 6..=8) => Bytes,
        (Kind::Attribute, 6 | 11) | (Kind::Training, 1 | 2) => Message(Kind::Graph),
        (Kind::Attribute, 14 | 15) | (Kind::ValueInfo, 2) => Message(Kind::Type),
        (Kind::TypeSequence, 1) | (Kind::TypeMap, 2) => Message(Kind::Type),
        (Kind::Attribute, 1 | 4 | 9 | 13 | 21) => Bytes,
        (Kind::Attribute, 2 | 7) => Fixed,
        (Kind::Attribute, 3 | 8 | 20) => Varint,
        (Kind::Tensor, 3) => Message(Kind::Segment),
        (Kind::Tensor, 6 | 8 | 9 | 12) => Bytes,
        (Kind::Tensor, 4 | 10) => Fixed,
        (Kind::Tensor, 1 | 2 | 5 | 7 | 11 | 14) => Varint,
        (Kind::Type, 1 | 8) => Message(Kind::TypeTensor),
        (Kind::Type, 4 | 9) => Message(Kind::TypeSequence),
        (Kind::Type, 5) => Message(Kind::TypeMap),
        (Kind::TypeTensor, 2) => Message(Kind::Shape),
        (Kind::Shape, 1) => Message(Kind::Dimension),
        (Kind::Type, 6) | (Kind::StringPair, 1 | 2) | (Kind::ValueInfo, 1 | 3) | (Kind::OpsetId, 1) => Bytes,
        (Kind::Function, 1 | 4 | 5 | 6 | 8 | 10 | 13) | (Kind::Annotation, 1) | (Kind::Dimension, 2 | 3) => Bytes,
        (Kind::TypeTensor | Kind::TypeMap | Kind::Dimension, 1) | (Kind::OpsetId, 2) => Varint,
        (Kind::Sparse, 3) | (Kind::Segment, 1 | 2) => Varint,
        _ => Unknown,
    }
}
