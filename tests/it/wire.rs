//! HTTP as bytes on a socket, for what no client library would send.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

/// A connection that does not wait for ever.
pub fn connect(url: &str) -> TcpStream {
    let stream = TcpStream::connect(url.trim_start_matches("http://")).unwrap();
    let hang = Some(Duration::from_secs(100));
    stream.set_read_timeout(hang).unwrap();
    stream.set_write_timeout(hang).unwrap();
    stream
}

/// What comes back for these bytes until the service closes.
pub fn exchange(url: &str, bytes: &[u8]) -> String {
    let mut stream = connect(url);
    // The service may have said enough and closed before it has read everything.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

/// Status of an exchange; 0 where there was no answer.
pub fn status(answer: &str) -> u16 {
    let status = answer
        .strip_prefix("HTTP/1.1 ")
        .and_then(|rest| rest.get(..3));
    status.and_then(|status| status.parse().ok()).unwrap_or(0)
}

/// Status and head of an answer, and no byte of what follows.
pub fn head(mut stream: &TcpStream) -> (u16, String) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() > 0 {
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    (status(&head), head)
}

/// One answer with the body that its length announces; the connection stays open.
pub fn answer(mut stream: &TcpStream) -> (u16, String, Vec<u8>) {
    let (status, head) = head(stream);
    let mut lines = head.lines().map(str::to_ascii_lowercase);
    let length = lines.find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).unwrap();
    (status, head, body)
}
