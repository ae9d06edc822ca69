//! A filter expression, or an entity selector.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| local_xray::fuzzing::filter(text));
