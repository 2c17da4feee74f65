//! Rules for the book: every link leads somewhere, every page is in the list of pages, and every cause has its section.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use perennial::model::Cause;

use super::tree::Offence;
use super::{Result, root};

/// A page, with its text outside of code.
struct Page {
    path: PathBuf,
    text: String,
}

impl Page {
    fn read(path: PathBuf) -> Result<Self> {
        let text = prose(&fs::read_to_string(&path)?);
        Ok(Self { path, text })
    }

    fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(&self.path)
    }

    /// The targets of its links to files and headings.
    fn links(&self) -> impl Iterator<Item = &str> {
        let targets = self.text.split("](").skip(1);
        let targets = targets.filter_map(|rest| rest.split(')').next());
        targets.filter(|target| !target.contains("://"))
    }

    /// What a link can name behind a `#`.
    fn anchors(&self) -> BTreeSet<String> {
        let headings = self.text.lines().filter(|line| line.starts_with('#'));
        headings
            .map(|line| anchor(line.trim_start_matches('#')))
            .collect()
    }
}

/// Without blocks of code, which are indented or fenced.
fn prose(text: &str) -> String {
    let mut is_code = false;
    let mut prose = String::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        } else if !is_code && !line.starts_with("    ") {
            prose.push_str(line);
            prose.push('\n');
        }
    }
    prose
}

/// As GitHub and mdBook make it of a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase();
    let kept = kept.chars().filter_map(|letter| match letter {
        ' ' => Some('-'),
        '-' | '_' => Some(letter),
        _ if letter.is_alphanumeric() => Some(letter),
        _ => None,
    });
    kept.collect()
}

pub fn markdown_below(folder: &Path, found: &mut Vec<PathBuf>) -> Result {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            markdown_below(&path, found)?;
        } else if path.extension().is_some_and(|ending| ending == "md") {
            found.push(path);
        }
    }
    Ok(())
}

fn pages() -> Result<Vec<Page>> {
    let mut paths = vec![root().join("README.md")];
    markdown_below(&root().join("docs"), &mut paths)?;
    paths.sort();
    paths.into_iter().map(Page::read).collect()
}

fn dead_link(page: &Page, target: &str) -> Result<Option<Offence>> {
    let (file, heading) = target.split_once('#').unwrap_or((target, ""));
    let path = match file {
        "" => page.path.clone(),
        _ => page.folder().join(file),
    };
    let is_there = match heading {
        "" => path.exists(),
        _ => path.is_file() && Page::read(path)?.anchors().contains(heading),
    };
    Ok((!is_there).then(|| format!("{}: {target}", page.path.display())))
}

#[test]
fn every_link_leads_somewhere() -> Result {
    let mut dead = Vec::new();
    let mut links = 0;
    for page in pages()? {
        for target in page.links() {
            links += 1;
            dead.extend(dead_link(&page, target)?);
        }
    }
    assert!(links > 100, "only {links} links were found");
    assert!(dead.is_empty(), "dead links:\n{}", dead.join("\n"));
    Ok(())
}

#[test]
fn every_page_is_in_the_list_of_pages() -> Result {
    let folder = root().join("docs/src");
    let summary = Page::read(folder.join("SUMMARY.md"))?;
    let listed: Vec<String> = summary.links().map(str::to_owned).collect();
    let mut files = Vec::new();
    markdown_below(&folder, &mut files)?;
    let names = files.iter().filter_map(|path| path.file_name()?.to_str());
    let names: BTreeSet<String> = names.map(str::to_owned).collect();
    let listed_once: BTreeSet<String> = listed.iter().cloned().collect();
    assert_eq!(listed.len(), listed_once.len(), "a page is listed twice");
    let expected: BTreeSet<String> = names
        .into_iter()
        .filter(|name| name != "SUMMARY.md")
        .collect();
    assert_eq!(listed_once, expected);
    Ok(())
}

#[test]
fn every_cause_has_its_section() -> Result {
    let page = Page::read(root().join("docs/src/causes.md"))?;
    let anchors = page.anchors();
    let missing: Vec<&str> = Cause::ALL
        .iter()
        .map(|cause| cause.as_str())
        .filter(|name| !anchors.contains(*name))
        .collect();
    assert!(missing.is_empty(), "docs/src/causes.md lacks {missing:?}");
    for section in page.text.split("\n### ").skip(1) {
        let name = section.lines().next().unwrap_or_default();
        for part in ["- **Perennial** ", "- **You** "] {
            assert!(section.contains(part), "{name} lacks \"{part}\"");
        }
    }
    Ok(())
}

#[test]
fn the_readme_is_short() -> Result {
    let readme = fs::read_to_string(root().join("README.md"))?;
    let lines = readme.lines().count();
    assert!(lines <= 150, "README.md has {lines} lines");
    Ok(())
}

mod tests {
    use super::*;

    #[test]
    fn links_in_code_are_none() {
        let text = "[a](b.md)\n\n    [c](d.md)\n\n```\n[e](f.md)\n```\n[g](h.md#i)\n";
        let page = Page {
            path: PathBuf::from("x/y.md"),
            text: prose(text),
        };
        assert_eq!(page.links().collect::<Vec<_>>(), ["b.md", "h.md#i"]);
        assert_eq!(anchor(" It is 3 a.m., `now`"), "it-is-3-am-now");
    }
}
