//! Arithmetic of the verifier as a list of instructions `[to] = [a] [b] + [c]` over slots, which is what the contract runs.
//!
//! Expressions are kept once each; an instruction is made when a value is asked for.

use provenn_bn254::Fr;
use std::collections::BTreeMap;

/// A place of one scalar in the memory of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Slot {
    /// A constant of the program, by its index.
    Constant(usize),
    /// A challenge, in the order in which they are drawn.
    Challenge(usize),
    /// A scalar of the proof, in order.
    Scalar(usize),
    /// `rho`, `e` and the weight that joins the two equations.
    Link(usize),
    /// A response of the link proof.
    Response(usize),
    /// The numerator of a public column.
    Sum(usize),
    /// What is inverted between the two programs.
    Inverted(usize),
    /// The scalar of a term.
    Term(usize),
    /// A value on the way.
    Temporary(usize),
}

/// An expression, by its index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Id(usize);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Node {
    Constant([u8; 32]),
    Slot(Slot),
    /// `a b + c`
    Fused(Id, Id, Id),
}

/// `[to] = [a] [b] + [c]`
#[derive(Clone, Copy, Debug)]
pub(crate) struct Instruction {
    pub(crate) to: Slot,
    pub(crate) operands: [Slot; 3],
}

/// A program under construction.
pub(crate) struct Program {
    nodes: Vec<Node>,
    ids: BTreeMap<Node, Id>,
    /// Where values are that were computed.
    computed: BTreeMap<Id, Slot>,
    constants: BTreeMap<[u8; 32], usize>,
    pub(crate) values: Vec<[u8; 32]>,
    pub(crate) temporaries: usize,
    pub(crate) instructions: Vec<Instruction>,
    zero: Id,
    one: Id,
}

impl Program {
    pub(crate) fn new() -> Self {
        let mut program = Self {
            nodes: Vec::new(),
            ids: BTreeMap::new(),
            computed: BTreeMap::new(),
            constants: BTreeMap::new(),
            values: Vec::new(),
            temporaries: 0,
            instructions: Vec::new(),
            zero: Id(0),
            one: Id(0),
        };
        program.zero = program.constant(Fr::ZERO);
        program.one = program.constant(Fr::ONE);
        program
    }

    fn id(&mut self, node: Node) -> Id {
        let next = Id(self.nodes.len());
        let id = *self.ids.entry(node).or_insert(next);
        if id == next {
            self.nodes.push(node);
        }
        id
    }

    fn node(&self, id: Id) -> Node {
        self.nodes.get(id.0).copied().unwrap_or(Node::Constant([0; 32]))
    }

    fn known(&self, id: Id) -> Option<Fr> {
        match self.node(id) {
            Node::Constant(bytes) => Fr::from_bytes(&bytes),
            _ => None,
        }
    }

    pub(crate) fn zero(&self) -> Id {
        self.zero
    }

    pub(crate) fn one(&self) -> Id {
        self.one
    }

    pub(crate) fn constant(&mut self, value: Fr) -> Id {
        self.id(Node::Constant(value.to_bytes()))
    }

    pub(crate) fn slot(&mut self, slot: Slot) -> Id {
        self.id(Node::Slot(slot))
    }

    /// `a b + c`
    pub(crate) fn fused(&mut self, a: Id, b: Id, c: Id) -> Id {
        let product = match (self.known(a), self.known(b)) {
            (Some(x), Some(y)) => Some(self.constant(x * y)),
            (Some(x), _) if x.is_zero() => Some(self.zero),
            (_, Some(y)) if y.is_zero() => Some(self.zero),
            (Some(x), _) if x == Fr::ONE => Some(b),
            (_, Some(y)) if y == Fr::ONE => Some(a),
            _ => None,
        };
        match product {
            Some(product) => self.add(product, c),
            None => self.id(Node::Fused(a.min(b), a.max(b), c)),
        }
    }

    pub(crate) fn mul(&mut self, a: Id, b: Id) -> Id {
        self.fused(a, b, self.zero)
    }

    pub(crate) fn add(&mut self, a: Id, b: Id) -> Id {
        match (self.known(a), self.known(b)) {
            (Some(x), Some(y)) => return self.constant(x + y),
            (Some(x), _) if x.is_zero() => return b,
            (_, Some(y)) if y.is_zero() => return a,
            _ => {}
        }
        match (self.node(a), self.node(b)) {
            (Node::Fused(x, y, z), _) if z == self.zero => self.id(Node::Fused(x, y, b)),
            (_, Node::Fused(x, y, z)) if z == self.zero => self.id(Node::Fused(x, y, a)),
            _ => self.id(Node::Fused(a.min(self.one), a.max(self.one), b)),
        }
    }

    pub(crate) fn scale(&mut self, a: Id, factor: Fr) -> Id {
        // A factor that is there already takes the new one.
        if let Node::Fused(x, y, z) = self.node(a) {
            if z == self.zero {
                for (known, other) in [(x, y), (y, x)] {
                    if let Some(value) = self.known(known) {
                        let factor = self.constant(value * factor);
                        return self.mul(other, factor);
                    }
                }
            }
        }
        let factor = self.constant(factor);
        self.mul(a, factor)
    }

    pub(crate) fn neg(&mut self, a: Id) -> Id {
        self.scale(a, -Fr::ONE)
    }

    pub(crate) fn sub(&mut self, a: Id, b: Id) -> Id {
        let negative = self.neg(b);
        self.add(a, negative)
    }

    pub(crate) fn product(&mut self, factors: &[Id]) -> Id {
        factors
            .iter()
            .fold(self.one, |product, factor| self.mul(product, *factor))
    }

    pub(crate) fn sum(&mut self, terms: &[Id]) -> Id {
        terms.iter().fold(self.zero, |sum, term| self.add(sum, *term))
    }

    /// Makes the instructions for a value, and says where it is.
    pub(crate) fn compute(&mut self, id: Id) -> Slot {
        match self.node(id) {
            Node::Slot(slot) => slot,
            Node::Constant(bytes) => {
                let next = self.values.len();
                let index = *self.constants.entry(bytes).or_insert(next);
                if index == next {
                    self.values.push(bytes);
                }
                Slot::Constant(index)
            }
            Node::Fused(..) => match self.computed.get(&id) {
                Some(slot) => *slot,
                None => {
                    let slot = Slot::Temporary(self.temporaries);
                    self.temporaries += 1;
                    self.write(id, slot);
                    slot
                }
            },
        }
    }

    /// Makes the instructions that write a value to a slot. It is looked up there later, unless the slot is of those that are inverted.
    pub(crate) fn write(&mut self, id: Id, to: Slot) {
        let [a, b, c] = match (self.node(id), self.computed.contains_key(&id)) {
            (Node::Fused(a, b, c), false) => [a, b, c],
            _ => [id, self.one, self.zero],
        };
        let operands = [a, b, c].map(|operand| self.compute(operand));
        self.instructions.push(Instruction { to, operands });
        if let (Node::Fused(..), false) = (self.node(id), matches!(to, Slot::Inverted(_))) {
            self.computed.entry(id).or_insert(to);
        }
    }
}
