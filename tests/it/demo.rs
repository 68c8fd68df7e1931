//! The main job, end to end, through the binaries.

use std::process::Command;

#[test]
fn the_whole_story() {
    let output = Command::new(env!("CARGO_BIN_EXE_threadmark"))
        .args(["demo", "--once"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}\n{errors}");
    for step in [
        "ELIGIBLE BY RECORD, provisional",
        "nothing lost, nothing doubled",
        "RECORD FOUND, NO HOLDS",
        "licence-unit-unknown",
        "licence-other-machine",
        "design-withdrawn",
        "qualification-part",
        "not-independent",
        "unknown-mark",
        "unvouched",
        "born held",
        "destroyed",
        "audit: state lot:l0931",
        "Everything was as it should be",
    ] {
        assert!(told.contains(step), "{step} is missing:\n{told}");
    }
}
