//! The command line.
//!
//! Owns the grammar and what people and scripts read: one file a command. Every signing command writes its journal first
//! and works without a network. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 refused by a rule, 4 the answer is DO
//! NOT INSTALL, 5 CANNOT DETERMINE. Must never decide a rule.

mod answer;
mod approve;
mod args;
mod asset;
mod audit;
mod auditors;
mod bundle;
mod cases;
mod demo;
mod doctor;
mod dossier;
mod epcis;
mod evidence;
mod genesis;
mod governance;
mod journal;
mod key;
mod licence;
mod logs;
mod lookup;
mod mark;
mod material;
mod notices;
mod order;
mod outbox;
mod output;
mod part;
mod proof;
mod publish;
mod rebuild;
mod recall;
mod resource;
mod scan;
mod serve;
mod settings;
mod sightings;
mod sign;
mod sync;
mod tiles;
mod uii;
mod verify;
mod witness;

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Digital thread and part verification for additive manufacturing.
#[derive(Parser)]
#[command(name = "threadmark", version, about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the service
    Serve(serve::Serve),
    /// Found a log: policy, trust anchors, and the log's keys
    Genesis(genesis::Found),
    /// Replay the whole log and compare it with everything that is stored
    Audit(audit::Audit),
    /// Say what is wrong with this installation, and what to do now
    Doctor(doctor::Doctor),
    /// Make every state again from the log
    Rebuild(rebuild::Rebuild),
    /// The log as files for strangers: make them again, see who read entries
    #[command(subcommand)]
    Tiles(tiles::TilesCommand),
    /// Play the main job, end to end
    Demo(demo::Demo),
    /// Make, show, enrol and revoke keys
    #[command(subcommand)]
    Key(key::Key),
    /// Propose changes of members and policy, vote, and see what is decided
    #[command(subcommand)]
    Governance(governance::Governance),
    /// Pin a log by its genesis, and say where its service is
    Join(sync::Join),
    /// Deliver what was signed, then fetch and verify what was logged
    Sync(sync::Sync),
    /// Exchange signed statements as files
    #[command(subcommand)]
    Journal(journal::Journal),
    /// Publish designs and allowables, withdraw and supersede designs
    #[command(subcommand)]
    Publish(publish::Publish),
    /// Request, grant and revoke design approvals
    #[command(subcommand)]
    Approve(approve::Approve),
    /// Issue and accept licences
    #[command(subcommand)]
    Licence(licence::Licence),
    /// Report material
    #[command(subcommand)]
    Material(material::Material),
    /// Enrol, qualify, calibrate and retire machines
    #[command(subcommand)]
    Machine(resource::Machine),
    /// Report how much an asset was used; the use of the parts in it follows
    #[command(subcommand)]
    Asset(asset::Asset),
    /// Order a build
    Order(order::Order),
    /// Say what happened to a part
    #[command(subcommand)]
    Part(part::Part),
    /// See what a recall reaches; place, report and lift it
    #[command(subcommand)]
    Recall(recall::Recall),
    /// Read what concerns your parts, and name where it is sent
    #[command(subcommand)]
    Notices(notices::Notices),
    Cases(cases::Cases),
    /// Ask what the record of a part says, and check the proof
    Scan(scan::Scan),
    /// The life of a part for systems that speak EPCIS 2.0
    #[command(subcommand)]
    Epcis(epcis::Epcis),
    /// The identifiers by which a part is known outside: UII, GIAI, CPI
    #[command(subcommand)]
    Uii(uii::UiiCommand),
    /// Fetch everything about one part as a file, proved whole
    Bundle(bundle::Fetch),
    /// Make one file of everything about a part, for a reviewer
    Dossier(dossier::Make),
    /// Check a file that somebody handed over, without a network
    Verify(verify::Verify),
    /// Look for copied keys and other histories in what is known here
    Evidence(evidence::Collect),
    /// Watch that logs only grow, and cosign what does
    #[command(subcommand)]
    Witness(witness::Witness),
    /// Embed, render and read marks
    #[command(subcommand)]
    Mark(mark::MarkCommand),
}

impl Command {
    fn run(self) -> Result<ExitCode> {
        match self {
            Command::Serve(serve) => serve.run(),
            Command::Genesis(found) => found.run(),
            Command::Audit(audit) => audit.run(),
            Command::Doctor(doctor) => doctor.run(),
            Command::Rebuild(rebuild) => rebuild.run(),
            Command::Tiles(tiles) => tiles.run(),
            Command::Demo(demo) => demo.run(),
            Command::Key(key) => key.run(),
            Command::Governance(governance) => governance.run(),
            Command::Join(join) => join.run(),
            Command::Sync(sync) => sync.run(),
            Command::Journal(journal) => journal.run(),
            Command::Publish(publish) => publish.run(),
            Command::Approve(approve) => approve.run(),
            Command::Licence(licence) => licence.run(),
            Command::Material(material) => material.run(),
            Command::Machine(machine) => machine.run(),
            Command::Asset(asset) => asset.run(),
            Command::Order(order) => order.run(),
            Command::Part(part) => part.run(),
            Command::Recall(recall) => recall.run(),
            Command::Notices(notices) => notices.run(),
            Command::Cases(cases) => cases.run(),
            Command::Scan(scan) => scan.run(),
            Command::Epcis(epcis) => epcis.run(),
            Command::Uii(uii) => uii.run(),
            Command::Bundle(fetch) => fetch.run(),
            Command::Dossier(make) => make.run(),
            Command::Verify(verify) => verify.run(),
            Command::Evidence(collect) => collect.run(),
            Command::Witness(witness) => witness.run(),
            Command::Mark(mark) => mark.run(),
        }
    }
}

/// Reads the arguments and runs the command.
pub fn run() -> ExitCode {
    let as_json = std::env::args_os().any(|arg| arg == "--json");
    let cli = Cli::try_parse().unwrap_or_else(|error| {
        if as_json && error.use_stderr() {
            output::say_misused(&error);
        }
        error.exit()
    });
    let done = cli.command.run();
    done.unwrap_or_else(|error| output::fail(&error, as_json))
}

#[cfg(test)]
mod tests;
