//! Designs and allowables with who published them, as JSON. Owns the description of what the lists hold.

use super::allowable::{AllowablePublished, Recomputed};
use super::{
    ActorId, Effect, FileUse, Hex32, Line, MarkManner, OrgId, PartClass, RestrictionKind, SubjectId,
};
use utoipa::ToSchema;

/// A page of designs.
#[derive(ToSchema)]
pub struct Designs {
    /// At most 100, by id.
    #[schema(max_items = 100)]
    pub items: Vec<Design>,
    /// `after` for the next page; `null` on the last.
    #[schema(required)]
    pub next: Option<SubjectId>,
}

/// A page of design allowables.
#[derive(ToSchema)]
pub struct Allowables {
    /// At most 100, by id.
    #[schema(max_items = 100)]
    pub items: Vec<Allowable>,
    /// `after` for the next page; `null` on the last.
    #[schema(required)]
    pub next: Option<SubjectId>,
}

/// A design with its id.
#[derive(ToSchema)]
pub struct Design {
    /// Its id.
    pub id: SubjectId,
    /// What is known of it.
    pub state: DesignState,
}

/// An allowable with its id.
#[derive(ToSchema)]
pub struct Allowable {
    /// Its id.
    pub id: SubjectId,
    /// What is known of it.
    pub state: AllowableState,
}

/// What is known of a design.
#[derive(ToSchema)]
pub struct DesignState {
    /// Its type.
    #[schema(pattern = "^design$")]
    pub is: String,
    /// What was published.
    pub design: DesignPublished,
    /// Who published it.
    pub source: Source,
    /// What binds everything that is made from it.
    #[schema(required = false)]
    pub restrictions: Vec<Restriction>,
}

/// What is known of an allowable.
#[derive(ToSchema)]
pub struct AllowableState {
    /// Its type.
    #[schema(pattern = "^allowable$")]
    pub is: String,
    /// What was published.
    pub allowable: AllowablePublished,
    /// Who published it.
    pub source: Source,
    /// Computed anew without some of its data, each with who says so; the last counts.
    #[schema(required = false)]
    pub recomputed: Vec<Recomputed>,
    /// What binds everything that rests on it.
    #[schema(required = false)]
    pub restrictions: Vec<Restriction>,
}

/// Who said something, when, and where it stands in the log.
#[derive(ToSchema)]
pub struct Source {
    /// The statement.
    pub statement: Hex32,
    /// The key that signed.
    pub kid: Hex32,
    /// The statement's number for that key.
    pub seq: u64,
    /// The author's organisation.
    pub org: OrgId,
    /// The author's credential.
    pub actor: ActorId,
    /// When it happened, Unix seconds.
    pub at: i64,
    /// Index in the log.
    #[schema(required)]
    pub index: Option<u64>,
    /// Log time, Unix seconds.
    #[schema(required)]
    pub logged_at: Option<i64>,
}

/// Something that binds everything below a subject.
#[derive(ToSchema)]
pub struct Restriction {
    /// What it is.
    pub kind: RestrictionKind,
    /// Who placed it.
    pub source: Source,
    /// Which parts it reaches.
    pub effect: Effect,
    /// Only parts whose build started at or after this Unix time.
    #[schema(required)]
    pub from: Option<i64>,
    /// Only parts whose build started before this Unix time.
    #[schema(required)]
    pub until: Option<i64>,
    /// Only parts that descend from these too.
    pub also: Vec<SubjectId>,
    /// Why.
    pub reason: String,
    /// Who lifted it.
    #[schema(required)]
    pub lifted: Option<Source>,
}

/// A digital product definition.
#[derive(ToSchema)]
pub struct DesignPublished {
    /// Part number, unique with the revision for this author.
    pub part_number: Line,
    /// Revision.
    pub revision: Line,
    /// Name for people.
    pub name: Line,
    /// Consequence of failure.
    pub class: PartClass,
    /// The process that the part is made for.
    pub envelope: Envelope,
    /// Files; exactly one is the geometry.
    pub files: Vec<DesignFile>,
    /// Where the mark may go.
    pub zone: MarkZone,
    /// Distribution statement and export marking.
    pub distribution: Line,
    /// What a part weighs, where that is said.
    pub mass: Option<PartMass>,
}

/// What a part weighs, and what is fused beside it.
#[derive(ToSchema)]
pub struct PartMass {
    /// Volume of the geometry, mm³.
    pub volume_mm3: i64,
    /// Density of the fused material, µg/mm³.
    pub density_ug_per_mm3: i64,
    /// How far the fused mass may be from both together, in thousandths.
    pub tolerance_permille: u32,
    /// Most that the supports of one part weigh, mg.
    pub supports_mg: i64,
    /// Most that one test coupon weighs, mg.
    pub coupon_mg: i64,
}

/// A file of a design.
#[derive(ToSchema)]
pub struct DesignFile {
    /// What the file is.
    pub use_as: FileUse,
    /// File name.
    pub name: Line,
    /// Its digests.
    pub artifact: Artifact,
}

/// A file: in plaintext, and as the age ciphertext that is stored and served.
#[derive(ToSchema)]
pub struct Artifact {
    /// The file as its reader uses it.
    pub plain: FileDigest,
    /// The age ciphertext of it; its `sha3` is the address at `/v1/artifacts/`.
    pub sealed: FileDigest,
}

/// Digests of a file.
#[derive(ToSchema)]
pub struct FileDigest {
    /// SHA3-256 of the whole file.
    pub sha3: Hex32,
    /// Size in bytes.
    pub size_bytes: u64,
    /// SHA3-256 of each 4 MiB chunk in order; the last may be shorter.
    pub chunks: Vec<Hex32>,
}

/// A planar place for the mark on the geometry, in the geometry's coordinates.
#[derive(ToSchema)]
pub struct MarkZone {
    /// Centre on the face, µm.
    #[schema(min_items = 3, max_items = 3)]
    pub centre_um: Vec<i64>,
    /// Outward unit normal × 1,000,000.
    #[schema(min_items = 3, max_items = 3)]
    pub normal_e6: Vec<i32>,
    /// Unit vector in the face that is up for a reader, × 1,000,000.
    #[schema(min_items = 3, max_items = 3)]
    pub up_e6: Vec<i32>,
    /// Width across `up`, µm.
    pub width_um: u32,
    /// Height along `up`, µm.
    pub height_um: u32,
    /// Edge of one module, µm.
    pub module_um: u32,
    /// Depth of the relief, µm.
    pub depth_um: u32,
    /// Least material behind the relief, µm.
    pub wall_um: u32,
    /// Which way the dark modules go: recessed where nothing is said.
    #[schema(required = false)]
    pub manner: MarkManner,
}

/// Bounds of a process.
#[derive(ToSchema)]
pub struct Envelope {
    /// Material specification.
    pub material: Line,
    /// Class of machines.
    pub machine_class: Line,
    /// Process specification.
    pub process: Line,
    /// Build orientation, for instance `Z`, or `any`.
    pub orientation: Line,
}
