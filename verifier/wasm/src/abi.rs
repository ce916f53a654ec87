//! The exports of the module. The host calls `reserve(n)`, writes `n` bytes at the address it gets, calls `verify()`,
//! and reads `output_length()` bytes at `output()`. No address comes from the host, so nothing here is unsafe but
//! the names of the exports, which the lint counts as such.
#![expect(unsafe_code, reason = "exported names")]

use crate::{report, Request};
use std::cell::RefCell;

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Makes room for a request and returns its address.
#[no_mangle]
extern "C" fn reserve(length: usize) -> *mut u8 {
    BUFFER.with_borrow_mut(|buffer| {
        *buffer = vec![0; length];
        buffer.as_mut_ptr()
    })
}

/// Replaces the request by its report.
#[no_mangle]
extern "C" fn verify() {
    BUFFER.with_borrow_mut(|buffer| {
        let text = match Request::from_bytes(buffer) {
            Ok(request) => report(&request),
            Err(error) => error.report(),
        };
        *buffer = text.into_bytes();
    });
}

/// Puts the list of policies in the place of a report.
#[no_mangle]
extern "C" fn policies() {
    BUFFER.with_borrow_mut(|buffer| *buffer = crate::policies().into_bytes());
}

/// Address of the report.
#[no_mangle]
extern "C" fn output() -> *const u8 {
    BUFFER.with_borrow(|buffer| buffer.as_ptr())
}

/// Its length in bytes.
#[no_mangle]
extern "C" fn output_length() -> usize {
    BUFFER.with_borrow(Vec::len)
}
