//! Parts are put into each other and taken out.

use super::{ANYBODY, Player};
use crate::fixture::Who;

impl Player {
    /// Where all are honest, by who may have both.
    pub(super) fn assemblies(&mut self, which: u8, who: u8) {
        let stranger = ANYBODY[usize::from(who) % ANYBODY.len()];
        let who = match self.is_calm || which.is_multiple_of(3) {
            true => Who::Mechanic,
            false => stranger,
        };
        let (Some(part), Some(assembly)) = (self.part(which / 8), self.part(which / 16 + 1)) else {
            return;
        };
        let said = match which % 8 {
            7 => self.c.remove(who, &part),
            _ if part == assembly => return,
            _ => self.c.assemble(who, &part, &assembly),
        };
        if let Ok(said) = said {
            self.reports.push((part, said.id));
        }
    }
}
