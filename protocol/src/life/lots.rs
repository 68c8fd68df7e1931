//! What the powder of a build is: the lots that it came from, through blends of blends, and whether their masses add up.
//!
//! Owns the walk over lots as one organisation reports them: what others say of them is no pedigree for its parts, and
//! cannot hold them. That a recall of any lot above is found is not its business: that is the walk upward over all
//! states. Must never know what was printed.

use super::Hold;
use crate::body::material::MaterialBlended;
use crate::body::resource::MaterialReceived;
use crate::code::Code;
use crate::text::{Line, OrgId, SubjectId};
use crate::world::{ANCESTORS_MAX, Data, Drawn, Report, World};
use std::collections::BTreeMap;

/// A lot as one organisation reports it.
#[derive(Clone, Debug)]
pub struct Lot<'w> {
    /// The lot.
    pub id: SubjectId,
    /// That it arrived.
    pub received: Vec<&'w Report<MaterialReceived>>,
    /// What it was blended from.
    pub blended: Vec<&'w Report<MaterialBlended>>,
    /// What was taken out of it.
    pub drawn: Vec<&'w Report<Drawn>>,
    crowded: Option<u64>,
    /// Log index from which on the blend that names it could be seen.
    named_since: u64,
}

impl<'w> Lot<'w> {
    /// What `org` says of a lot.
    pub fn of(world: &'w World, id: &SubjectId, org: &OrgId) -> Lot<'w> {
        Lot::within(id, world.get(id), org)
    }

    /// What `org` says of a lot in this state.
    pub fn within(id: &SubjectId, data: Option<&'w Data>, org: &OrgId) -> Lot<'w> {
        let mut lot = Lot {
            id: id.clone(),
            received: Vec::new(),
            blended: Vec::new(),
            drawn: Vec::new(),
            crowded: None,
            named_since: 0,
        };
        if let Some(Data::Lot {
            received,
            blended,
            drawn,
            crowded,
        }) = data
        {
            lot.received = by(received, org);
            lot.blended = by(blended, org);
            lot.drawn = by(drawn, org);
            lot.crowded = crowded.get(org).copied();
        }
        lot
    }

    /// Number of the lot: the supplier's, or the shop's own.
    pub fn number(&self) -> Option<&'w Line> {
        let received = self.received.first().map(|report| &report.says.lot_number);
        received.or_else(|| self.blended.first().map(|report| &report.says.lot_number))
    }

    /// Whether it is known what it is, and whether that is the wanted material.
    pub fn problem(&self, wanted: Option<&Line>) -> Option<Code> {
        let noted = (self.received.first().map(|report| &report.noted))
            .or_else(|| self.blended.first().map(|report| &report.noted));
        let Some(noted) = noted else {
            return Some(Code::LotUnknown);
        };
        if let Some(code) = noted.first() {
            return Some(*code);
        }
        let material = self.received.first().map(|report| &report.says.material);
        if wanted.is_some_and(|wanted| material.is_some_and(|material| material != wanted)) {
            return Some(Code::LotOtherMaterial);
        }
        (self.received.len() + self.blended.len() > 1).then_some(Code::Contradicted)
    }

    /// What is left of it by the record; below 0 where more was taken out than was in it.
    pub fn on_hand_mg(&self) -> i64 {
        let received = self.received.first().map(|report| report.says.mass_mg);
        let blended = || self.blended.first().map(|report| report.says.mass_mg);
        let drawn = self.drawn.iter().map(|report| report.says.net_mg());
        received
            .or_else(blended)
            .unwrap_or(0)
            .saturating_sub(drawn.fold(0, i64::saturating_add))
    }

    /// Whether more was taken out than was in it; of a lot that is not known nobody can say.
    pub fn is_overdrawn(&self) -> bool {
        let is_known = !(self.received.is_empty() && self.blended.is_empty());
        is_known && self.on_hand_mg() < 0
    }

    /// Log index from which on what it is could be seen.
    pub fn came_since(&self) -> u64 {
        let received = super::last_since(self.received.iter().copied());
        let blended = super::last_since(self.blended.iter().copied());
        self.named_since.max(received).max(blended)
    }

    /// What does not add up.
    fn imbalances(&self) -> Vec<Hold> {
        let since = self.came_since();
        let at = |code, since| Hold {
            since,
            ..Hold::new(code, &self.id)
        };
        let drawn = super::last_since(self.drawn.iter().copied()).max(since);
        let blend = self.blended.first();
        let is_unbalanced = blend.is_some_and(|report| !report.says.is_balanced());
        let crowded = self
            .crowded
            .map(|since| at(Code::TooManyReports, since.max(self.named_since)));
        let found = [
            self.is_overdrawn().then(|| at(Code::LotOverdrawn, drawn)),
            is_unbalanced.then(|| at(Code::MassUnbalanced, since)),
            crowded,
        ];
        found.into_iter().flatten().collect()
    }
}

fn by<'w, T>(reports: &'w [Report<T>], org: &OrgId) -> Vec<&'w Report<T>> {
    let own = reports.iter().filter(|report| report.source.org == *org);
    own.collect()
}

/// A lot with every lot that went into it, each once.
#[derive(Clone, Debug, Default)]
pub struct Genealogy<'w> {
    /// The lot itself first.
    pub lots: Vec<Lot<'w>>,
    /// How often the oldest powder in it may have been used: a lot that arrived is new, a blend counts one more than the
    /// lot in it that counts most.
    pub reuses: u32,
    /// The log index from which on it could be seen that a lot is said to be made out of itself.
    circular: Option<u64>,
}

impl<'w> Genealogy<'w> {
    /// Of a lot, as `org` reports it.
    pub fn of(world: &'w World, id: &SubjectId, org: &OrgId) -> Genealogy<'w> {
        let mut walk = Walk {
            lots: Vec::new(),
            reuses: BTreeMap::new(),
            circular: None,
        };
        let mut open = vec![Step::Enter(id.clone(), 0)];
        while let Some(step) = open.pop() {
            match step {
                Step::Enter(id, since) if walk.lots.len() < ANCESTORS_MAX => {
                    open.extend(walk.enter(Lot::of(world, &id, org), since));
                }
                // The walk upward over all states holds what has so many.
                Step::Enter(..) => {}
                Step::Leave(at) => walk.leave(at),
            }
        }
        Genealogy {
            reuses: walk.reuses.get(id).copied().flatten().unwrap_or(0),
            lots: walk.lots,
            circular: walk.circular,
        }
    }

    /// What is wrong with the lots above the first, and with the masses of all; `wanted` is the design's material.
    pub fn holds(&self, wanted: Option<&Line>) -> Vec<Hold> {
        let mut holds = Vec::new();
        for (at, lot) in self.lots.iter().enumerate() {
            let problem = lot.problem(wanted).filter(|_| at > 0);
            holds.extend(problem.map(|code| Hold {
                since: lot.came_since(),
                ..Hold::new(code, &lot.id)
            }));
            holds.extend(lot.imbalances());
        }
        if let (Some(since), Some(lot)) = (self.circular, self.lots.first()) {
            holds.push(Hold {
                since,
                ..Hold::new(Code::Contradicted, &lot.id)
            });
        }
        holds
    }

    /// The log index from which on all of it could be seen.
    pub fn since(&self) -> u64 {
        let since = self.lots.iter().map(Lot::came_since);
        since.max().unwrap_or(0)
    }
}

enum Step {
    /// With the log index from which on it could be seen that it stands here.
    Enter(SubjectId, u64),
    Leave(usize),
}

struct Walk<'w> {
    lots: Vec<Lot<'w>>,
    /// None as long as the lots above are not all done.
    reuses: BTreeMap<SubjectId, Option<u32>>,
    circular: Option<u64>,
}

impl<'w> Walk<'w> {
    /// What is to be done next for a lot, in turn from the last.
    fn enter(&mut self, mut lot: Lot<'w>, since: u64) -> Vec<Step> {
        match self.reuses.get(&lot.id) {
            Some(None) => {
                self.circular = self.circular.max(Some(since));
                return Vec::new();
            }
            Some(Some(_)) => return Vec::new(),
            None => {}
        }
        lot.named_since = since;
        self.reuses.insert(lot.id.clone(), None);
        let mut next = vec![Step::Leave(self.lots.len())];
        for blend in &lot.blended {
            let since = since.max(blend.source.since());
            let shares = blend.says.from.iter();
            next.extend(shares.map(|share| Step::Enter(share.lot.clone(), since)));
        }
        self.lots.push(lot);
        next
    }

    fn leave(&mut self, at: usize) {
        let lot = &self.lots[at];
        let shares = lot.blended.iter().flat_map(|blend| &blend.says.from);
        let above = shares.filter_map(|share| self.reuses.get(&share.lot).copied().flatten());
        let most = above.max().map_or(0, |reuses| reuses.saturating_add(1));
        self.reuses.insert(lot.id.clone(), Some(most));
    }
}
