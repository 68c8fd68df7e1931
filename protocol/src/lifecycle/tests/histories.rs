//! Random histories by honest and dishonest people, ashore and at sea: what must hold in all of them.
//!
//! A history is a list of small numbers, so that a failure shrinks to the few steps that matter; the seed of the
//! consortium is one of them. `PROPTEST_CASES` scales the number of histories.

mod naive;
mod player;

use super::impact::{held_by, listed};
use super::kinds::replay;
use super::*;
use crate::body::Nature;
use crate::bundle::Replica;
use crate::lifecycle::{apply, subjects};
use crate::statement::Statement;
use crate::world::{Data, State};
use player::{Player, Step};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// Histories when `PROPTEST_CASES` does not say otherwise.
const CASES: u32 = 200;

fn config() -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").is_ok();
    let default = ProptestConfig::default();
    ProptestConfig {
        cases: if asked { default.cases } else { CASES },
        // The same histories on every machine; whoever asks for more gets new ones.
        rng_seed: if asked {
            default.rng_seed
        } else {
            RngSeed::Fixed(20_261_121)
        },
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..default
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(any::<(u8, u8, u8)>(), 1..60)
}

/// A life without what the order of arrival may change: places in the log.
fn without_places(world: &World, part: &SubjectId) -> Option<Life> {
    let mut life = Life::of(world, part)?;
    let sources = [
        &mut life.inspection,
        &mut life.release,
        &mut life.entered,
        &mut life.matched,
    ];
    for source in sources.into_iter().flatten() {
        (source.index, source.logged_at) = (None, None);
    }
    (life.used.since, life.used.missing) = (0, life.used.missing.map(|_| 0));
    life.used.fell = life.used.fell.map(|_| 0);
    life.used.crowded = life.used.crowded.map(|_| 0);
    life.holds.iter_mut().for_each(|hold| hold.since = 0);
    life.holds
        .sort_by_key(|hold| (hold.statement, hold.code, hold.subject.clone()));
    Some(life)
}

fn knowledge(c: &Consortium) -> Knowledge {
    Knowledge {
        logged_until: Some(c.log.logged_at()),
        is_whole_log: true,
        witnessing: Witnessing::Unasked,
    }
}

/// Verdict and codes of every mark to everybody who matters.
fn answers(player: &Player, world: &World, known: Knowledge) -> Vec<(Verdict, Vec<Code>)> {
    let viewers = [Who::Custodian, Who::Mechanic].map(|who| Viewer::Member {
        org: player.c.org(who),
        asset_type: None,
    });
    let viewers = viewers.iter().chain([&Viewer::Public]);
    let marks = player.marks();
    let ask = |mark, viewer| codes(&answer(world, mark, player.c.now, viewer, known));
    viewers
        .flat_map(|viewer| marks.iter().map(move |mark| ask(*mark, viewer)))
        .collect()
}

/// Delivers in an order that `keys` gives, some statements twice.
fn deliver(
    c: &mut Consortium,
    mut statements: Vec<Statement>,
    keys: &[u16],
) -> Vec<(&'static str, String)> {
    let key = |at: usize| keys[at % keys.len()].wrapping_mul(at as u16 + 1);
    let twice: Vec<_> = statements.iter().step_by(3).cloned().collect();
    statements.extend(twice);
    let mut order: Vec<_> = statements.into_iter().enumerate().collect();
    order.sort_by_key(|(at, _)| key(*at));
    let order: Vec<_> = order.into_iter().map(|(_, statement)| statement).collect();
    let mut refusals = Vec::new();
    for (id, refusal) in c.log.deliver(&order, c.now + 60) {
        let mut all = order.iter();
        let refused = all.find(|statement| statement.id == id).unwrap();
        let nature = refused.body.core.nature();
        let kind = refused.body.core.kind();
        assert_eq!(nature, Nature::Act, "{kind}: {refusal}");
        refusals.push((kind, format!("{id} {refusal}")));
    }
    refusals.sort();
    refusals.dedup();
    refusals
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_order_of_arrival_leaves_no_trace(
        seed: u8,
        steps in steps(),
        orders in any::<([u16; 16], [u16; 16])>(),
    ) {
        let player = Player::play(seed, &steps);
        let (mut one, mut two) = (player.c.clone(), player.c.clone());
        let refused = deliver(&mut one, player.c.at_hand(), &orders.0);
        prop_assert_eq!(refused, deliver(&mut two, player.c.at_hand(), &orders.1));
        for part in &player.parts {
            let lives = [&one, &two].map(|c| without_places(c.log.world(), part));
            prop_assert_eq!(&lives[0], &lives[1]);
        }
        let known = knowledge(&one);
        let [first, second] = [&one, &two].map(|c| answers(&player, c.log.world(), known));
        prop_assert_eq!(first, second);
    }

    #[test]
    fn at_sea_and_at_home_the_answer_is_the_same(seed: u8, steps in steps(), order: [u16; 16]) {
        let player = Player::play(seed, &steps);
        let mut replica = Replica::new(player.c.trust());
        replica.extend(&player.c.log.page(0)).unwrap();
        let (world, _) = replica.with(&player.c.at_hand());
        let mut home = player.c.clone();
        deliver(&mut home, player.c.at_hand(), &order);
        let known = knowledge(&home);
        let at_sea = answers(&player, &world, known);
        let at_home = answers(&player, home.log.world(), known);
        for (sea, home) in at_sea.into_iter().zip(at_home) {
            if sea.1 != [Code::Provisional] {
                prop_assert_eq!(sea, home);
            }
        }
        for part in &player.parts {
            let holds = [&world, home.log.world()].map(|world| {
                without_places(world, part).map(|life| (life.phase, life.holds))
            });
            prop_assert_eq!(&holds[0], &holds[1]);
        }
    }

    #[test]
    fn a_replica_comes_to_the_same_world(seed: u8, steps in steps()) {
        let mut player = Player::play(seed, &steps);
        player.c.come_home();
        let log = &player.c.log;
        let (mut whole, mut paged) = (Replica::new(player.c.trust()), Replica::new(player.c.trust()));
        whole.extend(&log.page(0)).unwrap();
        for page in log.pages() {
            let page = crate::bundle::Page::parse(&page.to_bytes()).unwrap();
            paged.extend(&page).unwrap();
        }
        for replica in [&whole, &paged] {
            prop_assert_eq!(&replica.world().states, &log.world().states);
            prop_assert_eq!(&replica.world().sequences, &log.world().sequences);
            prop_assert_eq!(replica.tree().root(), log.tree().root());
        }
        for state in log.world().states.values() {
            let json = serde_json::to_value(&**state).unwrap();
            prop_assert_eq!(&serde_json::from_value::<State>(json).unwrap(), &**state);
        }
    }

    #[test]
    fn the_rules_read_only_what_they_name_and_what_stands_above(seed: u8, steps in steps()) {
        let mut player = Player::play(seed, &steps);
        player.c.come_home();
        replay(player.c.log.entries(), |world, entry, at| {
            let part = above(world, entry);
            assert_eq!(apply(&part, entry, at), apply(world, entry, at));
        });
    }

    #[test]
    fn the_list_of_a_recall_is_what_it_holds(seed: u8, steps in steps()) {
        let mut player = Player::play(seed, &steps);
        player.c.come_home();
        let world = player.c.log.world();
        for (id, state) in &world.states {
            if let Data::Recall { recall, lifted: None, .. } = &state.data {
                prop_assert_eq!(listed(world, recall), held_by(world, id));
            }
        }
    }

    #[test]
    fn nothing_is_eligible_but_by_right(seed: u8, steps in steps()) {
        let mut player = Player::play(seed, &steps);
        player.c.come_home();
        let c = &player.c;
        for mark in player.marks() {
            for who in [Who::Custodian, Who::Mechanic] {
                if ask(c, mark, who).verdict == Verdict::EligibleByRecord {
                    let against = naive::against(c.log.entries(), mark, c.now, &c.org(who));
                    prop_assert_eq!(against, None);
                }
            }
        }
    }
}

/// What a loader hands to the rules: the subjects that they name, and everything above those.
fn above(world: &World, statement: &Statement) -> World {
    let mut read = subjects(statement);
    let mut open: Vec<_> = read.iter().cloned().collect();
    while let Some(id) = open.pop() {
        let parents = world.state(&id).map(State::parents);
        let new = parents.unwrap_or_default().into_iter();
        open.extend(new.filter(|parent| read.insert(parent.clone())));
    }
    let states = read.into_iter();
    let states = states.filter_map(|id| Some((id.clone(), world.states.get(&id)?.clone())));
    let place = (statement.envelope.kid, statement.body.seq);
    let used = world.sequences.get(&place).map(|id| (place, *id));
    World {
        states: states.collect(),
        sequences: used.into_iter().collect(),
    }
}

#[test]
fn the_histories_reach_what_they_are_for() {
    let mut verdicts = BTreeSet::new();
    let mut entropy = crate::fixture::Entropy::new(1);
    for seed in 0..120 {
        let steps: Vec<Step> = (0..50)
            .map(|_| {
                (
                    entropy.word() as u8,
                    entropy.word() as u8,
                    entropy.word() as u8,
                )
            })
            .collect();
        let mut player = Player::play(seed, &steps);
        player.c.come_home();
        for (verdict, codes) in answers(&player, player.c.log.world(), knowledge(&player.c)) {
            verdicts.insert(verdict.words());
            verdicts.extend(codes.iter().map(|code| code.name()));
        }
    }
    for expected in [
        "ELIGIBLE BY RECORD",
        "RECORD FOUND, NO HOLDS",
        "DO NOT INSTALL",
        "CANNOT DETERMINE",
        "recalled",
        "unvouched",
        "key-compromised",
        "mark-duplicated",
        "quarantined",
        "key-forked",
        "destroyed",
        "design-withdrawn",
    ] {
        assert!(verdicts.contains(expected), "{expected}: {verdicts:?}");
    }
}
