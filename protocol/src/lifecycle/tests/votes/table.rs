//! The table of `docs/governance.md`, row by row: what it says is what the rules do.

use super::*;
use crate::body::governance::{KeyRotated, Quorum, RoleAccredited};
use crate::key::PublicKey;
use crate::lifecycle::acting;

const DOC: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../docs/governance.md"
));

/// Rows: change, who, votes, delay.
fn rows() -> Vec<[&'static str; 4]> {
    let (_, table) = DOC.split_once("| change | who | votes | delay |").unwrap();
    let lines = table.lines().skip(2);
    let lines = lines.take_while(|line| line.starts_with('|'));
    let row = |line: &'static str| {
        let mut cells = line.trim_matches('|').split('|').map(str::trim);
        std::array::from_fn(|_| cells.next().unwrap())
    };
    lines.map(row).collect()
}

/// A change that is voted on, with what it closes and what it opens.
struct Case {
    change: Change,
    closed: fn(&Consortium) -> bool,
    opened: fn(&Consortium) -> bool,
}

const NEVER: fn(&Consortium) -> bool = |_| false;

fn policy(c: &Consortium, change: impl FnOnce(&mut Policy)) -> Change {
    let mut policy = in_force(c);
    change(&mut policy);
    Change::Policy(Box::new(policy))
}

fn acts_now(c: &Consortium, public: PublicKey) -> bool {
    let key = key_subject(&crate::key::key_id(&public));
    acting(c.log.world(), &key, here(c)).is_some()
}

fn new_public() -> PublicKey {
    crate::key::Signer::from_seed(&[77; 32]).public()
}

fn card(c: &Consortium, who: Who) -> KeyCard {
    KeyCard {
        public: new_public(),
        ..c.person(who).card(None)
    }
}

fn mro_has(c: &Consortium, function: Function) -> bool {
    let world = c.log.world();
    world.has_function(&c.org(Who::MroAdmin), function, here(c))
}

fn asks_three(c: &Consortium) -> bool {
    in_force(c).classes[&PartClass::C].three_people
}

const OPENS_KEY: fn(&Consortium) -> bool = |c| acts_now(c, new_public());

/// What the first rows say, on a log of three governors and a delay of a day.
fn case(c: &mut Consortium, row: &str) -> Option<Case> {
    let organisation = c.org(Who::MroAdmin);
    Some(match row {
        "member admitted" => Case {
            change: Change::Admit(MemberAdmitted {
                organisation: text("new.example"),
                name: text("New"),
                functions: [Function::Oem].into(),
                admin: card(c, Who::MroAdmin),
            }),
            closed: NEVER,
            opened: OPENS_KEY,
        },
        "functions of a member, or of one that was expelled" => Case {
            change: set_functions(c, Who::MroAdmin, [Function::Shop].into()),
            closed: |c| !mro_has(c, Function::Maintenance),
            opened: |c| mro_has(c, Function::Shop),
        },
        "member expelled" => Case {
            change: expel(c, Who::MroAdmin),
            closed: |c| {
                let world = c.log.world();
                world.standing(&c.org(Who::MroAdmin), here(c)) == Some(&None)
            },
            opened: NEVER,
        },
        "policy" => Case {
            change: policy(c, |of| {
                of.heartbeat_s += 1;
                of.classes.get_mut(&PartClass::C).unwrap().three_people = true;
            }),
            closed: asks_three,
            opened: |c| in_force(c).heartbeat_s != c.trust().policy.heartbeat_s,
        },
        "witnesses of the log" => {
            let seed = crate::key::Signer::from_seed(&[78; 32]);
            let witness = crate::checkpoint::Cosigner::new("w.example", seed).unwrap();
            let file = format!("witness W {}\nquorum W\n", witness.verifier());
            Case {
                change: policy(c, |of| of.quorum = Quorum::TlogPolicy(file)),
                closed: NEVER,
                opened: |c| in_force(c).quorum != Quorum::None,
            }
        }
        "administrator's key replaced" => Case {
            change: Change::Admin(NewAdmin {
                organisation,
                admin: card(c, Who::MroAdmin),
                replaces: c.person(Who::MroAdmin).signer.key_id(),
                compromised_since: None,
            }),
            closed: |c| !acts_now(c, c.person(Who::MroAdmin).signer.public()),
            opened: OPENS_KEY,
        },
        "decision cancelled" => {
            let (_, admit) = newcomer(c, "cancelled.example");
            let proposal = decided(c, admit).body.sub;
            Case {
                change: Change::Cancel(Cancellation { proposal }),
                closed: |c| {
                    let world = c.log.world();
                    world.standing(&text("cancelled.example"), here(c)) == Some(&None)
                },
                opened: NEVER,
            }
        }
        _ => return None,
    })
}

/// Who, votes and delay of a change that is voted on, as the rules have it.
fn voted(row: &str, [who, votes, delay]: [&str; 3]) -> bool {
    let mut c = governed_by(60, 3);
    with_delay_by_vote(&mut c);
    let Some(Case {
        change,
        closed,
        opened,
    }) = case(&mut c, row)
    else {
        return false;
    };
    assert!(
        ["a governor proposes", "as policy"].contains(&who),
        "{row}: {who}"
    );
    let by_member = propose(&mut c, Who::ShopAdmin, change.clone());
    assert_eq!(code(by_member), Code::FunctionMissing, "{row}");
    let by_staff = propose(&mut c, Who::Certifier, change.clone());
    assert_eq!(code(by_staff), Code::RoleMissing, "{row}");
    assert_eq!(votes, "more than half", "{row}");
    let proposed = propose(&mut c, Who::Governor, change).unwrap();
    assert_eq!(decision(&c, &proposed), None, "{row}: one of three");
    c.vote(Who::OemAdmin, &proposed, true).unwrap();
    assert!(decision(&c, &proposed).is_some(), "{row}: two of three");
    let at_once = (closed(&c), opened(&c));
    c.now += DAY_S;
    let found = (at_once.0, at_once.1, opened(&c));
    // What is closed at once, and what opens after the delay, in the words of the table.
    let says = (delay.contains("none"), false, delay.contains("`delay_s`"));
    assert_eq!(found, says, "{row}: {delay}");
    true
}

/// The change to other rules: as any policy, from the log that is older.
fn over(row: &str, [who, votes, delay]: [&str; 3]) -> bool {
    if row != "`rules_version`" {
        return false;
    }
    assert_eq!(
        (who, votes, delay),
        ("as policy", "more than half", "`delay_s`")
    );
    let mut c = Consortium::founded_with(Founding {
        seed: 61,
        rules_version: 1,
        ..Founding::default()
    });
    with_delay(&mut c);
    let change = policy(&c, |of| of.rules_version = RULES_VERSION);
    let proposed = propose(&mut c, Who::Governor, change).unwrap();
    let governors = governors(&c).len();
    assert!(2 * decision(&c, &proposed).unwrap().needed() > governors);
    assert_eq!(in_force(&c).rules_version, 1);
    c.now += DAY_S;
    assert_eq!(in_force(&c).rules_version, RULES_VERSION);
    true
}

/// What one party does without votes, at its place in the log.
fn alone(row: &str, [who, votes, delay]: [&str; 3]) -> bool {
    let mut c = governed_by(62, 3);
    with_delay_by_vote(&mut c);
    let key = c.key_of(Who::Mechanic);
    let revoked = |since: bool| {
        let since = since.then(|| Moment::from_unix(crate::fixture::START_S).unwrap());
        Core::KeyRevoked(KeyRevoked {
            reason: text("None"),
            compromised_since: since,
        })
    };
    let role = Role::Inspector;
    match row {
        "key added, role granted" => {
            assert_eq!(who, "an administrator of the organisation");
            let new = card(&c, Who::Mechanic);
            let id = key_subject(&crate::key::key_id(&new.public));
            let add = Core::KeyAdded(KeyAdded { card: new });
            assert_eq!(
                code(c.say(Who::Mechanic, &id, add.clone())),
                Code::RoleMissing
            );
            c.say(Who::MroAdmin, &id, add).unwrap();
            let grant = Core::RoleGranted(RoleGranted { role });
            assert_eq!(
                code(c.say(Who::ShopAdmin, &id, grant.clone())),
                Code::NotYours
            );
            c.say(Who::MroAdmin, &id, grant).unwrap();
            assert!(OPENS_KEY(&c), "{delay}");
        }
        "role accredited" => {
            assert_eq!(who, "a certifier of an authority");
            c.say(Who::MroAdmin, &key, Core::RoleGranted(RoleGranted { role }))
                .unwrap();
            let accredit = Core::RoleAccredited(RoleAccredited { role });
            let by_admin = c.say(Who::OemAdmin, &key, accredit.clone());
            assert_eq!(code(by_admin), Code::FunctionMissing);
            c.say(Who::Certifier, &key, accredit).unwrap();
        }
        "key rotated" => {
            assert_eq!(who, "the person, with the old key");
            let new = card(&c, Who::Mechanic);
            let core = Core::KeyRotated(KeyRotated { card: new });
            assert_eq!(code(c.say(Who::MroAdmin, &key, core)), Code::NotYours);
            c.rotate(Who::Mechanic).unwrap();
        }
        "key revoked" => {
            assert!(
                who.starts_with("an administrator of the organisation; a governor, of members")
            );
            let governors = c.key_of(Who::AuthorityAdmin);
            let refused = c.say(Who::Governor, &governors, revoked(false));
            assert_eq!(code(refused), Code::NeedsVotes);
            c.say(Who::Governor, &key, revoked(false)).unwrap();
            let own = c.key_of(Who::Machine);
            c.say(Who::ShopAdmin, &own, revoked(false)).unwrap();
            assert!(!acts_now(&c, c.person(Who::Mechanic).signer.public()));
        }
        "key *compromised since*" => {
            assert!(who.contains("of a governor's administrator and of another's key a vote"));
            for key in [key.clone(), c.key_of(Who::Governor)] {
                let refused = c.say(Who::Governor, &key, revoked(true));
                assert_eq!(code(refused), Code::NeedsVotes);
            }
            c.say(Who::MroAdmin, &key, revoked(true)).unwrap();
            assert_eq!((votes, delay), ("", "none"));
            return true;
        }
        _ => return false,
    }
    assert_eq!((votes, delay), ("none", "none"), "{row}");
    true
}

#[test]
fn every_row_of_the_table_is_so() {
    let rows = rows();
    assert_eq!(rows.len(), 13, "{rows:?}");
    for [row, cells @ ..] in rows {
        let ways = [voted, over, alone];
        let known = ways.iter().filter(|way| way(row, cells)).count();
        assert_eq!(known, 1, "no test for: {row}");
    }
}
