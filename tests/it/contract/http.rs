//! What HTTP itself asks of the answers: challenges, methods, ranges, media types, heads.

use super::stage::{self, ARTIFACT, Stage};
use serde_json::{Value, json};
use threadmark_protocol::fixture::Who;
use ureq::http::{Method, Request, Response};

/// What comes back, whatever its status: status, the named header, body.
fn asked(request: Request<Vec<u8>>, header: &str) -> (u16, String, Vec<u8>) {
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .allow_non_standard_methods(true);
    let agent: ureq::Agent = config.build().into();
    let mut response: Response<ureq::Body> = agent.run(request).unwrap();
    let told = response.headers().get_all(header).iter();
    let told: Vec<_> = told
        .map(|value| value.to_str().unwrap().to_owned())
        .collect();
    let status = response.status().as_u16();
    (
        status,
        told.join(", "),
        response.body_mut().read_to_vec().unwrap(),
    )
}

impl Stage {
    fn request(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Request<Vec<u8>> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(Vec::new()).unwrap()
    }

    fn by_member(&self, method: Method, path: &str, more: (&str, &str)) -> Request<Vec<u8>> {
        let bearer = format!("Bearer {}", self.token);
        self.request(method, path, &[("authorization", &bearer), more])
    }
}

async fn on_stage(test: fn(&Stage)) {
    let stage = Stage::new().await;
    tokio::task::spawn_blocking(move || test(&stage))
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_known_is_told_how_to_be() {
    on_stage(|stage| {
        let stranger = stage.request(Method::GET, "/v1/designs", &[]);
        let (status, challenge, _) = asked(stranger, "www-authenticate");
        assert_eq!(
            (status, &challenge[..]),
            (401, "Bearer realm=\"threadmark\"")
        );
        let bearer = ("authorization", "Bearer a.b.c");
        let false_one = stage.request(Method::GET, "/v1/designs", &[bearer]);
        let (status, challenge, _) = asked(false_one, "www-authenticate");
        assert!(
            status == 401 && challenge.ends_with("error=\"invalid_token\""),
            "{challenge}"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_method_is_told_the_right_ones() {
    on_stage(|stage| {
        for (method, path, allowed) in [
            (Method::DELETE, "/v1/designs", "GET,HEAD"),
            (Method::GET, "/v1/statements", "POST"),
            (Method::PATCH, "/v1/artifacts/0", "GET,HEAD,PUT"),
            (Method::PUT, "/docs", "GET,HEAD"),
        ] {
            let (status, allow, body) = asked(stage.request(method, path, &[]), "allow");
            assert_eq!((status, &allow[..]), (405, allowed), "{path}");
            let problem: Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(problem["help"], "/docs/problems#wrong-method");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_ranges_and_freshness() {
    on_stage(|stage| {
        let file = format!("/v1/artifacts/{}", stage.artifact);
        let (status, length, body) = asked(
            stage.by_member(Method::HEAD, &file, ("accept", "*/*")),
            "content-length",
        );
        assert_eq!(
            (status, length, body.len()),
            (200, ARTIFACT.len().to_string(), 0)
        );
        let beyond = stage.by_member(Method::GET, &file, ("range", "bytes=9999-"));
        let (status, range, _) = asked(beyond, "content-range");
        assert_eq!(
            (status, range),
            (416, format!("bytes */{}", ARTIFACT.len()))
        );
        let kept = asked(
            stage.by_member(Method::GET, &file, ("accept", "*/*")),
            "cache-control",
        )
        .1;
        assert!(kept.contains("immutable"), "{kept}");
        let mark = format!("/v1/marks/{}", stage.marks().next().unwrap());
        for method in [Method::GET, Method::HEAD] {
            let (status, kept, _) = asked(stage.request(method, &mark, &[]), "cache-control");
            assert_eq!((status, &kept[..]), (200, "no-store"));
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assertion_is_not_taken_for_less_than_it_says() {
    on_stage(|stage| {
        let open = |jti: &str, header: Value, claims: Value| {
            let more = (header, claims);
            let signed = stage::assertion_with(&stage.of, stage.now, Who::Mechanic, jti, more);
            let mut request = stage.request(
                Method::POST,
                "/v1/sessions",
                &[("content-type", "application/json")],
            );
            *request.body_mut() = json!({ "assertion": signed }).to_string().into_bytes();
            asked(request, "www-authenticate").0
        };
        assert_eq!(open("a", json!({}), json!({ "nbf": stage.now })), 200);
        assert_eq!(
            open("b", json!({}), json!({ "nbf": stage.now + 3600 })),
            401
        );
        assert_eq!(
            open("c", json!({ "crit": ["b64"], "b64": false }), json!({})),
            401
        );
        assert_eq!(open("d", json!({ "crit": [] }), json!({})), 401);
        assert_eq!(open("e", json!({ "alg": "none" }), json!({})), 401);
    })
    .await;
}
