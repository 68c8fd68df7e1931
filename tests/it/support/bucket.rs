//! A bucket of S3-compatible storage in memory: what the service asks of one, by the published protocol, and no more.
//! Requests must be signed by the one key that it knows (AWS Signature Version 4).

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

type Objects = Arc<Mutex<BTreeMap<String, Vec<u8>>>>;

const KEY: &str = "test-key";
const SECRET: &str = "test-secret";

/// A bucket that lives as long as its runtime.
pub struct Bucket {
    objects: Objects,
    url: String,
}

impl Bucket {
    pub fn open(runtime: &tokio::runtime::Runtime, name: &str) -> Bucket {
        let objects = Objects::default();
        let routes = Router::new()
            .route(&format!("/{name}"), get(list))
            .route(&format!("/{name}/"), get(list))
            .route(&format!("/{name}/{{*key}}"), get(read).put(write))
            .layer(axum::middleware::from_fn(signed))
            .with_state(objects.clone());
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        runtime.spawn(async move { axum::serve(listener, routes).await });
        Bucket { objects, url }
    }

    /// What tells a program where files are.
    pub fn environment(&self, place: &str) -> [(&'static str, String); 6] {
        [
            ("THREADMARK_ARTIFACTS", place.to_owned()),
            ("AWS_ENDPOINT", self.url.clone()),
            ("AWS_ALLOW_HTTP", "true".to_owned()),
            ("AWS_REGION", "test".to_owned()),
            ("AWS_ACCESS_KEY_ID", KEY.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", SECRET.to_owned()),
        ]
    }

    pub fn get(&self, key: &str) -> Option<Vec<u8>> {
        self.objects.lock().unwrap().get(key).cloned()
    }

    pub fn put(&self, key: &str, bytes: &[u8]) {
        self.objects
            .lock()
            .unwrap()
            .insert(key.to_owned(), bytes.to_vec());
    }
}

/// Refuses what the key has not signed. The payload's digest is believed as it is told.
async fn signed(request: Request, next: Next) -> Response {
    match signature(request.method(), request.uri(), request.headers()) {
        Some((told, expected)) if told == expected => next.run(request).await,
        _ => StatusCode::FORBIDDEN.into_response(),
    }
}

/// The signature that stands in a request, and the one that should.
fn signature(method: &Method, uri: &Uri, headers: &HeaderMap) -> Option<(String, String)> {
    let header = |name: &str| headers.get(name)?.to_str().ok();
    let told = header("authorization")?.strip_prefix("AWS4-HMAC-SHA256 Credential=")?;
    let (credential, rest) = told.split_once(", SignedHeaders=")?;
    let (names, signature) = rest.split_once(", Signature=")?;
    let scope = credential.strip_prefix(KEY)?.strip_prefix('/')?;
    let lines: Option<String> = names
        .split(';')
        .map(|name| Some(format!("{name}:{}\n", header(name)?.trim())))
        .collect();
    let digest =
        |text: &str| threadmark_protocol::digest::Digest::sha256(&[text.as_bytes()]).to_hex();
    let (path, query) = (uri.path(), uri.query().unwrap_or_default());
    let canonical = format!(
        "{method}\n{path}\n{query}\n{}\n{names}\n{}",
        lines?,
        header("x-amz-content-sha256")?
    );
    let text = format!(
        "AWS4-HMAC-SHA256\n{}\n{scope}\n{}",
        header("x-amz-date")?,
        digest(&canonical)
    );
    let seed = format!("AWS4{SECRET}").into_bytes();
    let key = scope
        .split('/')
        .fold(seed, |key, part| hmac(&key, part.as_bytes()).to_vec());
    Some((
        signature.to_owned(),
        hex::encode(hmac(&key, text.as_bytes())),
    ))
}

/// RFC 2104 over SHA-256; keys here are shorter than a block.
fn hmac(key: &[u8], text: &[u8]) -> [u8; 32] {
    let padded = |with: u8| {
        let mut block = [with; 64];
        key.iter()
            .zip(&mut block)
            .for_each(|(key, byte)| *byte ^= key);
        block
    };
    let sha256 = threadmark_protocol::digest::Digest::sha256;
    sha256(&[&padded(0x5c), &sha256(&[&padded(0x36), text]).0]).0
}

async fn read(State(objects): State<Objects>, Path(key): Path<String>) -> Response {
    let found = objects.lock().unwrap().get(&key).cloned();
    let headers = [
        ("last-modified", "Sat, 21 Nov 2026 00:00:00 GMT"),
        ("etag", "\"1\""),
    ];
    match found {
        Some(bytes) => (headers, bytes).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn write(State(objects): State<Objects>, Path(key): Path<String>, bytes: Bytes) -> Response {
    objects.lock().unwrap().insert(key, bytes.to_vec());
    [("etag", "\"1\"")].into_response()
}

/// ListObjectsV2, all in one page.
async fn list(
    State(objects): State<Objects>,
    Query(asked): Query<HashMap<String, String>>,
) -> String {
    let prefix = asked.get("prefix").cloned().unwrap_or_default();
    let objects = objects.lock().unwrap();
    let found = objects.iter().filter(|(key, _)| key.starts_with(&prefix));
    let found = found.map(|(key, bytes)| {
        let size = bytes.len();
        format!(
            "<Contents><Key>{key}</Key><Size>{size}</Size><ETag>\"1\"</ETag>\
             <LastModified>2026-11-21T00:00:00.000Z</LastModified></Contents>"
        )
    });
    let found: String = found.collect();
    format!("<ListBucketResult><IsTruncated>false</IsTruncated>{found}</ListBucketResult>")
}
