//! The configuration, with the code of `check-config`.

use crate::config::Diagnostic;
use crate::doctor::{Check, Finding, Known};

const CHECK: Check = Check::Configuration;

const CORRECT: &str = "Correct it. The daemon does not start or reload before. Afterwards: sudo perennial check-config";

pub(in crate::doctor) fn check(known: &Known) -> Vec<Finding> {
    let warnings = match &known.checked {
        Err(errors) => {
            let errors = errors.0.iter();
            let problem = |error: &Diagnostic| Finding::problem(CHECK, error.to_string(), CORRECT);
            return errors.map(problem).collect();
        }
        Ok(warnings) => warnings.iter().filter(|it| !it.is_out_of_sight()),
    };
    let warning = |it: &Diagnostic| {
        Finding::warning(CHECK, it.to_string(), "See whether that is what you want")
    };
    let valid = format!("{} is valid", known.path.display());
    [Finding::good(CHECK, valid)]
        .into_iter()
        .chain(warnings.map(warning))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::doctor::Outcome;

    #[test]
    fn each_error_is_a_line_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("perennial.toml");
        fs::write(
            &path,
            "timezone = \"Mars\"\n[rotation]\ncheck_evry = \"1h\"\n",
        )
        .unwrap();
        let found = check(&Known::of(&path));
        assert!(found.len() >= 3, "{found:?}");
        assert!(found.iter().all(|it| it.outcome == Outcome::Problem));
        assert!(found[0].says.contains("perennial.toml:1:"), "{found:?}");
    }
}
