//! What was scanned and is not kept yet.
//!
//! Owns the list between the requests, which never wait for it, and the job that keeps it (`jobs::watching`). It is bounded; what does
//! not fit is not kept, and a process that dies loses some seconds of it: nobody was promised anything.

use super::Sighting;
use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use threadmark_protocol::mark::Mark;

/// Most that waits: some 100 bytes each.
const WAITING_MAX: usize = 50_000;

/// Sightings since the last time that they were taken, each once.
#[derive(Debug, Default)]
pub struct Seen(Mutex<HashSet<(Mark, Sighting)>>);

impl Seen {
    /// Notes one. Of one hour, place and kind of person there is one, so who scans again and again is one.
    pub fn note(&self, mark: Mark, sighting: Sighting) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() < WAITING_MAX {
            waiting.insert((mark, sighting));
        }
    }

    /// Takes up to `most`, in no order.
    pub fn take(&self, most: usize) -> Vec<(Mark, Sighting)> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let taken: Vec<_> = waiting.iter().take(most).copied().collect();
        for one in &taken {
            waiting.remove(one);
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(unit: u32) -> Mark {
        Mark::derive(&[1; 32], unit)
    }

    #[test]
    fn what_is_seen_twice_waits_once_and_what_does_not_fit_is_dropped() {
        let seen = Seen::default();
        let sighting = |hour| Sighting {
            hour,
            place: None,
            by_member: false,
        };
        for _ in 0..3 {
            seen.note(mark(7), sighting(1));
        }
        assert_eq!(seen.take(10), [(mark(7), sighting(1))]);
        assert_eq!(seen.take(10), []);
        for hour in 0..WAITING_MAX as i64 + 10 {
            seen.note(mark(7), sighting(hour));
        }
        assert_eq!(seen.take(WAITING_MAX / 2).len(), WAITING_MAX / 2);
        assert_eq!(seen.take(usize::MAX).len(), WAITING_MAX / 2);
    }
}
