//! The source tree: every file with its module, its text, and its code outside tests.

use std::collections::HashSet;
use std::path::Path;
use std::{fs, io};

use super::code::{self, Token};
use super::text::blank;

/// A Rust file.
#[derive(Debug)]
pub struct Source {
    /// `src`, or `tests`.
    folder: String,
    /// The path below that folder: `alerts/mailer/smtp.rs`.
    pub path: String,
    /// `alerts`, `mailer`, `smtp`; empty for `lib.rs`.
    pub module: Vec<String>,
    pub text: String,
    /// The text without comments and literals, line by line.
    code: String,
    /// Whether the whole file is for tests only.
    pub is_test: bool,
}

/// A place that breaks a rule.
pub type Offence = String;

/// Reads all sources below a folder of the checkout, in order.
pub fn read(root: &Path, folder: &str) -> io::Result<Vec<Source>> {
    let mut texts = Vec::new();
    collect(&root.join(folder), "", &mut texts)?;
    let sources = texts
        .into_iter()
        .map(|(path, text)| Source::new(folder, path, text));
    let mut sources: Vec<Source> = sources.collect();
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    mark_tests(&mut sources);
    Ok(sources)
}

fn collect(folder: &Path, below: &str, texts: &mut Vec<(String, String)>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{below}{name}");
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &format!("{path}/"), texts)?;
        } else if name.ends_with(".rs") {
            texts.push((path, fs::read_to_string(entry.path())?));
        }
    }
    Ok(())
}

/// Marks the file of each `#[cfg(test)] mod name;`, and everything below it.
fn mark_tests(sources: &mut [Source]) {
    let roots: HashSet<Vec<String>> = sources.iter().flat_map(Source::test_files).collect();
    for source in sources {
        source.is_test = (1..=source.module.len()).any(|n| roots.contains(&source.module[..n]));
    }
}

impl Source {
    pub fn new(folder: &str, path: String, text: String) -> Self {
        Self {
            folder: folder.to_owned(),
            module: module(&path),
            code: blank(&text),
            is_test: false,
            path,
            text,
        }
    }

    /// The top-level module of the file; `lib` and `main` stand for themselves.
    pub fn top(&self) -> &str {
        let name = self.path.split('/').next().unwrap_or_default();
        name.strip_suffix(".rs").unwrap_or(name)
    }

    /// Whether the file is `home` or below it. `home` is a path without `.rs`; the empty one is everywhere.
    pub fn is_in(&self, home: &str) -> bool {
        let behind = self.path.strip_prefix(home);
        home.is_empty() || behind.is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
    }

    pub fn all_tokens(&self) -> Vec<Token<'_>> {
        code::tokens(&self.code)
    }

    /// The code that is compiled without tests.
    pub fn tokens(&self) -> Vec<Token<'_>> {
        if self.is_test {
            return Vec::new();
        }
        let mut tokens = self.all_tokens();
        for item in code::test_items(&tokens).into_iter().rev() {
            tokens.drain(item.tokens);
        }
        tokens
    }

    /// The number of lines outside tests.
    pub fn lines(&self) -> usize {
        if self.is_test {
            return 0;
        }
        let tokens = self.all_tokens();
        let of_tests = code::test_items(&tokens).into_iter().map(|item| {
            let (first, last) = (tokens[item.tokens.start], tokens[item.tokens.end - 1]);
            last.line + 1 - first.line
        });
        self.text.lines().count() - of_tests.sum::<usize>()
    }

    /// The number of lines from `first` to `last` that are not blank and no comment.
    pub fn code_lines(&self, first: usize, last: usize) -> usize {
        let lines = self.text.lines().skip(first - 1).take(last + 1 - first);
        let is_code = |line: &&str| !line.trim().is_empty() && !line.trim().starts_with("//");
        lines.filter(is_code).count()
    }

    /// The top-level module that `path` leads to. `None` if it stays in this module or leaves the crate.
    pub fn leads_to<'p>(&self, path: &code::Path<'p>) -> Option<&'p str> {
        let climbs = path.segments.iter().take_while(|&&s| s == "super").count();
        let first_name = match *path.segments.first()? {
            "crate" | "perennial" => 1,
            "self" if self.module.is_empty() => 1,
            "super" if climbs >= self.module.len() => climbs,
            _ => return None,
        };
        let found = path.segments.get(first_name).copied().unwrap_or("*");
        (found != self.top()).then_some(found)
    }

    /// Whether `path` is a `pub use` of a name that the file does not use itself.
    pub fn only_re_exports(&self, path: &code::Path<'_>) -> bool {
        path.is_public && {
            let tokens = self.tokens();
            let names = tokens.iter().filter(|token| Some(token.text) == path.binds);
            names.count() == 1
        }
    }

    pub fn at(&self, line: usize, what: &str) -> Offence {
        format!("{}/{}:{line}: {what}", self.folder, self.path)
    }

    fn test_files(&self) -> Vec<Vec<String>> {
        let tokens = self.all_tokens();
        let files = code::test_items(&tokens)
            .into_iter()
            .filter_map(|item| item.file);
        files
            .map(|file| {
                self.module
                    .iter()
                    .cloned()
                    .chain([file.to_owned()])
                    .collect()
            })
            .collect()
    }
}

fn module(path: &str) -> Vec<String> {
    let stem = path.strip_suffix(".rs").unwrap_or(path);
    let stem = stem.strip_suffix("/mod").unwrap_or(stem);
    match stem {
        "lib" => Vec::new(),
        _ => stem.split('/').map(str::to_owned).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(path: &str, text: &str) -> Source {
        Source::new("src", path.to_owned(), text.to_owned())
    }

    #[test]
    fn paths_lead_where_the_compiler_goes() {
        for (file, code, expected) in [
            ("a/b.rs", "use crate::c::D;", Some("c")),
            ("a/b.rs", "use crate::a::D;", None),
            ("a/b.rs", "use super::c::D;", None),
            ("a/b.rs", "use super::super::c::D;", Some("c")),
            ("a/mod.rs", "use super::c::D;", Some("c")),
            ("a/mod.rs", "use self::c::D;", None),
            ("a.rs", "use super::*;", Some("*")),
            ("a/b.rs", "use crate as all;", Some("*")),
            ("lib.rs", "pub use self::c::D;", Some("c")),
            ("main.rs", "use perennial::c::D;", Some("c")),
            ("a/b.rs", "use serde::c;", None),
        ] {
            let source = source(file, code);
            let tokens = source.tokens();
            let paths = code::paths(&tokens);
            let led = paths.iter().find_map(|path| source.leads_to(path));
            assert_eq!(led, expected, "{code} in {file}");
        }
    }

    #[test]
    fn files_that_only_tests_name_are_tests() {
        let mut sources = [
            source("a/mod.rs", "mod b; #[cfg(test)] mod tests;"),
            source("a/b.rs", "fn f() {}"),
            source("a/tests/mod.rs", "mod deep;"),
            source("a/tests/deep.rs", ""),
        ];
        mark_tests(&mut sources);
        assert_eq!(
            sources.map(|source| source.is_test),
            [false, false, true, true]
        );
    }

    #[test]
    fn lines_of_tests_are_not_counted() {
        let text = "//! A\n\nfn f() {}\n\n#[cfg(test)]\nmod tests {\n    use a;\n}\n";
        assert_eq!(source("a.rs", text).lines(), 4);
    }

    #[test]
    fn a_home_is_a_file_or_a_folder() {
        let file = source("a/b.rs", "");
        assert!(file.is_in("a") && file.is_in("a/b"));
        assert!(!file.is_in("a/c") && !file.is_in("a/bb") && !file.is_in("aa"));
    }
}
