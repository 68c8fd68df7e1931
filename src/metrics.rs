//! What the service counts about itself, and the text in which Prometheus reads it.
//!
//! Owns the names; `docs/operate.md` says what to watch. Labels are routes, methods, statuses and stable codes: closed
//! sets. No subject, organisation, mark, key or address ever stands here. Must never know HTTP or SQL.

use prometheus_client::encoding::{EncodeLabelSet, text::encode};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use std::time::Duration;

/// Media type of what [`Metrics::text`] returns.
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// A request that was answered.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Answered {
    /// Of RFC 9110, or `other`.
    pub method: &'static str,
    /// The route's template, never a path.
    pub route: String,
    /// HTTP status.
    pub status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteCode {
    route: String,
    code: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ScanResult {
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Direction {
    direction: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PoolState {
    state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PushResult {
    result: &'static str,
}

/// What the pushes to witnesses count; clones count together.
#[derive(Clone, Debug, Default)]
pub struct Pushing {
    pushes: Family<PushResult, Counter>,
}

impl Pushing {
    /// Counts what came of a checkpoint that was pushed: `cosigned`, `failed`, or `forgot` for a witness that had lost what
    /// it had cosigned.
    pub fn pushed(&self, result: &'static str) {
        self.pushes.get_or_create(&PushResult { result }).inc();
    }
}

/// What the writer counts; clones count together.
#[derive(Clone, Debug)]
pub struct Writing {
    /// Statements logged, without the log's own.
    pub logged: Counter,
    /// Statements in each batch.
    pub batch: Histogram,
    /// Seconds of each commit.
    pub commit: Histogram,
    /// Commits that failed, or whose answer was lost.
    pub failed: Counter,
}

impl Default for Writing {
    fn default() -> Writing {
        Writing {
            logged: Counter::default(),
            batch: Histogram::new(exponential_buckets(1.0, 2.0, 9)),
            commit: seconds(),
            failed: Counter::default(),
        }
    }
}

/// From a millisecond to half a minute.
fn seconds() -> Histogram {
    Histogram::new(exponential_buckets(0.001, 2.0, 16))
}

/// Everything that is read at the moment when it is asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Now {
    /// Whether this process writes the log.
    pub is_writer: bool,
    /// Statements that wait for the writer.
    pub queued: usize,
    /// Entries of the log.
    pub log_entries: u64,
    /// Seconds since the newest batch; none before the first.
    pub batch_age_s: Option<i64>,
    /// Seconds since the quorum of witnesses has confirmed the log; none where it has not.
    pub witnessed_age_s: Option<i64>,
    /// Connections to the database that are at work.
    pub pool_used: usize,
    /// Connections to the database that are open and free.
    pub pool_idle: usize,
}

#[derive(Debug, Default)]
struct Gauges {
    writer: Gauge,
    queued: Gauge,
    log_entries: Gauge,
    batch_age_s: Gauge,
    witnessed_age_s: Gauge,
    pool: Family<PoolState, Gauge>,
    resident_bytes: Gauge,
}

/// The service's counters.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    /// The writer's part.
    pub writing: Writing,
    /// The part of the pushes to witnesses.
    pub pushing: Pushing,
    requests: Family<Answered, Counter>,
    durations: Family<Route, Histogram, fn() -> Histogram>,
    problems: Family<RouteCode, Counter>,
    scans: Family<ScanResult, Counter>,
    artifact_bytes: Family<Direction, Counter>,
    gauges: Gauges,
}

impl Default for Metrics {
    fn default() -> Metrics {
        let mut metrics = Metrics {
            registry: Registry::with_prefix("threadmark"),
            writing: Writing::default(),
            pushing: Pushing::default(),
            requests: Family::default(),
            durations: Family::new_with_constructor(seconds),
            problems: Family::default(),
            scans: Family::default(),
            artifact_bytes: Family::default(),
            gauges: Gauges::default(),
        };
        metrics.register_border();
        metrics.register_writer();
        metrics.register_gauges();
        metrics
    }
}

impl Metrics {
    fn register_border(&mut self) {
        let to = &mut self.registry;
        to.register("requests", "Requests answered", self.requests.clone());
        to.register_with_unit(
            "request_duration",
            "From the head of a request to the head of its answer",
            Unit::Seconds,
            self.durations.clone(),
        );
        to.register(
            "problems",
            "Requests answered with a problem, by its code: refusals, waits, quotas, failures",
            self.problems.clone(),
        );
        to.register(
            "scans",
            "Pictures by what was read in them",
            self.scans.clone(),
        );
        to.register(
            "artifact_bytes",
            "Bytes of sealed files",
            self.artifact_bytes.clone(),
        );
    }

    fn register_writer(&mut self) {
        let (to, writing) = (&mut self.registry, &self.writing);
        to.register(
            "statements_logged",
            "Statements logged",
            writing.logged.clone(),
        );
        to.register(
            "batch_statements",
            "Statements in each batch",
            writing.batch.clone(),
        );
        to.register_with_unit(
            "commit_duration",
            "Time of each commit",
            Unit::Seconds,
            writing.commit.clone(),
        );
        to.register(
            "commits_failed",
            "Commits that failed, or whose answer was lost",
            writing.failed.clone(),
        );
        to.register(
            "witness_pushes",
            "Checkpoints pushed to witnesses, by what came of it",
            self.pushing.pushes.clone(),
        );
    }

    fn register_gauges(&mut self) {
        let (to, gauges) = (&mut self.registry, &self.gauges);
        to.register(
            "writer",
            "1 where this process writes the log, 0 where it reads what another writes",
            gauges.writer.clone(),
        );
        to.register(
            "queue_statements",
            "Statements that wait for the writer",
            gauges.queued.clone(),
        );
        to.register(
            "log_entries",
            "Entries of the log",
            gauges.log_entries.clone(),
        );
        to.register_with_unit(
            "newest_batch_age",
            "Time since the newest batch",
            Unit::Seconds,
            gauges.batch_age_s.clone(),
        );
        to.register_with_unit(
            "witnessed_age",
            "Time since the quorum of witnesses has confirmed the log; -1 where it has not",
            Unit::Seconds,
            gauges.witnessed_age_s.clone(),
        );
        to.register(
            "pool_connections",
            "Connections to the database",
            gauges.pool.clone(),
        );
        to.register_with_unit(
            "resident_memory",
            "Memory of the process",
            Unit::Bytes,
            gauges.resident_bytes.clone(),
        );
    }

    /// Counts an answer, with the code of the problem that it tells.
    pub fn answered(&self, what: Answered, took: Duration, problem: Option<&'static str>) {
        let route = what.route.clone();
        self.durations
            .get_or_create(&Route {
                route: route.clone(),
            })
            .observe(took.as_secs_f64());
        if let Some(code) = problem {
            self.problems
                .get_or_create(&RouteCode { route, code })
                .inc();
        }
        self.requests.get_or_create(&what).inc();
    }

    /// Counts a picture: `read`, or the code of why not.
    pub fn scanned(&self, result: &'static str) {
        self.scans.get_or_create(&ScanResult { result }).inc();
    }

    /// Counts bytes of artifacts: `in` or `out`.
    pub fn transferred(&self, direction: &'static str, bytes: u64) {
        self.artifact_bytes
            .get_or_create(&Direction { direction })
            .inc_by(bytes);
    }

    /// Everything, as OpenMetrics 1.0 text.
    pub fn text(&self, now: Now) -> String {
        let gauges = &self.gauges;
        gauges.writer.set(now.is_writer.into());
        gauges.queued.set(now.queued as i64);
        gauges.log_entries.set(now.log_entries.cast_signed());
        gauges.batch_age_s.set(now.batch_age_s.unwrap_or(-1));
        let witnessed_age_s = now.witnessed_age_s.unwrap_or(-1);
        gauges.witnessed_age_s.set(witnessed_age_s);
        for (state, count) in [("used", now.pool_used), ("idle", now.pool_idle)] {
            gauges
                .pool
                .get_or_create(&PoolState { state })
                .set(count as i64);
        }
        gauges.resident_bytes.set(resident_bytes());
        let mut text = String::new();
        // Writing into a text cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

/// Linux's word on the process; 0 where there is none.
fn resident_bytes() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<i64>().ok());
    kib.unwrap_or(0) * 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_counted_is_told() {
        let metrics = Metrics::default();
        let what = Answered {
            method: "POST",
            route: "/v1/statements".into(),
            status: 422,
        };
        metrics.answered(what, Duration::from_millis(3), Some("same-author"));
        metrics.scanned("no-code");
        metrics.transferred("in", 7);
        metrics.writing.logged.inc_by(5);
        metrics.writing.batch.observe(5.0);
        metrics.pushing.pushed("cosigned");
        let text = metrics.text(Now {
            log_entries: 9,
            ..Now::default()
        });
        for line in [
            "threadmark_requests_total{method=\"POST\",route=\"/v1/statements\",status=\"422\"} 1",
            "threadmark_problems_total{route=\"/v1/statements\",code=\"same-author\"} 1",
            "threadmark_request_duration_seconds_bucket{le=\"0.004\",route=\"/v1/statements\"} 1",
            "threadmark_scans_total{result=\"no-code\"} 1",
            "threadmark_artifact_bytes_total{direction=\"in\"} 7",
            "threadmark_statements_logged_total 5",
            "threadmark_batch_statements_sum 5.0",
            "threadmark_log_entries 9",
            "threadmark_writer 0",
            "threadmark_newest_batch_age_seconds -1",
            "threadmark_witnessed_age_seconds -1",
            "threadmark_witness_pushes_total{result=\"cosigned\"} 1",
            "threadmark_pool_connections{state=\"idle\"} 0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        let resident = text
            .lines()
            .find_map(|line| line.strip_prefix("threadmark_resident_memory_bytes "));
        assert!(resident.unwrap().parse::<i64>().unwrap() > 1 << 20);
        assert!(text.ends_with("# EOF\n"));
    }
}
