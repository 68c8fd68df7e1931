use super::*;
use crate::checkpoint::Cosigner;
use crate::key::Signer;
use crate::note::NoteSigner;
use proptest::prelude::*;

fn witness(number: u8) -> VerifierKey {
    let signer = Signer::from_seed(&[number; 32]);
    let cosigner = Cosigner::new(&format!("w{number}.example"), signer).unwrap();
    cosigner.verifier().clone()
}

fn log_key() -> VerifierKey {
    let signer = NoteSigner::new("log.example/am", Signer::from_seed(&[200; 32])).unwrap();
    signer.verifier().clone()
}

fn cosigned(number: u8, time: u64) -> Cosignature {
    Cosignature {
        witness: witness(number),
        time,
    }
}

/// The example of the specification: two of three of the one, and any of the other.
fn example() -> Policy {
    let mut file = format!(
        "# who must agree\nlog {} https://log.example/\n\n",
        log_key()
    );
    for number in 1..=6 {
        file += &format!("\twitness  W{number} {}\n", witness(number));
    }
    file += "group X 2 W1 W2 W3\ngroup Y any W4 W5 W6\ngroup X-and-Y all X Y\nquorum X-and-Y\n";
    Policy::parse(file.as_bytes()).unwrap()
}

#[test]
fn the_example_of_the_specification_is_read() {
    let policy = example();
    assert_eq!(policy.logs()[0].key, log_key());
    assert_eq!(policy.logs()[0].url.as_deref(), Some("https://log.example"));
    assert_eq!(policy.witnesses().len(), 6);
    assert_eq!(policy.witnesses()[3].name, "W4");
    assert_eq!(policy.witnesses()[3].url, None);
    assert!(policy.asks_for_witnesses());
}

#[test]
fn knowledge_is_as_old_as_the_kth_newest_cosignature() {
    let policy = example();
    let standing = |of: &[(u8, u64)]| {
        let of: Vec<_> = of
            .iter()
            .map(|(number, time)| cosigned(*number, *time))
            .collect();
        policy.standing(&of)
    };
    let witnessed = |since| Standing::Witnessed { since };
    assert_eq!(standing(&[]), Standing::Waiting);
    assert_eq!(standing(&[(1, 10), (2, 20), (3, 30)]), Standing::Waiting);
    assert_eq!(
        standing(&[(4, 10), (5, 20), (6, 30), (1, 40)]),
        Standing::Waiting
    );
    assert_eq!(standing(&[(1, 10), (2, 20), (6, 30)]), witnessed(10));
    assert_eq!(
        standing(&[(1, 10), (2, 20), (3, 25), (6, 30)]),
        witnessed(20)
    );
    assert_eq!(standing(&[(1, 10), (2, 20), (3, 25), (6, 5)]), witnessed(5));
    // One that cosigned twice counts once, with its newest.
    assert_eq!(standing(&[(1, 10), (1, 20), (6, 30)]), Standing::Waiting);
    assert_eq!(
        standing(&[(1, 10), (1, 40), (2, 20), (6, 30)]),
        witnessed(20)
    );
    // Others count nothing.
    assert_eq!(standing(&[(7, 10), (8, 20), (9, 30)]), Standing::Waiting);
    assert_eq!(
        Policy::none().standing(&[cosigned(1, 10)]),
        Standing::Unwitnessed
    );
    let none = Policy::parse(b"quorum none\n").unwrap();
    assert_eq!(none, Policy::none());
}

/// What the definition says, by trying every set of cosigners.
fn by_trying(k: usize, times: &[Option<u64>]) -> Option<u64> {
    let sets = 0..1_u32 << times.len();
    let oldest = |set: u32| {
        let members = times
            .iter()
            .enumerate()
            .filter(|(at, _)| set >> at & 1 == 1);
        let all: Option<Vec<u64>> = members.map(|(_, time)| *time).collect();
        all.filter(|all| all.len() >= k)?.into_iter().min()
    };
    sets.filter_map(oldest).max()
}

proptest! {
    #[test]
    fn a_threshold_is_what_its_definition_says(
        k in 1..=5_usize, times in prop::collection::vec(prop::option::of(0..50_u64), 5)
    ) {
        let mut file = String::new();
        for number in 0..5_u8 {
            file += &format!("witness W{number} {}\n", witness(number));
        }
        file += &format!("group G {k} W0 W1 W2 W3 W4\nquorum G\n");
        let policy = Policy::parse(file.as_bytes()).unwrap();
        let cosignatures: Vec<_> = (0..5_u8).zip(&times)
            .filter_map(|(number, time)| Some(cosigned(number, (*time)?))).collect();
        let expected = by_trying(k, &times)
            .map_or(Standing::Waiting, |since| Standing::Witnessed { since });
        prop_assert_eq!(policy.standing(&cosignatures), expected);
    }
}

/// A line, and what is wrong with it.
type Mistake = (&'static str, fn() -> Reason);

/// What the third line of a file may get wrong by itself.
const MISTAKES: [Mistake; 22] = [
    ("", || Reason::NoQuorum),
    ("quorum A", || Reason::Open),
    ("quorum C\n", || Reason::Unknown("C".into())),
    ("quorum\n", || Reason::Form("quorum NAME|none")),
    ("quorum A B\n", || Reason::Form("quorum NAME|none")),
    ("Quorum A\n", || Reason::Word),
    ("group none any A\n", || Reason::Taken("none".into())),
    ("group A any B\n", || Reason::Taken("A".into())),
    ("group G any none\n", || Reason::Unknown("none".into())),
    ("group G any G\n", || Reason::Unknown("G".into())),
    ("group G any\n", || {
        Reason::Form("group NAME all|any|K MEMBER...")
    }),
    ("group G any A A\n", || Reason::Twice("A".into())),
    ("group G 0 A B\n", || Reason::Threshold),
    ("group G 3 A B\n", || Reason::Threshold),
    ("group G 02 A B\n", || Reason::Threshold),
    ("group G +1 A B\n", || Reason::Threshold),
    ("group G most A B\n", || Reason::Threshold),
    ("quorum A\r\n", || Reason::Control),
    ("quorum \x7fA\n", || Reason::Control),
    ("witness C\n", || Reason::Form("witness NAME VKEY [URL]")),
    ("witness C nonsense\n", || {
        Reason::Key(crate::note::VerifierKeyError::Malformed)
    }),
    ("log a b c\n", || Reason::Form("log VKEY [URL]")),
];

/// Two witnesses, A and B.
fn two() -> String {
    format!(
        "witness A {}\nwitness B {} https://b.example\n",
        witness(1),
        witness(2)
    )
}

#[test]
fn every_mistake_names_its_line() {
    for (line, reason) in MISTAKES {
        let refused = Policy::parse(format!("{}{line}", two()).as_bytes());
        let mistake = PolicyError {
            line: if line.is_empty() { 2 } else { 3 },
            reason: reason(),
        };
        assert_eq!(refused, Err(mistake), "{line:?}");
    }
}

#[test]
fn keys_and_names_count_once_and_are_of_their_kind() {
    let renamed = VerifierKey {
        name: "else".into(),
        ..witness(1)
    };
    let refused = |line: String| {
        Policy::parse(format!("{}{line}\n", two()).as_bytes())
            .unwrap_err()
            .reason
    };
    assert_eq!(refused(format!("witness C {renamed}")), Reason::SameKey);
    assert_eq!(
        refused(format!("witness C {}", log_key())),
        Reason::Kind("witness", "04")
    );
    assert_eq!(
        refused(format!("log {}", witness(3))),
        Reason::Kind("log", "01")
    );
    assert_eq!(
        refused(format!("witness A {}", witness(3))),
        Reason::Taken("A".into())
    );
    assert_eq!(
        refused(format!("witness C {} ftp://c.example", witness(3))),
        Reason::Url
    );
    assert_eq!(
        refused(format!("witness C {} https:///c", witness(3))),
        Reason::Url
    );
    assert_eq!(
        refused(format!("log {0}\nlog {0}", log_key())),
        Reason::SameKey
    );
    assert_eq!(refused("quorum A\nquorum B".into()), Reason::SecondQuorum);
    let unknown_type = crate::note::VerifierKeyError::Type(6);
    assert_eq!(
        refused("witness C w+00000000+BgAA".into()),
        Reason::Key(unknown_type)
    );
    assert_eq!(
        refused("group G any A\ngroup H any A B".into()),
        Reason::Twice("A".into())
    );
}

#[test]
fn names_are_bytes_and_limits_hold() {
    // The letter K and the Kelvin sign, and a byte that is no UTF-8.
    let file = format!(
        "witness K {}\nwitness \u{212a} {}\n",
        witness(1),
        witness(2)
    );
    let mut bytes = file.into_bytes();
    bytes.extend(b"group G\xff all K \xe2\x84\xaa\nquorum G\xff\n");
    let policy = Policy::parse(&bytes).unwrap();
    let both = [cosigned(1, 5), cosigned(2, 7)];
    assert_eq!(policy.standing(&both), Standing::Witnessed { since: 5 });
    assert_eq!(policy.standing(&both[..1]), Standing::Waiting);

    let many = |count: u8| {
        let lines = (1..=count).map(|number| format!("witness W{number} {}\n", witness(number)));
        lines.collect::<String>() + "quorum W1\n"
    };
    assert!(Policy::parse(many(64).as_bytes()).is_ok());
    let refused = Policy::parse(many(65).as_bytes()).unwrap_err();
    assert_eq!((refused.line, refused.reason), (65, Reason::TooMany));
    let long = format!("#{}\nquorum none\n", "x".repeat(POLICY_BYTES_MAX));
    assert_eq!(
        Policy::parse(long.as_bytes()).unwrap_err().reason,
        Reason::TooLarge
    );
}

/// A policy of the witnesses 1 to 4 with these groups.
fn with_groups(groups: &str) -> Policy {
    let lines = (1..=4).map(|number| format!("witness W{number} {}\n", witness(number)));
    let file = lines.collect::<String>() + groups;
    Policy::parse(file.as_bytes()).unwrap()
}

#[test]
fn whether_a_quorum_needs_an_independent_auditor_follows_from_the_groups() {
    let auditors = "group independent-auditors any W1 W2\n";
    for (groups, needed) in [
        ("quorum none\n", false),
        (
            "group all-of-them all W1 W2 W3 W4\nquorum all-of-them\n",
            false,
        ),
        ("group independent-auditors any W1\nquorum W1\n", true),
        (
            &format!(
                "{auditors}group rest any W3 W4\ngroup q all independent-auditors rest\nquorum q\n"
            ),
            true,
        ),
        (
            &format!("{auditors}group q any independent-auditors W3\nquorum q\n"),
            false,
        ),
        // Three of four: two that do not audit, and one that does.
        (
            &format!("{auditors}group q 2 independent-auditors W3 W4\nquorum q\n"),
            false,
        ),
        (
            &format!("{auditors}group q 3 independent-auditors W3 W4\nquorum q\n"),
            true,
        ),
        // Defined, and not asked for.
        (&format!("{auditors}quorum W3\n"), false),
        (
            "group two any W1 W2\ngroup independent-auditors all two W3\nquorum independent-auditors\n",
            true,
        ),
    ] {
        assert_eq!(
            with_groups(groups).asks_for_independent_audit(),
            needed,
            "{groups}"
        );
    }
    let policy =
        with_groups("group two any W1 W2\ngroup independent-auditors all two W3\nquorum W4\n");
    let mut names: Vec<_> = policy
        .independent_auditors()
        .iter()
        .map(|of| of.organisation())
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["w1.example", "w2.example", "w3.example"]);
}
