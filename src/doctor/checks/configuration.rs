//! The configuration, with the code of `check-config`.

use crate::doctor::{Check, Finding, Known};

pub(in crate::doctor) fn check(known: &Known) -> Vec<Finding> {
    let path = known.path.display();
    let check = Check::Configuration;
    match &known.checked {
        Err(errors) => {
            let to_do = "Correct it. The daemon does not start or reload before. Afterwards: sudo perennial check-config";
            let errors = errors.0.iter();
            errors
                .map(|error| Finding::problem(check, error.to_string(), to_do))
                .collect()
        }
        Ok(warnings) => {
            let warnings = warnings.iter().filter(|it| !it.is_out_of_sight());
            let warnings = warnings.map(|it| {
                Finding::warning(check, it.to_string(), "See whether that is what you want")
            });
            [Finding::good(check, format!("{path} is valid"))]
                .into_iter()
                .chain(warnings)
                .collect()
        }
    }
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
