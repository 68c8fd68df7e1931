//! Pictures from anybody: bounded memory, and nobody's picture keeps the others out.

use crate::support::{Founded, Service, new_database};
use crate::wire::{answer, connect};
use std::io::Write as _;
use std::net::TcpStream;
use std::path::PathBuf;

fn started() -> (Founded, Service) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let founded = Founded::new(runtime.block_on(new_database()));
    let service = founded.serve();
    (founded, service)
}

fn corpus(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/corpus"));
    std::fs::read(folder.join(name)).unwrap()
}

fn send(service: &Service, picture: &[u8]) -> TcpStream {
    let mut stream = connect(&service.url);
    let length = picture.len();
    let head = format!("POST /v1/scan HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(picture).unwrap();
    stream
}

/// Status and code of the answer.
fn told(stream: &TcpStream) -> (u16, String) {
    let (status, _, body) = answer(stream);
    let json: serde_json::Value = serde_json::from_slice(&body).unwrap();
    (status, json["code"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn the_largest_pictures_are_read_in_bounded_memory() {
    let (_founded, service) = started();
    let before = service.peak_bytes();
    let large = ["60-megapixels-rgb.png", "60-megapixels-progressive.jpg"];
    let large: Vec<Vec<u8>> = large
        .iter()
        .map(|name| corpus(&format!("big/{name}")))
        .collect();
    let sent: Vec<TcpStream> = (0..3)
        .flat_map(|_| &large)
        .map(|picture| send(&service, picture))
        .collect();
    for stream in &sent {
        let (status, code) = told(stream);
        let is_named = ["no-code", "not-a-picture", "busy"].contains(&code.as_str());
        assert!(is_named, "{status} {code}");
    }
    let grown = service.peak_bytes() - before;
    // Two at a time, each 180 MB of colours and 60 MB of grey, and what a progressive picture is put together from.
    assert!(grown < 1100 << 20, "{grown} bytes more");
    let bomb = [
        "refused-bomb-30000.png",
        "refused-bomb-30000.jpg",
        "refused-bomb-2e31.png",
    ];
    for name in bomb {
        let stream = send(&service, &corpus(&format!("image/{name}")));
        assert_eq!(
            told(&stream),
            (413, "picture-too-large".to_owned()),
            "{name}"
        );
    }
}

#[test]
fn who_sends_and_goes_away_keeps_nobody_out() {
    let (_founded, service) = started();
    let slow = corpus("big/60-megapixels-rgb.png");
    for _ in 0..6 {
        drop(send(&service, &slow));
    }
    // The host in this mark is another's, so a code is seen and is none of ours.
    let stream = send(&service, &corpus("image/marked-grey.jpg"));
    assert_eq!(told(&stream), (422, "not-a-mark".to_owned()));
}
