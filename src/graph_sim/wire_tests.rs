//! The simulator over real connections, spoken to byte by byte.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;

const APP: &str = "257422819769992";

async fn simulator() -> Simulator {
    let mut world = World::new("2026-01-10T10:20:30Z".parse().unwrap(), 1);
    world.add_app(AppSpec {
        id: APP.into(),
        secret: "secret".into(),
        ..AppSpec::default()
    });
    Simulator::start(world, SocketAddr::from(([127, 0, 0, 1], 0)))
        .await
        .unwrap()
}

/// Sends one request and reads until the server hangs up.
async fn send(simulator: &Simulator, request: &str, body: &str) -> io::Result<String> {
    let url = simulator.url();
    let mut stream = TcpStream::connect(url.trim_start_matches("http://")).await?;
    let length = body.len();
    let head = format!("{request}\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}");
    stream
        .write_all(format!("{head}\r\n\r\n{body}").as_bytes())
        .await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

async fn get(simulator: &Simulator, url: &str) -> String {
    send(simulator, &format!("GET {url} HTTP/1.1"), "")
        .await
        .unwrap()
}

#[tokio::test]
async fn calls_come_as_query_form_json_and_bearer() {
    let simulator = simulator().await;
    let token = "257422819769992|secret";
    let debug = "/v25.0/debug_token?input_token=x";
    let form = "Content-Type: application/x-www-form-urlencoded";
    let json = "Content-Type: application/json";
    for (request, body) in [
        (
            format!("GET {debug}&access_token={token} HTTP/1.1"),
            String::new(),
        ),
        (
            format!("GET {debug} HTTP/1.1\r\nAuthorization: Bearer {token}"),
            String::new(),
        ),
        (
            format!("POST {debug}&method=get HTTP/1.1\r\n{form}"),
            format!("access_token={token}"),
        ),
        (
            format!("POST {debug} HTTP/1.1\r\n{json}"),
            format!(r#"{{"method":"get","access_token":"{token}"}}"#),
        ),
    ] {
        let answer = send(&simulator, &request, &body).await.unwrap();
        assert!(
            answer.starts_with("HTTP/1.1 200 OK\r\n"),
            "{request}: {answer}"
        );
        assert!(
            answer.contains("facebook-api-version: v25.0\r\n"),
            "{answer}"
        );
        assert!(
            answer.ends_with("\"is_valid\":false,\"scopes\":[]}}"),
            "{answer}"
        );
    }
    assert_eq!(simulator.world().ledger().requests(), 4);
    simulator.stop().await;
}

#[tokio::test]
async fn a_batch_is_a_form_field_of_a_post() {
    let simulator = simulator().await;
    let body = "access_token=257422819769992|secret&batch=[{\"relative_url\":\"me\"}]";
    let answer = send(&simulator, "POST /v25.0/ HTTP/1.1", body)
        .await
        .unwrap();
    assert!(answer.contains("[{\"code\":400,"), "{answer}");
    simulator.stop().await;
}

#[tokio::test]
async fn an_error_mirrors_its_message_in_a_header() {
    let simulator = simulator().await;
    let answer = get(&simulator, "/v25.0/me").await;
    assert!(
        answer.starts_with("HTTP/1.1 400 Bad Request\r\n"),
        "{answer}"
    );
    assert!(
        answer.contains("www-authenticate: OAuth \"Facebook Platform\""),
        "{answer}"
    );
    simulator.stop().await;
}
