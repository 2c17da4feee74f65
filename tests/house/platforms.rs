//! The platforms are values that answer what differs between them, so that nothing else tells them apart.

use super::code::{Token, reads};
use super::tree::{Offence, Source};
use super::{Result, sources, stands};

/// Where the platforms are defined, simulated, configured and named.
const HOMES: [&str; 4] = ["graph_api", "graph_sim", "config", "model/terms"];

/// The values, by any path.
const VALUES: [&str; 3] = ["FACEBOOK", "INSTAGRAM", "THREADS"];
/// The variants of the simulator, which others may name but not match.
const VARIANTS: [&str; 3] = ["Facebook", "Instagram", "Threads"];
/// The names in the configuration, as literals.
const NAMES: [&str; 3] = ["\"facebook\"", "\"instagram\"", "\"threads\""];

#[test]
fn nothing_tells_platforms_apart_but_the_platforms() -> Result {
    let sources = sources()?.iter();
    let strangers = sources.filter(|source| !HOMES.iter().any(|home| source.is_in(home)));
    let offences: Vec<Offence> = strangers.flat_map(offences).collect();
    stands(
        "What differs between platforms is a value of src/graph_api/platform.rs. Ask the platform for it:",
        &offences,
    );
    Ok(())
}

fn offences(source: &Source) -> Vec<Offence> {
    let tokens = source.tokens();
    let at_tokens = (0..tokens.len()).filter_map(|at| {
        let found = telling_apart(&tokens, at)?;
        Some(source.at(tokens[at].line, found))
    });
    let mut offences: Vec<Offence> = at_tokens.collect();
    // Literals are no tokens, so their lines are looked for among those of the code.
    for (line, number) in source.text.lines().zip(1..) {
        let is_code = tokens.iter().any(|token| token.line == number);
        let written = line.split("//").next().unwrap_or_default();
        let named = NAMES.iter().copied().find(|name| written.contains(name));
        offences.extend(
            named
                .filter(|_| is_code)
                .map(|name| source.at(number, name)),
        );
    }
    offences
}

/// Whether the code at this token treats one platform differently from another.
fn telling_apart(tokens: &[Token<'_>], at: usize) -> Option<&'static str> {
    let text = tokens[at].text;
    if let Some(value) = VALUES.iter().copied().find(|value| *value == text) {
        return Some(value);
    }
    if text == "match" && has_platform(until(tokens, at + 1, "{")) {
        return Some("match on the platform");
    }
    if reads(tokens, at, "matches ! (") && has_platform(until(tokens, at + 3, ",")) {
        return Some("matches! on the platform");
    }
    // A pattern that is a literal leaves no token.
    if reads(tokens, at, "let =") && has_platform(until(tokens, at + 2, "{")) {
        return Some("if let on the platform");
    }
    let is_comparison = reads(tokens, at, "= =") || reads(tokens, at, "! =");
    if is_comparison && (has_platform(before(tokens, at)) || has_platform(after(tokens, at + 2))) {
        return Some("comparison with the platform");
    }
    let is_variant = VARIANTS.iter().any(|variant| {
        ["= >", "|"]
            .iter()
            .any(|end| reads(tokens, at, &format!("Platform :: {variant} {end}")))
    });
    is_variant.then_some("pattern of a platform")
}

/// Whether a platform itself is among the tokens, or its name. What it answers otherwise is for anyone to look at.
fn has_platform(tokens: &[Token<'_>]) -> bool {
    (0..tokens.len()).any(|at| {
        let is_platform = matches!(tokens[at].text, "platform" | "platform_of");
        let is_named = ["name", "title"]
            .iter()
            .any(|name| reads(tokens, at + 1, &format!(". {name}")));
        is_platform && (is_named || !reads(tokens, at + 1, "."))
    })
}

/// The tokens from `start` to the first `end` outside brackets.
fn until<'t, 'c>(tokens: &'t [Token<'c>], start: usize, end: &str) -> &'t [Token<'c>] {
    let mut depth = 0_usize;
    let rest = &tokens[start.min(tokens.len())..];
    let length = rest.iter().position(|token| match token.text {
        text if depth == 0 && text == end => true,
        "(" | "[" | "{" => {
            depth += 1;
            false
        }
        ")" | "]" | "}" if depth == 0 => true,
        ")" | "]" | "}" => {
            depth -= 1;
            false
        }
        _ => false,
    });
    &rest[..length.unwrap_or(rest.len())]
}

/// The operand that ends before a comparison, and the one that begins after it: paths, fields and calls.
fn before<'t, 'c>(tokens: &'t [Token<'c>], at: usize) -> &'t [Token<'c>] {
    let length = tokens[..at]
        .iter()
        .rev()
        .take_while(|token| is_of_operand(token))
        .count();
    &tokens[at - length..at]
}

fn after<'t, 'c>(tokens: &'t [Token<'c>], start: usize) -> &'t [Token<'c>] {
    let rest = &tokens[start.min(tokens.len())..];
    let length = rest.iter().take_while(|token| is_of_operand(token)).count();
    &rest[..length]
}

fn is_of_operand(token: &Token<'_>) -> bool {
    let is_word = token
        .text
        .starts_with(|c: char| c.is_alphanumeric() || c == '_');
    let is_keyword = matches!(
        token.text,
        "if" | "while" | "return" | "let" | "in" | "match"
    );
    (is_word && !is_keyword) || matches!(token.text, "." | "::" | "(" | ")" | "&" | "*" | "?")
}

#[test]
fn every_way_to_tell_platforms_apart_is_noticed() {
    for (code, expected) in [
        ("match app.platform.name { _ => 1 }", 1),
        ("match app\n    .graph\n    .platform\n{\n    _ => 1\n}", 1),
        ("match (kind, platform_of(token)) { _ => 1 }", 1),
        ("let x = matches!(app.platform.name, \"a\" | \"b\");", 1),
        (
            "let x = matches!(\n    app.platform.name,\n    \"a\"\n);",
            1,
        ),
        ("if platform.name == \"a\" {}", 1),
        ("if \"a\" != self.platform.name {}", 1),
        ("if let \"a\" = platform.name {}", 1),
        ("if *app.platform() == other {}", 1),
        ("let is = std::ptr::eq(platform, &FACEBOOK);", 1),
        ("match spec { Platform::Threads => 1, _ => 2 }", 1),
        ("match name { \"threads\" => 1, _ => 2 }", 1),
        ("match app.platform.renewal { _ => 1 }", 0),
        ("if dialog == app.platform.dialog_url {}", 0),
        ("match kind { _ => platform.title }", 0),
        (
            "match known(&name) { Some(x) => platform, None => other }",
            0,
        ),
        ("if let Some(platform) = named(text) {}", 0),
        ("if kind == other { platform.title } else { name }", 0),
        ("let spec = Spec { platform: Platform::Threads };", 0),
        ("// if platform.name == \"threads\"", 0),
        (
            "#[cfg(test)]\nmod tests {\n    const A: &str = \"threads\";\n}",
            0,
        ),
    ] {
        let source = Source::new("src", "rotation/planted.rs".to_owned(), code.to_owned());
        let found = offences(&source);
        assert_eq!(found.len(), expected, "{code}\n{found:?}");
    }
}
