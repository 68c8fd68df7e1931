//! What a whole asset goes through: an aircraft, an engine, a vehicle.
//!
//! Owns what its operator says of it; its parts' use follows. Subject: `asset:<digest>`, which `world::asset_subject` makes of operator
//! and name, so that nobody reports of another's asset. Must never know parts.

use crate::body::usage::Usage;
use crate::text::Line;
use serde::{Deserialize, Serialize};

/// How much an asset was used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssetUsed {
    /// The asset, as its installations name it.
    pub asset: Line,
    /// All of it since the asset was new, at the moment that the statement is about.
    pub total: Usage,
    /// The hardest landing since the last report, in thousandths of standard gravity.
    pub peak_milli_g: Option<u32>,
    /// Where the numbers are from, for instance a log book.
    pub source: Line,
}
