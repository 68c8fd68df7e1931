//! The published contract against the running service: schemathesis asks everything that the document allows and much
//! that it does not.

mod examples;
mod http;
mod lines;
pub mod stage;

use stage::Stage;
use std::path::Path;
use std::process::Command;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/contract");

/// Real values for the parameters, and the bodies beside them for `hooks.py`.
fn configure(stage: &Stage, folder: &Path) {
    std::fs::write(folder.join("statement.cbor"), stage.statement()).unwrap();
    std::fs::write(folder.join("picture.png"), stage.picture()).unwrap();
    let marks: Vec<_> = stage.marks().map(|mark| format!("\"{mark}\"")).collect();
    let settings = std::fs::read_to_string(Path::new(FOLDER).join("schemathesis.toml")).unwrap();
    let settings = settings
        .replace("@TOKEN@", &stage.token)
        .replace("@MARKS@", &marks.join(", "))
        .replace("@STATEMENT@", &stage.statement_id())
        .replace("@SHA3@", &stage.artifact.to_string())
        .replace("@DESIGN@", &stage.design.to_string());
    assert!(!settings.contains('@'), "a value is missing: {settings}");
    std::fs::write(folder.join("schemathesis.toml"), settings).unwrap();
}

/// Operations in the document.
fn operations() -> usize {
    let document: serde_json::Value = serde_json::from_str(&threadmark::http::openapi()).unwrap();
    let paths = document["paths"].as_object().unwrap().values();
    let methods = |path: &serde_json::Value| path.as_object().unwrap().len();
    paths.map(methods).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_keeps_what_its_document_says() {
    let stage = Stage::new().await;
    let folder = tempfile::tempdir().unwrap();
    configure(&stage, folder.path());
    let program = Path::new(FOLDER).join("venv/bin/schemathesis");
    let mut run = Command::new(program);
    run.args(["--config-file", "schemathesis.toml", "run", "--no-color"])
        .arg(format!("{}/openapi.json", stage.url))
        .env("SCHEMATHESIS_HOOKS", "hooks")
        .env("PYTHONPATH", FOLDER)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("NO_PROXY", "*")
        .current_dir(folder.path());
    let output = tokio::task::spawn_blocking(move || run.output()).await;
    let output = output
        .unwrap()
        .expect("schemathesis runs; see scripts/setup test");
    let told = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}\n{errors}");
    let tested = format!("Tested: {}", operations());
    assert!(told.contains(&tested), "not {tested}: {told}");
}
