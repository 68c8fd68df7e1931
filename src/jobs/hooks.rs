//! Telling a member's own program: webhooks (Standard Webhooks 1.0.0, asymmetric signatures `v1a`).
//!
//! Owns the call, its signature, the pace of what is tried again, and which addresses are called. A notice is sent until it is answered
//! with 2xx, ten times within four days at most; then it is given up, and stays in the list. An answer's body is not read. Must never
//! know what a notice says.

use crate::config::Hooks;
use crate::ledger::storage::{Storage as _, StorageError};
use crate::ledger::{Clock, Ledger};
use crate::store::PgStore;
use crate::store::notice::{Due, Tried};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use threadmark_protocol::digest::Digest;
use threadmark_protocol::key::Signer;
use threadmark_protocol::text::shown;
use threadmark_protocol::world::{Place, org_subject, policy_subject};
use tokio::task::JoinSet;
use ureq::Agent;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};

/// Between two looks at what is due.
const LOOK: Duration = Duration::from_secs(1);
/// Hooks that are called at the same time.
const AT_ONCE: i64 = 16;
/// Longest that one call may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Pauses after each failure, as the standard proposes them.
const PAUSES_S: [i64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
/// Longest account of what was wrong; a character takes four bytes at most, and the schema keeps 500.
const TROUBLE_CHARS_MAX: usize = 125;

/// Calls what is due, for ever.
pub async fn keep_telling(
    ledger: &Ledger,
    store: &PgStore,
    clock: &Clock,
    hooks: Hooks,
) -> Infallible {
    let caller = Arc::new(Caller::new(hooks, ledger.keys().log().clone()));
    loop {
        tokio::time::sleep(LOOK).await;
        match due(store, clock).await {
            Ok(due) => tell(store, clock, &caller, due).await,
            Err(error) => tracing::warn!(%error, "what hooks are to be told"),
        }
    }
}

/// What is due now. Who is no member any more is told nothing.
async fn due(store: &PgStore, clock: &Clock) -> Result<Vec<Due>, StorageError> {
    let now = clock();
    let all = store.due_notices(now, AT_ONCE).await?;
    let orgs = all.iter().map(|due| org_subject(&due.org));
    let world = store
        .world(&orgs.chain([policy_subject()]).collect())
        .await?;
    let (of_members, of_others): (Vec<_>, Vec<_>) = all.into_iter().partition(|due| {
        let standing = world.standing(&due.org, Place::newest(now));
        matches!(standing, Some(Some(_)))
    });
    for due in of_others {
        let never = Tried::Failed(None, "no member any more".to_owned());
        store.tried_notice(&due, &never).await?;
    }
    Ok(of_members)
}

/// Calls some hooks side by side. What was answered and could not be kept is sent once more, under the same id.
async fn tell(store: &PgStore, clock: &Clock, caller: &Arc<Caller>, due: Vec<Due>) {
    let mut calls = JoinSet::new();
    for due in due {
        let (caller, clock) = (caller.clone(), clock.clone());
        calls.spawn_blocking(move || {
            let answer = caller.call(&due, clock());
            let tried = match answer {
                Ok(()) => Tried::Told(clock()),
                Err(trouble) => {
                    let pause = PAUSES_S.get(due.tried.unsigned_abs() as usize);
                    let trouble = shown(&trouble).chars().take(TROUBLE_CHARS_MAX).collect();
                    Tried::Failed(pause.map(|pause| clock() + pause), trouble)
                }
            };
            (due, tried)
        });
    }
    while let Some(called) = calls.join_next().await {
        let Ok((due, tried)) = called else {
            continue;
        };
        if let Err(error) = store.tried_notice(&due, &tried).await {
            tracing::warn!(%error, index = due.index, "what a hook answered");
        }
    }
}

struct Caller {
    agent: Agent,
    signer: Signer,
}

impl Caller {
    fn new(hooks: Hooks, signer: Signer) -> Caller {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .https_only(hooks == Hooks::Public)
            // Who is named is called; nobody is sent elsewhere.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .user_agent(concat!("threadmark/", env!("CARGO_PKG_VERSION")))
            .timeout_global(Some(PATIENCE))
            .build();
        let resolver = Resolved {
            only_public: hooks == Hooks::Public,
            by: DefaultResolver::default(),
        };
        Caller {
            agent: Agent::with_parts(config, DefaultConnector::default(), resolver),
            signer,
        }
    }

    /// Sends one notice; why it was not taken.
    fn call(&self, due: &Due, now: i64) -> Result<(), String> {
        let org = Digest::sha256(&[due.org.as_str().as_bytes()]).to_hex();
        // The same for each attempt, so that whoever gets it twice knows.
        let id = format!("ntc_{}_{}", due.index, &org[..16]);
        let signed = format!("{id}.{now}.{}", due.body);
        let signature = BASE64_STANDARD.encode(self.signer.sign(signed.as_bytes()));
        let request = self.agent.post(&due.url);
        let request = request
            .content_type("application/json")
            .header("webhook-id", &id)
            .header("webhook-timestamp", now.to_string())
            .header("webhook-signature", format!("v1a,{signature}"));
        let answer = request.send(&due.body).map_err(|error| error.to_string())?;
        let status = answer.status();
        if status.is_success() {
            Ok(())
        } else {
            Err(format!("it answered {status}"))
        }
    }
}

/// Looks up names; on the Internet only addresses that everybody can reach are called, whatever a name leads to, so that no member
/// makes the service knock at doors inside its operator's network.
#[derive(Debug)]
struct Resolved {
    only_public: bool,
    by: DefaultResolver,
}

impl std::fmt::Debug for Caller {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Caller")
    }
}

impl Resolver for Resolved {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.by.resolve(uri, config, timeout)?;
        if self.only_public && found.iter().any(|address| !is_public(address.ip())) {
            return Err(ureq::Error::HostNotFound);
        }
        Ok(found)
    }
}

/// Whether an address is one of the Internet's: none of a host, a link, a private network, nor reserved (RFC 6890).
fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            let shared = a == 100 && (64..128).contains(&b);
            let protocol = (a, b, c) == (192, 0, 0);
            let benchmark = a == 198 && (b == 18 || b == 19);
            !(v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_documentation()
                || a == 0
                || a >= 224
                || shared
                || protocol
                || benchmark)
        }
        // Global unicast, but for what is set aside in it: documentation, tunnels that hide another address.
        IpAddr::V6(v6) => {
            let [first, second, ..] = v6.segments();
            let tunnel = first == 0x2002 || (first == 0x2001 && second < 0x200);
            let documentation = (first == 0x2001 && second == 0xdb8) || first == 0x3fff;
            (0x2000..0x4000).contains(&first) && !tunnel && !documentation
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_internet_are_public() {
        for address in [
            "93.184.216.34",
            "2606:2800:220:1:248:1893:25c8:1946",
            "8.8.8.8",
        ] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
        for address in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "198.18.0.1",
            "192.0.0.8",
            "192.0.2.1",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "ff02::1",
            "::ffff:10.0.0.1",
            "2002:a00:1::",
            "2001::1",
            "2001:db8::1",
            "64:ff9b::a00:1",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
    }
}
