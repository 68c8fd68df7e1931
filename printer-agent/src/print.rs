//! Printing: gate, spending, handing over, and what a crash leaves.
//!
//! Owns the order in which things become irrevocable. Must never decide whether a build is allowed: [`crate::gate`].

use crate::gate::{self, Cleared, GateError, Request};
use crate::home::{Draft, Home, HomeError, Writer};
use crate::printer::{Printer, PrinterError};
use crate::system::{Entropy, random};
use std::collections::BTreeMap;
use threadmark_protocol::body::Core;
use threadmark_protocol::body::build::{BuildAborted, BuildCompleted, BuildStarted, StartedPart};
use threadmark_protocol::digest::Digest;
use threadmark_protocol::mark::Mark;
use threadmark_protocol::statement::Statement;
use threadmark_protocol::text::{Moment, Paragraph, SubjectId};

/// Why nothing, or nothing good, was printed.
#[derive(Debug, thiserror::Error)]
pub enum PrintError {
    /// A check failed. Nothing was spent.
    #[error(transparent)]
    Gate(#[from] Box<GateError>),
    /// The printer cannot take the geometry. Nothing was spent.
    #[error("{0}; nothing was spent")]
    NotReady(PrinterError),
    /// The printer failed after the unit was spent; the build is reported as aborted.
    #[error("{source}; unit {unit} is spent, {build} is reported as aborted")]
    Aborted {
        /// The build.
        build: SubjectId,
        /// Its unit.
        unit: u32,
        /// Why.
        source: PrinterError,
    },
    /// The home fails.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// No such build is open here.
    #[error("{0} is no build that was started here and not ended")]
    NotOpen(SubjectId),
}

/// A part that was handed over.
#[derive(Clone, Debug)]
pub struct Printed {
    /// The build.
    pub build: SubjectId,
    /// The part.
    pub part: SubjectId,
    /// Unit of the licence.
    pub unit: u32,
    /// Its mark.
    pub mark: Mark,
    /// Where it was handed over.
    pub place: String,
    /// SHA3-256 of what was found there.
    pub digest: Digest,
    /// The mark is not in the part: it is put on after the build.
    pub unmarked: bool,
    /// Age of the knowledge that the gate rested on.
    pub knowledge_age_s: u64,
}

/// Prints one part. `clock` tells Unix time; `progress` is told each step.
///
/// What `kill -9` leaves:
/// 1. before the journal's append: nothing happened; the unit is free;
/// 2. in the append: a cut-off record, dropped when the journal is opened; the unit is free, nothing was handed over;
/// 3. after the append: the unit is spent, whatever else; [`open_builds`] shows the build, [`abort`] ends it;
/// 4. in handing over: a temporary file at most, and 3;
/// 5. after handing over, before the end is signed: the whole file, and 3.
pub fn print(
    home: &Home,
    printer: &Printer,
    request: &Request,
    clock: &dyn Fn() -> i64,
    entropy: &mut dyn Entropy,
    progress: &mut dyn FnMut(&str),
) -> Result<Printed, PrintError> {
    let now = clock();
    // Held from before the unit is chosen until the end is signed: nobody else can choose the same.
    let mut writer = home.writer()?;
    progress("replaying what is known");
    let view = home.view()?;
    progress("checking the order");
    let cleared = gate::check(home, &view, request, now).map_err(Box::new)?;
    let name = format!("{}.stl", cleared.mark);
    printer.prepare(&name).map_err(PrintError::NotReady)?;
    progress(&format!("spending unit {}", cleared.unit));
    let (build, part) = spend(&mut writer, &cleared, printer, now, entropy)?;
    // 3: from here on the unit is spent.
    progress("handing over");
    let handed = printer.hand_over(&name, &cleared.geometry);
    // An end is after its start, also where both fall into one second and only their times order them.
    let now = clock().max(now + 1);
    let core = end(&part, handed.as_ref());
    writer.sign(Draft::new(build.clone(), core), now, entropy)?;
    let unit = cleared.unit;
    match handed {
        Ok((place, digest)) => Ok(Printed {
            build,
            part,
            unit,
            mark: cleared.mark,
            place,
            digest,
            unmarked: cleared.unmarked,
            knowledge_age_s: cleared.knowledge_age_s,
        }),
        Err(source) => Err(PrintError::Aborted {
            build,
            unit,
            source,
        }),
    }
}

/// How the build ended: what was found where it was handed over, or why it was not.
fn end(part: &SubjectId, handed: Result<&(String, Digest), &PrinterError>) -> Core {
    let parts = vec![part.clone()];
    match handed {
        Ok((_, digest)) => Core::BuildCompleted(BuildCompleted {
            parts,
            found_after: *digest,
        }),
        Err(error) => {
            let reason = paragraph(&format!("Handing over failed: {error}"));
            Core::BuildAborted(BuildAborted { parts, reason })
        }
    }
}

/// **Commit point** of the whole agent: when this returns, the unit is spent on this machine, and the record of it survives
/// everything but the loss of the disk.
fn spend(
    writer: &mut Writer<'_>,
    cleared: &Cleared,
    printer: &Printer,
    now: i64,
    entropy: &mut dyn Entropy,
) -> Result<(SubjectId, SubjectId), HomeError> {
    let build = new_subject("build", entropy)?;
    let part = new_subject("part", entropy)?;
    let ordered = &cleared.ordered;
    let core = Core::BuildStarted(BuildStarted {
        order: cleared.order.clone(),
        licence: ordered.licence.clone(),
        machine: ordered.machine.clone(),
        lot: ordered.lot.clone(),
        parts: vec![StartedPart {
            part: part.clone(),
            unit: cleared.unit,
            mark: cleared.mark,
        }],
        handed_over: cleared.digest,
        assurance: printer.assurance(),
        knowledge_age_s: cleared.knowledge_age_s,
        unmarked: cleared.unmarked,
    });
    writer.sign(Draft::new(build.clone(), core), now, entropy)?;
    Ok((build, part))
}

fn new_subject(kind: &str, entropy: &mut dyn Entropy) -> Result<SubjectId, HomeError> {
    let opaque = hex::encode(random::<10>(entropy).map_err(HomeError::Entropy)?);
    let bad = |error| HomeError::Entropy(std::io::Error::other(error));
    SubjectId::new(kind, opaque).map_err(bad)
}

/// At most 2,000 bytes without control characters, of whatever a system says.
fn paragraph(text: &str) -> Paragraph {
    let mut clean: String = text.chars().filter(|c| !c.is_control()).collect();
    while clean.len() > 2000 {
        clean.pop();
    }
    let unknown = || "unknown".parse().expect("a constant that is a paragraph");
    clean.parse().unwrap_or_else(|_| unknown())
}

/// A build that was started here and not ended.
#[derive(Clone, Debug)]
pub struct OpenBuild {
    /// The build.
    pub build: SubjectId,
    /// When it started.
    pub started_at: Moment,
    /// What was said at its start.
    pub says: BuildStarted,
}

/// Builds without an end: being printed, or left behind by a crash.
pub fn open_builds(own: &[Statement]) -> Vec<OpenBuild> {
    let mut open = BTreeMap::new();
    for said in own {
        let build = &said.body.sub;
        match &said.body.core {
            Core::BuildStarted(says) => {
                let started_at = said.body.occurred_at;
                open.insert(build.clone(), (started_at, says.clone()));
            }
            Core::BuildCompleted(_) | Core::BuildAborted(_) => {
                open.remove(build);
            }
            _ => {}
        }
    }
    let of = |(build, (started_at, says))| OpenBuild {
        build,
        started_at,
        says,
    };
    open.into_iter().map(of).collect()
}

/// Reports that a build failed. Its unit stays spent.
pub fn abort(
    home: &Home,
    build: &SubjectId,
    reason: &Paragraph,
    now: i64,
    entropy: &mut dyn Entropy,
) -> Result<Statement, PrintError> {
    let mut writer = home.writer()?;
    let open = open_builds(writer.statements());
    let found = open.into_iter().find(|open| open.build == *build);
    let found = found.ok_or_else(|| PrintError::NotOpen(build.clone()))?;
    let parts = found.says.parts.into_iter().map(|part| part.part).collect();
    let reason = reason.clone();
    let core = Core::BuildAborted(BuildAborted { parts, reason });
    Ok(writer.sign(Draft::new(build.clone(), core), now, entropy)?)
}

#[cfg(test)]
mod tests;
