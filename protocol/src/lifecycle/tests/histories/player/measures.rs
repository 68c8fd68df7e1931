//! What is measured for a build: coupons, powder, and the values that its approval rests on.

use super::{ANYBODY, Player};
use crate::body::Core;
use crate::body::governance::PartClass;
use crate::fixture::{Consortium, DesignSpec, Who, text};
use crate::text::SubjectId;

/// Every fifth consortium asks for everything: a weight, a test of a coupon, and a value that rests on a lot.
pub(super) fn spec(seed: u8, class: PartClass) -> DesignSpec {
    if seed.is_multiple_of(5) {
        return DesignSpec::measured(class);
    }
    DesignSpec {
        class,
        ..DesignSpec::default()
    }
}

impl Player {
    /// Where all are honest, by the right people, and what is weighed adds up.
    pub(super) fn measures(&mut self, which: u8, who: u8) {
        let stranger = ANYBODY[usize::from(who) % ANYBODY.len()];
        let by = |right: Who| if self.is_calm { right } else { stranger };
        let at = usize::from(which / 4) % self.builds.len().max(1);
        let Some(build) = self.builds.get(at).cloned() else {
            return;
        };
        let (tester, weigher) = (by(Who::Inspector), by(Who::Operator));
        match which % 4 {
            0 | 1 => {
                // One of eight fails.
                let value = 396 + i64::from(which % 32);
                let said = self.c.test_coupon(tester, &build.id, "C-1", value);
                if let Ok(said) = said
                    && matches!(&said.body.core, Core::PartTested(says) if !says.passed())
                {
                    let part = build.parts[0].clone();
                    self.faults.push((part, said.id));
                }
            }
            2 => {
                let lot = self.c.lot.clone();
                let _ = self.c.use_up(weigher, &build.id, &lot, 500_000);
            }
            _ => {
                let value = [379_000, 380_000, 390_000][usize::from(who) % 3];
                self.c.ashore(|c| anew(c, value));
            }
        }
    }
}

/// The value without the data of one lot.
fn anew(c: &mut Consortium, value: i64) {
    let mut entries = c.log.entries().iter();
    let cited = entries.find(|entry| matches!(entry.body.core, Core::AllowablePublished(_)));
    let cited = cited.map(|entry| entry.body.sub.clone());
    let without: SubjectId = text("lot:l1");
    let _ = cited.map(|cited| c.recompute(Who::Designer, &cited, &without, value));
}
