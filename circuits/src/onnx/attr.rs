//! Typed access to the attributes of a node.

use super::error::ImportError;
use onnx_protobuf::{attribute_proto::AttributeType, AttributeProto, TensorProto};
use std::cell::RefCell;
use std::collections::BTreeSet;

/// Largest extent, stride, pad or dilation.
const MAX_SIZE: i64 = 1 << 24;

/// Whether `domain` is the one of the standard operators.
pub fn is_default_domain(domain: &str) -> bool {
    matches!(domain, "" | "ai.onnx")
}

/// The attributes of one node.
#[derive(Clone, Copy)]
pub struct Attrs<'a> {
    list: &'a [AttributeProto],
    /// The names that were asked for: the node's other attributes mean nothing here.
    read: &'a RefCell<BTreeSet<String>>,
}

impl<'a> Attrs<'a> {
    pub fn new(list: &'a [AttributeProto], read: &'a RefCell<BTreeSet<String>>) -> Self {
        Self { list, read }
    }

    fn named(self, name: &str) -> impl Iterator<Item = &'a AttributeProto> + use<'a, '_> {
        self.read.borrow_mut().insert(name.to_owned());
        self.list.iter().filter(move |a| a.name == name)
    }

    fn find(self, name: &str, kind: AttributeType) -> Result<Option<&'a AttributeProto>, ImportError> {
        let mut found = self.named(name);
        let Some(attr) = found.next() else {
            return Ok(None);
        };
        let declared = attr.type_.value();
        if found.next().is_some() || !attr.ref_attr_name.is_empty() || (declared != 0 && declared != kind as i32) {
            return Err(ImportError::malformed(format!(
                "attribute `{name}` is repeated, a reference, or of another type"
            )));
        }
        Ok(Some(attr))
    }

    pub fn has(self, name: &str) -> bool {
        self.named(name).next().is_some()
    }

    pub fn int(self, name: &str) -> Result<Option<i64>, ImportError> {
        Ok(self.find(name, AttributeType::INT)?.map(|a| a.i))
    }

    pub fn flag(self, name: &str, default: bool) -> Result<bool, ImportError> {
        Ok(self.int(name)?.map_or(default, |i| i != 0))
    }

    pub fn float(self, name: &str) -> Result<Option<f32>, ImportError> {
        Ok(self.find(name, AttributeType::FLOAT)?.map(|a| a.f))
    }

    pub fn floats(self, name: &str) -> Result<Option<&'a [f32]>, ImportError> {
        Ok(self.find(name, AttributeType::FLOATS)?.map(|a| a.floats.as_slice()))
    }

    pub fn ints(self, name: &str) -> Result<Option<&'a [i64]>, ImportError> {
        Ok(self.find(name, AttributeType::INTS)?.map(|a| a.ints.as_slice()))
    }

    pub fn tensor(self, name: &str) -> Result<Option<&'a TensorProto>, ImportError> {
        Ok(self.find(name, AttributeType::TENSOR)?.and_then(|a| a.t.as_ref()))
    }

    /// A string attribute, or `""`.
    pub fn string(self, name: &str) -> Result<&'a str, ImportError> {
        let Some(attr) = self.find(name, AttributeType::STRING)? else {
            return Ok("");
        };
        std::str::from_utf8(&attr.s).map_err(|_| ImportError::malformed(format!("attribute `{name}` is not UTF-8")))
    }

    /// A list of strings.
    pub fn strings(self, name: &str) -> Result<Option<Vec<&'a str>>, ImportError> {
        let Some(attr) = self.find(name, AttributeType::STRINGS)? else {
            return Ok(None);
        };
        let text = |s: &'a Vec<u8>| std::str::from_utf8(s).ok();
        let list: Option<Vec<&str>> = attr.strings.iter().map(text).collect();
        match list {
            Some(list) => Ok(Some(list)),
            None => Err(ImportError::malformed(format!("attribute `{name}` is not UTF-8"))),
        }
    }

    /// A list of `len` sizes, or `len` times the default.
    pub fn sizes(self, name: &str, len: usize, default: usize) -> Result<Vec<usize>, ImportError> {
        let Some(ints) = self.ints(name)? else {
            return Ok(vec![default; len]);
        };
        if ints.len() != len {
            return Err(ImportError::malformed(format!(
                "attribute `{name}` has {} entries, {len} expected",
                ints.len()
            )));
        }
        ints.iter().map(|&i| size(name, i)).collect()
    }
}

/// A size from the file, within limits.
pub fn size(name: &str, value: i64) -> Result<usize, ImportError> {
    usize::try_from(value)
        .ok()
        .filter(|_| value <= MAX_SIZE)
        .ok_or_else(|| ImportError::malformed(format!("`{name}` is {value}, from 0 to {MAX_SIZE} is accepted")))
}
