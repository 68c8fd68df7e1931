//! A population of parts: charges of 10,000 that come from one lot of powder, through a blend and a blend of that.
//!
//! Owns what the figures of a part's life are measured on: fifteen statements a part, signed by the fixture's people and sent to the
//! real service. Must never measure.

use crate::ground::Ground;
use crate::submit;
use anyhow::Result;
use threadmark_agent::system;
use threadmark_protocol::fixture::{Consortium, DesignSpec, LicenceSpec, MATERIAL, Who, text};
use threadmark_protocol::lifecycle::Refusal;
use threadmark_protocol::mark::Mark;
use threadmark_protocol::statement::Statement;
use threadmark_protocol::text::SubjectId;

/// How long ago each licence was issued: after the founding, a day ago; its statements take six hours.
const BEGAN_S: i64 = 20 * 3600;
/// Parts that come from one lot.
pub const CHARGE: usize = 10_000;
/// Parts of one licence: what one client sends, one statement after the other.
const LICENCE: u32 = 25;
/// Licences that are signed at a time, which bounds memory.
const AT_ONCE: usize = 100;

/// What one lot of powder became.
pub struct Charge {
    /// The lot that arrived; two blends stand below it.
    pub lot: SubjectId,
    /// The parts' marks.
    pub marks: Vec<Mark>,
}

/// Makes a charge, and has it logged.
pub fn add(ground: &mut Ground) -> Result<Charge> {
    let of = &mut ground.consortium;
    of.now = system::now() - BEGAN_S;
    let number = of.new_subject("design").opaque().to_owned();
    let spec = DesignSpec {
        part_number: text(&format!("PN-{number}")),
        ..DesignSpec::default()
    };
    let design = of.publish(&spec);
    let approval = of.approve(&design, &spec);
    let lot = of.receive_lot(&format!("lot:{number}"), MATERIAL);
    let once = of.blend(Who::Production, &[(&lot, 9_000_000)])?;
    let twice = of.blend(Who::Production, &[(&once, 4_000_000)])?;
    let powders = [&lot, &once, &twice];
    let founding = taken(of);
    submit::send(ground, &[founding])?;
    let mut marks = Vec::new();
    while marks.len() < CHARGE {
        let of = &mut ground.consortium;
        let mut scripts = Vec::new();
        for at in 0..AT_ONCE {
            of.lot = powders[at % powders.len()].clone();
            of.now = system::now() - BEGAN_S;
            marks.extend(licensed(of, &design, &approval));
            scripts.push(taken(of));
        }
        submit::send(ground, &scripts)?;
    }
    Ok(Charge { lot, marks })
}

/// A licence and its parts, each from its order to its second removal.
fn licensed(of: &mut Consortium, design: &SubjectId, approval: &SubjectId) -> Vec<Mark> {
    let spec = LicenceSpec {
        units: LICENCE,
        seed: of.entropy().bytes(),
        ..LicenceSpec::default()
    };
    let licence = of.license(design, Some(approval), &spec);
    for unit in 1..=LICENCE {
        let part = of.make(&licence, unit);
        live(of, &part).expect("nothing is refused at sea");
    }
    (1..=LICENCE).map(|unit| of.mark(&licence, unit)).collect()
}

fn live(of: &mut Consortium, part: &SubjectId) -> Result<(), Refusal> {
    of.hand_over(part)?;
    of.install(Who::Mechanic, part)?;
    for period in 1..=6 {
        of.report_use(Who::Mechanic, part, 10 * period, 4 * period)?;
    }
    of.remove(Who::Mechanic, part)?;
    Ok(())
}

/// What was signed since the last time, in its order.
fn taken(of: &mut Consortium) -> Vec<Statement> {
    let journals = std::mem::take(&mut of.journals).into_values();
    let mut statements: Vec<_> = journals.flatten().collect();
    statements.sort_by_key(|statement| statement.body.iat);
    statements
}
