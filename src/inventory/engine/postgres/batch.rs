//! Rows for one statement, kept until all of them are sent at once: a round trip for each would cost more than the work.

use std::error::Error as StdError;

use bytes::BytesMut;
use tokio_postgres::types::{IsNull, Kind, ToSql, Type, to_sql_checked};

use super::connection::Connection;
use super::fault::{Fault, FaultKind};
use crate::inventory::engine::dialect::for_many_rows;
use crate::inventory::engine::value::{Params, Value};
use crate::inventory::engine::work::StatementWork;
use crate::inventory::error::Error;

/// How many rows are kept, of some hundred bytes each, and how many bytes if the rows are longer.
const ROWS: usize = 2_500;
const BYTES: usize = 8 << 20;

pub(in crate::inventory::engine) struct Batch<'db> {
    db: &'db Connection,
    sql: String,
    columns: Vec<Column>,
    bytes: usize,
}

/// The values of one parameter, for all rows.
#[derive(Default)]
pub(super) struct Column(Vec<Kept>);

enum Kept {
    Null,
    Int(i64),
    Text(String),
    Blob(Vec<u8>),
}

impl Connection {
    pub(in crate::inventory::engine) fn batch(&self, sql: &str) -> Batch<'_> {
        Batch {
            db: self,
            sql: sql.to_owned(),
            columns: Vec::new(),
            bytes: 0,
        }
    }
}

impl Batch<'_> {
    pub(in crate::inventory::engine) fn add(&mut self, params: Params<'_>) -> Result<(), Error> {
        self.columns.resize_with(params.len(), Column::default);
        for (column, param) in self.columns.iter_mut().zip(params) {
            let kept = Kept::of(&param.value());
            self.bytes += kept.length();
            column.0.push(kept);
        }
        if self.rows() >= ROWS || self.bytes >= BYTES {
            self.send()?;
        }
        Ok(())
    }

    pub(in crate::inventory::engine) fn finish(mut self) -> Result<(), Error> {
        self.send()
    }

    fn rows(&self) -> usize {
        self.columns.first().map_or(0, |column| column.0.len())
    }

    fn send(&mut self) -> Result<(), Error> {
        if self.rows() == 0 {
            return Ok(());
        }
        let rows = self.db.ask(|link| {
            // As the server has inferred them from the statement for one row.
            let types = link.types(&self.sql)?;
            let names: Vec<&str> = types.iter().map(Type::name).collect();
            let form = || Fault::new(FaultKind::Statement, "the statement cannot take many rows");
            let many = for_many_rows(&self.sql, &names).ok_or_else(form)?;
            link.changed_by_columns(&many, &self.columns)
        })?;
        self.db.count(&StatementWork { runs: 1, rows });
        self.columns.clear();
        self.bytes = 0;
        Ok(())
    }
}

impl Kept {
    fn of(value: &Value<'_>) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Int(number) => Self::Int(*number),
            Value::Text(text) => Self::Text(text.clone().into_owned()),
            Value::Blob(bytes) => Self::Blob(bytes.to_vec()),
        }
    }

    /// Of what is outside the value itself.
    const fn length(&self) -> usize {
        match self {
            Self::Null | Self::Int(_) => 0,
            Self::Text(text) => text.len(),
            Self::Blob(bytes) => bytes.len(),
        }
    }

    fn int(&self) -> Result<Option<i64>, Problem> {
        match self {
            Self::Null => Ok(None),
            Self::Int(number) => Ok(Some(*number)),
            Self::Text(_) | Self::Blob(_) => Err("no number".into()),
        }
    }

    fn text(&self) -> Result<Option<&str>, Problem> {
        match self {
            Self::Null => Ok(None),
            Self::Text(text) => Ok(Some(text)),
            Self::Int(_) | Self::Blob(_) => Err("no text".into()),
        }
    }

    fn blob(&self) -> Result<Option<&[u8]>, Problem> {
        match self {
            Self::Null => Ok(None),
            Self::Blob(bytes) => Ok(Some(bytes)),
            Self::Int(_) | Self::Text(_) => Err("no bytes".into()),
        }
    }
}

type Problem = Box<dyn StdError + Sync + Send>;

impl std::fmt::Debug for Column {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

impl ToSql for Column {
    fn to_sql(&self, of: &Type, out: &mut BytesMut) -> Result<IsNull, Problem> {
        let Kind::Array(member) = of.kind() else {
            return Err(format!("a column for {of}").into());
        };
        let values = self.0.iter();
        match *member {
            Type::INT8 => list(values.map(Kept::int), of, out),
            Type::BYTEA => list(values.map(Kept::blob), of, out),
            _ => list(values.map(Kept::text), of, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

fn list<T: ToSql>(
    values: impl Iterator<Item = Result<T, Problem>>,
    of: &Type,
    out: &mut BytesMut,
) -> Result<IsNull, Problem> {
    values.collect::<Result<Vec<T>, _>>()?.to_sql(of, out)
}
