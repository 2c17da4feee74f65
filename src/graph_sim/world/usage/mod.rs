//! Counts the calls of each app, person and page in the last hour, reports them in headers, and rejects calls above the
//! limit.

mod limit;
mod meter;

use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::json;

pub use limit::RateLimit;
pub(crate) use limit::{Bucket, Payer};

use super::ids::{AppKey, Id};
use super::{World, WorldError};
use crate::graph_sim::endpoints::{GraphError, NamedHeader};
use meter::Meter;

#[derive(Debug)]
struct Throttle {
    app: AppKey,
    limit: RateLimit,
    until: Timestamp,
}

#[derive(Debug, Default)]
pub(crate) struct Usage {
    meters: HashMap<Bucket, Meter>,
    throttles: Vec<Throttle>,
    person_calls_per_hour: Option<u32>,
    page_calls_per_hour: Option<u32>,
}

impl World {
    /// Rejects the app's calls with code 4 until the given time, regardless of the count.
    pub fn throttle(&mut self, app: &str, until: Timestamp) -> Result<(), WorldError> {
        self.throttle_with(app, RateLimit::App, until)
    }

    pub fn throttle_with(
        &mut self,
        app: &str,
        limit: RateLimit,
        until: Timestamp,
    ) -> Result<(), WorldError> {
        let app = self.app_key(app)?;
        self.usage.throttles.push(Throttle { app, limit, until });
        Ok(())
    }

    /// Ends the throttles of this app, or of all, that were set for this limit, or for any.
    pub fn lift_throttles(
        &mut self,
        app: Option<&str>,
        limit: Option<RateLimit>,
    ) -> Result<(), WorldError> {
        let app = app.map(|app| self.app_key(app)).transpose()?;
        self.usage.throttles.retain(|throttle| {
            app.is_some_and(|app| app != throttle.app)
                || limit.is_some_and(|limit| limit != throttle.limit)
        });
        Ok(())
    }

    /// Sets the limit of calls per person and rolling hour, in all apps; Meta does not publish its number.
    pub const fn set_person_calls_per_hour(&mut self, limit: Option<u32>) {
        self.usage.person_calls_per_hour = limit;
    }

    /// Sets the limit of calls per page (or system user) with its own token and rolling hour.
    pub const fn set_page_calls_per_hour(&mut self, limit: Option<u32>) {
        self.usage.page_calls_per_hour = limit;
    }

    /// Returns the app's calls within the last hour that count against its own limit.
    pub fn calls_last_hour(&mut self, app: &str) -> Result<u32, WorldError> {
        let bucket = Bucket::App(self.app_key(app)?);
        let now = self.now();
        Ok(self
            .usage
            .meters
            .get_mut(&bucket)
            .map_or(0, |meter| meter.total(now)))
    }

    /// Counts the call, and rejects it above the limit. Rejected calls count as well.
    pub(crate) fn charge(&mut self, payer: Payer) -> Result<(), GraphError> {
        let now = self.now();
        let meter = self.usage.meters.entry(payer.bucket()).or_default();
        let total = meter.count(now);
        if let Some(limit) = self.throttled(payer) {
            return Err(limit.error());
        }
        match self.calls_per_hour(payer) {
            Some(most) if total > most => Err(payer.limit().error()),
            Some(_) | None => Ok(()),
        }
    }

    fn throttled(&self, payer: Payer) -> Option<RateLimit> {
        let now = self.now();
        let mut due = self
            .usage
            .throttles
            .iter()
            .filter(|throttle| now < throttle.until);
        due.find(|throttle| throttle.app == payer.app() && payer.is_touched_by(throttle.limit))
            .map(|throttle| throttle.limit)
    }

    fn calls_per_hour(&self, payer: Payer) -> Option<u32> {
        match payer {
            Payer::App(app) => self.app(app).calls_per_hour,
            Payer::Person { .. } => self.usage.person_calls_per_hour,
            Payer::Business { .. } => self.usage.page_calls_per_hour,
        }
    }

    /// Returns the usage header; only callers with a limit get one.
    pub(crate) fn usage_header(&self, payer: Payer) -> Option<NamedHeader> {
        let meter = self.usage.meters.get(&payer.bucket())?;
        let most = self.calls_per_hour(payer);
        let throttled = self.throttled(payer).is_some();
        let percent = match most {
            _ if throttled => 100,
            Some(most) => percent_of(meter.counted(), most),
            None => return None,
        };
        Some(match payer {
            Payer::App(_) | Payer::Person { .. } => ("X-App-Usage".into(), app_usage(percent)),
            Payer::Business { account, .. } => {
                let regain = if percent >= 100 {
                    meter.minutes_to_regain(self.now())
                } else {
                    0
                };
                (
                    "X-Business-Use-Case-Usage".into(),
                    business_usage(account, percent, regain),
                )
            }
        })
    }
}

fn percent_of(calls: u32, most: u32) -> u64 {
    u64::from(calls) * 100 / u64::from(most.max(1))
}

fn app_usage(percent: u64) -> String {
    let time = percent * 9 / 10;
    format!(r#"{{"call_count":{percent},"total_time":{time},"total_cputime":{time}}}"#)
}

fn business_usage(account: Id, percent: u64, minutes_to_regain: i64) -> String {
    let entry = json!({
        "type": "pages",
        "call_count": percent,
        "total_cputime": percent * 9 / 10,
        "total_time": percent * 9 / 10,
        "estimated_time_to_regain_access": minutes_to_regain,
    });
    json!({ account.to_string(): [entry] }).to_string()
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;

    use super::*;
    use crate::graph_sim::world::AppSpec;

    fn world(calls_per_hour: Option<u32>) -> (World, Payer) {
        let mut world = World::new("2026-01-01T00:00:30Z".parse().unwrap(), 1);
        world.add_app(AppSpec {
            id: "1".to_owned(),
            calls_per_hour,
            ..AppSpec::default()
        });
        let app = world.app_key("1").unwrap();
        (world, Payer::App(app))
    }

    #[test]
    fn the_hour_rolls() {
        let (mut world, payer) = world(Some(10));
        for _ in 0..10 {
            world.charge(payer).unwrap();
        }
        assert_eq!(world.charge(payer).unwrap_err().code, 4);
        assert_eq!(world.calls_last_hour("1"), Ok(11));
        world.set_now(world.now().checked_add(59.minutes()).unwrap());
        assert_eq!(world.charge(payer).unwrap_err().code, 4);
        world.set_now(world.now().checked_add(1.minutes()).unwrap());
        assert_eq!(world.charge(payer).map_err(|error| error.code), Ok(()));
        assert_eq!(world.calls_last_hour("1"), Ok(2));
    }

    #[test]
    fn the_header_counts_in_percent_and_only_where_there_is_a_limit() {
        let (mut world, payer) = world(Some(200));
        for _ in 0..50 {
            world.charge(payer).unwrap();
        }
        let (name, value) = world.usage_header(payer).unwrap();
        assert_eq!(name, "X-App-Usage");
        assert_eq!(
            value,
            r#"{"call_count":25,"total_time":22,"total_cputime":22}"#
        );

        let (mut free, payer) = self::world(None);
        free.charge(payer).unwrap();
        assert_eq!(free.usage_header(payer), None);
    }

    #[test]
    fn a_throttle_strikes_the_payers_it_is_meant_for_and_ends() {
        let person = |world: &World| Payer::Person {
            app: world.app_key("1").unwrap(),
            person: "5".parse().unwrap(),
        };
        let page = |world: &World| Payer::Business {
            app: world.app_key("1").unwrap(),
            account: "6".parse().unwrap(),
        };
        for (limit, app_code, person_code, page_code) in [
            (RateLimit::App, Some(4), Some(4), Some(4)),
            (RateLimit::User, None, Some(17), None),
            (RateLimit::Page, None, Some(32), None),
            (RateLimit::Custom, Some(613), Some(613), Some(613)),
            (RateLimit::PageBusiness, None, None, Some(80001)),
        ] {
            let (mut world, app) = world(None);
            let until = world.now().checked_add(1.hours()).unwrap();
            world.throttle_with("1", limit, until).unwrap();
            let (person, page) = (person(&world), page(&world));
            for (payer, code) in [(app, app_code), (person, person_code), (page, page_code)] {
                let refused = world.charge(payer).err().map(|error| error.code);
                assert_eq!(refused, code, "{limit:?} {payer:?}");
            }
            world.set_now(until);
            assert!(world.charge(app).is_ok());
        }
    }

    #[test]
    fn an_app_out_of_calls_learns_when_it_may_call_again() {
        let (mut world, app) = world(None);
        world.set_page_calls_per_hour(Some(1));
        let payer = Payer::Business {
            app: app.app(),
            account: "6".parse().unwrap(),
        };
        world.charge(payer).unwrap();
        world.set_now(world.now().checked_add(20.minutes()).unwrap());
        assert_eq!(world.charge(payer).unwrap_err().code, 80001);
        let (name, value) = world.usage_header(payer).unwrap();
        assert_eq!(name, "X-Business-Use-Case-Usage");
        assert!(
            value.contains(r#""estimated_time_to_regain_access":40"#),
            "{value}"
        );
        assert!(value.starts_with(r#"{"6":[{"#), "{value}");
    }
}
