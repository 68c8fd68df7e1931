//! The lines for a terminal that the page about the interface shows, run as they stand there.

use super::stage::{self, ARTIFACT, Stage};
use std::path::Path;
use std::process::Command;
use threadmark_protocol::digest::Digest;
use threadmark_protocol::fixture::Who;

fn page(url: &str) -> String {
    let mut response = ureq::get(url).call().unwrap();
    response.body_mut().read_to_string().unwrap()
}

/// The lines on the page, with the operation that each stands under.
fn lines(page: &str) -> Vec<(String, String)> {
    let operations = page
        .split("<article class=\"card operation\" id=\"")
        .skip(1);
    let line = |operation: &str| {
        let (id, rest) = operation.split_once('"').unwrap();
        let (_, rest) = rest.split_once("<pre class=\"curl\">").unwrap();
        let (line, _) = rest.split_once("</pre>").unwrap();
        let line = line.replace("&#34;", "\"").replace("&#38;", "&");
        (id.to_owned(), line)
    };
    operations.map(line).collect()
}

/// An official example, which the line for a capture sends.
const EVENTS: &[u8] = include_bytes!("../../../fixtures/epcis/examples/AssociationEvent-a.jsonld");

/// The name that the job of capturing it has.
fn capture_of(stage: &Stage) -> String {
    let org = stage.of.org(Who::Mechanic);
    Digest::sha256(&[org.as_str().as_bytes(), &[0], EVENTS]).to_hex()[..32].to_owned()
}

/// Status of the answer to a line, run by a shell in a folder with the files that the lines name.
fn status(stage: &Stage, token: &str, folder: &Path, line: &str) -> String {
    let output = Command::new("sh")
        .args([
            "-c",
            &format!("{line} --silent --output answer --write-out '%{{http_code}}'"),
        ])
        .env("TOKEN", token)
        .env("ANCHORS", "lot:l1")
        .env("MATCH_ANYEPC", "https://part.example/m/7K3Q9XWD2M8TV0AY")
        .env("CAPTURE", capture_of(stage))
        .env("SHA3", stage.artifact.to_string())
        .env("NO_PROXY", "*")
        .current_dir(folder)
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_line_on_the_page_works() {
    let stage = Stage::new().await;
    tokio::task::spawn_blocking(move || {
        let folder = tempfile::tempdir().unwrap();
        let assertion = stage::assertion(&stage.of, stage.now, Who::Mechanic, "lines");
        let write =
            |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
        write("statement.cbor", &stage.unsent.submission.to_bytes());
        write("picture.png", &stage.picture());
        write("sealed.age", ARTIFACT);
        write("events.jsonld", EVENTS);
        let assertion = format!("{{\"assertion\":\"{assertion}\"}}");
        let admin = stage.token_of(Who::MroAdmin);
        let lines = lines(&page(&format!("{}/docs", stage.url)));
        assert_eq!(lines.len(), super::operations());
        for (operation, line) in lines {
            let (token, body) = match &operation[..] {
                "put_webhook" => (&admin, "{\"url\":null}"),
                "tell_sighting" => (&stage.token, "{\"mark\":\"7K3Q9XWD2M8TV0AY\"}"),
                _ => (&stage.token, &assertion[..]),
            };
            write("body.json", body.as_bytes());
            let status = status(&stage, token, folder.path(), &line);
            assert!(status.starts_with('2'), "{operation}: {line}: {status}");
        }
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_problem_has_its_place_on_a_page() {
    let stage = Stage::new().await;
    tokio::task::spawn_blocking(move || {
        let page = page(&format!("{}/docs/problems", stage.url));
        let document: serde_json::Value =
            serde_json::from_str(&threadmark::http::openapi()).unwrap();
        let codes = &document["components"]["schemas"]["Problem"]["properties"]["code"]["enum"];
        for code in codes.as_array().unwrap() {
            let anchor = format!("id=\"{}\"", code.as_str().unwrap());
            assert!(page.contains(&anchor), "{anchor}");
        }
    })
    .await
    .unwrap();
}
