//! How old what a home knows is, by whose word: its own quorum's, or that of the log's witnesses.

use super::*;

/// The log's newest checkpoint with lines of these witnesses at these times.
fn cosigned(c: &Consortium, lines: &[(u8, u64)]) -> String {
    let key = c.trust().checkpoint_key;
    let mut note = threadmark_protocol::checkpoint::open(&c.log.page(0).checkpoint, &key).unwrap();
    for (number, time) in lines {
        let witness = cosigner(*number);
        let line = witness.cosign(note.note().text(), *time);
        note.attach(line, witness.verifier()).unwrap();
    }
    note.note().to_string()
}

fn cosigner(number: u8) -> threadmark_protocol::checkpoint::Cosigner {
    let seed = threadmark_protocol::key::Signer::from_seed(&[number; 32]);
    threadmark_protocol::checkpoint::Cosigner::new(&format!("w{number}.example"), seed).unwrap()
}

#[test]
fn with_a_policy_of_ones_own_knowledge_is_as_old_as_what_the_quorum_has_confirmed() {
    let mut ship = Ship::ready();
    let home = &ship.home;
    let replica = home.replica().unwrap();
    let now = u64::try_from(ship.c.now).unwrap();
    assert_eq!(home.witnessing(&replica).unwrap(), Witnessing::Unasked);
    assert_eq!(home.view().unwrap().knowledge.as_of(), replica.as_of());

    let key = ship.c.trust().checkpoint_key;
    let lines: String = [61, 62, 63]
        .map(|number| format!("witness W{number} {}\n", cosigner(number).verifier()))
        .concat();
    let policy = format!("log {key}\n{lines}group G 2 W61 W62 W63\nquorum G\n");
    let spoilt = policy.replacen(&key.to_string(), "x", 1);
    assert!(matches!(
        home.set_witness_policy(spoilt.as_bytes()),
        Err(HomeError::WitnessPolicy(_))
    ));
    let of_other =
        "log example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k\nquorum none\n";
    assert!(matches!(
        home.set_witness_policy(of_other.as_bytes()),
        Err(HomeError::OtherPolicy)
    ));
    home.set_witness_policy(policy.as_bytes()).unwrap();
    // Nobody has vouched: what the log says of itself is no knowledge any more.
    assert_eq!(home.witnessing(&replica).unwrap(), Witnessing::Waiting);
    assert_eq!(home.view().unwrap().knowledge.as_of(), None);
    for too_little in [
        cosigned(&ship.c, &[]),
        cosigned(&ship.c, &[(61, now)]),
        cosigned(&ship.c, &[(61, now), (70, now)]),
    ] {
        home.keep_witnessed(&replica, &too_little).unwrap();
        assert_eq!(home.witnessing(&replica).unwrap(), Witnessing::Waiting);
    }
    home.keep_witnessed(
        &replica,
        &cosigned(&ship.c, &[(61, now - 50), (62, now - 30), (63, now - 70)]),
    )
    .unwrap();
    let size = replica.size();
    let since = ship.c.now - 50;
    let witnessed = Witnessing::Witnessed { size, since };
    assert_eq!(home.witnessing(&replica).unwrap(), witnessed);
    assert_eq!(home.view().unwrap().knowledge.as_of(), Some(since));
    // Older confirmations and forged ones change nothing.
    let older = cosigned(&ship.c, &[(61, now - 90), (62, now - 90)]);
    let forged = older.replacen("w61.example", "w62.example", 1);
    for note in [older, forged, String::new()] {
        home.keep_witnessed(&replica, &note).unwrap();
        assert_eq!(home.witnessing(&replica).unwrap(), witnessed);
    }
    // What is on the disk is verified again.
    let path = home.path("witnessed.note");
    let good = std::fs::read_to_string(&path).unwrap();
    let larger = good.replacen(&format!("\n{size}\n"), &format!("\n{}\n", size + 1), 1);
    std::fs::write(&path, larger).unwrap();
    assert_eq!(home.witnessing(&replica).unwrap(), Witnessing::Waiting);
    std::fs::write(&path, good).unwrap();
    // The log grows, and nobody has confirmed that yet.
    ship.c.set_sail();
    ship.learn();
    let replica = ship.home.replica().unwrap();
    assert_eq!(ship.home.witnessing(&replica).unwrap(), witnessed);
    ship.home.set_witness_policy(b"quorum none\n").unwrap();
    assert_eq!(ship.home.witnessing(&replica).unwrap(), Witnessing::Unasked);
}

/// A bundle of the history that this checkpoint stands for, whose newest batch is of `as_of`.
fn bundle_at(c: &Consortium, note: &str, as_of: i64) -> Verified {
    let signed = checkpoint::open(note, &c.trust().checkpoint_key).unwrap();
    Verified {
        mark: "7K3Q9XWD2M8TV0AY".parse().unwrap(),
        checkpoint: signed.checkpoint().clone(),
        signed: vec![signed],
        as_of,
        world: World::default(),
        statements: 0,
        subjects: 0,
        withheld: Vec::new(),
    }
}

#[test]
fn a_bundle_without_lines_is_covered_by_what_is_kept_here_if_it_is_of_this_history() {
    let ship = Ship::ready();
    let (home, c) = (&ship.home, &ship.c);
    let replica = home.replica().unwrap();
    let (since, page) = (c.now - 50, &c.log.pages()[0]);
    let bare = |as_of| bundle_at(c, &page.checkpoint, as_of);
    let found = |bundle: &Verified| home.witnessing_of(&replica, bundle).unwrap();
    assert_eq!(found(&bare(since)), Witnessing::Unasked);
    let [one, two] = [61, 62].map(cosigner);
    let policy = format!(
        "witness A {}\nwitness B {}\ngroup G all A B\nquorum G\n",
        one.verifier(),
        two.verifier()
    );
    home.set_witness_policy(policy.as_bytes()).unwrap();
    // Nobody has vouched for anything yet.
    assert_eq!(found(&bare(since)), Witnessing::Waiting);
    let note = cosigned(c, &[(61, since.unsigned_abs()), (62, since.unsigned_abs())]);
    home.keep_witnessed(&replica, &note).unwrap();
    // It is no fresher than its own newest batch, nor than what vouches for it.
    let size = page.entries.len() as u64;
    let known = |since| Witnessing::Witnessed { size, since };
    assert_eq!(found(&bare(since - 1000)), known(since - 1000));
    assert_eq!(found(&bare(since + 1000)), known(since));
    // Of a larger tree, and of another history, what is kept says nothing.
    let (mut grown, mut other) = (c.clone(), Consortium::founded(1));
    grown.receive_lot("lot:grown", "AlSi10Mg AMS7035");
    other.receive_lot("lot:other", "AlSi10Mg AMS7035");
    assert!(other.log.size() < replica.size());
    for of in [&grown, &other] {
        let bundle = bundle_at(of, of.log.checkpoint(), since);
        assert_eq!(found(&bundle), Witnessing::Waiting);
    }
}

/// The governor decides that these are the log's witnesses, both of them.
fn name_witnesses(ship: &mut Ship, numbers: [u8; 2]) {
    use threadmark_protocol::body::governance::{Policy, Quorum};
    let lines =
        numbers.map(|number| format!("witness W{number} {}\n", cosigner(number).verifier()));
    let [one, other] = numbers;
    let file = format!("{}group G 2 W{one} W{other}\nquorum G\n", lines.concat());
    let policy = Policy {
        quorum: Quorum::TlogPolicy(file),
        ..ship.c.log.world().founding().unwrap().clone()
    };
    let (id, core) = ship
        .c
        .proposal(threadmark_protocol::body::vote::Change::Policy(Box::new(
            policy,
        )));
    ship.c
        .must(threadmark_protocol::fixture::Who::Governor, &id, core);
    ship.learn();
}

#[test]
fn without_a_choice_of_ones_own_the_logs_witnesses_count_and_the_old_ones_hand_over_to_the_new() {
    let mut ship = Ship::ready();
    let now = u64::try_from(ship.c.now).unwrap();
    name_witnesses(&mut ship, [61, 62]);
    let confirmed_by = |ship: &Ship, numbers: [u8; 2], time: u64| {
        let replica = ship.home.replica().unwrap();
        let note = cosigned(&ship.c, &numbers.map(|number| (number, time)));
        ship.home.keep_witnessed(&replica, &note).unwrap();
        ship.home.witnessing(&replica).unwrap()
    };
    let witnessed = |ship: &Ship, time: u64| Witnessing::Witnessed {
        size: ship.c.log.size(),
        since: time as i64,
    };
    assert_eq!(confirmed_by(&ship, [63, 64], now), Witnessing::Waiting);
    assert_eq!(confirmed_by(&ship, [61, 62], now), witnessed(&ship, now));
    let before = witnessed(&ship, now);
    name_witnesses(&mut ship, [63, 64]);
    // Whoever puts in new witnesses does not make the reader believe them: the old ones must have seen it.
    assert_eq!(confirmed_by(&ship, [63, 64], now + 10), before);
    assert_eq!(
        confirmed_by(&ship, [61, 62], now + 20),
        witnessed(&ship, now + 20)
    );
    assert_eq!(
        confirmed_by(&ship, [63, 64], now + 15),
        witnessed(&ship, now + 15)
    );
    // From now on the old ones count no more.
    assert_eq!(
        confirmed_by(&ship, [61, 62], now + 30),
        witnessed(&ship, now + 15)
    );
    assert_eq!(
        confirmed_by(&ship, [63, 64], now + 40),
        witnessed(&ship, now + 40)
    );
}
