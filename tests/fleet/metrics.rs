//! What the daemon's metrics say: the work of its database, and how long its answers took.

use std::path::Path;

use super::Result;
use super::figures::{Latency, Work};
use super::probe::{connect, get};

const DURATIONS: &str = r#"perennial_request_duration_seconds_bucket{le=""#;
const STATUS: &str = r#"route="/v1/status"}"#;

pub struct Metrics(String);

impl Metrics {
    pub fn read(socket: &Path) -> Result<Self> {
        let text = get(&mut connect(socket)?, "/metrics")?;
        Ok(Self(String::from_utf8(text)?))
    }

    pub fn work(&self) -> Result<Work> {
        Ok(Work {
            statements: self.count("statements")?,
            rows: self.count("rows")?,
            steps: self.count("steps")?,
        })
    }

    fn count(&self, what: &str) -> Result<u64> {
        let name = format!("perennial_inventory_{what}_total ");
        let value = self.0.lines().find_map(|line| line.strip_prefix(&*name));
        Ok(value.ok_or_else(|| format!("no {name}"))?.parse()?)
    }

    /// How long the daemon took for the status, from the request to the answer.
    pub fn status(&self) -> Result<Latency> {
        let mut buckets = Vec::new();
        for line in self.0.lines() {
            buckets.extend(bucket(line)?);
        }
        Ok(Latency::within(&buckets).ok_or("no histogram of the status")?)
    }
}

/// The limit of a bucket of the status, in seconds, and how many answers took no longer.
fn bucket(line: &str) -> Result<Option<(f64, u64)>> {
    let Some((limit, rest)) = line
        .strip_prefix(DURATIONS)
        .and_then(|rest| rest.split_once("\","))
    else {
        return Ok(None);
    };
    let Some(count) = rest.strip_prefix(STATUS) else {
        return Ok(None);
    };
    Ok(Some((limit.parse()?, count.trim().parse()?)))
}
