#![no_main]

#[path = "../../tests/common/decoders.rs"]
mod decoders;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| decoders::bundle(bytes));
