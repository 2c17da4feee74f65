//! How the types of the model are stored in columns.

use jiff::Timestamp;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, Null, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Result, Row};

use crate::model::{
    Action, Cause, Expiry, Facts, Health, Kind, Next, Outcome, Permissions, Refused, Rotation,
    Scopes, State, Token, TokenId,
};

/// The columns that [`token`] reads, in its order.
pub(super) const TOKEN: &str = "
    t.id, t.app, t.name, t.kind, t.subject, t.subject_name, t.person, t.issued_at, t.expires_at,
    t.data_access_expires_at, t.scopes, t.parent, t.required_scopes, t.owners, t.state, t.cause,
    t.since, t.failures, t.version, t.fingerprint, t.imported_at, t.rotated_at,
    t.rotation_outcome, t.rotation_at, s.due_at, s.action, s.checked_at,
    iif(t.required_scopes = '', (SELECT scopes FROM app WHERE name = t.app), ''),
    t.lost_scopes, t.ungranted_scopes, t.refused_since, t.refused_cause";

/// How many columns [`TOKEN`] has.
pub(super) const COLUMNS: usize = 32;

/// The tables of the columns of [`TOKEN`].
pub(super) const FROM: &str = "FROM token t JOIN schedule s ON s.token = t.id";

pub(super) fn token(row: &Row<'_>) -> Result<Token> {
    Ok(Token {
        id: row.get(0)?,
        app: row.get(1)?,
        name: row.get(2)?,
        facts: facts(row)?,
        subject_name: row.get(5)?,
        parent: row.get(11)?,
        health: health(row)?,
        required_scopes: row.get(12)?,
        permissions: permissions(row)?,
        refused: refused(row)?,
        owners: addresses(row, 13)?,
        version: row.get(18)?,
        fingerprint: row.get(19)?,
        imported_at: instant(row, 20)?,
        rotated_at: maybe_instant(row, 21)?,
        last_rotation: rotation(row)?,
        next: next(row)?,
        checked_at: maybe_instant(row, 26)?,
    })
}

fn facts(row: &Row<'_>) -> Result<Option<Facts>> {
    let Some(kind) = maybe_string_enum(row, 3, Kind::from_name)? else {
        return Ok(None);
    };
    Ok(Some(Facts {
        kind,
        subject: row.get(4)?,
        person: row.get(6)?,
        issued_at: maybe_instant(row, 7)?,
        expires_at: row.get(8)?,
        data_access_expires_at: row.get(9)?,
        scopes: row.get(10)?,
    }))
}

fn permissions(row: &Row<'_>) -> Result<Permissions> {
    Ok(Permissions {
        of_app: row.get::<_, Option<Scopes>>(27)?.unwrap_or_default(),
        lost: row.get(28)?,
        ungranted: row.get(29)?,
    })
}

fn refused(row: &Row<'_>) -> Result<Option<Refused>> {
    let since = maybe_instant(row, 30)?;
    let cause = maybe_string_enum(row, 31, Cause::from_name)?;
    Ok(since
        .zip(cause)
        .map(|(since, cause)| Refused { since, cause }))
}

/// The token lives. That includes a failing token without failures: its checks get through.
pub(super) const LIVES: &str =
    "(t.state IN ('healthy', 'expiring') OR t.state = 'failing' AND t.failures = 0)";

fn health(row: &Row<'_>) -> Result<Health> {
    let cause =
        || maybe_string_enum(row, 15, Cause::from_name).map(|c| c.unwrap_or(Cause::Unexplained));
    let since = || maybe_instant(row, 16).map(|s| s.unwrap_or(Timestamp::UNIX_EPOCH));
    Ok(match string_enum(row, 14, State::from_name)? {
        State::Unverified => Health::Unverified,
        State::Healthy => Health::Healthy,
        State::Expiring => Health::Expiring { cause: cause()? },
        State::Failing if row.get::<_, u32>(17)? == 0 => Health::Lacking { since: since()? },
        State::Failing => Health::Failing {
            since: since()?,
            failures: row.get(17)?,
            cause: cause()?,
        },
        State::Dead => Health::Dead {
            since: since()?,
            cause: cause()?,
        },
    })
}

fn rotation(row: &Row<'_>) -> Result<Option<Rotation>> {
    let outcome = maybe_string_enum(row, 22, Outcome::from_name)?;
    let at = maybe_instant(row, 23)?;
    Ok(outcome
        .zip(at)
        .map(|(outcome, at)| Rotation { outcome, at }))
}

fn next(row: &Row<'_>) -> Result<Option<Next>> {
    let action = string_enum(row, 25, Action::from_name)?;
    Ok(maybe_instant(row, 24)?.map(|at| Next { action, at }))
}

pub(super) fn instant(row: &Row<'_>, column: usize) -> Result<Timestamp> {
    Ok(from_seconds(row.get(column)?))
}

pub(super) fn maybe_instant(row: &Row<'_>, column: usize) -> Result<Option<Timestamp>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(from_seconds))
}

/// Only valid [`Timestamp`]s are stored, so the fallback is for a database that was edited by hand.
fn from_seconds(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH)
}

pub(super) fn seconds(at: Option<Timestamp>) -> Option<i64> {
    at.map(Timestamp::as_second)
}

pub(super) fn string_enum<T>(
    row: &Row<'_>,
    column: usize,
    known: fn(&str) -> Option<T>,
) -> Result<T> {
    maybe_string_enum(row, column, known)?.ok_or_else(|| unknown(column, "nothing"))
}

pub(super) fn maybe_string_enum<T>(
    row: &Row<'_>,
    column: usize,
    known: fn(&str) -> Option<T>,
) -> Result<Option<T>> {
    let value = row.get_ref(column)?;
    let Some(word) = value.as_str_or_null()? else {
        return Ok(None);
    };
    known(word).map(Some).ok_or_else(|| unknown(column, word))
}

fn unknown(column: usize, word: &str) -> rusqlite::Error {
    let reason = format!("this version does not know the value \"{word}\"").into();
    rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, reason)
}

/// A list of mail addresses or names, stored as JSON.
pub(super) fn addresses(row: &Row<'_>, column: usize) -> Result<Vec<String>> {
    let text = row.get_ref(column)?.as_str()?;
    if text == "[]" {
        return Ok(Vec::new());
    }
    serde_json::from_str(text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, error.into())
    })
}

pub(super) fn list(of: &[String]) -> String {
    serde_json::Value::from(of).to_string()
}

impl ToSql for TokenId {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        self.0.to_sql()
    }
}

impl FromSql for TokenId {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_i64().map(Self)
    }
}

/// An expiry is one nullable integer, in seconds: NULL when it is unknown, and this when the token never expires.
const NEVER: i64 = i64::MAX;

impl ToSql for Expiry {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Unknown => ToSqlOutput::from(Null),
            Self::Never => ToSqlOutput::from(NEVER),
            Self::At(end) => ToSqlOutput::from(end.as_second()),
        })
    }
}

impl FromSql for Expiry {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value {
            ValueRef::Null => Ok(Self::Unknown),
            ValueRef::Integer(NEVER) => Ok(Self::Never),
            ValueRef::Integer(seconds) => Ok(Self::At(from_seconds(seconds))),
            ValueRef::Text(_) | ValueRef::Real(_) | ValueRef::Blob(_) => {
                Err(FromSqlError::InvalidType)
            }
        }
    }
}

impl ToSql for Scopes {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        self.as_str().to_sql()
    }
}

impl FromSql for Scopes {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_str().map(Self::parse)
    }
}
