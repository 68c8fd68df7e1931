//! Entry point of the agent beside the printer.
//!
//! Owns exit codes and how an outcome is shown. What is done stands in `commands`.

mod args;
mod commands;

use args::Args;
use clap::Parser;
use serde_json::json;
use std::process::ExitCode;
use threadmark_agent::gate::GateError;
use threadmark_agent::print::PrintError;
use threadmark_protocol::text::unhidden;

const ERROR: u8 = 1;
const REFUSED: u8 = 3;

fn main() -> ExitCode {
    let args = Args::parse();
    let as_json = args.json;
    match commands::run(args) {
        Ok(shown) => {
            let text = if as_json {
                format!("{:#}", shown.json)
            } else {
                unhidden(&shown.text)
            };
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => failed(&error, as_json),
    }
}

fn failed(error: &anyhow::Error, as_json: bool) -> ExitCode {
    let refused = match error.downcast_ref::<PrintError>() {
        Some(PrintError::Gate(refused)) => Some(&**refused),
        _ => None,
    };
    if as_json {
        let shown = match refused {
            Some(refused) => gate_json(refused),
            None => json!({ "error": { "detail": format!("{error:#}") } }),
        };
        println!("{shown:#}");
    } else {
        eprintln!("threadmark-agent: {}", unhidden(&format!("{error:#}")));
    }
    ExitCode::from(if refused.is_some() { REFUSED } else { ERROR })
}

fn gate_json(refused: &GateError) -> serde_json::Value {
    json!({ "error": {
        "check": refused.check.name(),
        "code": refused.name(),
        "detail": refused.detail,
        "advice": refused.advice,
    } })
}
