//! Sealed files at the border: stored only whole and right, in bounded memory, and read in pieces.

use crate::support::{Founded, Service, new_database};
use crate::wire::{answer, connect, head};
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::path::Path;
use std::time::Duration;
use threadmark_agent::system::{self, SystemEntropy};
use threadmark_protocol::digest::{Digest, Sha3Stream};

const MIB: usize = 1 << 20;

struct Started {
    founded: Founded,
    service: Service,
    authorization: String,
}

fn started() -> Started {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let founded = Founded::new(runtime.block_on(new_database()));
    let service = founded.serve();
    let client = service.client();
    let session = client
        .session(&founded.governor, system::now(), &mut SystemEntropy)
        .unwrap();
    let authorization = session.authorization().to_string();
    Started {
        founded,
        service,
        authorization,
    }
}

impl Started {
    fn ask(&self, method: &str, digest: &Digest, more: &str) -> TcpStream {
        let mut stream = connect(&self.service.url);
        let authorization = &self.authorization;
        let head = format!(
            "{method} /v1/artifacts/{digest} HTTP/1.1\r\nhost: x\r\nauthorization: {authorization}\r\n{more}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream
    }

    fn put(&self, digest: &Digest, bytes: &[u8]) -> u16 {
        let length = format!("content-length: {}", bytes.len());
        let mut stream = self.ask("PUT", digest, &length);
        stream.write_all(bytes).unwrap();
        answer(&stream).0
    }

    fn get(&self, digest: &Digest, more: &str) -> (u16, String, Vec<u8>) {
        answer(&self.ask("GET", digest, more))
    }

    /// Everything that the store holds, finished or not.
    fn files(&self) -> Vec<String> {
        fn walk(folder: &Path, found: &mut Vec<String>) {
            for entry in std::fs::read_dir(folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                match path.is_dir() {
                    true => walk(&path, found),
                    false => found.push(path.file_name().unwrap().to_string_lossy().into_owned()),
                }
            }
        }
        let mut found = Vec::new();
        walk(&self.founded.log_home().join("objects"), &mut found);
        found
    }

    /// Waits, long, until the store holds nothing.
    fn becomes_empty(&self) -> bool {
        (0..300).any(|_| {
            std::thread::sleep(Duration::from_millis(100));
            self.files().is_empty()
        })
    }
}

/// A body of blocks that is never whole in the memory of this process.
struct Blocks {
    block: Vec<u8>,
    count: usize,
}

impl Blocks {
    fn new(first: u8, count: usize) -> Blocks {
        let mut block = vec![7; MIB];
        block[0] = first;
        Blocks { block, count }
    }

    fn digest(&self) -> Digest {
        let mut hasher = Sha3Stream::default();
        (0..self.count).for_each(|_| hasher.update(&self.block));
        hasher.finish()
    }

    fn send(&self, stream: &mut TcpStream) {
        for _ in 0..self.count {
            stream.write_all(&self.block).unwrap();
        }
    }
}

#[test]
fn large_files_go_in_and_out_in_bounded_memory() {
    let started = started();
    let before = started.service.peak_bytes();
    let file = Blocks::new(1, 40);
    let digest = file.digest();
    let length = format!("content-length: {}", file.count * MIB);
    // All at once and of the same name, which must not disturb each other either.
    std::thread::scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| {
                let mut stream = started.ask("PUT", &digest, &length);
                file.send(&mut stream);
                assert_eq!(answer(&stream).0, 201);
            });
        }
    });
    // Asked for eight times, and read by nobody until the last has asked.
    let asked: Vec<TcpStream> = (0..8).map(|_| started.ask("GET", &digest, "")).collect();
    for mut stream in asked {
        let (status, head) = head(&stream);
        assert_eq!(status, 200, "{head}");
        let mut block = vec![0; MIB];
        for _ in 0..file.count {
            stream.read_exact(&mut block).unwrap();
            assert!(block == file.block);
        }
    }
    let grown = started.service.peak_bytes() - before;
    // 160 MiB in and 320 MiB out; each upload may hold a part of 5 MiB.
    assert!(grown < 48 << 20, "{grown} bytes more");
    assert_eq!(started.files(), [digest.to_hex()]);
}

#[test]
fn what_is_not_whole_and_right_leaves_nothing() {
    let started = started();
    let file = Blocks::new(1, 12);
    let other = Blocks::new(2, 12);
    let length = format!("content-length: {}", 12 * MIB);
    // Other bytes than the name says, small and large.
    assert_eq!(started.put(&Digest::sha3(&[b"a"]), b"b"), 400);
    let mut stream = started.ask("PUT", &file.digest(), &length);
    other.send(&mut stream);
    assert_eq!(answer(&stream).0, 400);
    // A client that goes away, with a length and without.
    for framing in [length.as_str(), "transfer-encoding: chunked"] {
        let mut stream = started.ask("PUT", &file.digest(), framing);
        let chunk = format!("{:x}\r\n", 12 * MIB);
        if framing != length {
            stream.write_all(chunk.as_bytes()).unwrap();
        }
        (0..8).for_each(|_| stream.write_all(&file.block).unwrap());
        stream.shutdown(Shutdown::Both).unwrap();
    }
    // Chunks that lie about themselves.
    let mut stream = started.ask("PUT", &file.digest(), "transfer-encoding: chunked");
    stream.write_all(b"5\r\nabcdefgh\r\n").unwrap();
    assert_eq!(answer(&stream).0, 400);
    assert!(started.becomes_empty(), "{:?}", started.files());
    assert_eq!(started.get(&file.digest(), "").0, 404);
}

#[test]
fn what_a_crash_left_is_cleared_by_the_next_start() {
    let mut started = started();
    let file = Blocks::new(1, 12);
    let length = format!("content-length: {}", file.count * MIB);
    let mut stream = started.ask("PUT", &file.digest(), &length);
    (0..8).for_each(|_| stream.write_all(&file.block).unwrap());
    let has_begun = (0..300).any(|_| {
        std::thread::sleep(Duration::from_millis(100));
        !started.files().is_empty()
    });
    assert!(has_begun);
    let whole = Digest::sha3(&[b"whole"]);
    assert_eq!(started.put(&whole, b"whole"), 201);
    let next = started.founded.serve();
    std::mem::replace(&mut started.service, next).kill();
    assert_eq!(started.files(), [whole.to_hex()]);
}

#[test]
fn too_large_is_told_before_it_is_read() {
    let started = started();
    let digest = Digest::sha3(&[b"x"]);
    for (length, status) in [
        ("1073741825", 413),
        ("18446744073709551613", 413),
        // More than HTTP has names for, and no number of bytes at all.
        ("18446744073709551615", 431),
        ("18446744073709551616", 400),
        ("-1", 400),
    ] {
        let stream = started.ask("PUT", &digest, &format!("content-length: {length}"));
        assert_eq!(answer(&stream).0, status, "{length}");
    }
    let mut stream = connect(&started.service.url);
    let head = format!(
        "PUT /v1/artifacts/{digest} HTTP/1.1\r\nhost: x\r\ncontent-length: 1073741824\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    assert_eq!(answer(&stream).0, 401, "a stranger sends nothing");
}

#[test]
fn one_key_does_not_take_every_place() {
    let started = started();
    let file = Blocks::new(1, 12);
    let length = format!("content-length: {}", 12 * MIB);
    let mut begun: Vec<TcpStream> = Vec::new();
    let refused = (0..8).any(|_| {
        let mut stream = started.ask("PUT", &file.digest(), &length);
        // Refused before a byte of the body, or waiting for it.
        stream
            .set_read_timeout(Some(Duration::from_secs(2)))
            .unwrap();
        if stream.read(&mut [0; 12]).is_ok() {
            return true;
        }
        begun.push(stream);
        false
    });
    assert!(refused && begun.len() == 4, "{} uploads", begun.len());
    // A place comes free with its upload.
    let mut stream = begun.pop().unwrap();
    file.send(&mut stream);
    stream
        .set_read_timeout(Some(Duration::from_secs(100)))
        .unwrap();
    assert_eq!(answer(&stream).0, 201);
    assert_eq!(started.put(&Digest::sha3(&[b""]), b""), 201);
}

#[test]
fn files_are_read_in_pieces() {
    let started = started();
    let bytes: Vec<u8> = (0..200_000u32).map(|i| (i % 251) as u8).collect();
    let digest = Digest::sha3(&[&bytes]);
    let empty = Digest::sha3(&[b""]);
    assert_eq!(started.put(&digest, &bytes), 201);
    assert_eq!(started.put(&digest, &bytes), 201, "the same again");
    assert_eq!(started.put(&empty, b""), 201);
    assert_eq!(started.get(&empty, "").0, 200);
    assert_eq!(started.get(&digest, "").2, bytes);
    for (asked, range) in [
        ("bytes=0-0", 0..1),
        ("bytes=199999-", 199_999..200_000),
        ("bytes=-7", 199_993..200_000),
        ("bytes=5-18446744073709551615", 5..200_000),
    ] {
        let (status, head, body) = started.get(&digest, &format!("range: {asked}"));
        assert_eq!((status, &body[..]), (206, &bytes[range]), "{asked}: {head}");
    }
    let (status, head, _) = started.get(&digest, "range: bytes=200000-");
    assert_eq!(status, 416);
    assert!(head.contains("content-range: bytes */200000"), "{head}");
    // What is no range of bytes is as if it were not there.
    for asked in ["bytes=2-1", "bytes=0-1,3-4", "lines=1-2"] {
        let (status, _, body) = started.get(&digest, &format!("range: {asked}"));
        assert_eq!((status, body.len()), (200, bytes.len()), "{asked}");
    }
    for named in ["..%2f..%2fkeys.json", "%00", "x"] {
        let head = format!(
            "GET /v1/artifacts/{named} HTTP/1.1\r\nhost: x\r\nauthorization: {}\r\n\r\n",
            started.authorization
        );
        let mut stream = connect(&started.service.url);
        stream.write_all(head.as_bytes()).unwrap();
        assert_eq!(answer(&stream).0, 400, "{named}");
    }
}
