//! What the world draws at random: ids, tokens, trace ids, and which calls a fault strikes.

use std::collections::HashMap;
use std::ops::Range;

use jiff::Timestamp;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::World;
use super::ids::Id;

#[derive(Debug)]
pub(super) struct Randomness {
    seed: u64,
    rng: StdRng,
    /// Of the request that is being answered, if each draws on its own.
    of_request: Option<StdRng>,
    /// How often each request was made at this time; `None` if all draw from one source.
    requests: Option<(Timestamp, HashMap<u64, u32>)>,
}

impl Randomness {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            seed,
            rng: StdRng::seed_from_u64(seed),
            of_request: None,
            requests: None,
        }
    }

    fn source(&mut self) -> &mut StdRng {
        self.of_request.as_mut().unwrap_or(&mut self.rng)
    }
}

impl World {
    /// From now on, what an answer has of chance depends on its request and the time alone, so that calls that arrive
    /// together get the same answers in any order.
    pub fn draw_by_request(&mut self) {
        self.randomness.requests = Some((self.now(), HashMap::new()));
    }

    /// `content` is a number that only equal requests share.
    pub(crate) fn begin_request(&mut self, content: u64) {
        let now = self.now();
        let Some((at, requests)) = &mut self.randomness.requests else {
            return;
        };
        if *at != now {
            (*at, *requests) = (now, HashMap::new());
        }
        let count = requests.entry(content).or_default();
        *count += 1;
        let second = now.as_second().unsigned_abs().rotate_left(20);
        let seed = self.randomness.seed ^ content ^ second ^ u64::from(*count).rotate_left(56);
        self.randomness.of_request = Some(StdRng::seed_from_u64(seed));
    }

    pub(crate) fn end_request(&mut self) {
        self.randomness.of_request = None;
    }

    /// A new trace id. Every error contains one, for Meta's support.
    pub(crate) fn trace_id(&mut self) -> String {
        let mut id = String::from("A");
        self.push_random(&mut id, 22);
        id
    }

    pub(super) fn draw_percent(&mut self) -> u8 {
        self.randomness.source().random_range(0..100)
    }

    pub(super) fn fresh_id(&mut self, range: Range<u64>) -> Id {
        loop {
            let id = Id::new(self.randomness.source().random_range(range.clone()));
            if !self.is_in_use(id) {
                return id;
            }
        }
    }

    pub(super) fn is_in_use(&self, id: Id) -> bool {
        self.people.contains_key(&id)
            || self.pages.contains_key(&id)
            || self.businesses.contains_key(&id)
            || self.whatsapp_accounts.contains_key(&id)
    }

    pub(super) fn push_random(&mut self, text: &mut String, length: usize) {
        const ALPHABET: &[u8; 62] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        const PER_DRAW: usize = 10;
        let end = text.len() + length;
        while text.len() < end {
            let mut bits: u64 = self.randomness.source().random();
            for _ in 0..PER_DRAW.min(end - text.len()) {
                text.push(char::from(ALPHABET[(bits % 62) as usize]));
                bits /= 62;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: u64 = 1;
    const OTHER: u64 = 2;

    fn trace_ids(requests: [u64; 3]) -> Vec<(u64, String)> {
        let mut world = World::new("2026-01-01T00:00:00Z".parse().unwrap(), 7);
        world.draw_by_request();
        let answers = requests.map(|content| {
            world.begin_request(content);
            let id = world.trace_id();
            world.end_request();
            (content, id)
        });
        let mut answers = answers.to_vec();
        answers.sort();
        answers
    }

    #[test]
    fn a_request_draws_the_same_in_any_order_and_another_time_something_else() {
        let answers = trace_ids([ONE, OTHER, ONE]);
        assert_eq!(answers, trace_ids([OTHER, ONE, ONE]));
        assert_ne!(answers[0], answers[1]);
    }

    #[test]
    fn without_it_all_draw_from_one_source() {
        let mut world = World::new("2026-01-01T00:00:00Z".parse().unwrap(), 7);
        world.begin_request(ONE);
        let first = world.trace_id();
        world.end_request();
        world.begin_request(ONE);
        assert_ne!(first, world.trace_id());
    }
}
