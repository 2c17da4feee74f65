//! Inspections, in batches and one by one.

use serde_json::{Value, json};

use super::scripted_server::{Asked, Peer, Scenario};
use super::{alive, client, error, secrets, settings};
use crate::graph_api::proof::Signer;
use crate::graph_api::{Certainty, Client, Error, Inspection, Settings, Usage};
use crate::model::Cause;
use crate::secret::Secret;

/// A server that knows tokens by the user in their name: `user-7` belongs to 7.
fn debugger(asked: &Asked) -> Scenario {
    let inputs = asked.inputs();
    if asked.field("batch").is_none() {
        return Scenario::Json(200, described(&inputs[0]));
    }
    let entry = |input: &String| json!({"code": 200, "body": described(input).to_string()});
    Scenario::Json(200, inputs.iter().map(entry).collect())
}

fn described(token: &str) -> Value {
    match token.strip_prefix("user-") {
        Some(user) => alive(user),
        None => {
            json!({"data": {"is_valid": false, "error": {"code": 190, "message": "could not be decrypted"}}})
        }
    }
}

/// The user of each result, or the cause of its error.
fn reported(answers: &[Result<Inspection, Error>]) -> Vec<String> {
    let texts = |answer: &Result<Inspection, Error>| match answer {
        Ok(Inspection::Alive(facts)) => facts.person.clone(),
        Ok(Inspection::Refused { rejection, .. }) => rejection.cause.to_string(),
        Ok(Inspection::Undecided(error)) => format!("no verdict: {}", error.cause()),
        Err(error) => format!("error: {}", error.cause()),
    };
    answers.iter().map(texts).collect()
}

#[tokio::test]
async fn a_batch_is_one_call_and_keeps_the_order() {
    let peer = Peer::playing(debugger).await;
    let reply = client(&peer.url())
        .debug(&secrets(&["user-7", "x|y&z", "user-9"]))
        .await;
    assert_eq!(reported(&reply.answer), ["7", "unreadable", "9"]);
    assert_eq!(reply.usage.calls, 3);

    let asked = peer.asked();
    let [batch] = &asked[..] else {
        panic!("{} calls", asked.len());
    };
    assert_eq!((&*batch.method, batch.path()), ("POST", "/v25.0/"));
    assert_eq!(batch.inputs(), ["user-7", "x|y&z", "user-9"]);
    assert_eq!(batch.authorization, "");
    let app_token = "257422819769992|hush";
    let proof = Signer::new("hush").unwrap().proof(app_token);
    assert_eq!(batch.field("access_token").as_deref(), Some(app_token));
    assert_eq!(batch.field("appsecret_proof"), Some(proof));
    assert_eq!(batch.field("include_headers").as_deref(), Some("false"));
}

/// Nothing about the tokens is learned from it, and the call is remembered.
#[tokio::test]
async fn a_version_that_meta_refuses_is_heard_among_other_answers_and_alone() {
    let peer = Peer::playing(|asked| {
        let refusal = error(
            2635,
            "(#2635) You are calling a deprecated version of the Ads API.",
        );
        let inputs = asked.inputs();
        if asked.field("batch").is_none() {
            return Scenario::Json(400, refusal);
        }
        let entry = |input: &String| match &**input {
            "user-8" => json!({"code": 400, "body": refusal.to_string()}),
            _ => json!({"code": 200, "body": described(input).to_string()}),
        };
        Scenario::Json(200, inputs.iter().map(entry).collect())
    })
    .await;
    let client = client(&peer.url());
    let refused = |usage: &Usage| usage.version_refusal.as_ref().map(|it| it.version.clone());

    let among = client.debug(&secrets(&["user-7", "user-8"])).await;
    assert_eq!(reported(&among.answer), ["7", "no verdict: version_ended"]);
    assert_eq!(refused(&among.usage).as_deref(), Some("v25.0"));
    let alone = client.debug(&secrets(&["user-8"])).await;
    assert_eq!(reported(&alone.answer), ["error: version_ended"]);
    assert_eq!(refused(&alone.usage).as_deref(), Some("v25.0"));
    let without = client.debug(&secrets(&["user-7", "user-9"])).await;
    assert_eq!(refused(&without.usage), None);
    let me = client.me(&Secret::new("user-7")).await;
    assert!(me.answer.is_err_and(|error| error.is_about_version()));
    assert_eq!(refused(&me.usage).as_deref(), Some("v25.0"));
}

#[tokio::test]
async fn one_token_is_a_get_that_bears_the_app() {
    let peer = Peer::playing(debugger).await;
    let reply = client(&peer.url()).debug(&secrets(&["user-7"])).await;
    assert_eq!(
        (reported(&reply.answer), reply.usage.calls),
        (vec!["7".to_owned()], 1)
    );

    let asked = &peer.asked()[0];
    assert_eq!(
        (&*asked.method, asked.path()),
        ("GET", "/v25.0/debug_token")
    );
    assert_eq!(asked.authorization, "Bearer 257422819769992|hush");
    assert!(asked.field("appsecret_proof").is_some());
    assert_eq!(asked.field("access_token"), None);
}

#[tokio::test]
async fn more_than_a_batch_is_several() {
    let peer = Peer::playing(debugger).await;
    let tokens: Vec<Secret> = (0..120).map(|n| Secret::new(format!("user-{n}"))).collect();
    let reply = client(&peer.url()).debug(&tokens).await;
    let expected: Vec<String> = (0..120).map(|n| n.to_string()).collect();
    assert_eq!(reported(&reply.answer), expected);
    assert_eq!((reply.usage.calls, peer.asked().len()), (120, 3));
    assert!(client(&peer.url()).debug(&[]).await.answer.is_empty());
}

#[tokio::test]
async fn what_cannot_be_a_token_spoils_no_batch() {
    let peer = Peer::playing(debugger).await;
    let tokens = [
        Secret::new("user-7"),
        Secret::new(""),
        Secret::new("x".repeat(10 << 20)),
        Secret::new("line\nbreak"),
        Secret::new("töken"),
        Secret::new("user-9"),
    ];
    let reply = client(&peer.url()).debug(&tokens).await;
    let reported = reported(&reply.answer);
    assert_eq!(
        reported,
        [
            "7",
            "unreadable",
            "unreadable",
            "unreadable",
            "unreadable",
            "9"
        ]
    );
    assert_eq!(peer.asked()[0].inputs(), ["user-7", "user-9"]);
    assert!(matches!(
        &reply.answer[1],
        Ok(Inspection::Refused { rejection, .. }) if rejection.certainty == Certainty::Doubtful
    ));
}

#[tokio::test]
async fn a_call_that_fails_as_a_whole_fails_for_each() {
    let tokens = secrets(&["user-1", "user-2", "user-3"]);
    for (status, body, cause) in [
        (
            400,
            error(190, "Invalid OAuth access token signature."),
            Cause::AppSecretWrong,
        ),
        (
            403,
            error(4, "(#4) Application request limit reached"),
            Cause::Throttled,
        ),
        (
            500,
            error(2, "Service temporarily unavailable"),
            Cause::Outage,
        ),
        (400, error(368, "blocked"), Cause::Blocked),
        (400, error(99_999, "?"), Cause::Unexplained),
        (200, json!([null]), Cause::Outage),
    ] {
        let peer = Peer::playing(move |_| Scenario::Json(status, body.clone())).await;
        let reply = client(&peer.url()).debug(&tokens).await;
        let causes: Vec<Cause> = reply
            .answer
            .iter()
            .map(|a| a.as_ref().unwrap_err().cause())
            .collect();
        assert_eq!(causes, [cause; 3]);
        assert_eq!(peer.asked().len(), 1);
    }
}

#[tokio::test]
async fn where_batches_are_not_taken_tokens_are_asked_about_one_by_one_from_then_on() {
    let peer = Peer::playing(|asked| match asked.field("batch") {
        Some(_) => Scenario::Json(
            400,
            json!({"error": {"type": "GraphBatchException", "message": "no"}}),
        ),
        None => debugger(asked),
    })
    .await;
    let client = client(&peer.url());
    let tokens: Vec<Secret> = (0..10).map(|n| Secret::new(format!("user-{n}"))).collect();
    let expected: Vec<String> = (0..10).map(|n| n.to_string()).collect();
    let first = client.debug(&tokens).await;
    assert_eq!(
        (reported(&first.answer), first.usage.calls),
        (expected.clone(), 11)
    );
    let second = client.clone().debug(&tokens).await;
    assert_eq!(
        (reported(&second.answer), second.usage.calls),
        (expected, 10)
    );
    assert_eq!(
        peer.asked()
            .iter()
            .filter(|asked| asked.method == "POST")
            .count(),
        1
    );
}

#[tokio::test]
async fn batches_can_be_turned_off() {
    let peer = Peer::playing(debugger).await;
    let settings = Settings {
        batch: 1,
        ..settings(&peer.url())
    };
    let reply = Client::new(settings)
        .unwrap()
        .debug(&secrets(&["user-1", "user-2"]))
        .await;
    assert_eq!(reported(&reply.answer), ["1", "2"]);
    assert!(peer.asked().iter().all(|asked| asked.method == "GET"));
}

#[tokio::test]
async fn one_by_one_an_error_affects_no_other_but_a_limit_ends_the_sweep() {
    let peer = Peer::playing(|asked| match &*asked.inputs()[0] {
        "user-3" => Scenario::Json(400, error(100, "odd")),
        "user-6" => Scenario::Json(400, error(4, "limit")),
        _ => debugger(asked),
    })
    .await;
    let settings = Settings {
        batch: 1,
        ..settings(&peer.url())
    };
    let tokens: Vec<Secret> = (0..40).map(|n| Secret::new(format!("user-{n}"))).collect();
    let reply = Client::new(settings).unwrap().debug(&tokens).await;
    let reported = reported(&reply.answer);
    assert_eq!(
        reported[..6],
        ["0", "1", "2", "error: unexplained", "4", "5"]
    );
    assert!(reported[6..].iter().all(|word| word == "error: throttled"));
    assert_eq!(reported.len(), 40);
    assert!(peer.asked().len() < 14, "{} calls", peer.asked().len());
}

#[tokio::test]
async fn one_by_one_a_lone_refusal_of_the_app_is_about_the_one_token_and_two_are_not() {
    let settings = |url: &str| Settings {
        batch: 1,
        ..settings(url)
    };
    let tokens: Vec<Secret> = (0..40).map(|n| Secret::new(format!("user-{n}"))).collect();
    let peer = Peer::playing(|asked| match &*asked.inputs()[0] {
        "user-3" | "user-39" => Scenario::Json(400, error(190, "Invalid OAuth access token.")),
        _ => debugger(asked),
    })
    .await;
    let client = Client::new(settings(&peer.url())).unwrap();
    let texts = reported(&client.debug(&tokens).await.answer);
    assert_eq!(texts[2..5], ["2", "no verdict: unexplained", "4"]);
    assert_eq!(texts[38..], ["38", "no verdict: unexplained"]);

    let peer = Peer::playing(|asked| match &*asked.inputs()[0] {
        "user-0" | "user-1" | "user-2" => debugger(asked),
        _ => Scenario::Json(400, error(190, "Invalid OAuth access token.")),
    })
    .await;
    let client = Client::new(settings(&peer.url())).unwrap();
    let texts = reported(&client.debug(&tokens).await.answer);
    assert_eq!(texts[..3], ["0", "1", "2"]);
    assert!(
        texts[3..]
            .iter()
            .all(|word| word == "error: app_secret_wrong")
    );
    assert!(peer.asked().len() < 14, "{} calls", peer.asked().len());
}

#[tokio::test]
async fn the_secret_that_meta_accepts_is_found_once_and_kept_by_all_clones() {
    let peer = Peer::playing(|asked| {
        let bearer = asked.field("access_token").unwrap_or_default() + &asked.authorization;
        match bearer.ends_with("|new") {
            true => debugger(asked),
            false => Scenario::Json(400, error(190, "Invalid OAuth access token signature.")),
        }
    })
    .await;
    let settings = Settings {
        secrets: secrets(&["old", "older", "new"]),
        ..settings(&peer.url())
    };
    let client = Client::new(settings).unwrap();
    let clone = client.clone();
    let reply = client.debug(&secrets(&["user-1", "user-2"])).await;
    assert_eq!(reported(&reply.answer), ["1", "2"]);
    assert_eq!(peer.asked().len(), 3);
    let reply = clone.debug(&secrets(&["user-1"])).await;
    assert_eq!(
        (reported(&reply.answer), reply.usage.calls),
        (vec!["1".to_owned()], 1)
    );
    assert_eq!(peer.asked().len(), 4);
}

#[tokio::test]
async fn a_proof_that_is_refused_is_made_anew_with_the_next_secret() {
    let new = Signer::new("new").unwrap().proof("EAAuser");
    let peer =
        Peer::playing(
            move |asked| match asked.field("appsecret_proof") == Some(new.clone()) {
                true => Scenario::Json(200, json!({"id": "1"})),
                false => Scenario::Json(
                    400,
                    error(100, "Invalid appsecret_proof provided in the API argument"),
                ),
            },
        )
        .await;
    let settings = Settings {
        secrets: secrets(&["old", "new"]),
        ..settings(&peer.url())
    };
    let client = Client::new(settings).unwrap();
    for calls in [2, 1] {
        let reply = client.me(&Secret::new("EAAuser")).await;
        assert!(reply.answer.is_ok());
        assert_eq!(reply.usage.calls, calls);
    }
}

#[tokio::test]
async fn a_secret_is_not_trusted_for_an_answer_that_never_came() {
    let peer = Peer::playing(|asked| match asked.authorization.ends_with("|old") {
        true => Scenario::Json(400, error(190, "Invalid OAuth access token signature.")),
        false => Scenario::Json(502, json!("bad gateway")),
    })
    .await;
    let settings = Settings {
        secrets: secrets(&["old", "new"]),
        ..settings(&peer.url())
    };
    let client = Client::new(settings).unwrap();
    for _ in 0..2 {
        let reply = client.debug(&secrets(&["user-1"])).await;
        assert_eq!(reported(&reply.answer), ["error: outage"]);
        assert_eq!(
            reply.usage.calls, 2,
            "the first secret is tried first again"
        );
    }
}

#[tokio::test]
async fn if_no_secret_is_accepted_the_app_is_to_blame_and_no_token() {
    let peer =
        Peer::playing(|_| Scenario::Json(400, error(190, "Invalid OAuth access token signature.")))
            .await;
    let settings = Settings {
        secrets: secrets(&["a", "b"]),
        ..settings(&peer.url())
    };
    let client = Client::new(settings).unwrap();
    for _ in 0..2 {
        let reply = client.debug(&secrets(&["user-1"])).await;
        assert!(matches!(
            &reply.answer[..],
            [Err(Error::App {
                cause: Cause::AppSecretWrong,
                ..
            })]
        ));
    }
    assert_eq!(peer.asked().len(), 4);
}

#[tokio::test]
async fn inspections_may_run_on_any_thread() {
    let peer = Peer::playing(debugger).await;
    let client = client(&peer.url());
    let inspect = tokio::spawn(async move { client.debug(&secrets(&["user-1", "user-2"])).await });
    assert_eq!(reported(&inspect.await.unwrap().answer), ["1", "2"]);
}
