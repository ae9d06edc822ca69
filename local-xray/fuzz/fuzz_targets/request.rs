//! Requests to the API, one a line, sent one after the other.
#![no_main]

use std::cell::RefCell;

use local_xray::fuzzing::Requests;

thread_local! {
    /// The store is made once: each input finds it as if it were new.
    static REQUESTS: RefCell<Requests> = RefCell::new(requests());
}

fn requests() -> Requests {
    let dir = tempfile::tempdir().expect("a temporary directory");
    // It stays as long as the process, whose end runs no destructors.
    Requests::open(&dir.keep())
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    REQUESTS.with_borrow_mut(|requests| requests.send(bytes));
});
