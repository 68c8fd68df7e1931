//! Growth: what a statement costs when the log has a million, against what it costs when it has ten thousand.
//!
//! The same lives by the same clients, in two logs that are asked in turn, so that a machine which gives now more and now less gives
//! both the same. Takes ten minutes or more, so it runs only when it is named.

use crate::Figure;
use crate::ground::Ground;
use crate::submit;
use anyhow::Result;

const SMALL: usize = 10_000;
const LARGE: usize = 1_000_000;
/// Lives of one measurement: some 9,000 statements.
const MEASURED: usize = 500;
/// Measurements of each log; the one in the middle counts.
const ROUNDS: usize = 5;
/// Lives that are signed at a time, which bounds memory.
const AT_ONCE: usize = 2_000;

/// Microseconds of a statement under the same clients.
pub fn figures() -> Result<Vec<Figure>> {
    let mut small = Ground::new()?;
    fill_to(&mut small, SMALL)?;
    let mut large = Ground::new()?;
    fill_to(&mut large, LARGE)?;
    let (mut of_small, mut of_large) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        of_small.push(measured(&mut small)?);
        of_large.push(measured(&mut large)?);
        eprintln!("small {of_small:.0?}, large {of_large:.0?} us a statement");
    }
    Ok(vec![Figure {
        name: "submit_us_per_statement_at_1m".to_owned(),
        value: middle(of_large),
        unit: "us",
        against: "the same with ten thousand statements in the log",
        peer: middle(of_small),
    }])
}

fn middle(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    of[of.len() / 2]
}

fn measured(ground: &mut Ground) -> Result<f64> {
    let lives = ground.sign(MEASURED);
    Ok(1e6 / submit::fill(ground, &lives)?.rate())
}

fn fill_to(ground: &mut Ground, wanted: usize) -> Result<()> {
    let mut logged = 0;
    while logged < wanted {
        // Lives are alike; the first tells how many are needed.
        let mut lives = ground.sign(1);
        let rest = (wanted - logged) / lives[0].statements.len();
        lives.extend(ground.sign(rest.min(AT_ONCE)));
        logged += submit::fill(ground, &lives)?.latencies.len();
        eprintln!("{logged} statements of {wanted}");
    }
    Ok(())
}
