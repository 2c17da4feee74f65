//! What a visit says in the journal.

use serde_json::Value;

use crate::graph_api::Inspection;
use crate::rotation::policy::{Look, Objection};
use crate::token::Facts;

pub(super) fn end_of(facts: &Facts) -> Vec<(&'static str, Value)> {
    facts
        .expires_at
        .at()
        .map(|end| ("expires_at", end.to_string().into()))
        .into_iter()
        .collect()
}

pub(super) fn in_words(objection: &Objection) -> Vec<(&'static str, Value)> {
    match objection {
        Objection::OtherKind { is, expected } => vec![
            ("objection", "it is of another kind".into()),
            ("kind", is.word().into()),
            ("expected", expected.word().into()),
        ],
        Objection::OtherSubject { is, expected } => vec![
            ("objection", "it belongs to another person or page".into()),
            ("subject", is.as_str().into()),
            ("expected", expected.as_str().into()),
        ],
        Objection::FewerScopes { missing } => vec![
            (
                "objection",
                "it lacks permissions that the one in use has".into(),
            ),
            ("missing", missing.as_str().into()),
        ],
    }
}

/// Numbers only: Meta's texts may echo what was sent.
pub(super) fn meta_s_own_words(look: &Look) -> Vec<(&'static str, Value)> {
    let Ok(Inspection::Refused { refusal, .. }) = look else {
        return Vec::new();
    };
    let mut words = vec![("code", refusal.code.into())];
    words.extend(refusal.subcode.map(|subcode| ("subcode", subcode.into())));
    words.extend(
        refusal
            .trace
            .clone()
            .map(|trace| ("fbtrace_id", trace.into())),
    );
    words
}
