//! What handlers share: reading requests, shaping answers, counting both.

pub mod body;
pub mod errors;
pub mod headers;
pub mod id;
pub mod observe;
pub mod page;
pub mod reason;
