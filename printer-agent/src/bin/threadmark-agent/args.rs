//! Arguments of the agent, with their help.

use clap::{Parser, Subcommand};
use std::path::PathBuf;
use threadmark_protocol::digest::Digest;
use threadmark_protocol::text::{ActorId, OrgId, Paragraph, SubjectId};

const EXAMPLES: &str = "\
Examples:
  Make the machine's keys, and give the printed card to the shop's administrator:
    threadmark-agent --home m1 enrol --org ship.example --actor ember-280-1 \\
        --service https://threadmark.example --fingerprint 5f1c… > card.json
  Fetch everything that printing at sea needs, while there is a network:
    threadmark-agent --home m1 sync
  Take over what the operator signed, and print:
    threadmark-agent --home m1 import operator.journal
    threadmark-agent --home m1 print --order order:7f3a --to ./out
  After a crash: what is open, and end it:
    threadmark-agent --home m1 status
    threadmark-agent --home m1 abort build:91ce --reason 'power failed at layer 112'

Exit codes: 0 done, 1 error, 2 wrong usage, 3 refused by the gate (nothing was spent).";

/// The enforcement point beside a printer: prints what is licensed, marks it, and signs for it.
#[derive(Parser)]
#[command(name = "threadmark-agent", version, after_help = EXAMPLES)]
pub struct Args {
    /// Folder with the machine's credential and journal.
    #[arg(
        long,
        env = "THREADMARK_AGENT_HOME",
        default_value = "threadmark-agent",
        global = true
    )]
    pub home: PathBuf,
    /// Print results as JSON.
    #[arg(long, global = true)]
    pub json: bool,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Make the machine's keys and join a log; prints the key card. Run again to go on after an error.
    Enrol {
        /// The print shop's organisation.
        #[arg(long)]
        org: OrgId,
        /// The machine's credential.
        #[arg(long)]
        actor: ActorId,
        /// Address of the service.
        #[arg(long)]
        service: String,
        /// Fingerprint of the log's genesis, as the consortium published it.
        #[arg(long)]
        fingerprint: Digest,
        /// File with the genesis, where there is no network.
        #[arg(long)]
        genesis: Option<PathBuf>,
    },
    /// Deliver what was signed, fetch and verify what was logged, and the sealed files of every licence.
    Sync,
    /// Take over statements that others signed, from their journal file.
    Import {
        /// The file.
        file: PathBuf,
    },
    /// Write everything signed here, and what was imported and is not logged, into a journal file.
    Export {
        /// The file; an existing one is replaced.
        file: PathBuf,
    },
    /// Run the gate, spend a unit and hand over the marked part.
    Print {
        /// The operator's order.
        #[arg(long)]
        order: SubjectId,
        /// Unit of the licence; the lowest free one where none is named.
        #[arg(long)]
        unit: Option<u32>,
        /// Folder to hand over into.
        #[arg(long)]
        to: PathBuf,
    },
    /// What is known, what is undelivered, and builds that have no end.
    Status,
    /// Report that a build failed. Its unit stays spent.
    Abort {
        /// The build.
        build: SubjectId,
        /// Why.
        #[arg(long)]
        reason: Paragraph,
    },
}
