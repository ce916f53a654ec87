//! The adapters of ERC-7992 and ERC-8004 on a chain with registries of these drafts: what they accept, and everything that they refuse.

#[path = "common/abi.rs"]
mod abi;

#[path = "adapters/erc7992.rs"]
mod erc7992;
#[path = "adapters/erc8004.rs"]
mod erc8004;

use crate::common::{self, Case};
use crate::setup::shape::{Draw, Shape};
use crate::setup::Setup;
use provenn_verifier::{Answer, Claim};
use revm::primitives::Address;

/// Whoever sends transactions.
fn sender(number: u8) -> Address {
    Address::repeat_byte(number)
}

/// A claim whose answer is of this kind.
fn claim(setup: &Setup, is: fn(&Answer) -> bool) -> Claim {
    let mut claims = (0..).map(|seed| setup.claim(&mut Draw::new(seed)));
    claims
        .find(|claim| is(&claim.body.inference().unwrap().items[0].answer))
        .unwrap()
}

/// A model whose receipts cost next to nothing to make; its claim shows the scores.
struct Model {
    setup: Setup,
    claim: Claim,
    draw: Draw,
}

impl Model {
    /// The first random circuit from this seed on that the contract takes.
    fn new(seed: u64) -> Self {
        let fits = |seed| {
            let mut draw = Draw::new(seed);
            let setup = Setup::new(Shape::random(&mut draw), &mut draw)?;
            provenn_evm::KeyData::new(&setup.card, &setup.srs_key).ok()?;
            let claim = claim(&setup, |answer| matches!(answer, Answer::Scores(_)));
            Some(Self { setup, claim, draw })
        };
        (seed..).find_map(fits).unwrap()
    }

    /// A receipt of a claim that an edit makes of the model's.
    fn receipt(&mut self, edit: impl FnOnce(&mut Claim)) -> (Claim, Vec<u8>) {
        let mut claim = self.claim.clone();
        edit(&mut claim);
        let proof = self.setup.prove(&claim, &mut self.draw);
        let receipt = self.setup.receipt(&claim, &proof);
        (claim, receipt)
    }

    fn case(&mut self) -> Case {
        let (_, receipt) = self.receipt(|_| ());
        let (card, srs) = (self.setup.card.clone(), self.setup.srs_key.clone());
        Case::new("random", card, srs, receipt)
    }
}
