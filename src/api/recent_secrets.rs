//! Secrets that were read lately, in memory: they can be read again while the inventory's server is away. A secret gets
//! here only when a permitted peer has read it, and stays no longer than the operator says.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::access_log::Accessed;
use crate::inventory::SecretReading;

/// The secret of a token, as the inventory had it.
#[derive(Clone, Debug)]
pub(super) struct Recent {
    pub(super) token: Accessed,
    pub(super) reading: SecretReading,
    read_at: Timestamp,
}

/// By the names of the tokens.
#[derive(Debug, Default)]
pub(super) struct RecentSecrets(Mutex<HashMap<String, Recent>>);

/// The most secrets that are kept. Each takes about half a kilobyte.
const MOST: usize = 20_000;

impl RecentSecrets {
    /// Keeps the secret in use. With a `window` of zero, nothing is kept.
    pub(super) fn keep(
        &self,
        token: Accessed,
        reading: &SecretReading,
        now: Timestamp,
        window: SignedDuration,
    ) {
        if !window.is_positive() {
            return;
        }
        let mut kept = self.kept();
        if kept.len() >= MOST && !kept.contains_key(&token.name) {
            kept.retain(|_, recent| recent.is_of_lately(now, window));
            if kept.len() >= MOST {
                return;
            }
        }
        let recent = Recent {
            reading: reading.clone(),
            read_at: now,
            token,
        };
        kept.insert(recent.token.name.clone(), recent);
    }

    /// The token is gone, or its secret is of no use any more.
    pub(super) fn forget(&self, name: &str) {
        self.kept().remove(name);
    }

    /// What was read at most `window` ago.
    pub(super) fn find(
        &self,
        name: &str,
        now: Timestamp,
        window: SignedDuration,
    ) -> Option<Recent> {
        let kept = self.kept();
        let found = kept.get(name)?;
        found.is_of_lately(now, window).then(|| found.clone())
    }

    fn kept(&self) -> MutexGuard<'_, HashMap<String, Recent>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recent {
    /// A time in the future was noted before the clock was set back, so it proves nothing.
    fn is_of_lately(&self, now: Timestamp, window: SignedDuration) -> bool {
        let age = self.read_at.duration_until(now);
        !age.is_negative() && age <= window
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Expiry, State, TokenId};
    use crate::secret::Secret;

    const HOUR: SignedDuration = SignedDuration::from_hours(1);

    fn token(name: &str) -> Accessed {
        Accessed {
            id: TokenId(1),
            name: name.to_owned(),
            app: "acme".to_owned(),
        }
    }

    fn reading(version: u32) -> SecretReading {
        SecretReading {
            secret: Secret::new("EAAcanary"),
            version,
            state: State::Healthy,
            expires_at: Expiry::Never,
        }
    }

    fn at(minute: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(1_000_000 + minute)
    }

    #[test]
    fn a_secret_is_kept_for_as_long_as_the_operator_says() {
        let recent = RecentSecrets::default();
        recent.keep(token("maria"), &reading(3), at(0), HOUR);
        let version = |now| Some(recent.find("maria", now, HOUR)?.reading.version);
        assert_eq!(version(at(0)), Some(3));
        assert_eq!(version(at(60)), Some(3));
        assert_eq!(version(at(61)), None);
        assert_eq!(version(at(-1)), None, "the clock was set back");
        recent.keep(token("maria"), &reading(4), at(50), HOUR);
        assert_eq!(version(at(100)), Some(4));
        assert!(recent.find("paul", at(50), HOUR).is_none());
        recent.forget("maria");
        assert_eq!(version(at(51)), None);
    }

    #[test]
    fn nothing_is_kept_where_that_is_turned_off() {
        let recent = RecentSecrets::default();
        recent.keep(token("maria"), &reading(3), at(0), SignedDuration::ZERO);
        assert!(recent.find("maria", at(0), HOUR).is_none());
    }

    #[test]
    fn it_stays_bounded_and_makes_room_for_what_is_newer() {
        let recent = RecentSecrets::default();
        for number in 0..MOST {
            recent.keep(token(&number.to_string()), &reading(1), at(0), HOUR);
        }
        recent.keep(token("late"), &reading(1), at(1), HOUR);
        assert!(recent.find("late", at(1), HOUR).is_none());
        recent.keep(token("0"), &reading(2), at(1), HOUR);
        recent.keep(token("late"), &reading(1), at(61), HOUR);
        assert!(recent.find("late", at(61), HOUR).is_some());
        assert_eq!(recent.kept().len(), 2, "those of an hour ago are gone");
    }

    #[test]
    fn a_secret_never_prints_itself() {
        let recent = RecentSecrets::default();
        recent.keep(token("maria"), &reading(3), at(0), HOUR);
        assert!(!format!("{recent:?}").contains("canary"));
    }
}
