//! Compares answers of Instagram and Threads with recorded and documented ones.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::graph_sim::batch;
use crate::graph_sim::call_log::Endpoint;
use crate::graph_sim::dialog::DialogAnswer;
use crate::graph_sim::endpoints::{self, Method, Request};
use crate::graph_sim::platform::Platform;
use crate::graph_sim::world::*;

const INSTAGRAM: &str = "990602627938098";
const THREADS: &str = "439658312162916";
const FACEBOOK: &str = "257422819769992";
const BACK: &str = "https://tokens.example.com/callback";
const BOTH: [(&str, &str, &str, &str); 2] = [
    (
        INSTAGRAM,
        "graph.instagram.com",
        "ig",
        "instagram_business_basic",
    ),
    (THREADS, "graph.threads.net", "th", "threads_basic"),
];

fn world() -> (World, String) {
    world_with(AnswerStyle::default())
}

fn world_with(answers: AnswerStyle) -> (World, String) {
    let mut world = World::new("2026-12-01T12:00:00Z".parse().unwrap(), 7);
    for (id, platform) in [
        (INSTAGRAM, Platform::Instagram),
        (THREADS, Platform::Threads),
        (FACEBOOK, Platform::Facebook),
    ] {
        world.add_app(AppSpec {
            id: id.to_owned(),
            secret: "secret".to_owned(),
            name: "demo".to_owned(),
            platform,
            answers,
            ..AppSpec::default()
        });
    }
    world
        .add_person_as("17841405822304914", "Ada Example")
        .unwrap();
    (world, "17841405822304914".to_owned())
}

fn wait(world: &mut World, span: SignedDuration) {
    world.set_now(world.now() + span);
}

fn days(count: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * count)
}

fn call(world: &mut World, method: Method, url: &str) -> (u16, Value) {
    let answer = endpoints::respond(world, &Request::new(method, url));
    let mut body: Value = serde_json::from_str(&answer.body).unwrap();
    if let Some(error) = body.get_mut("error").and_then(Value::as_object_mut) {
        assert!(error.remove("fbtrace_id").is_some());
    }
    (answer.status, body)
}

fn get(world: &mut World, url: &str) -> (u16, Value) {
    call(world, Method::Get, url)
}

/// The status, type, code, subcode and message of an error.
fn error((status, body): (u16, Value)) -> (u16, String, i64, Option<i64>, String) {
    let error = &body["error"];
    let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
    let subcode = error["error_subcode"].as_i64();
    let code = error["code"].as_i64().unwrap_or_default();
    (status, text("type"), code, subcode, text("message"))
}

fn log_in(world: &mut World, app: &str, person: &str, scope: &str) -> String {
    world
        .log_in(app, person, &[scope], PageSelection::All)
        .unwrap()
}

fn refresh(world: &mut World, grant: &str, token: &str) -> (u16, Value) {
    let url =
        format!("/refresh_access_token?grant_type={grant}_refresh_token&access_token={token}");
    get(world, &url)
}

fn code(world: &mut World, app: &str, scope: &str, person: &str) -> String {
    let url = format!("/oauth/authorize?client_id={app}&redirect_uri={BACK}&scope={scope}");
    let location = world.answer_dialog(&url, person, DialogAnswer::allow());
    let location = location.unwrap();
    let query = location.strip_prefix(&format!("{BACK}?code=")).unwrap();
    query.strip_suffix("#_").unwrap().to_owned()
}

fn redeem(world: &mut World, app: &str, code: &str, more: &str) -> (u16, Value) {
    let url = format!(
        "/oauth/access_token?client_id={app}&grant_type=authorization_code&redirect_uri={BACK}\
         &code={code}{more}"
    );
    call(world, Method::Post, &url)
}

#[test]
fn a_code_is_answered_in_the_recorded_shapes() {
    let scopes = "instagram_business_basic,instagram_business_manage_messages";
    let list = json!(scopes.split(',').collect::<Vec<_>>());
    for (app, permissions, envelope) in [
        (INSTAGRAM, PermissionsFormat::List, AnswerEnvelope::Plain),
        (INSTAGRAM, PermissionsFormat::Text, AnswerEnvelope::DataList),
        (THREADS, PermissionsFormat::Text, AnswerEnvelope::DataList),
    ] {
        let (mut world, person) = world_with(AnswerStyle {
            permissions,
            envelope,
            ..AnswerStyle::default()
        });
        let code = code(&mut world, app, scopes, &person);
        let (status, mut body) = redeem(&mut world, app, &code, "&client_secret=secret");
        assert_eq!(status, 200, "{body}");
        if app == INSTAGRAM && envelope == AnswerEnvelope::DataList {
            body = body["data"][0].take();
        }
        let token = body["access_token"].take();
        let token = token.as_str().unwrap();
        let truth = world.truth(token).unwrap();
        assert_eq!(truth.subject, person);
        assert_eq!(
            truth.expires_at,
            Some(world.now() + SignedDuration::from_hours(1))
        );
        if app == THREADS {
            assert!(token.starts_with("THAA"));
            let expected = json!({"access_token": null, "user_id": 17_841_405_822_304_914_u64});
            assert_eq!(body, expected);
        } else {
            assert!(token.starts_with("IGAA"));
            assert_ne!(body["user_id"].as_str().unwrap(), person);
            body["user_id"].take();
            let permissions = match permissions {
                PermissionsFormat::List => list.clone(),
                PermissionsFormat::Text => scopes.into(),
            };
            let expected =
                json!({"access_token": null, "user_id": null, "permissions": permissions});
            assert_eq!(body, expected);
        }
    }
}

#[test]
fn a_bad_code_is_refused_in_an_envelope_of_its_own() {
    let used = "Matching code was not found or was already used";
    for (app, _, _, scope) in BOTH {
        let (mut world, person) = world();
        let fresh = code(&mut world, app, scope, &person);
        let right = "&client_secret=secret";
        let other_app = if app == INSTAGRAM {
            FACEBOOK
        } else {
            INSTAGRAM
        };
        let with_suffix = format!("{fresh}%23_");
        for (app, code, secret, expected) in [
            (app, "nonsense", right, used),
            (app, &with_suffix, right, used),
            (
                app,
                &fresh,
                "&client_secret=wrong",
                "Error validating client secret.",
            ),
        ] {
            let flat = json!({
                "error_type": "OAuthException", "code": 400, "error_message": expected
            });
            assert_eq!(redeem(&mut world, app, code, secret), (400, flat));
        }
        let host = world.app(world.app_key(app).unwrap()).platform.host();
        let url = format!(
            "/{host}/oauth/access_token?client_id={other_app}&client_secret=secret\
             &grant_type=authorization_code&code={fresh}&redirect_uri={BACK}"
        );
        let (_, body) = call(&mut world, Method::Post, &url);
        assert_eq!(body["error_message"], "Invalid platform app");

        wait(&mut world, SignedDuration::from_mins(59));
        assert_eq!(redeem(&mut world, app, &fresh, right).0, 200);
        assert_eq!(
            redeem(&mut world, app, &fresh, right).1["error_message"],
            used
        );
        let late = code(&mut world, app, scope, &person);
        wait(&mut world, SignedDuration::from_hours(1));
        let (_, body) = redeem(&mut world, app, &late, right);
        assert_eq!(
            body["error_message"],
            "This authorization code has expired."
        );
    }
}

#[test]
fn a_code_needs_a_post_and_its_grant_type() {
    let (mut world, person) = world();
    let fresh = code(&mut world, INSTAGRAM, "instagram_business_basic", &person);
    let query =
        format!("client_id={INSTAGRAM}&client_secret=secret&code={fresh}&redirect_uri={BACK}");
    let path = format!("/oauth/access_token?{query}");
    let (_, body) = call(&mut world, Method::Post, &path);
    assert_eq!(body["error_message"], "Invalid grant_type");
    let path = format!("{path}&grant_type=authorization_code");
    let (status, kind, code, _, message) = error(get(&mut world, &path));
    assert_eq!((status, kind.as_str(), code), (400, "IGApiException", 100));
    assert_eq!(message, "Unsupported request - method type: get");
    let versioned = error(call(&mut world, Method::Post, &format!("/v25.0{path}")));
    assert_eq!(versioned.2, 100);
    assert_eq!(call(&mut world, Method::Post, &path).0, 200);
}

#[test]
fn a_short_lived_token_is_exchanged_once_for_sixty_days() {
    for (app, host, grant, scope) in BOTH {
        let (mut world, person) = world();
        let short = world.issue_short_lived(app, &person, &[scope]).unwrap();
        let short_end = world.truth(&short).unwrap().expires_at;
        let ask = |token: &str, secret: &str| {
            format!(
                "/{host}/access_token?grant_type={grant}_exchange_token&client_secret={secret}\
                 &access_token={token}"
            )
        };
        wait(&mut world, SignedDuration::from_mins(10));
        let wrong = error(get(&mut world, &ask(&short, "wrong")));
        assert_eq!((wrong.2, wrong.3), (100, None));
        let (status, mut body) = get(&mut world, &ask(&short, "secret"));
        let long = body["access_token"].take();
        let long = long.as_str().unwrap();
        let recorded =
            json!({"access_token": null, "token_type": "bearer", "expires_in": 5_183_944});
        assert_eq!((status, body), (200, recorded));
        assert_ne!(long, short);
        assert_eq!(world.truth(&short).unwrap().expires_at, short_end);
        let end = world.now() + SignedDuration::from_secs(5_183_944);
        assert_eq!(world.truth(long).unwrap().expires_at, Some(end));

        let again = error(get(&mut world, &ask(long, "secret")));
        assert_eq!((again.0, again.2), (400, 190), "{app}");
        let calls = world.call_log().call_counts(Endpoint::Exchange);
        assert_eq!((calls.calls, calls.errors), (3, 2));
        assert_eq!(world.call_log().calls_about(Endpoint::Exchange, &short), 2);
    }
}

#[test]
fn a_refresh_counts_sixty_days_from_itself_and_leaves_the_old_token_alone() {
    for (refreshed, same) in [
        (RefreshedToken::NewToken, false),
        (RefreshedToken::SameToken, true),
    ] {
        for (app, _, grant, scope) in BOTH {
            let (mut world, person) = world_with(AnswerStyle {
                refreshed,
                ..AnswerStyle::default()
            });
            let mut token = log_in(&mut world, app, &person, scope);
            for round in 1..=6 {
                let old_end = world.truth(&token).unwrap().expires_at.unwrap();
                wait(&mut world, days(30));
                let (status, body) = refresh(&mut world, grant, &token);
                assert_eq!(
                    (status, &body["expires_in"]),
                    (200, &json!(5_183_944)),
                    "{round}"
                );
                let next = body["access_token"].as_str().unwrap().to_owned();
                assert_eq!(next == token, same);
                if !same {
                    assert_eq!(world.truth(&token).unwrap().expires_at, Some(old_end));
                }
                let end = world.now() + SignedDuration::from_secs(5_183_944);
                assert_eq!(world.truth(&next).unwrap().expires_at, Some(end));
                token = next;
            }
            assert!(world.is_alive(&token));
            assert_eq!(world.call_log().calls(Endpoint::Refresh), 6);
        }
    }
}

#[test]
fn a_refresh_is_refused_for_its_own_reasons() {
    type Prepare = fn(&mut World, &str, &str) -> String;
    type Expected = (u16, &'static str, i64, Option<i64>, &'static str);
    const OAUTH: &str = "OAuthException";
    const MALFORMED: &str =
        "Error validating access token: Session key is malformed because of invalid user id.";
    const FORBIDDEN: &str = "Application does not have permission for this action";
    let of_instagram = |code| match code {
        10 => (400, "IGApiException", code, None, FORBIDDEN),
        _ => (400, OAUTH, code, None, MALFORMED),
    };
    let of_threads = |code| match code {
        10 => (500, "THApiException", code, None, FORBIDDEN),
        _ => (400, OAUTH, code, Some(0), MALFORMED),
    };
    let table: [(Prepare, i64); 4] = [
        (short_lived, 190),
        (nearly_a_day_old, 10),
        (without_scope, 10),
        (of_a_refused_person, 190),
    ];
    for (prepare, code) in table {
        let expected: [(&str, &str, Expected); 2] = [
            (INSTAGRAM, "ig", of_instagram(code)),
            (THREADS, "th", of_threads(code)),
        ];
        for (app, grant, (status, kind, code, subcode, message)) in expected {
            let (mut world, person) = world();
            let token = prepare(&mut world, app, &person);
            assert!(world.is_alive(&token));
            let answer = error(refresh(&mut world, grant, &token));
            let expected = (status, kind.to_owned(), code, subcode, message.to_owned());
            assert_eq!(answer, expected, "{app}");
            assert_eq!(world.call_log().calls_about(Endpoint::Refresh, &token), 1);
        }
    }
}

fn basic_scope(world: &World, app: &str) -> &'static str {
    world
        .app(world.app_key(app).unwrap())
        .platform
        .basic_scope()
}

fn short_lived(world: &mut World, app: &str, person: &str) -> String {
    let scope = basic_scope(world, app);
    world.issue_short_lived(app, person, &[scope]).unwrap()
}

fn a_day_old(world: &mut World, app: &str, person: &str) -> String {
    let scope = basic_scope(world, app);
    let token = log_in(world, app, person, scope);
    wait(world, days(1));
    token
}

fn nearly_a_day_old(world: &mut World, app: &str, person: &str) -> String {
    let token = a_day_old(world, app, person);
    wait(world, -SignedDuration::from_secs(1));
    token
}

fn without_scope(world: &mut World, app: &str, person: &str) -> String {
    let token = a_day_old(world, app, person);
    let scope = basic_scope(world, app);
    world.remove_permission(person, app, scope).unwrap();
    token
}

fn of_a_refused_person(world: &mut World, app: &str, person: &str) -> String {
    let token = a_day_old(world, app, person);
    let refusal = RefreshRefusal::InvalidSession;
    world.refuse_refreshes(person, refusal).unwrap();
    token
}

#[test]
fn a_refreshed_token_is_young_again() {
    for refreshed in [RefreshedToken::NewToken, RefreshedToken::SameToken] {
        let (mut world, person) = world_with(AnswerStyle {
            refreshed,
            too_young: RefreshRefusal::UnsupportedRequest,
            ..AnswerStyle::default()
        });
        let token = a_day_old(&mut world, INSTAGRAM, &person);
        let (_, body) = refresh(&mut world, "ig", &token);
        let fresh = body["access_token"].as_str().unwrap();
        assert_eq!(error(refresh(&mut world, "ig", fresh)).2, 100);
        wait(&mut world, days(1));
        assert_eq!(refresh(&mut world, "ig", fresh).0, 200);
    }
}

#[test]
fn refreshes_of_a_person_are_allowed_again() {
    let (mut world, person) = world();
    let token = of_a_refused_person(&mut world, THREADS, &person);
    world.allow_refreshes(&person).unwrap();
    assert_eq!(refresh(&mut world, "th", &token).0, 200);
}

#[test]
fn the_grant_of_another_platform_is_not_supported() {
    let (mut world, person) = world();
    let token = a_day_old(&mut world, INSTAGRAM, &person);
    for (path, code) in [
        (
            "/graph.instagram.com/refresh_access_token?grant_type=th_refresh_token",
            100,
        ),
        (
            "/graph.instagram.com/refresh_access_token?grant_type=ig_exchange_token",
            100,
        ),
        (
            "/graph.instagram.com/refresh_access_token?grant_type=ig_refresh_token",
            0,
        ),
        ("/refresh_access_token?grant_type=th_refresh_token", 190),
    ] {
        let answer = error(get(&mut world, &format!("{path}&access_token={token}")));
        assert_eq!(answer.2, code, "{path}");
    }
}

#[test]
fn an_expired_token_is_answered_in_each_observed_way() {
    let expired = "Error validating access token: Session has expired on Saturday, 30-Jan-27 \
                   03:59:04 PST. The current time is Saturday, 30-Jan-27 04:00:00 PST.";
    let missing = "The requested resource does not exist";
    for (style, code, subcode, message) in [
        (ExpiredAnswer::WithoutSubcode, 190, None, expired),
        (ExpiredAnswer::SubcodeZero, 190, Some(0), expired),
        (ExpiredAnswer::MissingResource, 24, None, missing),
    ] {
        for (app, host, grant, scope) in BOTH {
            let (mut world, person) = world_with(AnswerStyle {
                expired: style,
                ..AnswerStyle::default()
            });
            let token = log_in(&mut world, app, &person, scope);
            wait(&mut world, days(60));
            let kind = match app {
                THREADS => "THApiException",
                _ => "OAuthException",
            };
            let expected = (400, kind.to_owned(), code, subcode, message.to_owned());
            let url = format!("/{host}/me?access_token={token}");
            assert_eq!(error(get(&mut world, &url)), expected);
            assert_eq!(error(refresh(&mut world, grant, &token)), expected);
        }
    }
}

#[test]
fn other_ends_are_those_of_facebook() {
    for (app, host, _, scope) in BOTH {
        let (mut world, person) = world();
        let token = log_in(&mut world, app, &person, scope);
        let url = format!("/{host}/me?access_token={token}");
        world.change_password(&person).unwrap();
        let answer = error(get(&mut world, &url));
        assert_eq!((answer.2, answer.3), (190, Some(460)));
        let token = log_in(&mut world, app, &person, scope);
        let url = format!("/{host}/me?access_token={token}");
        assert_eq!(get(&mut world, &url).0, 200);
        world.remove_app(&person, app).unwrap();
        let answer = error(get(&mut world, &url));
        assert_eq!((answer.2, answer.3), (190, Some(458)));
        let token = log_in(&mut world, app, &person, scope);
        world.expire(&token).unwrap();
        assert_eq!(world.truth(&token).unwrap().death, Some(Death::Expired));
    }
}

#[test]
fn a_profile_has_the_documented_fields() {
    let (mut world, person) = world();
    let instagram = log_in(&mut world, INSTAGRAM, &person, "instagram_business_basic");
    let threads = log_in(&mut world, THREADS, &person, "threads_basic");
    let me = |fields: &str, token: &str| format!("me?fields={fields}&access_token={token}");
    for prefix in [
        "/",
        "/v25.0/",
        "/graph.instagram.com/",
        "/graph.instagram.com/v25.0/",
    ] {
        let url = format!("{prefix}{}", me("user_id,username", &instagram));
        let (status, mut body) = get(&mut world, &url);
        let id = body["id"].take();
        assert_ne!(id, person.as_str());
        let expected = json!({"id": null, "user_id": person, "username": "ada.example"});
        assert_eq!((status, body), (200, expected), "{prefix}");
        let url = format!("/{}?access_token={instagram}", id.as_str().unwrap());
        assert_eq!(get(&mut world, &url), (200, json!({ "id": id })));
    }
    for prefix in ["/", "/v1.0/", "/graph.threads.com/v1.0/"] {
        let fields = "id,username,threads_profile_picture_url,threads_biography";
        let url = format!("{prefix}{}", me(fields, &threads));
        let expected = json!({"id": person, "username": "ada.example"});
        assert_eq!(get(&mut world, &url), (200, expected), "{prefix}");
    }
    assert_eq!(world.call_log().calls(Endpoint::Me), 7);
    let wrong_version = format!("/v25.0/{}", me("id", &threads));
    assert_eq!(error(get(&mut world, &wrong_version)).2, 100);
    for (token, field, status, kind) in [
        (&instagram, "profile_photo", 400, "IGApiException"),
        (&threads, "user_id", 500, "THApiException"),
    ] {
        let answer = error(get(&mut world, &format!("/{}", me(field, token))));
        let message = format!("Tried accessing nonexisting field ({field})");
        assert_eq!(answer, (status, kind.to_owned(), 100, None, message));
    }
}

#[test]
fn the_documented_list_may_hold_the_profile() {
    let (mut world, person) = world_with(AnswerStyle {
        envelope: AnswerEnvelope::DataList,
        ..AnswerStyle::default()
    });
    let token = log_in(&mut world, INSTAGRAM, &person, "instagram_business_basic");
    let url = format!("/me?fields=user_id&access_token={token}");
    assert_eq!(get(&mut world, &url).1["data"][0]["user_id"], person);
}

#[test]
fn a_bearer_is_a_token_like_the_parameter() {
    let (mut world, person) = world();
    let token = log_in(&mut world, THREADS, &person, "threads_basic");
    let mut request = Request::new(Method::Get, "/me");
    request.bearer = Some(&token);
    assert_eq!(endpoints::respond(&mut world, &request).status, 200);
    let answer = endpoints::respond(
        &mut world,
        &Request::new(Method::Get, "/graph.threads.net/me"),
    );
    assert!(answer.body.contains("\"code\":104"), "{}", answer.body);
}

#[test]
fn a_profile_needs_the_basic_permission() {
    let (mut world, person) = world();
    for (app, code, subcode) in [(INSTAGRAM, 10, None), (THREADS, 100, Some(10))] {
        let token = log_in(&mut world, app, &person, "other");
        let answer = error(get(&mut world, &format!("/me?access_token={token}")));
        assert_eq!((answer.0, answer.2, answer.3), (400, code, subcode));
    }
}

#[test]
fn no_platform_reads_the_tokens_of_another() {
    let (mut world, person) = world();
    let facebook = log_in(&mut world, FACEBOOK, &person, "email");
    let instagram = log_in(&mut world, INSTAGRAM, &person, "instagram_business_basic");
    let threads = log_in(&mut world, THREADS, &person, "threads_basic");
    let app_token = format!("{FACEBOOK}|secret");
    let unreadable = "Invalid OAuth access token - Cannot parse access token";
    for (host, foreign) in [
        ("graph.facebook.com", [&instagram, &threads, &threads]),
        ("graph.instagram.com", [&facebook, &threads, &app_token]),
        ("graph.threads.net", [&facebook, &instagram, &app_token]),
    ] {
        for token in foreign {
            let answer = error(get(&mut world, &format!("/{host}/me?access_token={token}")));
            assert_eq!(
                (answer.0, answer.2, answer.4.as_str()),
                (400, 190, unreadable),
                "{host}"
            );
        }
    }
    let url = format!("/debug_token?input_token={instagram}&access_token={app_token}");
    let (_, body) = get(&mut world, &url);
    let error = json!({"code": 190, "message": unreadable});
    assert_eq!(
        body["data"],
        json!({"error": error, "is_valid": false, "scopes": []})
    );
    let url = format!(
        "/v25.0/oauth/access_token?grant_type=fb_exchange_token&client_id={FACEBOOK}\
         &client_secret=secret&fb_exchange_token={threads}"
    );
    assert_eq!(get(&mut world, &url).1["error"]["message"], unreadable);
    let url = format!(
        "/graph.facebook.com/oauth/access_token?grant_type=client_credentials\
         &client_id={INSTAGRAM}&client_secret=secret"
    );
    assert_eq!(get(&mut world, &url).1["error"]["code"], 101);
}

#[test]
fn only_a_tester_of_threads_may_use_its_debugger() {
    let (mut world, person) = world();
    let tester = world.add_person("Tester");
    world.make_developer(THREADS, &tester).unwrap();
    let token = log_in(&mut world, THREADS, &person, "threads_basic");
    let own = log_in(&mut world, THREADS, &tester, "threads_basic");
    let ask = |caller: &str, input: &str| {
        format!("/v1.0/debug_token?access_token={caller}&input_token={input}")
    };
    assert_eq!(error(get(&mut world, &ask(&token, &own))).2, 10);
    let now = world.now().as_second();
    let expected = json!({"data": {
        "type": "USER", "application": "demo", "data_access_expires_at": now + 90 * 86_400,
        "expires_at": now + 5_183_944, "is_valid": true, "issued_at": now,
        "scopes": ["threads_basic"], "user_id": 17_841_405_822_304_914_u64,
    }});
    assert_eq!(get(&mut world, &ask(&own, &token)), (200, expected));
    world.expire(&token).unwrap();
    let (_, body) = get(&mut world, &ask(&own, &token));
    assert_eq!(body["data"]["is_valid"], false);
    assert_eq!(body["data"]["error"].get("subcode"), None);
    assert_eq!(
        world.call_log().calls_about(Endpoint::DebugToken, &token),
        2
    );
}

#[test]
fn instagram_has_no_debugger_no_batches_and_no_accounts() {
    let (mut world, person) = world();
    let token = log_in(&mut world, INSTAGRAM, &person, "instagram_business_basic");
    let paths = [
        "debug_token",
        "me/accounts",
        "me/permissions",
        "oauth/revoke",
    ];
    for path in paths {
        let url = format!("/v25.0/{path}?input_token={token}&access_token={token}");
        let (status, kind, code, _, message) = error(get(&mut world, &url));
        assert_eq!(
            (status, kind.as_str(), code),
            (400, "IGApiException", 100),
            "{path}"
        );
        assert_eq!(message, "Unsupported request - method type: get");
    }
    assert_eq!(
        world.call_log().calls(Endpoint::Unknown),
        paths.len() as u64
    );
    let url = format!("/v25.0/?access_token={token}&batch=[{{\"relative_url\":\"me\"}}]");
    let answer = batch::respond(&mut world, &Request::new(Method::Post, &url));
    assert_eq!(answer.status, 400);
    assert!(
        answer.body.contains("Unsupported request"),
        "{}",
        answer.body
    );
}

#[test]
fn only_versions_that_end_are_named_in_a_header() {
    let (mut world, person) = world();
    for (app, _, _, scope) in BOTH {
        let token = log_in(&mut world, app, &person, scope);
        let url = format!("/me?access_token={token}");
        let answer = endpoints::respond(&mut world, &Request::new(Method::Get, &url));
        let mut names = answer.headers.iter().map(|(name, _)| name.as_ref());
        assert_eq!(
            names.any(|name| name == "Facebook-API-Version"),
            app == INSTAGRAM
        );
    }
}

#[test]
fn clients_that_exchange_and_refresh_at_other_paths_are_understood() {
    let (mut world, person) = world();
    let short = world
        .issue_short_lived(THREADS, &person, &["threads_basic"])
        .unwrap();
    let url = format!(
        "/v1.0/oauth/access_token?grant_type=th_exchange_token&client_id={THREADS}\
         &client_secret=secret&access_token={short}"
    );
    let (_, body) = get(&mut world, &url);
    let token = body["access_token"].as_str().unwrap();
    wait(&mut world, days(1));
    let url =
        format!("/v1.0/refresh_access_token?grant_type=th_refresh_token&access_token={token}");
    assert_eq!(get(&mut world, &url).0, 200);
}
