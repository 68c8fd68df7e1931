//! What happened to a part, in a few words and with what was said of it.
//!
//! Owns the words. Titles are for everybody, details for members. Must never know viewers.

use crate::body::marking::{Carrier, Grading};
use crate::body::part::Released;
use crate::body::physical::{Compared, Dimension, Enrolled, Mass, Match, ScanOutcome};
use crate::body::quality::Disposition;
use crate::body::usage::Usage;
use crate::text::Line;
use crate::world::Event;

/// A mass in milligrams as people read it.
pub(super) struct Grams(pub i64);

impl std::fmt::Display for Grams {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}.{:03} g", self.0 / 1000, self.0.rem_euclid(1000))
    }
}

/// Title and detail.
type Words = (String, Option<String>);

fn plain(title: &str) -> Words {
    (title.to_owned(), None)
}

fn with(title: impl Into<String>, detail: &dyn std::fmt::Display) -> Words {
    (title.into(), Some(detail.to_string()))
}

/// Number of a form, and what of its blocks a reader asks first.
fn form(says: &Released) -> String {
    let Some(blocks) = &says.blocks else {
        return says.number.to_string();
    };
    let (status, certified) = (blocks.status.words(), blocks.certified.words());
    let corrects = match blocks.corrects {
        Some(_) => ", corrects an earlier form",
        None => "",
    };
    let (number, quantity) = (&says.number, blocks.quantity);
    format!("{number}: {status}, {certified}, quantity {quantity}{corrects}")
}

pub(super) fn describe(event: &Event) -> Words {
    let found = making(event)
        .or_else(|| marking(event))
        .or_else(|| physical(event));
    found.unwrap_or_else(|| living(event))
}

/// Until its release.
fn making(event: &Event) -> Option<Words> {
    Some(match event {
        Event::Started { build, unit, .. } => with(
            "Printing started",
            &format!("marked as unit {unit}, {build}"),
        ),
        Event::Completed { .. } => plain("Printed"),
        Event::Aborted { reason, .. } => with("Build aborted", reason),
        Event::PostProcessed(says) => with("Post-processed", &says.process),
        Event::Tested(says) => {
            let passed = if says.passed() { "passed" } else { "failed" };
            let detail = format!("{}: {} {}", says.test, says.value, says.unit);
            with(format!("Tested: {passed}"), &detail)
        }
        Event::Nonconformance(says) => with("Nonconformance found", &says.defect),
        Event::Dispositioned(says) => {
            let title = match says.disposition {
                Disposition::UseAsIs => "Nonconformance decided: use as is",
                Disposition::Rework => "Nonconformance decided: rework",
                Disposition::Scrap => "Nonconformance decided: scrap",
            };
            with(title, &says.grounds)
        }
        Event::Inspected(says) => {
            let (conforming, required) = (says.conforming, says.required);
            let title = format!("Inspected: {conforming} of {required} characteristics conform");
            with(title, &says.plan)
        }
        Event::Released(says) => with(format!("Released, {}", says.form), &form(says)),
        _ => return None,
    })
}

/// What it is where no build says so, and its marks.
fn marking(event: &Event) -> Option<Words> {
    let on = |carrier: Carrier| match carrier {
        Carrier::Label => "a label",
        Carrier::Direct => "the part itself",
    };
    Some(match event {
        Event::Entered(says) => {
            let serial = says
                .serial
                .as_ref()
                .map_or("none", |serial| serial.as_str());
            let detail = format!("made by {}, serial number {serial}", says.maker);
            with("Entered by who had it: not built under a licence", &detail)
        }
        Event::Marked(says) => with(format!("Marked on {}", on(says.carrier)), &says.method),
        Event::Remarked(says) => {
            let title = format!("Marked again on {}", on(says.carrier));
            let detail = format!("{} in place of {}: {}", says.new, says.old, says.reason);
            with(title, &detail)
        }
        Event::MarkVerified(says) => {
            let by = match says.grading {
                Grading::Iso15415 => "ISO/IEC 15415",
                Grading::Iso29158 => "ISO/IEC 29158",
            };
            with(
                format!("Mark read, grade {:?} by {by}", says.grade),
                &format!("{}, {}", says.mark, says.verifier),
            )
        }
        _ => return None,
    })
}

/// What is known of the piece itself.
fn physical(event: &Event) -> Option<Words> {
    Some(match event {
        Event::Enrolled(says) => with("Physical evidence enrolled", &enrolled(says)),
        Event::Compared { comparison, .. } => with(compared_title(None), &compared(comparison)),
        _ => return None,
    })
}

/// What a comparison amounts to, and how much that proves; nothing where its enrolment does not count.
pub(super) fn compared_title(verdict: Option<Match>) -> &'static str {
    match verdict {
        Some(Match::Differs) => "Compared with its evidence: it differs",
        Some(Match::ProvesNothing) => "Compared with its evidence: that proves nothing",
        Some(Match::Consistent) => {
            "Compared with its evidence: nothing differs, as in any good copy"
        }
        Some(Match::Matched) => "Compared with its evidence: the surface or shape is the same",
        None => "Compared with evidence that does not count",
    }
}

fn enrolled(says: &Enrolled) -> String {
    let photographs = says.photographs.iter();
    let photographs = photographs.map(|one| format!("photograph of {}", one.shows));
    let scan = says.scan.iter().map(|scan| {
        let (tolerance_um, instrument) = (scan.tolerance_um, &scan.instrument);
        format!("scan by {instrument}, good for {tolerance_um} µm")
    });
    let measured = measurements(says.mass.as_ref(), &says.dimensions);
    let all: Vec<_> = measured.chain(photographs).chain(scan).collect();
    all.join("; ")
}

fn compared(says: &Compared) -> String {
    let surfaces = says.surfaces.iter().map(|one| {
        let (found_again, examined) = (one.found_again, one.examined);
        format!("{found_again} of {examined} features of the surface found again")
    });
    let scan = says.scan.iter().map(|scan| match scan.outcome {
        ScanOutcome::NotRegistered => "the scan could not be laid over its reference".to_owned(),
        outcome => format!(
            "{}{}.{} % of the scan within {} µm, {}.{} % covered",
            if outcome == ScanOutcome::Failed {
                "the scan failed: "
            } else {
                ""
            },
            scan.within_ppm / 10_000,
            scan.within_ppm / 1000 % 10,
            scan.tolerance_um,
            scan.coverage_ppm / 10_000,
            scan.coverage_ppm / 1000 % 10
        ),
    });
    let measured = measurements(says.mass.as_ref(), &says.dimensions);
    let all: Vec<_> = measured.chain(surfaces).chain(scan).collect();
    all.join("; ")
}

fn measurements<'a>(
    mass: Option<&'a Mass>,
    dimensions: &'a [Dimension],
) -> impl Iterator<Item = String> + 'a {
    let mass = mass.into_iter().map(|mass| {
        let (value, uncertainty) = (Grams(mass.mass_mg), Grams(mass.uncertainty_mg));
        format!("{value} ± {uncertainty}")
    });
    mass.chain(dimensions.iter().map(|one| {
        let (name, length_um, uncertainty_um) = (&one.name, one.length_um, one.uncertainty_um);
        format!("{name} {length_um} ± {uncertainty_um} µm")
    }))
}

/// Counts since new, and where they are from.
pub(super) fn with_use(total: &Usage, source: &Line) -> String {
    let (hours, cycles) = (total.duration_s / 3600, total.cycles);
    let landings = total.landings;
    format!("{hours} h, {cycles} cycles, {landings} landings since new; {source}")
}

/// Since its release.
fn living(event: &Event) -> Words {
    match event {
        Event::Shipped(says) => with("Shipped", &says.to),
        Event::Received(_) => plain("Received"),
        Event::Installed(says) => {
            let assembly = says.into.as_ref().map(ToString::to_string);
            let asset = says.asset.as_ref().map(ToString::to_string);
            let place = assembly.or(asset).unwrap_or_default();
            with("Installed", &format!("{place}, {}", says.position))
        }
        Event::OwnerChanged(says) => with(
            "Given to another owner",
            &format!("{}, {}", says.to, says.terms),
        ),
        Event::OwnerAccepted(_) => plain("Accepted by the new owner"),
        Event::Usage(says) => {
            let detail = with_use(&says.total, &says.source);
            with("Use reported", &detail)
        }
        Event::Repaired(says) => with("Repaired", &says.approved_data),
        Event::Remanufactured(says) => with("Remanufactured", &says.approved_data),
        Event::Decommissioned(says) => with("Taken out of use", &says.reason),
        Event::Removed(says) => with("Removed", &says.reason),
        Event::Destroyed(says) => with("Destroyed", &says.method),
        Event::DestructionAttested(_) => plain("Destruction witnessed"),
        Event::Quarantined { reason, .. } => with("Quarantined", reason),
        Event::QuarantineLifted { disposition, .. } => with("Quarantine lifted", disposition),
        Event::Vouched { .. } => plain("Report vouched for"),
        Event::Suspected(says) => with("Suspected", &says.reason),
        Event::SuspicionLifted(says) => with("Suspicion cleared up", &says.disposition),
        Event::ErrorDeclared(says) => with(
            "Error declared",
            &format!("{} of statement {}", says.reason, says.error),
        ),
        Event::ErrorConfirmed(says) => with("Error confirmed", &says.grounds),
        // Told before.
        _ => plain("Reported"),
    }
}
