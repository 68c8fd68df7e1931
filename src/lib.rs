//! The Threadmark service and its command line. `ARCHITECTURE.md` is the map.

pub mod cli;
pub mod config;
pub mod dossier;
pub mod epcis;
pub mod http;
pub mod jobs;
pub mod ledger;
pub mod metrics;
pub mod store;
pub mod watch;
pub mod web;
pub mod witness;
