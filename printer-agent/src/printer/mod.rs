//! Printers: where a cleared geometry goes.
//!
//! Owns what every printer can be asked. An enumeration, because there is one kind yet; each kind has its file. Must
//! never know licences or statements.

pub mod file;

use file::FilePrinter;
use threadmark_protocol::body::build::Assurance;
use threadmark_protocol::digest::Digest;

/// Why a printer did not take a geometry.
#[derive(Debug, thiserror::Error)]
pub enum PrinterError {
    /// Nothing was handed over, and nothing is spent: choose another place.
    #[error("{place} cannot take the file: {reason}")]
    NotReady {
        /// Which folder or file.
        place: String,
        /// Why.
        reason: String,
    },
    /// Handing over failed in the middle.
    #[error("handing over to {place} failed: {source}")]
    Failed {
        /// Which file.
        place: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// What stands there is not what was handed over.
    #[error("{place} holds other bytes than were handed over: {found}")]
    Different {
        /// Which file.
        place: String,
        /// SHA3-256 of what was found.
        found: Digest,
    },
}

/// A printer.
#[derive(Debug)]
pub enum Printer {
    /// A folder.
    File(FilePrinter),
}

impl Printer {
    /// How far the agent sees to it that what was checked is what is printed.
    pub fn assurance(&self) -> Assurance {
        match self {
            Printer::File(_) => Assurance::File,
        }
    }

    /// Whether a geometry called `name` can be taken. Asked before the unit is spent.
    pub fn prepare(&self, name: &str) -> Result<(), PrinterError> {
        match self {
            Printer::File(printer) => printer.prepare(name),
        }
    }

    /// Hands over, reads again and compares; tells where it stands and the digest of what was found.
    pub fn hand_over(&self, name: &str, bytes: &[u8]) -> Result<(String, Digest), PrinterError> {
        match self {
            Printer::File(printer) => printer.hand_over(name, bytes),
        }
    }
}
