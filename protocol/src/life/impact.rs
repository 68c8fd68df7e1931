//! What a recall reaches: which parts, where they are, and who has them.
//!
//! Owns the list for people and for a signed report, before a recall is placed or after. It asks by the rule that holds a part
//! (`above`), so that the list and the holds never differ; and it goes only by the log, so that whoever has the log as it was
//! makes the same bytes. Must never know how one finds the parts to ask about: walking down is whose memory the log is in.

use super::{Life, Phase, Place, contents};
use crate::body::Core;
use crate::body::design::Effect;
use crate::body::safety::RecallPlaced;
use crate::digest::Digest;
use crate::mark::Mark;
use crate::statement::Statement;
use crate::text::{Moment, OrgId, SubjectId};
use crate::world::{Data, World};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Which parts are meant: those below all anchors whose build started in a window of time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// Lots, builds, designs, machines, licences, approvals, allowables, keys or parts.
    pub anchors: BTreeSet<SubjectId>,
    /// Only parts whose build started at or after.
    pub from: Option<Moment>,
    /// Only parts whose build started before.
    pub until: Option<Moment>,
    /// Of a withdrawal, which parts it means and when it was said; of a recall nothing, because it means all.
    #[serde(skip)]
    pub effect: Option<(Effect, i64)>,
}

impl From<&RecallPlaced> for Scope {
    fn from(recall: &RecallPlaced) -> Scope {
        Scope {
            anchors: recall.anchors.iter().cloned().collect(),
            from: recall.from,
            until: recall.until,
            effect: None,
        }
    }
}

/// A part that a scope reaches, and where it is by its record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reached {
    /// The part.
    pub part: SubjectId,
    /// Its mark.
    pub mark: Option<Mark>,
    /// How far it has come.
    pub phase: Phase,
    /// Who has it.
    pub custodian: Option<OrgId>,
    /// To whom it was sent, where that is not received.
    pub sent_to: Option<OrgId>,
    /// Whose it is, where that was given and accepted.
    pub owner: Option<OrgId>,
    /// In which assembly and asset.
    pub installed: Option<Place>,
}

impl From<Life> for Reached {
    fn from(life: Life) -> Reached {
        Reached {
            part: life.part,
            mark: life.mark,
            phase: life.phase,
            custodian: life.custodian,
            sent_to: life.in_transit.map(|(_, to)| to),
            owner: life.owner,
            installed: life.installed,
        }
    }
}

impl Reached {
    /// Who must be told: who has it, who will, and whose it is.
    pub fn concerned(&self) -> BTreeSet<&OrgId> {
        let parties = [&self.custodian, &self.sent_to, &self.owner];
        parties.into_iter().flatten().collect()
    }
}

impl Scope {
    /// What a statement holds that it did not hold before, or frees: a recall that is placed or lifted, a design or an approval that
    /// is taken back for parts that exist. `None` for all others. `world` has the statement's subject.
    pub fn of_statement(world: &World, statement: &Statement) -> Option<Scope> {
        let subject = &statement.body.sub;
        let below = |effect: Effect| {
            (effect != Effect::NewBuilds).then(|| Scope {
                anchors: [subject.clone()].into(),
                from: None,
                until: None,
                effect: Some((effect, statement.body.occurred_at.unix())),
            })
        };
        match &statement.body.core {
            Core::RecallPlaced(recall) => Some(recall.into()),
            Core::RecallLifted(_) => match world.get(subject) {
                Some(Data::Recall { recall, .. }) => Some(recall.into()),
                _ => None,
            },
            Core::DesignWithdrawn(says) => below(says.effect),
            Core::DesignSuperseded(says) => below(says.effect),
            Core::ApprovalRevoked(says) => below(says.effect),
            _ => None,
        }
    }

    /// The part as it stands, when it is reached, or something in it is. One above which more stands than the limits allow is: nobody can say that it
    /// is not, and it is held.
    pub fn reaches(&self, world: &World, part: &SubjectId) -> Option<Reached> {
        let (life, _) = Life::by_reports(world, part)?;
        let within = |parts: Vec<(Life, _)>| {
            let mut parts = parts.iter();
            parts.any(|(life, _)| self.reaches_by_itself(world, life))
        };
        let reached = self.reaches_by_itself(world, &life)
            || contents::inside(world, part).map_or(true, within);
        reached.then(|| Reached::from(life))
    }
}

impl Scope {
    /// Whether a part is reached, whatever is in it.
    fn reaches_by_itself(&self, world: &World, life: &Life) -> bool {
        let Ok(above) = world.upward(&life.part) else {
            return true;
        };
        let above: BTreeSet<_> = above.iter().collect();
        let below = self.anchors.iter().all(|anchor| above.contains(anchor));
        below && self.means(&life.clone().into())
    }
}

/// Everything that a scope reaches in a log of one size.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Impact {
    /// Which parts are meant.
    pub scope: Scope,
    /// Entries of the log that it goes by.
    pub size: u64,
    /// The parts, in the order of their ids.
    pub parts: Vec<Reached>,
}

impl Impact {
    /// Asks for every part of a world that holds the whole log.
    pub fn of(world: &World, scope: Scope, size: u64) -> Impact {
        let parts: Vec<_> = world.parts().collect();
        Impact::among(world, scope, size, &parts)
    }

    /// Asks for some parts, in the order of their ids, of a world that holds them and everything above them.
    pub fn among(world: &World, scope: Scope, size: u64, parts: &[&SubjectId]) -> Impact {
        use rayon::prelude::*;
        let asked = parts.par_iter();
        let parts = asked
            .filter_map(|part| scope.reaches(world, part))
            .collect();
        Impact { scope, size, parts }
    }

    /// The list as it is kept and signed: a line of JSON with what was asked, then one for each part.
    pub fn to_bytes(&self) -> Vec<u8> {
        let head = Head {
            scope: self.scope.clone(),
            size: self.size,
            parts: self.parts.len(),
        };
        let lines = std::iter::once(json_line(&head));
        lines
            .chain(self.parts.iter().map(json_line))
            .collect::<String>()
            .into_bytes()
    }

    /// SHA3-256 of [`Impact::to_bytes`].
    pub fn digest(&self) -> Digest {
        Digest::sha3(&[&self.to_bytes()])
    }
}

/// The first line of a list.
#[derive(Serialize)]
struct Head {
    scope: Scope,
    size: u64,
    parts: usize,
}

fn json_line(value: &impl Serialize) -> String {
    let json = serde_json::to_string(value);
    json.expect("text keys and no failing serializer") + "\n"
}

/// Whether a build that started then, or nobody knows when, is meant by who names a window of time.
pub(super) fn is_in_window(from: Option<i64>, until: Option<i64>, started: Option<i64>) -> bool {
    from.is_none_or(|from| started.is_none_or(|at| at >= from))
        && until.is_none_or(|until| started.is_none_or(|at| at < until))
}

/// Whether what was withdrawn at a time, with an effect, means a part.
pub(super) fn is_in_effect(
    effect: Effect,
    at: i64,
    started: Option<i64>,
    is_released: bool,
) -> bool {
    let began_after = started.is_none_or(|started| started >= at);
    match effect {
        Effect::All => true,
        Effect::Unreleased => !is_released || began_after,
        Effect::NewBuilds => began_after,
    }
}
