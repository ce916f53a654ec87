//! All tests of the crate that do not stand beside its sources.

mod argmax;
mod attack;
mod colouring;
mod common;
mod finite;
mod input_order;
mod input_types;
mod inputs;
mod lift;
mod loops;
mod malformed;
mod masks;
mod mock;
mod mutation;
mod operator_table;
mod operators;
mod programs;
mod quotients;
mod refused;
mod register;
mod stages;
mod storeys;
mod structure;
