//! Opening a database: which settings are safe, which schema is ours.
//!
//! Owns every reason to refuse a database before anything is read from it. Whoever writes gets a schema
//! that is brought up to date; whoever only reads changes nothing. Must never know what the rows say.

use super::PgStore;
use sqlx::Connection as _;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::time::Duration;
use threadmark_protocol::world::STATE_FORM;

/// Oldest server that the schema is tested with.
const SERVER_VERSION_MIN: i32 = 130_000;

/// Most connections at the same time.
const CONNECTIONS_MAX: u32 = 16;

/// Every migration that this program knows.
static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// Why the database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// No connection.
    #[error("the database cannot be reached: {0}")]
    Connect(#[source] sqlx::Error),
    /// A setting under which an acknowledged statement could be lost.
    #[error(
        "the database has {found}; an acknowledged statement could be lost. Set {needed} and start again"
    )]
    Unsafe {
        /// As it is.
        found: String,
        /// As it must be.
        needed: &'static str,
    },
    /// A setting under which texts or writes do not work as they must.
    #[error("the database has {found}; {why}. {advice}")]
    Unfit {
        /// As it is.
        found: String,
        /// What does not work.
        why: &'static str,
        /// What to do.
        advice: &'static str,
    },
    /// Too old.
    #[error("the database server is version {0}; 13 or newer is needed")]
    TooOld(i32),
    /// A newer program has been here.
    #[error(
        "the database was written by a newer threadmark: it has migration {found}, this program knows those up to \
         {known}. Install the newer program, or restore a backup from before it into an empty database"
    )]
    NewerSchema {
        /// The newest that was applied.
        found: i64,
        /// The newest that is known.
        known: i64,
    },
    /// Somebody changed a migration, or one stopped half way.
    #[error(
        "migration {0} in the database is not the one that this program knows; restore a backup"
    )]
    OtherSchema(i64),
    /// Reading needs a schema that is up to date.
    #[error(
        "the database's schema is at migration {found}, this program needs {known}. Start `threadmark serve` once \
         with this program: it brings the schema up to date"
    )]
    OlderSchema {
        /// The newest that was applied; 0 for none.
        found: i64,
        /// The newest that is known.
        known: i64,
    },
    /// States of another form.
    #[error(
        "the states in the database are of form {found}, this program writes form {known}. Stop the service and run \
         `threadmark rebuild`: it makes them again from the log"
    )]
    StateForm {
        /// As stored.
        found: i32,
        /// As this program writes.
        known: i32,
    },
    /// The schema cannot be brought up to date.
    #[error("the schema cannot be brought up to date: {0}")]
    Migrate(#[source] MigrateError),
}

/// What the server says of itself. Texts are as `show` prints them.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `server_version_num`, such as 150004.
    pub version: i32,
    /// Whether writes reach the disk.
    pub fsync: String,
    /// Whether a commit waits for the disk.
    pub synchronous_commit: String,
    /// Whether pages torn by a crash are repaired.
    pub full_page_writes: String,
    /// Whether pages that rot are noticed.
    pub data_checksums: String,
    /// Of the database.
    pub encoding: String,
    /// Whether `'\'` is a backslash.
    pub standard_conforming_strings: String,
    /// Whether transactions may write.
    pub transaction_read_only: String,
    /// Whether this is a standby.
    pub is_standby: bool,
}

impl Settings {
    /// The first reason not to write here.
    ///
    /// # Errors
    /// Says which setting is wrong and what it must be.
    pub fn check(&self) -> Result<(), OpenError> {
        if self.version < SERVER_VERSION_MIN {
            return Err(OpenError::TooOld(self.version));
        }
        if self.is_standby {
            return Err(unfit(
                "pg_is_in_recovery() = true".to_owned(),
                "a standby takes no writes",
                "Connect to the primary server, or promote this one",
            ));
        }
        if self.transaction_read_only != "off" {
            return Err(unfit(
                format!("transaction_read_only = {}", self.transaction_read_only),
                "the log could not grow",
                "Set default_transaction_read_only = off for this database and role, and start again",
            ));
        }
        self.check_durability()?;
        if self.encoding != "UTF8" {
            return Err(unfit(
                format!("encoding {}", self.encoding),
                "texts in statements are UTF-8",
                "Create the database with `encoding 'UTF8' template template0`",
            ));
        }
        if self.standard_conforming_strings != "on" {
            return Err(unfit(
                "standard_conforming_strings = off".to_owned(),
                "a backslash in a text would have two meanings",
                "Set standard_conforming_strings = on and start again",
            ));
        }
        Ok(())
    }

    fn check_durability(&self) -> Result<(), OpenError> {
        // `local` and stronger all wait for the disk before they acknowledge.
        let settings = [
            ("fsync", &self.fsync, "fsync = on"),
            (
                "synchronous_commit",
                &self.synchronous_commit,
                "synchronous_commit = on",
            ),
            (
                "full_page_writes",
                &self.full_page_writes,
                "full_page_writes = on",
            ),
        ];
        match settings.iter().find(|(_, value, _)| *value == "off") {
            None => Ok(()),
            Some((name, value, needed)) => Err(OpenError::Unsafe {
                found: format!("{name} = {value}"),
                needed,
            }),
        }
    }

    /// What works and yet should be changed.
    pub fn warning(&self) -> Option<&'static str> {
        (self.data_checksums != "on").then_some(
            "data_checksums = off: pages that rot on the disk are not noticed. Stop the server and run \
             `pg_checksums --enable`",
        )
    }
}

fn unfit(found: String, why: &'static str, advice: &'static str) -> OpenError {
    OpenError::Unfit { found, why, advice }
}

impl PgStore {
    /// Connects to write: refuses unsafe settings and foreign schemas, brings the schema up to date, and
    /// refuses states of another form.
    ///
    /// # Errors
    /// Every [`OpenError`].
    pub async fn open(url: &str) -> Result<PgStore, OpenError> {
        let store = PgStore::open_for_rebuild(url).await?;
        store.check_state_form().await?;
        Ok(store)
    }

    /// As [`PgStore::open`], for whoever makes the states again: takes those of any form.
    ///
    /// # Errors
    /// Every [`OpenError`] but the one about the states' form.
    pub async fn open_for_rebuild(url: &str) -> Result<PgStore, OpenError> {
        let store = PgStore::connect(parse(url)?).await?;
        let settings = store.settings().await?;
        settings.check()?;
        if let Some(warning) = settings.warning() {
            tracing::warn!("{warning}");
        }
        // A database of a newer program is refused before any of our migrations run on it.
        store.schema_version().await?;
        MIGRATIONS
            .run(&store.pool)
            .await
            .map_err(OpenError::Migrate)?;
        Ok(store)
    }

    /// Connects to read: every transaction is read-only, and the schema must be up to date already.
    ///
    /// # Errors
    /// [`OpenError`] about the connection and the schema.
    pub async fn open_to_read(url: &str) -> Result<PgStore, OpenError> {
        let options = parse(url)?.options([("default_transaction_read_only", "on")]);
        let store = PgStore::connect(options).await?;
        let (found, known) = (store.schema_version().await?, newest_migration());
        if found < known {
            return Err(OpenError::OlderSchema { found, known });
        }
        Ok(store)
    }

    /// Connects to look at the server and nothing else: every transaction is read-only, any schema will do.
    ///
    /// # Errors
    /// [`OpenError::Connect`].
    pub async fn open_to_examine(url: &str) -> Result<PgStore, OpenError> {
        PgStore::connect(parse(url)?.options([("default_transaction_read_only", "on")])).await
    }

    async fn connect(options: PgConnectOptions) -> Result<PgStore, OpenError> {
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS_MAX)
            .acquire_timeout(Duration::from_secs(10))
            // Asking each time whether it still lives costs as much as a small query. After a pause it is worth it.
            .test_before_acquire(false)
            .before_acquire(|connection, of| {
                Box::pin(async move {
                    if of.idle_for > PAUSE {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .connect_with(options)
            .await
            .map_err(OpenError::Connect)?;
        let (parts, states) = (super::part::memory(), super::states::memory());
        Ok(PgStore {
            pool,
            parts,
            states,
        })
    }

    /// What the server says of itself.
    ///
    /// # Errors
    /// [`OpenError::Connect`].
    pub async fn settings(&self) -> Result<Settings, OpenError> {
        sqlx::query_as!(
            Settings,
            r#"select current_setting('server_version_num')::int as "version!",
                      current_setting('fsync') as "fsync!",
                      current_setting('synchronous_commit') as "synchronous_commit!",
                      current_setting('full_page_writes') as "full_page_writes!",
                      current_setting('data_checksums') as "data_checksums!",
                      (select pg_encoding_to_char(encoding)::text from pg_database
                       where datname = current_database()) as "encoding!",
                      current_setting('standard_conforming_strings') as "standard_conforming_strings!",
                      current_setting('transaction_read_only') as "transaction_read_only!",
                      pg_is_in_recovery() as "is_standby!""#
        )
        .fetch_one(&self.pool)
        .await
        .map_err(OpenError::Connect)
    }

    /// The newest migration that was applied, 0 for none.
    ///
    /// # Errors
    /// [`OpenError::NewerSchema`] and [`OpenError::OtherSchema`] when migrations were applied that are not ours.
    pub async fn schema_version(&self) -> Result<i64, OpenError> {
        let exists =
            sqlx::query_scalar!(r#"select to_regclass('_sqlx_migrations') is not null as "is!""#)
                .fetch_one(&self.pool)
                .await
                .map_err(OpenError::Connect)?;
        if !exists {
            return Ok(0);
        }
        // The table is sqlx's own: it is there only once a migration ran, so no macro can check this.
        let applied: Vec<(i64, Vec<u8>, bool)> = sqlx::query_as(
            "select version, checksum, success from _sqlx_migrations order by version",
        )
        .fetch_all(&self.pool)
        .await
        .map_err(OpenError::Connect)?;
        let (found, known) = (
            applied.last().map_or(0, |(version, ..)| *version),
            newest_migration(),
        );
        if found > known {
            return Err(OpenError::NewerSchema { found, known });
        }
        for (version, checksum, success) in &applied {
            let ours = MIGRATIONS.iter().find(|of| of.version == *version);
            if !success || ours.is_none_or(|of| of.checksum[..] != checksum[..]) {
                return Err(OpenError::OtherSchema(*version));
            }
        }
        Ok(found)
    }

    /// The form of the stored states, and whether there are any.
    ///
    /// # Errors
    /// [`OpenError::Connect`].
    pub async fn state_form(&self) -> Result<(i32, bool), OpenError> {
        let row = sqlx::query!(
            r#"select form, exists (select from subject_state) as "is_used!" from state_form"#
        )
        .fetch_one(&self.pool)
        .await
        .map_err(OpenError::Connect)?;
        Ok((row.form, row.is_used))
    }

    /// Notices states that another version of the program wrote in another form.
    ///
    /// # Errors
    /// [`OpenError::StateForm`].
    pub async fn check_state_form(&self) -> Result<(), OpenError> {
        let (form, is_used) = self.state_form().await?;
        if form == STATE_FORM {
            return Ok(());
        }
        if is_used {
            return Err(OpenError::StateForm {
                found: form,
                known: STATE_FORM,
            });
        }
        // A new database: the migration cannot know which form the program has by now.
        let done = sqlx::query!("update state_form set form = $1", STATE_FORM)
            .execute(&self.pool)
            .await
            .map_err(OpenError::Connect)?;
        match done.rows_affected() {
            1 => Ok(()),
            _ => Err(OpenError::Connect(sqlx::Error::RowNotFound)),
        }
    }
}

/// How long a connection may have been idle before it is asked whether it still lives.
const PAUSE: Duration = Duration::from_secs(1);

/// Every query of the service finds its rows by an index. A plan that was made while a table was small must not read
/// all of it when it has grown.
const BY_INDEX: [(&str, &str); 5] = [
    ("enable_seqscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("jit", "off"),
    // One plan for all batches, however many rows they have: making one takes longer than running it.
    ("plan_cache_mode", "force_generic_plan"),
];

fn parse(url: &str) -> Result<PgConnectOptions, OpenError> {
    let options: PgConnectOptions = url.parse().map_err(OpenError::Connect)?;
    Ok(options.options(BY_INDEX))
}

/// The newest migration that this program knows.
pub fn newest_migration() -> i64 {
    MIGRATIONS.iter().map(|of| of.version).max().unwrap_or(0)
}
