//! Counts the requests for secrets. The first request of an hour goes into the journal immediately; the others of that
//! hour become one event when it ends. So the journal grows slowly, however often a peer asks and for however many
//! tokens.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::peer::Peer;
use crate::inventory::{Error, Inventory};
use crate::model::{Event, NewEvent, Repeated, SecretAccess, Token, TokenId};

/// One request for a secret, and its outcome.
#[derive(Clone, Debug)]
pub(super) struct Access {
    key: Key,
    token: Option<Accessed>,
    detail: SecretAccess,
}

/// The token whose secret was asked for.
#[derive(Clone, Debug)]
pub(super) struct Accessed {
    pub(super) id: TokenId,
    pub(super) name: String,
    pub(super) app: String,
}

impl From<&Token> for Accessed {
    fn from(token: &Token) -> Self {
        Self {
            id: token.id,
            name: token.name.clone(),
            app: token.app.clone(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    uid: u32,
    token: TokenGroup,
    /// Why it was refused; `None` if it was not.
    denial: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum TokenGroup {
    One(TokenId),
    /// There is no token of this name.
    None,
    /// All tokens above the limit, counted together.
    Others,
}

/// How a request is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counted {
    /// The first of its hour: the caller records it in the journal.
    First,
    Counted,
}

#[derive(Clone, Debug)]
struct Count {
    access: Access,
    since: Timestamp,
    last: Timestamp,
    /// Requests that are not in the journal yet.
    times: u64,
}

/// Shared by the socket, which counts, and the daemon, which writes the journal.
#[derive(Debug, Default)]
pub struct AccessLog(Mutex<HashMap<Key, Count>>);

/// How long requests are counted before they are recorded as one event.
const WINDOW: SignedDuration = SignedDuration::from_hours(1);

/// How many keys are counted separately within an hour: per user, and in total.
const READ: (usize, usize) = (1_000, 4_000);
const REFUSED: (usize, usize) = (16, 256);

impl Access {
    pub(super) fn read(peer: &Peer, token: Accessed, version: u32) -> Self {
        let mut access = Self::new(peer, Some(token), None);
        access.detail.version = Some(version);
        access
    }

    pub(super) fn refused(peer: &Peer, token: Option<&Token>, reason: &str) -> Self {
        Self::new(peer, token.map(Accessed::from), Some(reason.to_owned()))
    }

    fn new(peer: &Peer, token: Option<Accessed>, denial: Option<String>) -> Self {
        let pid = peer
            .pid
            .map_or_else(|| "unknown".to_owned(), |pid| pid.to_string());
        Self {
            detail: SecretAccess {
                user: peer.account.user.clone(),
                uid: peer.uid.to_string(),
                pid,
                reason: denial.clone(),
                ..SecretAccess::default()
            },
            key: Key {
                uid: peer.uid,
                token: (token.as_ref()).map_or(TokenGroup::None, |token| TokenGroup::One(token.id)),
                denial,
            },
            token,
        }
    }

    pub(super) fn event(&self) -> NewEvent {
        let detail = self.detail.clone();
        let event = match self.key.denial {
            None => Event::SecretRead(detail),
            Some(_) => Event::SecretRefused(detail),
        };
        match self.token.clone() {
            Some(Accessed { id, name, app }) => NewEvent {
                token: Some(id),
                name: Some(name),
                ..NewEvent::of_app(&app, event)
            },
            None => event.into(),
        }
    }

    /// The same access without its token and, when there is no room at all, without its user.
    fn of_others(mut self, room: Room) -> Self {
        self.key.token = TokenGroup::Others;
        self.token = None;
        if room == Room::None {
            self.key.uid = u32::MAX;
            self.detail.user = "others".to_owned();
            self.detail.uid.clear();
            self.detail.pid.clear();
        }
        self.detail.version = None;
        self.detail.others = true;
        self
    }
}

impl AccessLog {
    /// Counts a request. The caller records the first one of each user, token and outcome within an hour.
    pub(super) fn record(&self, access: &mut Access, now: Timestamp) -> Counted {
        let mut counts = self.counts();
        if !counts.contains_key(&access.key) {
            match room(&counts, &access.key) {
                Room::ForAll => {}
                room @ (Room::ForOthers | Room::None) => *access = access.clone().of_others(room),
            }
        }
        if let Some(count) = counts.get_mut(&access.key) {
            count.access = access.clone();
            count.last = now;
            count.times += 1;
            return Counted::Counted;
        }
        let count = Count {
            access: access.clone(),
            since: now,
            last: now,
            times: 0,
        };
        counts.insert(access.key.clone(), count);
        Counted::First
    }

    /// Records the hours that are over. A failed write keeps the counts.
    pub async fn write_due(&self, inventory: &Inventory, now: Timestamp) -> Result<usize, Error> {
        let is_over = |count: &Count| (now.duration_since(count.since)).abs() >= WINDOW;
        self.write(inventory, is_over, now).await
    }

    /// Records everything, before the daemon ends.
    pub async fn write_all(&self, inventory: &Inventory, now: Timestamp) -> Result<usize, Error> {
        self.write(inventory, |_| true, now).await
    }

    async fn write(
        &self,
        inventory: &Inventory,
        is_due: impl Fn(&Count) -> bool,
        now: Timestamp,
    ) -> Result<usize, Error> {
        let due: Vec<(Key, Count)> = self.counts().extract_if(|_, count| is_due(count)).collect();
        let events = due.iter().filter(|(_, count)| count.times > 0);
        let events: Vec<NewEvent> = events.map(|(_, count)| count.summary()).collect();
        let many = events.len();
        if many == 0 {
            return Ok(0);
        }
        let written = inventory.write(move |tx| {
            let mut events = events.into_iter();
            events.try_for_each(|event| tx.record_unless_gone(event, now))
        });
        if let Err(error) = written.await {
            self.put_back(due);
            return Err(error);
        }
        Ok(many)
    }

    fn put_back(&self, due: Vec<(Key, Count)>) {
        let mut counts = self.counts();
        for (key, count) in due {
            let times = counts.get(&key).map_or(0, |newer| newer.times);
            let count = Count {
                times: count.times + times,
                ..count
            };
            counts.insert(key, count);
        }
    }

    fn counts(&self) -> std::sync::MutexGuard<'_, HashMap<Key, Count>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Count {
    fn summary(&self) -> NewEvent {
        let mut access = self.access.clone();
        access.detail.repeated = Some(Repeated {
            times: self.times,
            since: self.since,
            until: self.last,
        });
        access.event()
    }
}

/// Whether there is room for another key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Room {
    ForAll,
    /// This user has as many keys as it may have.
    ForOthers,
    None,
}

fn room(counts: &HashMap<Key, Count>, key: &Key) -> Room {
    let (each, all) = if key.denial.is_some() { REFUSED } else { READ };
    let alike = counts
        .keys()
        .filter(|known| known.denial.is_some() == key.denial.is_some());
    let (mut mine, mut total) = (0, 0);
    for known in alike {
        total += 1;
        mine += usize::from(known.uid == key.uid);
    }
    if total >= all {
        Room::None
    } else if mine >= each {
        Room::ForOthers
    } else {
        Room::ForAll
    }
}
