//! Loops of a graph: nodes that read what later ones of them computed one step before.

use super::{Graph, Op};
use std::ops::Range;

impl Graph {
    /// The nodes of each loop: from one that delays to the one that computes what it reads. Those that overlap are one.
    pub fn loops(&self) -> Vec<Range<usize>> {
        let mut loops: Vec<Range<usize>> = vec![];
        for (start, node) in self.nodes.iter().enumerate() {
            let (Op::Delay { .. }, [source]) = (&node.op, node.inputs.as_slice()) else {
                continue;
            };
            let later = self.nodes.iter().skip(start).position(|node| node.output == *source);
            let end = start + later.map_or(0, |at| at + 1);
            match loops.last_mut() {
                Some(last) if start < last.end => last.end = last.end.max(end),
                _ if start < end => loops.push(start..end),
                _ => {}
            }
        }
        loops
    }
}
