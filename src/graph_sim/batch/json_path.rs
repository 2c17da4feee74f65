//! The part of JSONPath with which one call of a batch refers to the answer of another: `$.data.*.id`, `$.data[0].name`.

use serde_json::Value;

/// Meta publishes no limits. These are above what any client sends.
const MOST_STEPS: usize = 16;
const MOST_MATCHES: usize = 1_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step<'a> {
    /// A member of an object, or an entry of a list by its number.
    Named(&'a str),
    Each,
}

/// Returns the values at `path`, separated by commas; `None` if the path cannot be read.
pub(super) fn select(answer: &Value, path: &str) -> Option<String> {
    let mut found = vec![answer];
    for step in steps(path)? {
        found = found
            .into_iter()
            .flat_map(|value| children(value, step))
            .collect();
        found.truncate(MOST_MATCHES);
    }
    let texts: Vec<String> = found.into_iter().map(text).collect();
    Some(texts.join(","))
}

fn steps(path: &str) -> Option<Vec<Step<'_>>> {
    let mut steps = Vec::new();
    let mut rest = path.strip_prefix('$')?;
    while !rest.is_empty() {
        let (step, after) = match rest.strip_prefix('[') {
            Some(rest) => rest.split_once(']')?,
            None => {
                let rest = rest.strip_prefix('.')?;
                rest.split_at(rest.find(['.', '[']).unwrap_or(rest.len()))
            }
        };
        steps.push(match step.trim_matches(['\'', '"']) {
            "" => return None,
            "*" => Step::Each,
            name => Step::Named(name),
        });
        rest = after;
    }
    Some(steps).filter(|steps| steps.len() <= MOST_STEPS)
}

fn children<'v>(value: &'v Value, step: Step<'_>) -> Vec<&'v Value> {
    match (value, step) {
        (Value::Object(members), Step::Each) => members.values().collect(),
        (Value::Array(items), Step::Each) => items.iter().collect(),
        (Value::Object(members), Step::Named(name)) => Vec::from_iter(members.get(name)),
        (Value::Array(items), Step::Named(name)) => {
            let at: Option<usize> = name.parse().ok();
            Vec::from_iter(at.and_then(|at| items.get(at)))
        }
        (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_), _) => Vec::new(),
    }
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_path_selects_and_joins() {
        let answer = json!({"data": [{"id": "1", "name": "Ada"}, {"id": "2"}], "total": 2});
        for (path, expected) in [
            ("$.data.*.id", Some("1,2")),
            ("$.data[*]['id']", Some("1,2")),
            ("$.data.0.name", Some("Ada")),
            ("$.data[1].id", Some("2")),
            ("$.data.*.name", Some("Ada")),
            ("$.total", Some("2")),
            ("$.nothing.at.all", Some("")),
            ("$.data.9.id", Some("")),
            ("data.0.id", None),
            ("$data", None),
            ("$.data..id", None),
            ("$.data[0", None),
        ] {
            assert_eq!(select(&answer, path).as_deref(), expected, "{path}");
        }
    }

    #[test]
    fn steps_and_matches_are_bounded() {
        assert!(steps(&format!("${}", ".a".repeat(MOST_STEPS))).is_some());
        assert!(steps(&format!("${}", ".a".repeat(MOST_STEPS + 1))).is_none());
        let many = select(&json!(vec![1; MOST_MATCHES + 1]), "$.*").unwrap();
        assert_eq!(many.split(',').count(), MOST_MATCHES);
    }
}
