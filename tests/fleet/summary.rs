//! The weekly summary: all its data is read, rendered and written into the outbox.

use std::sync::Arc;
use std::time::Instant;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use perennial::alerts::Rules;
use perennial::alerts::digest::{self, Tick};
use perennial::email::text::Language;
use perennial::inventory::Inventory;

use super::Result;

/// Returns how long the second summary takes, in seconds; the first one has nothing to report.
pub async fn measure(inventory: &Inventory, now: Timestamp) -> Result<f64> {
    let week = SignedDuration::from_hours(7 * 24);
    write(inventory, now).await?;
    let began = Instant::now();
    if !write(inventory, now + week).await? {
        return Err("no summary was written".into());
    }
    Ok(began.elapsed().as_secs_f64())
}

async fn write(inventory: &Inventory, at: Timestamp) -> Result<bool> {
    let tick = Tick { at, next: None };
    Ok(digest::write(inventory, &rules(), Vec::new(), tick, at).await?)
}

fn rules() -> Rules {
    let days = |n: i64| SignedDuration::from_hours(24 * n);
    Rules {
        warn_before: vec![days(14)],
        remind_every: days(3),
        plan_window: days(14),
        operators: vec!["ops@example.com".to_owned()],
        copy_operators: false,
        escalate_after: None,
        escalate_to: Vec::new(),
        quiet_hours: None,
        working_days: Vec::new(),
        routes: Vec::new(),
        channels: Vec::new(),
        apps: vec!["fleet".to_owned()],
        message_domain: "example.com".to_owned(),
        language: Language::English,
        timezone: TimeZone::UTC,
        login_links: None,
        templates: Arc::default(),
    }
}
