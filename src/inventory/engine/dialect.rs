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
pub(super) fn for_postgres(sql: &str) -> String {
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

/// The statement for many rows at once, for PostgreSQL. Each `?1` becomes a column of the rows, which are given as one
/// array for each; `types` are those of the values. `None` for a statement of another form.
///
/// `UPDATE a SET b = ?2 WHERE id = ?1` becomes
/// `UPDATE a SET b = v.p2 FROM unnest($1::bigint[], $2::text[]) AS v (p1, p2) WHERE id = v.p1`.
pub(super) fn for_many_rows(sql: &str, types: &[&str]) -> Option<String> {
    let arrays: Vec<String> = (1..)
        .zip(types)
        .map(|(number, kind)| format!("${number}::{kind}[]"))
        .collect();
    let columns: Vec<String> = (1..=types.len()).map(|n| format!("p{n}")).collect();
    let rows = format!(
        "unnest({}) AS v ({})",
        arrays.join(", "),
        columns.join(", ")
    );
    let sql = for_postgres(sql).replace('$', "v.p");
    let verb = sql.split_whitespace().next()?;
    if verb == "INSERT" {
        let (table, rest) = sql.split_once("VALUES (")?;
        let (values, rest) = rest.split_once(')')?;
        return Some(format!("{table}SELECT {values} FROM {rows}{rest}"));
    }
    let (change, condition) = at_where(&sql)?;
    let joins = match verb {
        "UPDATE" => "FROM",
        "DELETE" => "USING",
        _ => return None,
    };
    Some(format!("{change}{joins} {rows} {condition}"))
}

/// Splits a statement before its own WHERE, not one of a part in parentheses.
fn at_where(sql: &str) -> Option<(&str, &str)> {
    let places = sql.match_indices("WHERE ");
    let mut own = places.filter(|(at, _)| {
        let before = &sql[..*at];
        before.matches('(').count() == before.matches(')').count()
    });
    own.next().map(|(at, _)| sql.split_at(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_for_one_row_becomes_one_for_many() {
        let types = ["bigint", "text"];
        let rows = "unnest($1::bigint[], $2::text[]) AS v (p1, p2)";
        for (one, many) in [
            (
                "UPDATE a SET b = CASE WHEN (SELECT c FROM d WHERE e) THEN ?2 END WHERE id = ?1",
                format!(
                    "UPDATE a SET b = CASE WHEN (SELECT c FROM d WHERE e) THEN v.p2 END FROM {rows} WHERE id = v.p1"
                ),
            ),
            (
                "DELETE FROM a WHERE b = ?1 AND c = ?2",
                format!("DELETE FROM a USING {rows} WHERE b = v.p1 AND c = v.p2"),
            ),
            (
                "INSERT INTO a (b, c) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                format!(
                    "INSERT INTO a (b, c) SELECT v.p1, v.p2 FROM {rows} ON CONFLICT DO NOTHING"
                ),
            ),
        ] {
            assert_eq!(for_many_rows(one, &types), Some(many));
        }
        assert_eq!(for_many_rows("SELECT ?1, ?2", &types), None);
    }

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
