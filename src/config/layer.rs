//! Settings as one source tells them: the command line with the environment, or the file.
//!
//! Owns their names and forms, and how a file's mistakes are told: file, line, key, and what is allowed. A value that is
//! refused is never repeated, because it may be a secret.

use super::files::Files;
use super::secret::Secret;
use crate::http::quota::Limits;
use clap::ValueEnum;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// What one source says; what it does not say is left to the next.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Layer {
    /// Folder with genesis, keys, artifacts and the private database.
    pub home: Option<PathBuf>,
    /// Address of the service.
    #[serde(deserialize_with = "address")]
    pub listen: Option<SocketAddr>,
    /// Address of `/metrics`.
    #[serde(deserialize_with = "address")]
    pub metrics_listen: Option<SocketAddr>,
    /// PostgreSQL to use instead of a private one.
    pub database_url: Option<Secret>,
    /// Where people reach the service.
    #[serde(deserialize_with = "public_url")]
    pub public_url: Option<PublicUrl>,
    /// Where the other nodes of this log reach this one.
    #[serde(deserialize_with = "public_url")]
    pub node_address: Option<PublicUrl>,
    /// Where sealed files and tiles are.
    #[serde(deserialize_with = "files")]
    pub artifacts: Option<Files>,
    /// File that says which witnesses cosign the log (C2SP tlog-policy).
    pub witness_policy: Option<PathBuf>,
    /// What is told in the log.
    #[serde(deserialize_with = "filter")]
    pub log: Option<Filter>,
    /// How the log is written.
    #[serde(deserialize_with = "format")]
    pub log_format: Option<LogFormat>,
    /// Where members' hooks may be.
    #[serde(deserialize_with = "hooks")]
    pub hooks: Option<Hooks>,
    /// What one key and one address may use.
    pub limits: Limits,
}

/// Why a file is not taken.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum FileError {
    /// It is not there, or closed.
    #[error("{0}: {1}")]
    Unreadable(PathBuf, String),
    /// Something in it is wrong.
    #[error("{}, line {line}{}: {why}", file.display(), key.as_ref().map(|key| format!(", `{key}`")).unwrap_or_default())]
    Wrong {
        /// The file.
        file: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// The setting, where there is one.
        key: Option<String>,
        /// What is wrong, and what is allowed.
        why: String,
    },
    /// A file that was found in the home cannot move the home.
    #[error("{0} sets `home` and lies in it; name the file with --config, or take the line out")]
    HomeInHome(PathBuf),
}

impl Layer {
    /// Reads a file. Paths in it count from its folder.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn read(file: &Path) -> Result<Layer, FileError> {
        let text = std::fs::read_to_string(file)
            .map_err(|error| FileError::Unreadable(file.to_owned(), error.to_string()))?;
        let mut layer = Layer::parse(&text).map_err(|wrong| wrong.of(file))?;
        let folder = file.parent().unwrap_or(Path::new("."));
        for path in [&mut layer.home, &mut layer.witness_policy]
            .into_iter()
            .flatten()
        {
            *path = folder.join(&*path);
        }
        layer.artifacts = layer.artifacts.map(|files| files.from_folder(folder));
        Ok(layer)
    }

    fn parse(text: &str) -> Result<Layer, Wrong> {
        toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start.min(text.len()));
            let before = text.get(..at).unwrap_or_default();
            let line = before.matches('\n').count();
            let shown = text.lines().nth(line).unwrap_or_default();
            let key = shown.split_once('=').map(|(key, _)| key.trim().to_owned());
            let why = error.message().to_owned();
            Wrong {
                line: line + 1,
                key,
                why,
            }
        })
    }

    /// This source before another.
    pub fn over(self, below: Layer) -> Layer {
        Layer {
            home: self.home.or(below.home),
            listen: self.listen.or(below.listen),
            metrics_listen: self.metrics_listen.or(below.metrics_listen),
            database_url: self.database_url.or(below.database_url),
            public_url: self.public_url.or(below.public_url),
            node_address: self.node_address.or(below.node_address),
            artifacts: self.artifacts.or(below.artifacts),
            witness_policy: self.witness_policy.or(below.witness_policy),
            log: self.log.or(below.log),
            log_format: self.log_format.or(below.log_format),
            hooks: self.hooks.or(below.hooks),
            // Flags set none, and the environment is asked when both are together.
            limits: below.limits,
        }
    }
}

/// How the log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Text on a terminal, else JSON
    #[default]
    Auto,
    /// One JSON document a line
    Json,
    /// Lines for people
    Text,
}

/// Where members' hooks may be: a member names the address, and the service calls it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Hooks {
    /// On the Internet, by https
    #[default]
    Public,
    /// Anywhere, also in the operator's own network and by http: for a ship
    Anywhere,
}

/// A mistake in a text.
#[derive(Debug)]
struct Wrong {
    line: usize,
    key: Option<String>,
    why: String,
}

impl Wrong {
    fn of(self, file: &Path) -> FileError {
        FileError::Wrong {
            file: file.to_owned(),
            line: self.line,
            key: self.key,
            why: self.why,
        }
    }
}

/// An address without a path, such as `https://part.example`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl(String);

impl PublicUrl {
    /// Without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PublicUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<PublicUrl, String> {
        let expected = "expected `https://` or `http://`, a host, and nothing behind it, such as https://part.example";
        let uri: axum::http::Uri = text.parse().map_err(|_| expected.to_owned())?;
        let host = uri.authority().map_or("", |authority| authority.as_str());
        let good = matches!(uri.scheme_str(), Some("http" | "https"))
            && !host.is_empty()
            && !host.contains('@')
            && uri.path() == "/"
            && uri.query().is_none();
        if good {
            Ok(PublicUrl(text.trim_end_matches('/').to_owned()))
        } else {
            Err(expected.to_owned())
        }
    }
}

/// What is told, in the words of `tracing`'s filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter(String);

impl Filter {
    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Filter {
    type Err = String;

    fn from_str(text: &str) -> Result<Filter, String> {
        let expected = "expected error, warn, info, debug or trace, and `target=level` for parts, with commas between, \
                        such as info,sqlx=warn";
        match text.parse::<tracing_subscriber::filter::Targets>() {
            Ok(_) if !text.is_empty() => Ok(Filter(text.to_owned())),
            _ => Err(expected.to_owned()),
        }
    }
}

fn parsed<'de, D: Deserializer<'de>, T>(
    from: D,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<Option<T>, D::Error> {
    let text = String::deserialize(from)?;
    read(&text).map(Some).map_err(D::Error::custom)
}

fn address<'de, D: Deserializer<'de>>(from: D) -> Result<Option<SocketAddr>, D::Error> {
    parsed(from, |text| {
        text.parse()
            .map_err(|_| "expected ADDRESS:PORT, such as 127.0.0.1:8470".to_owned())
    })
}

fn files<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Files>, D::Error> {
    parsed(from, str::parse)
}

fn public_url<'de, D: Deserializer<'de>>(from: D) -> Result<Option<PublicUrl>, D::Error> {
    parsed(from, str::parse)
}

fn filter<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Filter>, D::Error> {
    parsed(from, str::parse)
}

fn format<'de, D: Deserializer<'de>>(from: D) -> Result<Option<LogFormat>, D::Error> {
    parsed(from, |text| {
        <LogFormat as ValueEnum>::from_str(text, false)
            .map_err(|_| "expected auto, json or text".to_owned())
    })
}

fn hooks<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Hooks>, D::Error> {
    parsed(from, |text| {
        <Hooks as ValueEnum>::from_str(text, false)
            .map_err(|_| "expected public or anywhere".to_owned())
    })
}

#[cfg(test)]
mod tests;
