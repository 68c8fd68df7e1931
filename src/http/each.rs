//! How much of something shared one holder may have at once, so that nobody takes all of it.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

type Held<K> = Arc<Mutex<HashMap<K, usize>>>;

/// Counts of what each holder has; holders with nothing are not remembered.
pub struct Each<K> {
    held: Held<K>,
    max: usize,
}

/// One of them, given back when it is dropped.
pub struct Share<K: Eq + Hash> {
    held: Held<K>,
    holder: K,
}

impl<K: Eq + Hash + Clone> Each<K> {
    /// At most `max` for each holder.
    pub fn new(max: usize) -> Each<K> {
        let held = Held::default();
        Each { held, max }
    }

    /// One more for `holder`; `None` when it has as many as it may.
    pub fn take(&self, holder: K) -> Option<Share<K>> {
        let mut counts = lock(&self.held);
        let count = counts.entry(holder.clone()).or_default();
        if *count >= self.max {
            return None;
        }
        *count += 1;
        drop(counts);
        let held = self.held.clone();
        Some(Share { held, holder })
    }
}

impl<K: Eq + Hash> Drop for Share<K> {
    fn drop(&mut self) {
        let mut counts = lock(&self.held);
        if let Some(count) = counts.get_mut(&self.holder) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.holder);
            }
        }
    }
}

/// A count is changed in one step, so a panic elsewhere leaves it right.
fn lock<K>(held: &Held<K>) -> MutexGuard<'_, HashMap<K, usize>> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_takes_more_than_his_share() {
        let each = Each::new(2);
        let mine: Vec<_> = (0..3).filter_map(|_| each.take("me")).collect();
        assert_eq!(mine.len(), 2);
        assert!(each.take("you").is_some());
        drop(mine);
        assert!(each.take("me").is_some());
        assert!(lock(&each.held).is_empty());
    }
}
