//! Checks of addresses: who answers there, and whether they are free.

use super::{Check, ok, problem, warning};
use crate::config::Config;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::time::Duration;

/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Largest genesis that is compared.
const GENESIS_BYTES_MAX: u64 = 1 << 20;

/// The bytes at a URL, where there is a good answer.
fn fetch(url: &str) -> Option<Vec<u8>> {
    let request = ureq::get(url)
        .config()
        .timeout_global(Some(PATIENCE))
        .build();
    let mut response = request.call().ok()?;
    let body = response.body_mut().with_config().limit(GENESIS_BYTES_MAX);
    body.read_to_vec().ok()
}

/// Where somebody on this machine reaches what listens there.
fn nearby(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// Whether the service of this home answers at its address.
pub fn answers(config: &Config) -> bool {
    let url = format!("http://{}/v1/genesis", nearby(config.listen));
    let ours = config.read_genesis().ok();
    ours.is_some() && fetch(&url) == ours
}

/// Checks of all addresses.
pub fn checks(config: &Config, lives: bool) -> Vec<Check> {
    let mut checks = vec![service(config, lives), metrics(config, lives)];
    checks.extend(public(config, lives));
    checks
}

fn service(config: &Config, lives: bool) -> Check {
    let (name, address) = ("service", config.listen);
    if lives {
        let url = format!("http://{}/healthz", nearby(address));
        return match fetch(&url) {
            Some(_) => ok(
                name,
                format!("it runs at {address}, and its database answers"),
            ),
            None => problem(
                name,
                format!("it runs at {address}, and cannot reach its database"),
                "read its log; see the database below",
            ),
        };
    }
    match TcpListener::bind(address) {
        Ok(_) => ok(name, format!("it does not run; {address} is free")),
        Err(error) => problem(
            name,
            format!("it does not run, and {address} cannot be had: {error}"),
            "stop what listens there, or set `listen` to another address",
        ),
    }
}

fn metrics(config: &Config, lives: bool) -> Check {
    let (name, address) = ("metrics", config.metrics_address());
    let told = || fetch(&format!("http://{}/metrics", nearby(address)));
    let is_open = !address.ip().is_loopback();
    if is_open {
        let found = format!("{address} can be reached by others");
        return warning(
            name,
            found,
            "let a firewall keep strangers out, or listen on 127.0.0.1",
        );
    }
    match TcpListener::bind(address) {
        Ok(_) if lives => warning(
            name,
            format!("nothing answers at {address}"),
            "start the service again",
        ),
        Ok(_) => ok(name, format!("{address} is free")),
        Err(_) if lives && told().is_some() => ok(name, format!("told at {address}")),
        Err(error) => {
            let found = format!("{address} cannot be had: {error}");
            let advice = "set `metrics_listen` to a free address";
            match config.metrics_are_asked_for() {
                true => problem(name, found, advice),
                false => warning(name, found, advice),
            }
        }
    }
}

/// What people are told to open must lead here.
fn public(config: &Config, lives: bool) -> Option<Check> {
    let name = "public address";
    let url = config.public_url.as_ref()?.as_str();
    if !lives {
        return Some(ok(
            name,
            format!("{url}; asked only while the service runs"),
        ));
    }
    let ours = config.read_genesis().ok();
    Some(match fetch(&format!("{url}/v1/genesis")) {
        found if found.is_some() && found == ours => {
            ok(name, format!("{url} leads to this service"))
        }
        Some(_) => problem(
            name,
            format!("{url} leads to another service"),
            "correct `public_url`, or what the proxy forwards",
        ),
        None => problem(
            name,
            format!("{url} does not answer from here"),
            "look at the name, the proxy and its certificate; some networks cannot reach their own address",
        ),
    })
}
