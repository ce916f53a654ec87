//! Changes of a colouring's claim.

use provenn_verifier::Colouring;

pub type Edit = fn(&mut Colouring);

/// Field, change, what is done, and the code that results.
pub const ROWS: [(&str, &str, Edit, &str); 12] = [
    ("Colouring.colours", "fewer", |body| body.colours = 2, "key-mismatch"),
    ("Colouring.colours", "more", |body| body.colours = 4, "key-mismatch"),
    (
        "Colouring.colours",
        "one",
        |body| body.colours = 1,
        "colours-out-of-range",
    ),
    (
        "Colouring.colours",
        "too many",
        |body| body.colours = 17,
        "colours-out-of-range",
    ),
    (
        "Colouring.colours",
        "the most that bytes hold",
        |body| body.colours = u32::MAX,
        "colours-out-of-range",
    ),
    (
        "Colouring.vertices",
        "one more",
        |body| body.vertices += 1,
        "graph-mismatch",
    ),
    ("Colouring.vertices", "none", |body| body.vertices = 0, "graph-mismatch"),
    (
        "Colouring.vertices",
        "the most that bytes hold",
        |body| body.vertices = u32::MAX,
        "too-large",
    ),
    ("Colouring.edges", "one less", |body| body.edges -= 1, "graph-mismatch"),
    (
        "Colouring.edges",
        "the most that bytes hold",
        |body| body.edges = u32::MAX,
        "graph-mismatch",
    ),
    (
        "Colouring.graph",
        "one bit",
        |body| body.graph[0] ^= 1,
        "graph-mismatch",
    ),
    (
        "Colouring.graph",
        "another bit",
        |body| body.graph[31] ^= 0x80,
        "graph-mismatch",
    ),
];
