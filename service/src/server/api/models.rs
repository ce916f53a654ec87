//! Models, from upload to removal.

pub mod card;
pub mod commit;
pub mod get;
pub mod graph;
pub mod list;
pub mod put;
pub mod uncommit;
