//! The answer about a mark, as JSON. Owns the description of `threadmark_protocol::answer`.

use super::{
    ActorId, Code, Hex32, HoldKind, Holder, KeyLevel, Line, Mark, OrgId, PartClass, Phase,
    SubjectId, Verdict,
};
use utoipa::ToSchema;

/// What the record of a part says to the person who holds it. It never authorises an installation; a person does.
#[derive(ToSchema)]
pub struct Answer {
    /// One of four.
    #[schema(inline = false)]
    pub verdict: Verdict,
    /// Why not better, the first first.
    pub reasons: Vec<Reason>,
    /// What was asked for.
    pub mark: Mark,
    /// What the part is, where its record is known.
    #[schema(required)]
    pub part: Option<Face>,
    /// From design to today, oldest first.
    pub life: Vec<Step>,
    /// When it was asked, Unix seconds.
    pub now: i64,
    /// Log time of the newest batch, Unix seconds.
    #[schema(required)]
    pub logged_until: Option<i64>,
    /// When what it rests on was confirmed, Unix seconds: the time of the k-th newest cosignature of the quorum; where
    /// nobody has witnessed the log, its own time of the newest batch.
    #[schema(required)]
    pub as_of: Option<i64>,
    /// Age of that in seconds.
    #[schema(required)]
    pub age_s: Option<u64>,
    /// Whether a quorum of witnesses has cosigned every step that it rests on.
    pub witnessed: bool,
    /// Whether it leans on statements that are signed and not logged yet.
    pub provisional: bool,
}

/// One thing that speaks against a better answer.
#[derive(ToSchema)]
pub struct Reason {
    /// Its stable name.
    pub code: Code,
    /// What happened.
    pub title: String,
    /// What to do now.
    pub advice: String,
    /// The hold that it means, if it is one.
    #[schema(required)]
    pub hold: Option<HoldKind>,
    /// What it hangs on: the part, or a lot, build, design above it. For members.
    #[schema(required)]
    pub subject: Option<SubjectId>,
    /// What was said. For members.
    #[schema(required)]
    pub detail: Option<String>,
}

/// What the part is.
#[derive(ToSchema)]
pub struct Face {
    /// Its mark.
    pub mark: Mark,
    /// Its subject. For members.
    #[schema(required)]
    pub part: Option<SubjectId>,
    /// The mark that took the place of this one, where it was worn or damaged.
    #[schema(required)]
    pub replaced_by: Option<Mark>,
    /// Name of the design.
    #[schema(required)]
    pub name: Option<Line>,
    /// Part number.
    #[schema(required)]
    pub part_number: Option<Line>,
    /// Revision.
    #[schema(required)]
    pub revision: Option<Line>,
    /// Consequence of failure.
    #[schema(required)]
    pub class: Option<PartClass>,
    /// Who published the design.
    #[schema(required)]
    pub design_authority: Option<OrgId>,
    /// Who made it; nobody, where no licensed build did: then a step says who entered it.
    #[schema(required)]
    pub maker: Option<OrgId>,
    /// Material specification.
    #[schema(required)]
    pub material: Option<Line>,
    /// The supplier's number of the material lot. For members.
    #[schema(required)]
    pub lot_number: Option<Line>,
    /// Unit of the licence, and how many there are.
    #[schema(required, min_items = 2, max_items = 2)]
    pub unit: Option<Vec<u32>>,
    /// Who has it. For members.
    #[schema(required)]
    pub custodian: Option<OrgId>,
    /// Where it is installed. For members.
    #[schema(required)]
    pub installed: Option<Place>,
    /// The parts that are in it, where it is an assembly. For members.
    #[schema(max_items = 10000)]
    pub contains: Vec<Component>,
    /// What it has been through since it was new, where that was reported. For members.
    #[schema(required)]
    pub used: Option<UsedSoFar>,
    /// What is left of its life, where that has a limit. For members.
    #[schema(required)]
    pub life_left: Option<LifeLeft>,
    /// How far it has come.
    pub phase: Phase,
}

/// What a part has been through since it was new, at most.
#[derive(ToSchema)]
pub struct UsedSoFar {
    /// Time in operation, seconds.
    pub duration_s: u64,
    /// Cycles.
    pub cycles: u64,
    /// Landings.
    pub landings: u64,
    /// The hardest landing, in thousandths of standard gravity.
    #[schema(required)]
    pub peak_milli_g: Option<u32>,
}

/// How much of its life a part has left; a count without a limit has none.
#[derive(ToSchema)]
pub struct LifeLeft {
    /// Time in operation, seconds.
    #[schema(required)]
    pub duration_s: Option<u64>,
    /// Cycles.
    #[schema(required)]
    pub cycles: Option<u64>,
    /// Landings.
    #[schema(required)]
    pub landings: Option<u64>,
    /// When the first limit is reached at the rate since the part came into its asset, Unix seconds; `null` where no rate is
    /// known.
    #[schema(required)]
    pub ends_at: Option<i64>,
}

/// Where a part is installed.
#[derive(ToSchema)]
pub struct Place {
    /// The asset: its own, or that of its assembly.
    #[schema(required)]
    pub asset: Option<Line>,
    /// The assembly that it is directly in.
    #[schema(required)]
    pub assembly: Option<SubjectId>,
    /// The assembly's mark.
    #[schema(required)]
    pub assembly_mark: Option<Mark>,
    /// Position in the assembly, or else in the asset.
    pub position: Line,
}

/// A part in an assembly.
#[derive(ToSchema)]
pub struct Component {
    /// The part.
    pub part: SubjectId,
    /// Its mark.
    #[schema(required)]
    pub mark: Option<Mark>,
    /// Position in the assembly.
    pub position: Line,
}

/// One statement in the life of a part.
#[derive(ToSchema)]
pub struct Step {
    /// What happened, in a few words.
    pub title: String,
    /// More of it. For members.
    #[schema(required)]
    pub detail: Option<String>,
    /// When, Unix seconds.
    pub at: i64,
    /// Whose statement.
    pub org: OrgId,
    /// The organisation's name for people.
    #[schema(required)]
    pub org_name: Option<Line>,
    /// The credential that signed. For members.
    #[schema(required)]
    pub actor: Option<ActorId>,
    /// Where the key lives.
    #[schema(required)]
    pub key_level: Option<KeyLevel>,
    /// A person or a machine.
    #[schema(required)]
    pub signed_by: Option<Holder>,
    /// The statement, for its proof.
    pub statement: Hex32,
    /// Index in the log; `null` for what is not logged yet.
    #[schema(required)]
    pub index: Option<u64>,
    /// Log time, Unix seconds.
    #[schema(required)]
    pub logged_at: Option<i64>,
    /// What was found about it.
    pub findings: Vec<Code>,
}
