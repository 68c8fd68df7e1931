//! What a licence gives to one machine: the seed of its marks, and the key of the design.
//!
//! Owns making and opening the sealed sections, and which units are free. Must never know the printer, nor whether
//! a build is allowed: that is [`crate::gate`].

use crate::home::View;
use crate::package::{self, DesignKey, PackageError};
use crate::system::{Entropy, random};
use std::collections::{BTreeMap, BTreeSet};
use threadmark_protocol::body::build::BuildStarted;
use threadmark_protocol::body::licence::{
    LicenceIssued, SECTION_DESIGN_KEY, SECTION_SEED, UNITS_MAX,
};
use threadmark_protocol::body::{Bytes16, Core};
use threadmark_protocol::code::Code;
use threadmark_protocol::digest::Digest;
use threadmark_protocol::mark::{Mark, commitment};
use threadmark_protocol::statement::{Statement, StatementId};
use threadmark_protocol::text::{OrgId, SectionName, SubjectId};
use threadmark_protocol::world::{Data, World, mark_subject};
use zeroize::Zeroizing;

/// Largest secret in a section.
const SECRET_BYTES_MAX: u64 = 4096;

/// Why a licence cannot be made or used.
#[derive(Debug, thiserror::Error)]
pub enum LicenceError {
    /// No units, or too many.
    #[error("a licence has 1 to {UNITS_MAX} units")]
    Units,
    /// No random bytes.
    #[error("the random source fails: {0}")]
    Entropy(std::io::Error),
    /// A sealed section is not at hand.
    #[error(
        "the section {0} of the licence is not at hand; synchronise, or import the licensor's journal"
    )]
    SectionMissing(&'static str),
    /// A section opened, and is not what it must be.
    #[error(
        "the section {0} of the licence does not hold what it should; ask the licensor to issue it again"
    )]
    SectionWrong(&'static str),
    /// A section does not open.
    #[error(transparent)]
    Package(#[from] PackageError),
}

/// What the licensor puts into `licence.issued`.
pub struct Prepared {
    /// Salts the commitments.
    pub nonce: Bytes16,
    /// One promise a unit.
    pub commitments: Vec<Digest>,
    /// Seed and design key, sealed to the machine.
    pub sections: BTreeMap<SectionName, Vec<u8>>,
}

/// Makes the seed of `units` marks and seals it, with the design's key, to `machine`. The seed is kept nowhere else: who has
/// the machine's key mints the marks, and the licensor can only recognise them.
pub fn prepare(
    units: u32,
    machine: &age::x25519::Recipient,
    design_key: &DesignKey,
    entropy: &mut dyn Entropy,
) -> Result<Prepared, LicenceError> {
    if !(1..=UNITS_MAX as u32).contains(&units) {
        return Err(LicenceError::Units);
    }
    let seed = Zeroizing::new(random::<32>(entropy).map_err(LicenceError::Entropy)?);
    let nonce = random::<16>(entropy).map_err(LicenceError::Entropy)?;
    let promise = |unit| commitment(&nonce, unit, Mark::derive(&seed, unit));
    let to = std::slice::from_ref(machine);
    let mut sections = BTreeMap::new();
    for (name, secret) in [
        (SECTION_SEED, &seed[..]),
        (SECTION_DESIGN_KEY, design_key.to_text().as_bytes()),
    ] {
        // The names are constants that the section type takes.
        let name: SectionName = name
            .parse()
            .map_err(|_| LicenceError::SectionWrong(SECTION_SEED))?;
        sections.insert(name, package::seal(secret, to)?);
    }
    Ok(Prepared {
        nonce: Bytes16(nonce),
        commitments: (1..=units).map(promise).collect(),
        sections,
    })
}

/// The secrets of a licence, in memory as long as a print takes.
pub struct Secrets {
    seed: Zeroizing<[u8; 32]>,
    design_key: DesignKey,
}

impl Secrets {
    /// Opens the sections of the statement that issued the licence.
    pub fn open(
        view: &View,
        issued: &StatementId,
        machine: &age::x25519::Identity,
    ) -> Result<Secrets, LicenceError> {
        let open = |name: &'static str| -> Result<_, LicenceError> {
            let sealed = view
                .section(issued, name)
                .ok_or(LicenceError::SectionMissing(name))?;
            Ok(package::open(sealed, machine, SECRET_BYTES_MAX)?)
        };
        Secrets::parse(&open(SECTION_SEED)?, &open(SECTION_DESIGN_KEY)?)
    }

    /// Parses what the sections hold: a seed of 32 bytes, and an age identity as text.
    ///
    /// # Errors
    /// [`LicenceError::SectionWrong`].
    pub fn parse(seed: &[u8], design_key: &[u8]) -> Result<Secrets, LicenceError> {
        let wrong_seed = |_| LicenceError::SectionWrong(SECTION_SEED);
        let seed = Zeroizing::new(seed.try_into().map_err(wrong_seed)?);
        let wrong_key = || LicenceError::SectionWrong(SECTION_DESIGN_KEY);
        let text = std::str::from_utf8(design_key).map_err(|_| wrong_key())?;
        let design_key = DesignKey::parse(text).map_err(|_| wrong_key())?;
        Ok(Secrets { seed, design_key })
    }

    /// The mark of a unit, if it is the one that the licence promises.
    pub fn mark(&self, licence: &LicenceIssued, unit: u32) -> Result<Mark, Code> {
        let mark = Mark::derive(&self.seed, unit);
        if !(1..=licence.commitments.len()).contains(&(unit as usize)) {
            return Err(Code::LicenceUnitUnknown);
        }
        if is_promised(licence, unit, mark) {
            Ok(mark)
        } else {
            Err(Code::MarkNotLicensed)
        }
    }

    /// What opens the design's files.
    pub fn design_key(&self) -> &DesignKey {
        &self.design_key
    }
}

/// Units of a licence that some build has started with, whoever reported it. An aborted build's stay spent. Who cannot
/// name the mark of a unit has not spent it: else any member could spend everybody's units by a report.
pub fn spent_units(view: &View, id: &SubjectId, licence: &LicenceIssued) -> BTreeSet<u32> {
    builds(view)
        .filter(|started| started.says.licence == *id)
        .flat_map(|started| &started.says.parts)
        .filter(|part| is_promised(licence, part.unit, part.mark))
        .map(|part| part.unit)
        .collect()
}

/// Whether the mark is the one that the licence promises for the unit.
fn is_promised(licence: &LicenceIssued, unit: u32, mark: Mark) -> bool {
    let index = (unit as usize).checked_sub(1);
    let promised = index.and_then(|index| licence.commitments.get(index));
    promised.is_some_and(|promised| commitment(&licence.nonce.0, unit, mark) == *promised)
}

/// A report of the start of a build.
pub(crate) struct Started<'a> {
    /// Whose.
    pub org: &'a OrgId,
    /// The build.
    pub build: &'a SubjectId,
    /// What it says.
    pub says: &'a BuildStarted,
}

/// What every known build says that it started with, and whose organisation says so; of those at hand also what the rules
/// would refuse, because what was spent is spent.
pub(crate) fn builds(view: &View) -> impl Iterator<Item = Started<'_>> {
    let known = view
        .world
        .states
        .iter()
        .filter_map(|(id, state)| match &state.data {
            Data::Build { starts, .. } => Some(starts.iter().map(move |start| (id, start))),
            _ => None,
        });
    let at_hand = view
        .at_hand
        .iter()
        .filter_map(|said| match &said.body.core {
            Core::BuildStarted(says) if !is_kept(view, said) => Some(Started {
                org: &said.body.iss,
                build: &said.body.sub,
                says,
            }),
            _ => None,
        });
    let known = known.flatten();
    known
        .map(|(build, report)| Started {
            org: &report.source.org,
            build,
            says: &report.says,
        })
        .chain(at_hand)
}

/// Whether the state of the build has the report: one that was refused it has not, nor one for which there was no room.
fn is_kept(view: &View, said: &Statement) -> bool {
    match view.world.get(&said.body.sub) {
        Some(Data::Build { starts, .. }) => {
            let mut kept = starts.iter();
            kept.any(|report| report.source.statement == said.id)
        }
        _ => false,
    }
}

/// The wanted unit, or the lowest free one.
pub fn free_unit(
    view: &View,
    id: &SubjectId,
    licence: &LicenceIssued,
    wanted: Option<u32>,
) -> Result<u32, Code> {
    let spent = spent_units(view, id, licence);
    let mut units = 1..=licence.commitments.len() as u32;
    match wanted {
        Some(unit) if !units.contains(&unit) => Err(Code::LicenceUnitUnknown),
        Some(unit) if spent.contains(&unit) => Err(Code::LicenceUnitSpent),
        Some(unit) => Ok(unit),
        None => units
            .find(|unit| !spent.contains(unit))
            .ok_or(Code::LicenceUnitUnknown),
    }
}

/// Whether a part carries the mark already, under whichever licence.
pub fn is_marked(world: &World, mark: &Mark) -> bool {
    world.get(&mark_subject(mark)).is_some()
}
