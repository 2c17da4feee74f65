//! The answer to a batch: a member a line, its HTTP status and its body, or `null`; or, if the input begins with a
//! bracket, the whole answer. Rules: one result for each question, in their order; a member is read as it is read alone,
//! but for what is about all of them; memory is bounded.

#![no_main]

use libfuzzer_sys::fuzz_target;
use perennial::graph_api::fuzzing::batch;
use perennial::graph_api::{Description, Error, Inspection, Question};
use perennial::model::Cause;
use perennial::secret::Secret;
use perennial_fuzz::memory::bounded;
use serde_json::json;

const APP_ID: &str = "257422819769992";
const TOKEN: &str = "EAAcanary.0123456789";
/// The most members that Meta takes.
const MOST: usize = 50;
const MEMORY: usize = 64;

type Answered = Result<Description, Error>;

fuzz_target!(|input: &[u8]| {
    let Ok(input) = str::from_utf8(input) else {
        return;
    };
    if input.starts_with('[') {
        let count = input.len() % 4;
        let found = bounded(input.len(), MEMORY, || read(input, count));
        check_count(&found, count);
        return;
    }
    let members: Vec<String> = input.lines().take(MOST).map(member).collect();
    let found = read(&format!("[{}]", members.join(",")), members.len());
    check_count(&found, members.len());
    let alone = members.iter().map(|member| read_alone(member));
    check_members(found, alone.collect());
});

fn member(line: &str) -> String {
    let (status, body) = line.split_once(' ').unwrap_or(("200", line));
    match status.parse::<u16>() {
        _ if line == "null" => line.to_owned(),
        Ok(status) => json!({"code": status, "body": body}).to_string(),
        Err(_) => json!({"code": 200, "body": line}).to_string(),
    }
}

fn read(body: &str, count: usize) -> Result<Vec<Answered>, Error> {
    let token = Secret::new("EAAb");
    let question = Question {
        token: &token,
        known: None,
    };
    let found = batch(200, body, &vec![question; count], APP_ID)?;
    found.ok_or_else(|| Error::Unreachable("an array was not taken as a batch".into()))
}

fn read_alone(member: &str) -> Answered {
    let mut answers = read(&format!("[{member}]"), 1)?;
    answers.remove(0)
}

fn check_count(found: &Result<Vec<Answered>, Error>, count: usize) {
    match found {
        Ok(answers) => assert_eq!(answers.len(), count),
        Err(error) => assert!(!error.to_string().contains(TOKEN), "{error}"),
    }
    for error in found
        .iter()
        .flatten()
        .filter_map(|found| found.as_ref().err())
    {
        let text = format!("{error} {error:?}");
        assert!(!text.contains(TOKEN), "{text}");
    }
}

/// An error about the app counts for one token where another member shows that the app is accepted, and for the whole
/// batch where each member has it.
fn check_members(found: Result<Vec<Answered>, Error>, alone: Vec<Answered>) {
    let is_wrong_secret = |found: &Answered| matches!(found, Err(Error::App { cause, .. }) if *cause == Cause::AppSecretWrong);
    if !alone.is_empty() && alone.iter().all(is_wrong_secret) {
        let error = found.expect_err("the app's secret is wrong");
        assert_eq!(Err(error), alone[0]);
        return;
    }
    let found = found.expect("answers, one for each question");
    let accepted = alone.iter().any(Result::is_ok);
    for (found, alone) in found.into_iter().zip(alone) {
        let expected = match alone {
            Err(error @ Error::App { .. }) if accepted => {
                let undecided = Inspection::Undecided(error.about_one_token());
                Ok(Description::Other(Box::new(undecided), None))
            }
            other => other,
        };
        assert_eq!(found, expected);
    }
}
