//! How the types of the model are stored in columns.

use std::borrow::Cow;

use jiff::Timestamp;

use super::Error;
use super::engine::{FromColumn, Row, ToColumn, Value};
use crate::model::{
    Action, AnswerDigest, AttemptId, Cause, DeliveryId, DeliveryState, EmailId, EventId,
    ExchangeId, Expiry, Facts, Health, IncidentId, Kind, LoginId, Next, OrderKind, OrderOutcome,
    Outcome, Permissions, PostId, PostKind, Refused, Remedy, Rotation, Scopes, State, Subscription,
    Token, TokenId,
};

/// The columns that [`token`] reads, in its order.
pub(super) const TOKEN: &str = "
    t.id, t.app, t.name, t.kind, t.subject, t.subject_name, t.person, t.issued_at, t.expires_at,
    t.data_access_expires_at, t.scopes, t.parent, t.required_scopes, t.owners, t.state, t.cause,
    t.since, t.failures, t.version, t.fingerprint, t.imported_at, t.rotated_at,
    t.rotation_outcome, t.rotation_at, s.due_at, s.action, s.checked_at,
    CASE WHEN t.required_scopes = '' THEN (SELECT scopes FROM app WHERE name = t.app) ELSE '' END,
    t.lost_scopes, t.ungranted_scopes, t.refused_since, t.refused_cause";

/// How many columns [`TOKEN`] has.
pub(super) const TOKEN_COLUMNS: usize = 32;

/// The tables of the columns of [`TOKEN`].
pub(super) const FROM_TOKEN: &str = "FROM token t JOIN schedule s ON s.token = t.id";

/// The token lives. That includes a failing token without failures: its checks get through.
pub(super) const LIVES: &str =
    "(t.state IN ('healthy', 'expiring') OR t.state = 'failing' AND t.failures = 0)";

pub(super) fn token(row: &Row<'_>) -> Result<Token, Error> {
    whole_token(row).map_err(|error| match row.get::<String>(2) {
        Ok(name) => error.of_token(&name),
        Err(_) => error,
    })
}

fn whole_token(row: &Row<'_>) -> Result<Token, Error> {
    Ok(Token {
        id: row.get(0)?,
        app: row.get(1)?,
        name: row.get(2)?,
        facts: facts(row)?,
        subject_name: row.get(5)?,
        parent: row.get(11)?,
        health: health(row)?,
        required_scopes: row.get(12)?,
        permissions: Permissions {
            of_app: row.get::<Option<Scopes>>(27)?.unwrap_or_default(),
            lost: row.get(28)?,
            ungranted: row.get(29)?,
        },
        refused: refused(row)?,
        owners: row.get(13)?,
        version: row.get(18)?,
        fingerprint: row.get(19)?,
        imported_at: row.get(20)?,
        rotated_at: row.get(21)?,
        last_rotation: rotation(row)?,
        next: next(row)?,
        checked_at: row.get(26)?,
    })
}

fn refused(row: &Row<'_>) -> Result<Option<Refused>, Error> {
    let (since, cause) = (row.get::<Option<_>>(30)?, row.get(31)?);
    Ok(since
        .zip(cause)
        .map(|(since, cause)| Refused { since, cause }))
}

fn rotation(row: &Row<'_>) -> Result<Option<Rotation>, Error> {
    let (outcome, at) = (row.get::<Option<_>>(22)?, row.get(23)?);
    Ok(outcome
        .zip(at)
        .map(|(outcome, at)| Rotation { outcome, at }))
}

pub(super) fn facts(row: &Row<'_>) -> Result<Option<Facts>, Error> {
    let Some(kind) = row.get(3)? else {
        return Ok(None);
    };
    Ok(Some(Facts {
        kind,
        subject: row.get(4)?,
        person: row.get(6)?,
        issued_at: row.get(7)?,
        expires_at: row.get(8)?,
        data_access_expires_at: row.get(9)?,
        scopes: row.get::<Scopes>(10)?.known_for(kind),
    }))
}

pub(super) fn health(row: &Row<'_>) -> Result<Health, Error> {
    let cause = || {
        row.get(15)
            .map(|cause: Option<_>| cause.unwrap_or(Cause::Unexplained))
    };
    let since = || {
        row.get(16)
            .map(|since: Option<_>| since.unwrap_or(Timestamp::UNIX_EPOCH))
    };
    let failures: u32 = row.get(17)?;
    Ok(match row.get(14)? {
        State::Unverified => Health::Unverified,
        State::Healthy => Health::Healthy,
        State::Expiring => Health::Expiring { cause: cause()? },
        State::Failing if failures == 0 => Health::Lacking { since: since()? },
        State::Failing => Health::Failing {
            since: since()?,
            failures,
            cause: cause()?,
        },
        State::Dead => Health::Dead {
            since: since()?,
            cause: cause()?,
        },
    })
}

fn next(row: &Row<'_>) -> Result<Option<Next>, Error> {
    let action: Action = row.get(25)?;
    Ok(row.get::<Option<_>>(24)?.map(|at| Next { action, at }))
}

/// Enums, by the name that users and programs know.
macro_rules! names {
    ($($name:ty),+) => {$(
        impl ToColumn for $name {
            fn value(&self) -> Value<'_> {
                Value::Text(Cow::Borrowed(self.as_str()))
            }
        }

        impl FromColumn for $name {
            fn from_value(value: &Value<'_>) -> Option<Self> {
                Self::from_name(value.text()?)
            }
        }
    )+};
}

names!(
    Action,
    Cause,
    DeliveryState,
    Kind,
    OrderKind,
    OrderOutcome,
    Outcome,
    PostKind,
    Remedy,
    State,
    Subscription
);

macro_rules! ids {
    ($($id:ident),+) => {$(
        impl ToColumn for $id {
            fn value(&self) -> Value<'_> {
                Value::Int(self.0)
            }
        }

        impl FromColumn for $id {
            fn from_value(value: &Value<'_>) -> Option<Self> {
                value.int().map($id)
            }
        }
    )+};
}

ids!(
    AnswerDigest,
    AttemptId,
    DeliveryId,
    EmailId,
    EventId,
    ExchangeId,
    IncidentId,
    LoginId,
    PostId,
    TokenId
);

/// An expiry is one nullable integer, in seconds: NULL when it is unknown, and this when the token never expires.
const NEVER: i64 = i64::MAX;

impl ToColumn for Expiry {
    fn value(&self) -> Value<'_> {
        match self {
            Self::Unknown => Value::Null,
            Self::Never => Value::Int(NEVER),
            Self::At(end) => end.value(),
        }
    }
}

impl FromColumn for Expiry {
    fn from_value(value: &Value<'_>) -> Option<Self> {
        match value {
            Value::Null => Some(Self::Unknown),
            Value::Int(NEVER) => Some(Self::Never),
            at => Timestamp::from_value(at).map(Self::At),
        }
    }
}

impl ToColumn for Scopes {
    fn value(&self) -> Value<'_> {
        Value::Text(Cow::Borrowed(self.as_str()))
    }
}

impl FromColumn for Scopes {
    fn from_value(value: &Value<'_>) -> Option<Self> {
        value.text().map(Self::parse)
    }
}
