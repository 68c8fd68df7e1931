//! By which identifiers a part is known outside: what follows from its mark, its design's part number, and the enterprise
//! that its licence names.
//!
//! Owns how they are made. Serial numbers are made of the mark: unique in every enterprise, without a counter, and nobody can
//! count through them. A CPI's is twelve digits at most, so it is a hash of the mark and may, rarely, be that of two parts.
//! Must never know addresses.

use crate::digest::Digest;
use crate::life::{Life, causal_order};
use crate::mark::Mark;
use crate::text::{CompanyPrefix, SubjectId};
use crate::uii::Uii;
use crate::world::{Data, World, mark_subject};

/// Most characters of a GIAI, and of a CPI (GS1 General Specifications).
const GS1_KEY_MAX: usize = 30;

/// Identifiers of one part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// Global Individual Asset Identifier, application identifier 8004.
    pub giai: Option<String>,
    /// Component or Part Identifier and its serial number, application identifiers 8010 and 8011.
    pub cpi: Option<(String, u64)>,
    /// Construct 1, then construct 2.
    pub uiis: Vec<Uii>,
}

impl Identity {
    /// The identifiers of the part of a mark; none where nothing is known of it, or its licence names no enterprise.
    pub fn of(world: &World, mark: Mark) -> Identity {
        let part = part_of(world, mark);
        let Some(mark) = part.and_then(|part| first_mark(world, part)) else {
            return Identity::default();
        };
        let above = part.and_then(|part| Life::with_above(world, part));
        let above = above.map(|(_, above)| above);
        let licence = above.as_ref().and_then(|above| above.licence());
        let enterprise = licence.and_then(|licence| licence.enterprise.as_ref());
        let Some((above, enterprise)) = above.as_ref().zip(enterprise) else {
            return Identity::default();
        };
        let number = above.design().map(|design| design.part_number.as_str());
        let serial = mark.to_string();
        let mut identity = Identity::default();
        if let Some(prefix) = &enterprise.gs1_prefix {
            identity.giai = Some(giai(prefix, mark));
            let cpi = number.map(|number| format!("{prefix}{number}"));
            let cpi = cpi.filter(|cpi| cpi.len() <= GS1_KEY_MAX && is_of_cpi(cpi));
            identity.cpi = cpi.map(|cpi| (cpi, serial_of(mark)));
        }
        if let Some(cage) = &enterprise.cage {
            let one = Uii::new(cage.clone(), None, &serial);
            let two = number.map(|number| Uii::new(cage.clone(), Some(number), &serial));
            identity
                .uiis
                .extend(one.into_iter().chain(two.and_then(Result::ok)));
        }
        identity
    }
}

/// The part that a mark leads to.
pub fn part_of(world: &World, mark: Mark) -> Option<&SubjectId> {
    match world.get(&mark_subject(&mark)) {
        Some(Data::Mark { parts, .. }) => parts.first(),
        _ => None,
    }
}

/// The mark that a part had first: what names it outside, which never changes, also where it was marked again. Of the marks that its
/// life has: what somebody else says of it names it nowhere.
pub fn first_mark(world: &World, part: &SubjectId) -> Option<Mark> {
    let Some(Data::Part { facts, .. }) = world.get(part) else {
        return None;
    };
    let life = Life::of(world, part)?;
    let ordered = causal_order(facts).into_iter();
    let mut marks = ordered.filter_map(|fact| fact.says.mark());
    marks.find(|mark| life.marks.contains(mark))
}

fn giai(prefix: &CompanyPrefix, mark: Mark) -> String {
    format!("{prefix}{mark}")
}

/// The mark at the end of a GIAI of ours.
pub fn mark_in_giai(giai: &str) -> Option<Mark> {
    let at = giai.len().checked_sub(crate::mark::MARK_CHARS)?;
    giai.get(at..)?.parse().ok()
}

/// Serial number of a part in its CPI: the first 39 bits of SHA-256 over `mark:` and the mark's text.
pub fn serial_of(mark: Mark) -> u64 {
    let digest = Digest::sha256(&[mark_subject(&mark).as_str().as_bytes()]);
    let bytes = digest.0.first_chunk::<5>().map_or([0; 5], |five| *five);
    bytes
        .iter()
        .fold(0, |bits, byte| bits << 8 | u64::from(*byte))
        >> 1
}

fn is_of_cpi(text: &str) -> bool {
    let is_allowed =
        |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || b"#-/".contains(&byte);
    text.bytes().all(is_allowed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::governance::PartClass;
    use crate::fixture::Consortium;

    #[test]
    fn identifiers_follow_from_licence_design_and_mark() {
        let (mut of, licence) = Consortium::licensed(3, PartClass::C, 2);
        of.make(&licence, 1);
        let mark = of.mark(&licence, 1);
        let identity = Identity::of(of.log.world(), mark);
        let giai = identity.giai.unwrap();
        assert_eq!(giai, format!("4012345{mark}"));
        assert_eq!(mark_in_giai(&giai), Some(mark));
        let (cpi, serial) = identity.cpi.unwrap();
        assert!(cpi.starts_with("4012345") && serial == serial_of(mark) && serial < 1 << 39);
        let uiis: Vec<_> = identity.uiis.iter().map(Uii::to_string).collect();
        assert_eq!(uiis[0], format!("D1ABC9{mark}"));
        assert_eq!(uiis[1], format!("D1ABC9{}{mark}", &cpi[7..]));
        for uii in &identity.uiis {
            assert_eq!(Uii::read(&uii.envelope()).as_ref(), Ok(uii));
        }
        // Nobody has made the second.
        let none = Identity::of(of.log.world(), of.mark(&licence, 2));
        assert_eq!(none, Identity::default());
        for other in [
            "",
            "4012345",
            "40123457K3Q9XWD2M8TV0A0",
            "é7K3Q9XWD2M8TV0AY",
            "ééééééééé",
        ] {
            let found = mark_in_giai(other);
            assert_eq!(
                found.is_some(),
                other.ends_with("7K3Q9XWD2M8TV0AY"),
                "{other}"
            );
        }
    }
}
