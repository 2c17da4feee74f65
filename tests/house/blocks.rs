//! Rules for the blocks of the book: each says its language, and commands are where CI runs them, or say why they are not
//! run. `tests/book/run` runs them; tests/book/pages.py explains the comments before a block.

use std::fs;
use std::path::PathBuf;

use super::book::markdown_below;
use super::tree::Offence;
use super::{Result, root};

const LANGUAGES: [&str; 18] = [
    "caddy",
    "console",
    "csv",
    "dockerfile",
    "hcl",
    "html",
    "ini",
    "javascript",
    "json",
    "nginx",
    "php",
    "promql",
    "python",
    "sh",
    "sql",
    "text",
    "toml",
    "yaml",
];
const MARKS: [&str; 8] = [
    "append: ",
    "before: ",
    "exits: ",
    "file: ",
    "meanwhile: ",
    "not run: ",
    "run by ",
    "typed: ",
];
/// What begins a command.
const COMMANDS: [&str; 4] = ["$ ", "sudo ", "perennial ", "systemctl "];

/// A fenced block, with the comments right before it.
#[derive(Default)]
struct Block {
    line: usize,
    language: String,
    marks: Vec<String>,
    lines: Vec<String>,
}

impl Block {
    fn has(&self, mark: &str) -> bool {
        self.marks.iter().any(|found| found.starts_with(mark))
    }

    fn begins(&self, starts: &[&str]) -> bool {
        let mut lines = self.lines.iter();
        lines.any(|line| starts.iter().any(|start| line.trim().starts_with(start)))
    }

    fn commands(&self) -> usize {
        let is_command = |line: &&String| line.trim_start().starts_with("$ ");
        self.lines.iter().filter(is_command).count()
    }

    /// What is wrong with it.
    fn offence(&self) -> Option<&'static str> {
        let unknown = |mark: &String| !MARKS.iter().any(|known| mark.starts_with(known));
        let reason = |mark: &String| mark.strip_prefix("not run: ").map(str::to_owned);
        let has_no_reason = |reason: String| reason.split_whitespace().count() < 3;
        match self.language.as_str() {
            language if !LANGUAGES.contains(&language) => Some("is of no known language"),
            _ if self.marks.iter().any(unknown) => Some("has a comment that means nothing"),
            _ if self.marks.iter().filter_map(reason).any(has_no_reason) => {
                Some("does not say why it is not run")
            }
            "sh" if !self.has("not run: ") => {
                Some("is `sh`, which is not run, and does not say why")
            }
            "sh" if self.begins(&["$ "]) => Some("shows a prompt, and is not run"),
            "console" if self.has("not run: ") => Some("is `console` and not run; make it `sh`"),
            "console"
                if !self
                    .lines
                    .first()
                    .is_some_and(|line| line.trim().starts_with("$ ")) =>
            {
                Some("does not begin with a command")
            }
            "console" | "sh" => None,
            _ if self.begins(&COMMANDS) => {
                Some("holds a command, and is neither `console` nor `sh`")
            }
            _ => None,
        }
    }
}

fn mark(line: &str) -> Option<String> {
    let inner = line.trim().strip_prefix("<!--")?.strip_suffix("-->")?;
    Some(inner.trim().to_owned())
}

/// The fenced blocks of a page, and the numbers of the lines that are indented as a block would be.
fn blocks(text: &str) -> (Vec<Block>, Vec<usize>) {
    let (mut found, mut indented) = (Vec::new(), Vec::new());
    let (mut open, mut marks, mut after_blank): (Option<Block>, _, _) = (None, Vec::new(), true);
    for (number, line) in text.lines().enumerate() {
        let fence = line.trim_start().strip_prefix("```");
        match (open.take(), fence) {
            (Some(block), Some(_)) => found.push(block),
            (Some(mut block), None) => {
                block.lines.push(line.to_owned());
                open = Some(block);
            }
            (None, Some(language)) => {
                let marks = std::mem::take(&mut marks);
                let (line, language, lines) = (number + 1, language.to_owned(), Vec::new());
                open = Some(Block {
                    line,
                    language,
                    marks,
                    lines,
                });
            }
            (None, None) if mark(line).is_some() => marks.extend(mark(line)),
            (None, None) if line.starts_with("    ") && after_blank => indented.push(number + 1),
            (None, None) if !line.trim().is_empty() => marks.clear(),
            (None, None) => (),
        }
        after_blank = line.trim().is_empty();
    }
    (found, indented)
}

fn pages() -> Result<Vec<PathBuf>> {
    let mut pages = vec![root().join("README.md")];
    markdown_below(&root().join("docs"), &mut pages)?;
    Ok(pages)
}

#[test]
fn every_command_of_the_book_is_run_or_says_why_not() -> Result {
    let (mut offences, mut commands): (Vec<Offence>, _) = (Vec::new(), 0);
    for page in pages()? {
        let name = page.strip_prefix(root())?.display().to_string();
        let (blocks, indented) = blocks(&fs::read_to_string(&page)?);
        let indented = indented.iter().map(|line| {
            format!("{name}:{line}: is indented as code; fence it with ``` and its language")
        });
        offences.extend(indented);
        commands += blocks.iter().map(Block::commands).sum::<usize>();
        for block in &blocks {
            let offence = block.offence();
            offences.extend(offence.map(|words| format!("{name}:{}: {words}", block.line)));
        }
    }
    assert!(commands >= 60, "only {commands} commands are run");
    assert!(offences.is_empty(), "{}", offences.join("\n"));
    Ok(())
}

mod tests {
    use super::*;

    fn offence(text: &str) -> Option<&'static str> {
        let (blocks, _) = blocks(text);
        blocks.first().and_then(Block::offence)
    }

    #[test]
    fn good_blocks_are_none() {
        for good in [
            "```console\n$ perennial status\nall is well\n```",
            "<!-- before: world fleet -->\n\n```console\n$ perennial status\n```",
            "<!-- not run: needs a Vault server -->\n```sh\nvault status\n```",
            "1. x\n\n   ```toml\n   a = 1\n   ```",
            "<!-- Written by: a program -->\nwords\n```json\n{}\n```",
        ] {
            assert_eq!(offence(good), None, "{good}");
        }
    }

    #[test]
    fn bad_blocks_are_noticed() {
        for (bad, words) in [
            ("```\nx\n```", "language"),
            ("```rust\nx\n```", "language"),
            ("<!-- befor: x -->\n```console\n$ x\n```", "means nothing"),
            ("<!-- not run: no -->\n```sh\nx\n```", "why"),
            ("```sh\nx\n```", "why"),
            ("<!-- not run: a b c -->\n```sh\n$ x\n```", "prompt"),
            ("<!-- not run: a b c -->\n```console\n$ x\n```", "make it"),
            ("```console\nx\n```", "begin"),
            ("```text\nsudo x\n```", "neither"),
            ("```yaml\nperennial status\n```", "neither"),
        ] {
            let found = offence(bad).unwrap_or("nothing");
            assert!(found.contains(words), "{bad}: {found}");
        }
        assert_eq!(blocks("a\n\n    perennial status\n").1, [3]);
        assert_eq!(blocks("- a\n    b\n").1, [0; 0]);
    }
}
