//! Connection slots, counted per peer: no peer can take all of them, and some are reserved.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

/// How the slots are divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shares {
    /// For all ordinary peers together.
    pub common: usize,
    /// The most slots of `common` that one peer may hold.
    pub each: usize,
    /// For each peer with reserved slots; no other peer can take these.
    pub reserved: usize,
}

/// Whether a peer has reserved slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rank {
    Reserved,
    Common,
}

/// Why there is no slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// The peer already holds as many as one peer may hold, which is this many.
    Share(usize),
    /// The ordinary peers together hold all slots.
    All,
}

/// Counts the slots of each peer. It forgets a peer that holds none.
#[derive(Debug)]
pub struct Places<K> {
    shares: Shares,
    held: Mutex<Held<K>>,
}

#[derive(Debug)]
struct Held<K> {
    common: usize,
    by_peer: HashMap<K, usize>,
}

/// A slot, released when it is dropped.
#[derive(Debug)]
pub struct Place<K: Copy + Eq + Hash> {
    places: Arc<Places<K>>,
    peer: K,
    rank: Rank,
}

impl<K: Copy + Eq + Hash> Places<K> {
    pub fn new(shares: Shares) -> Arc<Self> {
        let held = Held {
            common: 0,
            by_peer: HashMap::new(),
        };
        Arc::new(Self {
            shares,
            held: Mutex::new(held),
        })
    }

    /// Takes a slot for `peer`, or returns immediately why there is none.
    pub fn take(self: &Arc<Self>, peer: K, rank: Rank) -> Result<Place<K>, Full> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let share = match rank {
            Rank::Reserved => self.shares.reserved,
            Rank::Common => self.shares.each,
        };
        if held.by_peer.get(&peer).copied().unwrap_or(0) >= share {
            return Err(Full::Share(share));
        }
        if rank == Rank::Common {
            if held.common >= self.shares.common {
                return Err(Full::All);
            }
            held.common += 1;
        }
        *held.by_peer.entry(peer).or_insert(0) += 1;
        Ok(Place {
            places: Arc::clone(self),
            peer,
            rank,
        })
    }

    fn give_back(&self, peer: K, rank: Rank) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if rank == Rank::Common {
            held.common = held.common.saturating_sub(1);
        }
        if let Some(count) = held.by_peer.get_mut(&peer) {
            *count -= 1;
            if *count == 0 {
                held.by_peer.remove(&peer);
            }
        }
    }
}

impl<K: Copy + Eq + Hash> Drop for Place<K> {
    fn drop(&mut self) {
        self.places.give_back(self.peer, self.rank);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHARES: Shares = Shares {
        common: 5,
        each: 3,
        reserved: 2,
    };

    fn take(places: &Arc<Places<u32>>, peer: u32, rank: Rank) -> Result<Place<u32>, Full> {
        places.take(peer, rank)
    }

    #[test]
    fn a_peer_that_holds_its_share_does_not_take_the_places_of_others() {
        let places = Places::new(SHARES);
        let eve: Vec<_> = (0..40)
            .filter_map(|_| take(&places, 1000, Rank::Common).ok())
            .collect();
        assert_eq!(eve.len(), 3);
        assert_eq!(
            take(&places, 1000, Rank::Common).err(),
            Some(Full::Share(3))
        );
        let bob: Vec<_> = (0..40)
            .filter_map(|_| take(&places, 1001, Rank::Common).ok())
            .collect();
        assert_eq!(bob.len(), 2);
        assert_eq!(take(&places, 1001, Rank::Common).err(), Some(Full::All));

        let reserved = [0, 990].map(|uid| {
            let held: Vec<_> = (0..40)
                .filter_map(|_| take(&places, uid, Rank::Reserved).ok())
                .collect();
            held
        });
        assert_eq!(reserved.map(|held| held.len()), [2, 2]);
    }

    #[test]
    fn a_place_that_is_given_back_can_be_taken_again_and_the_peer_is_forgotten() {
        let places = Places::new(SHARES);
        for _ in 0..100 {
            let first = take(&places, 7, Rank::Common).unwrap();
            let second = take(&places, 0, Rank::Reserved).unwrap();
            drop((first, second));
        }
        let held = places.held.lock().unwrap();
        assert_eq!((held.common, held.by_peer.len()), (0, 0));
    }
}
