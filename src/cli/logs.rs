//! The service's log: JSON for machines, lines for a terminal.

use crate::config::LogFormat;
use std::io::IsTerminal as _;
use tracing_subscriber::EnvFilter;

/// Writes the log to standard error from now on.
pub fn start(format: LogFormat, filter: EnvFilter) {
    let as_json = match format {
        LogFormat::Json => true,
        LogFormat::Text => false,
        LogFormat::Auto => !std::io::stderr().is_terminal(),
    };
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    if as_json {
        log.json().flatten_event(true).with_span_list(false).init();
    } else {
        log.init();
    }
}
