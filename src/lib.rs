//! The Threadmark service and its command line. `ARCHITECTURE.md` is the map.

pub mod ledger;
pub mod store;
pub mod web;
