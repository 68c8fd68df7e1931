//! Tests of whose answer is given.

use super::*;
use threadmark_protocol::answer::{Knowledge, Witnessing, answer};
use threadmark_protocol::body::governance::PartClass;
use threadmark_protocol::bundle::Replica;
use threadmark_protocol::code::Code;
use threadmark_protocol::fixture::{Consortium, Who};
use threadmark_protocol::mark::Mark;
use threadmark_protocol::text::SubjectId;

/// A released part at its custodian's.
fn story() -> (Consortium, SubjectId, Mark) {
    let (mut c, licence) = Consortium::licensed(1, PartClass::C, 1);
    let part = c.make(&licence, 1);
    c.hand_over(&part).unwrap();
    let mark = c.mark(&licence, 1);
    (c, part, mark)
}

fn viewer(c: &Consortium) -> Viewer {
    Viewer::Member {
        org: c.org(Who::Mechanic),
        asset_type: None,
    }
}

/// What a bundle that was made now says, and up to where.
fn bundled(c: &Consortium, mark: Mark) -> (Answer, u64) {
    let knowledge = Knowledge {
        logged_until: Some(c.log.logged_at()),
        is_whole_log: true,
        witnessing: Witnessing::Unasked,
    };
    let told = answer(c.log.world(), mark, c.now, &viewer(c), knowledge);
    (told, c.log.size())
}

/// A home that knows the log and the journals at hand.
fn view(c: &Consortium) -> View {
    let mut replica = Replica::new(c.trust());
    for page in c.log.pages() {
        replica.extend(&page).unwrap();
    }
    let at_hand = c.at_hand();
    let (world, refused) = replica.with(&at_hand);
    let knowledge = Knowledge {
        logged_until: replica.as_of(),
        is_whole_log: false,
        witnessing: Witnessing::Unasked,
    };
    View {
        replica,
        world,
        at_hand,
        refused,
        knowledge,
    }
}

fn given(c: &Consortium, (told, size): &(Answer, u64), view: &View) -> (Answer, Source, Proof) {
    let mut proof = Proof::default();
    let (given, source) = worse(told.clone(), *size, view, &viewer(c), &mut proof);
    (given, source, proof)
}

#[test]
fn an_old_bundle_does_not_overrule_a_recall_that_the_home_has_replayed() {
    let (mut c, _, mark) = story();
    let old = bundled(&c, mark);
    assert_eq!(old.0.verdict, Verdict::EligibleByRecord);
    let before = view(&c);
    let (same, source, proof) = given(&c, &old, &before);
    assert_eq!((&same, source), (&old.0, Source::Bundle));
    assert_eq!(proof.rests_on, Vec::<String>::new());

    let lot = c.lot.clone();
    c.recall(Who::Production, &[&lot]).unwrap();
    let (now, source, proof) = given(&c, &old, &view(&c));
    assert_eq!(
        (now.verdict, now.reasons[0].code, source),
        (Verdict::DoNotInstall, Code::Recalled, Source::Home)
    );
    assert!(proof.rests_on[0].contains("the bundle of"));
    // The other way round the bundle is newer, and worse.
    let new = bundled(&c, mark);
    assert_eq!(given(&c, &new, &before).0, new.0);
    assert_eq!(given(&c, &new, &before).1, Source::Bundle);
}

#[test]
fn a_quarantine_that_is_only_in_a_journal_at_hand_counts() {
    let (mut c, part, mark) = story();
    let smaller = view(&c);
    let old = bundled(&c, mark);
    c.set_sail();
    c.quarantine(Who::Mechanic, &part).unwrap();
    let (now, source, _) = given(&c, &old, &view(&c));
    assert_eq!(
        (now.verdict, now.reasons[0].code, source),
        (Verdict::DoNotInstall, Code::Quarantined, Source::Home)
    );
    // So it does where the bundle knows more of the log.
    let mut journal = view(&c);
    let larger = (old.0.clone(), old.1 + 1);
    let (now, source, proof) = given(&c, &larger, &journal);
    assert_eq!((now.verdict, source), (Verdict::DoNotInstall, Source::Home));
    assert!(proof.rests_on[0].contains("synchronise"));
    // Doubt for want of knowledge counts only where the home knows as much as the bundle.
    journal = smaller;
    journal.knowledge.witnessing = Witnessing::Waiting;
    assert_eq!(given(&c, &larger, &journal).1, Source::Bundle);
    let (now, source, _) = given(&c, &old, &journal);
    assert_eq!(
        (now.verdict, source),
        (Verdict::CannotDetermine, Source::Home)
    );
}
