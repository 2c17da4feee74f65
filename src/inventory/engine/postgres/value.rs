//! Values as PostgreSQL sends and takes them. The type of a value is what the server has inferred from the statement.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

use bytes::{BufMut, BytesMut};
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, IsNull, Kind, ToSql, Type, to_sql_checked};

use super::fault::Fault;
use crate::inventory::engine::value::{Params, Value};
use crate::inventory::error::Error;

type Problem = Box<dyn StdError + Sync + Send>;

/// The values of a statement.
pub(super) fn bound<'p>(params: Params<'p>) -> impl ExactSizeIterator<Item = Bound<'p>> {
    params.iter().map(|param| Bound(param.value()))
}

/// A value on its way to the server. It never prints itself.
pub(super) struct Bound<'v>(Value<'v>);

impl fmt::Debug for Bound<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl ToSql for Bound<'_> {
    fn to_sql(&self, of: &Type, out: &mut BytesMut) -> Result<IsNull, Problem> {
        match &self.0 {
            Value::Null => return Ok(IsNull::Yes),
            Value::Int(number) => put_number(*number, of, out)?,
            Value::Text(list) if matches!(of.kind(), Kind::Array(_)) => {
                return put_list(list, of, out);
            }
            Value::Text(text) if is_text(of) => out.put_slice(text.as_bytes()),
            Value::Blob(bytes) if *of == Type::BYTEA => out.put_slice(bytes),
            Value::Text(_) => return Err(format!("a text for {of}").into()),
            Value::Blob(_) => return Err(format!("bytes for {of}").into()),
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

fn put_number(number: i64, of: &Type, out: &mut BytesMut) -> Result<(), Problem> {
    match *of {
        Type::INT8 => out.put_i64(number),
        Type::INT4 => out.put_i32(i32::try_from(number)?),
        Type::INT2 => out.put_i16(i16::try_from(number)?),
        _ => return Err(format!("a number for {of}").into()),
    }
    Ok(())
}

/// A list is written as JSON, which is how SQLite reads it.
fn put_list(list: &str, of: &Type, out: &mut BytesMut) -> Result<IsNull, Problem> {
    match *of {
        Type::INT8_ARRAY => serde_json::from_str::<Vec<i64>>(list)?.to_sql(of, out),
        Type::TEXT_ARRAY => serde_json::from_str::<Vec<String>>(list)?.to_sql(of, out),
        _ => Err(format!("a list for {of}").into()),
    }
}

fn is_text(of: &Type) -> bool {
    matches!(
        *of,
        Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UNKNOWN
    )
}

/// The value in a column of a row.
pub(in crate::inventory::engine) fn value(row: &Row, column: usize) -> Result<Value<'_>, Error> {
    let read = row.try_get::<_, Read<'_>>(column);
    read.map(|read| read.0)
        .map_err(|error| Fault::from(error).into())
}

/// A value that the server sent.
struct Read<'r>(Value<'r>);

impl<'r> FromSql<'r> for Read<'r> {
    fn from_sql(of: &Type, raw: &'r [u8]) -> Result<Self, Problem> {
        Ok(Self(match *of {
            Type::INT8 => Value::Int(i64::from_be_bytes(raw.try_into()?)),
            Type::INT4 => Value::Int(i32::from_be_bytes(raw.try_into()?).into()),
            Type::INT2 => Value::Int(i16::from_be_bytes(raw.try_into()?).into()),
            Type::BOOL => Value::Int((raw.first() == Some(&1)).into()),
            Type::NUMERIC => Value::Int(whole_number(raw)?),
            Type::BYTEA => Value::Blob(raw),
            _ if is_text(of) => Value::Text(Cow::Borrowed(str::from_utf8(raw)?)),
            _ => return Err(format!("a column of {of}").into()),
        }))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Problem> {
        Ok(Self(Value::Null))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// Reads a `numeric`, which a sum of `bigint` is: groups of four decimal digits, of which the first has a weight.
fn whole_number(raw: &[u8]) -> Result<i64, Problem> {
    let mut parts = raw.chunks_exact(2).map(|part| match part {
        [high, low] => u16::from_be_bytes([*high, *low]),
        _ => 0,
    });
    let (Some(groups), Some(weight), Some(sign), Some(_scale)) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err("a numeric without its head".into());
    };
    let weight = i32::from(weight.cast_signed());
    let mut number: i128 = 0;
    for (at, group) in (0_i32..).zip(parts.take(groups.into())) {
        let Ok(power) = u32::try_from(weight - at) else {
            return Err("a fraction".into());
        };
        let place = 10_000_i128
            .checked_pow(power)
            .ok_or("a number out of range")?;
        number += i128::from(group) * place;
    }
    match sign {
        0x0000 => Ok(i64::try_from(number)?),
        0x4000 => Ok(i64::try_from(-number)?),
        _ => Err("no number".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_read_as_the_server_sends_them() {
        let raw = |parts: &[u16]| -> Vec<u8> {
            parts.iter().flat_map(|part| part.to_be_bytes()).collect()
        };
        for (parts, expected) in [
            (&[0, 0, 0, 0][..], Some(0)),
            (&[1, 0, 0, 0, 42], Some(42)),
            (&[1, 1, 0, 0, 3], Some(30_000)),
            (&[2, 1, 0x4000, 0, 1, 2345], Some(-12_345)),
            (&[5, 4, 0, 0, 922, 3372, 368, 5477, 5807], Some(i64::MAX)),
            (&[5, 4, 0, 0, 922, 3372, 368, 5477, 5808], None),
            (&[1, 0xffff, 0, 1, 5000], None),
            (&[0, 0, 0xc000, 0], None),
        ] {
            assert_eq!(whole_number(&raw(parts)).ok(), expected, "{parts:?}");
        }
    }

    #[test]
    fn a_value_that_does_not_suit_its_place_is_not_sent() {
        let mut out = BytesMut::new();
        assert!(put_number(i64::MAX, &Type::INT4, &mut out).is_err());
        assert!(put_number(1, &Type::TEXT, &mut out).is_err());
        assert!(
            Bound(Value::Blob(b"x"))
                .to_sql(&Type::TEXT, &mut out)
                .is_err()
        );
        assert!(out.is_empty());
    }

    #[test]
    fn a_value_never_prints_itself() {
        let shown = format!("{:?}", Bound(Value::Text("canary".into())));
        assert_eq!(shown, "…");
    }
}
