//! One integration binary: the real service on a real PostgreSQL.
//!
//! `ledger_*` run the writer in this process; `service_*` spawn the real binary and speak HTTP to it; `tidy` holds the
//! code to its own rules.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod auditing;
mod building;
mod cases;
mod completeness;
mod contract;
mod corpus;
mod crowd;
mod database_settings;
mod database_truths;
mod database_upgrade;
mod dice;
mod disk_full;
mod doctor;
mod dossier;
mod epcis;
mod evidence;
mod files;
mod governance;
mod interop;
mod ledger_faults;
mod ledger_histories;
mod ledger_nodes;
mod ledger_tiles;
mod life;
mod memory;
mod need_to_know;
mod notices;
mod openapi;
mod part_files;
mod postgres;
mod readme;
mod service_artifacts;
mod service_border;
mod service_crash;
mod service_hostile;
mod service_http;
mod service_nodes;
mod service_operations;
mod service_pages;
mod service_pictures;
mod service_quota;
mod service_scrapi;
mod service_tiles;
mod service_witnesses;
mod sheets;
mod standings;
mod support;
mod tidy;
mod torture;
mod wire;
mod witness_process;
