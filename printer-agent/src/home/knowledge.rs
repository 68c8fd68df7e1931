//! What is known here: the log as far as it was synchronised, with the journals at hand on top.
//!
//! Owns `imported.cbor`, and the view that gate and answer rest on. Must never know why it is asked.

use super::{Home, HomeError, error::At, file::FileJournal, lock};
use std::collections::BTreeSet;
use threadmark_protocol::answer::{Answer, Knowledge, Viewer, answer};
use threadmark_protocol::bundle::Replica;
use threadmark_protocol::journal::{self, Journal};
use threadmark_protocol::lifecycle::{Refusal, author_key};
use threadmark_protocol::mark::Mark;
use threadmark_protocol::statement::{Statement, StatementId};
use threadmark_protocol::text::Origin;
use threadmark_protocol::world::World;

const IMPORTED: &str = "imported.cbor";
/// Bytes of others' statements that are kept beside the log: what a fleet signs in a year at sea.
const IMPORTED_BYTES_MAX: u64 = 256 << 20;

/// Largest journal file that is read from somebody else.
pub const IMPORT_BYTES_MAX: usize = 256 << 20;

/// Everything that is known here.
pub struct View {
    /// The log, verified.
    pub replica: Replica,
    /// Its states with what is signed and not logged yet on top.
    pub world: World,
    /// Own statements, and imported ones that their authors signed, the logged ones among them.
    pub at_hand: Vec<Statement>,
    /// Statements at hand that the rules refuse.
    pub refused: Vec<(StatementId, Refusal)>,
    /// How fresh it is.
    pub knowledge: Knowledge,
}

impl View {
    /// A sealed section of a statement, from the log or from a journal at hand.
    pub fn section(&self, id: &StatementId, name: &str) -> Option<&[u8]> {
        let at_hand = || {
            let said = self.at_hand.iter().find(|said| said.id == *id)?;
            let mut sections = said.submission.sections.iter();
            let found = sections.find(|(known, _)| known.as_str() == name)?;
            Some(&found.1[..])
        };
        self.replica.section(id, name).or_else(at_hand)
    }

    /// The answer about a mark.
    pub fn answer(&self, mark: Mark, viewer: &Viewer, now: i64) -> Answer {
        answer(&self.world, mark, now, viewer, self.knowledge)
    }
}

fn is_signed(world: &World, said: &Statement) -> bool {
    author_key(world, said).is_some_and(|key| said.envelope.is_signed_by(&key))
}

impl Home {
    /// The log as far as it is known, with own and imported statements on top.
    pub fn view(&self) -> Result<View, HomeError> {
        let replica = self.replica()?;
        let origin = replica.trust().origin().clone();
        let mut statements = self.own_statements()?;
        let own = statements.len();
        statements.extend(self.imported(&origin)?);
        let (world, refused) = replica.with(&statements);
        // A journal comes from anybody; what nobody signed says nothing, in whosever name it speaks.
        let imported = statements.split_off(own).into_iter();
        statements.extend(imported.filter(|said| is_signed(&world, said)));
        let knowledge = Knowledge {
            logged_until: replica.as_of(),
            is_whole_log: false,
            witnessing: self.witnessing(&replica)?,
        };
        Ok(View {
            replica,
            world,
            at_hand: statements,
            refused,
            knowledge,
        })
    }

    /// The answer about a mark, from what is known here.
    pub fn answer(&self, mark: Mark, viewer: &Viewer, now: i64) -> Result<Answer, HomeError> {
        Ok(self.view()?.answer(mark, viewer, now))
    }

    /// Everything that was signed here, oldest first.
    pub fn own_statements(&self) -> Result<Vec<Statement>, HomeError> {
        let trust = self.trust()?;
        let path = self.path(super::JOURNAL);
        let bytes = super::file::read_if_there(&path)
            .at(&path)?
            .ok_or(HomeError::JournalMissing)?;
        // A record that is being written by another process is not said yet.
        let (statements, _) = journal::read(&bytes, trust.origin()).map_err(HomeError::Journal)?;
        Ok(statements)
    }

    /// Statements of others that were brought as files.
    pub fn imported_statements(&self) -> Result<Vec<Statement>, HomeError> {
        self.imported(self.trust()?.origin())
    }

    fn imported(&self, origin: &Origin) -> Result<Vec<Statement>, HomeError> {
        let bytes = self.read(IMPORTED)?.unwrap_or_default();
        let (statements, _) = journal::read(&bytes, origin).map_err(HomeError::Imported)?;
        Ok(statements)
    }

    /// A journal file for others: own statements, and those of others that are not known to be logged, so that one file
    /// carries what a whole crew has signed.
    pub fn export(&self) -> Result<Vec<u8>, HomeError> {
        let logged = self.replica_to_extend()?;
        let own = self.own_statements()?;
        let genesis = [
            logged.trust().policy_statement.id,
            logged.trust().anchors_statement.id,
        ];
        let own = own.into_iter().filter(|own| !genesis.contains(&own.id));
        let others = self.imported_statements()?;
        let others = others
            .into_iter()
            .filter(|other| logged.index_of(&other.id).is_none());
        let frames = own.chain(others);
        Ok(frames
            .flat_map(|each| journal::frame(&each.submission))
            .collect())
    }

    /// Takes over a journal file, and says how many statements are new. A damaged file changes nothing, and so does one
    /// for which there is no room.
    pub fn import(&self, bytes: &[u8]) -> Result<usize, HomeError> {
        self.import_within(bytes, IMPORTED_BYTES_MAX)
    }

    /// [`Home::import`] into a file of at most `max_bytes`.
    pub(super) fn import_within(&self, bytes: &[u8], max_bytes: u64) -> Result<usize, HomeError> {
        if bytes.len() > IMPORT_BYTES_MAX {
            return Err(HomeError::TooLarge(IMPORT_BYTES_MAX));
        }
        let trust = self.trust()?;
        let (offered, _) = journal::read(bytes, trust.origin()).map_err(HomeError::Imported)?;
        let _lock = lock(self.folder())?;
        let mut kept = self.open_imported(trust.origin())?;
        let own = self.own_statements()?;
        let known = own.iter().chain(kept.statements());
        let mut known: BTreeSet<_> = known.map(|statement| statement.id).collect();
        let mut new = offered;
        new.retain(|statement| known.insert(statement.id));
        let frames = new.iter().map(|each| journal::frame(&each.submission));
        let needed: u64 = frames.map(|frame| frame.len() as u64).sum();
        if kept.length_bytes() + needed > max_bytes {
            kept = self.forget_logged(kept, trust.origin())?;
        }
        if kept.length_bytes() + needed > max_bytes {
            return Err(HomeError::ImportedFull(max_bytes));
        }
        let count = new.len();
        for statement in new {
            kept.append(statement).map_err(HomeError::Imported)?;
        }
        Ok(count)
    }

    fn open_imported(&self, origin: &Origin) -> Result<Journal<FileJournal>, HomeError> {
        let path = self.path(IMPORTED);
        let file = match FileJournal::open(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                FileJournal::create(&path)
            }
            opened => opened,
        }
        .at(&path)?;
        Journal::open(file, origin).map_err(HomeError::Imported)
    }

    /// What is logged stands in the replica too: only the rest is kept.
    fn forget_logged(
        &self,
        kept: Journal<FileJournal>,
        origin: &Origin,
    ) -> Result<Journal<FileJournal>, HomeError> {
        let logged = self.replica_to_extend()?;
        let open = kept.statements().iter();
        let open = open.filter(|statement| logged.index_of(&statement.id).is_none());
        let frames: Vec<u8> = open
            .flat_map(|each| journal::frame(&each.submission))
            .collect();
        drop(kept);
        self.write(IMPORTED, &frames)?;
        self.open_imported(origin)
    }
}
