//! Connections: how many there may be, and how long each may take to say what it wants.
//!
//! Owns the limits that hold before there is a request. Those of a request stand in [`super::router`].

use axum::Router;
use hyper::server::conn::http1::Builder;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Connections at the same time; the next ones wait.
const CONNECTIONS_MAX: usize = 4096;
/// Longest from the first byte that could come to the last of the head, so also how long a connection may idle.
const HEAD_TIMEOUT: Duration = Duration::from_secs(20);
/// Longest that requests under way hold up the end.
const END_TIMEOUT: Duration = Duration::from_secs(10);

/// Serves until `stop` is done, then ends the requests that are under way.
pub async fn serve(listener: TcpListener, router: Router, stop: impl Future<Output = ()>) {
    let mut http = Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT);
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let open = GracefulShutdown::new();
    let mut stop = pin!(stop);
    loop {
        let (stream, place) = tokio::select! {
            next = accept(&listener, &places) => next,
            () = &mut stop => break,
        };
        let service = TowerToHyperService::new(router.clone());
        let connection = http.serve_connection(TokioIo::new(stream), service);
        let connection = open.watch(connection);
        tokio::spawn(async move {
            let _place = place;
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

/// The next connection, and its place among those that there may be.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> (TcpStream, Option<OwnedSemaphorePermit>) {
    // Nobody closes the semaphore, so there always is a place in the end.
    let place = places.clone().acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // Answers are written whole; waiting for more to send would only delay them.
                let _ = stream.set_nodelay(true);
                return (stream, place);
            }
            Err(error) => {
                // A client that went away is nothing; out of descriptors is told, and passes as connections end.
                tracing::warn!(%error, "accepting a connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}
