//! Batches: many inspections in one HTTP request. Meta counts each entry of a batch as one call, and so does the
//! budget.

use form_urlencoded::byte_serialize;

use super::classify::{self, Role};
use super::question::{Answered, Question};
use super::wire::{self, BatchEntry};
use super::{Error, Inspection};

/// The result of a batch.
pub(super) enum Batch {
    /// One result per entry, in the order of the entries.
    Entries(Vec<Answered>),
    /// Meta accepts no batches from this app; inspect the tokens one by one.
    NotAccepted,
}

/// The value of the form's `batch` field. The entries use the token of the outer call.
pub(super) fn entries<'a>(tokens: impl Iterator<Item = &'a str>) -> String {
    let entry = |token: &str| {
        let token: String = byte_serialize(token.as_bytes()).collect();
        format!(r#"{{"method":"GET","relative_url":"debug_token?input_token={token}"}}"#)
    };
    let entries: Vec<String> = tokens.map(entry).collect();
    format!("[{}]", entries.join(","))
}

/// Reads the answer to a batch. `Err` concerns every entry alike.
pub(super) fn read(
    status: u16,
    body: &str,
    questions: &[Question<'_>],
    app_id: &str,
) -> Result<Batch, Error> {
    let is_array = body.trim_ascii_start().starts_with('[');
    if status != 200 || !is_array {
        return not_an_array(status, body);
    }
    let answers: Vec<Option<BatchEntry<'_>>> = wire::parse(body)?;
    if answers.len() != questions.len() {
        return Err(Error::unreachable(
            "the batch has a different number of answers than of calls",
        ));
    }
    let answers: Vec<_> = answers
        .into_iter()
        .zip(questions)
        .map(|(answer, question)| entry(answer, question, app_id))
        .collect();
    match same_wrong_secret(&answers) {
        Some(error) => Err(error),
        None => Ok(Batch::Entries(without_blame(answers))),
    }
}

fn not_an_array(status: u16, body: &str) -> Result<Batch, Error> {
    if refuses_batches(body) {
        return Ok(Batch::NotAccepted);
    }
    classify::assess(status, body, Role::App)?;
    Ok(Batch::NotAccepted)
}

/// Returns whether Meta rejects batches as such, as opposed to this call having failed.
fn refuses_batches(body: &str) -> bool {
    let Ok(Some(error_body)) = wire::error_body(body) else {
        return false;
    };
    let may_pass = error_body.is_transient == Some(true);
    let no_such_post = error_body.meta.code == 100 && error_body.meta.subcode == Some(33);
    !may_pass && (error_body.is_about_batches || no_such_post)
}

fn entry(answer: Option<BatchEntry<'_>>, question: &Question<'_>, app_id: &str) -> Answered {
    let unanswered = || Error::unreachable("Meta did not answer this call of the batch");
    let BatchEntry { code, body } = answer.ok_or_else(unanswered)?;
    let body = body.text().ok_or_else(unanswered)?;
    question.read(code, body, app_id, Role::BatchEntry)
}

/// Turns app errors of single entries into undecided inspections if any entry succeeded: all entries were sent with the
/// app's credentials, so the credentials are good.
pub(super) fn without_blame(answers: Vec<Answered>) -> Vec<Answered> {
    if !answers.iter().any(Result::is_ok) {
        return answers;
    }
    let own = |answer: Answered| match answer {
        Err(error @ Error::App { .. }) => Ok(Inspection::Undecided(error.about_one_token()).into()),
        other => other,
    };
    answers.into_iter().map(own).collect()
}

/// Returns the error if Meta rejected the app's secret in every entry instead of once for the batch.
fn same_wrong_secret(answers: &[Answered]) -> Option<Error> {
    let refused = |answer: &Answered| answer.as_ref().is_err_and(Error::is_wrong_secret);
    let first = answers.first()?.as_ref().err()?;
    answers.iter().all(refused).then(|| first.clone())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::question::questions;
    use super::*;

    fn entries(status: u16, body: &str, count: usize) -> Vec<Result<Inspection, Error>> {
        match read(status, body, &questions(count), "1").unwrap() {
            Batch::Entries(answers) => answers
                .into_iter()
                .map(|answer| answer.map(|described| described.inspection().unwrap()))
                .collect(),
            Batch::NotAccepted => panic!("not taken"),
        }
    }

    fn alive(user: &str) -> Value {
        let body = json!({"data": {"type": "USER", "is_valid": true, "user_id": user}});
        json!({"code": 200, "body": body.to_string()})
    }

    fn rejected_caller() -> Value {
        let body =
            json!({"error": {"code": 190, "message": "Invalid OAuth access token signature."}});
        json!({"code": 400, "body": body.to_string()})
    }

    #[test]
    fn the_batch_holds_one_get_for_each_token_however_odd() {
        let tokens = ["EAAb1", "1|2&x=\"y\\z", "%41"];
        let batch = super::entries(tokens.into_iter());
        let batch: Vec<Value> = serde_json::from_str(&batch).unwrap();
        assert_eq!(batch.len(), tokens.len());
        for (entry, token) in batch.iter().zip(tokens) {
            assert_eq!(entry["method"], "GET");
            let path = entry["relative_url"].as_str().unwrap();
            let url = reqwest::Url::parse(&format!("http://localhost/{path}")).unwrap();
            assert_eq!(url.path(), "/debug_token");
            let query: Vec<_> = url.query_pairs().collect();
            assert_eq!(query, [("input_token".into(), token.into())]);
        }
    }

    #[test]
    fn answers_keep_their_order_and_one_error_affects_no_other() {
        let broken = json!({"code": 200, "body": "{\"data\":{\"is_va"});
        let busy = json!({"code": 400, "body": r#"{"error":{"code":4}}"#});
        let bodiless = json!({"code": 200});
        let body = json!([
            alive("7"),
            null,
            broken,
            busy,
            bodiless,
            rejected_caller(),
            alive("9")
        ]);
        let answers = entries(200, &body.to_string(), 7);
        let person = |index: usize| match &answers[index] {
            Ok(Inspection::Alive(facts)) => facts.person.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!((&*person(0), &*person(6)), ("7", "9"));
        for unanswered in [1, 2, 4] {
            assert!(
                matches!(answers[unanswered], Err(Error::Unreachable(_))),
                "{unanswered}"
            );
        }
        assert!(matches!(answers[3], Err(Error::Busy { .. })));
        assert!(matches!(answers[5], Ok(Inspection::Undecided(_))));
    }

    #[test]
    fn answers_that_cannot_be_distinguished_are_none() {
        let body = json!([alive("7")]).to_string();
        for (body, count) in [
            (&*body, 2),
            ("[]", 1),
            (&body[..body.len() - 1], 1),
            ("", 1),
            ("[7]", 1),
        ] {
            assert!(
                matches!(
                    read(200, body, &questions(count), "1"),
                    Err(Error::Unreachable(_))
                ),
                "{body}"
            );
        }
    }

    #[test]
    fn a_secret_that_every_member_refuses_is_refused_as_a_whole() {
        let body = json!([rejected_caller(), rejected_caller()]).to_string();
        assert!(read(200, &body, &questions(2), "1").is_err_and(|error| error.is_wrong_secret()));
    }

    #[test]
    fn meta_may_take_no_batches() {
        for (status, body, expected) in [
            (
                400,
                r#"{"error":{"type":"GraphBatchException","message":"Too many requests in batch message."}}"#,
                "not taken",
            ),
            (
                400,
                r#"{"error":{"type":"GraphMethodException","code":100,"error_subcode":33,"message":"Unsupported post request."}}"#,
                "not taken",
            ),
            (200, r#"{"success":true}"#, "not taken"),
            (
                400,
                r#"{"error":{"type":"GraphBatchException","code":2,"is_transient":true}}"#,
                "outage",
            ),
            (
                400,
                r#"{"error":{"type":"OAuthException","code":4}}"#,
                "throttled",
            ),
            (
                400,
                r#"{"error":{"type":"OAuthException","code":190}}"#,
                "app_secret_wrong",
            ),
            (500, "[", "outage"),
            (200, "<html>", "outage"),
        ] {
            let came = match read(status, body, &questions(2), "1") {
                Ok(Batch::NotAccepted) => "not taken",
                Ok(Batch::Entries(_)) => "taken",
                Err(error) => error.cause().as_str(),
            };
            assert_eq!(came, expected, "{body}");
        }
    }
}
