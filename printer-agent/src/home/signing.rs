//! Signing: a number, a predecessor, and the disk before anything else.
//!
//! Owns the order of steps by which a statement comes into being. Must never know what it says.

use super::{GENESIS, Home, HomeError, JOURNAL, file::FileJournal, lock};
use crate::system::{Entropy, random};
use std::collections::BTreeMap;
use std::fs::File;
use threadmark_protocol::body::governance::{Anchors, Policy};
use threadmark_protocol::body::{Body, Bytes16, Core, Seen};
use threadmark_protocol::genesis::Genesis;
use threadmark_protocol::journal::Journal;
use threadmark_protocol::statement::Statement;
use threadmark_protocol::text::{Moment, Origin, SectionName, SubjectId};
use threadmark_protocol::world;

/// Bytes of a journal from which on nothing more is signed: some 100,000 statements.
const JOURNAL_BYTES_MAX: u64 = 256 << 20;

/// What is to be said; the journal adds who, which number, and what was seen.
#[derive(Clone, Debug)]
pub struct Draft {
    /// What it is about.
    pub sub: SubjectId,
    /// The kind, and what it says.
    pub core: Core,
    /// Sealed sections by name.
    pub sections: BTreeMap<SectionName, Vec<u8>>,
    /// When it happened; now, where nothing else is said.
    pub occurred_at: Option<Moment>,
}

impl Draft {
    /// Something that happens now, without sealed sections.
    pub fn new(sub: SubjectId, core: Core) -> Draft {
        Draft {
            sub,
            core,
            sections: BTreeMap::new(),
            occurred_at: None,
        }
    }
}

/// The right to sign: as long as it lives, no other process can. What is decided on the state of the journal, such as
/// which unit is free, is decided while holding it.
pub struct Writer<'a> {
    home: &'a Home,
    origin: Origin,
    seen: Option<Seen>,
    journal: Journal<FileJournal>,
    _lock: File,
}

impl Home {
    /// Locks the home and opens the journal for signing.
    pub fn writer(&self) -> Result<Writer<'_>, HomeError> {
        let trust = self.trust()?;
        let lock = lock(self.folder())?;
        let highest = self.highest(&trust)?;
        let journal = self.journal(trust.origin())?;
        // Numbers that the log knows and the journal does not would be used twice.
        if let Some(logged) = highest.own_seq
            && journal.next().0 <= logged
        {
            return Err(HomeError::JournalBehind { logged });
        }
        Ok(Writer {
            home: self,
            origin: trust.origin().clone(),
            seen: highest.seen,
            journal,
            _lock: lock,
        })
    }

    /// Signs one statement; see [`Writer::sign`].
    pub fn sign(
        &self,
        draft: Draft,
        now: i64,
        entropy: &mut dyn Entropy,
    ) -> Result<Statement, HomeError> {
        self.writer()?.sign(draft, now, entropy)
    }

    /// Founds a log: signs entries 0 and 1 with this key, into its journal, and joins it.
    ///
    /// A crash between leaves a journal with one or two statements and no genesis: make a new home, nothing counts yet.
    pub fn found(
        &self,
        policy: Policy,
        anchors: Anchors,
        url: &str,
        now: i64,
        entropy: &mut dyn Entropy,
    ) -> Result<Genesis, HomeError> {
        let lock = lock(self.folder())?;
        if self.path(GENESIS).exists() {
            return Err(HomeError::Exists(self.folder().to_owned()));
        }
        let origin = policy.origin.clone();
        let governor = world::org_subject(&policy.governor);
        let mut writer = Writer {
            home: self,
            journal: self.journal(&origin)?,
            origin,
            seen: None,
            _lock: lock,
        };
        if !writer.statements().is_empty() {
            return Err(HomeError::Exists(self.folder().to_owned()));
        }
        let policy = Draft::new(world::policy_subject(), Core::Policy(policy));
        let policy = writer.sign(policy, now, entropy)?.submission;
        let anchors = Draft::new(governor, Core::Anchors(anchors));
        let anchors = writer.sign(anchors, now, entropy)?.submission;
        drop(writer);
        let genesis = Genesis { policy, anchors };
        self.join(&genesis.to_bytes(), url, None)?;
        Ok(genesis)
    }

    pub(super) fn journal(&self, origin: &Origin) -> Result<Journal<FileJournal>, HomeError> {
        let path = self.path(JOURNAL);
        let file = FileJournal::open(&path).map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound => HomeError::JournalMissing,
            _ => HomeError::File { path, source },
        })?;
        Journal::open(file, origin).map_err(HomeError::Journal)
    }
}

impl Writer<'_> {
    /// Signs. **Commit point**: when this returns, the statement is on the disk and counts; a crash before leaves it
    /// unsaid, and its number free.
    pub fn sign(
        &mut self,
        draft: Draft,
        now: i64,
        entropy: &mut dyn Entropy,
    ) -> Result<Statement, HomeError> {
        self.must_have_room(JOURNAL_BYTES_MAX)?;
        let identity = self.home.identity();
        let (seq, prev) = self.journal.next();
        let occurred_at = match draft.occurred_at {
            Some(then) => then,
            None => Moment::from_unix(now).map_err(|_| HomeError::Clock)?,
        };
        let body = Body {
            iss: identity.org.clone(),
            sub: draft.sub,
            actor: identity.actor.clone(),
            iat: now,
            occurred_at,
            seq,
            prev,
            seen: self.seen.clone(),
            salt: Bytes16(random(entropy).map_err(HomeError::Entropy)?),
            core: draft.core,
            sealed: BTreeMap::new(),
        };
        let statement = Statement::sign(body, draft.sections, &self.origin, &identity.signer);
        self.journal
            .append(statement.clone())
            .map_err(HomeError::Journal)?;
        Ok(statement)
    }

    /// The whole journal is read each time something is signed or decided.
    pub(super) fn must_have_room(&self, max_bytes: u64) -> Result<(), HomeError> {
        let length_bytes = self.journal.length_bytes();
        if length_bytes < max_bytes {
            return Ok(());
        }
        Err(HomeError::JournalFull(length_bytes))
    }

    /// What was signed here, oldest first.
    pub fn statements(&self) -> &[Statement] {
        self.journal.statements()
    }
}
