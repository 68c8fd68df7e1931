//! What the report says: every word of it, and nothing of how it looks.
//!
//! Owns which facts stand in the report, taken from the answer, from the states behind it, and from the statements
//! themselves. Must never decide anything: verdict and reasons come decided; nor know pages, faces or colours.

mod form;
mod genealogy;
mod signatures;
mod withheld;

pub use form::{Block, Form};
pub use genealogy::{Genealogy, Node, Tone};
pub use signatures::Signature;
pub use withheld::{Paper, Withheld};

use super::Sources;
use crate::web::verdict::{self, Look, Why};
use crate::web::words;
use crate::web::{Pair, names, pairs};
use threadmark_protocol::answer::{Answer, Reason, Step, Viewer, Witnessing};
use threadmark_protocol::body::governance::{self, Quorum};
use threadmark_protocol::bundle::part::Verified;
use threadmark_protocol::life::{Above, Life};
use threadmark_protocol::witness::policy::Policy;
use threadmark_protocol::world::{Data, Place, mark_subject};

/// Everything that the report says.
pub struct Report {
    /// The answer that it rests on, as of when the dossier was made, for whom it was made.
    pub answer: Answer,
    /// How the answer looks.
    pub look: Look,
    /// The first reason, or what the answer means.
    pub why: Why,
    /// How old the knowledge is, who confirms it, who asked.
    pub facts: Vec<String>,
    /// What to call the part.
    pub name: String,
    /// What stands on the piece, as text.
    pub grouped: String,
    /// Host of the address that the mark carries.
    pub host: String,
    /// Which part it is.
    pub part: Vec<Pair>,
    /// What speaks against it beside the first reason.
    pub reasons: Vec<Reason>,
    /// What all this rests on.
    pub basis: Vec<Pair>,
    /// Oldest first.
    pub life: Vec<Step>,
    /// What it is made of.
    pub genealogy: Genealogy,
    /// The release in the frame of the authorities' form.
    pub form: Option<Form>,
    /// Every statement in the bundle.
    pub signatures: Vec<Signature>,
    /// What statements name by digest.
    pub papers: Vec<Paper>,
    /// What is not in the dossier, and why.
    pub withheld: Vec<Withheld>,
    /// At the foot of every page.
    pub foot: String,
    /// For whom it was made, and for which type of asset.
    pub asked: String,
    /// When it was made, Unix seconds.
    pub made_at: i64,
}

impl Report {
    /// The report of a dossier that is made of these.
    pub fn of(sources: &Sources) -> Report {
        let (verified, about) = (sources.verified, sources.about);
        let viewer = Viewer::Member {
            org: about.org.clone(),
            asset_type: about.asset_type.clone(),
        };
        let policy = policy_in_force(verified);
        let witnessing = witnessing(verified, policy);
        let made_at = about.made_at.unix();
        let answer = verified.answer(made_at, &viewer, witnessing);
        let life = life_of(verified);
        let signatures = signatures::of(sources);
        let face = answer.part.as_ref();
        Report {
            look: Look::of(answer.verdict),
            why: verdict::why(&answer),
            facts: facts(&answer, sources, witnessing),
            name: verdict::name(&answer),
            grouped: answer.mark.grouped(),
            host: policy.map_or_else(String::new, |policy| policy.host.to_string()),
            part: face.map_or_else(Vec::new, |face| pairs(face, &names(&answer.life))),
            reasons: answer.reasons.iter().skip(1).cloned().collect(),
            basis: basis(verified, &signatures),
            life: answer.life.clone(),
            genealogy: Genealogy::of(&verified.world, verified.mark, life.as_ref()),
            form: life
                .as_ref()
                .and_then(|life| Form::of(&verified.world, life, &answer)),
            papers: withheld::papers(sources),
            withheld: withheld::of(sources),
            foot: foot(&answer, sources),
            asked: asked(sources),
            signatures,
            answer,
            made_at,
        }
    }

    /// What the document is called.
    pub fn title(&self) -> String {
        format!("Dossier of {}, {}", self.grouped, self.name)
    }
}

/// The policy of the log, as far as the bundle's own time has brought it into force.
fn policy_in_force(verified: &Verified) -> Option<&governance::Policy> {
    verified.world.policy(Place::newest(verified.as_of))
}

/// What the witnesses that the log's own policy names have confirmed. Whom a reader believes is his choice; the report is
/// the same for all.
fn witnessing(verified: &Verified, policy: Option<&governance::Policy>) -> Witnessing {
    match policy.map(|policy| &policy.quorum) {
        Some(Quorum::TlogPolicy(file)) => {
            let policy = Policy::parse(file.as_bytes());
            // A quorum that cannot be read is met by nobody.
            policy.map_or(Witnessing::Waiting, |policy| verified.witnessing(&policy))
        }
        _ => Witnessing::Unasked,
    }
}

/// The life of the first part that carries the mark, as the answer has it.
fn life_of(verified: &Verified) -> Option<(Life, Above)> {
    match verified.world.get(&mark_subject(&verified.mark)) {
        Some(Data::Mark { parts, .. }) => Life::with_above(&verified.world, parts.first()?),
        _ => None,
    }
}

fn facts(answer: &Answer, sources: &Sources, witnessing: Witnessing) -> Vec<String> {
    let time = |unix| {
        let stamp = words::stamp(unix);
        format!("{} {}", stamp.day, stamp.clock)
    };
    let age = match answer.as_of.zip(answer.age_s) {
        Some((as_of, age)) => format!("Knowledge {} old, as of {}", words::span(age), time(as_of)),
        None => "Resting on nothing that is confirmed".to_owned(),
    };
    let witnessed = match (witnessing, answer.witnessed) {
        (Witnessing::Unasked, _) => "Not witnessed: the log's policy names no witnesses",
        (_, true) => "Witnessed: the quorum of the log's policy has confirmed every step",
        _ => "Not witnessed: the quorum of the log's policy has not confirmed every step",
    };
    let asked = format!("Asked by {}, {}", asked(sources), time(answer.now));
    vec![age, witnessed.to_owned(), asked]
}

fn asked(sources: &Sources) -> String {
    let about = sources.about;
    match &about.asset_type {
        Some(asset) => format!("{} for {asset}", about.org),
        None => about.org.to_string(),
    }
}

fn basis(verified: &Verified, signatures: &[Signature]) -> Vec<Pair> {
    let time = words::stamp(verified.as_of);
    let keys: std::collections::BTreeSet<_> = signatures.iter().map(|of| of.kid).collect();
    let withheld = verified.withheld.len() as u64;
    let count = |number: usize| words::count(number as u64);
    let mut basis = vec![
        Pair::new("Log", &verified.checkpoint.origin).mono(),
        Pair::new(
            "Checkpoint",
            words::plural_of(verified.checkpoint.size, "entry", "entries"),
        ),
        Pair::new("Root", words::short(&verified.checkpoint.root)).mono(),
        Pair::new("Newest batch", format!("{} {}", time.day, time.clock)),
        Pair::new(
            "Statements",
            format!(
                "{} by {} keys: signatures, places and rules checked",
                count(verified.statements),
                count(keys.len())
            ),
        ),
        Pair::new(
            "Completeness",
            format!(
                "of {} subjects it is proved that there are no others",
                count(verified.subjects)
            ),
        ),
    ];
    if withheld > 0 {
        let text = format!(
            "{}: nobody can tell what they say",
            words::plural(withheld, "statement")
        );
        basis.push(Pair::new("Withheld", text));
    }
    basis
}

fn foot(answer: &Answer, sources: &Sources) -> String {
    let stamp = words::stamp(answer.now);
    let size = words::plural_of(sources.verified.checkpoint.size, "entry", "entries");
    let origin = &sources.verified.checkpoint.origin;
    format!(
        "{} · {origin}, {size} · made {} {}",
        answer.mark.grouped(),
        stamp.day,
        stamp.clock
    )
}
