//! Owns: doing one thing to many on all cores, with results in the order of the things. Must never know: photographs.

use std::error::Error;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// `work` on each of `items`, as many at once as there are cores; the first error, by order of the items.
pub fn on_all<T: Sync, R: Send>(
    items: &[T],
    work: impl Fn(&T) -> Result<R, Box<dyn Error>> + Sync,
) -> Result<Vec<R>, Box<dyn Error>> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..cores.min(items.len()) {
            scope.spawn(|| {
                while let Some((at, item)) = nth(items, next.fetch_add(1, Ordering::Relaxed)) {
                    let result = work(item).map_err(|error| error.to_string());
                    if let Ok(mut done) = done.lock() {
                        done.push((at, result));
                    }
                }
            });
        }
    });
    let mut done = done.into_inner().map_err(|_| "a worker failed")?;
    done.sort_by_key(|(at, _)| *at);
    let results = done.into_iter().map(|(_, result)| result);
    Ok(results.collect::<Result<_, _>>()?)
}

fn nth<T>(items: &[T], at: usize) -> Option<(usize, &T)> {
    items.get(at).map(|item| (at, item))
}
