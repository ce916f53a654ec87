//! The native side of `test/vectors.mjs`: requests on standard input, each after its length (`u32`, little endian);
//! their reports on standard output, a line each.

use provenn_verifier_wasm::{report, Request};
use std::io::{Read, Result};

fn main() -> Result<()> {
    let mut bytes = Vec::new();
    std::io::stdin().read_to_end(&mut bytes)?;
    let mut rest = bytes.as_slice();
    while let Some((length, tail)) = rest.split_first_chunk() {
        let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
        let Some((request, tail)) = tail.split_at_checked(length) else {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        };
        rest = tail;
        println!(
            "{}",
            Request::from_bytes(request).map_or_else(|error| error.report(), |request| report(&request))
        );
    }
    Ok(())
}
