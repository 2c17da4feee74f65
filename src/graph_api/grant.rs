//! What Meta grants: a secret, and what some platforms say only with it.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use crate::model::{Facts, Kind, Scopes};
use crate::secret::Secret;

use super::classify::{self, Role};
use super::credentials::is_presentable;
use super::transport::Answer;
use super::value::Value;
use super::{Error, wire};

/// What was granted with a secret and is not said again.
#[derive(Clone, Debug)]
pub struct Grant {
    pub secret: Secret,
    /// From the answer on.
    pub lasts: Option<SignedDuration>,
    pub scopes: Scopes,
}

impl Grant {
    /// When its secret ends, if Meta does not say so again.
    pub fn ends_at(&self, kind: Kind, granted_at: Timestamp) -> Option<Timestamp> {
        let lasts = self.lasts.filter(|_| kind.is_described_once())?;
        granted_at.checked_add(lasts).ok()
    }

    /// The description of a new secret. If Meta does not say in it when the secret ends, what the grant says counts.
    pub fn describes_new(&self, facts: Facts, granted_at: Timestamp) -> Facts {
        let facts = self.describes(facts, granted_at);
        let lasts_until = |lasts| granted_at.checked_add(lasts).ok();
        Facts {
            expires_at: facts.expires_at.or(self.lasts.and_then(lasts_until).into()),
            ..facts
        }
    }

    /// A description of its secret, completed by what only the grant says.
    pub fn describes(&self, mut facts: Facts, granted_at: Timestamp) -> Facts {
        if !facts.kind.is_described_once() {
            return facts;
        }
        facts.scopes = facts
            .scopes
            .or_else(|| self.scopes.clone().known_for(facts.kind));
        let ends_at = self.ends_at(facts.kind, granted_at);
        facts.completed_by_grant(granted_at, ends_at)
    }
}

/// The answer to an exchange or to a login's code.
#[derive(Deserialize, Default)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Granted<'a> {
    access_token: Option<Secret>,
    expires_in: Value<'a>,
    /// A list, or names with commas between them.
    permissions: Value<'a>,
    /// Instagram has also sent the answer as the only entry of a list.
    data: Vec<Self>,
}

pub(super) fn read(answer: &Answer, role: Role) -> Result<Grant, Error> {
    classify::assess(answer.status, &answer.body, role)?;
    let mut granted: Granted<'_> = wire::parse(&answer.body)?;
    if let Some(only) = granted.data.pop() {
        granted = only;
    }
    let scopes = match granted.permissions.text() {
        Some(text) => Scopes::parse(text),
        None => granted.permissions.texts().collect(),
    };
    let lasts = granted.expires_in.whole().filter(|seconds| *seconds > 0);
    Ok(Grant {
        secret: granted
            .access_token
            .filter(is_presentable)
            .ok_or_else(|| Error::senseless(answer.status))?,
        lasts: lasts.map(SignedDuration::from_secs),
        scopes,
    })
}
