//! A body of any size on its way into the object store.
//!
//! Owns how much of it is held in memory, how slow it may be, and that nothing is visible before its SHA3-256 is
//! known to be right. Must never know who sends it or what it is for.

use super::codes::Border;
use super::extract::too_large;
use super::problem::Problem;
use axum::body::Body;
use http_body_util::BodyExt as _;
use object_store::path::Path as StorePath;
use object_store::{MultipartUpload, ObjectStore, ObjectStoreExt as _, PutPayload};
use std::io;
use std::time::Duration;
use threadmark_protocol::digest::{Digest, Sha3Stream};

/// What is held of one body. S3 takes no smaller part than this but as the last one.
const PART_BYTES: usize = 5 << 20;
/// Longest that a part may take: 35 kB/s, a poor satellite link.
const PART_TIMEOUT: Duration = Duration::from_secs(150);

/// A body that is cut into parts and hashed on its way.
pub struct Upload {
    body: Body,
    hasher: Sha3Stream,
    left_bytes: usize,
    max_bytes: usize,
    /// What came behind the end of the part before.
    rest: axum::body::Bytes,
    is_done: bool,
}

impl Upload {
    /// At most `max_bytes` of `body`.
    pub fn of(body: Body, max_bytes: usize) -> Upload {
        Upload {
            body,
            hasher: Sha3Stream::default(),
            left_bytes: max_bytes,
            max_bytes,
            rest: axum::body::Bytes::new(),
            is_done: false,
        }
    }

    /// Stores it at `path` when its SHA3-256 is `expected`; else nothing is ever seen there.
    ///
    /// # Errors
    /// `too-large`, `too-slow`, `wrong-digest`, `bad-request` for a body that breaks off, `unavailable` when the store
    /// fails.
    pub async fn store(
        &mut self,
        store: &dyn ObjectStore,
        path: &StorePath,
        expected: Digest,
    ) -> Result<(), Problem> {
        let first = self.next().await?;
        if self.is_done {
            self.require(expected)?;
            store.put(path, first.into()).await.map_err(failed)?;
            return Ok(());
        }
        let mut written = Written::begin(store, path).await?;
        written.put(first).await?;
        while !self.is_done {
            written.put(self.next().await?).await?;
        }
        self.require(expected)?;
        written.complete().await
    }

    /// How much of it was taken, whatever became of it.
    pub fn taken_bytes(&self) -> u64 {
        (self.max_bytes - self.left_bytes) as u64
    }

    /// The next [`PART_BYTES`], or what is left.
    async fn next(&mut self) -> Result<Vec<u8>, Problem> {
        let filled = tokio::time::timeout(PART_TIMEOUT, self.fill()).await;
        let part = filled.unwrap_or_else(|_| Err(Problem::of(Border::TooSlow)))?;
        self.hasher.update(&part);
        Ok(part)
    }

    /// Copies: a body sent byte by byte would otherwise be held as millions of pieces, each with its overhead.
    async fn fill(&mut self) -> Result<Vec<u8>, Problem> {
        // Whole, so that growing it never holds it twice; memory is taken as bytes come.
        let mut part = Vec::with_capacity(PART_BYTES);
        loop {
            let fits = self.rest.len().min(PART_BYTES - part.len());
            part.extend_from_slice(&self.rest.split_to(fits));
            if part.len() == PART_BYTES {
                return Ok(part);
            }
            let Some(frame) = self.body.frame().await else {
                self.is_done = true;
                return Ok(part);
            };
            let frame = frame.map_err(|_| broken_off())?;
            // Trailers say nothing that we ask for.
            self.rest = frame.into_data().unwrap_or_default();
            let left = self.left_bytes.checked_sub(self.rest.len());
            self.left_bytes = left.ok_or_else(|| too_large(self.max_bytes))?;
        }
    }

    fn require(&self, expected: Digest) -> Result<(), Problem> {
        if self.hasher.clone().finish() == expected {
            return Ok(());
        }
        Err(Problem::of(Border::WrongDigest))
    }
}

fn broken_off() -> Problem {
    Problem::bad_request("the body broke off, or is not framed as HTTP/1.1 asks")
}

/// Parts in the store, taken back when this is dropped: some stores would keep, and bill, its parts for ever.
struct Written(Option<Box<dyn MultipartUpload>>);

impl Written {
    async fn begin(store: &dyn ObjectStore, path: &StorePath) -> Result<Written, Problem> {
        let begun = store.put_multipart(path).await.map_err(failed)?;
        Ok(Written(Some(begun)))
    }

    /// One part after the other: while one is written, the socket waits.
    async fn put(&mut self, part: Vec<u8>) -> Result<(), Problem> {
        match &mut self.0 {
            Some(upload) => upload
                .put_part(PutPayload::from(part))
                .await
                .map_err(failed),
            None => Err(Problem::unavailable()),
        }
    }

    async fn complete(mut self) -> Result<(), Problem> {
        let Some(upload) = &mut self.0 else {
            return Err(Problem::unavailable());
        };
        upload.complete().await.map_err(failed)?;
        self.0 = None;
        Ok(())
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        let Some(mut upload) = self.0.take() else {
            return;
        };
        // A handler is dropped inside the runtime; at its end there is none, and nothing to wait for.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                if let Err(error) = upload.abort().await {
                    tracing::warn!(%error, "taking back an upload");
                }
            });
        }
    }
}

/// The same for what is not here and for what is not for the caller.
pub fn absent() -> Problem {
    Problem::absent("no such artifact")
}

/// A failure of the store, told as none of the client's.
pub fn failed(error: object_store::Error) -> Problem {
    match error {
        object_store::Error::NotFound { .. } => absent(),
        error => {
            tracing::error!(%error, "artifact storage");
            match has_no_room(&error) {
                true => Problem::of(Border::NoRoom),
                false => Problem::unavailable(),
            }
        }
    }
}

/// Whether a full disk, or a quota of one, is what is behind an error.
fn has_no_room(error: &object_store::Error) -> bool {
    let first: &dyn std::error::Error = error;
    let causes = std::iter::successors(Some(first), |error| error.source());
    let mut kinds = causes.filter_map(|error| Some(error.downcast_ref::<io::Error>()?.kind()));
    kinds.any(|kind| [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded].contains(&kind))
}
