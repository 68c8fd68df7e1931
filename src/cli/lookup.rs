//! Finding in what is known here what a statement must name, so that people need not type ids.
//!
//! Owns which fact each name stands for. Must never decide a rule: what is missing is said, what is wrong is signed and
//! refused by the rules.

use super::output::Refused;
use anyhow::{Context, Result, anyhow};
use threadmark_agent::home::View;
use threadmark_protocol::body::licence::LicenceIssued;
use threadmark_protocol::body::physical::Enrolled;
use threadmark_protocol::code::Code;
use threadmark_protocol::life::{Life, causal_order};
use threadmark_protocol::mark::Mark;
use threadmark_protocol::statement::StatementId;
use threadmark_protocol::text::{Line, OrgId, SubjectId};
use threadmark_protocol::world::{Data, Event, Report, World, key_subject, mark_subject};

/// What is not known here, with the way to know it.
fn unknown(what: impl std::fmt::Display) -> anyhow::Error {
    let how = "synchronise, or import the journals of those who signed it";
    anyhow!("{what} is not known here; {how}")
}

/// The statement by which an approval was requested.
pub fn request_of(world: &World, approval: &SubjectId) -> Result<StatementId> {
    match world.get(approval) {
        Some(Data::Approval { source, .. }) => Ok(source.statement),
        _ => Err(unknown(approval)),
    }
}

/// The statement that proposed something.
pub fn proposal(world: &World, id: &SubjectId) -> Result<StatementId> {
    match world.get(id) {
        Some(Data::Proposal(ballot)) => Ok(ballot.source.statement),
        _ => Err(unknown(id)),
    }
}

/// A licence, with the statement that issued it.
pub fn licence<'a>(world: &'a World, id: &SubjectId) -> Result<(&'a LicenceIssued, StatementId)> {
    match world.get(id) {
        Some(Data::Licence {
            licence, source, ..
        }) => Ok((licence, source.statement)),
        _ => Err(unknown(id)),
    }
}

/// Whose a machine is, and the recipient to which its secrets are sealed.
pub fn machine(world: &World, id: &SubjectId) -> Result<(OrgId, Line)> {
    let Some(Data::Machine {
        enrolled: Some((says, source)),
        ..
    }) = world.get(id)
    else {
        return Err(unknown(id));
    };
    let Some((card, _)) = world.key(&says.key) else {
        return Err(unknown(key_subject(&says.key)));
    };
    let recipient = card.recipient.clone();
    let recipient = recipient.context("the machine's key card names no recipient")?;
    Ok((source.org.clone(), recipient))
}

/// A part with everything that is known of it.
pub struct Case {
    /// The part.
    pub part: SubjectId,
    /// Who speaks.
    pub own: OrgId,
    /// Its newest mark, where one is known.
    pub mark: Option<Mark>,
    /// Its newest statement, to come after.
    pub after: Option<StatementId>,
    life: Option<Life>,
    facts: Vec<Report<Event>>,
}

impl Case {
    /// The part that `text` names: its id, its mark, or the address in its mark.
    pub fn find(view: &View, text: &str, own: OrgId) -> Result<Case> {
        let part = part_named(view, text)?;
        let life = Life::of(&view.world, &part);
        let facts = match view.world.get(&part) {
            Some(Data::Part { facts, .. }) => causal_order(facts).into_iter().cloned().collect(),
            _ => Vec::new(),
        };
        let mark = life.as_ref().and_then(|life| life.mark);
        let after = life.as_ref().and_then(|life| life.newest);
        Ok(Case {
            part,
            own,
            mark,
            after,
            life,
            facts,
        })
    }

    /// The newest statement of a kind.
    fn newest(&self, is: impl Fn(&Event) -> bool) -> Option<StatementId> {
        let found = self.facts.iter().rev().find(|fact| is(&fact.says));
        found.map(|fact| fact.source.statement)
    }

    fn missing(&self, code: Code) -> anyhow::Error {
        Refused::new(
            code.name(),
            format!("As far as is known here of {}.", self.part),
        )
        .into()
    }

    /// The mark that its build allocated and could not build in.
    pub fn mark_that_is_missing(&self) -> Option<Mark> {
        let life = self.life.as_ref()?;
        life.mark.filter(|_| life.is_unmarked)
    }

    /// The inspection that a release rests on: the passed one, else the newest.
    pub fn inspection(&self) -> Result<StatementId> {
        let passed = self.life.as_ref().and_then(|life| life.inspection.as_ref());
        let newest = || self.newest(|event| matches!(event, Event::Inspected(_)));
        let found = passed.map(|source| source.statement).or_else(newest);
        found.ok_or_else(|| self.missing(Code::NotInspected))
    }

    /// The shipment that is received: the one under way, else the newest.
    pub fn shipment(&self) -> Result<StatementId> {
        let under_way = self.life.as_ref().and_then(|life| life.in_transit.as_ref());
        let newest = || self.newest(|event| matches!(event, Event::Shipped(_)));
        let found = under_way.map(|(statement, _)| *statement).or_else(newest);
        found.ok_or_else(|| self.missing(Code::ShipmentMissing))
    }

    /// The destruction that a witness attests.
    pub fn destruction(&self) -> Result<StatementId> {
        let newest = self.newest(|event| matches!(event, Event::Destroyed(_)));
        newest.ok_or_else(|| unknown(format!("a destruction of {}", self.part)))
    }

    /// The quarantine that ends: the newest that holds, else the newest.
    pub fn quarantine(&self) -> Result<StatementId> {
        let newest = || self.newest(|event| matches!(event, Event::Quarantined { .. }));
        let found = self.held_by(&[Code::Quarantined]).or_else(newest);
        found.ok_or_else(|| unknown(format!("a quarantine of {}", self.part)))
    }

    /// What is decided on: the newest failure that holds the part.
    pub fn nonconformance(&self) -> Result<StatementId> {
        let found = self.held_by(&[Code::Nonconforming, Code::EvidenceDiffers]);
        found.ok_or_else(|| unknown(format!("a nonconformance of {}", self.part)))
    }

    /// The physical evidence that a piece is compared with: the newest that counts, else the newest.
    pub fn enrolment(&self) -> Result<StatementId> {
        let counting = self.life.as_ref().and_then(|life| life.enrolment);
        let newest = || self.newest(|event| matches!(event, Event::Enrolled(_)));
        let found = counting.or_else(newest);
        found.ok_or_else(|| unknown(format!("physical evidence of {}", self.part)))
    }

    /// What was enrolled by a statement, where that is known.
    pub fn enrolled(&self, enrolment: StatementId) -> Option<&Enrolled> {
        let mut facts = self.facts.iter();
        facts.find_map(|fact| match &fact.says {
            Event::Enrolled(says) if fact.source.statement == enrolment => Some(&**says),
            _ => None,
        })
    }

    /// The change of owner that is accepted.
    pub fn change_of_owner(&self) -> Result<StatementId> {
        let newest = self.newest(|event| matches!(event, Event::OwnerChanged(_)));
        newest.ok_or_else(|| unknown(format!("a change of owner of {}", self.part)))
    }

    /// The suspicion that is cleared up: the newest.
    pub fn suspicion(&self) -> Result<StatementId> {
        let newest = self.newest(|event| matches!(event, Event::Suspected(_)));
        newest.ok_or_else(|| unknown(format!("a suspicion of {}", self.part)))
    }

    /// The declared error that is confirmed: the newest.
    pub fn declared_error(&self) -> Result<StatementId> {
        let newest = self.newest(|event| matches!(event, Event::ErrorDeclared(_)));
        newest.ok_or_else(|| unknown(format!("a declared error about {}", self.part)))
    }

    /// The report that somebody must vouch for.
    pub fn doubted(&self) -> Result<StatementId> {
        let found = self.held_by(&[Code::Unvouched, Code::KeyCompromised]);
        found.ok_or_else(|| unknown(format!("a report of {} that is in doubt", self.part)))
    }

    fn held_by(&self, codes: &[Code]) -> Option<StatementId> {
        let mut holds = self.life.iter().flat_map(|life| life.holds.iter().rev());
        holds
            .find(|hold| codes.contains(&hold.code))
            .and_then(|hold| hold.statement)
    }
}

/// The part that `text` names: its id, its mark, or the address in its mark.
pub fn part_named(view: &View, text: &str) -> Result<SubjectId> {
    if let Ok(id) = text.parse::<SubjectId>()
        && id.kind() == "part"
    {
        return Ok(id);
    }
    let host = view.replica.trust().policy.host.clone();
    let mark = match Mark::from_scan(text, host.as_str()) {
        Some(mark) => mark,
        None => text
            .parse()
            .with_context(|| format!("{text:?} is no part and no mark"))?,
    };
    match view.world.get(&mark_subject(&mark)) {
        Some(Data::Mark { parts, .. }) => parts.first().cloned().context("the mark names no part"),
        _ => Err(Refused::new(Code::NotInBundle.name(), mark.grouped()).into()),
    }
}
