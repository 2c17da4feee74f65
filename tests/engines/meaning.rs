//! Every statement does the same on both engines. It is run on both with the same values, on tables that were filled
//! alike at random; then its rows are compared, and what it left in the tables.

use rand::SeedableRng;
use rand::rngs::StdRng;
use rusqlite::{Connection, params_from_iter};

use super::cluster::Cluster;
use super::dialect::for_postgres;
use super::statements::{Statements, is_of_sqlite};
use super::values::{COUNTED, Column, ROWS, TABLES, Value, columns, of_column, of_parameter};
use super::{POSTGRES, SQLITE};

/// How often each statement is run.
const RUNS: usize = 6;

/// Both engines, with the same rows.
struct Engines<'c> {
    sqlite: Connection,
    cluster: &'c Cluster,
    database: String,
    /// One text for both: a line for each row of each table.
    dump: String,
}

/// One run of a statement.
struct Case {
    file: String,
    text: String,
    number: usize,
    values: Vec<Value>,
}

/// What a run did.
#[derive(Debug, PartialEq, Eq)]
enum Done {
    Failed,
    Read(Vec<String>),
    /// How many rows it changed, and all tables afterwards.
    Changed(String, Vec<String>),
}

#[test]
fn every_statement_does_the_same_on_both_engines() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let mut seen = [0; 3];
    for seed in [7, 9] {
        let mut chance = StdRng::seed_from_u64(seed);
        let engines = Engines::filled(&cluster, &format!("meaning_{seed}"), &mut chance);
        let cases = engines.cases(&mut chance);
        let answers = engines.in_postgres(&cases);
        assert_eq!(answers.len(), cases.len());
        for (case, postgres) in cases.iter().zip(answers) {
            let sqlite = engines.in_sqlite(case);
            let differ = sqlite.differences(&postgres);
            assert!(differ.is_empty(), "seed {seed}, {case}\n{differ}");
            seen[match sqlite {
                Done::Failed => 0,
                Done::Read(rows) => usize::from(!rows.is_empty()),
                Done::Changed(rows, _) => 2 * usize::from(rows != "0"),
            }] += 1;
        }
    }
    let [nothing, read, changed] = seen;
    println!("{read} runs found rows, {changed} changed some, {nothing} did nothing");
    assert!(read > 500 && changed > 400, "{seen:?}");
}

impl Done {
    /// In SQLite and in PostgreSQL; empty if there are none.
    fn differences(&self, postgres: &Self) -> String {
        match (self, postgres) {
            (sqlite, postgres) if sqlite == postgres => String::new(),
            (Self::Changed(here, left), Self::Changed(there, right)) if here == there => {
                let only = |of: &[String], other: &[String]| {
                    let only = of.iter().filter(|line| !other.contains(line));
                    only.cloned().collect::<Vec<_>>().join("\n")
                };
                format!("{}\n---\n{}", only(left, right), only(right, left))
            }
            (Self::Changed(here, _), Self::Changed(there, _)) => {
                format!("{here} rows changed\n---\n{there} rows changed")
            }
            (sqlite, postgres) => format!("{sqlite:?}\n---\n{postgres:?}"),
        }
    }
}

impl<'c> Engines<'c> {
    fn filled(cluster: &'c Cluster, database: &str, chance: &mut StdRng) -> Self {
        let sqlite = Connection::open_in_memory().unwrap();
        sqlite.execute_batch(SQLITE).unwrap();
        sqlite.execute_batch("PRAGMA foreign_keys = ON").unwrap();
        let mut script = Vec::new();
        for (table, columns) in TABLES.iter().map(|table| (table, columns(&sqlite, table))) {
            for id in 1..=ROWS {
                script.extend(insert(&sqlite, table, &columns, id, chance));
            }
        }
        cluster.create_database(database);
        cluster.psql(database, POSTGRES);
        cluster.psql(database, &script.join(";\n"));
        let lines: Vec<String> = TABLES
            .iter()
            .chain(&COUNTED)
            .map(|table| lines_of(table, &columns(&sqlite, table)))
            .collect();
        Self {
            sqlite,
            cluster,
            database: database.to_owned(),
            dump: lines.join(" UNION ALL "),
        }
    }

    /// Each statement several times, with values of the types that PostgreSQL finds for it.
    fn cases(&self, chance: &mut StdRng) -> Vec<Case> {
        let statements = Statements::read().all();
        let statements = statements
            .into_iter()
            .filter(|(text, _)| !is_of_sqlite(text));
        // What a change returns is not compared.
        let changing = |(text, file): (String, String)| match text.split_once("RETURNING") {
            Some((change, _)) => (change.to_owned(), file),
            None => (text, file),
        };
        let statements: Vec<(String, String)> = statements.map(changing).collect();
        let prepare = |(number, (text, _)): (usize, &(String, String))| {
            format!("PREPARE s{number} AS {};\n", for_postgres(text))
        };
        let script: String = statements.iter().enumerate().map(prepare).collect();
        let types = "SELECT array_to_string(parameter_types, ' ') FROM pg_prepared_statements
            ORDER BY CAST(substr(name, 2) AS INTEGER)";
        let types = self
            .cluster
            .psql(&self.database, &format!("{script}{types}"));
        let types: Vec<Vec<&str>> = types
            .lines()
            .map(|line| line.split_whitespace().collect())
            .collect();
        assert_eq!(types.len(), statements.len());
        let mut cases = Vec::new();
        for (number, ((text, file), types)) in statements.iter().zip(types).enumerate() {
            for _ in 0..RUNS {
                let values = (1..).zip(&types);
                let values = values.map(|(place, kind)| of_parameter(text, place, kind, chance));
                cases.push(Case {
                    file: file.clone(),
                    text: text.clone(),
                    number,
                    values: values.collect(),
                });
            }
        }
        cases
    }

    fn in_sqlite(&self, case: &Case) -> Done {
        self.sqlite.execute_batch("BEGIN").unwrap();
        let done = self.run_in_sqlite(case).unwrap_or(Done::Failed);
        self.sqlite.execute_batch("ROLLBACK").unwrap();
        done
    }

    fn run_in_sqlite(&self, case: &Case) -> rusqlite::Result<Done> {
        let mut statement = self.sqlite.prepare_cached(&case.text)?;
        let values = params_from_iter(case.values.iter().map(Value::in_sqlite));
        if case.reads() {
            let rows = rows(&mut statement, values)?;
            return Ok(Done::Read(case.in_order(rows)));
        }
        let changed = statement.execute(values)?;
        let mut dump = self.sqlite.prepare_cached(&self.dump)?;
        let mut left = rows(&mut dump, params_from_iter::<[i64; 0]>([]))?;
        left.sort();
        Ok(Done::Changed(changed.to_string(), left))
    }

    fn in_postgres(&self, cases: &[Case]) -> Vec<Done> {
        let mut script = format!(
            "\\set ON_ERROR_STOP 0\n\\pset null ~\nPREPARE dump AS {};\n",
            self.dump
        );
        let mut prepared = None;
        for case in cases {
            if prepared.replace(case.number) != Some(case.number) {
                let text = for_postgres(&case.text);
                script += &format!("PREPARE s{} AS {text};\n", case.number);
            }
            let next_id = case.adds_to().and_then(|table| self.next_id(table));
            script += &case.script(&next_id.unwrap_or_default());
        }
        let answers = self.cluster.psql(&self.database, &script);
        let answers = answers.split("case\n").skip(1).zip(cases);
        answers.map(|(answer, case)| case.done(answer)).collect()
    }

    /// Lets the next row get the id that follows the largest, as in SQLite, even after a run that was undone.
    fn next_id(&self, table: &str) -> Option<String> {
        let columns = columns(&self.sqlite, table);
        let is_number = |column: &&Column| column.name == "id" && column.kind == "INTEGER";
        columns.iter().find(is_number)?;
        Some(format!(
            "SELECT setval(pg_get_serial_sequence('{table}', 'id'), coalesce((SELECT max(id) FROM {table}), 1),
                EXISTS (SELECT 1 FROM {table})) AS next \\gset"
        ))
    }
}

#[test]
fn no_table_is_left_out() {
    let sqlite = Connection::open_in_memory().unwrap();
    sqlite.execute_batch(SQLITE).unwrap();
    let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name";
    let mut tables = sqlite.prepare(tables).unwrap();
    let tables = rows(&mut tables, []).unwrap();
    let mut known = [&TABLES[..], &COUNTED[..]].concat();
    known.sort_unstable();
    assert_eq!(
        known, tables,
        "TABLES or COUNTED in tests/engines/values.rs (left)"
    );
}

/// Puts a row into SQLite's table. Returns the statement that puts it into PostgreSQL's, unless the row was kept out.
pub(super) fn insert(
    sqlite: &Connection,
    table: &str,
    columns: &[Column],
    id: i64,
    chance: &mut StdRng,
) -> Option<String> {
    let values: Vec<Value> = columns
        .iter()
        .map(|column| match column.name.as_str() {
            "id" => Value::Int(id),
            _ => of_column(table, column, chance),
        })
        .collect();
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    let places: Vec<String> = (1..=names.len()).map(|place| format!("?{place}")).collect();
    let into = format!("INSERT INTO {table} ({}) VALUES", names.join(", "));
    let insert = format!("{into} ({})", places.join(", "));
    let values_of = params_from_iter(values.iter().map(Value::in_sqlite));
    sqlite.execute(&insert, values_of).ok()?;
    let literals: Vec<String> = values.iter().map(Value::in_postgres).collect();
    Some(format!("{into} ({})", literals.join(", ")))
}

/// The rows of a table as lines, in a text for both engines. They write bytes differently, so those are left out.
fn lines_of(table: &str, columns: &[Column]) -> String {
    let shown = columns.iter().filter(|column| column.kind != "BLOB");
    let shown: Vec<String> = shown
        .map(|column| format!("' {0} ' || coalesce(CAST({0} AS TEXT), '~')", column.name))
        .collect();
    format!("SELECT '{table}' || {} FROM {table}", shown.join(" || "))
}

/// The rows as psql prints them.
pub(super) fn rows(
    statement: &mut rusqlite::Statement<'_>,
    values: impl rusqlite::Params,
) -> rusqlite::Result<Vec<String>> {
    let columns = statement.column_count();
    let rows = statement.query_map(values, |row| {
        let cells = (0..columns).map(|column| Ok(Value::shown(row.get_ref(column)?)));
        Ok(cells.collect::<rusqlite::Result<Vec<_>>>()?.join("|"))
    })?;
    rows.collect()
}

impl Case {
    fn reads(&self) -> bool {
        self.text.trim_start().starts_with(['S', 'W'])
    }

    /// Rows are in no order that counts, unless the last thing that the statement orders them by tells any two apart.
    fn in_order(&self, mut rows: Vec<String>) -> Vec<String> {
        let order = self
            .text
            .rsplit_once("ORDER BY")
            .map_or("", |(_, order)| order);
        let order = order.split("LIMIT").next().unwrap_or_default();
        let last = order
            .split([',', ' ', '.'])
            .rfind(|word| !word.trim().is_empty());
        let is_total =
            last.is_some_and(|last| ["id", "name", "token", "path"].contains(&last.trim()));
        if !is_total || order.contains(')') {
            rows.sort();
        }
        rows
    }

    /// The run as psql takes it.
    fn script(&self, next_id: &str) -> String {
        let values: Vec<String> = self.values.iter().map(Value::in_postgres).collect();
        let values = match values.as_slice() {
            [] => String::new(),
            values => format!("({})", values.join(", ")),
        };
        let dump = if self.reads() { "" } else { "EXECUTE dump;" };
        let number = self.number;
        format!(
            "BEGIN;\n{next_id}\n\\echo case\nEXECUTE s{number}{values};\n\\echo done :ERROR :ROW_COUNT\n{dump}\nROLLBACK;\n"
        )
    }

    /// The table that it adds rows to.
    fn adds_to(&self) -> Option<&str> {
        self.text.split_once("INTO ")?.1.split_whitespace().next()
    }

    /// Reads what psql printed for the run.
    fn done(&self, answer: &str) -> Done {
        let (rows, rest) = answer.split_once("done ").unwrap();
        let (end, left) = rest.split_once('\n').unwrap();
        let (failed, changed) = end.split_once(' ').unwrap();
        if failed == "true" {
            return Done::Failed;
        }
        let lines = |text: &str| text.lines().map(flags_as_numbers).collect::<Vec<_>>();
        if self.reads() {
            return Done::Read(self.in_order(lines(rows)));
        }
        let mut left = lines(left);
        left.sort();
        Done::Changed(changed.to_owned(), left)
    }
}

fn flags_as_numbers(line: &str) -> String {
    let cells = line.split('|').map(|cell| match cell {
        "t" => "1",
        "f" => "0",
        other => other,
    });
    cells.collect::<Vec<_>>().join("|")
}

impl std::fmt::Display for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}\n{:?}", self.file, self.text, self.values)
    }
}
