//! A server that misbehaves, and what must not leak when it does.

use std::error::Error as _;
use std::time::Duration;

use serde_json::json;
use tokio::net::TcpListener;

use super::scripted_server::{Asked, Peer, Scenario};
use super::{client, secrets, settings};
use crate::graph_api::{Client, Error, Inspection, PageFields, Settings};
use crate::model::{Cause, Kind};
use crate::secret::Secret;
use crate::secret::caught_log::CaughtLog;

fn raw(text: &str) -> Scenario {
    Scenario::Raw(text.as_bytes().to_vec())
}

fn impatient(url: &str) -> Client {
    let timeout = Duration::from_millis(50);
    Client::new(Settings {
        timeout,
        ..settings(url)
    })
    .unwrap()
}

#[tokio::test]
async fn what_is_no_answer_is_asked_again_later() {
    let plays: [fn() -> Scenario; 9] = [
        || raw(""),
        || raw("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n[{\"code\":200,\"body\":\"{"),
        || raw("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n[{\"c"),
        || raw("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n[\"\u{1}"),
        || Scenario::Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n[\xff]".to_vec()),
        || raw("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 15\r\n\r\n<html>no</html>"),
        || raw("HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n"),
        || raw("SSH-2.0-OpenSSH_9.2\r\n"),
        || Scenario::Json(200, json!([null, null])),
    ];
    for (index, play) in plays.into_iter().enumerate() {
        let peer = Peer::playing(move |_| play()).await;
        let reply = client(&peer.url()).debug(&secrets(&["a", "b"])).await;
        for answer in reply.answer {
            assert!(
                matches!(answer, Err(Error::Unreachable(_))),
                "play {index}: {answer:?}"
            );
        }
        assert_eq!(reply.usage.calls, 2, "play {index}");
    }
}

#[tokio::test]
async fn slow_answers_are_given_up_on() {
    let starts = [
        "",
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[{",
    ];
    for start in starts {
        let peer = Peer::playing(move |_| Scenario::Stall(start.as_bytes().to_vec())).await;
        let reply = impatient(&peer.url()).me(&Secret::new("a")).await;
        assert!(
            matches!(reply.answer, Err(Error::Unreachable(_))),
            "{start:?}"
        );
        assert_eq!(reply.usage.calls, 1, "it may have been counted");
    }
}

#[tokio::test]
async fn a_flood_is_cut_off() {
    let peer = Peer::playing(|_| Scenario::Flood).await;
    let client = client(&peer.url());
    let batch = client.debug(&secrets(&["a", "b"])).await.answer;
    for answer in batch {
        assert!(answer.unwrap_err().to_string().contains("too large"));
    }
    let pages = client
        .accounts(&Secret::new("a"), PageFields::Names)
        .await
        .answer
        .unwrap_err();
    assert!(pages.to_string().contains("too large"));
}

#[tokio::test]
async fn a_call_that_reaches_nobody_costs_nothing() {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", gone.local_addr().unwrap());
    drop(gone);
    let reply = client(&url).me(&Secret::new("a")).await;
    assert!(matches!(reply.answer, Err(Error::Unreachable(_))));
    assert_eq!(reply.usage.calls, 0);
}

#[tokio::test]
async fn redirects_carry_no_token_away() {
    let thief = Peer::playing(|_| Scenario::Json(200, json!({"id": "1"}))).await;
    for status in [301, 302, 303, 307, 308] {
        let answer = format!(
            "HTTP/1.1 {status} X\r\nLocation: {}/\r\nContent-Length: 0\r\n\r\n",
            thief.url()
        );
        let peer = Peer::playing(move |_| raw(&answer)).await;
        let client = client(&peer.url());
        let got = client.me(&Secret::new("a")).await.answer;
        assert!(matches!(got, Err(Error::Unreachable(_))), "{status}");
        let got = client.renew(Kind::User, &Secret::new("a")).await.answer;
        assert!(matches!(got, Err(Error::Unreachable(_))), "{status}");
    }
    assert_eq!(thief.asked().len(), 0);
}

const CANARIES: [&str; 6] = [
    "EAAcanary",
    "hush",
    "input_token",
    "debug_token",
    "http:",
    "oauth/",
];

fn assert_silent(texts: &str) {
    for canary in CANARIES {
        assert!(!texts.contains(canary), "{canary} in {texts}");
    }
}

fn texts(error: &Error) -> String {
    let mut texts = format!("{error} {error:?}");
    let mut source = error.source();
    while let Some(cause) = source {
        texts += &format!(" {cause} {cause:?}");
        source = cause.source();
    }
    texts
}

/// Everything that the server received, returned in every place where an error may have text.
fn echo(asked: &Asked) -> String {
    format!(
        "{} {} {} EAAcanary http://x/debug_token",
        asked.target, asked.authorization, asked.body
    )
}

/// Answers of every sort that repeat the request.
const ECHOES: [fn(&Asked) -> Scenario; 9] = [
    |asked| {
        Scenario::Json(
            400,
            json!({"error": {"code": 190, "error_subcode": 463, "message": echo(asked), "fbtrace_id": echo(asked)}}),
        )
    },
    |asked| {
        Scenario::Json(
            400,
            json!({"error": {"code": 77, "message": echo(asked), "type": echo(asked), "error_user_msg": echo(asked)}}),
        )
    },
    |asked| Scenario::Json(400, json!({"error": {"code": 4, "message": echo(asked)}})),
    |asked| {
        Scenario::Json(
            400,
            json!({"error": {"type": "GraphBatchException", "message": echo(asked)}}),
        )
    },
    |asked| {
        Scenario::Json(
            200,
            json!({"data": {"type": echo(asked), "is_valid": true, "user_id": echo(asked)}, "id": [echo(asked)]}),
        )
    },
    |asked| {
        Scenario::Json(
            200,
            json!({"data": echo(asked), "access_token": {"x": echo(asked)}}),
        )
    },
    |asked| {
        raw(&format!(
            "HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n{}",
            echo(asked)
        ))
    },
    |asked| {
        raw(&format!(
            "HTTP/1.1 302 X\r\nLocation: http://127.0.0.1/{}\r\n\r\n",
            asked.target
        ))
    },
    |asked| raw(&format!("{}\r\n\r\n", echo(asked))),
];

async fn all_errors(client: &Client) -> Vec<Error> {
    let token = Secret::new("EAAcanary");
    let two = [token.clone(), token.clone()];
    let mut errors = Vec::new();
    for answer in [
        client.debug(&two).await.answer,
        client.debug(&two[..1]).await.answer,
    ]
    .concat()
    {
        match answer {
            Err(error) | Ok(Inspection::Undecided(error)) => errors.push(error),
            Ok(Inspection::Refused { rejection, .. }) => errors.push(Error::Refused(rejection)),
            Ok(Inspection::Alive(_)) => {}
        }
    }
    errors.extend(client.renew(Kind::User, &token).await.answer.err());
    errors.extend(client.page_token(&token, "1").await.answer.err());
    errors.extend(
        client
            .accounts(&token, PageFields::NamesAndTokens)
            .await
            .answer
            .err(),
    );
    errors.extend(client.permissions("1", &token).await.answer.err());
    errors.extend(client.me(&token).await.answer.err());
    errors.extend(client.confirm_app().await.answer.err());
    errors
}

#[tokio::test]
async fn neither_errors_nor_logs_reveal_a_token_or_an_address() {
    let log = CaughtLog::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    for play in ECHOES {
        let peer = Peer::playing(play).await;
        let client = client(&peer.url());
        let errors = all_errors(&client).await;
        assert!(errors.len() >= 6, "{errors:?}");
        errors.iter().for_each(|error| assert_silent(&texts(error)));
        assert_silent(&format!("{client:?} {:?}", settings("https://x").secrets));
    }
    let peer = Peer::playing(|_| Scenario::Stall(Vec::new())).await;
    let errors = all_errors(&impatient(&peer.url())).await;
    errors.iter().for_each(|error| assert_silent(&texts(error)));

    let logged = log.text();
    assert!(
        logged.contains("Meta accepts no batches"),
        "the log was caught"
    );
    for canary in ["EAAcanary", "hush", "input_token"] {
        assert!(!logged.contains(canary), "{canary} was logged");
    }
}

#[test]
fn a_client_is_not_made_of_settings_it_must_not_use() {
    let https = || settings("https://graph.facebook.com");
    assert!(Client::new(https()).is_ok());
    for (settings, why) in [
        (settings("http://graph.facebook.com"), "plain http"),
        (
            Settings {
                secrets: Vec::new(),
                ..https()
            },
            "no secret",
        ),
        (
            Settings {
                secrets: secrets(&["ok", ""]),
                ..https()
            },
            "secret is empty",
        ),
        (
            Settings {
                secrets: secrets(&["hush\n"]),
                ..https()
            },
            "secret is empty",
        ),
        (
            Settings {
                batch: 51,
                ..https()
            },
            "batch",
        ),
    ] {
        let refused = Client::new(settings).unwrap_err().to_string();
        assert!(refused.contains(why), "{refused}");
        assert_silent(&refused.replace("http:", ""));
    }
}

#[tokio::test]
async fn the_cause_of_an_unanswered_call_is_described() {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", gone.local_addr().unwrap());
    drop(gone);
    let error = client(&url).me(&Secret::new("a")).await.answer.unwrap_err();
    assert!(error.to_string().contains("Connection refused"), "{error}");
    assert_eq!(error.cause(), Cause::Outage);
}
