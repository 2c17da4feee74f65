//! Code as tokens with their lines, and what the rules look for in it: test-only items, and paths.

use std::ops::Range;

use super::text::is_word;

#[derive(Clone, Copy, Debug)]
pub struct Token<'c> {
    pub text: &'c str,
    /// Counted from 1.
    pub line: usize,
}

/// A path as written, with `use` groups expanded: `use a::{b, c::*}` is `a::b` and `a::c::*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path<'c> {
    pub segments: Vec<&'c str>,
    /// The name that a `use` gives it in its file.
    pub binds: Option<&'c str>,
    pub is_public: bool,
    pub line: usize,
}

/// An item with `#[cfg(test)]`: its range of tokens, and the file that it names if it is a `mod name;`.
#[derive(Debug)]
pub struct TestItem<'c> {
    pub tokens: Range<usize>,
    pub file: Option<&'c str>,
}

/// The words, numbers and punctuation of blanked code; `::` is one token.
pub fn tokens(code: &str) -> Vec<Token<'_>> {
    let lines = code.lines().zip(1..);
    lines
        .flat_map(|(line, number)| tokens_of_line(line, number))
        .collect()
}

fn tokens_of_line(mut rest: &str, line: usize) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    loop {
        rest = rest.trim_start();
        let length = match rest.chars().next() {
            None => return tokens,
            Some(first) if is_word(first) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            Some(_) if rest.starts_with("::") => 2,
            Some(sign) => sign.len_utf8(),
        };
        let (text, after) = rest.split_at(length);
        tokens.push(Token { text, line });
        rest = after;
    }
}

/// Whether the tokens from `at` on are those of `signs`, which are separated by spaces.
pub fn reads(tokens: &[Token<'_>], at: usize, signs: &str) -> bool {
    let mut found = tokens.iter().skip(at).map(|token| token.text);
    signs.split(' ').all(|sign| found.next() == Some(sign))
}

/// Items that are compiled for tests only. Only a plain `#[cfg(test)]` counts; with any other condition the rules
/// apply.
pub fn test_items<'c>(tokens: &[Token<'c>]) -> Vec<TestItem<'c>> {
    let mut items: Vec<TestItem<'c>> = Vec::new();
    for at in 0..tokens.len() {
        let is_inside = items.last().is_some_and(|item| item.tokens.contains(&at));
        if !is_inside && reads(tokens, at, "# [ cfg ( test ) ]") {
            items.extend(test_item(tokens, at));
        }
    }
    items
}

fn test_item<'c>(tokens: &[Token<'c>], start: usize) -> Option<TestItem<'c>> {
    let mut at = start;
    while reads(tokens, at, "# [") {
        at = closing(tokens, at + 1)?;
    }
    if reads(tokens, at, "pub") {
        at += 1;
    }
    if reads(tokens, at, "(") {
        at = closing(tokens, at)?;
    }
    let end = end_of_item(tokens, at)?;
    let is_file = reads(tokens, at, "mod") && end == at + 3;
    let file = is_file.then(|| tokens[at + 1].text);
    Some(TestItem {
        tokens: start..end,
        file,
    })
}

/// The index after the bracket that closes the one at `open`.
fn closing(tokens: &[Token<'_>], open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.checked_sub(1)?,
            _ => {}
        }
        if depth == 0 {
            return Some(at + 1);
        }
    }
    None
}

/// The index after the item's block or semicolon; `None` if it is no item, such as a field.
fn end_of_item(tokens: &[Token<'_>], start: usize) -> Option<usize> {
    let ends_with_block = match tokens.get(start)?.text {
        "use" | "const" | "static" | "type" => false,
        "mod" | "fn" | "async" | "impl" | "struct" | "enum" | "trait" => true,
        _ => return None,
    };
    let mut at = start;
    loop {
        match tokens.get(at)?.text {
            ";" => return Some(at + 1),
            "{" if ends_with_block => return closing(tokens, at),
            "(" | "[" | "{" => at = closing(tokens, at)?,
            _ => at += 1,
        }
    }
}

/// The first and the last line of each function with a body.
pub fn functions(tokens: &[Token<'_>]) -> Vec<(usize, usize)> {
    let starts = (0..tokens.len()).filter(|&at| reads(tokens, at, "fn"));
    let named = starts.filter(|&at| tokens.get(at + 1).is_some_and(|t| t.text != "("));
    named
        .filter_map(|at| {
            let end = end_of_item(tokens, at)? - 1;
            (tokens[end].text == "}").then_some((tokens[at].line, tokens[end].line))
        })
        .collect()
}

/// Every path with at least one `::`, and everything that a `use` names.
pub fn paths<'c>(tokens: &[Token<'c>]) -> Vec<Path<'c>> {
    let mut paths: Vec<Path<'c>> = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let is_import = token.text == "use" && !reads(tokens, at + 1, "<");
        at = if is_import {
            let known = paths.len();
            let end = import(tokens, at + 1, &[], &mut paths);
            let is_public = at > 0 && matches!(tokens[at - 1].text, "pub" | ")");
            for path in &mut paths[known..] {
                path.is_public = is_public;
            }
            end
        } else {
            plain(tokens, at, &mut paths)
        };
    }
    paths
}

/// Reads a path outside of `use`. Returns the index after it.
fn plain<'c>(tokens: &[Token<'c>], start: usize, paths: &mut Vec<Path<'c>>) -> usize {
    let is_name = |at: usize| tokens.get(at).is_some_and(|t| t.text.starts_with(is_word));
    if !is_name(start) || !reads(tokens, start + 1, "::") {
        return start + 1;
    }
    let mut at = start;
    let mut segments = vec![tokens[at].text];
    while reads(tokens, at + 1, "::") && is_name(at + 2) {
        at += 2;
        segments.push(tokens[at].text);
    }
    paths.push(Path {
        segments,
        binds: None,
        is_public: false,
        line: tokens[start].line,
    });
    at + 1
}

/// Reads one tree of a `use`, under `prefix`. Returns the index after it.
fn import<'c>(
    tokens: &[Token<'c>],
    start: usize,
    prefix: &[&'c str],
    paths: &mut Vec<Path<'c>>,
) -> usize {
    let mut segments = prefix.to_vec();
    let mut alias = None;
    let mut at = start;
    while let Some(token) = tokens.get(at) {
        match token.text {
            "::" => at += 1,
            "as" => {
                alias = tokens.get(at + 1).map(|token| token.text);
                at += 2;
            }
            "{" => {
                at += 1;
                while at < tokens.len() && !matches!(tokens[at].text, "}" | ";") {
                    at = import(tokens, at, &segments, paths);
                }
                // A group ends this tree; the recursive call has already added the group's paths.
                return at + 1 + usize::from(reads(tokens, at + 1, ","));
            }
            "," => {
                at += 1;
                break;
            }
            ";" | "}" => break,
            name => {
                segments.push(name);
                at += 1;
            }
        }
    }
    if segments.len() > prefix.len() {
        paths.push(Path {
            binds: alias.or(segments.last().copied()),
            segments,
            is_public: false,
            line: tokens[start].line,
        });
    }
    at
}

#[cfg(test)]
mod tests {
    use super::super::text::blank;
    use super::*;

    fn written(code: &str) -> Vec<String> {
        let code = blank(code);
        let paths = paths(&tokens(&code));
        paths.iter().map(|path| path.segments.join("::")).collect()
    }

    #[test]
    fn every_way_to_name_a_module_is_seen() {
        for (code, expected) in [
            ("use crate::a;", "crate::a"),
            ("pub(crate) use crate::a::B as C;", "crate::a::B"),
            (
                "use crate::{a, b::{c, d::*}, e};",
                "crate::a crate::b::c crate::b::d::* crate::e",
            ),
            (
                "use crate::{\n    a::{b},\n    c,\n};\nf()",
                "crate::a::b crate::c",
            ),
            ("use {clap, ::toml as t};", "clap toml"),
            ("use ::toml;", "toml"),
            (
                "let x = crate::a::b::<crate::c::D>(e);",
                "crate::a::b crate::c::D",
            ),
            (
                "#[derive(clap::Args)] struct A(<B as crate::c::D>::E);",
                "clap::Args crate::c::D",
            ),
            ("macro_rules! m { () => { $crate::a::b() } }", "crate::a::b"),
            ("fn f() -> impl Sized + use<'_> { super::g() }", "super::g"),
            (
                "self::a::b(super::super::c::d)",
                "self::a::b super::super::c::d",
            ),
        ] {
            assert_eq!(written(code).join(" "), expected, "{code}");
        }
    }

    #[test]
    fn words_about_code_are_no_code() {
        for text in [
            "let s = \"use crate::a; crate::b::c()\";",
            "// use crate::a;\n/// [`crate::b`]\n/* crate::c::d */",
            "let s = r#\"use crate::\"a\";\"#; let t = b\"crate::b\"; let u = '\"';",
        ] {
            assert_eq!(written(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn lines_are_counted() {
        let code = blank("// one\n\"two\nthree\";\nuse crate::{\n    a,\n    b,\n};");
        let lines: Vec<usize> = paths(&tokens(&code)).iter().map(|path| path.line).collect();
        assert_eq!(lines, [5, 6]);
    }

    #[test]
    fn test_callbacks_are_recognized() {
        for (code, left) in [
            (
                "a(); #[cfg(test)] mod tests { use b; } c()",
                "a ( ) ; c ( )",
            ),
            ("#[cfg(test)] mod tests; c()", "c ( )"),
            (
                "#[cfg(test)] #[path = \"x\"] pub(crate) mod tests { d() } c()",
                "c ( )",
            ),
            ("#[cfg(test)] use a::{b}; c()", "c ( )"),
            ("#[cfg(test)] fn f(x: [u8; 3]) -> u8 { { 1 } } c()", "c ( )"),
            (
                "#[cfg(not(test))] mod a;",
                "# [ cfg ( not ( test ) ) ] mod a ;",
            ),
            (
                "struct A { #[cfg(test)] b: u8, c: u8 }",
                "struct A { # [ cfg ( test ) ] b : u8 , c : u8 }",
            ),
        ] {
            let code = blank(code);
            let tokens = tokens(&code);
            let items = test_items(&tokens);
            let is_left = |at: &usize| !items.iter().any(|item| item.tokens.contains(at));
            let kept: Vec<&str> = (0..tokens.len())
                .filter(is_left)
                .map(|at| tokens[at].text)
                .collect();
            assert_eq!(kept.join(" "), left, "{code}");
        }
    }
}
