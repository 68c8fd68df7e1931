//! A store of files that fails where it is told to.

use futures_util::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// Which write fails, and how.
#[derive(Clone, Copy, Debug)]
pub struct Broken {
    /// The first write that fails, from 0.
    pub at: u32,
    /// Whether the bytes arrive all the same.
    pub arrives: bool,
    /// Whether the writes after it succeed again.
    pub once: bool,
}

/// Files in memory.
#[derive(Debug)]
pub struct Files {
    pub inner: InMemory,
    broken: Broken,
    is_healed: AtomicBool,
    writes: AtomicU32,
}

impl Files {
    pub fn new(broken: Broken) -> Files {
        Files {
            inner: InMemory::new(),
            broken,
            is_healed: false.into(),
            writes: 0.into(),
        }
    }

    /// From now on everything succeeds.
    pub fn heal(&self) {
        self.is_healed.store(true, Ordering::Relaxed);
    }

    fn strikes(&self) -> bool {
        let write = self.writes.fetch_add(1, Ordering::Relaxed);
        let Broken { at, once, .. } = self.broken;
        !self.is_healed.load(Ordering::Relaxed) && (write == at || (write > at && !once))
    }
}

impl std::fmt::Display for Files {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("files that fail")
    }
}

#[async_trait::async_trait]
impl ObjectStore for Files {
    async fn put_opts(&self, to: &Path, bytes: PutPayload, how: PutOptions) -> Result<PutResult> {
        if !self.strikes() {
            return self.inner.put_opts(to, bytes, how).await;
        }
        if self.broken.arrives {
            self.inner.put_opts(to, bytes, how).await?;
        }
        let source = "injected".into();
        Err(Error::Generic {
            store: "test",
            source,
        })
    }

    async fn put_multipart_opts(
        &self,
        to: &Path,
        how: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(to, how).await
    }

    async fn get_opts(&self, from: &Path, how: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(from, how).await
    }

    fn delete_stream(
        &self,
        places: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(places)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, how: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, how).await
    }
}
