//! One binary for all targets; `FUZZ_TARGET` says which.
#![no_main]

#[path = "../targets.rs"]
mod targets;

use std::sync::OnceLock;

static TARGET: OnceLock<targets::Target> = OnceLock::new();

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let target = TARGET.get_or_init(|| {
        let name = std::env::var("FUZZ_TARGET").expect("FUZZ_TARGET names a target");
        let found = targets::TARGETS.iter().find(|(known, _)| *known == name);
        found.expect("FUZZ_TARGET names a target").1
    });
    target(bytes);
});
