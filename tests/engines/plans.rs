//! The statements that run for every token or after every commit read indexes on PostgreSQL, whatever the size of the
//! fleet. Sessions of the inventory have one plan for each statement, and so has this one.

use super::POSTGRES;
use super::cluster::Cluster;
use super::dialect::{for_many_rows, for_postgres};
use super::statements::Statements;

/// How the sessions of the inventory are set.
const SESSION: &str = "SET plan_cache_mode = force_generic_plan;";
const SESSIONS: &str = include_str!("../../src/inventory/engine/postgres/session.rs");

/// A fleet of one person, whose tokens have the same deadline.
const FLEET: &str = "
    INSERT INTO token (app, name, person, kind, required_scopes, owners, fingerprint, imported_at)
        SELECT 'acme', 't' || n, '17', CASE n WHEN 1 THEN 'user' ELSE 'page' END, '', '[]', '', 0
        FROM generate_series(1, 3000) n;
    INSERT INTO schedule (token, app, due_at, deadline) SELECT id, app, id / 100, 5000 FROM token;
    INSERT INTO version (token, number, role, secret, digest, obtained_at)
        SELECT id, 1, 'current', '', '', 0 FROM token;
    INSERT INTO page_admin (token, page, name) SELECT 1, 'p' || id, '' FROM token;
    ANALYZE";

/// A part of each statement, and what its plan must not contain.
const ONE_ROW: [(&str, &[&str]); 6] = [
    (
        "ORDER BY s.deadline, s.token LIMIT 1",
        &["Sort", "Seq Scan"],
    ),
    (
        "WHERE app = ?1 AND due_at <= ?2\n             ORDER BY due_at",
        &["Sort", "Seq Scan"],
    ),
    ("ORDER BY due_at DESC LIMIT 1", &["Sort", "Seq Scan"]),
    ("s.known_until <= ?2 + ?3", &["Seq Scan"]),
    // A forecast, page by page through the tokens of one person.
    ("t.state = ?3 AND t.id > ?4", &["Sort", "Seq Scan"]),
    (
        "UPDATE OR FAIL token SET state",
        &["Seq Scan", "token_of_person", "page_admin_pkey"],
    ),
];

const MANY_ROWS: &str = "UPDATE schedule SET due_at = ?3, action = ?4, checked_at = ?5, known_answer = ?6, known_until = ?7";

#[test]
fn what_runs_for_every_token_reads_indexes() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    assert!(SESSIONS.contains(SESSION));
    cluster.create_database("plans");
    cluster.psql("plans", &format!("{POSTGRES}; {FLEET}"));
    let all = Statements::read().all();
    let found = |part: &str| {
        let text = all.keys().find(|text| text.contains(part));
        text.unwrap_or_else(|| panic!("no statement has: {part}"))
            .clone()
    };
    let mut plans: Vec<(String, &[&str])> = Vec::new();
    for (part, unwanted) in ONE_ROW {
        plans.push((for_postgres(&found(part)), unwanted));
    }
    let types = ["int8", "int8", "int8", "text", "int8", "int8", "int8"];
    let many = for_many_rows(&found(MANY_ROWS), &types).unwrap();
    plans.push((many, &["Seq Scan"]));
    for (statement, unwanted) in plans {
        let values = (1..100).take_while(|number| statement.contains(&format!("${number}")));
        let values: Vec<&str> = values.map(|_| "NULL").collect();
        let values = match values.is_empty() {
            true => String::new(),
            false => format!("({})", values.join(", ")),
        };
        let plan = cluster.psql(
            "plans",
            &format!("{SESSION} PREPARE one AS {statement}; EXPLAIN EXECUTE one{values}"),
        );
        let offence = unwanted.iter().find(|part| plan.contains(**part));
        assert_eq!(offence, None, "{statement}\n{plan}");
    }
}
