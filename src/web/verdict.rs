//! The answer itself: its words, its shape, its colour, and the sentence that says why.
//!
//! Owns what a person takes in at the first glance. Must never weigh anything: verdict and reasons come decided.

use threadmark_protocol::answer::{Answer, Verdict};
use threadmark_protocol::life::Phase;

/// How a verdict looks. Words, shape and colour say the same, so that any one of them is enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Upper case, as `Verdict::words` has them.
    pub words: &'static str,
    /// As a title.
    pub title: &'static str,
    /// Class in the stylesheet.
    pub tone: &'static str,
    /// Name of the shape.
    pub shape: &'static str,
}

impl Look {
    /// The look of a verdict.
    pub fn of(verdict: Verdict) -> Look {
        let (title, tone, shape) = match verdict {
            Verdict::EligibleByRecord => ("Eligible by record", "good", "circle"),
            Verdict::RecordFound => ("Record found, no holds", "found", "sheet"),
            Verdict::DoNotInstall => ("Do not install", "stop", "octagon"),
            Verdict::CannotDetermine => ("Cannot determine", "wait", "triangle"),
        };
        Look {
            words: verdict.words(),
            title,
            tone,
            shape,
        }
    }
}

/// Why: one sentence, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Why {
    /// What is so.
    pub title: String,
    /// What to do now.
    pub advice: String,
}

/// The first reason; for an answer without one, what it means in plain words.
pub fn why(answer: &Answer) -> Why {
    let (title, advice) = match answer.reasons.first() {
        Some(reason) => (reason.title.clone(), reason.advice.clone()),
        None => plain_why(answer),
    };
    Why { title, advice }
}

fn plain_why(answer: &Answer) -> (String, String) {
    let text = |title: &str, advice: &str| (title.to_owned(), advice.to_owned());
    match answer.verdict {
        Verdict::EligibleByRecord => text(
            "You hold this part, it is released, and nothing holds it back.",
            "Its approval is in force. Whether to install it is for an authorised person to decide.",
        ),
        Verdict::RecordFound => found(answer),
        Verdict::DoNotInstall | Verdict::CannotDetermine => text(
            "The record names no reason.",
            "Do not install the part; report this to the operator of the log.",
        ),
    }
}

fn found(answer: &Answer) -> (String, String) {
    let face = answer.part.as_ref();
    let installed = face.and_then(|face| face.installed.as_ref());
    let title = match (installed, face.map(|face| face.phase)) {
        (Some(place), _) => format!("It is installed in {place}."),
        (None, Some(Phase::Installed)) => "It is installed.".to_owned(),
        (None, Some(Phase::Released)) => "It is released for use.".to_owned(),
        (None, _) => "Its record is known.".to_owned(),
    };
    let advice = match face.map(|face| face.phase) {
        Some(Phase::Installed) => "Nothing in its record holds it.",
        _ => {
            "Nothing in its record holds it. Whether it may be installed is told to the organisation \
             that has it in its custody."
        }
    };
    (title, advice.to_owned())
}

/// What to call the part: its design's name, or that nothing is known of it.
pub fn name(answer: &Answer) -> String {
    let known = answer.part.as_ref().and_then(|face| face.name.as_ref());
    match (known, &answer.part) {
        (Some(name), _) => name.to_string(),
        (None, Some(_)) => "Part of an unknown design".to_owned(),
        (None, None) => "Unknown part".to_owned(),
    }
}
