//! What stands above a subject.
//!
//! Owns which subjects a state names, whose statements it holds, and the walk upward over them. Must never know what a
//! state means.

use super::{
    ANCESTORS_MAX, Data, Event, PARENTS_MAX, Report, Source, State, World, key_subject,
    mark_subject, org_subject, with_contents,
};
use crate::body::design::ApprovalRequested;
use crate::text::SubjectId;
use std::collections::{BTreeSet, VecDeque};

impl State {
    /// The subjects directly above. They never go away: a recall above must always be found.
    pub fn parents(&self) -> BTreeSet<SubjectId> {
        let mut up = self.named();
        up.extend(self.authors());
        up.extend(self.granters());
        up.extend(self.beside());
        up
    }

    /// Who gave a key or a member what it has. Whether that counts is asked of them; what binds below them does not reach
    /// it: else everything stood below every administrator and every governor.
    fn granters(&self) -> BTreeSet<SubjectId> {
        let (grants, proposals): (Vec<_>, Vec<_>) = match &self.data {
            Data::Key {
                proposal, roles, ..
            } => {
                let held = roles.values();
                let grants = held.flat_map(|held| [Some(&held.granted), held.accredited.as_ref()]);
                let proposals = roles.values().map(|held| held.proposal.as_ref());
                let proposals = proposals.chain([proposal.as_ref()]);
                (grants.flatten().collect(), proposals.flatten().collect())
            }
            Data::Member { .. } => (Vec::new(), Vec::new()),
            _ => return BTreeSet::new(),
        };
        let sources = self.data.sources().into_iter().chain(grants);
        let kids: BTreeSet<_> = sources.map(|source| source.kid).collect();
        let keys = kids.iter().map(key_subject);
        keys.chain(proposals.into_iter().cloned()).collect()
    }

    /// What is read with a state and does not stand above it: the assemblies that a part was in, which it followed, and of an
    /// assembly the parts that were in it, which hold it as long as they are. What binds below these does not reach further.
    fn beside(&self) -> BTreeSet<SubjectId> {
        match &self.data {
            Data::Part { facts, .. } => {
                let into = facts.iter().filter_map(|fact| fact.says.assembly());
                into.cloned().collect()
            }
            Data::Contents { parts, .. } => with_contents(parts.values().flatten()),
            // What it rests on no more.
            Data::Allowable { allowable, .. } => allowable.data_of.clone(),
            _ => BTreeSet::new(),
        }
    }

    /// The keys of those who said what stands here, and of a part's reports their organisations.
    fn authors(&self) -> BTreeSet<SubjectId> {
        let mut up = BTreeSet::new();
        // Those of a key and of a member are their granters.
        if !matches!(self.data, Data::Key { .. } | Data::Member { .. }) {
            let kids: BTreeSet<_> = self
                .data
                .sources()
                .into_iter()
                .map(|source| source.kid)
                .collect();
            up.extend(kids.iter().map(key_subject));
        }
        if let Data::Part { facts, .. } = &self.data {
            let orgs: BTreeSet<_> = facts.iter().map(|fact| &fact.source.org).collect();
            up.extend(orgs.into_iter().map(org_subject));
        }
        up
    }

    /// What this is made of, by, or under.
    fn named(&self) -> BTreeSet<SubjectId> {
        let mut up = BTreeSet::new();
        match &self.data {
            Data::Key { org, .. } => {
                up.insert(org_subject(org));
            }
            Data::Governors { seats } => up.extend(seats.iter().map(org_subject)),
            Data::Proposal(ballot) => up.extend(ballot.proposal.change.subjects()),
            Data::Approval { request, .. } => {
                up.insert(request.design.clone());
                up.extend(request.allowables().cloned());
            }
            Data::Licence { licence, .. } => {
                up.extend([licence.design.clone(), licence.machine.clone()]);
                up.extend(licence.approval.clone());
            }
            Data::Machine { enrolled, .. } => {
                up.extend(enrolled.iter().map(|(says, _)| key_subject(&says.key)));
            }
            Data::Order { order } => {
                let says = &order.says;
                up.extend([&says.licence, &says.machine, &says.lot].map(Clone::clone));
            }
            Data::Lot { blended, .. } => {
                let shares = blended.iter().flat_map(|report| &report.says.from);
                up.extend(shares.map(|share| share.lot.clone()));
            }
            Data::Build { starts, uses, .. } => {
                // Who did not build it, says nothing of what it took.
                let builders: BTreeSet<_> = starts.iter().map(|start| &start.source.org).collect();
                let uses = uses.iter();
                let own = uses.filter(|report| builders.contains(&report.source.org));
                let loads = own.flat_map(|report| &report.says.lots);
                up.extend(loads.map(|load| load.lot.clone()));
                for Report { says, .. } in starts {
                    up.extend(
                        [&says.order, &says.licence, &says.machine, &says.lot].map(Clone::clone),
                    );
                }
            }
            Data::Part { facts, .. } => {
                for Report { says, .. } in facts {
                    up.extend(says.asset());
                    up.extend(says.mark().map(|mark| mark_subject(&mark)));
                    if let Event::Started { build, .. } = says {
                        up.insert(build.clone());
                    }
                }
            }
            Data::Allowable {
                allowable,
                recomputed,
                ..
            } => up.extend(allowable.rests_on(recomputed.last().map(|(says, _)| says))),
            Data::Recall { recall, .. } => up.extend(recall.anchors.iter().cloned()),
            Data::Policy { .. }
            | Data::Log { .. }
            | Data::Member { .. }
            | Data::Design { .. }
            | Data::Mark { .. }
            | Data::Asset { .. }
            | Data::Contents { .. }
            | Data::Claim { .. } => {}
        }
        up
    }
}

impl Data {
    /// Who said what stands here.
    pub fn sources(&self) -> Vec<&Source> {
        match self {
            Data::Policy { policies } => policies.iter().map(|decided| &decided.by).collect(),
            Data::Member { standing, .. } => standing.iter().map(|decided| &decided.by).collect(),
            Data::Proposal(ballot) => {
                let votes = ballot.votes.values().map(|vote| &vote.source);
                let others = votes.chain(&ballot.cancelled);
                std::iter::once(&ballot.source).chain(others).collect()
            }
            Data::Log { source, .. } | Data::Key { source, .. } | Data::Design { source, .. } => {
                vec![source]
            }
            Data::Allowable {
                source, recomputed, ..
            } => {
                let recomputed = recomputed.iter().map(|(_, source)| source);
                std::iter::once(source).chain(recomputed).collect()
            }
            Data::Recall {
                source, reported, ..
            } => {
                let reported = reported.iter().map(|(_, source)| source);
                std::iter::once(source).chain(reported).collect()
            }
            Data::Approval {
                source,
                granted,
                limits,
                ..
            } => std::iter::once(source)
                .chain(granted.iter().map(|(_, source)| source))
                .chain(limits.iter().map(|(_, source)| source))
                .collect(),
            Data::Licence {
                source, accepted, ..
            } => std::iter::once(source).chain(accepted).collect(),
            _ => self.reporters(),
        }
    }

    /// [`Data::sources`] of what is reported of things.
    fn reporters(&self) -> Vec<&Source> {
        match self {
            Data::Lot {
                received,
                blended,
                drawn,
                ..
            } => {
                let received = received.iter().map(|report| &report.source);
                let blended = blended.iter().map(|report| &report.source);
                let drawn = drawn.iter().map(|report| &report.source);
                received.chain(blended).chain(drawn).collect()
            }
            Data::Machine {
                enrolled,
                qualified,
                calibrated,
            } => {
                let enrolled = enrolled.iter().map(|(_, source)| source);
                let qualified = qualified.iter().map(|(_, source)| source);
                let calibrated = calibrated.iter().map(|report| &report.source);
                enrolled.chain(qualified).chain(calibrated).collect()
            }
            Data::Order { order } => vec![&order.source],
            Data::Build {
                starts,
                uses,
                tests,
                ..
            } => {
                let starts = starts.iter().map(|report| &report.source);
                let uses = uses.iter().map(|report| &report.source);
                let tests = tests.iter().map(|report| &report.source);
                starts.chain(uses).chain(tests).collect()
            }
            Data::Part { facts, .. } => facts.iter().map(|report| &report.source).collect(),
            Data::Asset { uses, faults, .. } => {
                let uses = uses.iter().map(|report| &report.source);
                let declared = faults.iter().map(|fault| &fault.declared);
                let confirmed = faults.iter().filter_map(|fault| fault.confirmed.as_ref());
                uses.chain(declared).chain(confirmed).collect()
            }
            _ => Vec::new(),
        }
    }
}

impl ApprovalRequested {
    /// The allowables that are cited.
    pub fn allowables(&self) -> impl Iterator<Item = &SubjectId> {
        use crate::body::design::Substantiation;
        self.substantiation.iter().filter_map(|by| match by {
            Substantiation::Analysis { allowable, .. } => Some(allowable),
            Substantiation::Test { .. } => None,
        })
    }
}

/// More stands above a subject than the limits allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overflow;

impl World {
    /// Everything above `id`, itself first, each once, nearest first.
    pub fn upward(&self, id: &SubjectId) -> Result<Vec<SubjectId>, Overflow> {
        let mut seen = BTreeSet::from([id.clone()]);
        let mut order = Vec::new();
        let mut queue = VecDeque::from([id.clone()]);
        while let Some(next) = queue.pop_front() {
            let state = self.state(&next);
            let named = state.map(State::named).unwrap_or_default();
            if named.len() > PARENTS_MAX || order.len() >= ANCESTORS_MAX {
                return Err(Overflow);
            }
            let mut parents = named;
            parents.extend(state.map(State::authors).unwrap_or_default());
            order.push(next);
            let new = parents
                .into_iter()
                .filter(|parent| seen.insert(parent.clone()));
            queue.extend(new);
        }
        Ok(order)
    }
}
