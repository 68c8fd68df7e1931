//! Leaky buckets, a bounded number of them.
//!
//! Owns the arithmetic of "so many a second, so many at once", and what is forgotten when more ask than are kept.
//! Must never know who asks for what. `governor` is not used: its maps grow with every address that ever asked, and it
//! cannot charge for work whose size is known afterwards.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How much one may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Units a second, for ever. 0: no limit.
    pub per_second: u64,
    /// Units at once, after a pause.
    pub burst: u64,
}

impl Rate {
    /// How long `units` take at this rate.
    fn time(self, units: u64) -> Duration {
        let nanos = u128::from(units) * 1_000_000_000 / u128::from(self.per_second.max(1));
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

/// Come back after so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait(pub Duration);

impl Wait {
    /// In whole seconds, as `Retry-After` has it; at least 1.
    pub fn seconds(self) -> u64 {
        self.0.as_secs() + 1
    }
}

/// One bucket for each key, at most so many. Each holds when it will have run empty.
pub struct Buckets<K> {
    rate: Rate,
    kept: Mutex<Generations<K>>,
}

/// Two generations: when the younger is half of what may be kept, the older is forgotten. Whoever asks is young, so
/// only those are forgotten since whose last request that many others asked.
struct Generations<K> {
    half: usize,
    young: HashMap<K, Duration>,
    old: HashMap<K, Duration>,
}

impl<K: Copy + Eq + Hash> Generations<K> {
    fn get(&self, key: &K) -> Duration {
        let found = self.young.get(key).or_else(|| self.old.get(key));
        found.copied().unwrap_or_default()
    }

    fn set(&mut self, key: K, empty_at: Duration) {
        if self.young.len() >= self.half && !self.young.contains_key(&key) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, empty_at);
    }
}

impl<K: Copy + Eq + Hash> Buckets<K> {
    /// Empty buckets, of which at most `kept_max` (at least 2) are kept.
    pub fn new(rate: Rate, kept_max: usize) -> Buckets<K> {
        let kept = Generations {
            half: (kept_max / 2).max(1),
            young: HashMap::new(),
            old: HashMap::new(),
        };
        Buckets {
            rate,
            kept: Mutex::new(kept),
        }
    }

    /// Takes one unit, or says how long to wait for it.
    ///
    /// # Errors
    /// The bucket is full; nothing was taken.
    pub fn take(&self, key: K, now: Duration) -> Result<(), Wait> {
        let mut kept = self.lock();
        self.room(kept.get(&key), now)?;
        self.pour(&mut kept, key, 1, now);
        Ok(())
    }

    /// Whether there is room for one more unit, without taking it.
    ///
    /// # Errors
    /// The bucket is full.
    pub fn ask(&self, key: K, now: Duration) -> Result<(), Wait> {
        self.room(self.lock().get(&key), now)
    }

    /// Charges what was used already, room or not: the next ones wait the longer.
    pub fn charge(&self, key: K, units: u64, now: Duration) {
        self.pour(&mut self.lock(), key, units, now);
    }

    fn room(&self, empty_at: Duration, now: Duration) -> Result<(), Wait> {
        let Rate { per_second, burst } = self.rate;
        if per_second == 0 {
            return Ok(());
        }
        // At least one unit fits into an empty bucket, else nobody ever got through.
        let most = now + self.rate.time(burst.max(1));
        let then = empty_at.max(now).saturating_add(self.rate.time(1));
        match then.checked_sub(most) {
            Some(wait) if !wait.is_zero() => Err(Wait(wait)),
            _ => Ok(()),
        }
    }

    fn pour(&self, kept: &mut Generations<K>, key: K, units: u64, now: Duration) {
        if self.rate.per_second > 0 {
            let level = kept.get(&key).max(now);
            kept.set(key, level.saturating_add(self.rate.time(units)));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Generations<K>> {
        // Whoever panicked with the lock left numbers, and any numbers will do.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate {
        per_second: 10,
        burst: 50,
    };

    fn kept(buckets: &Buckets<u64>) -> usize {
        let kept = buckets.lock();
        kept.young.len() + kept.old.len()
    }

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_burst_passes_then_so_many_a_second() {
        let buckets = Buckets::new(RATE, 100);
        let passed = |now| (0..200).filter(|_| buckets.take(1, now).is_ok()).count();
        assert_eq!(passed(at(0)), 50);
        assert_eq!(passed(at(1)), 10);
        assert_eq!(passed(at(3)), 20);
        assert_eq!(passed(at(1000)), 50);
        assert_eq!(buckets.take(2, at(1000)), Ok(()), "another key");
    }

    #[test]
    fn who_waits_as_long_as_told_gets_through() {
        let buckets = Buckets::new(RATE, 100);
        let mut now = at(0);
        for _ in 0..5_000 {
            if let Err(wait) = buckets.take(1, now) {
                assert!(wait.0 <= at(1));
                now += at(wait.seconds());
                assert_eq!(buckets.take(1, now), Ok(()));
            }
        }
        assert!(now <= at(1000), "a delay and not more: {now:?}");
    }

    #[test]
    fn what_is_charged_afterwards_is_waited_for() {
        let buckets = Buckets::new(RATE, 100);
        assert_eq!(buckets.ask(1, at(0)), Ok(()));
        buckets.charge(1, 100, at(0));
        assert_eq!(
            buckets.ask(1, at(0)),
            Err(Wait(Duration::from_millis(5_100)))
        );
        assert_eq!(buckets.ask(1, at(6)), Ok(()));
        buckets.charge(1, u64::MAX, at(6));
        assert!(buckets.ask(1, at(1 << 30)).is_err(), "no overflow");
    }

    #[test]
    fn a_million_addresses_cost_the_memory_of_a_few() {
        let buckets = Buckets::new(RATE, 1000);
        buckets.charge(u64::MAX, 60, at(0));
        for address in 0..1_000_000 {
            assert_eq!(buckets.take(address, at(0)), Ok(()));
            // Who goes on asking is not forgotten, whoever else does.
            if address % 400 == 0 {
                assert!(buckets.ask(u64::MAX, at(0)).is_err());
                buckets.charge(u64::MAX, 1, at(0));
            }
            assert!(kept(&buckets) <= 1000);
        }
    }

    #[test]
    fn nothing_a_second_is_no_limit() {
        let free = Rate {
            per_second: 0,
            burst: 0,
        };
        let buckets = Buckets::new(free, 10);
        assert!((0..1_000).all(|_| buckets.take(1, at(0)).is_ok()));
        assert_eq!(kept(&buckets), 0);
        let tight = Rate {
            per_second: 1,
            burst: 0,
        };
        assert_eq!(Buckets::new(tight, 10).take(1, at(0)), Ok(()));
    }
}
