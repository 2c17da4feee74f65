//! The platforms are values that answer what differs between them, so that nothing else tells them apart.

use super::{Result, sources, stands};

/// Where the platforms are defined, simulated, configured and named.
const HOMES: [&str; 4] = ["graph_api", "graph_sim", "config", "model/terms"];

/// The values, by any path.
const VALUES: [&str; 3] = ["FACEBOOK", "INSTAGRAM", "THREADS"];

#[test]
fn nothing_tells_platforms_apart_but_the_platforms() -> Result {
    let mut offences = Vec::new();
    for source in sources()?.iter().filter(|source| !source.is_test) {
        if HOMES.iter().any(|home| source.is_in(home)) {
            continue;
        }
        let code = source.text.split("#[cfg(test)]").next().unwrap_or_default();
        for (line, number) in code.lines().zip(1..) {
            let text = line.split("//").next().unwrap_or_default();
            let names = |value: &str| {
                let mut words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
                words.any(|word| word == value)
            };
            let named = VALUES.iter().copied().find(|value| names(value));
            let matched = text.contains("match") && text.contains("platform") && text.contains('{');
            let found = named.or(matched.then_some("match on the platform"));
            offences.extend(found.map(|found| source.at(number, found)));
        }
    }
    stands(
        "What differs between platforms is a value of src/graph_api/platform.rs. Ask the platform for it:",
        &offences,
    );
    Ok(())
}
