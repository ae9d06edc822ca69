//! Segment documents, one a line: from PutTraceSegments to all that is read of them.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| local_xray::fuzzing::documents(text));
