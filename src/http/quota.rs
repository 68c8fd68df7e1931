//! Quotas: how much of the service one key and one address may use.
//!
//! Owns the limits with their defaults, who counts as one, and which request counts as what. A quota delays and never
//! discards: who waits as `Retry-After` says gets through. Everything is in this process's memory and bounded. Must
//! never know what a request says.

mod bucket;

use super::problem::Problem;
use super::{App, pages, scrapi};
use axum::extract::{FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use axum::response::{IntoResponse as _, Response};
pub use bucket::Wait;
use bucket::{Buckets, Rate};
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;
use threadmark_protocol::key::KeyId;

/// What asks for one thing by its name.
const LOOKUPS: &str = "/v1/sightings /v1/marks/ /v1/epcis/events /m/ /M/ /8004/ /8010/ /v1/statements/ /v1/proofs/ /log/proof/ /entries/";

/// Keys and addresses that each quota remembers, some 100 bytes each.
const KEPT_MAX: usize = 1 << 16;

/// What one key and one address may use; 0 a second is no limit. An address is an IPv4 address or the first 64 bits
/// of an IPv6 address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Requests of one address, of all kinds, a second.
    pub requests_per_second: u64,
    /// The same, at once.
    pub requests_burst: u64,
    /// Statements of one key a second.
    pub statements_per_second: u64,
    /// The same, at once: what a ship brings home.
    pub statements_burst: u64,
    /// Submissions from one address that no enrolled key signed, a second.
    pub unsigned_per_second: u64,
    /// The same, at once.
    pub unsigned_burst: u64,
    /// Marks, statements and proofs that one address looks up a second.
    pub lookups_per_second: u64,
    /// The same, at once.
    pub lookups_burst: u64,
    /// Pictures of one address a second.
    pub scans_per_second: u64,
    /// The same, at once.
    pub scans_burst: u64,
    /// Sessions that one address asks for a second.
    pub sessions_per_second: u64,
    /// The same, at once.
    pub sessions_burst: u64,
    /// Bytes of artifacts to and from one address a second.
    pub artifact_bytes_per_second: u64,
    /// The same, at once.
    pub artifact_bytes_burst: u64,
    /// Connections of one address at the same time; 0 is no limit.
    pub connections_per_address: usize,
    /// Addresses of proxies whose `X-Forwarded-For` is believed. A connection from anybody else speaks for itself.
    pub trusted_proxies: Vec<IpAddr>,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            requests_per_second: 300,
            requests_burst: 20_000,
            statements_per_second: 50,
            statements_burst: 10_000,
            unsigned_per_second: 20,
            unsigned_burst: 2_000,
            lookups_per_second: 20,
            lookups_burst: 600,
            scans_per_second: 2,
            scans_burst: 120,
            sessions_per_second: 2,
            sessions_burst: 120,
            artifact_bytes_per_second: 64 << 20,
            artifact_bytes_burst: 8 << 30,
            connections_per_address: 256,
            trusted_proxies: Vec::new(),
        }
    }
}

impl Limits {
    /// These limits with what `told` says of `THREADMARK_` and the name of a limit in capitals; addresses are
    /// separated by commas.
    ///
    /// # Errors
    /// A value is no number, or no list of addresses.
    pub fn overridden(
        &self,
        told: impl Fn(&str) -> Option<String>,
    ) -> Result<Limits, serde_json::Error> {
        let mut limits = serde_json::to_value(self)?;
        for (name, value) in limits.as_object_mut().into_iter().flatten() {
            if let Some(text) = told(&format!("THREADMARK_{}", name.to_uppercase())) {
                *value = match (value.is_array(), text.parse::<u64>()) {
                    (false, Ok(number)) => number.into(),
                    (false, Err(_)) => text.into(),
                    (true, _) => text.split(',').map(str::trim).collect(),
                };
            }
        }
        serde_json::from_value(limits)
    }
}

/// Who counts as one: an address, those of a small network taken together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Address(pub(super) u128);

impl From<IpAddr> for Address {
    /// Whoever has one IPv6 address has 2^64: they count as one.
    fn from(ip: IpAddr) -> Address {
        Address(match ip.to_canonical() {
            IpAddr::V4(ip) => ip.to_ipv6_mapped().to_bits(),
            IpAddr::V6(ip) => ip.to_bits() >> 64 << 64,
        })
    }
}

/// The other end of a connection.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

/// What a request counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    /// The operator's own look, which must work when nothing else does.
    Watching,
    Submission,
    Lookup,
    Scan,
    Session,
    Artifact,
    Other,
}

impl Class {
    fn of(method: &Method, path: &str) -> Class {
        let is_post = method == Method::POST;
        match path {
            "/healthz" | "/metrics" => Class::Watching,
            "/v1/statements" | "/entries" => Class::Submission,
            "/v1/scan" | "/scan" if is_post => Class::Scan,
            "/v1/sessions" => Class::Session,
            _ if path.starts_with("/v1/artifacts/") => Class::Artifact,
            _ if LOOKUPS.split(' ').any(|head| path.starts_with(head)) => Class::Lookup,
            _ => Class::Other,
        }
    }
}

/// What has been used.
pub struct Quotas {
    limits: Limits,
    /// Time since some moment, by a clock that never goes back.
    elapsed: fn() -> Duration,
    statements: Buckets<KeyId>,
    requests: Buckets<Address>,
    unsigned: Buckets<Address>,
    lookups: Buckets<Address>,
    scans: Buckets<Address>,
    sessions: Buckets<Address>,
    artifact_bytes: Buckets<Address>,
}

impl Quotas {
    /// Nothing used yet.
    pub fn new(limits: Limits, elapsed: fn() -> Duration) -> Quotas {
        fn buckets<K: Copy + Eq + std::hash::Hash>(per_second: u64, burst: u64) -> Buckets<K> {
            Buckets::new(Rate { per_second, burst }, KEPT_MAX)
        }
        Quotas {
            statements: buckets(limits.statements_per_second, limits.statements_burst),
            requests: buckets(limits.requests_per_second, limits.requests_burst),
            unsigned: buckets(limits.unsigned_per_second, limits.unsigned_burst),
            lookups: buckets(limits.lookups_per_second, limits.lookups_burst),
            scans: buckets(limits.scans_per_second, limits.scans_burst),
            sessions: buckets(limits.sessions_per_second, limits.sessions_burst),
            artifact_bytes: buckets(
                limits.artifact_bytes_per_second,
                limits.artifact_bytes_burst,
            ),
            limits,
            elapsed,
        }
    }

    /// Connections of one address at the same time.
    pub fn connections_max(&self) -> usize {
        match self.limits.connections_per_address {
            0 => usize::MAX,
            most => most,
        }
    }

    /// Whether this is one of our own proxies, behind which are many.
    pub fn is_trusted(&self, peer: IpAddr) -> bool {
        self.limits.trusted_proxies.contains(&peer.to_canonical())
    }

    /// Whether a key in whose name something is sent may send more now. Anybody can claim a key: nothing is counted.
    pub fn may_submit(&self, kid: KeyId) -> Result<(), Problem> {
        let asked = self.statements.ask(kid, (self.elapsed)());
        asked.map_err(|wait| Problem::quota("statements of this key", wait))
    }

    /// Counts a statement of a key whose signature was verified.
    pub fn submitted(&self, kid: KeyId) -> Result<(), Problem> {
        let taken = self.statements.take(kid, (self.elapsed)());
        taken.map_err(|wait| Problem::quota("statements of this key", wait))
    }

    /// Counts a submission that no enrolled key signed.
    pub fn unsigned(&self, from: Address) {
        self.unsigned.charge(from, 1, (self.elapsed)());
    }

    /// Counts bytes of artifacts.
    pub fn transferred(&self, with: Address, bytes: u64) {
        self.artifact_bytes.charge(with, bytes, (self.elapsed)());
    }

    fn admit(&self, class: Class, from: Address) -> Result<(), Problem> {
        let now = (self.elapsed)();
        let (what, done): (_, Result<(), Wait>) = match class {
            Class::Watching => return Ok(()),
            Class::Submission => ("unsigned submissions", self.unsigned.ask(from, now)),
            Class::Lookup => ("lookups", self.lookups.take(from, now)),
            Class::Scan => ("pictures", self.scans.take(from, now)),
            Class::Session => ("sessions", self.sessions.take(from, now)),
            Class::Artifact => ("bytes of artifacts", self.artifact_bytes.ask(from, now)),
            Class::Other => ("requests", Ok(())),
        };
        done.map_err(|wait| Problem::quota(format!("{what} of this address"), wait))?;
        let taken = self.requests.take(from, now);
        taken.map_err(|wait| Problem::quota("requests of this address", wait))
    }

    /// The nearest address that is none of our own proxies'; what stands further left in the header, anybody can write.
    fn address(&self, peer: IpAddr, headers: &HeaderMap) -> Address {
        if !self.is_trusted(peer) {
            return peer.into();
        }
        let lines = headers.get_all("x-forwarded-for").iter();
        let hops = lines.flat_map(|line| line.to_str().unwrap_or("").split(','));
        let hops: Vec<_> = hops.map(|hop| hop.trim().parse::<IpAddr>()).collect();
        let outer = hops.into_iter().rev();
        let found = outer.map_while(Result::ok).find(|ip| !self.is_trusted(*ip));
        found.unwrap_or(peer).into()
    }
}

/// Lets a request through, or says when to come back, before a byte of its body is read.
///
/// # Errors
/// The answer to who must come back.
pub fn admit(app: &App, mut request: Request) -> Result<Request, Box<Response>> {
    let unknown = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    let peer = request
        .extensions()
        .get::<Peer>()
        .map_or(unknown, |peer| peer.0);
    let path = request.uri().path();
    let hop = app.hops.told(path, request.headers());
    let from = hop.map_or_else(
        || app.quotas.address(peer, request.headers()),
        |hop| hop.from,
    );
    let refused = match app.quotas.admit(Class::of(request.method(), path), from) {
        Ok(()) => {
            request.extensions_mut().insert(from);
            hop.map(|hop| request.extensions_mut().insert(hop));
            return Ok(request);
        }
        Err(problem) if pages::is_page(path) => pages::page_of_problem(&problem),
        Err(problem) if scrapi::is_place(path) => scrapi::told(problem),
        Err(problem) => problem.into_response(),
    };
    Err(Box::new(refused))
}

impl<S: Sync> FromRequestParts<S> for Address {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Address, Infallible> {
        let found = parts.extensions.get::<Address>().copied();
        Ok(found.unwrap_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED).into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Address {
        text.parse::<IpAddr>().unwrap().into()
    }

    fn quotas(proxies: &[&str]) -> Quotas {
        let trusted_proxies = proxies.iter().map(|ip| ip.parse().unwrap()).collect();
        let limits = Limits {
            trusted_proxies,
            ..Limits::default()
        };
        Quotas::new(limits, Duration::default)
    }

    #[test]
    fn a_ship_brings_a_journal_of_five_thousand_home_at_once() {
        let quotas = quotas(&[]);
        let (kid, from) = (
            threadmark_protocol::digest::Digest([7; 32]),
            address("192.0.2.1"),
        );
        for _ in 0..5_000 {
            quotas.admit(Class::Submission, from).unwrap();
            quotas.may_submit(kid).unwrap();
            quotas.submitted(kid).unwrap();
        }
    }

    #[test]
    fn two_to_the_64_addresses_count_as_one() {
        assert_eq!(address("2001:db8::1"), address("2001:db8::ffff:2:3:4"));
        assert_ne!(address("2001:db8::1"), address("2001:db8:0:1::1"));
        assert_eq!(address("::ffff:192.0.2.1"), address("192.0.2.1"));
        assert_ne!(address("192.0.2.1"), address("192.0.2.2"));
    }

    #[test]
    fn what_a_header_says_counts_from_our_own_proxy_only() {
        let headers = |values: &[&str]| {
            let named = |value: &&str| {
                let name = axum::http::HeaderName::from_static("x-forwarded-for");
                (name, value.parse().unwrap())
            };
            values.iter().map(named).collect::<HeaderMap>()
        };
        let peer: IpAddr = "10.0.0.1".parse().unwrap();
        let found = |proxies: &[&str], values| quotas(proxies).address(peer, &headers(values));
        assert_eq!(found(&[], &["192.0.2.9"]), address("10.0.0.1"));
        let own = ["10.0.0.1", "10.0.0.2"];
        assert_eq!(found(&own, &["192.0.2.9"]), address("192.0.2.9"));
        // The left ones are what the client wrote itself.
        assert_eq!(
            found(&own, &["1.1.1.1, 192.0.2.9, 10.0.0.2"]),
            address("192.0.2.9")
        );
        assert_eq!(found(&own, &["1.1.1.1", "192.0.2.9"]), address("192.0.2.9"));
        assert_eq!(found(&own, &["192.0.2.9, nonsense"]), address("10.0.0.1"));
        assert_eq!(found(&own, &[]), address("10.0.0.1"));
    }

    #[test]
    fn limits_are_told_by_their_names() {
        let told = |name: &str| match name {
            "THREADMARK_STATEMENTS_PER_SECOND" => Some("0".to_owned()),
            "THREADMARK_TRUSTED_PROXIES" => Some("10.0.0.1, ::1".to_owned()),
            _ => None,
        };
        let limits = Limits::default().overridden(told).unwrap();
        assert_eq!(limits.statements_per_second, 0);
        assert_eq!(limits.trusted_proxies.len(), 2);
        assert_eq!(limits.scans_burst, Limits::default().scans_burst);
        let bad = Limits::default().overridden(|_| Some("many".to_owned()));
        assert!(bad.is_err());
    }

    #[test]
    fn every_kind_of_request_has_its_class() {
        let get = |path| Class::of(&Method::GET, path);
        let post = |path| Class::of(&Method::POST, path);
        assert_eq!(get("/healthz"), Class::Watching);
        assert_eq!(post("/v1/statements"), Class::Submission);
        assert_eq!(get("/v1/statements/00"), Class::Lookup);
        assert_eq!(get("/M/7K3Q"), Class::Lookup);
        assert_eq!((get("/scan"), post("/scan")), (Class::Other, Class::Scan));
        assert_eq!(get("/v1/artifacts/00"), Class::Artifact);
        assert_eq!(get("/v1/sync"), Class::Other);
    }
}
