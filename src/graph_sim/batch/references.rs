//! References between the calls of a batch: `{result=NAME:JSONPATH}` in an address or a body stands for parts of the answer
//! to the call with that name.

use std::borrow::Cow;
use std::collections::HashMap;

use form_urlencoded::Serializer;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::json_path;

/// Longer texts in braces are no references.
const LONGEST: usize = 512;
const OPENING: &str = "{result=";

/// Answers by the names of the calls.
pub(super) type Answers = HashMap<String, Value>;

/// Returns the names to which an address or a body refers.
pub(super) fn names(text: &str) -> Vec<String> {
    if !may_refer(text) {
        return Vec::new();
    }
    let decoded = decoded(text);
    let found = Pieces(&decoded).filter_map(|piece| match piece {
        Piece::Reference(name, _) => Some(name.to_owned()),
        Piece::Text(_) => None,
    });
    found.collect()
}

/// Replaces the references in an address.
pub(super) fn resolved_url(url: &str, answers: &Answers) -> String {
    if !may_refer(url) {
        return url.to_owned();
    }
    match url.split_once('?') {
        None => resolved(&decoded(url), answers),
        Some((path, query)) => {
            let path = resolved(&decoded(path), answers);
            format!("{path}?{}", resolved_form(query, answers))
        }
    }
}

/// Replaces the references in a form.
pub(super) fn resolved_form(form: &str, answers: &Answers) -> String {
    if !may_refer(form) {
        return form.to_owned();
    }
    let fields = form_urlencoded::parse(form.as_bytes());
    let fields = fields.map(|(name, value)| (name, resolved(&value, answers)));
    Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// A quick check, so that batches without references cost nothing.
fn may_refer(text: &str) -> bool {
    text.contains(OPENING) || text.contains("%7Bresult") || text.contains("%7bresult")
}

fn decoded(text: &str) -> Cow<'_, str> {
    percent_decode_str(text).decode_utf8_lossy()
}

fn resolved(text: &str, answers: &Answers) -> String {
    let pieces = Pieces(text).map(|piece| match piece {
        Piece::Text(text) => text.to_owned(),
        Piece::Reference(name, path) => {
            let answer = answers.get(name);
            let selected = answer.and_then(|answer| json_path::select(answer, path));
            selected.unwrap_or_default()
        }
    });
    pieces.collect()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece<'a> {
    Text(&'a str),
    /// A name and a path.
    Reference(&'a str, &'a str),
}

/// A text, cut at its references.
struct Pieces<'a>(&'a str);

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        if self.0.is_empty() {
            return None;
        }
        if let Some((name, path, rest)) = reference(self.0) {
            self.0 = rest;
            return Some(Piece::Reference(name, path));
        }
        let after_first = self
            .0
            .char_indices()
            .nth(1)
            .map_or(self.0.len(), |(at, _)| at);
        let next = self
            .0
            .get(after_first..)
            .and_then(|rest| rest.find(OPENING));
        let (text, rest) = self
            .0
            .split_at(next.map_or(self.0.len(), |next| after_first + next));
        self.0 = rest;
        Some(Piece::Text(text))
    }
}

/// Reads the reference at the beginning of a text.
fn reference(text: &str) -> Option<(&str, &str, &str)> {
    let text = text.strip_prefix(OPENING)?;
    let end = text
        .bytes()
        .take(LONGEST + 1)
        .position(|byte| byte == b'}')?;
    let (name, path) = text.get(..end)?.split_once(':')?;
    Some((name, path, text.get(end + 1..)?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn answers() -> Answers {
        let answer = json!({"data": [{"id": "1", "name": "A & B"}, {"id": "2"}]});
        HashMap::from([("first".to_owned(), answer)])
    }

    #[test]
    fn references_are_found_and_replaced() {
        for (url, expected) in [
            (
                "?ids={result=first:$.data.*.id}&fields=id",
                "?ids=1%2C2&fields=id",
            ),
            ("?ids=%7Bresult%3Dfirst%3A%24.data.*.id%7D", "?ids=1%2C2"),
            ("{result=first:$.data.1.id}/accounts", "2/accounts"),
            ("%7Bresult=first:$.data.0.id%7D?a=b", "1?a=b"),
            ("me?name={result=first:$.data.0.name}", "me?name=A+%26+B"),
        ] {
            assert_eq!(names(url), ["first"], "{url}");
            assert_eq!(resolved_url(url, &answers()), expected);
        }
        let two = "a={result=first:$.data.0.id}{result=other:$.x}";
        assert_eq!(names(two), ["first", "other"]);
        assert_eq!(resolved_form(two, &answers()), "a=1");
    }

    proptest! {
        #[test]
        fn any_text_is_cut_without_loss(text in "(\\{result=|[a-z:$.}é]){0,12}") {
            let whole: String = Pieces(&text)
                .map(|piece| match piece {
                    Piece::Text(text) => text.to_owned(),
                    Piece::Reference(name, path) => format!("{OPENING}{name}:{path}}}"),
                })
                .collect();
            prop_assert_eq!(whole, text);
        }
    }

    #[test]
    fn what_is_no_reference_stays() {
        for text in [
            "me?fields=id,accounts{id}",
            "{result=}",
            "{result=first}",
            "{result=first:$.data",
            "äö{result=",
        ] {
            assert!(names(text).is_empty(), "{text}");
        }
        assert_eq!(
            resolved_url("me?fields=accounts{id}", &answers()),
            "me?fields=accounts{id}"
        );
        let long = |steps: usize| format!("{{result=first:${}}}", ".a".repeat(steps));
        assert_eq!(names(&long(LONGEST / 2 - 4)), ["first"]);
        assert!(names(&long(LONGEST / 2)).is_empty());
    }
}
