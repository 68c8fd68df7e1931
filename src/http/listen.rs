//! Connections: how many there may be, and how long each may take to say what it wants.
//!
//! Owns the limits that hold before there is a request. Those of a request stand in [`super::router`].

use super::Shared;
use super::each::Each;
use super::quota::Peer;
use axum::Router;
use hyper::body::Incoming;
use hyper::server::conn::http1::Builder;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use socket2::SockRef;
use std::future::Future;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Connections at the same time; the next ones wait.
const CONNECTIONS_MAX: usize = 4096;
/// Open files that are no connections: the database's, sealed files, the log.
const OTHER_FILES: u64 = 256;
/// Longest from the first byte that could come to the last of the head, so also how long a connection may idle.
const HEAD_TIMEOUT: Duration = Duration::from_secs(20);
/// Largest head, and what a connection may hold of a body that nobody has asked for yet.
const BUFFER_BYTES_MAX: usize = 64 << 10;
/// Longest that what we send may stay unread: after it, who asked is taken for gone.
const UNREAD_TIMEOUT: Duration = Duration::from_secs(60);
/// Longest that requests under way hold up the end.
const END_TIMEOUT: Duration = Duration::from_secs(10);

/// What a connection too many of one address hears.
const TOO_MANY: &[u8] =
    b"HTTP/1.1 429 Too Many Requests\r\nretry-after: 2\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// Serves the application until `stop` is done, then ends the requests that are under way.
pub async fn serve(listener: TcpListener, app: Shared, stop: impl Future<Output = ()>) {
    let router = super::router(app.clone());
    let is_trusted = |ip| app.quotas.is_trusted(ip);
    serve_routes(
        listener,
        router,
        app.quotas.connections_max(),
        is_trusted,
        stop,
    )
    .await;
}

/// Serves any routes until `stop` is done, then ends the requests that are under way. An address may have `most` connections at the same time; `is_trusted` says behind which are many.
pub async fn serve_routes(
    listener: TcpListener,
    router: Router,
    most: usize,
    is_trusted: impl Fn(IpAddr) -> bool,
    stop: impl Future<Output = ()>,
) {
    let neighbours = Each::new(most);
    let http = http();
    let places = Arc::new(Semaphore::new(connections_max()));
    let open = GracefulShutdown::new();
    let mut stop = pin!(stop);
    loop {
        let (stream, ip, place) = tokio::select! {
            next = accept(&listener, &places) => next,
            () = &mut stop => break,
        };
        let room = neighbours.take(ip);
        if room.is_none() && !is_trusted(ip) {
            // Into the empty buffer of a new connection, or not at all: nobody waits here.
            let _ = stream.try_write(TOO_MANY);
            continue;
        }
        let routes = TowerToHyperService::new(router.clone());
        let service = service_fn(move |mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(Peer(ip));
            routes.call(request)
        });
        let connection = http.serve_connection(TokioIo::new(stream), service);
        let connection = open.watch(connection);
        tokio::spawn(async move {
            let _held = (place, room);
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection");
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(END_TIMEOUT, open.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("some requests did not end in time and are broken off");
    }
}

fn http() -> Builder {
    let mut http = Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(BUFFER_BYTES_MAX);
    http
}

/// As many as there may be open files for: beyond that, accepting would fail for everybody.
fn connections_max() -> usize {
    let wanted = CONNECTIONS_MAX as u64 + OTHER_FILES;
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let allowed = wanted.min(maximum.unwrap_or(wanted));
    if current.is_some_and(|current| current < allowed) {
        let raised = Rlimit {
            current: Some(allowed),
            maximum,
        };
        if let Err(error) = setrlimit(Resource::Nofile, raised) {
            tracing::warn!(%error, "raising the limit of open files");
        }
    }
    let files = getrlimit(Resource::Nofile).current.unwrap_or(wanted);
    let most = files.saturating_sub(OTHER_FILES).max(1);
    usize::try_from(most).map_or(CONNECTIONS_MAX, |most| most.min(CONNECTIONS_MAX))
}

/// The next connection, and its place among those that there may be.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> (TcpStream, IpAddr, Option<OwnedSemaphorePermit>) {
    // Nobody closes the semaphore, so there always is a place in the end.
    let place = places.clone().acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Answers are written whole; waiting for more to send would only delay them.
                let _ = stream.set_nodelay(true);
                let _ = SockRef::from(&stream).set_tcp_user_timeout(Some(UNREAD_TIMEOUT));
                return (stream, peer.ip().to_canonical(), place);
            }
            Err(error) => {
                // A client that went away is nothing; out of descriptors is told, and passes as connections end.
                tracing::warn!(%error, "accepting a connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}
