//! What the parameters of policies count.

/// What a parameter counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Outputs: an index, the first is 0.
    Output,
    /// Outputs: a set of them, as ascending indices.
    Outputs,
    /// Outputs: how many of them, at least one.
    Count,
    /// Integers of the quantized model. People name a number in the units of its output, and mean the least integer that stands for as much.
    Score,
    /// How far one of them is above another: a positive one.
    Lead,
    /// Items of a batch: how many of them, at least one.
    Items,
    /// A label that items can have.
    Class,
    /// Labels that items can have: a set of them, ascending.
    Classes,
    /// Labels, one for each item.
    Labels,
    /// Groups, one for each item.
    Groups,
    /// A label and a group for each item, in turn.
    Marks,
}

impl Unit {
    /// Its name, in lists of policies and, in capitals, in the grammar.
    pub fn name(self) -> &'static str {
        match self {
            Self::Output => "output",
            Self::Outputs => "outputs",
            Self::Count => "count",
            Self::Score | Self::Lead => "value",
            Self::Items => "items",
            Self::Class | Self::Classes => "label",
            Self::Labels => "labels",
            Self::Groups => "groups",
            Self::Marks => "marks",
        }
    }

    /// Whether it is of the items of a batch, each of which has some: such a list may come from a file.
    pub fn is_of_items(self) -> bool {
        matches!(self, Self::Labels | Self::Groups | Self::Marks)
    }

    /// Whether it stands for all parameters that are left.
    pub fn is_list(self) -> bool {
        self.is_set() || self.is_of_items()
    }

    /// Whether those are ascending.
    pub(super) fn is_set(self) -> bool {
        matches!(self, Self::Outputs | Self::Classes)
    }
}
