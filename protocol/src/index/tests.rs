use super::proof::PROOF_BYTES_MAX;
use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn subject(number: u32) -> SubjectId {
    SubjectId::new("part", format!("p{number}")).unwrap()
}

fn link(index: u64) -> Link {
    Link {
        index,
        logged_at: 1_767_225_600 + index as i64,
        statement: Digest::sha256(&[&index.to_be_bytes()]),
    }
}

/// The definition, as bluntly as it can be said: lists by subject, and bits as text.
#[derive(Default)]
struct Naive(BTreeMap<SubjectId, Vec<Link>>);

impl Naive {
    fn add(&mut self, statements: &[(Link, BTreeSet<SubjectId>)]) {
        for (link, subjects) in statements {
            for subject in subjects {
                self.0.entry(subject.clone()).or_default().push(*link);
            }
        }
    }

    fn root(&self) -> Digest {
        let leaf = |(subject, links): (&SubjectId, &Vec<Link>)| {
            let key = key_of(subject);
            let bits: String = key.0.iter().map(|byte| format!("{byte:08b}")).collect();
            let mut head = [0; 32];
            for link in links {
                let all = [
                    b"threadmark head\0".to_vec(),
                    head.to_vec(),
                    link.index.to_be_bytes().to_vec(),
                    link.logged_at.to_be_bytes().to_vec(),
                    link.statement.0.to_vec(),
                ];
                head = Digest::sha256(&[&all.concat()]).0;
            }
            let count = (links.len() as u64).to_be_bytes();
            let hash = Digest::sha256(&[b"threadmark leaf\0", &key.0, &count, &head]);
            (bits, hash)
        };
        let leaves: Vec<_> = self.0.iter().map(leaf).collect();
        match leaves.len() {
            0 => Digest::sha256(&[b"threadmark none\0"]),
            _ => Naive::node(&leaves, 0),
        }
    }

    fn node(leaves: &[(String, Digest)], depth: usize) -> Digest {
        if let [(_, hash)] = leaves {
            return *hash;
        }
        let side = |wanted: &str| -> Vec<_> {
            let on = |(bits, _): &&(String, Digest)| &bits[depth..=depth] == wanted;
            leaves.iter().filter(on).cloned().collect()
        };
        let (left, right) = (side("0"), side("1"));
        if left.is_empty() || right.is_empty() {
            return Naive::node(leaves, depth + 1);
        }
        let hashes = [&left, &right].map(|side| Naive::node(side, depth + 1));
        let depth = [depth as u8];
        Digest::sha256(&[b"threadmark node\0", &depth, &hashes[0].0, &hashes[1].0])
    }
}

/// Batches of statements, each with the numbers of the subjects that it touches.
fn batches() -> impl Strategy<Value = Vec<Vec<BTreeSet<u32>>>> {
    let statement = prop::collection::btree_set(0..40u32, 0..5);
    let batch = prop::collection::vec(statement, 0..12);
    prop::collection::vec(batch, 0..8)
}

fn numbered(batches: &[Vec<BTreeSet<u32>>]) -> Vec<Vec<(Link, BTreeSet<SubjectId>)>> {
    let mut index = 0..;
    let mut statement = |numbers: &BTreeSet<u32>| {
        let subjects = numbers.iter().map(|number| subject(*number)).collect();
        (link(index.next().unwrap()), subjects)
    };
    let of = |batch: &Vec<_>| batch.iter().map(&mut statement).collect();
    batches.iter().map(of).collect()
}

proptest! {
    #[test]
    fn the_root_is_that_of_the_naive_model_however_the_statements_come(batches in batches()) {
        let batches = numbered(&batches);
        let (mut map, mut naive) = (Map::default(), Naive::default());
        for batch in &batches {
            let before = (map.clone(), map.root());
            let mentions = map.add(batch);
            naive.add(batch);
            prop_assert_eq!(map.root(), naive.root());
            prop_assert_eq!(map.len(), naive.0.len());
            prop_assert_eq!(mentions.len(), batch.iter().map(|(_, on)| on.len()).sum::<usize>());
            // The version before is as it was.
            prop_assert_eq!(before.0.root(), before.1);
        }
        let all: Vec<_> = batches.concat();
        let mut at_once = Map::default();
        at_once.add(&all);
        prop_assert_eq!(at_once.root(), naive.root());
        let tallies = naive.0.iter().rev().map(|(id, links)| (id.clone(), Tally::of(links)));
        prop_assert_eq!(Map::from_tallies(tallies).root(), naive.root());
    }

    #[test]
    fn every_list_is_proved_and_no_other_list_is(batches in batches()) {
        let (mut map, mut naive) = (Map::default(), Naive::default());
        for batch in numbered(&batches) {
            map.add(&batch);
            naive.add(&batch);
        }
        let root = map.root();
        for number in 0..45 {
            let id = subject(number);
            let links = naive.0.get(&id).cloned().unwrap_or_default();
            let proof = map.prove(&id);
            prop_assert_eq!(Proof::parse(&proof.to_bytes()).unwrap(), proof.clone());
            let tally = Tally::of(&links);
            prop_assert_eq!(map.tally(&id), tally);
            proof.check(&id, &tally, &root).unwrap();
            // One left out, two exchanged, one more: another head or another count.
            let mut wrong = vec![[&links[..], &[link(10_000)]].concat()];
            for at in 0..links.len() {
                let mut fewer = links.clone();
                fewer.remove(at);
                wrong.push(fewer);
            }
            if links.len() > 1 {
                let mut swapped = links.clone();
                swapped.swap(0, 1);
                wrong.push(swapped);
            }
            for list in wrong {
                prop_assert_eq!(proof.check(&id, &Tally::of(&list), &root), Err(IndexError::Root));
            }
            let neighbour = subject(number + 1);
            let theirs = naive.0.get(&neighbour).cloned().unwrap_or_default();
            if !links.is_empty() {
                prop_assert!(proof.check(&neighbour, &Tally::of(&theirs), &root).is_err());
            }
        }
    }

    #[test]
    fn a_forged_proof_is_refused(batches in batches(), byte in any::<prop::sample::Index>(), flip in 1..=255u8) {
        let mut map = Map::default();
        for batch in numbered(&batches) {
            map.add(&batch);
        }
        for id in [subject(3), subject(77)] {
            let mut bytes = map.prove(&id).to_bytes();
            let at = byte.index(bytes.len());
            bytes[at] ^= flip;
            if let Ok(proof) = Proof::parse(&bytes) {
                prop_assert!(proof.check(&id, &map.tally(&id), &map.root()).is_err());
            }
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(proof) = Proof::parse(&bytes) {
            prop_assert_eq!(proof.to_bytes(), bytes);
        }
    }
}

#[test]
fn absence_is_not_proved_of_what_is_there() {
    let mut map = Map::default();
    let all: Vec<_> = (0..50)
        .map(|at| (link(at), BTreeSet::from([subject(at as u32)])))
        .collect();
    map.add(&all);
    let (root, none) = (map.root(), Tally::default());
    for number in 0..50 {
        let id = subject(number);
        // Any neighbour in the place of the subject's own leaf, on any way.
        for other in 0..50 {
            let theirs = subject(other);
            let mut proof = map.prove(&theirs);
            assert!(proof.check(&id, &none, &root).is_err());
            proof.other = Some((key_of(&theirs), map.tally(&theirs)));
            assert!(proof.check(&id, &none, &root).is_err(), "{id} {theirs}");
        }
        let empty = Proof {
            other: None,
            path: Vec::new(),
        };
        assert!(empty.check(&id, &none, &root).is_err());
    }
    map.prove(&subject(50))
        .check(&subject(50), &none, &root)
        .unwrap();
    let empty = Map::default();
    assert!(empty.is_empty() && empty.root() == empty_root());
    empty
        .prove(&subject(0))
        .check(&subject(0), &none, &empty.root())
        .unwrap();
}

#[test]
fn proofs_of_another_form_are_refused() {
    let mut map = Map::default();
    map.add(&[
        (link(0), BTreeSet::from([subject(1), subject(2)])),
        (link(1), BTreeSet::from([subject(2), subject(3)])),
    ]);
    let good = map.prove(&subject(2));
    let refused = |proof: Proof| Proof::parse(&proof.to_bytes()).unwrap_err();
    let mut twice = good.clone();
    twice.path.push(twice.path[0]);
    assert!(matches!(refused(twice), IndexError::Malformed(_)));
    let bytes = good.to_bytes();
    assert!(Proof::parse(&bytes[..bytes.len() - 1]).is_err());
    assert!(Proof::parse(&[&bytes[..], &[0]].concat()).is_err());
    assert!(matches!(
        Proof::parse(&vec![0x83; PROOF_BYTES_MAX + 1]),
        Err(IndexError::Malformed("it is too large"))
    ));
    // A hash less than there are branches.
    let short = cbor_of(&[0, 1], &[7; 32]);
    assert!(matches!(
        Proof::parse(&short),
        Err(IndexError::Malformed(_))
    ));
    assert!(matches!(
        Proof::parse(&cbor_of(&[0], &[7; 33])),
        Err(IndexError::Malformed(_))
    ));
    let longest = Proof {
        other: Some((
            Digest([1; 32]),
            Tally {
                count: u64::MAX,
                head: Digest([2; 32]),
            },
        )),
        path: (0..=255)
            .map(|depth| (depth, Digest([depth; 32])))
            .collect(),
    };
    assert_eq!(Proof::parse(&longest.to_bytes()).unwrap(), longest);
}

fn cbor_of(depths: &[u8], hashes: &[u8]) -> Vec<u8> {
    crate::cbor::write(|to| {
        to.array(3)?.null()?.bytes(depths)?.bytes(hashes)?;
        Ok(())
    })
}
