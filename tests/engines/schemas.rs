//! The schemas of both engines are the same: tables, columns, constraints, indexes and triggers.

use std::collections::BTreeSet;

use super::cluster::Cluster;
use super::{POSTGRES, SQLITE};

/// A schema, as one line for each thing that it has.
type Lines = BTreeSet<String>;

/// What a schema has, from SQLite's own tables.
const IN_SQLITE: [&str; 7] = [
    "SELECT 'table ' || name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    "SELECT 'column ' || m.name || '.' || c.name || ' ' || c.type
        || CASE WHEN c.\"notnull\" = 1 OR c.pk > 0 THEN ' NOT NULL' ELSE '' END
        || coalesce(' DEFAULT ' || c.dflt_value, '')
     FROM sqlite_schema m, pragma_table_info(m.name) c
     WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'",
    "SELECT 'PRIMARY KEY ' || m.name || ' ' || group_concat(c.name, ', ' ORDER BY c.pk)
     FROM sqlite_schema m, pragma_table_info(m.name) c
     WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND c.pk > 0 GROUP BY m.name",
    "SELECT 'UNIQUE ' || m.name || ' ' || group_concat(c.name, ', ' ORDER BY c.seqno)
     FROM sqlite_schema m, pragma_index_list(m.name) i, pragma_index_info(i.name) c
     WHERE m.type = 'table' AND i.origin = 'u' GROUP BY m.name, i.name",
    "SELECT 'FOREIGN KEY ' || m.name || ' (' || f.\"from\" || ') REFERENCES '
        || f.\"table\" || '(' || f.\"to\" || ') ON DELETE ' || f.on_delete
     FROM sqlite_schema m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table'",
    "SELECT sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL",
    "SELECT 'trigger ' || name || ' ON ' || tbl_name FROM sqlite_schema WHERE type = 'trigger'",
];

/// The same from PostgreSQL's.
const IN_POSTGRES: [&str; 5] = [
    "SELECT 'table ' || relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'",
    "SELECT 'column ' || table_name || '.' || column_name || ' '
        || CASE data_type || coalesce(' ' || collation_name, '') WHEN 'bigint' THEN 'INTEGER'
            WHEN 'text C' THEN 'TEXT' WHEN 'bytea' THEN 'BLOB' ELSE data_type END
        || CASE is_nullable WHEN 'NO' THEN ' NOT NULL' ELSE '' END
        || coalesce(' DEFAULT ' || column_default, '')
     FROM information_schema.columns WHERE table_schema = 'public'",
    "SELECT CASE contype WHEN 'p' THEN 'PRIMARY KEY ' WHEN 'u' THEN 'UNIQUE ' WHEN 'f' THEN 'FOREIGN KEY '
            ELSE 'CHECK ' END || conrelid::regclass || ' '
        || regexp_replace(pg_get_constraintdef(oid), '^(PRIMARY KEY|UNIQUE|FOREIGN KEY|CHECK) ', '')
     FROM pg_constraint WHERE connamespace = 'public'::regnamespace",
    "SELECT regexp_replace(pg_get_indexdef(i.indexrelid), 'ON public.(.*) USING btree', 'ON \\1')
     FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
     WHERE c.relnamespace = 'public'::regnamespace
        AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = i.indexrelid)",
    "SELECT 'trigger ' || tgname || ' ON ' || tgrelid::regclass FROM pg_trigger WHERE NOT tgisinternal",
];

/// The one table that only PostgreSQL has: it stands for numbers in the header of SQLite's file.
const OF_POSTGRES_ALONE: &str = "inventory_schema";

/// Indexes that differ, as SQLite has them and as PostgreSQL has them. There, a row of an index is short, and does not end
/// with the row's id.
const DIFFERENT: [(&str, &str); 4] = [
    (
        "token_of_person ON token app, person, state WHERE",
        "token_of_person ON token app, person, state, id WHERE",
    ),
    (
        "email_undelivered ON email incident, id, delivered_to, last_error WHERE",
        "email_undelivered ON email incident, id WHERE",
    ),
    (
        "schedule_deadline ON schedule deadline WHERE",
        "schedule_deadline ON schedule deadline, token WHERE",
    ),
    (
        "page_admin_page ON page_admin page",
        "page_admin_page ON page_admin page, token",
    ),
];

/// A form that is the same whichever engine wrote it: without parentheses, types of texts and line breaks.
fn normalized(line: &str) -> String {
    let line = line.replace("::text", "").replace("(0)::bigint", "0");
    let line = line
        .replace("= ANY (ARRAY[", "IN (")
        .replace("COALESCE(", "coalesce(");
    let line = line.replace("EXTRACT(epoch FROM now()))::bigint", "unixepoch())");
    let line: String = line
        .chars()
        .filter(|sign| !matches!(sign, '(' | ')' | ']'))
        .collect();
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// SQLite has no table of its checks, so they are read in its words.
fn checks(table: &str, sql: &str) -> Vec<String> {
    let mut checks = Vec::new();
    for (at, word) in sql.match_indices("CHECK (") {
        let rest = &sql[at + word.len()..];
        let mut depth = 1;
        let end = rest.find(|sign| {
            depth += match sign {
                '(' => 1,
                ')' => -1,
                _ => 0,
            };
            depth == 0
        });
        checks.push(format!("CHECK {table} {}", &rest[..end.unwrap()]));
    }
    checks
}

fn sqlite() -> Lines {
    let db = rusqlite::Connection::open_in_memory().unwrap();
    db.execute_batch(SQLITE).unwrap();
    let mut lines = Vec::new();
    for sql in IN_SQLITE {
        let mut statement = db.prepare(sql).unwrap();
        let found = statement
            .query_map([], |row| row.get::<_, String>(0))
            .unwrap();
        lines.extend(found.map(Result::unwrap));
    }
    let mut tables = db
        .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND sql IS NOT NULL")
        .unwrap();
    let tables = tables
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    for table in tables {
        let (name, sql): (String, String) = table.unwrap();
        lines.extend(checks(&name, &sql));
    }
    let lines = lines.iter().map(|line| normalized(line));
    lines.map(as_in_postgres).collect()
}

fn as_in_postgres(line: String) -> String {
    let differences = DIFFERENT.iter();
    differences.fold(line, |line, (here, there)| line.replace(here, there))
}

fn postgres(cluster: &Cluster) -> Lines {
    cluster.create_database("schema");
    cluster.psql("schema", POSTGRES);
    let found = cluster.psql("schema", &IN_POSTGRES.join(";\n"));
    let own = |line: &&str| !line.contains(OF_POSTGRES_ALONE);
    found.lines().filter(own).map(normalized).collect()
}

#[test]
fn the_schemas_of_both_engines_are_the_same() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let (sqlite, postgres) = (sqlite(), postgres(&cluster));
    let only = |of: &Lines, other: &Lines| of.difference(other).cloned().collect::<Vec<_>>();
    assert_eq!(
        (only(&sqlite, &postgres), only(&postgres, &sqlite)),
        (Vec::new(), Vec::new()),
        "what only SQLite has, and what only PostgreSQL has"
    );
    for known in [
        "column schedule.due_at INTEGER",
        "column token.state TEXT NOT NULL DEFAULT 'unverified'",
        "PRIMARY KEY version token, number",
        "UNIQUE delivery token, sink, version",
        "FOREIGN KEY email incident REFERENCES incidentid ON DELETE SET NULL",
        "CHECK version role IN 'current', 'previous', 'candidate'",
        "CREATE UNIQUE INDEX version_current ON version token WHERE role = 'current'",
        "trigger checked_total_move ON token",
    ] {
        assert!(sqlite.contains(known), "{known}\n{sqlite:#?}");
    }
}

/// Ids are never given again on either engine, because sealed secrets and followers of the journal count on it.
#[test]
fn what_sqlite_numbers_postgresql_numbers() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    cluster.create_database("numbers");
    cluster.psql("numbers", POSTGRES);
    let numbered = cluster.psql(
        "numbers",
        "SELECT table_name FROM information_schema.columns
         WHERE table_schema = 'public' AND is_identity = 'YES' AND column_name = 'id' ORDER BY 1",
    );
    let tables = SQLITE.split("CREATE TABLE ").skip(1);
    let is_numbered = |table: &&str| {
        let columns = table.split(" STRICT").next().unwrap();
        // A claim's number need not be new, only its own.
        columns.contains("AUTOINCREMENT") || columns.starts_with("claim ")
    };
    let mut expected: Vec<&str> = tables
        .filter(is_numbered)
        .map(|table| table.split_whitespace().next().unwrap())
        .collect();
    expected.sort_unstable();
    assert_eq!(numbered.lines().collect::<Vec<_>>(), expected);
}
