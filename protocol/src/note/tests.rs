use super::*;
use crate::{digest::Digest, key::Signer};
use proptest::prelude::*;
use signed_note::{StandardVerifier, VerifierList};

/// The worked example of the specification.
const VKEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
const NOTE: &str = "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

fn key() -> VerifierKey {
    VKEY.parse().unwrap()
}

fn signer(name: &str, seed: u8) -> NoteSigner {
    NoteSigner::new(name, Signer::from_seed(&[seed; 32])).unwrap()
}

fn signed(text: &str, signers: &[&NoteSigner]) -> Note {
    let mut note = Note::new(text.to_owned()).unwrap();
    signers
        .iter()
        .for_each(|signer| note.add(signer.sign(text)).unwrap());
    note
}

#[test]
fn the_example_of_the_specification() {
    let note = Note::parse(NOTE).unwrap();
    assert_eq!(note.text(), "This is an example message.\n");
    assert_eq!(note.to_string(), NOTE);
    assert_eq!(key().to_string(), VKEY);
    assert_eq!(
        note.verify(&[key()]).unwrap(),
        [Verified {
            key: &key(),
            time: None
        }]
    );
}

#[test]
fn unknown_keys_are_ignored_and_known_ones_must_verify() {
    let (one, two) = (signer("one", 1), signer("two", 2));
    let note = signed("text\n\nwith a blank line\n", &[&one, &two]);
    let keys = [one.verifier().clone(), two.verifier().clone()];
    assert_eq!(note.verify(&keys).unwrap().len(), 2);
    assert_eq!(note.verify(&keys[1..]).unwrap()[0].key.name, "two");
    assert_eq!(note.verify(&[key()]), Err(NoteError::NoKnownKey));
    assert_eq!(note.verify(&[]), Err(NoteError::NoKnownKey));
    let forged = note.to_string().replacen("text", "test", 1);
    let forged = Note::parse(&forged).unwrap();
    assert_eq!(
        forged.verify(&keys),
        Err(NoteError::BadSignature("one".into()))
    );
    assert_eq!(
        forged.verify(&keys[1..]),
        Err(NoteError::BadSignature("two".into()))
    );
}

/// One good line does not save a note with a bad one of another known key, nor a second of its own.
#[test]
fn one_bad_line_refuses_the_note() {
    let (one, two) = (signer("one", 1), signer("two", 2));
    let keys = [one.verifier().clone(), two.verifier().clone()];
    for bad in [&one, &two] {
        let mut note = signed("text\n", &[&one]);
        note.add(bad.sign("other text\n")).unwrap();
        let name = bad.verifier().name.clone();
        assert_eq!(note.verify(&keys), Err(NoteError::BadSignature(name)));
    }
}

#[test]
fn broken_forms_are_refused() {
    let (text, line) = NOTE.split_once("\n\n").unwrap();
    let line = line.trim_end();
    for broken in [
        String::new(),
        "\n\n".to_owned(),
        format!("{text}\n{line}\n"),
        format!("{text}\n\n{line}"),
        format!("{text}\n\n{line}\n\n"),
        format!("{text}\n\n{line}\r\n"),
        format!("{text}\t\n\n{line}\n"),
        format!("{text}\n\n{line} \n"),
        format!("{text}\n\n{}\n", line.replace('—', "-")),
        format!("{text}\n\n{}\n", line.replace("example.com/foo", "a+b")),
        format!("{text}\n\n{}\n", line.replace("example.com/foo", "")),
        format!("{text}\n\n{}\n", line.trim_end_matches('=')),
        format!("{text}\n\n{}\n", line.replace("aQM=", "aQN=")),
        format!("{text}\n\n— name AAAA\n"),
        format!(
            "{text}\n\n{}",
            format!("{line}\n").repeat(SIGNATURES_MAX + 1)
        ),
        format!("{}\n\n{line}\n", "x".repeat(NOTE_BYTES_MAX)),
    ] {
        let head: String = broken.chars().take(200).collect();
        assert!(
            matches!(Note::parse(&broken), Err(NoteError::Malformed(_))),
            "{head:?}"
        );
    }
    let most = format!("{text}\n\n{}", format!("{line}\n").repeat(SIGNATURES_MAX));
    let mut most = Note::parse(&most).unwrap();
    assert_eq!(most.verify(&[key()]).unwrap().len(), 1);
    assert!(most.add(signer("one", 1).sign("")).is_err());
    assert_eq!(
        Note::new("open".into()),
        Err(NoteError::Malformed("its text does not end with a newline"))
    );
}

#[test]
fn broken_keys_are_refused() {
    let of_type = |kind: u8| {
        let id = Digest::sha256(&[b"n\n", &[kind], &key().public.0]).to_hex();
        let bytes = [&[kind], &key().public.0[..]].concat();
        format!("n+{}+{}", &id[..8], BASE64_STANDARD.encode(bytes)).parse::<VerifierKey>()
    };
    assert_eq!(of_type(1).unwrap().kind, KeyKind::Ed25519);
    assert_eq!(of_type(4).unwrap().kind, KeyKind::Cosignature);
    assert_eq!(of_type(6), Err(VerifierKeyError::Type(6)));
    for broken in [
        VKEY.replace("530d903a", "530d903b"),
        VKEY.replace("530d903a", "530D903A"),
        VKEY.replace("example.com/foo", ""),
        VKEY.replace("example.com/foo", "example.com/ foo"),
        VKEY.replace("3U2k", "3U2"),
        "name+530d903a".to_owned(),
    ] {
        assert_eq!(
            broken.parse::<VerifierKey>(),
            Err(VerifierKeyError::Malformed),
            "{broken}"
        );
    }
    let weak = VerifierKey {
        name: "n".into(),
        kind: KeyKind::Ed25519,
        public: Digest([0; 32]),
    };
    assert_eq!(
        weak.to_string().parse::<VerifierKey>(),
        Err(VerifierKeyError::Malformed)
    );
    for name in ["", "a b", "a+b", "a\nb", "a\u{1}"] {
        let refused = NoteSigner::new(name, Signer::from_seed(&[1; 32]));
        assert_eq!(refused.map(|_| ()), Err(NoteError::Name), "{name:?}");
    }
}

/// Whether the independent implementation accepts the form.
fn is_theirs(note: &str) -> bool {
    signed_note::Note::from_bytes(note.as_bytes()).is_ok()
}

proptest! {
    #[test]
    fn signed_note_verifies_ours(text in "[ -~é\n]{0,40}", seed: u8) {
        let signer = signer("example.com/log", seed);
        let note = signed(&format!("{text}\n"), &[&signer]).to_string();
        prop_assert_eq!(Note::parse(&note).unwrap().to_string(), note.clone());
        let theirs = signed_note::Note::from_bytes(note.as_bytes()).unwrap();
        let verifier = StandardVerifier::new(&signer.verifier().to_string()).unwrap();
        let (verified, unverified) = theirs.verify(&VerifierList::new(vec![Box::new(verifier)])).unwrap();
        prop_assert_eq!((verified.len(), unverified.len()), (1, 0));
    }

    #[test]
    fn the_form_is_read_as_signed_note_reads_it(at: prop::sample::Index, with in "[ -~\n\t—+=]{0,2}", cut in 0..3_usize) {
        let two = format!("{NOTE}{}", NOTE.split_once("\n\n").unwrap().1);
        let characters: Vec<char> = two.chars().collect();
        let at = at.index(characters.len());
        let tail = &characters[(at + cut).min(characters.len())..];
        let spoilt: String = characters[..at].iter().copied().chain(with.chars()).chain(tail.iter().copied()).collect();
        prop_assert_eq!(Note::parse(&spoilt).is_ok(), is_theirs(&spoilt), "{:?}", spoilt);
    }

    #[test]
    fn no_text_panics(text: String, near in "[— ab+\n=A]{0,40}") {
        for text in [text, near] {
            if let Ok(note) = Note::parse(&text) {
                prop_assert_eq!(note.to_string(), text.clone());
            }
            let _ = (text.parse::<VerifierKey>(), text.parse::<NoteSignature>());
        }
    }
}
