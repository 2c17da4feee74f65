//! Tests the simulator over real connections, byte by byte.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::SignedDuration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;

pub(super) const APP: &str = "257422819769992";

pub(super) async fn simulator() -> Simulator {
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

/// Sends one request and reads until the server closes the connection.
pub(super) async fn send(simulator: &Simulator, request: &str, body: &str) -> io::Result<String> {
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

pub(super) async fn get(simulator: &Simulator, url: &str) -> String {
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
    assert_eq!(simulator.world().call_log().requests(), 4);
    simulator.stop().await;
}

#[tokio::test]
async fn an_app_may_show_its_secret_as_basic_authentication() {
    let simulator = simulator().await;
    let ask = async |credentials: &str| {
        let credentials = STANDARD.encode(credentials);
        let request = format!(
            "POST /oauth/access_token HTTP/1.1\r\nAuthorization: Basic {credentials}\r\n\
             Content-Type: application/x-www-form-urlencoded"
        );
        let body = "grant_type=client_credentials";
        send(&simulator, &request, body).await.unwrap()
    };
    let answer = ask("257422819769992:secret").await;
    assert!(answer.contains("access_token"), "{answer}");
    let answer = ask("257422819769992:wrong").await;
    assert!(
        answer.contains("Error validating client secret"),
        "{answer}"
    );
    simulator.stop().await;
}

#[tokio::test]
async fn the_host_or_a_first_segment_names_the_platform() {
    let simulator = simulator().await;
    let token = "257422819769992|secret";
    for (request, words) in [
        ("/me", "An active access token must be used"),
        (
            "/graph.facebook.com/me",
            "An active access token must be used",
        ),
        ("/graph.instagram.com/v25.0/me", "Cannot parse access token"),
        ("/graph.threads.net/v1.0/me", "\"type\":\"THApiException\""),
    ] {
        let answer = get(&simulator, &format!("{request}?access_token={token}")).await;
        assert!(answer.contains(words), "{request}: {answer}");
    }
    let url = simulator.url();
    let mut stream = TcpStream::connect(url.trim_start_matches("http://"))
        .await
        .unwrap();
    let head = format!(
        "GET /me?access_token={token} HTTP/1.1\r\nHost: graph.instagram.com\r\n\
         Connection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.contains("Cannot parse access token"), "{answer}");
    assert_eq!(
        simulator.url_of(Platform::Threads),
        format!("{url}/graph.threads.net")
    );
    for path in ["/oauth/authorize", "/www.facebook.com/v25.0/dialog/oauth"] {
        let query = format!("client_id={APP}&redirect_uri=https://x.example/");
        let answer = get(&simulator, &format!("{path}?{query}")).await;
        assert!(answer.contains("Log in to"), "{answer}");
    }
    let query = format!("client_id={APP}&redirect_uri=https://x.example/");
    let answer = get(
        &simulator,
        &format!("/www.instagram.com/oauth/authorize?{query}"),
    )
    .await;
    assert!(answer.contains("Invalid platform app"), "{answer}");
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

#[tokio::test]
async fn answers_break_off_swell_and_carry_the_wrong_time() {
    let simulator = simulator().await;
    let url = "/v25.0/257422819769992?access_token=257422819769992|secret";
    let whole = get(&simulator, url).await;
    assert!(
        whole.contains("date: Sat, 10 Jan 2026 10:20:30 GMT\r\n"),
        "{whole}"
    );
    for (fault, expected) in [
        (Fault::Truncated, "content-length: 34\r\n"),
        (Fault::EmptyBody, "content-length: 0\r\n"),
        (Fault::HugeBody(1 << 20), "{\"data\":\"\r\n10000\r\naaaa"),
        (
            Fault::DateSkew(SignedDuration::from_hours(-2)),
            "date: Sat, 10 Jan 2026 08:20:30 GMT",
        ),
        (Fault::HtmlError, "content-type: text/html"),
        (
            Fault::SlowBytes(Duration::ZERO),
            "transfer-encoding: chunked\r\n",
        ),
    ] {
        simulator
            .world()
            .inject(FaultRule::new(fault.clone()).times(1));
        let answer = get(&simulator, url).await;
        assert!(answer.contains(expected), "{fault:?}: {answer:.400}");
        assert!(!answer.ends_with(&whole), "{fault:?}");
    }
    assert_eq!(get(&simulator, url).await, whole);
    simulator.stop().await;
}

#[tokio::test]
async fn a_reset_comes_before_the_effect_and_a_lost_answer_after_it() {
    let simulator = simulator().await;
    let url = "/v25.0/me";
    for (fault, calls) in [(Fault::Reset, 0), (Fault::LostAnswer, 1)] {
        simulator
            .world()
            .inject(FaultRule::new(fault.clone()).times(1));
        let error = send(&simulator, &format!("GET {url} HTTP/1.1"), "")
            .await
            .unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset, "{fault:?}");
        assert_eq!(
            simulator.world().call_log().calls(Endpoint::Me),
            calls,
            "{fault:?}"
        );
    }
    simulator.stop().await;
}

#[tokio::test]
async fn members_of_a_batch_are_struck_one_by_one() {
    let simulator = simulator().await;
    simulator
        .world()
        .inject(FaultRule::new(Fault::NullMember).times(1));
    simulator.world().inject(
        FaultRule::new(Fault::Unavailable)
            .on(Endpoint::DebugToken)
            .times(2),
    );
    let debug = "{\"relative_url\":\"debug_token?input_token=x\"}";
    let body = format!(
        "access_token=257422819769992|secret&include_headers=false&batch=[{debug},{debug},{debug}]"
    );
    let answer = send(&simulator, "POST / HTTP/1.1", &body).await.unwrap();
    let (_, replies) = answer.split_once("\r\n\r\n").unwrap();
    let replies: serde_json::Value = serde_json::from_str(replies).unwrap();
    assert!(
        replies[0].is_null(),
        "both rules strike the first, and the null wins"
    );
    assert_eq!(
        (&replies[1]["code"], &replies[2]["code"]),
        (&500.into(), &200.into())
    );
    simulator.stop().await;
}

pub(super) async fn order(simulator: &Simulator, request: &str, body: &str) -> serde_json::Value {
    let request = format!("{request} HTTP/1.1\r\nContent-Type: application/json");
    let answer = send(simulator, &request, body).await.unwrap();
    let (_, json) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(json).unwrap_or_else(|_| panic!("{answer}"))
}

#[tokio::test]
async fn a_year_is_driven_by_json_alone() {
    let simulator = simulator().await;
    let page = order(&simulator, "POST /sim/pages", r#"{"name":"Bakery"}"#).await;
    let person = format!(r#"{{"name":"Ada","pages":[{}]}}"#, page["id"]);
    let person = order(&simulator, "POST /sim/people", &person).await;
    let login = format!(
        r#"{{"kind":"long_lived","app":"{APP}","person":{},"scopes":["pages_show_list"]}}"#,
        person["id"]
    );
    let user = order(&simulator, "POST /sim/tokens", &login).await;
    let derive = format!(
        r#"{{"kind":"page","user_token":{},"page":{}}}"#,
        user["access_token"], page["id"]
    );
    let token = order(&simulator, "POST /sim/tokens", &derive).await;
    let token = token["access_token"].as_str().unwrap();

    let clock = order(&simulator, "POST /sim/clock", r#"{"advance":"365d"}"#).await;
    assert_eq!(clock["now"], "2027-01-10T10:20:30Z");
    let truth = order(&simulator, &format!("GET /sim/tokens?token={token}"), "").await;
    assert_eq!(
        (&truth["kind"], &truth["alive"]),
        (&"page".into(), &true.into())
    );

    let case = format!(r#"{{"what":"change_password","person":{}}}"#, person["id"]);
    order(&simulator, "POST /sim/actions", &case).await;
    let truth = order(&simulator, &format!("GET /sim/tokens?token={token}"), "").await;
    assert_eq!(truth["death"], "password_changed");

    let debug = format!("/debug_token?input_token={token}&access_token={APP}|secret");
    get(&simulator, &debug).await;
    let question = format!("GET /sim/ledger?endpoint=debug_token&token={token}");
    let call_log = order(&simulator, &question, "").await;
    assert_eq!(call_log["calls_about_token"], 1);
    assert_eq!(
        call_log["calls"]["debug_token"],
        serde_json::json!({"calls": 1, "errors": 0})
    );
    simulator.stop().await;
}

#[tokio::test]
async fn faults_are_injected_and_ended_by_json() {
    let simulator = simulator().await;
    let rule = r#"{"fault":{"latency":"1ms"},"endpoint":"exchange","share":50}"#;
    order(&simulator, "POST /sim/faults", rule).await;
    order(&simulator, "PUT /sim/outage", r#"{"outage":"unavailable"}"#).await;
    let until = r#"{"app":"257422819769992","limit":"user","until":"2027-01-01T00:00:00Z"}"#;
    order(&simulator, "POST /sim/throttles", until).await;
    let faults = order(&simulator, "GET /sim/faults", "").await;
    assert_eq!(faults["faults"][0]["fault"]["latency"], "1ms");
    assert!(get(&simulator, "/me").await.contains("\"code\":2"));

    order(&simulator, "DELETE /sim/faults", "").await;
    assert!(get(&simulator, "/me").await.contains("\"code\":104"));
    let missing = order(
        &simulator,
        "POST /sim/actions",
        r#"{"what":"publish_page","page":"1"}"#,
    );
    assert_eq!(
        missing.await["error"],
        "the world has no page \"1\"; add it first"
    );
    simulator.stop().await;
}

#[tokio::test]
async fn the_clock_runs_only_when_asked_to() {
    let simulator = simulator().await;
    let start = simulator.world().now();
    assert_eq!(simulator.world().now(), start);
    simulator.run_clock(1e9);
    let running = simulator.world().now();
    assert!(running > start);
    simulator.run_clock(0.0);
    let halted = simulator.world().now();
    assert_eq!(simulator.world().now(), halted);
    simulator.stop().await;
}

#[tokio::test]
async fn the_dialog_sends_the_browser_back() {
    let simulator = simulator().await;
    let person = simulator.world().add_person("Ada");
    let dialog = format!(
        "/v25.0/dialog/oauth?client_id={APP}&redirect_uri=http://localhost/back&scope=email"
    );
    let page = get(&simulator, &dialog).await;
    assert!(page.contains("content-type: text/html"), "{page}");
    assert!(page.contains(&person));
    let form = format!("person={person}&answer=allow&scope=email");
    let request = format!(
        "POST {dialog}&person={person} HTTP/1.1\r\n\
         Content-Type: application/x-www-form-urlencoded"
    );
    let answer = send(&simulator, &request, &form).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 302 Found\r\n"), "{answer}");
    assert!(
        answer.contains("location: http://localhost/back?code=AQ"),
        "{answer}"
    );
    let unknown = get(&simulator, "/dialog/oauth?client_id=1").await;
    assert!(unknown.starts_with("HTTP/1.1 400"), "{unknown}");
    simulator.stop().await;
}

/// Accepts one request and answers it, as an app's callback would.
pub(super) async fn callback(answer: &str) -> (String, tokio::task::JoinHandle<String>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/callback", listener.local_addr().unwrap());
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{answer}",
        answer.len()
    );
    let served = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = vec![0; 4096];
        let length = stream.read(&mut request).await.unwrap();
        stream.write_all(answer.as_bytes()).await.unwrap();
        String::from_utf8(request[..length].to_vec()).unwrap()
    });
    (url, served)
}

#[tokio::test]
async fn a_removed_app_is_called_back() {
    let simulator = simulator().await;
    let (url, served) = callback("").await;
    let person = {
        let mut world = simulator.world();
        world.add_app(AppSpec {
            id: "5".into(),
            deauthorize_url: Some(url),
            ..AppSpec::default()
        });
        let person = world.add_person("Ada");
        world.log_in("5", &person, &[], PageSelection::All).unwrap();
        person
    };
    simulator.world().remove_app(&person, "5").unwrap();
    let [outcome] = simulator.deliver().await.try_into().unwrap();
    assert_eq!(outcome.unwrap(), 200);
    let request = served.await.unwrap();
    assert!(
        request.starts_with("POST /callback HTTP/1.1\r\n"),
        "{request}"
    );
    assert!(request.contains("signed_request="), "{request}");
    simulator.stop().await;
}

#[tokio::test]
async fn a_webhook_is_trusted_once_it_echoes_the_challenge() {
    let simulator = simulator().await;
    for (answer, trusted) in [("1158201444", true), ("hello", false)] {
        let (url, served) = callback(answer).await;
        assert_eq!(
            simulator.verify_webhook(&url, "to ken").await.unwrap(),
            trusted
        );
        assert!(served.await.unwrap().contains("hub.verify_token=to+ken"));
    }
    simulator.stop().await;
}

#[tokio::test]
async fn a_batch_reports_the_usage_of_all_its_entries() {
    let mut world = World::new("2026-01-10T10:20:30Z".parse().unwrap(), 1);
    world.add_app(AppSpec {
        id: APP.into(),
        secret: "secret".into(),
        calls_per_hour: Some(200),
        ..AppSpec::default()
    });
    let simulator = Simulator::start(world, SocketAddr::from(([127, 0, 0, 1], 0)))
        .await
        .unwrap();
    let debug = "{\"relative_url\":\"debug_token?input_token=x\"}";
    let body = format!("access_token={APP}|secret&batch=[{debug},{debug},{debug},{debug}]");
    let answer = send(&simulator, "POST / HTTP/1.1", &body).await.unwrap();
    let usage = "x-app-usage: {\"call_count\":2,";
    assert!(answer.contains(usage), "{answer}");
    assert_eq!(simulator.world().calls_last_hour(APP), Ok(4));
    simulator.stop().await;
}
