//! Batches: many inspections in one call. Each member counts against our budget as a call of its own.

use std::sync::LazyLock;

use super::classify::{self, Role};
use super::wire::{self, Member};
use super::{Error, Inspection, form, inspection};

/// What came of a batch.
pub(super) enum Batch {
    /// One answer for each member, in their order.
    Members(Vec<Result<Inspection, Error>>),
    /// Meta takes no batches from us: ask one by one.
    NotTaken,
}

static MEMBER_HEAD: LazyLock<String> =
    LazyLock::new(|| escaped(r#"{"method":"GET","relative_url":"debug_token?input_token="#));
static MEMBER_TAIL: LazyLock<String> = LazyLock::new(|| escaped(r#""}"#));
static SEPARATOR: LazyLock<String> = LazyLock::new(|| escaped(","));

/// Appends the value of the form's `batch` field. The members inherit the token of the outer call.
pub(super) fn write_members<'a>(form: &mut String, inputs: impl ExactSizeIterator<Item = &'a str>) {
    const TYPICAL_TOKEN: usize = 256;
    form.reserve(inputs.len() * (MEMBER_HEAD.len() + TYPICAL_TOKEN + MEMBER_TAIL.len()));
    form.push_str(&escaped("["));
    for (index, input) in inputs.enumerate() {
        if index > 0 {
            form.push_str(&SEPARATOR);
        }
        form.push_str(&MEMBER_HEAD);
        form::escape_twice(form, input);
        form.push_str(&MEMBER_TAIL);
    }
    form.push_str(&escaped("]"));
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    form::escape(&mut out, text);
    out
}

/// `Err` concerns every member alike.
pub(super) fn read(status: u16, body: &str, members: usize, app_id: &str) -> Result<Batch, Error> {
    let is_array = body.trim_ascii_start().starts_with('[');
    if status != 200 || !is_array {
        return not_an_array(status, body);
    }
    let answers: Vec<Option<Member<'_>>> = wire::parse(body)?;
    if answers.len() != members {
        return Err(Error::unreachable(
            "the batch has another number of answers than of questions",
        ));
    }
    let answers: Vec<_> = answers
        .into_iter()
        .map(|answer| member(answer, app_id))
        .collect();
    match same_wrong_secret(&answers) {
        Some(error) => Err(error),
        None => Ok(Batch::Members(answers)),
    }
}

fn not_an_array(status: u16, body: &str) -> Result<Batch, Error> {
    if is_refusal_of_batches(body) {
        return Ok(Batch::NotTaken);
    }
    classify::judge(status, body, Role::App)?;
    Ok(Batch::NotTaken)
}

/// Meta's word that it takes no such call, rather than that the call failed.
fn is_refusal_of_batches(body: &str) -> bool {
    let Ok(Some(fault)) = wire::fault(body) else {
        return false;
    };
    let may_pass = fault.is_transient == Some(true);
    let no_such_post = fault.code() == 100 && fault.subcode() == Some(33);
    !may_pass && (fault.is_of_type("GraphBatchException") || no_such_post)
}

fn member(answer: Option<Member<'_>>, app_id: &str) -> Result<Inspection, Error> {
    let Some(Member {
        code,
        body: Some(body),
    }) = answer
    else {
        return Err(Error::unreachable(
            "Meta left this part of the batch unanswered",
        ));
    };
    inspection::read(code, &body.0, app_id)
}

/// The app's secret was refused member by member instead of once.
fn same_wrong_secret(answers: &[Result<Inspection, Error>]) -> Option<Error> {
    let refused =
        |answer: &Result<Inspection, Error>| answer.as_ref().is_err_and(Error::is_wrong_secret);
    let first = answers.first()?.as_ref().err()?;
    answers.iter().all(refused).then(|| first.clone())
}
