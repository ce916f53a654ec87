//! Files of this program on their way: what they say, and what a verdict makes of them.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

#[path = "files/agreed_bundles.rs"]
mod agreed_bundles;
#[path = "files/agreements.rs"]
mod agreements;
#[path = "files/bundles.rs"]
mod bundles;
#[path = "files/evm.rs"]
mod evm;
#[path = "files/expect.rs"]
mod expect;
#[path = "files/folder.rs"]
mod folder;
#[path = "files/formats.rs"]
mod formats;
#[path = "files/in_toto.rs"]
mod in_toto;
#[path = "files/segments.rs"]
mod segments;
#[path = "files/show.rs"]
mod show;
#[path = "files/standard.rs"]
mod standard;
