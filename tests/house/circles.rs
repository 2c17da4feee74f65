//! Files of one module do not import each other in circles. A path counts for the file that defines what it names; what
//! a file takes from the `mod.rs` of its own folders does not count, because that is where its folder shares words.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::code::{Path, paths};
use super::tables::CIRCLES;
use super::tree::Source;
use super::{Result, sources, stands};

/// From a file to another, and the names that tie the first to the second.
type Ties<'s> = BTreeMap<(&'s str, &'s str), BTreeSet<&'s str>>;

#[test]
fn files_do_not_import_each_other_in_circles() -> Result {
    let ties = Files::new(sources()?).ties();
    let found = circles(&ties);
    let new = found
        .iter()
        .filter(|circle| !CIRCLES.iter().any(|known| covers(known, circle)));
    let mut offences: Vec<String> = new.map(|circle| described(circle, &ties)).collect();
    let gone = CIRCLES
        .iter()
        .filter(|known| !found.iter().any(|circle| covers(known, circle)));
    offences.extend(gone.map(|known| format!("no circle any more, take it off CIRCLES: {known}")));
    stands(
        "A file is read without those that use it. Move what both need to a file of its own, or what one needs to the \
         other:",
        &offences,
    );
    Ok(())
}

/// Whether each file of the circle is named, or lies in a folder that is.
fn covers(known: &str, circle: &BTreeSet<&str>) -> bool {
    let is_named = |file: &&str| known.split(' ').any(|name| file.starts_with(name));
    circle.iter().all(is_named)
}

fn described(circle: &BTreeSet<&str>, ties: &Ties<'_>) -> String {
    let inside = ties
        .iter()
        .filter(|((from, to), _)| circle.contains(from) && circle.contains(to));
    let lines = inside.map(|((from, to), names)| {
        let names: Vec<&str> = names.iter().copied().collect();
        format!("\n    {from} uses {} of {to}", names.join(", "))
    });
    let files: Vec<&str> = circle.iter().copied().collect();
    files.join(" ") + &lines.collect::<String>()
}

/// The largest sets of files of which each reaches each.
fn circles<'s>(ties: &Ties<'s>) -> BTreeSet<BTreeSet<&'s str>> {
    let reached: BTreeMap<&str, BTreeSet<&str>> = ties
        .keys()
        .map(|(from, _)| (*from, reached(from, ties)))
        .collect();
    let circle = |file: &&'s str| -> BTreeSet<&'s str> {
        let others = reached[*file].iter().copied();
        others
            .filter(|other| reached.get(other).is_some_and(|back| back.contains(file)))
            .collect()
    };
    let files = reached
        .keys()
        .filter(|file| reached[**file].contains(**file));
    files.map(circle).collect()
}

/// The files that `start` uses, directly or through others.
fn reached<'s>(start: &'s str, ties: &Ties<'s>) -> BTreeSet<&'s str> {
    let mut reached = BTreeSet::new();
    let mut waiting = vec![start];
    while let Some(next) = waiting.pop() {
        let used = ties
            .keys()
            .filter(|(from, _)| *from == next)
            .map(|(_, to)| *to);
        waiting.extend(used.filter(|to| reached.insert(*to)));
    }
    reached
}

pub(super) struct Files<'s>(HashMap<Vec<&'s str>, (&'s Source, Vec<Path<'s>>)>);

/// Where a path leads: a module, and the name of an item that its file defines. No name if the path is a module.
type Item<'s> = (Vec<&'s str>, Option<&'s str>);

impl<'s> Files<'s> {
    pub(super) fn new(sources: &'s [Source]) -> Self {
        let files = sources
            .iter()
            .filter(|source| !source.is_test)
            .map(|source| {
                let module = source.module.iter().map(String::as_str).collect();
                (module, (source, paths(&source.tokens())))
            });
        Self(files.collect())
    }

    fn ties(&self) -> Ties<'s> {
        let mut ties = Ties::new();
        for (module, (source, paths)) in &self.0 {
            for path in paths.iter().filter(|path| !source.only_re_exports(path)) {
                if let Some((defined_in, Some(name))) = self.resolve(module, &path.segments, 0)
                    && let Some((target, _)) = self.0.get(&defined_in)
                    && target.top() == source.top()
                    && !module.starts_with(&defined_in)
                {
                    ties.entry((&source.path, &target.path))
                        .or_default()
                        .insert(name);
                }
            }
        }
        ties
    }

    /// The files that the files below `start` use, directly or through others, and what each takes from outside the
    /// crate. What a file only hands on does not count as its own.
    pub(super) fn reached_from(&self, start: &str) -> BTreeMap<&'s str, BTreeSet<&'s str>> {
        let is_start = |module: &&Vec<&'s str>| module.first() == Some(&start);
        let mut waiting: Vec<_> = self.0.keys().filter(is_start).cloned().collect();
        let mut reached = BTreeMap::new();
        while let Some(module) = waiting.pop() {
            let Some((source, paths)) = self.0.get(&module) else {
                continue;
            };
            if reached.contains_key(source.path.as_str()) {
                continue;
            }
            let mut outside = BTreeSet::new();
            for path in paths.iter().filter(|path| !source.only_re_exports(path)) {
                match self.resolve(&module, &path.segments, 0) {
                    Some((defined_in, Some(_))) => waiting.push(defined_in),
                    Some((_, None)) => {}
                    None => outside.extend(path.segments.first().copied()),
                }
            }
            reached.insert(source.path.as_str(), outside);
        }
        reached
    }

    /// `None` if the path leaves the crate, or names something local.
    fn resolve(&self, module: &[&'s str], segments: &[&'s str], depth: usize) -> Option<Item<'s>> {
        let (first, rest) = segments.split_first()?;
        match *first {
            "crate" | "perennial" => self.descend(Vec::new(), rest, depth),
            "self" => self.descend(module.to_vec(), rest, depth),
            "super" => {
                let climbs = segments.iter().take_while(|name| **name == "super").count();
                let left = module.len().checked_sub(climbs)?;
                self.descend(module[..left].to_vec(), &segments[climbs..], depth)
            }
            first => {
                let is_known =
                    self.child(module, first).is_some() || self.import(module, first).is_some();
                is_known.then(|| self.descend(module.to_vec(), segments, depth))?
            }
        }
    }

    fn descend(
        &self,
        mut module: Vec<&'s str>,
        segments: &[&'s str],
        depth: usize,
    ) -> Option<Item<'s>> {
        for (at, name) in segments.iter().enumerate() {
            if let Some(child) = self.child(&module, name) {
                module = child;
            } else if let Some(import) = self.import(&module, name).filter(|_| depth < 16) {
                let led = [&import.segments[..], &segments[at + 1..]].concat();
                return self.resolve(&module, &led, depth + 1);
            } else {
                return Some((module, Some(name)));
            }
        }
        Some((module, None))
    }

    fn child(&self, module: &[&'s str], name: &'s str) -> Option<Vec<&'s str>> {
        let child = [module, &[name]].concat();
        self.0.contains_key(&child).then_some(child)
    }

    fn import(&self, module: &[&'s str], name: &str) -> Option<&Path<'s>> {
        let (_, paths) = self.0.get(module)?;
        paths.iter().find(|path| path.binds == Some(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let source = |(path, text): &(&str, &str)| {
            Source::new("src", (*path).to_owned(), (*text).to_owned())
        };
        let sources: Vec<Source> = files.iter().map(source).collect();
        let ties = Files::new(&sources).ties();
        circles(&ties)
            .iter()
            .map(|circle| described(circle, &ties))
            .collect()
    }

    #[test]
    fn a_circle_is_found_however_it_is_written() {
        let closed = "a/b.rs a/c.rs\n    a/b.rs uses C of a/c.rs\n    a/c.rs uses b of a/b.rs";
        let re_exports = ("a/mod.rs", "mod b; mod c; pub use b::b; pub use c::C as D;");
        for (b, c) in [
            ("use super::c::C;", "fn f() { super::b::b() }"),
            (
                "use super::{c, E}; struct B(c::C);",
                "use super::b; fn f() { b::b() }",
            ),
            ("use super::D;", "use crate::a::b::b;"),
            ("use crate::a::D;", "use super::super::a::b::b;"),
        ] {
            let files = [
                re_exports,
                ("a/b.rs", b),
                ("a/c.rs", c),
                ("lib.rs", "mod a;"),
            ];
            assert_eq!(found(&files), [closed], "{b} {c}");
        }
    }

    #[test]
    fn a_file_may_use_what_its_folder_shares() {
        let parent = (
            "a/mod.rs",
            "mod b; pub use b::b; pub struct A; fn f() { b::b(A) }",
        );
        let child = ("a/b.rs", "use super::A; pub fn b(_: A) {}");
        assert_eq!(found(&[parent, child]), Vec::<String>::new());
        let brother = ("a/c/mod.rs", "use super::b; struct C; fn f() { b::b() }");
        let child = ("a/b.rs", "use super::c::C; pub fn b(_: C) {}");
        assert_eq!(found(&[parent, child, brother]).len(), 1);
    }

    #[test]
    fn files_of_different_modules_are_no_circle_here() {
        assert_eq!(
            found(&[
                ("a/b.rs", "use crate::c::C;"),
                ("c/mod.rs", "use crate::a::b::B;")
            ]),
            Vec::<String>::new()
        );
    }
}
