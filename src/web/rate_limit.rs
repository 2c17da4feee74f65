//! Limits the calls of each client, and of all clients together. A rejected call costs an answer of a few bytes.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::http::HeaderMap;
use tokio::time::Instant;

use crate::http::ipv6_prefix;

/// A token bucket: so many calls in a burst, then so many per second.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rate {
    pub(super) at_once: f64,
    pub(super) per_second: f64,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    left: f64,
    since: Instant,
}

/// A client that is counted on its own: one IPv4 address, or one IPv6 prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Client {
    Of(IpAddr),
    /// Connected by a Unix socket, and the proxy names no address.
    Unknown,
}

pub(super) struct RateLimiter {
    each: Rate,
    all: Rate,
    buckets: Mutex<Buckets>,
}

struct Buckets {
    all: Bucket,
    clients: HashMap<Client, Bucket>,
}

/// A login needs a dozen calls; a page that waits for its result makes one every other second.
pub(super) const ONE_CLIENT: Rate = Rate {
    at_once: 60.0,
    per_second: 2.0,
};
pub(super) const ALL_CLIENTS: Rate = Rate {
    at_once: 600.0,
    per_second: 100.0,
};

/// Clients above this number are counted together.
const CLIENTS: usize = 10_000;

impl Rate {
    /// Takes one call from the bucket, if there is one left.
    fn take(self, bucket: &mut Bucket, now: Instant) -> bool {
        let waited = now.saturating_duration_since(bucket.since).as_secs_f64();
        bucket.left = (bucket.left + waited * self.per_second).min(self.at_once);
        bucket.since = now;
        let may = bucket.left >= 1.0;
        if may {
            bucket.left -= 1.0;
        }
        may
    }

    fn full(self, now: Instant) -> Bucket {
        Bucket {
            left: self.at_once,
            since: now,
        }
    }

    fn time_to_fill(self) -> Duration {
        Duration::from_secs_f64(self.at_once / self.per_second)
    }
}

impl RateLimiter {
    pub(super) fn new(each: Rate, all: Rate) -> Self {
        let buckets = Buckets {
            all: all.full(Instant::now()),
            clients: HashMap::new(),
        };
        Self {
            each,
            all,
            buckets: Mutex::new(buckets),
        }
    }

    /// Returns whether the call is within the limits. Rejected calls of one client do not count against the limit of
    /// all.
    pub(super) fn lets_in(&self, client: Client, now: Instant) -> bool {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.clients.len() >= CLIENTS {
            let forgotten = self.each.time_to_fill();
            buckets
                .clients
                .retain(|_, bucket| now.saturating_duration_since(bucket.since) < forgotten);
        }
        let is_distinct = buckets.clients.len() < CLIENTS || buckets.clients.contains_key(&client);
        let client = if is_distinct { client } else { Client::Unknown };
        let each = self.each;
        let bucket = buckets
            .clients
            .entry(client)
            .or_insert_with(|| each.full(now));
        each.take(bucket, now) && self.all.take(&mut buckets.all, now)
    }
}

/// The client of a request: the peer, or the last address that a proxy on this machine names.
pub(super) fn client(peer: Option<IpAddr>, headers: &HeaderMap) -> Client {
    let named_by_proxy = || {
        let lines = headers.get_all("x-forwarded-for").iter();
        let last = lines.filter_map(|line| line.to_str().ok()).next_back()?;
        last.rsplit(',').next()?.trim().parse().ok()
    };
    let address = match peer {
        Some(peer) if !peer.is_loopback() => Some(peer),
        Some(_) | None => named_by_proxy().or(peer),
    };
    address.map_or(Client::Unknown, |address| Client::Of(ipv6_prefix(address)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(address: &str) -> Client {
        Client::Of(address.parse().unwrap())
    }

    #[test]
    fn a_flood_of_one_leaves_the_others_their_calls() {
        let rate_limiter = RateLimiter::new(
            Rate {
                at_once: 3.0,
                per_second: 1.0,
            },
            Rate {
                at_once: 5.0,
                per_second: 5.0,
            },
        );
        let now = Instant::now();
        let let_in = |client, now| {
            (0..10)
                .filter(|_| rate_limiter.lets_in(client, now))
                .count()
        };
        assert_eq!(let_in(of("192.0.2.1"), now), 3);
        assert_eq!(let_in(of("192.0.2.2"), now), 2, "what all may is used up");
        let later = now + Duration::from_secs(2);
        assert_eq!(let_in(of("192.0.2.1"), later), 2);
    }

    #[test]
    fn only_a_proxy_on_this_machine_is_believed() {
        let mut headers = HeaderMap::new();
        let named = |headers: &HeaderMap, peer: Option<&str>| {
            client(peer.map(|peer| peer.parse().unwrap()), headers)
        };
        assert_eq!(named(&headers, Some("127.0.0.1")), of("127.0.0.1"));
        assert_eq!(named(&headers, None), Client::Unknown);
        headers.insert(
            "x-forwarded-for",
            "10.0.0.1, 2001:db8:1:2:3::9".parse().unwrap(),
        );
        assert_eq!(named(&headers, Some("127.0.0.1")), of("2001:db8:1:2::"));
        assert_eq!(named(&headers, None), of("2001:db8:1:2::"));
        assert_eq!(named(&headers, Some("192.0.2.7")), of("192.0.2.7"));
    }
}
