use super::*;
use crate::answer::{Answer, Knowledge, Verdict, Viewer, Witnessing, answer};
use crate::body::governance::PartClass;
use crate::checkpoint::{self, Cosigner};
use crate::code::Code;
use crate::fixture::{Consortium, Lie, Who};
use crate::key::Signer;
use crate::statement::StatementId;
use crate::witness::policy::Policy;
use crate::world::Data;
use crate::world::bounds::REPORTS_MAX;
use std::collections::BTreeSet;

/// One part from genesis to installed, and another of the same licence.
fn story() -> (Consortium, SubjectId, Vec<Mark>) {
    let (mut c, licence) = Consortium::licensed(1, PartClass::C, 3);
    let part = c.make(&licence, 1);
    c.make(&licence, 2);
    let marks = (1..=3).map(|unit| c.mark(&licence, unit)).collect();
    (c, part, marks)
}

fn viewers(c: &Consortium) -> Vec<Viewer> {
    let member = |who| Viewer::Member {
        org: c.org(who),
        asset_type: None,
    };
    vec![
        Viewer::Public,
        member(Who::Mechanic),
        member(Who::Custodian),
    ]
}

/// The bundle says of the mark what the whole log says, to everybody, and survives the journey.
fn says_what_the_log_says(c: &Consortium, mark: Mark) -> Verified {
    let bundle = c.bundle(mark);
    let bytes = bundle.to_bytes();
    assert_eq!(PartBundle::parse(&bytes).unwrap(), bundle);
    let verified = bundle.verify(&c.trust()).unwrap();
    assert_eq!(verified.withheld, []);
    assert_eq!(verified.checkpoint.size, c.log.size());
    let knowledge = Knowledge {
        logged_until: Some(c.log.logged_at()),
        is_whole_log: true,
        witnessing: Witnessing::Unasked,
    };
    for viewer in viewers(c) {
        let whole = answer(c.log.world(), mark, c.now, &viewer, knowledge);
        let told = |witnessing| verified.answer(c.now, &viewer, witnessing);
        assert_eq!(told(Witnessing::Unasked), whole);
        // A reader who waits for witnesses is told nothing good.
        let waiting = told(Witnessing::Waiting);
        assert_eq!(waiting.as_of, None);
        let is_bad = |of: &Answer| of.verdict == Verdict::DoNotInstall;
        assert!(is_bad(&waiting) == is_bad(&whole));
        assert!(is_bad(&waiting) || waiting.verdict == Verdict::CannotDetermine);
    }
    for (id, state) in &verified.world.states {
        assert_eq!(Some(state), c.log.world().states.get(id), "{id}");
    }
    verified
}

/// The same bundle with other entries, whose proof is made anew: what a dishonest service would do.
fn with_entries(c: &Consortium, bundle: &PartBundle, keep: impl Fn(&Entry) -> bool) -> PartBundle {
    let mut other = bundle.clone();
    other.entries.retain(keep);
    let indices: Vec<_> = other.entries.iter().map(|entry| entry.index).collect();
    other.path = c.log.tree().inclusions(&indices, c.log.size()).unwrap();
    other
}

fn code(answer: &Answer) -> Option<Code> {
    answer.reasons.first().map(|reason| reason.code)
}

#[test]
fn a_bundle_says_what_the_whole_log_says() {
    let (mut c, part, marks) = story();
    let verified = says_what_the_log_says(&c, marks[0]);
    // Not the whole log, and not the other part of the same licence.
    assert!(verified.statements < c.log.size() as usize / 2);
    assert!(
        verified
            .world
            .get(&crate::world::mark_subject(&marks[1]))
            .is_none()
    );
    let lot = c.lot.clone();
    let recall = c.recall(Who::Production, &[&lot]).unwrap();
    let recalled =
        says_what_the_log_says(&c, marks[0]).answer(c.now, &Viewer::Public, Witnessing::Unasked);
    assert_eq!(
        (recalled.verdict, code(&recalled)),
        (Verdict::DoNotInstall, Some(Code::Recalled))
    );
    c.lift_recall(Who::Certifier, &recall).unwrap();
    says_what_the_log_says(&c, marks[0]);
    c.quarantine(Who::Inspector, &part).unwrap();
    says_what_the_log_says(&c, marks[0]);
    c.revoke(Who::Inspector, Some(c.now - 1_000_000)).unwrap();
    says_what_the_log_says(&c, marks[0]);
    says_what_the_log_says(&c, marks[1]);
    // Of a mark that nobody has used, absence is proved.
    let unknown =
        says_what_the_log_says(&c, marks[2]).answer(c.now, &Viewer::Public, Witnessing::Unasked);
    assert_eq!(
        (unknown.verdict, code(&unknown)),
        (Verdict::DoNotInstall, Some(Code::UnknownMark))
    );
}

#[test]
fn a_key_that_exists_twice_is_seen_though_the_other_statement_is_about_something_else() {
    let (mut c, part, marks) = story();
    let twin = c.person(Who::Mechanic).clone();
    // The same number first about a part of nobody's, then about ours.
    c.quarantine(Who::Mechanic, &"part:elsewhere".parse().unwrap())
        .unwrap();
    *c.people.get_mut(&Who::Mechanic).unwrap() = twin;
    c.quarantine(Who::Mechanic, &part).unwrap();
    let verified = says_what_the_log_says(&c, marks[0]);
    let key = verified.world.get(&c.key_of(Who::Mechanic));
    assert!(matches!(key, Some(Data::Key { forks, .. }) if forks.len() == 1));
    // Without the other statement the lists and the rules say different things.
    let bundle = c.bundle(marks[0]);
    let listed: BTreeSet<_> = bundle
        .lists
        .iter()
        .flat_map(|list| &list.links)
        .map(|link| link.index)
        .collect();
    let last = c.log.size() - 1;
    let without = with_entries(&c, &bundle, |entry| {
        listed.contains(&entry.index) || entry.index == last
    });
    assert_eq!(without.entries.len() + 1, bundle.entries.len());
    assert!(matches!(
        without.verify(&c.trust()),
        Err(BundleError::Counted(_))
    ));
}

#[test]
fn whatever_is_left_out_is_missed() {
    let (mut c, part, marks) = story();
    let lot = c.lot.clone();
    c.recall(Who::Production, &[&lot]).unwrap();
    c.quarantine(Who::Inspector, &part).unwrap();
    let (good, trust) = (c.bundle(marks[0]), c.trust());
    let mut left_out = BTreeSet::new();
    for (at, list) in good.lists.iter().enumerate() {
        // A whole list.
        let mut less = good.clone();
        less.lists.remove(at);
        let error = less.verify(&trust).unwrap_err();
        assert!(
            matches!(
                error,
                BundleError::Open { .. }
                    | BundleError::Counted(_)
                    | BundleError::Rule { .. }
                    | BundleError::Signature(_)
            ),
            "{}: {error}",
            list.subject
        );
        // One statement, in this list alone or everywhere.
        for nth in 0..list.links.len() {
            let index = list.links[nth].index;
            let mut less = good.clone();
            less.lists[at].links.remove(nth);
            assert!(matches!(
                less.verify(&trust),
                Err(BundleError::Incomplete { .. })
            ));
            for list in &mut less.lists {
                list.links.retain(|link| link.index != index);
            }
            let less = with_entries(&c, &less, |entry| entry.index != index);
            assert!(matches!(
                less.verify(&trust),
                Err(BundleError::Incomplete { .. })
            ));
            left_out.insert(c.log.entries()[index as usize].body.core.kind());
        }
    }
    // The kinds that the main job needs were among them.
    for kind in [
        "safety.recall_placed",
        "safety.quarantine_placed",
        "quality.inspected",
        "build.started",
        "governance.key_added",
        "design.published",
    ] {
        assert!(left_out.contains(kind), "{kind}");
    }
}

#[test]
fn an_older_list_does_not_pass_for_the_newest() {
    let (mut c, _, marks) = story();
    let old = c.bundle(marks[0]);
    let lot = c.lot.clone();
    c.recall(Who::Production, &[&lot]).unwrap();
    let (new, trust) = (c.bundle(marks[0]), c.trust());
    // The bundle of before is good, and says how old it is.
    let verified = old.verify(&trust).unwrap();
    assert!(verified.as_of < new.verify(&trust).unwrap().as_of);
    // Its lists under the new checkpoint are not.
    let mut mixed = new.clone();
    mixed.lists.clone_from(&old.lists);
    assert!(matches!(
        mixed.verify(&trust),
        Err(BundleError::Incomplete { .. })
    ));
    // Nor is the old batch the newest of the new checkpoint.
    let mut late = old.clone();
    late.checkpoint.clone_from(&new.checkpoint);
    let indices: Vec<_> = late.entries.iter().map(|entry| entry.index).collect();
    late.path = c.log.tree().inclusions(&indices, c.log.size()).unwrap();
    assert!(matches!(late.verify(&trust), Err(BundleError::Batch)));
}

#[test]
fn what_is_withheld_is_told_and_nothing_is_decided() {
    let (mut c, _, marks) = story();
    let lot = c.lot.clone();
    c.recall(Who::Production, &[&lot]).unwrap();
    let good = c.bundle(marks[0]);
    let last = c.log.size() - 1;
    for hidden in good
        .entries
        .iter()
        .map(|entry| entry.index)
        .filter(|index| *index > 1 && *index != last)
    {
        let less = with_entries(&c, &good, |entry| entry.index != hidden);
        let verified = less.verify(&c.trust()).unwrap();
        let ids: Vec<StatementId> = verified
            .withheld
            .iter()
            .map(|link| link.statement)
            .collect();
        assert_eq!(ids, [c.log.entries()[hidden as usize].id]);
        let answer = verified.answer(c.now, &Viewer::Public, Witnessing::Unasked);
        assert_eq!(
            (answer.verdict, code(&answer)),
            (Verdict::CannotDetermine, Some(Code::Withheld))
        );
    }
}

#[test]
fn what_the_log_itself_hides_is_found_by_who_replays_it_and_by_nobody_else() {
    let (mut c, _, marks) = story();
    let mut honest = c.clone();
    let lot = c.lot.clone();
    honest.recall(Who::Production, &[&lot]).unwrap();
    let recall = honest.log.list(&lot).last().unwrap().statement;
    c.log.lie(Lie::Hides(recall, lot.clone()));
    c.recall(Who::Production, &[&lot]).unwrap();
    assert!(c.bundle(marks[0]).verify(&c.trust()).is_ok());
    let mut replica = crate::bundle::Replica::new(c.trust());
    let found = replica.extend(&c.log.page(0));
    assert!(matches!(found, Err(crate::bundle::ReplicaError::Index(_))));
}

#[test]
fn no_byte_can_be_changed() {
    let (c, _, marks) = story();
    let (bytes, trust) = (c.bundle(marks[0]).to_bytes(), c.trust());
    for at in (0..bytes.len()).step_by(37) {
        let mut forged = bytes.clone();
        forged[at] ^= 1;
        let taken = PartBundle::parse(&forged).and_then(|bundle| bundle.verify(&trust));
        assert!(taken.is_err(), "{at}");
    }
    for cut in (0..bytes.len()).step_by(301) {
        assert!(PartBundle::parse(&bytes[..cut]).is_err());
    }
    assert!(PartBundle::parse(&[&bytes[..], &[0]].concat()).is_err());
    let small = marks[0].to_string().to_lowercase();
    let at = bytes
        .windows(16)
        .position(|text| text == marks[0].to_string().as_bytes());
    let mut forged = bytes.clone();
    forged[at.unwrap()..][..16].copy_from_slice(small.as_bytes());
    assert!(PartBundle::parse(&forged).is_err());
    let other = Consortium::founded(2);
    let bundle = PartBundle::parse(&bytes).unwrap();
    assert!(matches!(
        bundle.verify(&other.trust()),
        Err(BundleError::Checkpoint(_))
    ));
}

#[test]
fn a_bundle_beyond_its_limits_is_refused() {
    let (c, _, marks) = story();
    let good = c.bundle(marks[0]);
    let refused = |change: &dyn Fn(&mut PartBundle)| {
        let mut bundle = good.clone();
        change(&mut bundle);
        match PartBundle::parse(&bundle.to_bytes()) {
            Err(BundleError::Malformed(why)) => why,
            other => panic!("{other:?}"),
        }
    };
    let link = good.lists[0].links[0];
    let many = refused(&|of| of.lists[0].links = vec![link; LINKS_MAX + 1]);
    assert_eq!(many, "it holds more than is read");
    let twice = refused(&|of| of.lists[0].links = vec![link; 2]);
    assert_eq!(twice, "a list is out of order");
    let swapped = refused(&|of| of.lists.swap(0, 1));
    assert_eq!(swapped, "its lists are out of order");
    let doubled = refused(&|of| of.entries.insert(0, of.entries[0].clone()));
    assert_eq!(doubled, "its statements are out of order");
    let hashes = refused(&|of| of.path = vec![Digest([0; 32]); of.entries.len() * 64 + 1]);
    assert_eq!(hashes, "its hashes are cut off, or too many");
    let section = |of: &mut PartBundle| {
        let name = "seed".parse().unwrap();
        of.entries[3].submission.sections.insert(name, vec![1]);
    };
    assert_eq!(refused(&section), "it holds a sealed section");
    let large = PartBundle::parse(&vec![0x86; BUNDLE_BYTES_MAX + 1]);
    assert!(matches!(
        large,
        Err(BundleError::Malformed("it is larger than 64 MiB"))
    ));
    let entries = |of: &mut PartBundle| of.entries = vec![of.entries[0].clone(); ENTRIES_MAX + 1];
    assert_eq!(refused(&entries), "it holds more than is read");
    let lists = |of: &mut PartBundle| of.lists = vec![of.lists[0].clone(); SUBJECTS_MAX + 1];
    assert_eq!(refused(&lists), "it holds more than is read");
}

#[test]
fn each_statement_has_its_own_receipt() {
    let (c, _, marks) = story();
    let (good, trust) = (c.bundle(marks[0]), c.trust());
    let (one, two) = (5, 6);
    let mut swapped = good.clone();
    swapped.entries[one]
        .receipt
        .clone_from(&good.entries[two].receipt);
    let error = swapped.verify(&trust).unwrap_err();
    assert!(matches!(error, BundleError::Receipt(..)), "{error}");
    let mut none = good.clone();
    none.entries[one].receipt.clear();
    let error = none.verify(&trust).unwrap_err();
    assert!(matches!(error, BundleError::Receipt(..)), "{error}");
    // Of a larger tree than the checkpoint: the log has promised what it does not show.
    let mut c = c;
    let old = c.bundle(marks[0]);
    let lot = c.lot.clone();
    c.recall(Who::Production, &[&lot]).unwrap();
    let last = old.entries.len() - 1;
    let mut late = old.clone();
    let index = old.entries[last].index;
    late.entries[last].receipt = c.log.receipt_at(index, c.log.size());
    let error = late.verify(&trust).unwrap_err();
    assert!(matches!(error, BundleError::OtherReceipt(_)), "{error}");
}

#[test]
fn what_witnesses_have_cosigned_before_is_believed_and_no_more() {
    let (mut c, _, marks) = story();
    let witness = Cosigner::new("w.example", Signer::from_seed(&[7; 32])).unwrap();
    let policy = format!("witness W {}\nquorum W\n", witness.verifier());
    let policy = Policy::parse(policy.as_bytes()).unwrap();
    let (before, size) = (c.log.checkpoint().to_owned(), c.log.size());
    let lot = c.lot.clone();
    c.recall(Who::Production, &[&lot]).unwrap();
    let trust = c.trust();
    let mut signed = checkpoint::open(&before, &trust.checkpoint_key).unwrap();
    let since = c.now.unsigned_abs() - 60;
    let line = witness.cosign(signed.note().text(), since);
    signed.attach(line, witness.verifier()).unwrap();
    let mut good = c.bundle(marks[0]);
    let waiting = good.verify(&trust).unwrap().witnessing(&policy);
    assert_eq!(waiting, Witnessing::Waiting);
    good.witnessed = Some(Cosigned {
        note: signed.note().to_string(),
        path: c.log.tree().consistency(size, c.log.size()).unwrap(),
    });
    let good = PartBundle::parse(&good.to_bytes()).unwrap();
    let verified = good.verify(&trust).unwrap();
    let since = since.cast_signed();
    assert_eq!(
        verified.witnessing(&policy),
        Witnessing::Witnessed { size, since }
    );
    assert_eq!(verified.witnessing(&Policy::none()), Witnessing::Unasked);
    // The recall came later; it counts, and what is known is as old as the witness's word.
    let told = verified.answer(c.now, &Viewer::Public, verified.witnessing(&policy));
    assert_eq!(
        (told.verdict, told.as_of),
        (Verdict::DoNotInstall, Some(since))
    );
    let mut forked = good.clone();
    forked.witnessed.as_mut().unwrap().path[0].0[0] ^= 1;
    assert!(matches!(
        forked.verify(&trust),
        Err(BundleError::Witnessed(_))
    ));
}

#[test]
fn nobody_makes_a_list_longer_than_the_bounds_of_its_subject() {
    let (mut c, part, marks) = story();
    let before = c.log.list(&part).len();
    for _ in 0..3 * REPORTS_MAX {
        c.ship(Who::Mechanic, &part, "ship.example".parse().unwrap())
            .unwrap();
    }
    // The first beyond the bounds crowds the part; those after it change nothing.
    assert_eq!(c.log.list(&part).len(), before + REPORTS_MAX + 1);
    says_what_the_log_says(&c, marks[0]);
}
