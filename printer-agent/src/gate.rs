//! The gate: whether this machine may print this part now.
//!
//! Owns the order of the checks and their names; it stops at the first that fails, and anything that it cannot establish
//! fails. That statements are signed by who they say, that roles and rules were kept, that the log signed every page and
//! contradicts nothing that was seen before, is what [`crate::home::Home::replica`] has verified by the time there
//! is a [`View`]. Must never know printers, and changes nothing: spending is [`crate::print`].

mod checks;
mod marking;

use crate::home::{Home, View};
use crate::licence::Secrets;
use std::fmt;
use threadmark_protocol::body::build::BuildOrdered;
use threadmark_protocol::code::Code;
use threadmark_protocol::digest::Digest;
use threadmark_protocol::key::KeyId;
use threadmark_protocol::life::Above;
use threadmark_protocol::mark::Mark;
use threadmark_protocol::text::SubjectId;
use threadmark_protocol::world::World;
use zeroize::Zeroizing;

/// The checks in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    /// The order and what it names are known.
    Record,
    /// The clock does not contradict what is known.
    Clock,
    /// What is known is fresh enough for the class.
    Knowledge,
    /// Nothing above is recalled, withdrawn, superseded or revoked.
    Restrictions,
    /// The design is approved.
    Approval,
    /// The machine is qualified for the process.
    Qualification,
    /// The licence is accepted, in force, and for this machine.
    Licence,
    /// A unit is free.
    Unit,
    /// The order is in force and not used up.
    Order,
    /// The lot is accepted and sufficient.
    Material,
    /// The machine is calibrated.
    Calibration,
    /// The package opens.
    Package,
    /// Every file is the one that the design names.
    Files,
    /// The mark fits in the zone, and nothing else changes.
    Mark,
}

impl Check {
    /// Stable name.
    pub fn name(self) -> &'static str {
        match self {
            Check::Record => "record",
            Check::Clock => "clock",
            Check::Knowledge => "knowledge",
            Check::Restrictions => "restrictions",
            Check::Approval => "approval",
            Check::Qualification => "qualification",
            Check::Licence => "licence",
            Check::Unit => "unit",
            Check::Order => "order",
            Check::Material => "material",
            Check::Calibration => "calibration",
            Check::Package => "package",
            Check::Files => "files",
            Check::Mark => "mark",
        }
    }
}

/// Which check failed and why. Nothing was spent, written or signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct GateError {
    /// Which.
    pub check: Check,
    /// The stable name of the reason, where the protocol has one.
    pub code: Option<Code>,
    /// The case at hand.
    pub detail: String,
    /// What to do now.
    pub advice: String,
}

impl GateError {
    fn coded(check: Check, code: Code, detail: impl fmt::Display) -> GateError {
        GateError {
            check,
            code: Some(code),
            detail: detail.to_string(),
            advice: code.advice().to_owned(),
        }
    }

    fn plain(check: Check, detail: impl fmt::Display, advice: &str) -> GateError {
        GateError {
            check,
            code: None,
            detail: detail.to_string(),
            advice: advice.to_owned(),
        }
    }

    /// The code's name, or the check's where no code fits.
    pub fn name(&self) -> &'static str {
        self.code.map_or(self.check.name(), Code::name)
    }
}

impl fmt::Display for GateError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "the gate refuses at {}: ", self.check.name())?;
        if let Some(code) = self.code {
            write!(out, "{} [{code}] ", code.title())?;
        }
        write!(
            out,
            "{}. {}",
            self.detail.trim_end_matches('.'),
            self.advice
        )
    }
}

/// What is to be printed.
#[derive(Clone, Debug)]
pub struct Request {
    /// By which order.
    pub order: SubjectId,
    /// As which unit; the lowest free one where none is named.
    pub unit: Option<u32>,
}

/// Everything that passed, ready to be spent and handed over.
pub struct Cleared {
    /// The order.
    pub order: SubjectId,
    /// What it says.
    pub ordered: BuildOrdered,
    /// Unit of the licence.
    pub unit: u32,
    /// Its mark.
    pub mark: Mark,
    /// The geometry, in memory only; with the mark in it unless `unmarked`.
    pub geometry: Zeroizing<Vec<u8>>,
    /// The approval qualifies no zone: the mark is put on after the build.
    pub unmarked: bool,
    /// Its SHA3-256.
    pub digest: Digest,
    /// Age of the knowledge it rests on.
    pub knowledge_age_s: u64,
}

/// What the checks look at.
struct Case<'a> {
    home: &'a Home,
    view: &'a View,
    kid: KeyId,
    now: i64,
    order_id: &'a SubjectId,
    order: &'a BuildOrdered,
    above: Above,
}

impl Case<'_> {
    fn world(&self) -> &World {
        &self.view.world
    }
}

/// Runs all checks.
pub fn check(home: &Home, view: &View, request: &Request, now: i64) -> Result<Cleared, GateError> {
    let case = Case::of(home, view, &request.order, now)?;
    case.clock()?;
    let knowledge_age_s = case.knowledge()?;
    case.restrictions()?;
    case.approval()?;
    case.qualification()?;
    case.licence()?;
    let unit = case.unit(request.unit)?;
    case.order()?;
    case.material()?;
    case.calibration()?;
    let secrets = case.secrets()?;
    let files = case.files(&secrets)?;
    let mark = case.mark(&secrets, unit)?;
    let unmarked = case.above.zone_problem().is_some();
    let geometry = match unmarked {
        true => case.unmarked(files.geometry)?,
        false => case.embed(&files.geometry, mark)?,
    };
    Ok(Cleared {
        order: request.order.clone(),
        ordered: case.order.clone(),
        unit,
        mark,
        digest: Digest::sha3(&[&geometry]),
        geometry,
        unmarked,
        knowledge_age_s,
    })
}

impl Case<'_> {
    fn mark(&self, secrets: &Secrets, unit: u32) -> Result<Mark, GateError> {
        let refuse = |code| GateError::coded(Check::Unit, code, format!("unit {unit}"));
        let licence = self.licensed()?;
        let mark = secrets.mark(licence, unit).map_err(refuse)?;
        if crate::licence::is_marked(self.world(), &mark) {
            return Err(refuse(Code::MarkDuplicated));
        }
        Ok(mark)
    }
}

#[cfg(test)]
mod tests;
