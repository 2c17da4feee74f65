//! The first entries of a list that may have a million.

use std::collections::BTreeMap;

use jiff::Timestamp;

/// The most entries that are kept.
pub(super) const KEPT: usize = 1_000;

/// Keeps the earliest entries; of those at the same time, the ones that came first.
#[derive(Debug)]
pub(super) struct Earliest<T> {
    kept: BTreeMap<(Timestamp, u64), T>,
    seen: u64,
}

impl<T> Earliest<T> {
    pub(super) const fn new() -> Self {
        Self {
            kept: BTreeMap::new(),
            seen: 0,
        }
    }

    /// Makes the entry only if it is kept.
    pub(super) fn add(&mut self, at: Timestamp, entry: impl FnOnce() -> T) {
        self.seen += 1;
        let is_full = self.kept.len() >= KEPT;
        let latest = self.kept.last_key_value().map(|((at, _), _)| *at);
        if is_full && latest.is_some_and(|latest| latest <= at) {
            return;
        }
        if is_full {
            self.kept.pop_last();
        }
        self.kept.insert((at, self.seen), entry());
    }

    /// Counts entries that are not even offered.
    pub(super) const fn count_more(&mut self, more: u64) {
        self.seen += more;
    }

    pub(super) const fn seen(&self) -> u64 {
        self.seen
    }

    /// The entries in their order, and how many are missing.
    pub(super) fn into_list(self) -> (Vec<T>, u64) {
        let left_out = self.seen - self.kept.len() as u64;
        (self.kept.into_values().collect(), left_out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn the_earliest_are_kept_and_the_others_counted() {
        let mut list = Earliest::new();
        for second in (0..3_000).rev() {
            list.add(at(second), || second);
        }
        list.count_more(2);
        let (kept, left_out) = list.into_list();
        assert_eq!(kept, (0..1_000).collect::<Vec<_>>());
        assert_eq!(left_out, 2_002);
    }

    #[test]
    fn entries_at_the_same_time_keep_their_order() {
        let mut list = Earliest::new();
        for number in 0..1_200 {
            list.add(at(7), || number);
        }
        let (kept, left_out) = list.into_list();
        assert_eq!((kept, left_out), ((0..1_000).collect(), 200));
    }
}
