//! The text of a policy, read strictly.
//!
//! Owns the grammar of c2sp.org/tlog-policy and which line is to blame. Must never know what a policy decides.

use super::{Group, Member, NAMES_MAX, POLICY_BYTES_MAX, Policy, PolicyLog, PolicyWitness};
use crate::note::{KeyKind, VerifierKey, VerifierKeyError};
use std::collections::{BTreeMap, BTreeSet};

/// Why a policy is refused.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("line {line}: {reason}")]
pub struct PolicyError {
    /// Counted from 1; for what the whole file lacks, its last.
    pub line: usize,
    /// What is wrong there.
    pub reason: Reason,
}

/// What is wrong with a line.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum Reason {
    /// The file is larger than 64 KiB.
    #[error("the file is larger than 64 KiB")]
    TooLarge,
    /// The last line has no newline: the file may be cut off.
    #[error("it does not end with a newline")]
    Open,
    /// A byte that the specification does not allow.
    #[error("it holds a control character")]
    Control,
    /// It begins with no known word.
    #[error("it begins with none of log, witness, group, quorum")]
    Word,
    /// Too few or too many items.
    #[error("expected `{0}`")]
    Form(&'static str),
    /// A key that cannot be read.
    #[error("{0}")]
    Key(#[from] VerifierKeyError),
    /// A key of the other kind.
    #[error("a {0} has a key of type {1}")]
    Kind(&'static str, &'static str),
    /// The same public key twice: one party would count as two.
    #[error("this public key stands in an earlier line")]
    SameKey,
    /// A URL that cannot be asked.
    #[error("expected a URL that begins with https:// or http://")]
    Url,
    /// A name twice, or the name `none`.
    #[error("the name {0} is taken")]
    Taken(String),
    /// A name that no earlier line defines.
    #[error("no earlier line defines {0}")]
    Unknown(String),
    /// A name that counts in one group already.
    #[error("{0} is a member already; each counts once")]
    Twice(String),
    /// A threshold that is no number, 0, or more than there are members.
    #[error("the threshold is all, any, or a number from 1 to the number of members")]
    Threshold,
    /// More of a sort than the limit.
    #[error("more than 64 logs, witnesses or groups")]
    TooMany,
    /// A second quorum.
    #[error("the quorum stands in an earlier line")]
    SecondQuorum,
    /// No quorum.
    #[error("the file has no quorum line")]
    NoQuorum,
}

const LOG_FORM: &str = "log VKEY [URL]";
const WITNESS_FORM: &str = "witness NAME VKEY [URL]";
const GROUP_FORM: &str = "group NAME all|any|K MEMBER...";
const QUORUM_FORM: &str = "quorum NAME|none";

/// What was read so far.
struct Parser<'a> {
    policy: Policy,
    /// Names are opaque bytes.
    names: BTreeMap<&'a [u8], Member>,
    members: BTreeSet<&'a [u8]>,
    has_quorum: bool,
}

pub(super) fn parse(file: &[u8]) -> Result<Policy, PolicyError> {
    let at = |line| move |reason| PolicyError { line, reason };
    if file.len() > POLICY_BYTES_MAX {
        return Err(at(1)(Reason::TooLarge));
    }
    let lines = file.split_inclusive(|byte| *byte == b'\n');
    let last = lines.clone().count().max(1);
    let mut parser = Parser {
        policy: Policy::none(),
        names: BTreeMap::new(),
        members: BTreeSet::new(),
        has_quorum: false,
    };
    for (line, bytes) in (1..).zip(lines) {
        parser.line(bytes).map_err(at(line))?;
    }
    if parser.has_quorum {
        Ok(parser.policy)
    } else {
        Err(at(last)(Reason::NoQuorum))
    }
}

impl<'a> Parser<'a> {
    fn line(&mut self, line: &'a [u8]) -> Result<(), Reason> {
        let line = line.strip_suffix(b"\n").ok_or(Reason::Open)?;
        if line
            .iter()
            .any(|byte| *byte < b' ' && *byte != b'\t' || *byte == 0x7f)
        {
            return Err(Reason::Control);
        }
        let is_space = |byte: &u8| matches!(byte, b' ' | b'\t');
        let items = line.split(is_space).filter(|item| !item.is_empty());
        let items: Vec<&[u8]> = items.collect();
        match &items[..] {
            [] => Ok(()),
            [first, ..] if first.starts_with(b"#") => Ok(()),
            [b"log", rest @ ..] => self.log(rest),
            [b"witness", rest @ ..] => self.witness(rest),
            [b"group", rest @ ..] => self.group(rest),
            [b"quorum", rest @ ..] => self.quorum(rest),
            _ => Err(Reason::Word),
        }
    }

    fn log(&mut self, items: &[&[u8]]) -> Result<(), Reason> {
        let (key, url) = match items {
            [key] => (key, None),
            [key, url] => (key, Some(self::url(url)?)),
            _ => return Err(Reason::Form(LOG_FORM)),
        };
        let key = self::key(key)?;
        if key.kind != KeyKind::Ed25519 {
            return Err(Reason::Kind("log", "01"));
        }
        if self
            .policy
            .logs
            .iter()
            .any(|of| of.key.public == key.public)
        {
            return Err(Reason::SameKey);
        }
        self.policy.logs.push(PolicyLog { key, url });
        within_limit(self.policy.logs.len())
    }

    fn witness(&mut self, items: &[&'a [u8]]) -> Result<(), Reason> {
        let (name, key, url) = match items {
            [name, key] => (name, key, None),
            [name, key, url] => (name, key, Some(self::url(url)?)),
            _ => return Err(Reason::Form(WITNESS_FORM)),
        };
        let key = self::key(key)?;
        if key.kind != KeyKind::Cosignature {
            return Err(Reason::Kind("witness", "04"));
        }
        let mut others = self.policy.witnesses.iter();
        if others.any(|of| of.key.public == key.public) {
            return Err(Reason::SameKey);
        }
        self.define(name, Member::Witness(self.policy.witnesses.len()))?;
        let name = shown(name);
        self.policy.witnesses.push(PolicyWitness { name, key, url });
        within_limit(self.policy.witnesses.len())
    }

    fn group(&mut self, items: &[&'a [u8]]) -> Result<(), Reason> {
        let [name, threshold, names @ ..] = items else {
            return Err(Reason::Form(GROUP_FORM));
        };
        if names.is_empty() {
            return Err(Reason::Form(GROUP_FORM));
        }
        let needed = match *threshold {
            b"all" => names.len(),
            b"any" => 1,
            digits => number(digits).ok_or(Reason::Threshold)?,
        };
        if !(1..=names.len()).contains(&needed) {
            return Err(Reason::Threshold);
        }
        let mut members = Vec::new();
        for name in names {
            let unknown = || Reason::Unknown(shown(name));
            members.push(*self.names.get(name).ok_or_else(unknown)?);
            if !self.members.insert(name) {
                return Err(Reason::Twice(shown(name)));
            }
        }
        self.define(name, Member::Group(self.policy.groups.len()))?;
        let name = shown(name);
        self.policy.groups.push(Group {
            name,
            needed,
            members,
        });
        within_limit(self.policy.groups.len())
    }

    fn quorum(&mut self, items: &[&[u8]]) -> Result<(), Reason> {
        let [name] = items else {
            return Err(Reason::Form(QUORUM_FORM));
        };
        if std::mem::replace(&mut self.has_quorum, true) {
            return Err(Reason::SecondQuorum);
        }
        if *name != b"none" {
            let unknown = || Reason::Unknown(shown(name));
            self.policy.quorum = Some(*self.names.get(name).ok_or_else(unknown)?);
        }
        Ok(())
    }

    fn define(&mut self, name: &'a [u8], member: Member) -> Result<(), Reason> {
        let is_new = name != b"none" && self.names.insert(name, member).is_none();
        is_new
            .then_some(())
            .ok_or_else(|| Reason::Taken(shown(name)))
    }
}

fn within_limit(count: usize) -> Result<(), Reason> {
    (count <= NAMES_MAX).then_some(()).ok_or(Reason::TooMany)
}

fn shown(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}

/// A decimal number in its one form.
fn number(digits: &[u8]) -> Option<usize> {
    let text = str::from_utf8(digits).ok()?;
    let number = text.parse::<usize>().ok()?;
    (number.to_string() == text).then_some(number)
}

fn key(bytes: &[u8]) -> Result<VerifierKey, Reason> {
    let text = str::from_utf8(bytes).map_err(|_| VerifierKeyError::Malformed)?;
    Ok(text.parse()?)
}

fn url(bytes: &[u8]) -> Result<String, Reason> {
    let text = str::from_utf8(bytes).map_err(|_| Reason::Url)?;
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    match rest {
        Some(rest) if !rest.is_empty() && !rest.starts_with('/') => {
            Ok(text.trim_end_matches('/').to_owned())
        }
        _ => Err(Reason::Url),
    }
}
