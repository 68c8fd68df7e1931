//! The answer to a scan, as a terminal shows it: the answer first, then why, what it rests on, and the life of the part.
//!
//! Owns the words around an answer and which exit code it has. Must never know how the answer was found.

use super::output::{EXIT_CANNOT_DETERMINE, EXIT_DO_NOT_INSTALL, time};
use super::proof::{Proof, sign};
use std::collections::BTreeSet;
use threadmark_protocol::answer::{Answer, Face, Reason, Step, UsedSoFar, Verdict};
use threadmark_protocol::body::governance::Holder;
use threadmark_protocol::key::KeyLevel;
use threadmark_protocol::life::{Component, LifeLeft};
use threadmark_protocol::mark::Mark;
use threadmark_protocol::statement::StatementId;

/// The exit code of an answer.
pub fn exit_of(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::EligibleByRecord | Verdict::RecordFound => 0,
        Verdict::DoNotInstall => EXIT_DO_NOT_INSTALL,
        Verdict::CannotDetermine => EXIT_CANNOT_DETERMINE,
    }
}

/// Everything that a person reads.
pub fn to_text(answer: &Answer, proof: &Proof, asked_as: &str) -> String {
    let mut out = format!("{}\n", answer.verdict.words());
    for reason in &answer.reasons {
        out.push_str(&reason_text(reason));
    }
    out.push('\n');
    let mut line = |name: &str, text: String| {
        if !text.is_empty() {
            out.push_str(&format!("{name:11} {text}\n"));
        }
    };
    line("mark", answer.mark.grouped());
    if let Some(face) = &answer.part {
        for (name, text) in face_lines(face).into_iter().chain(use_lines(face)) {
            line(name, text);
        }
    }
    line("asked", format!("{}, as {asked_as}", time(answer.now)));
    line("rests on", rests_on(answer));
    if answer.provisional {
        line(
            "provisional",
            "leans on statements that are signed and not logged yet".to_owned(),
        );
    }
    out.push_str(&life(answer, proof));
    let proof = proof.to_text();
    for (at, text) in proof.lines().enumerate() {
        out.push_str(&format!(
            "{:11} {text}\n",
            if at == 0 { "proof" } else { "" }
        ));
    }
    out.push_str(
        "\nBy record only: a scan does not prove that this piece is the one that was marked, and a person decides.\n",
    );
    out
}

fn reason_text(reason: &Reason) -> String {
    let mut text = format!("  {} ({})", reason.title, reason.code);
    if let Some(subject) = &reason.subject {
        text.push_str(&format!(" {subject}"));
    }
    if let Some(detail) = &reason.detail {
        text.push_str(&format!(": {detail}"));
    }
    format!("{text}\n  → {}\n", reason.advice)
}

fn face_lines(face: &Face) -> Vec<(&'static str, String)> {
    let show =
        |text: Option<&dyn std::fmt::Display>| text.map(ToString::to_string).unwrap_or_default();
    let design = match (&face.name, &face.part_number, &face.revision) {
        (Some(name), Some(number), Some(revision)) => format!("{name}, {number} rev {revision}"),
        _ => String::new(),
    };
    let class = face
        .class
        .map(|class| format!(", class {class:?}"))
        .unwrap_or_default();
    let made = match (&face.maker, face.unit) {
        (Some(maker), Some((unit, of))) => format!("{maker}, unit {unit} of {of}"),
        (Some(maker), None) => maker.to_string(),
        _ => String::new(),
    };
    let place = face.installed.as_ref().map(ToString::to_string);
    let phase = serde_json::to_value(face.phase).unwrap_or_default();
    vec![
        ("part", show(face.part.as_ref().map(|part| part as _))),
        ("design", format!("{design}{class}")),
        (
            "authority",
            show(face.design_authority.as_ref().map(|org| org as _)),
        ),
        ("made by", made),
        (
            "material",
            show(face.material.as_ref().map(|material| material as _)),
        ),
        ("lot", show(face.lot_number.as_ref().map(|lot| lot as _))),
        ("phase", phase.as_str().unwrap_or_default().to_owned()),
        (
            "custodian",
            show(face.custodian.as_ref().map(|org| org as _)),
        ),
        ("installed", place.unwrap_or_default()),
        ("contains", contents(face)),
    ]
}

fn contents(face: &Face) -> String {
    let contained = |part: &Component| {
        let mark = part.mark.as_ref().map(Mark::grouped);
        let name = mark.unwrap_or_else(|| part.part.to_string());
        format!("{name}, {}", part.position)
    };
    let all: Vec<_> = face.contains.iter().map(contained).collect();
    all.join("; ")
}

fn use_lines(face: &Face) -> [(&'static str, String); 2] {
    [
        ("used", face.used.map(used).unwrap_or_default()),
        ("left", face.life_left.map(left).unwrap_or_default()),
    ]
}

fn used(used: UsedSoFar) -> String {
    let (hours, cycles, landings) = (used.duration_s / 3600, used.cycles, used.landings);
    let peak = used
        .peak_milli_g
        .map(|peak| format!(", hardest landing {peak} milli-g"));
    let peak = peak.unwrap_or_default();
    format!("{hours} h, {cycles} cycles, {landings} landings since new{peak}")
}

fn left(left: LifeLeft) -> String {
    let counts = [
        left.duration_s.map(|of| format!("{} h", of / 3600)),
        left.cycles.map(|of| format!("{of} cycles")),
        left.landings.map(|of| format!("{of} landings")),
    ];
    let counts: Vec<_> = counts.into_iter().flatten().collect();
    let ends = left
        .ends_at
        .map(|at| format!("; until about {} at the present rate", time(at)));
    format!("{}{}", counts.join(", "), ends.unwrap_or_default())
}

fn rests_on(answer: &Answer) -> String {
    let (Some(as_of), Some(age)) = (answer.as_of, answer.age_s) else {
        return "nothing of the log".to_owned();
    };
    let witnessed = if answer.witnessed {
        "witnessed"
    } else {
        "unwitnessed"
    };
    format!(
        "the log as of {}, {} old, {witnessed}",
        time(as_of),
        span(age)
    )
}

fn life(answer: &Answer, proof: &Proof) -> String {
    if answer.life.is_empty() {
        return String::new();
    }
    let failed: BTreeSet<&str> = proof
        .failed
        .iter()
        .map(|failure| failure.of.as_str())
        .collect();
    let is_good = |id: &StatementId| !failed.contains(id.to_hex().as_str());
    let steps = answer
        .life
        .iter()
        .map(|step| step_text(step, is_good(&step.statement)));
    format!("\nlife of the part\n{}\n", steps.collect::<String>())
}

fn step_text(step: &Step, good: bool) -> String {
    let org = match &step.org_name {
        Some(name) => format!("{name} ({})", step.org),
        None => step.org.to_string(),
    };
    let actor = step.actor.as_ref().map(|actor| format!(", {actor}"));
    let actor = actor.unwrap_or_default();
    let by = match step.signed_by {
        Some(Holder::Person) => "person",
        Some(Holder::Machine) => "machine",
        Some(Holder::Log) => "log",
        None => "unknown",
    };
    let level = match step.key_level {
        Some(KeyLevel::Software) => "software key",
        Some(KeyLevel::AttestedHardware) => "attested hardware key",
        None => "unknown key",
    };
    let place = match step.index {
        Some(index) => format!("logged at {index}"),
        None => "signed, not logged yet".to_owned(),
    };
    let detail = step.detail.as_ref().map(|detail| format!(": {detail}"));
    let detail = detail.unwrap_or_default();
    let mut text = format!(
        "  {} {}  {}{detail}\n",
        sign(good),
        time(step.at),
        step.title
    );
    text.push_str(&format!("      {org}{actor}; {by}, {level}; {place}\n"));
    for code in &step.findings {
        text.push_str(&format!("      ! {code}: {}\n", code.title()));
    }
    text
}

/// An age in its largest whole unit.
fn span(seconds: u64) -> String {
    let (count, unit) = match seconds {
        0..120 => (seconds, "s"),
        120..7_200 => (seconds / 60, "min"),
        7_200..172_800 => (seconds / 3_600, "h"),
        _ => (seconds / 86_400, "days"),
    };
    format!("{count} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use threadmark_protocol::answer::{Knowledge, Viewer, Witnessing, answer};
    use threadmark_protocol::body::governance::PartClass;
    use threadmark_protocol::fixture::{Consortium, Who};

    #[test]
    fn every_answer_has_its_exit_code() {
        let codes = [
            (Verdict::EligibleByRecord, 0),
            (Verdict::RecordFound, 0),
            (Verdict::DoNotInstall, 4),
            (Verdict::CannotDetermine, 5),
        ];
        for (verdict, code) in codes {
            assert_eq!(exit_of(verdict), code);
        }
    }

    #[test]
    fn the_answer_stands_first_and_every_step_has_its_sign() {
        let (mut consortium, licence) = Consortium::licensed(1, PartClass::C, 1);
        let part = consortium.make(&licence, 1);
        consortium.quarantine(Who::Custodian, &part).unwrap();
        let mark = consortium.mark(&licence, 1);
        let org = consortium.org(Who::Custodian);
        let viewer = Viewer::Member {
            org,
            asset_type: None,
        };
        let knowledge = Knowledge {
            logged_until: Some(consortium.now),
            is_whole_log: true,
            witnessing: Witnessing::Unasked,
        };
        let answer = answer(
            consortium.log.world(),
            mark,
            consortium.now,
            &viewer,
            knowledge,
        );
        let mut proof = Proof::default();
        for step in &answer.life {
            proof.note(step.statement, Ok(()));
        }
        let text = to_text(&answer, &proof, "custodian");
        assert!(text.starts_with("DO NOT INSTALL\n  The part is in quarantine. (quarantined)"));
        let lines = |of: &str, text: &str| text.lines().filter(|line| line.starts_with(of)).count();
        assert_eq!(lines("  ✓ ", &text), answer.life.len());
        assert!(!text.contains('✗'));
        proof.note(answer.life[0].statement, Err("forged".to_owned()));
        let text = to_text(&answer, &proof, "custodian");
        assert!(text.contains("forged") && lines("  ✗ ", &text) == 1);
    }
}
