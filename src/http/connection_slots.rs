//! Slots, counted per holder: nobody can take all of them, and some are reserved.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How the slots are divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shares {
    /// For all ordinary holders together.
    pub common: usize,
    /// The most slots of `common` that one holder may have.
    pub each: usize,
    /// For each holder with reserved slots; no other can take these.
    pub reserved: usize,
}

/// Who is counted together: one user of the machine, or one IPv4 address or IPv6 prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Holder {
    User(u32),
    Address(IpAddr),
}

/// Whether a holder has reserved slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rank {
    Reserved,
    Common,
}

/// Why there is no slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// The holder already has as many as one may have, which is this many.
    Share(usize),
    /// The ordinary holders together have all slots.
    All,
}

/// Counts the slots of each holder. It forgets one that has none.
#[derive(Debug)]
pub struct Slots {
    shares: Shares,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    common: usize,
    by_holder: HashMap<Holder, usize>,
}

/// A slot, released when it is dropped.
#[derive(Debug)]
pub struct Slot {
    slots: Arc<Slots>,
    holder: Holder,
    rank: Rank,
}

impl Slots {
    pub fn new(shares: Shares) -> Arc<Self> {
        Arc::new(Self {
            shares,
            held: Mutex::default(),
        })
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a slot, or returns immediately why there is none.
    pub fn take(self: &Arc<Self>, holder: Holder, rank: Rank) -> Result<Slot, Full> {
        let mut held = self.held();
        let share = match rank {
            Rank::Reserved => self.shares.reserved,
            Rank::Common => self.shares.each,
        };
        if held.by_holder.get(&holder).copied().unwrap_or(0) >= share {
            return Err(Full::Share(share));
        }
        if rank == Rank::Common {
            if held.common >= self.shares.common {
                return Err(Full::All);
            }
            held.common += 1;
        }
        *held.by_holder.entry(holder).or_insert(0) += 1;
        Ok(Slot {
            slots: Arc::clone(self),
            holder,
            rank,
        })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut held = self.slots.held();
        if self.rank == Rank::Common {
            held.common = held.common.saturating_sub(1);
        }
        if let Some(count) = held.by_holder.get_mut(&self.holder) {
            *count -= 1;
            if *count == 0 {
                held.by_holder.remove(&self.holder);
            }
        }
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

    fn take(slots: &Arc<Slots>, uid: u32, rank: Rank) -> Result<Slot, Full> {
        slots.take(Holder::User(uid), rank)
    }

    #[test]
    fn a_peer_that_holds_its_share_does_not_take_the_places_of_others() {
        let slots = Slots::new(SHARES);
        let eve: Vec<_> = (0..40)
            .filter_map(|_| take(&slots, 1000, Rank::Common).ok())
            .collect();
        assert_eq!(eve.len(), 3);
        assert_eq!(take(&slots, 1000, Rank::Common).err(), Some(Full::Share(3)));
        let bob: Vec<_> = (0..40)
            .filter_map(|_| take(&slots, 1001, Rank::Common).ok())
            .collect();
        assert_eq!(bob.len(), 2);
        assert_eq!(take(&slots, 1001, Rank::Common).err(), Some(Full::All));

        let reserved = [0, 990].map(|uid| {
            let held: Vec<_> = (0..40)
                .filter_map(|_| take(&slots, uid, Rank::Reserved).ok())
                .collect();
            held
        });
        assert_eq!(reserved.map(|held| held.len()), [2, 2]);
    }

    #[test]
    fn a_place_that_is_given_back_can_be_taken_again_and_the_peer_is_forgotten() {
        let slots = Slots::new(SHARES);
        for _ in 0..100 {
            let first = take(&slots, 7, Rank::Common).unwrap();
            let second = take(&slots, 0, Rank::Reserved).unwrap();
            drop((first, second));
        }
        let held = slots.held.lock().unwrap();
        assert_eq!((held.common, held.by_holder.len()), (0, 0));
    }
}
