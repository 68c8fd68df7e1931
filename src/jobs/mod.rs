//! Work that nobody waits for, beside the requests.
//!
//! Owns tasks, their pace and their patience, and the HTTP that they speak to others. Must never delay a statement, nor
//! decide a rule.

pub mod cosigning;
pub mod memory;
pub mod wire;
