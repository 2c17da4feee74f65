//! One text for both engines: statements are written so that SQLite takes them as they are, and become PostgreSQL's by
//! the few rewrites here. Quoted texts stay as they are.
//!
//! | SQLite | PostgreSQL | |
//! |---|---|---|
//! | `?1` | `$1` | |
//! | `x IN (SELECT value FROM json_each(?1))` | `x = ANY ($1)` | a list, which is an array of the column's type |
//! | `x NOT IN (SELECT value FROM json_each(?1))` | `x <> ALL ($1)` | |
//! | `INSERT OR FAIL`, `UPDATE OR FAIL` | `INSERT`, `UPDATE` | spares SQLite what it needs to undo one statement |

/// What is rewritten, longest first. The number of the parameter follows in each.
const REWRITTEN: [(&str, &str, &str); 4] = [
    ("NOT IN (SELECT value FROM json_each(?", "<> ALL ($", "))"),
    ("IN (SELECT value FROM json_each(?", "= ANY ($", "))"),
    (" OR FAIL", "", ""),
    ("?", "$", ""),
];

/// The statement as PostgreSQL takes it.
pub(in crate::inventory) fn for_postgres(sql: &str) -> String {
    // Every second part is quoted. A doubled quote begins another quoted part, which is as good.
    let parts = sql.split('\'').enumerate();
    let parts: Vec<String> = parts
        .map(|(number, part)| match number % 2 {
            0 => rewritten(part),
            _ => part.to_owned(),
        })
        .collect();
    parts.join("'")
}

fn rewritten(mut sql: &str) -> String {
    let mut text = String::with_capacity(sql.len());
    while let Some(first) = sql.chars().next() {
        let found = REWRITTEN.iter().find(|(from, ..)| sql.starts_with(from));
        let Some((from, to, end)) = found else {
            text.push(first);
            sql = &sql[first.len_utf8()..];
            continue;
        };
        sql = &sql[from.len()..];
        text.push_str(to);
        if !end.is_empty() {
            let digits = sql.find(')').unwrap_or(sql.len());
            text.push_str(&sql[..digits]);
            text.push(')');
            sql = sql[digits..].strip_prefix(end).unwrap_or_default();
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_becomes_the_one_that_postgresql_takes() {
        for (sqlite, postgres) in [
            ("SELECT 1", "SELECT 1"),
            ("VALUES (?1, ?22, '?3')", "VALUES ($1, $22, '?3')"),
            ("SELECT 'it''s ?1', ?1", "SELECT 'it''s ?1', $1"),
            (
                "DELETE FROM a WHERE b IN (SELECT value FROM json_each(?2)) AND c = ?1",
                "DELETE FROM a WHERE b = ANY ($2) AND c = $1",
            ),
            (
                "a AND (b NOT IN (SELECT value FROM json_each(?1)) OR c)",
                "a AND (b <> ALL ($1) OR c)",
            ),
            ("b IN (SELECT id FROM c)", "b IN (SELECT id FROM c)"),
            ("UPDATE OR FAIL a SET b = 1", "UPDATE a SET b = 1"),
            ("INSERT OR FAIL INTO a", "INSERT INTO a"),
            ("SELECT 'für' || ?1", "SELECT 'für' || $1"),
        ] {
            assert_eq!(for_postgres(sqlite), postgres);
        }
    }
}
