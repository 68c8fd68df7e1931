//! The work: full lives of parts, each with a design, an approval, a licence, a lot, a build and a part of its own.
//!
//! Owns what a life is made of. Must never know how it is sent.

use threadmark_agent::system;
use threadmark_protocol::body::Core;
use threadmark_protocol::fixture::{Consortium, DesignSpec, LicenceSpec, MATERIAL, Who, text};
use threadmark_protocol::mark::Mark;
use threadmark_protocol::statement::Statement;

/// One life: its statements in the order in which they happened, and its mark.
pub struct Life {
    /// From `design.published` to `destruction.attested`.
    pub statements: Vec<Statement>,
    /// The part's mark.
    pub mark: Mark,
}

/// Signs one life by the consortium's people, who are at sea: nothing is ordered here.
pub fn sign_life(of: &mut Consortium) -> Life {
    // A life takes twenty minutes, and none of it lies in the future.
    of.now = system::now() - 3600;
    let number = of.new_subject("design").opaque().to_owned();
    let spec = DesignSpec {
        part_number: text(&format!("PN-{number}")),
        ..DesignSpec::default()
    };
    let units = LicenceSpec {
        units: 1,
        seed: of.entropy().bytes(),
        ..LicenceSpec::default()
    };
    let design = of.publish(&spec);
    let approval = of.approve(&design, &spec);
    let licence = of.license(&design, Some(&approval), &units);
    of.lot = of.receive_lot(&format!("lot:{number}"), MATERIAL);
    let part = of.make(&licence, 1);
    of.hand_over(&part).expect("nothing is refused at sea");
    of.install(Who::Mechanic, &part)
        .expect("nothing is refused at sea");
    of.remove(Who::Mechanic, &part)
        .expect("nothing is refused at sea");
    let destroyed = of
        .destroy(Who::Mechanic, &part)
        .expect("nothing is refused at sea");
    of.attest(Who::Inspector, &part, destroyed.id)
        .expect("nothing is refused at sea");
    let mut statements: Vec<_> = std::mem::take(&mut of.journals)
        .into_values()
        .flatten()
        .collect();
    statements.sort_by_key(|statement| statement.body.iat);
    let mark = of.mark(&licence, 1);
    debug_assert!(matches!(statements[0].body.core, Core::DesignPublished(_)));
    Life { statements, mark }
}
