//! What all parties of Threadmark must agree on.
//!
//! Service, agent, command line, auditor and offline verifier call the same functions here. The crate
//! is pure: it takes values and returns values, and knows no file, socket, clock or random source.
//! Reading order: [`statement`] and [`body`], then [`world`] and [`lifecycle`], then [`answer`]; the log's
//! formats stand in [`tree`], [`tile`], [`note`], [`checkpoint`], [`tlog_proof`], [`receipt`], [`witness`].

pub mod answer;
pub mod body;
pub mod bundle;
pub mod cbor;
pub mod checkpoint;
pub mod code;
pub mod consortium;
pub mod digest;
pub mod epcis;
pub mod evidence;
#[cfg(any(test, feature = "fixture"))]
pub mod fixture;
pub mod genesis;
pub mod identity;
pub mod index;
pub mod journal;
pub mod json;
pub mod key;
pub mod life;
pub mod lifecycle;
pub mod mark;
pub mod note;
pub mod receipt;
pub mod statement;
pub mod text;
pub mod tile;
pub mod tlog_proof;
pub mod tree;
pub mod uii;
pub mod witness;
pub mod world;
