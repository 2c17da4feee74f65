//! What client libraries send and read, over real connections.

use serde_json::{Value, json};

use super::wire_tests::{APP, callback, get, order, send, simulator};
use super::*;

const SCOPES: [&str; 3] = [
    "pages_show_list",
    "pages_manage_metadata",
    "business_management",
];

/// A person with five pages, of which a business has the first two.
struct Fixture {
    simulator: Simulator,
    person: String,
    pages: Vec<String>,
    business: String,
    user: String,
    page_token: String,
}

impl Fixture {
    async fn new() -> Self {
        let simulator = simulator().await;
        let mut world = simulator.world();
        let person = world.add_person("Ada Maria Example");
        let names = ["Bakery", "Butchery", "Creamery", "Fishery", "Grocery"];
        let mut pages = names.map(|name| world.add_page(name)).to_vec();
        pages.sort_by_key(|id| id.parse::<u64>().unwrap());
        for page in &pages {
            world.give_role(&person, page).unwrap();
        }
        let business = world.add_business("Trades");
        world.join_business(&person, &business).unwrap();
        for page in &pages[..2] {
            world
                .put_page_in_business(page, &business, Tenure::Owned)
                .unwrap();
        }
        let user = world
            .log_in(APP, &person, &SCOPES, PageSelection::All)
            .unwrap();
        let page_token = world.page_token(&user, &pages[0]).unwrap();
        drop(world);
        Self {
            simulator,
            person,
            pages,
            business,
            user,
            page_token,
        }
    }

    /// Reads as the person.
    async fn read(&self, url: &str) -> Value {
        self.read_as(&self.user, url).await
    }

    async fn read_as(&self, token: &str, url: &str) -> Value {
        let separator = if url.contains('?') { '&' } else { '?' };
        body(
            &get(
                &self.simulator,
                &format!("/v25.0/{url}{separator}access_token={token}"),
            )
            .await,
        )
    }

    async fn batch(&self, members: &Value) -> Value {
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("access_token", &self.user)
            .append_pair("batch", &members.to_string())
            .finish();
        body(
            &send(&self.simulator, "POST /v25.0/ HTTP/1.1", &form)
                .await
                .unwrap(),
        )
    }
}

fn body(answer: &str) -> Value {
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap_or_else(|_| panic!("{answer}"))
}

fn ids(list: &Value) -> Vec<&str> {
    let rows = list["data"].as_array().unwrap_or_else(|| panic!("{list}"));
    rows.iter().map(|row| row["id"].as_str().unwrap()).collect()
}

fn code_and_message(answer: &Value) -> (i64, &str) {
    let error = &answer["error"];
    let code = error["code"].as_i64().unwrap_or_else(|| panic!("{answer}"));
    (code, error["message"].as_str().unwrap())
}

/// An address without its origin.
fn path(address: &Value) -> &str {
    let address = address.as_str().unwrap();
    &address[address.find("/v25.0").unwrap()..]
}

#[tokio::test]
async fn withdrawn_and_rare_fields_are_left_out() {
    let at = Fixture::new().await;
    for (id, fields, node) in [
        (
            &at.person,
            "verified,locale,timezone,updated_time,about,cover,currency",
            "User",
        ),
        (
            &at.pages[0],
            "is_published,followers_count,hours,impressum,username",
            "Page",
        ),
        (
            &APP.to_owned(),
            "namespace,daily_active_users,privacy_policy_url",
            "Application",
        ),
        (
            &at.business,
            "vertical,two_factor_type,created_time",
            "Business",
        ),
    ] {
        let answer = at.read(&format!("{id}?fields={fields}")).await;
        assert_eq!(answer, json!({"id": id}));
        let answer = at.read(&format!("{id}?fields=name,shoe_size")).await;
        let message =
            format!("(#100) Tried accessing nonexisting field (shoe_size) on node type ({node})");
        assert_eq!(code_and_message(&answer), (100, message.as_str()));
    }
}

#[tokio::test]
async fn a_form_may_come_in_parts() {
    let at = Fixture::new().await;
    let part = |name: &str, text: &str| {
        format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n")
    };
    let form = [
        part("access_token", &at.user),
        part("batch", r#"[{"relative_url":"me?fields=name"}]"#),
        part("cat\"; filename=\"cat.png", "\u{1}"),
        "--b--\r\n".to_owned(),
    ];
    let request = "POST /v25.0/ HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=b";
    let answer = send(&at.simulator, request, &form.concat()).await.unwrap();
    let reply = &body(&answer)[0];
    assert_eq!(reply["code"], 200);
    assert!(
        reply["body"]
            .as_str()
            .unwrap()
            .contains("Ada Maria Example"),
        "{reply}"
    );
}

#[tokio::test]
async fn fields_have_modifiers_and_fields_of_their_own() {
    let at = Fixture::new().await;
    let answer = at.read("me?fields=picture.type(large),small:picture").await;
    assert_eq!(code_and_message(&answer).0, 2500);
    let answer = at
        .read("me?fields=picture.type(large){url,height},name")
        .await;
    let picture = &answer["picture"]["data"];
    assert_eq!(
        (&picture["height"], picture.get("width")),
        (&200.into(), None)
    );
    assert!(
        picture["url"].as_str().unwrap().contains("height=200"),
        "{picture}"
    );
    let answer = at
        .read("me?fields=picture.width(80).height(60).as(face)")
        .await;
    let face = &answer["face"]["data"];
    assert_eq!((&face["width"], &face["height"]), (&80.into(), &60.into()));

    for fields in [
        "accounts.limit(1){name,picture{url}}",
        "%5B%22accounts.limit(1)%7Bname,picture%7Burl%7D%7D%22%5D",
    ] {
        let answer = at.read(&format!("me?fields={fields}")).await;
        let accounts = &answer["accounts"];
        assert_eq!(ids(accounts), [&at.pages[0]]);
        assert!(
            accounts["data"][0]["picture"]["data"]["url"].is_string(),
            "{accounts}"
        );
        let next = get(&at.simulator, path(&accounts["paging"]["next"])).await;
        assert_eq!(ids(&body(&next)), [&at.pages[1]]);
        assert!(
            body(&next)["data"][0]["picture"]["data"]["url"].is_string(),
            "{next}"
        );
    }
}

#[tokio::test]
async fn a_picture_is_elsewhere() {
    let at = Fixture::new().await;
    let answer = at.read("me/picture?type=large&redirect=false").await;
    assert_eq!(answer["data"]["height"], 200);
    let url = format!("/v25.0/{}/picture?access_token={}", at.pages[0], at.user);
    let answer = get(&at.simulator, &url).await;
    assert!(answer.starts_with("HTTP/1.1 302 Found\r\n"), "{answer}");
    let file = "location: https://platform-lookaside.fbsbx.com/platform/profilepic/?asid=";
    assert!(
        answer.contains(file) && answer.ends_with("\r\n\r\n"),
        "{answer}"
    );
    let replies = at.batch(&json!([{"relative_url": "me/picture"}])).await;
    assert_eq!(replies[0]["code"], 302);
}

#[tokio::test]
async fn lists_are_fields_as_well() {
    let at = Fixture::new().await;
    let answer = at
        .read("me?fields=permissions,businesses{owned_pages{id,access_token}}")
        .await;
    let granted = answer["permissions"]["data"].as_array().unwrap();
    assert_eq!(granted.len(), 4);
    let owned = &answer["businesses"]["data"][0]["owned_pages"];
    assert_eq!(ids(owned), at.pages[..2]);
    assert!(owned["data"][0]["access_token"].is_string());
    let answer = at
        .read(&format!("?ids={}&fields=accounts.limit(2)", at.person))
        .await;
    assert_eq!(ids(&answer[&at.person]["accounts"]), at.pages[..2]);

    let answer = at
        .read_as(&at.page_token, "me?fields=subscribed_apps")
        .await;
    assert_eq!(
        answer,
        json!({"id": at.pages[0]}),
        "an empty list is left out"
    );
    at.simulator
        .world()
        .subscribe_app(&at.pages[0], APP, &["feed"])
        .unwrap();
    let answer = at
        .read_as(&at.page_token, "me?fields=subscribed_apps")
        .await;
    assert_eq!(ids(&answer["subscribed_apps"]), [APP]);
}

#[tokio::test]
async fn an_unreadable_list_of_fields_is_refused_as_recorded() {
    let at = Fixture::new().await;
    for (fields, expected) in [
        (
            "*****",
            "Syntax error \"Expected name.\" at character 0: *****",
        ),
        (
            "third_party_id%3Faccess_token",
            "Syntax error \"Expected end of string instead of \"?\".\" at character 14: \
             third_party_id?access_token",
        ),
    ] {
        let answer = at.read(&format!("me?fields={fields}")).await;
        assert_eq!(code_and_message(&answer), (2500, expected));
    }
    for (list, times) in [("accounts{id}", 410), ("businesses{owned_pages{id}}", 400)] {
        let many = vec![list; times].join(",");
        let answer = at.read(&format!("me?fields={many}")).await;
        let too_much =
            "Please reduce the amount of data you're asking for, then retry your request";
        assert_eq!(code_and_message(&answer), (1, too_much));
    }
}

#[tokio::test]
async fn a_page_has_no_accounts() {
    let at = Fixture::new().await;
    let message = "(#100) Tried accessing nonexisting field (accounts) on node type (Page)";
    for url in [
        "me/accounts",
        "me?fields=accounts",
        "me/accounts?fields=id&limit=1",
    ] {
        let answer = at.read_as(&at.page_token, url).await;
        assert_eq!(code_and_message(&answer), (100, message), "{url}");
    }
}

#[tokio::test]
async fn a_list_is_walked_both_ways() {
    let at = Fixture::new().await;
    let first = at.read("me/accounts?fields=id&limit=2&summary=1").await;
    assert_eq!(first["paging"].get("previous"), None);
    let mut part = first.clone();
    let mut seen = Vec::new();
    loop {
        assert_eq!(part["summary"]["total_count"], 5, "{part}");
        seen.extend(ids(&part).into_iter().map(str::to_owned));
        let Some(next) = part["paging"].get("next") else {
            break;
        };
        assert!(path(next).starts_with(&format!("/v25.0/{}/accounts?", at.person)));
        part = body(&get(&at.simulator, path(next)).await);
    }
    assert_eq!(seen, at.pages);
    part = body(&get(&at.simulator, path(&part["paging"]["previous"])).await);
    assert_eq!(ids(&part), at.pages[2..4]);
    part = body(&get(&at.simulator, path(&part["paging"]["previous"])).await);
    assert_eq!(part, first);
}

#[tokio::test]
async fn a_list_is_read_from_an_offset_or_before_a_cursor() {
    let at = Fixture::new().await;
    let part = at.read("me/accounts?fields=id&limit=2&offset=2").await;
    assert_eq!(ids(&part), at.pages[2..4]);
    let before = part["paging"]["cursors"]["before"].as_str().unwrap();
    let part = at
        .read(&format!("me/accounts?fields=id&limit=1&before={before}"))
        .await;
    assert_eq!(ids(&part), at.pages[1..2]);
    let owned = at
        .read(&format!("{}/owned_pages?limit=1", at.business))
        .await;
    assert_eq!(ids(&owned), at.pages[..1]);
    let next = body(&get(&at.simulator, path(&owned["paging"]["next"])).await);
    assert_eq!(ids(&next), at.pages[1..2]);
    let none = at.read("me/accounts?fields=id&offset=9&summary=true").await;
    assert_eq!(none, json!({"data": [], "summary": {"total_count": 5}}));
}

#[tokio::test]
async fn a_call_of_a_batch_refers_to_the_answer_of_another() {
    let at = Fixture::new().await;
    let lists = json!({"name": "lists", "relative_url": "me/accounts?fields=id&limit=2"});
    let replies = at
        .batch(&json!([
            lists,
            {"relative_url": "?ids={result=lists:$.data.*.id}&fields=name"},
            {"relative_url": "%7Bresult%3Dlists%3A%24.data.1.id%7D?fields=id"},
        ]))
        .await;
    assert_eq!(
        replies[0],
        Value::Null,
        "left out, because others refer to it"
    );
    let read =
        |reply: &Value| -> Value { serde_json::from_str(reply["body"].as_str().unwrap()).unwrap() };
    let both = read(&replies[1]);
    assert!(
        at.pages[..2].iter().all(|id| both[id]["name"].is_string()),
        "{both}"
    );
    assert_eq!(read(&replies[2]), json!({"id": at.pages[1]}));

    let replies = at
        .batch(&json!([
            {"name": "fails", "relative_url": "nobody"},
            {"relative_url": "{result=fails:$.id}"},
            {"depends_on": "fails", "relative_url": "me"},
        ]))
        .await;
    assert_eq!(
        (&replies[0]["code"], &replies[1], &replies[2]),
        (&400.into(), &Value::Null, &Value::Null)
    );

    let refused = at
        .batch(&json!([{"relative_url": "?ids={result=nothing:$.id}"}]))
        .await;
    assert_eq!(refused["error"]["type"], "GraphBatchException", "{refused}");
    let many = "{result=lists:$.x}".repeat(51);
    let refused = at.batch(&json!([lists, {"relative_url": many}])).await;
    assert_eq!(refused["error"]["type"], "GraphBatchException", "{refused}");
}

#[tokio::test]
async fn calls_of_a_batch_have_headers_both_ways() {
    let at = Fixture::new().await;
    let bearer = format!("Authorization: Bearer {}", at.page_token);
    let replies = at
        .batch(&json!([{"relative_url": "me", "headers": [bearer]}]))
        .await;
    assert!(
        replies[0]["body"].as_str().unwrap().contains(&at.pages[0]),
        "{replies}"
    );
    let value = |name: &str| {
        let headers = replies[0]["headers"].as_array().unwrap();
        let found = headers.iter().find(|header| header["name"] == name);
        found.map(|header| header["value"].as_str().unwrap().to_owned())
    };
    let kind = value("Content-Type").unwrap();
    assert_eq!(kind, "text/javascript; charset=UTF-8");
    assert_eq!(value("Access-Control-Allow-Origin").unwrap(), "*");
    let tag = format!("If-None-Match: {}", value("ETag").unwrap());
    let replies = at
        .batch(&json!([{"relative_url": "me", "headers": [bearer, tag]}]))
        .await;
    assert_eq!(
        (&replies[0]["code"], &replies[0]["body"]),
        (&304.into(), &"".into())
    );
}

#[tokio::test]
async fn browsers_may_call_and_ask_before() {
    let at = Fixture::new().await;
    let url = format!("/v25.0/me?access_token={}", at.user);
    let read = get(&at.simulator, &url).await;
    assert!(
        read.contains("access-control-allow-origin: *\r\n"),
        "{read}"
    );
    let head = send(&at.simulator, &format!("HEAD {url} HTTP/1.1"), "")
        .await
        .unwrap();
    let (headers, nothing) = head.split_once("\r\n\r\n").unwrap();
    assert!(
        headers.starts_with("HTTP/1.1 200 OK\r\n") && nothing.is_empty(),
        "{head}"
    );
    assert!(
        headers.contains("facebook-api-version: v25.0\r\n"),
        "{head}"
    );
    let refused = get(&at.simulator, "/v25.0/me").await;
    assert!(
        refused.contains("access-control-allow-origin: *\r\n"),
        "{refused}"
    );

    let before = at.simulator.world().call_log().requests();
    let ask = "OPTIONS /v25.0/me HTTP/1.1\r\nOrigin: https://app.example\r\n\
               Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: x-a";
    let answer = send(&at.simulator, ask, "").await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(
        answer.contains("access-control-allow-methods: GET, POST, DELETE"),
        "{answer}"
    );
    assert!(
        answer.contains("access-control-allow-headers: x-a\r\n"),
        "{answer}"
    );
    assert_eq!(at.simulator.world().call_log().requests(), before);
}

#[tokio::test]
async fn methods_that_meta_does_not_have_are_refused_in_json() {
    let at = Fixture::new().await;
    let answer = send(&at.simulator, "PUT /v25.0/12 HTTP/1.1", "")
        .await
        .unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 400 Bad Request\r\n"),
        "{answer}"
    );
    let answer = body(&answer);
    let (code, message) = code_and_message(&answer);
    assert_eq!(code, 100);
    assert!(
        message.starts_with("Unsupported put request. Object with ID '12'"),
        "{message}"
    );
}

#[tokio::test]
async fn the_dialog_has_a_second_address() {
    let at = Fixture::new().await;
    for host in ["", "/graph.facebook.com", "/www.facebook.com/v25.0"] {
        let dialog =
            format!("{host}/oauth/authorize?client_id={APP}&redirect_uri=http://localhost/back");
        let request = format!("POST {dialog} HTTP/1.1");
        let form = format!("person={}&answer=allow", at.person);
        let answer = send(&at.simulator, &request, &form).await.unwrap();
        assert!(
            answer.contains("location: http://localhost/back?code=AQ"),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn a_challenge_names_the_kind_of_the_error() {
    let at = Fixture::new().await;
    for (url, expected) in [
        (
            "/v25.0/me?access_token=EAAB",
            "\"invalid_token\" \"Invalid OAuth access token - Cannot parse",
        ),
        (
            "/v25.0/me",
            "\"invalid_token\" \"An access token is required",
        ),
        (
            "/v25.0/me?access_token=257422819769992|secret",
            "\"invalid_request\" \"An active",
        ),
        (
            "/v25.0/?ids=foo&access_token=257422819769992|secret",
            "\"not_found\" \"(#803)",
        ),
    ] {
        let answer = get(&at.simulator, url).await;
        let expected = format!("www-authenticate: OAuth \"Facebook Platform\" {expected}");
        assert!(answer.contains(&expected), "{answer}");
    }
}

#[tokio::test]
async fn another_apps_token_is_refused_with_code_1() {
    let at = Fixture::new().await;
    at.simulator.world().add_app(AppSpec {
        id: "111".into(),
        secret: "other".into(),
        ..AppSpec::default()
    });
    let url = format!(
        "/oauth/access_token?grant_type=fb_exchange_token&client_id=111&client_secret=other\
         &fb_exchange_token={}",
        at.user
    );
    let answer = body(&get(&at.simulator, &url).await);
    let message = "The access token does not belong to application 111";
    assert_eq!(code_and_message(&answer), (1, message));
}

#[tokio::test]
async fn a_webhook_is_signed_twice() {
    let simulator = simulator().await;
    let (url, served) = callback("").await;
    let webhook = AppSpec {
        id: "5".into(),
        secret: "key".into(),
        webhook_url: Some(url),
        ..AppSpec::default()
    };
    simulator.world().add_app(webhook);
    let person = simulator.world().add_person("Ada");
    simulator
        .world()
        .log_in("5", &person, &[], PageSelection::All)
        .unwrap();
    let outcomes = simulator.deliver().await;
    assert_eq!(*outcomes[0].as_ref().unwrap(), 200);
    let request = served.await.unwrap();
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let expected = signature::hex(&sha1::hmac(b"key", body.as_bytes()));
    assert!(
        head.contains(&format!("x-hub-signature: sha1={expected}\r\n")),
        "{head}"
    );
    assert!(head.contains("x-hub-signature-256: sha256="), "{head}");
}

#[tokio::test]
async fn a_throttle_is_lifted() {
    let at = Fixture::new().await;
    let throttle = async |limit: &str| {
        let until =
            format!(r#"{{"app":"{APP}","limit":"{limit}","until":"2099-01-01T00:00:00Z"}}"#);
        order(&at.simulator, "POST /sim/throttles", &until).await;
    };
    let code = async || at.read("me").await["error"]["code"].as_i64();
    throttle("app").await;
    throttle("user").await;
    assert_eq!(code().await, Some(4));
    order(
        &at.simulator,
        &format!("DELETE /sim/throttles?app={APP}&limit=app"),
        "",
    )
    .await;
    assert_eq!(code().await, Some(17));
    order(&at.simulator, "DELETE /sim/throttles", "").await;
    assert_eq!(code().await, None);
    let unknown = order(&at.simulator, "DELETE /sim/throttles?app=9", "").await;
    assert!(
        unknown["error"].as_str().unwrap().contains("no app \"9\""),
        "{unknown}"
    );
}

#[tokio::test]
async fn orders_that_cannot_be_read_are_refused_in_json() {
    let simulator = simulator().await;
    let json = "Content-Type: application/json";
    for (request, body, status, words) in [
        (
            format!("POST /sim/people HTTP/1.1\r\n{json}"),
            "{\"name\":",
            400,
            "Failed to parse",
        ),
        (
            format!("POST /sim/people HTTP/1.1\r\n{json}"),
            "{\"nmae\":1}",
            422,
            "unknown field `nmae`",
        ),
        (
            "POST /sim/people HTTP/1.1".to_owned(),
            "{}",
            415,
            "Content-Type: application/json",
        ),
        (
            "GET /sim/tokens HTTP/1.1".to_owned(),
            "",
            400,
            "missing field `token`",
        ),
        (
            "GET /sim/nothing HTTP/1.1".to_owned(),
            "",
            404,
            "no such call",
        ),
        (
            "PATCH /sim/clock HTTP/1.1".to_owned(),
            "",
            405,
            "no such method",
        ),
    ] {
        let answer = send(&simulator, &request, body).await.unwrap();
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{answer}"
        );
        let error = self::body(&answer);
        assert!(error["error"].as_str().unwrap().contains(words), "{error}");
    }
}
