//! Parts of a program that are run one after the other, each on all rows. What a part leaves to later ones is *carried*: rows of values in
//! numbered places.

use super::{Operand, Operation, Program};
use halo2curves::bn256::Fr;
use std::collections::{BTreeSet, HashMap, HashSet};

/// Where a step reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Source {
    Register(usize),
    Column(usize, i32),
    Constant(usize),
    Carried(usize),
}

/// One operation, and the register that it writes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub operation: Operation<Source>,
    pub to: usize,
}

/// A part that can be run.
#[derive(Clone, Debug)]
pub struct Compiled {
    pub(crate) constants: Vec<Fr>,
    pub(crate) steps: Vec<Step>,
    /// Number of registers.
    pub(crate) registers: usize,
    /// What is carried on, after all steps, and to which place each.
    pub(crate) stores: Vec<(Source, usize)>,
}

/// All parts; the last one leaves the result in place 0.
#[derive(Debug)]
pub(crate) struct Parts {
    pub parts: Vec<Compiled>,
    /// Number of places.
    pub carried: usize,
}

impl Program {
    /// The program in parts that each read at most so many columns which none before them did, if it is more than two.
    pub(crate) fn parts(&self, result: Operand, most: usize) -> Parts {
        let of = self.cut(most);
        let count = of.last().map_or(1, |last| last + 1);
        // The last part that needs an instruction's result.
        let mut needed = of.clone();
        for (instruction, part) in self.instructions.iter().zip(&of) {
            for operand in instruction.operands() {
                if let Operand::Node(node) = operand {
                    needed[node] = *part;
                }
            }
        }
        if let Operand::Node(node) = result {
            needed[node] = count - 1;
        }
        let (mut places, mut free, mut carried) = (HashMap::new(), vec![], 1);
        let mut parts = vec![];
        for part in 0..count {
            let nodes = of.partition_point(|of| *of < part)..of.partition_point(|of| *of <= part);
            let first = nodes.start;
            let source = |operand: Operand| match operand {
                Operand::Node(node) if node >= first => Source::Register(node - first),
                Operand::Node(node) => Source::Carried(places[&node]),
                Operand::Column(column, rotation) => Source::Column(column, rotation),
                Operand::Constant(constant) => Source::Constant(constant),
            };
            let steps = self.instructions[nodes.clone()].iter().map(|step| step.map(source));
            let (steps, last) = (steps.collect(), source(result));
            // Steps read before anything is stored.
            let ended: Vec<usize> = places.keys().copied().filter(|node| needed[*node] == part).collect();
            free.extend(ended.iter().filter_map(|node| places.remove(node)));
            let mut stores = vec![];
            for node in nodes.filter(|node| needed[*node] > part) {
                let place = free.pop().unwrap_or_else(|| {
                    carried += 1;
                    carried - 1
                });
                places.insert(node, place);
                stores.push((Source::Register(node - first), place));
            }
            if part + 1 == count {
                stores.push((last, 0));
            }
            parts.push(self.compiled(steps, stores));
        }
        Parts { parts, carried }
    }

    /// For each instruction its part.
    fn cut(&self, most: usize) -> Vec<usize> {
        let (mut known, mut fresh, mut part) = (HashSet::new(), 0, 0);
        let of = |instruction: &Operation<Operand>| {
            let columns = instruction.operands().filter_map(Operand::column);
            let new = columns.filter(|column| known.insert(*column)).count();
            if fresh > 0 && fresh + new > most {
                (part, fresh) = (part + 1, 0);
            }
            fresh += new;
            part
        };
        self.instructions.iter().map(of).collect()
    }

    /// A part with registers assigned: results reuse the registers of values that are no longer needed.
    fn compiled(&self, steps: Vec<Operation<Source>>, stores: Vec<(Source, usize)>) -> Compiled {
        let (steps, stores) = loaded(steps, stores);
        let mut last_use: Vec<usize> = (0..steps.len()).collect();
        for (index, step) in steps.iter().enumerate() {
            for source in step.operands() {
                if let Source::Register(value) = source {
                    last_use[value] = index;
                }
            }
        }
        for (source, _) in &stores {
            if let Source::Register(value) = source {
                last_use[*value] = usize::MAX;
            }
        }
        let (mut free, mut count) = (vec![], 0);
        let mut registers: Vec<usize> = vec![0; steps.len()];
        for (index, step) in steps.iter().enumerate() {
            registers[index] = free.pop().unwrap_or_else(|| {
                count += 1;
                count - 1
            });
            let mut ended: Vec<usize> = step
                .operands()
                .filter_map(|source| match source {
                    Source::Register(value) if last_use[value] == index => Some(registers[value]),
                    _ => None,
                })
                .collect();
            ended.dedup();
            free.extend(ended);
            if last_use[index] == index {
                free.push(registers[index]);
            }
        }
        let mut constants = vec![];
        let mut known = HashMap::new();
        let mut source = |source: Source| match source {
            Source::Register(value) => Source::Register(registers[value]),
            Source::Constant(constant) => Source::Constant(*known.entry(constant).or_insert_with(|| {
                constants.push(self.constants[constant]);
                constants.len() - 1
            })),
            column @ Source::Column(..) => column,
            carried @ Source::Carried(_) => carried,
        };
        let places = stores.into_iter().map(|(from, place)| (source(from), place));
        let stores = places.collect();
        let step = |(step, to): (&Operation<Source>, &usize)| Step {
            operation: step.map(&mut source),
            to: *to,
        };
        Compiled {
            steps: steps.iter().zip(&registers).map(step).collect(),
            constants,
            registers: count,
            stores,
        }
    }
}

/// The steps, with rows that are read more than once loaded before: reading rows takes as long as a product, where they have to be brought
/// into another form.
fn loaded(
    given: Vec<Operation<Source>>,
    stores: Vec<(Source, usize)>,
) -> (Vec<Operation<Source>>, Vec<(Source, usize)>) {
    let mut reads: HashMap<Source, usize> = HashMap::new();
    let rows = |source: &Source| matches!(source, Source::Column(..) | Source::Carried(_));
    for source in given.iter().flat_map(|step| step.operands()).filter(rows) {
        *reads.entry(source).or_default() += 1;
    }
    let (mut steps, mut loads) = (vec![], HashMap::new());
    let mut places: Vec<usize> = vec![];
    let moved = |source: Source, loads: &HashMap<Source, usize>, places: &[usize]| match source {
        Source::Register(value) => Source::Register(places[value]),
        other => loads.get(&other).map_or(other, |load| Source::Register(*load)),
    };
    for step in given {
        for source in step.operands() {
            if reads.get(&source).is_some_and(|reads| *reads > 1) && !loads.contains_key(&source) {
                loads.insert(source, steps.len());
                steps.push(Operation::Load(source));
            }
        }
        places.push(steps.len());
        steps.push(step.map(|source| moved(source, &loads, &places)));
    }
    let store = |(source, place)| (moved(source, &loads, &places), place);
    let stores = stores.into_iter().map(store).collect();
    (steps, stores)
}

impl Compiled {
    /// The part for scaled columns.
    pub(crate) fn scaled(mut self, form: Fr) -> Self {
        self.constants.iter_mut().for_each(|constant| *constant *= form);
        self
    }

    /// The part that reads its columns elsewhere.
    pub(crate) fn reading(&self, place: impl Fn(usize, i32) -> (usize, i32)) -> Self {
        let moved = |source: Source| match source {
            Source::Column(column, rotation) => {
                let (column, rotation) = place(column, rotation);
                Source::Column(column, rotation)
            }
            other => other,
        };
        let step = |step: &Step| Step {
            operation: step.operation.map(moved),
            to: step.to,
        };
        Self {
            steps: self.steps.iter().map(step).collect(),
            stores: self.stores.iter().map(|(from, place)| (moved(*from), *place)).collect(),
            ..self.clone()
        }
    }

    /// Columns that it reads, each with its rotations.
    pub(crate) fn reads(&self) -> BTreeSet<(usize, i32)> {
        let operands = self.steps.iter().flat_map(|step| step.operation.operands());
        let sources = operands.chain(self.stores.iter().map(|(from, _)| *from));
        let read = |source| match source {
            Source::Column(column, rotation) => Some((column, rotation)),
            Source::Register(_) | Source::Constant(_) | Source::Carried(_) => None,
        };
        sources.filter_map(read).collect()
    }
}

#[cfg(test)]
mod tests;
