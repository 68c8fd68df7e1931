//! Growth: what a statement costs when the log has a million, against what it cost when it had ten thousand.
//!
//! The same lives by the same clients, in the same run and the same database. Takes ten minutes or more, so it runs only
//! when it is named.

use crate::Figure;
use crate::ground::Ground;
use crate::submit;
use anyhow::Result;

const SMALL: usize = 10_000;
const LARGE: usize = 1_000_000;
/// Lives of one measurement: some 18,000 statements.
const MEASURED: usize = 1_000;
/// Lives that are signed at a time, which bounds memory.
const AT_ONCE: usize = 2_000;

/// Microseconds of a statement under 32 clients.
pub fn figures() -> Result<Vec<Figure>> {
    let mut ground = Ground::new()?;
    let mut logged = 0;
    fill_to(&mut ground, &mut logged, SMALL)?;
    let small = measured(&mut ground, &mut logged)?;
    fill_to(&mut ground, &mut logged, LARGE)?;
    let large = measured(&mut ground, &mut logged)?;
    Ok(vec![Figure {
        name: "submit_us_per_statement_at_1m".to_owned(),
        value: large,
        unit: "us",
        against: "the same with ten thousand statements in the log",
        peer: small,
    }])
}

fn measured(ground: &mut Ground, logged: &mut usize) -> Result<f64> {
    let lives = ground.sign(MEASURED);
    let run = submit::fill(ground, &lives)?;
    *logged += run.latencies.len();
    Ok(1e6 / run.rate())
}

fn fill_to(ground: &mut Ground, logged: &mut usize, wanted: usize) -> Result<()> {
    while *logged < wanted {
        // Lives are alike; the first tells how many are needed.
        let mut lives = ground.sign(1);
        let rest = (wanted - *logged) / lives[0].statements.len();
        lives.extend(ground.sign(rest.min(AT_ONCE)));
        *logged += submit::fill(ground, &lives)?.latencies.len();
        eprintln!("{logged} statements of {wanted}");
    }
    Ok(())
}
