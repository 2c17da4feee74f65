//! Modules may only use those below them, and the rules cover every module.

use std::collections::BTreeSet;
use std::fs;

use super::code::{paths, reads};
use super::tables::FLOORS;
use super::{Result, places, root, sources, stands};

#[test]
fn modules_use_only_lower_floors() -> Result {
    let mut offences = Vec::new();
    for source in sources()?.iter().filter(|s| s.path != "lib.rs") {
        let allowed = allowed(source.top());
        for path in paths(&source.tokens()) {
            let led = source.leads_to(&path);
            offences.extend(led.filter(|led| !allowed.contains(led)).map(|led| {
                let from = source.top();
                source.at(path.line, &format!("{from} uses {led}"))
            }));
        }
    }
    stands(
        "A module uses only what FLOORS in tests/house/tables.rs allows it. Move what both need to the lowest floor \
         that uses it; let a module declare the settings it needs and its caller fill them in. A new module of the \
         top level gets its line there.",
        &offences,
    );
    Ok(())
}

/// `main` is no module of the library, and uses only the command line.
fn allowed(module: &str) -> Vec<&'static str> {
    let floors = FLOORS.iter().chain(&[("main", "cli")]);
    let floor = floors.filter(|(name, _)| *name == module);
    floor.flat_map(|(_, allowed)| allowed.split(' ')).collect()
}

/// This also means that no two modules can use each other.
#[test]
fn modules_stand_in_reading_order() -> Result {
    let declared = declared_modules()?;
    let floors: BTreeSet<&str> = FLOORS.iter().map(|(name, _)| *name).collect();
    assert_eq!(
        declared.iter().map(String::as_str).collect::<BTreeSet<_>>(),
        floors,
        "src/lib.rs and FLOORS in tests/house/tables.rs name the same modules: write down what a new one may use"
    );
    let place = |module: &str| declared.iter().position(|name| name == module);
    let mut offences = Vec::new();
    for (module, _) in FLOORS {
        let allowed = allowed(module).into_iter();
        let above = allowed.filter(|below| place(below) >= place(module));
        offences.extend(above.map(|below| format!("{module} may use {below}")));
    }
    stands(
        "FLOORS allows what src/lib.rs declares further up:",
        &offences,
    );
    Ok(())
}

#[test]
fn the_map_names_every_module() -> Result {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(root().join("src"))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        found.insert(name.strip_suffix(".rs").unwrap_or(&name).to_owned());
    }
    found.retain(|name| name != "lib" && name != "main");
    let declared: BTreeSet<String> = declared_modules()?.into_iter().collect();
    assert_eq!(
        declared, found,
        "src/lib.rs (left) declares what lies in src (right)"
    );
    Ok(())
}

fn declared_modules() -> Result<Vec<String>> {
    let map = sources()?.iter().find(|source| source.path == "lib.rs");
    let tokens = map.ok_or("there is no src/lib.rs")?.tokens();
    let declared = tokens.windows(2).filter(|pair| pair[0].text == "mod");
    Ok(declared.map(|pair| pair[1].text.to_owned()).collect())
}

/// The scanner treats every file as a module.
#[test]
fn every_module_has_its_file() -> Result {
    let mut offences = Vec::new();
    for source in sources()? {
        offences.extend(places(source, |tokens, at| {
            reads(tokens, at, "mod") && reads(tokens, at + 2, "{")
        }));
    }
    stands(
        "A module is a file of its own, so that the rules cover it:",
        &offences,
    );
    Ok(())
}
