//! Details of a check for the journal.

use serde_json::Value;

use crate::graph_api::Inspection;
use crate::model::Facts;
use crate::rotation::policy::{InspectionResult, Mismatch};

pub(super) fn end_of(facts: &Facts) -> Vec<(&'static str, Value)> {
    facts
        .expires_at
        .at()
        .map(|end| ("expires_at", end.to_string().into()))
        .into_iter()
        .collect()
}

pub(super) fn describe(mismatch: &Mismatch) -> Vec<(&'static str, Value)> {
    match mismatch {
        Mismatch::OtherKind { is, expected } => vec![
            ("mismatch", "it is of another kind".into()),
            ("kind", is.as_str().into()),
            ("expected", expected.as_str().into()),
        ],
        Mismatch::OtherSubject { is, expected } => vec![
            ("mismatch", "it belongs to another person or page".into()),
            ("subject", is.as_str().into()),
            ("expected", expected.as_str().into()),
        ],
        Mismatch::FewerScopes { missing } => vec![
            (
                "mismatch",
                "it lacks permissions that the one in use has".into(),
            ),
            ("missing", missing.as_str().into()),
        ],
    }
}

/// Meta's codes only: its texts may echo what was sent.
pub(super) fn meta_message(inspect: &InspectionResult) -> Vec<(&'static str, Value)> {
    let Ok(Inspection::Refused { rejection, .. }) = inspect else {
        return Vec::new();
    };
    let mut detail = vec![("code", rejection.code.into())];
    detail.extend(rejection.subcode.map(|subcode| ("subcode", subcode.into())));
    detail.extend(
        rejection
            .trace
            .clone()
            .map(|trace| ("fbtrace_id", trace.into())),
    );
    detail
}
