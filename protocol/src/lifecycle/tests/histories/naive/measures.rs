//! What was asked to be measured, and whose word counts for a part.

use super::Naive;
use crate::body::Core;
use crate::statement::Statement;

impl Naive<'_> {
    /// What was asked to be weighed and tested was not, or failed; or the value that the approval rests on came out lower.
    pub(super) fn against_measures(&self, start: usize) -> Option<&'static str> {
        let cores = || self.log.iter().map(|said| &said.body.core);
        let has_mass =
            cores().any(|core| matches!(core, Core::DesignPublished(says) if says.mass.is_some()));
        let asks = cores().any(
            |core| matches!(core, Core::ApprovalGranted(says) if !says.coupon_tests.is_empty()),
        );
        let about: Vec<_> = self.about(&self.log[start].body.sub).collect();
        let own = about.iter().filter(|(_, said)| self.concerns(start, said));
        let is_weighed = own.clone().any(|(_, said)| {
            let is_own = said.body.iss == self.log[start].body.iss;
            matches!(said.body.core, Core::MaterialUsed(_)) && is_own
        });
        let mut tested = own.filter(|(_, said)| matches!(said.body.core, Core::PartTested(_)));
        let mut newest = cores().filter_map(|core| match core {
            Core::AllowableRecomputed(says) => Some(says.value),
            _ => None,
        });
        match () {
            () if has_mass && !is_weighed => Some("nobody weighed"),
            () if asks && tested.next().is_none() => Some("nobody tested"),
            () if newest.next_back().is_some_and(|value| value < 380_000) => Some("a lower value"),
            () => None,
        }
    }

    /// Whether the making of the part is its author's business; who had the part later may hold it too.
    pub(super) fn concerns(&self, start: usize, said: &Statement) -> bool {
        let by_right = ["oem.example", "authority.example"];
        said.body.iss == self.log[start].body.iss || by_right.contains(&said.body.iss.as_str())
    }
}
