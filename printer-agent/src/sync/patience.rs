//! Waiting for a service that asks to be asked again later.
//!
//! Owns how long one waits and what is told meanwhile. A quota delays and discards nothing, so waiting always helps in
//! the end. Must never know what is asked for.

use super::{Progress, SyncError};
use std::time::Duration;

/// Longest of one pause: what a service may ask for is not without end.
const PAUSE_S_MAX: u64 = 60;
/// Longest that one request is repeated, in sum: then a person should hear about it.
const PATIENCE_S: u64 = 15 * 60;
/// Status of an answer that says: not now, but later.
const TOO_MANY_REQUESTS: u16 = 429;

/// Asks until the answer is another one than "later", pausing as long as each answer says; `done` tells what is
/// settled so far.
///
/// # Errors
/// What `ask` says; also that it is still "later" after a quarter of an hour.
pub fn patiently<T>(
    progress: Progress<'_>,
    done: &str,
    mut ask: impl FnMut() -> Result<T, SyncError>,
) -> Result<T, SyncError> {
    let mut waited_s = 0;
    loop {
        let error = match ask() {
            Err(error) if waited_s < PATIENCE_S => error,
            settled => return settled,
        };
        let Some(pause_s) = pause_s(&error) else {
            return Err(error);
        };
        progress(&format!(
            "{done}; the service asks to wait {pause_s} s, then it goes on"
        ));
        std::thread::sleep(Duration::from_secs(pause_s));
        waited_s += pause_s;
    }
}

/// Seconds to wait before the same is asked again; `None` when that would not help.
fn pause_s(error: &SyncError) -> Option<u64> {
    match error {
        SyncError::Problem(problem) if problem.status == TOO_MANY_REQUESTS => {
            Some(problem.retry_after_s.unwrap_or(1).clamp(1, PAUSE_S_MAX))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::Problem;

    fn problem(status: u16, retry_after_s: Option<u64>) -> SyncError {
        SyncError::Problem(Problem {
            status,
            retry_after_s,
            ..Problem::default()
        })
    }

    #[test]
    fn pauses_are_as_long_as_asked_within_reason() {
        assert_eq!(pause_s(&problem(429, Some(7))), Some(7));
        assert_eq!(pause_s(&problem(429, Some(u64::MAX))), Some(PAUSE_S_MAX));
        assert_eq!(pause_s(&problem(429, None)), Some(1));
        assert_eq!(pause_s(&problem(422, Some(7))), None);
        assert_eq!(pause_s(&SyncError::Broken(String::new())), None);
    }

    #[test]
    fn another_error_is_told_at_once() {
        let mut asked = 0;
        let found = patiently(&mut |_| {}, "", || {
            asked += 1;
            Err::<(), _>(problem(422, None))
        });
        assert!(found.is_err());
        assert_eq!(asked, 1);
    }
}
