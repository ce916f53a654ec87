//! The ledger of what receipts let out.

mod accounts;
mod budgets;
mod charge;

pub use accounts::{Account, InputFile, InputPart};
pub use budgets::{Budget, Subject};
pub(super) use charge::{reserve, reserve_first, settle, End};

use crate::server::error::ApiError;
use crate::server::ledger::Charge;

/// Which receipts count against a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All of a model.
    Model,
    /// Those of a model about one input, each.
    Input,
    /// Those of a model that one key asked for, each.
    Requester,
    /// All that a key asked for.
    Key,
}

impl Scope {
    const ALL: [Self; 4] = [Self::Model, Self::Input, Self::Requester, Self::Key];

    pub fn name(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Input => "input",
            Self::Requester => "requester",
            Self::Key => "key",
        }
    }

    fn parse(name: &str) -> Result<Self, ApiError> {
        let known = Self::ALL.into_iter().find(|scope| scope.name() == name);
        known.ok_or_else(|| ApiError::Internal(format!("unknown scope {name}")))
    }

    fn what(self) -> &'static str {
        match self {
            Self::Model => "this model",
            Self::Input => "this input under this model",
            Self::Requester => "this key under this model",
            Self::Key => "this key",
        }
    }

    /// What a charge counts as.
    fn of(self, charge: &Charge) -> Vec<(&str, &str)> {
        match self {
            Self::Model => vec![(charge.model.as_str(), "")],
            Self::Input => charge
                .about
                .inputs()
                .iter()
                .map(|input| (charge.model.as_str(), input.as_str()))
                .collect(),
            Self::Requester => vec![(charge.model.as_str(), charge.requester.as_str())],
            Self::Key => vec![(charge.requester.as_str(), "")],
        }
    }
}
