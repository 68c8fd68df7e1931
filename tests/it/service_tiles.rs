//! The log as strangers' tools read it, from the real service: every path, every header, and what an audit says when a file
//! is not what it should be.

use crate::service_quota::report;
use crate::support::bucket::Bucket;
use crate::support::witness::eventually;
use crate::support::{Founded, Service, new_database};
use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;
use threadmark_agent::system::{self, SystemEntropy};
use threadmark_protocol::checkpoint;
use threadmark_protocol::tile::{self, Row, TILE_WIDTH, Tile};
use threadmark_protocol::tlog_proof::TlogProof;
use threadmark_protocol::tree::{Tree, check_consistency, leaf_hash};

/// Statements, each with the log's own entry behind it: one full tile, and some of the next.
const STATEMENTS: usize = 150;

struct Heard {
    status: u16,
    headers: axum::http::HeaderMap,
    body: Vec<u8>,
}

impl Heard {
    fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

struct Reader {
    url: String,
    authorization: Option<String>,
}

impl Reader {
    fn stranger(service: &Service) -> Reader {
        Reader {
            url: service.url.clone(),
            authorization: None,
        }
    }

    fn auditor(service: &Service, founded: &Founded) -> Reader {
        let client = service.client();
        let session = client
            .session(&founded.governor, system::now(), &mut SystemEntropy)
            .unwrap();
        Reader {
            url: service.url.clone(),
            authorization: Some(session.authorization().to_string()),
        }
    }

    fn ask(&self, path: &str, coding: &str) -> Heard {
        let config = ureq::Agent::config_builder().http_status_as_error(false);
        let agent: ureq::Agent = config.build().into();
        let mut request = agent
            .get(format!("{}{path}", self.url))
            .header("accept-encoding", coding);
        if let Some(authorization) = &self.authorization {
            request = request.header("authorization", authorization);
        }
        let mut told = request.call().unwrap();
        Heard {
            status: told.status().as_u16(),
            headers: told.headers().clone(),
            body: told.body_mut().read_to_vec().unwrap(),
        }
    }

    fn get(&self, path: &str) -> Heard {
        self.ask(path, "identity")
    }

    fn tile(&self, tile: Tile) -> Vec<u8> {
        let heard = self.get(&format!("/log/{tile}"));
        assert_eq!(heard.status, 200, "{tile}");
        heard.body
    }

    /// All entries, from bundles alone.
    fn entries(&self, size: u64) -> Vec<Vec<u8>> {
        let bundles = (0..size.div_ceil(TILE_WIDTH)).map(|index| {
            let width = (size - index * TILE_WIDTH).min(TILE_WIDTH);
            let partial = Tile::partial(Row::Entries, index, width);
            self.tile(partial.unwrap_or_else(|| Tile::full(Row::Entries, index)))
        });
        let entries = |bundle: Vec<u8>| -> Vec<Vec<u8>> {
            tile::entries(&bundle)
                .map(|entry| entry.unwrap().to_vec())
                .collect()
        };
        bundles.flat_map(entries).collect()
    }
}

/// A service whose log has more than 256 entries, published; and its size.
fn grown() -> (Founded, Service, u64) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let founded = Founded::new(runtime.block_on(new_database()));
    let service = founded.serve();
    let size = grow(&founded, &service);
    eventually("it is published", || file(&founded, "tile/0/000").exists());
    (founded, service, size)
}

/// Makes the log grow beyond 256 entries; its size.
fn grow(founded: &Founded, service: &Service) -> u64 {
    let client = service.client();
    for number in 0..STATEMENTS {
        client
            .submit(&report(&founded.governor, number).submission)
            .unwrap();
    }
    let note = client.checkpoint().unwrap();
    let size = note.lines().nth(1).unwrap().parse().unwrap();
    assert!(size > TILE_WIDTH + 20 && size < 2 * TILE_WIDTH, "{size}");
    size
}

fn file(founded: &Founded, tile: &str) -> PathBuf {
    founded.log_home().join("objects/log").join(tile)
}

#[test]
fn every_path_of_the_specification_is_served() {
    let (founded, service, size) = grown();
    let (stranger, auditor) = (
        Reader::stranger(&service),
        Reader::auditor(&service, &founded),
    );
    let entries = auditor.entries(size);
    let mut tree = Tree::default();
    entries.iter().for_each(|entry| tree.push(leaf_hash(entry)));
    let note = stranger.get("/log/checkpoint");
    assert_eq!(note.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(note.header("cache-control"), "no-store");
    let genesis = threadmark_protocol::genesis::Genesis::parse(
        &std::fs::read(founded.log_home().join("genesis.cbor")).unwrap(),
    );
    let trust = genesis.unwrap().trust().unwrap();
    let signed = checkpoint::open(
        std::str::from_utf8(&note.body).unwrap(),
        &trust.checkpoint_key,
    )
    .unwrap();
    assert_eq!(
        (signed.checkpoint().size, signed.checkpoint().root),
        (size, tree.root())
    );
    let is_immutable = |heard: &Heard, scope: &str| {
        assert_eq!(
            heard.header("cache-control"),
            format!("{scope}, max-age=31536000, immutable")
        );
        assert_eq!(heard.header("content-type"), "application/octet-stream");
    };
    // Every historic partial, and the full one, of both kinds.
    for width in 1..=TILE_WIDTH {
        for row in [Row::Entries, Row::Hashes(0)] {
            let tile = Tile::partial(row, 0, width).unwrap_or(Tile::full(row, 0));
            let heard = auditor.get(&format!("/log/{tile}"));
            let expected = match row {
                Row::Hashes(_) => tile.hashes(&tree).unwrap(),
                Row::Entries => {
                    let entries = entries[..width as usize].iter().map(Vec::as_slice);
                    tile::bundle(entries).unwrap()
                }
            };
            assert_eq!(
                (heard.status, heard.body.len()),
                (200, expected.len()),
                "{tile}"
            );
            assert_eq!(heard.body, expected, "{tile}");
            is_immutable(
                &heard,
                if row == Row::Entries {
                    "private"
                } else {
                    "public"
                },
            );
        }
    }
    for path in [
        format!("/log/tile/0/001.p/{}", size - 256),
        "/log/tile/1/000.p/1".into(),
    ] {
        let heard = stranger.get(&path);
        let tile: Tile = path.strip_prefix("/log/").unwrap().parse().unwrap();
        assert_eq!(
            (heard.status, heard.body),
            (200, tile.hashes(&tree).unwrap()),
            "{path}"
        );
    }
    // A bundle becomes smaller on its way, and is the same.
    let smaller = auditor.ask("/log/tile/entries/000", "gzip");
    assert_eq!(smaller.header("vary"), "accept-encoding");
    assert_eq!(smaller.body, auditor.get("/log/tile/entries/000").body);
}

#[test]
fn what_is_not_there_is_404_and_nothing_else() {
    let (founded, service, size) = grown();
    let (stranger, auditor) = (
        Reader::stranger(&service),
        Reader::auditor(&service, &founded),
    );
    let expired = Reader {
        authorization: Some("Bearer a.b.c".into()),
        ..Reader::stranger(&service)
    };
    let absent = stranger.get("/log/tile/0/999");
    assert_eq!(
        (absent.status, absent.header("cache-control")),
        (404, "no-store")
    );
    for path in [
        format!("tile/0/001.p/{}", size - 255),
        "tile/0/001".into(),
        "tile/1/000".into(),
        "tile/2/000.p/1".into(),
        "tile/0/000.p/0".into(),
        "tile/0/000.p/256".into(),
        "tile/0/0".into(),
        "tile/64/000".into(),
        "tile/0/%30%30%30".into(),
        "tile/0/000/".into(),
        "tile/%65ntries/000".into(),
        "tile/entries/001".into(),
        "tile/entries/000.p/256".into(),
        "tile/entries/x".into(),
        "tile/8/data/000".into(),
        "tile/-1/000".into(),
        "tile/0/..%2f..%2fkeys.json".into(),
        "proof/99999".into(),
    ] {
        let heard = auditor.get(&format!("/log/{path}"));
        assert_eq!(heard.status, 404, "{path}");
    }
    // What is not for the caller is told as what is not there.
    for reader in [&stranger, &expired] {
        for path in [
            "/log/tile/entries/000",
            "/log/tile/entries/000.p/7",
            "/log/tile/entries/999",
        ] {
            let heard = reader.get(path);
            let strip = |heard: &Heard| {
                let mut told: Value = serde_json::from_slice(&heard.body).unwrap();
                told.as_object_mut().unwrap().remove("instance");
                told
            };
            assert_eq!(
                (heard.status, strip(&heard)),
                (404, strip(&absent)),
                "{path}"
            );
        }
    }
    // A token that is no good any more does not close what is open to everybody.
    assert_eq!(expired.get("/log/tile/0/000").status, 200);
    let readers = |founded: &Founded| {
        let mut tiles = tiles_command(founded, &["readers", "--json"]);
        let told = String::from_utf8(tiles.output().unwrap().stdout).unwrap();
        told.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect::<Vec<Value>>()
    };
    assert_eq!(
        readers(&founded),
        Vec::<Value>::new(),
        "nobody has read anything"
    );
    for path in ["000", "000.p/3", "001.p/2", "001.p/256"] {
        auditor.get(&format!("/log/tile/entries/{path}"));
    }
    let read = readers(&founded);
    let kid = founded.governor.identity().key_id().to_hex();
    let short = |read: &Value| {
        (
            read["bundle"].as_u64().unwrap(),
            read["times"].as_u64().unwrap(),
        )
    };
    assert_eq!(read.iter().map(short).collect::<Vec<_>>(), [(0, 2), (1, 1)]);
    assert!(read.iter().all(|read| read["kid"] == *kid));
}

fn tiles_command(founded: &Founded, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_threadmark"));
    command
        .arg("tiles")
        .args(arguments)
        .arg("--home")
        .arg(founded.log_home());
    command.env("DATABASE_URL", &founded.database);
    command
}

#[test]
fn every_checkpoint_is_kept_and_every_entry_has_its_proof() {
    let (founded, service, size) = grown();
    let reader = Reader::auditor(&service, &founded);
    let trust = founded.governor.trust().unwrap();
    let (mut kept, mut after) = (Vec::new(), String::new());
    loop {
        let page: Value =
            serde_json::from_slice(&reader.get(&format!("/log/checkpoints{after}")).body).unwrap();
        let items = page["items"].as_array().unwrap();
        kept.extend(items.clone());
        match page["next"].as_u64() {
            Some(next) => after = format!("?after={next}"),
            None => break,
        }
        assert_eq!(items.len(), 100);
    }
    assert_eq!(
        kept.len(),
        STATEMENTS + 1,
        "genesis, and one for each batch"
    );
    let entries = reader.entries(size);
    let mut tree = Tree::default();
    entries.iter().for_each(|entry| tree.push(leaf_hash(entry)));
    let open = |kept: &Value| {
        let note = kept["checkpoint"].as_str().unwrap();
        let signed = checkpoint::open(note, &trust.checkpoint_key).unwrap();
        assert_eq!(
            signed.checkpoint().root.to_hex(),
            kept["root"].as_str().unwrap()
        );
        signed.checkpoint().clone()
    };
    for pair in kept.windows(2) {
        let (old, new) = (open(&pair[0]), open(&pair[1]));
        let proof = tree.consistency(old.size, new.size).unwrap();
        assert_eq!(
            check_consistency(old.size, &old.root, new.size, &new.root, &proof),
            Ok(())
        );
    }
    for index in [0, 1, 2, 255, 256, size - 1] {
        let heard = reader.get(&format!("/log/proof/{index}"));
        assert_eq!(heard.header("content-type"), "text/plain; charset=utf-8");
        let text = String::from_utf8(heard.body).unwrap();
        let proof: TlogProof = text.parse().unwrap();
        assert_eq!(proof.index, index);
        let leaf = leaf_hash(&entries[index as usize]);
        let signed = proof.verify(leaf, &trust.checkpoint_key).unwrap();
        assert_eq!(signed.checkpoint().size, size);
        let other = leaf_hash(&entries[(index as usize + 1) % entries.len()]);
        assert!(proof.verify(other, &trust.checkpoint_key).is_err());
    }
}

#[test]
fn an_audit_names_each_file_that_is_not_right_and_a_command_makes_all_again() {
    let (founded, service, _) = grown();
    service.kill();
    let (good, told) = founded.audit();
    assert!(
        good && told.contains(", 2 published tiles: everything"),
        "{told}"
    );
    let files = ["tile/0/000", "tile/entries/000"];
    let before = files.map(|name| std::fs::read(file(&founded, name)).unwrap());
    let change = |name: &str, change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = std::fs::read(file(&founded, name)).unwrap();
        change(&mut bytes);
        std::fs::write(file(&founded, name), bytes).unwrap();
    };
    let cases: [(&str, &dyn Fn()); 6] = [
        ("tile/0/000: hash 17 in it is not the log's", &|| {
            change("tile/0/000", &|bytes| bytes[17 * 32] ^= 1)
        }),
        ("tile/0/000: hash 255 in it is not the log's", &|| {
            change("tile/0/000", &|bytes| bytes.truncate(8191))
        }),
        (
            "tile/entries/000: entry 255 in it is not the log's",
            &|| {
                change("tile/entries/000", &|bytes| *bytes.last_mut().unwrap() ^= 1);
            },
        ),
        (
            "tile/entries/000: it is missing; `threadmark tiles rebuild`",
            &|| {
                std::fs::remove_file(file(&founded, "tile/entries/000")).unwrap();
            },
        ),
        ("tile/0/001: the log has no such file", &|| {
            std::fs::write(file(&founded, "tile/0/001"), b"").unwrap();
        }),
        ("tile/0/001.p/7: the log has no such file", &|| {
            std::fs::create_dir(file(&founded, "tile/0/001.p")).unwrap();
            std::fs::write(file(&founded, "tile/0/001.p/7"), b"").unwrap();
        }),
    ];
    for (discrepancy, spoil) in cases {
        spoil();
        let (good, told) = founded.audit();
        assert!(!good && told.contains(discrepancy), "{discrepancy}: {told}");
        let _ = std::fs::remove_file(file(&founded, "tile/0/001"));
        let _ = std::fs::remove_dir_all(file(&founded, "tile/0/001.p"));
        let output = tiles_command(&founded, &["rebuild", "--json"])
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        let told: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(told["entries_published"], 256);
        let after = files.map(|name| std::fs::read(file(&founded, name)).unwrap());
        assert!(before == after, "{discrepancy}");
        let (good, told) = founded.audit();
        assert!(good, "{told}");
    }
}

#[test]
fn what_a_crash_left_is_mended_by_the_next_start() {
    let (founded, service, _) = grown();
    service.kill();
    // As if it had been killed before its first note, in the middle of a file.
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let pool = sqlx::PgPool::connect(&founded.database).await.unwrap();
        sqlx::raw_sql("delete from tiles_published")
            .execute(&pool)
            .await
            .unwrap();
    });
    std::fs::remove_file(file(&founded, "tile/0/000")).unwrap();
    let unfinished = file(&founded, "tile/0/000#1");
    std::fs::write(&unfinished, b"half").unwrap();
    let (good, told) = founded.audit();
    assert!(
        good && told.contains("1 tiles are not published yet"),
        "{told}"
    );
    let service = founded.serve();
    eventually("it is published", || file(&founded, "tile/0/000").exists());
    assert!(!unfinished.exists());
    drop(service);
    let (good, told) = founded.audit();
    assert!(
        good && told.contains(", 2 published tiles: everything"),
        "{told}"
    );
}

#[test]
fn a_restored_backup_is_not_served() {
    let (founded, service, _) = grown();
    service.kill();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    // The oldest backup: nothing in it.
    let restored = runtime.block_on(new_database());
    let output = Command::new(env!("CARGO_BIN_EXE_threadmark"))
        .args(["serve", "--home"])
        .arg(founded.log_home())
        .env("THREADMARK_LISTEN", "127.0.0.1:0")
        .env("THREADMARK_METRICS_LISTEN", "127.0.0.1:0")
        .env("DATABASE_URL", restored)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(
        told.contains("refusing to sign: the database has 0 entries, and tile/0/000 is published"),
        "{told}"
    );
}

#[test]
fn a_bucket_serves_as_a_folder_does() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let founded = Founded::new(runtime.block_on(new_database()));
    let bucket = Bucket::open(&runtime, "parts");
    let environment = bucket.environment("s3://parts/am");
    let environment: Vec<_> = environment
        .iter()
        .map(|(name, value)| (*name, &value[..]))
        .collect();
    let service = founded.serve_with(&environment);
    let size = grow(&founded, &service);
    eventually("it is published", || {
        bucket.get("am/log/tile/0/000").is_some()
    });
    let reader = Reader::auditor(&service, &founded);
    assert_eq!(reader.entries(size).len() as u64, size);
    assert_eq!(
        reader.get("/log/tile/0/000").body,
        bucket.get("am/log/tile/0/000").unwrap()
    );
    let run = |command: &[&str]| {
        let mut run = Command::new(env!("CARGO_BIN_EXE_threadmark"));
        run.args(command).arg("--home").arg(founded.log_home());
        run.env("DATABASE_URL", &founded.database)
            .envs(environment.iter().copied());
        let output = run.output().unwrap();
        (
            output.status.success(),
            String::from_utf8(output.stdout).unwrap(),
        )
    };
    let (good, told) = run(&["audit"]);
    assert!(
        good && told.contains(", 2 published tiles: everything"),
        "{told}"
    );
    bucket.put("am/log/tile/0/000", b"spoilt");
    let (good, told) = run(&["audit"]);
    assert!(
        !good && told.contains("tile/0/000: hash 0 in it is not the log's"),
        "{told}"
    );
    assert!(run(&["tiles", "rebuild"]).0 && run(&["audit"]).0);
    let (_, told) = run(&["doctor"]);
    assert!(told.contains("s3://parts/am answers"), "{told}");
    // What the service put there it knows when it starts again; sealed files lie beside.
    drop(service);
    let service = founded.serve_with(&environment);
    let session = service
        .client()
        .session(&founded.governor, system::now(), &mut SystemEntropy)
        .unwrap();
    let sealed = threadmark_protocol::digest::Digest::sha3(&[b"sealed"]);
    service
        .client()
        .put_artifact(&session, &sealed, b"sealed")
        .unwrap();
    let name = sealed.to_hex();
    assert_eq!(
        bucket
            .get(&format!("am/artifacts/{}/{name}", &name[..2]))
            .unwrap(),
        b"sealed"
    );
    drop(service);
    let wrong = environment.iter().map(|(name, value)| match *name {
        "AWS_SECRET_ACCESS_KEY" => (*name, "another"),
        _ => (*name, *value),
    });
    let mut doctor = Command::new(env!("CARGO_BIN_EXE_threadmark"));
    doctor
        .args(["doctor", "--home"])
        .arg(founded.log_home())
        .env("DATABASE_URL", &founded.database);
    let told = doctor.envs(wrong).output().unwrap().stdout;
    assert!(String::from_utf8_lossy(&told).contains("does not answer"));
}
