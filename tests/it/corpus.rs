//! Every parser of outside bytes over its corpus and over mutations of it: what the fuzzer found once stays found.
//!
//! `FUZZ_ROUNDS` is the number of mutations of each file (default 100); the mutations are the same on every machine.

use crate::dice::Dice;

#[path = "../../fuzz/targets.rs"]
mod targets;

use std::panic::catch_unwind;
use std::path::Path;
use targets::{TARGETS, Target};

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/corpus");

fn files(name: &str) -> Vec<Vec<u8>> {
    let folder = std::fs::read_dir(Path::new(CORPUS).join(name)).unwrap();
    let mut paths: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
        .iter()
        .map(|path| std::fs::read(path).unwrap())
        .collect()
}

fn survives(name: &str, target: Target, bytes: &[u8]) {
    let ended = catch_unwind(|| target(bytes));
    assert!(
        ended.is_ok(),
        "{name}: {}",
        hex::encode(&bytes[..bytes.len().min(4000)])
    );
}

#[test]
fn no_corpus_file_and_no_mutation_of_one_ends_a_parser() {
    let rounds = crate::dice::rounds(30);
    for (number, (name, target)) in TARGETS.iter().enumerate() {
        let files = files(name);
        assert!(!files.is_empty(), "{name} has no corpus");
        // Reading a picture takes thousands of times what the others take.
        let rounds = if *name == "image" {
            rounds / 20
        } else {
            rounds
        };
        let mut dice = Dice::new(number);
        for file in &files {
            survives(name, *target, file);
            for _ in 0..rounds {
                let mut bytes = file.clone();
                let other = &files[dice.below(files.len())];
                dice.mutate(&mut bytes, other);
                survives(name, *target, &bytes);
            }
        }
    }
}
