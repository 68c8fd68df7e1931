//! Owns: how long work took, on the processor where the system tells it.

use std::time::Instant;

/// What the work made, and its milliseconds.
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let (begin, wall) = (processor_ms(), Instant::now());
    let made = work();
    let wall_ms = wall.elapsed().as_secs_f64() * 1e3;
    let spent = begin.zip(processor_ms()).map(|(begin, end)| end - begin);
    // Between two ticks the system tells nothing new; then the wall is as good.
    (
        made,
        spent
            .filter(|&ms| ms > 0.0)
            .map_or(wall_ms, |ms| ms.min(wall_ms)),
    )
}

/// Of this thread, as Linux accounts it.
fn processor_ms() -> Option<f64> {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(told.split(' ').next()?.parse::<f64>().ok()? / 1e6)
}
