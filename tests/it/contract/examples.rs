//! The examples of the document: requests to the service on a known history, and what came back. Nothing in them is made
//! up, and nothing in them can become untrue: the answers are the same in every run, and compared with the committed ones.

use super::stage::{self, Stage};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use threadmark_protocol::body::Core;
use threadmark_protocol::fixture::{HOST, Who};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi/examples.json");

/// A request of the interface.
struct Ask {
    operation: &'static str,
    name: &'static str,
    summary: &'static str,
    path: String,
    is_member: bool,
    /// Media type and bytes, of a POST.
    body: Option<(&'static str, Vec<u8>)>,
}

fn ask(
    operation: &'static str,
    name: &'static str,
    summary: &'static str,
    path: impl Into<String>,
) -> Ask {
    let path = path.into();
    Ask {
        operation,
        name,
        summary,
        path,
        is_member: false,
        body: None,
    }
}

impl Ask {
    fn by_member(self) -> Ask {
        Ask {
            is_member: true,
            ..self
        }
    }

    fn with(self, media_type: &'static str, bytes: impl Into<Vec<u8>>) -> Ask {
        Ask {
            body: Some((media_type, bytes.into())),
            ..self
        }
    }

    /// Sends it; the example that it makes.
    fn example(self, stage: &Stage) -> Value {
        let config = ureq::Agent::config_builder().http_status_as_error(false);
        let agent: ureq::Agent = config.build().into();
        let address = format!("{}{}", stage.url, self.path);
        let bearer = format!("Bearer {}", stage.token);
        let mut response = match self.body {
            None if self.is_member => agent.get(address).header("authorization", bearer).call(),
            None => agent.get(address).call(),
            Some((media_type, bytes)) => agent.post(address).content_type(media_type).send(bytes),
        }
        .unwrap();
        let media_type = response
            .headers()
            .get("content-type")
            .unwrap()
            .to_str()
            .unwrap();
        let media_type = media_type.split(';').next().unwrap().to_owned();
        let text = response.body_mut().read_to_string().unwrap();
        let mut body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        if let Some(members) = body.as_object_mut() {
            // Names this one request: it is another in every run.
            members.remove("instance");
        }
        json!({
            "operation": self.operation, "name": self.name, "summary": self.summary,
            "status": response.status().as_u16(), "media_type": media_type, "body": body,
        })
    }
}

fn marks(stage: &Stage) -> Vec<Ask> {
    let mut marks = stage.marks().map(|mark| format!("/v1/marks/{mark}"));
    let mut next = || marks.next().unwrap();
    let (held, recalled, gap, _, unknown) = (next(), next(), next(), next(), next());
    let mistyped = format!("{}0", &held[..held.len() - 1]);
    let mark = |name, summary, path: &str| ask("get_mark", name, summary, path);
    vec![
        mark(
            "record-found",
            "Anybody asks about a part without holds",
            &held,
        ),
        mark(
            "eligible-by-record",
            "Its custodian asks, for a helicopter",
            &format!("{held}?asset_type=helicopter"),
        )
        .by_member(),
        mark("do-not-install", "The part is recalled", &recalled),
        mark(
            "cannot-determine",
            "The journal of who sent it is missing",
            &gap,
        ),
        mark("unknown-mark", "Nobody has made this mark", &unknown),
        mark(
            "mistyped",
            "The last character is not the check of the others",
            &mistyped,
        ),
    ]
}

fn statements(stage: &Stage) -> Vec<Ask> {
    let submit = |name, summary, bytes: Vec<u8>| {
        ask("submit_statement", name, summary, "/v1/statements").with("application/cbor", bytes)
    };
    let get = |name, summary, id: String| {
        ask(
            "get_statement",
            name,
            summary,
            format!("/v1/statements/{id}"),
        )
    };
    let mut forged = stage.unsent.submission.clone();
    *forged.envelope.last_mut().unwrap() ^= 1;
    let is_release = |one: &&threadmark_protocol::statement::Statement| {
        matches!(one.body.core, Core::PartReleased(_))
    };
    let release = stage.of.log.entries().iter().find(is_release).unwrap().id;
    let unsent = stage.unsent.submission.to_bytes();
    vec![
        get(
            "public",
            "Anybody asks for the proof of a release",
            release.to_string(),
        ),
        get(
            "member",
            "A member asks, and gets the body too",
            release.to_string(),
        )
        .by_member(),
        get(
            "not-found",
            "No such statement, or none for strangers",
            "0".repeat(64),
        ),
        submit("malformed", "The bytes are no submission", b"{}".to_vec()),
        submit(
            "bad-signature",
            "One bit of the signature is another",
            forged.to_bytes(),
        ),
        submit("logged", "The mechanic installs the part", unsent.clone()),
        submit(
            "logged-before",
            "The same again, as after a lost answer",
            unsent,
        ),
    ]
}

fn others(stage: &Stage) -> Vec<Ask> {
    let assertion = stage::assertion(&stage.of, stage.now, Who::Mechanic, "example");
    let assertion = json!({ "assertion": assertion }).to_string();
    let session = |name, summary| {
        ask("open_session", name, summary, "/v1/sessions")
            .with("application/json", assertion.clone())
    };
    vec![
        ask(
            "get_checkpoint",
            "checkpoint",
            "A signed note",
            "/log/checkpoint",
        ),
        ask(
            "list_checkpoints",
            "last-page",
            "The newest two",
            "/log/checkpoints?after=119",
        ),
        ask(
            "get_tlog_proof",
            "proof",
            "The first entry in the newest checkpoint",
            "/log/proof/0",
        ),
        ask(
            "get_tlog_proof",
            "not-found",
            "The log is smaller",
            "/log/proof/100000",
        ),
        ask(
            "get_inclusion_proof",
            "proof",
            "The first entry in a tree of eight",
            "/v1/proofs/inclusion?index=0&size=8",
        ),
        ask(
            "get_inclusion_proof",
            "not-found",
            "The log is smaller",
            "/v1/proofs/inclusion?index=0&size=100000",
        ),
        ask(
            "get_consistency_proof",
            "proof",
            "From three entries to eight",
            "/v1/proofs/consistency?old=3&new=8",
        ),
        ask(
            "get_entries",
            "no-session",
            "A stranger asks",
            "/v1/sync?from=0",
        ),
        ask(
            "get_entries",
            "beyond-the-log",
            "The caller has more than the log",
            "/v1/sync?from=100000",
        )
        .by_member(),
        ask(
            "get_epcis_events",
            "released",
            "Anybody asks when a part was inspected and released",
            format!(
                "/v1/epcis/events?MATCH_anyEPC=https://{HOST}/m/{}&EQ_disposition=conformant",
                stage.marks().next().unwrap()
            ),
        ),
        ask(
            "get_epcis_events",
            "epcis-parameter",
            "A parameter that is not supported",
            "/v1/epcis/events?MATCH_anyEPC=urn:x&WD_readPoint=urn:y",
        ),
        ask("list_designs", "designs", "One design", "/v1/designs").by_member(),
        ask(
            "list_allowables",
            "allowables",
            "One allowable",
            "/v1/allowables",
        )
        .by_member(),
        ask(
            "get_impact",
            "lot",
            "A member asks which parts come from a lot",
            "/v1/impact?anchors=lot:l1",
        )
        .by_member(),
        ask(
            "get_impact",
            "stranger",
            "A stranger asks",
            "/v1/impact?anchors=lot:l1",
        ),
        ask(
            "get_impact",
            "no-subject",
            "What is asked for is no subject",
            "/v1/impact?anchors=powder",
        )
        .by_member(),
        ask(
            "list_notices",
            "none",
            "A member whose parts nothing concerns",
            "/v1/notices",
        )
        .by_member(),
        ask(
            "list_cases",
            "none",
            "A member about whose parts no scan gives anything away",
            "/v1/cases",
        )
        .by_member(),
        ask(
            "get_webhook",
            "none",
            "Nothing is sent to this member",
            "/v1/webhook",
        )
        .by_member(),
        ask(
            "get_governance",
            "policy",
            "Anybody asks for the policy in force",
            "/v1/governance",
        ),
        ask(
            "get_governance",
            "member",
            "A member asks who decides, and what is proposed",
            "/v1/governance",
        )
        .by_member(),
        ask(
            "scan",
            "not-a-picture",
            "The bytes are no picture",
            "/v1/scan",
        )
        .with("image/png", "no picture"),
        ask(
            "scan",
            "wrong-media-type",
            "A form instead of the picture",
            "/v1/scan",
        )
        .with("text/plain", "no picture"),
        session("session", "A session of five minutes"),
        session("session-refused", "The same assertion again"),
        ask("get_health", "ok", "All is well", "/healthz"),
    ]
}

/// Validates every example with a body against the schema that the document has for it, closed: nothing may stand in an
/// answer that the document does not know.
fn validate() {
    let folder = Path::new(super::FOLDER);
    let output = Command::new(folder.join("venv/bin/python"))
        .arg(folder.join("validate.py"))
        .args([
            concat!(env!("CARGO_MANIFEST_DIR"), "/openapi/openapi.json"),
            FILE,
        ])
        .output()
        .expect("python runs; see scripts/setup test");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{told}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn examples_are_real_answers_and_what_their_schemas_say() {
    let stage = Stage::new().await;
    let examples = tokio::task::spawn_blocking(move || {
        let asked = [marks(&stage), statements(&stage), others(&stage)];
        let examples = asked.into_iter().flatten().map(|ask| ask.example(&stage));
        examples.collect::<Vec<_>>()
    });
    let examples = examples.await.unwrap();
    for verdict in [
        "eligible_by_record",
        "record_found",
        "do_not_install",
        "cannot_determine",
    ] {
        let is_answer = |example: &&Value| example["body"]["verdict"] == verdict;
        assert!(
            examples.iter().any(|example| is_answer(&example)),
            "no {verdict}"
        );
    }
    let mut text = serde_json::to_string_pretty(&examples).unwrap();
    text.push('\n');
    if std::fs::read_to_string(FILE).unwrap() != text {
        std::fs::write(FILE, text).unwrap();
        panic!(
            "openapi/examples.json was not what the service answers; it is written anew: read and commit it"
        );
    }
    validate();
}
