//! Random votes in random orders of arrival.

use super::*;
use crate::bundle::Replica;
use proptest::prelude::*;

/// What somebody does at a meeting.
#[derive(Clone, Debug)]
enum Step {
    Admit(usize),
    Expel(usize, usize),
    Functions(usize, usize, bool),
    Vote(usize, usize, bool),
}

fn step() -> impl Strategy<Value = Step> {
    let who = || 0..5_usize;
    let functions = (who(), who(), any::<bool>());
    prop_oneof![
        2 => who().prop_map(Step::Admit),
        1 => (who(), who()).prop_map(|(by, whom)| Step::Expel(by, whom)),
        2 => functions.prop_map(|(by, whom, governs)| Step::Functions(by, whom, governs)),
        9 => (who(), any::<usize>(), prop::bool::weighted(0.8))
            .prop_map(|(by, of, yes)| Step::Vote(by, of, yes)),
    ]
}

/// Everything that is said, in the order of signing; nobody sends anything yet.
fn meeting(c: &mut Consortium, steps: &[Step]) -> Vec<Statement> {
    let (mut said, mut proposed) = (Vec::new(), Vec::<Statement>::new());
    for (at, step) in steps.iter().enumerate() {
        let (by, change) = match step {
            Step::Admit(by) => (*by, newcomer(c, &format!("new{at}.example")).1),
            Step::Expel(by, whom) => (*by, expel(c, ADMINS[*whom])),
            Step::Functions(by, whom, governs) => {
                let mut all = functions(ADMINS[*whom]);
                if !governs {
                    all = [Function::Maintenance].into();
                }
                (*by, set_functions(c, ADMINS[*whom], all))
            }
            Step::Vote(by, of, in_favour) => {
                if !proposed.is_empty() {
                    let of = proposed[of % proposed.len()].clone();
                    said.push(vote(c, ADMINS[*by], &of, *in_favour));
                }
                continue;
            }
        };
        let (id, core) = c.proposal(change);
        let statement = c.sign(ADMINS[by], &id, core);
        proposed.push(statement.clone());
        said.push(statement);
    }
    said
}

fn vote(c: &mut Consortium, who: Who, of: &Statement, in_favour: bool) -> Statement {
    let proposal = of.id;
    let core = Core::Voted(Voted {
        proposal,
        in_favour,
    });
    c.sign(who, &of.body.sub, core)
}

/// What the log says in the end, without the places where it was decided.
fn outcome(c: &Consortium) -> BTreeMap<String, String> {
    let world = c.log.world();
    let told = world.states.iter().filter_map(|(id, state)| {
        let told = match &state.data {
            Data::Proposal(ballot) => {
                let decided = &ballot.decided;
                let votes: Vec<_> = ballot
                    .votes
                    .values()
                    .map(|vote| vote.source.statement)
                    .collect();
                format!("{votes:?} {}", decided.is_some())
            }
            Data::Member { standing, .. } => {
                format!("{:?}", standing.last().map(|decided| &decided.says))
            }
            Data::Key { card, org, .. } => format!("{card:?} {org}"),
            _ => return None,
        };
        Some((id.to_string(), told))
    });
    told.collect()
}

fn shuffle(c: &mut Consortium, said: &mut [Statement]) {
    for at in (1..said.len()).rev() {
        let other = c.entropy().below(at as u64 + 1) as usize;
        said.swap(at, other);
    }
}

/// The first vote of each organisation on each proposal: of two that contradict each other the log's order decides.
fn one_vote_each(said: &mut Vec<Statement>) {
    let mut voted = BTreeSet::new();
    said.retain(|of| voted.insert((of.body.sub.clone(), of.body.iss.clone())));
}

/// Counts again from the entries alone: who governed before each decision, and who was in favour.
fn recount(c: &Consortium) {
    let mut before = Replica::new(c.trust());
    // Each statement was a batch of its own.
    for page in c.log.pages() {
        let decided = c.log.world().states.values();
        let here = decided.filter_map(|state| match &state.data {
            Data::Proposal(ballot) => {
                let decided = ballot.decided.as_ref()?;
                (decided.by.index == Some(page.from)).then_some((&ballot.votes, decided))
            }
            _ => None,
        });
        for (votes, decided) in here {
            let governors = before.world().governors(decided.by.place());
            let counts = votes.values().filter(|vote| {
                let source = &vote.source;
                vote.in_favour && source.index <= Some(page.from) && governors.contains(&source.org)
            });
            let counts = counts.count();
            assert!(2 * counts > governors.len(), "{counts} of {governors:?}");
            assert!(governors.len() == 1 || counts > 1, "decided by one");
        }
        before.extend(&page).unwrap();
    }
    assert_eq!(before.world().states, c.log.world().states);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_arrival_of_votes_leaves_no_trace(
        seed in any::<u64>(),
        mut steps in prop::collection::vec(step(), 1..40),
    ) {
        // Who governs stays: a vote counts by who governs at its place.
        steps.retain(|step| matches!(step, Step::Admit(_) | Step::Vote(..)));
        let mut c = governed_by(seed, 5);
        let mut said = meeting(&mut c, &steps);
        one_vote_each(&mut said);
        let mut other = c.clone();
        c.log.deliver(&said, c.now);
        shuffle(&mut other, &mut said);
        other.log.deliver(&said, other.now);
        prop_assert_eq!(outcome(&c), outcome(&other));
    }

    #[test]
    fn nothing_is_ever_decided_by_half_or_by_one(
        seed in any::<u64>(),
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let mut c = governed_by(seed, 4);
        let mut said = meeting(&mut c, &steps);
        shuffle(&mut c, &mut said);
        c.log.deliver(&said, c.now);
        recount(&c);
    }
}
