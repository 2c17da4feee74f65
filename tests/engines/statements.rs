//! Every statement of the inventory is one text that both engines prepare. The texts are read from the source.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::cluster::Cluster;
use super::dialect::{for_many_rows, for_postgres};
use super::{POSTGRES, SQLITE};

/// A file, and the name and the forms of a part of its statements that is put together at run time. Each form is a text
/// of the source, with `$` for the number of a value.
type Part = (&'static str, &'static str, &'static [&'static str]);

const PARTS: &[Part] = &[
    (
        "deliveries/mod.rs",
        "condition",
        &[
            "d.state = 'pending'",
            "d.state = 'failed'",
            "d.state = ?2",
            "TRUE",
        ],
    ),
    (
        "incidents/mod.rs",
        "condition",
        &[
            "i.resolved_at IS NULL AND i.acknowledged_until IS NULL",
            "i.resolved_at IS NULL AND i.acknowledged_until IS NOT NULL",
            "i.resolved_at IS NULL",
            "i.resolved_at IS NOT NULL",
            "TRUE",
        ],
    ),
    (
        "incidents/mod.rs",
        "order",
        &[
            "i.id DESC",
            "i.acknowledged_until IS NOT NULL, i.cause IN ('expires_soon', 'data_access_expires_soon'),
                i.deadline IS NULL, i.deadline, i.id DESC",
        ],
    ),
    (
        "incidents/incident_tokens.rs",
        "now_or_ever",
        &[
            "(m.upcoming = 0 OR m.left_at IS NOT NULL)",
            "m.left_at IS NULL",
        ],
    ),
    (
        "tokens/list.rs",
        NARROWED,
        &[
            "",
            "t.state = '{state}'",
            "t.kind = $",
            "t.app = $",
            "p.name = $",
            "s.deadline < $",
            "t.name > $",
            "{DEADLINE} >= $",
            "({DEADLINE} > {place} OR t.name > $)",
            "{BEHIND}",
        ],
    ),
    ("tokens/list.rs", "order", &["t.name", "{DEADLINE}, t.name"]),
    ("tokens/list.rs", "place", &["?3"]),
    ("tokens/list.rs", "state", &["dead"]),
];

/// A condition that `narrowed` joins, and the call that takes a condition for `which`.
const NARROWED: &str = "narrowed";
const TAKES_WHICH: &str = "self.schedule(";

struct Literal {
    text: String,
    /// The code before it.
    before: String,
}

struct SourceFile {
    name: String,
    literals: Vec<Literal>,
}

/// The statements, each with the file that it is in.
pub(super) struct Statements {
    files: Vec<SourceFile>,
    constants: BTreeMap<(String, String), String>,
}

impl SourceFile {
    fn read(path: &Path) -> Self {
        let code = fs::read_to_string(path).unwrap();
        let code = code.split("#[cfg(test)]\nmod tests {").next().unwrap();
        Self {
            name: path.display().to_string(),
            literals: literals(code),
        }
    }
}

/// The texts in code. Those of the inventory have no raw form and few escapes.
fn literals(code: &str) -> Vec<Literal> {
    let mut literals = Vec::new();
    let mut before = String::new();
    let mut signs = code.chars().peekable();
    while let Some(sign) = signs.next() {
        match sign {
            '/' if signs.peek() == Some(&'/') => {
                while signs.next_if(|sign| *sign != '\n').is_some() {}
            }
            '"' if !before.ends_with('\'') => {
                let text = literal(&mut signs);
                literals.push(Literal { text, before });
                before = String::new();
            }
            _ => before.push(sign),
        }
    }
    literals
}

fn literal(signs: &mut std::iter::Peekable<std::str::Chars<'_>>) -> String {
    let mut text = String::new();
    while let Some(sign) = signs.next() {
        match sign {
            '"' => break,
            '\\' => match signs.next().unwrap() {
                'n' => text.push('\n'),
                '\n' => while signs.next_if(|sign| sign.is_whitespace()).is_some() {},
                escaped => text.push(escaped),
            },
            _ => text.push(sign),
        }
    }
    text
}

impl Literal {
    /// The name of the constant that it is the value of.
    fn constant(&self) -> Option<&str> {
        let declared = self.before.trim_end().strip_suffix("=")?.trim_end();
        let named = declared.strip_suffix(": &str")?;
        let (_, name) = named.rsplit_once("const ")?;
        Some(name)
    }
}

impl Statements {
    pub(super) fn read() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/inventory");
        let mut files = Vec::new();
        read_folder(&root, &mut files);
        let mut constants = BTreeMap::new();
        for file in &files {
            for literal in &file.literals {
                if let Some(name) = literal.constant() {
                    let key = (name.to_owned(), file.name.clone());
                    constants.insert(key, literal.text.clone());
                }
            }
        }
        Self { files, constants }
    }

    /// Each statement, and the file that it is in.
    pub(super) fn all(&self) -> BTreeMap<String, String> {
        let mut all = BTreeMap::new();
        for file in &self.files {
            for Literal { text, .. } in &file.literals {
                if !self.begins_one(text, file) {
                    continue;
                }
                for text in self.expanded(text, file) {
                    all.insert(text, file.name.clone());
                }
            }
        }
        all
    }

    /// Whether it is a statement, once the constant that it may begin with is put in.
    fn begins_one(&self, text: &str, file: &SourceFile) -> bool {
        match placeholder(text) {
            Some((0, name, _)) if is_constant(name) => is_statement(&self.constant(name, file)),
            _ => is_statement(text),
        }
    }

    /// Every form of a text whose `{parts}` are put in.
    fn expanded(&self, text: &str, file: &SourceFile) -> Vec<String> {
        let Some((start, name, end)) = placeholder(text) else {
            return vec![text.replace("{{", "{").replace("}}", "}")];
        };
        let whole = |part: &String| format!("{}{part}{}", &text[..start], &text[end..]);
        let parts = self.parts(name, file);
        let forms = parts.iter().map(whole);
        forms.flat_map(|form| self.expanded(&form, file)).collect()
    }

    fn parts(&self, name: &str, file: &SourceFile) -> Vec<String> {
        if is_constant(name) {
            return vec![self.constant(name, file)];
        }
        if name == "which" {
            let takes = |literal: &&Literal| literal.before.trim_end().ends_with(TAKES_WHICH);
            let which = file.literals.iter().filter(takes);
            return which.map(|literal| literal.text.clone()).collect();
        }
        let is_it = |(of, part, _): &&Part| *part == name && file.name.ends_with(of);
        let (_, _, parts) = PARTS
            .iter()
            .find(is_it)
            .unwrap_or_else(|| panic!("{}: what is {{{name}}}?", file.name));
        let condition = |part: &&str| match *part {
            "" => String::new(),
            part if name == NARROWED => format!("WHERE {}", part.replace('$', "?2")),
            part => part.to_owned(),
        };
        parts.iter().map(condition).collect()
    }

    /// Of the same file, or of the one that has it.
    fn constant(&self, name: &str, file: &SourceFile) -> String {
        let own = (name.to_owned(), file.name.clone());
        let any = || self.constants.iter().find(|((other, _), _)| other == name);
        let value = self.constants.get(&own).or_else(|| Some(any()?.1));
        value.unwrap_or_else(|| panic!("{name}?")).clone()
    }
}

fn read_folder(folder: &Path, files: &mut Vec<SourceFile>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && name != "engine" {
            read_folder(&path, files);
        } else if name.ends_with(".rs") && !name.ends_with("tests.rs") {
            files.push(SourceFile::read(&path));
        }
    }
}

fn is_constant(name: &str) -> bool {
    name.chars().all(|sign| sign.is_uppercase() || sign == '_')
}

fn placeholder(text: &str) -> Option<(usize, &str, usize)> {
    text.match_indices('{').find_map(|(start, _)| {
        let (name, _) = text[start + 1..].split_once('}')?;
        let is_name =
            !name.is_empty() && name.chars().all(|sign| sign.is_alphabetic() || sign == '_');
        is_name.then_some((start, name, start + name.len() + 2))
    })
}

const VERBS: [&str; 5] = ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH"];

fn is_statement(text: &str) -> bool {
    let verb = text.split_whitespace().next();
    verb.is_some_and(|verb| VERBS.contains(&verb))
}

/// Statements about SQLite's file, which PostgreSQL has no form of.
pub(super) fn is_of_sqlite(text: &str) -> bool {
    text.contains("sqlite_schema")
}

#[test]
fn parts_of_statements_are_those_of_the_source() {
    let statements = Statements::read();
    let all = statements.files.iter().flat_map(|file| &file.literals);
    let known: BTreeSet<&str> = all.map(|literal| literal.text.as_str()).collect();
    let are_sources = |(_, name, _): &&Part| !["place", "state"].contains(name);
    for (file, name, parts) in PARTS.iter().filter(are_sources) {
        let mut parts = parts.iter().filter(|part| !["", "{BEHIND}"].contains(part));
        assert!(parts.all(|part| known.contains(part)), "{file}: {name}");
    }
}

#[test]
fn every_statement_prepares_on_sqlite() {
    let db = rusqlite::Connection::open_in_memory().unwrap();
    db.execute_batch(SQLITE).unwrap();
    let all = Statements::read().all();
    assert!(all.len() > 330, "only {} statements were found", all.len());
    for (text, file) in all {
        let prepared = db.prepare(&text);
        assert!(prepared.is_ok(), "{file}: {text}\n{:?}", prepared.err());
    }
}

#[test]
fn every_statement_prepares_on_postgresql() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    cluster.create_database("statements");
    cluster.psql("statements", POSTGRES);
    let all = Statements::read().all();
    let all: Vec<(&String, &String)> = all.iter().filter(|(text, _)| !is_of_sqlite(text)).collect();
    let script: Vec<String> = all
        .iter()
        .enumerate()
        .map(|(number, (text, _))| script(number, &for_postgres(text)))
        .collect();
    let answers = cluster.psql(
        "statements",
        &format!("\\set ON_ERROR_STOP 0\n{}", script.join("\n")),
    );
    let answers: Vec<&str> = answers.split("statement ").skip(1).collect();
    assert_eq!(answers.len(), all.len());
    let offences: Vec<String> = all
        .iter()
        .zip(answers)
        .filter_map(|((text, file), answer)| {
            let offence = offence(answer)?;
            Some(format!("{file}: {text}\n    {offence}"))
        })
        .collect();
    assert!(offences.is_empty(), "{}", offences.join("\n"));
}

#[test]
fn what_is_run_for_many_rows_prepares_as_one_statement_on_postgresql() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    cluster.create_database("batches");
    cluster.psql("batches", POSTGRES);
    let statements = Statements::read();
    let literals = statements.files.iter().flat_map(|file| &file.literals);
    let is_batch = |literal: &&Literal| literal.before.trim_end().ends_with(".batch(");
    let batches: Vec<&Literal> = literals.filter(is_batch).collect();
    assert!(!batches.is_empty());
    for Literal { text, .. } in batches {
        let one = for_postgres(text);
        let types = "SELECT array_to_string(parameter_types, ',') FROM pg_prepared_statements";
        let types = cluster.psql("batches", &format!("PREPARE one AS {one}; {types}"));
        let types: Vec<&str> = types.trim().split(',').collect();
        let many = for_many_rows(text, &types).unwrap();
        cluster.psql("batches", &format!("PREPARE many AS {many}"));
    }
}

/// Prepares a statement, and prints its error if there is one, the types of its values, and those of its columns.
fn script(number: usize, text: &str) -> String {
    let columns = match text.trim_start().starts_with(['S', 'W']) {
        true => format!("{text} \\gdesc"),
        false => String::new(),
    };
    format!(
        "PREPARE s{number} AS {text};
         \\echo statement {number}
         \\if :ERROR
         \\echo error :LAST_ERROR_MESSAGE
         \\else
         SELECT 'value ' || unnest(parameter_types) FROM pg_prepared_statements WHERE name = 's{number}';
         {columns}
         \\endif"
    )
}

/// What the engine cannot bind or read, or the error of the statement.
fn offence(answer: &str) -> Option<String> {
    let mut lines = answer.lines().skip(1);
    let offends = |line: &&str| {
        let (subject, kind) = match (line.strip_prefix("value "), line.rsplit_once('|')) {
            (Some(kind), _) => ("value", kind),
            (None, Some((_, kind))) => ("column", kind),
            (None, None) => return true,
        };
        let is_bound = ["bigint", "text", "bytea"].contains(&kind);
        let is_list = subject == "value" && ["bigint[]", "text[]"].contains(&kind);
        let is_flag = subject == "column" && kind == "boolean";
        !(is_bound || is_list || is_flag)
    };
    lines.find(offends).map(str::to_owned)
}
