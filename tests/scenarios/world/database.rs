//! Where the inventory of a story is: in a file, or on the server that `PERENNIAL_TEST_POSTGRES` names by a URL, in a
//! schema of its own. `tests/postgres/run` starts such a server, and says which stories are about files.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use perennial::inventory::{Address, Place, Settings};
use perennial::secret::{Key, Secret};
use rusqlite::Connection;
use rusqlite::types::ValueRef;

use super::Result;

/// A database for one story.
pub enum Database {
    File,
    Server { url: String },
}

const NAME: &str = "inventory.db";

impl Database {
    pub fn new() -> Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let Ok(server) = std::env::var("PERENNIAL_TEST_POSTGRES") else {
            return Ok(Self::File);
        };
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let schema = format!("story_{}_{count}", std::process::id());
        psql(&server, &format!("CREATE SCHEMA {schema}"))?;
        let more = if server.contains('?') { '&' } else { '?' };
        let url = format!("{server}{more}options=-csearch_path%3D{schema}");
        Ok(Self::Server { url })
    }

    pub fn settings(&self, folder: &Path, key: Key) -> Result<Settings> {
        Ok(match self {
            Self::File => Settings::of_file(&folder.join(NAME), key),
            Self::Server { url } => Settings {
                place: Place::Server(Box::new(Address::parse(Secret::new(url), None, "story")?)),
                key,
                node: "story".to_owned(),
            },
        })
    }

    /// The line of the configuration that says where it is. The URL has a file of its own.
    pub fn line(&self, folder: &Path) -> String {
        let here = folder.display();
        match self {
            Self::File => format!("path = \"{here}/{NAME}\""),
            Self::Server { .. } => format!("url = {{ file = \"{here}/inventory.url\" }}"),
        }
    }

    /// What that file holds.
    pub fn url(&self) -> Option<&str> {
        match self {
            Self::File => None,
            Self::Server { url } => Some(url),
        }
    }

    /// Changes the tables as the daemon never would.
    pub fn tamper(&self, folder: &Path, sql: &str) -> Result {
        match self {
            Self::File => Ok(Connection::open(folder.join(NAME))?.execute_batch(sql)?),
            Self::Server { url } => psql(url, &as_the_server_takes_it(sql)).map(drop),
        }
    }

    /// The file itself, or else the content of the tables.
    pub fn stored(&self, folder: &Path) -> Result<String> {
        match self {
            Self::File => Ok(String::from_utf8_lossy(&std::fs::read(folder.join(NAME))?).into()),
            Self::Server { url } => content_of_server(url),
        }
    }

    /// Refuses to store some rows, as a full disk or a fault in one of them might.
    pub fn refuse(&self, folder: &Path, table: &str, which: &str) -> Result {
        let trigger = match self {
            Self::File => format!(
                "CREATE TRIGGER refused BEFORE INSERT ON {table} WHEN {which}
                 BEGIN SELECT RAISE (ABORT, 'it cannot be stored'); END"
            ),
            Self::Server { .. } => format!(
                "CREATE FUNCTION refused() RETURNS trigger LANGUAGE plpgsql AS
                    $$ BEGIN RAISE 'it cannot be stored' USING ERRCODE = 'integrity_constraint_violation'; END $$;
                 CREATE TRIGGER refused BEFORE INSERT ON {table} FOR EACH ROW WHEN ({which})
                    EXECUTE FUNCTION refused()"
            ),
        };
        self.tamper(folder, &trigger)
    }

    /// Ends what [`Database::refuse`] began.
    pub fn accept(&self, folder: &Path, table: &str) -> Result {
        match self {
            Self::File => self.tamper(folder, "DROP TRIGGER refused"),
            Self::Server { .. } => self.tamper(
                folder,
                &format!("DROP TRIGGER refused ON {table}; DROP FUNCTION refused()"),
            ),
        }
    }

    /// Every value of every table, one line for each row. Sealed values are not shown.
    pub fn content(&self, folder: &Path) -> Result<String> {
        match self {
            Self::File => content_of_file(&folder.join(NAME)),
            Self::Server { url } => content_of_server(url),
        }
    }
}

fn content_of_file(path: &Path) -> Result<String> {
    let db = Connection::open(path)?;
    let mut names = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")?;
    let names: Vec<String> = names
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let mut lines = String::new();
    for name in names {
        let mut all = db.prepare(&format!("SELECT * FROM {name}"))?;
        let columns = all.column_count();
        let mut rows = all.query([])?;
        while let Some(row) = rows.next()? {
            let values = (0..columns).map(|column| row.get_ref(column));
            let values = values.collect::<rusqlite::Result<Vec<_>>>()?;
            let values: Vec<String> = values.into_iter().map(describe).collect();
            lines.push_str(&format!("{name}: {}\n", values.join(" | ")));
        }
    }
    Ok(lines)
}

fn describe(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "null".to_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).replace('\n', " "),
        ValueRef::Blob(bytes) => format!("{} bytes", bytes.len()),
    }
}

/// Time and empty bytes have other names there.
fn as_the_server_takes_it(sql: &str) -> String {
    let sql = sql.replace("unixepoch()", "CAST(extract(epoch FROM now()) AS BIGINT)");
    let (before, rest) = sql.split_once("zeroblob(").unwrap_or((&sql, ""));
    match rest.split_once(')') {
        Some((length, after)) => format!("{before}decode(repeat('00', {length}), 'hex'){after}"),
        None => sql,
    }
}

fn content_of_server(url: &str) -> Result<String> {
    let tables =
        "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()";
    let mut lines = String::new();
    let names = psql(url, tables)?;
    for name in names.split('\0').filter(|name| !name.is_empty()) {
        let rows = psql(url, &format!("SELECT * FROM {name}"))?;
        let rows = rows.split('\0').filter(|row| !row.is_empty());
        lines.extend(rows.map(|row| format!("{name}: {}\n", row.replace('\n', " "))));
    }
    Ok(lines)
}

/// What psql prints: the columns of a row with bars between them, and a zero byte after each row.
fn psql(url: &str, sql: &str) -> Result<String> {
    let mut psql = Command::new("psql");
    psql.args(["-X", "-q", "-A", "-t", "-0", "-F", " | ", "-P", "null=null"]);
    psql.args(["-v", "ON_ERROR_STOP=1"]);
    let output = psql.args(["-d", url, "-c", sql]).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}
