//! Compares answers with recorded answers of Meta.

use serde_json::{Value, json};

use super::*;
use crate::graph_sim::batch;
use crate::graph_sim::call_log::Endpoint;
use crate::graph_sim::signature;
use crate::graph_sim::world::*;

const APP: &str = "257422819769992";
const APP_TOKEN: &str = "257422819769992|secret";

fn world() -> World {
    let mut world = World::new("2022-11-18T05:53:08Z".parse().unwrap(), 1);
    for (id, secret, name) in [(APP, "secret", "demo"), ("111", "other", "other")] {
        let (id, secret, name) = (id.to_owned(), secret.to_owned(), name.to_owned());
        world.add_app(AppSpec {
            id,
            secret,
            name,
            ..AppSpec::default()
        });
    }
    world
}

/// Adds a person with one page and a long-lived login.
fn fleet_member(world: &mut World, scopes: &[&str]) -> (String, String, String) {
    let person = world.add_person("Ada");
    let page = world.add_page("Bakery");
    world.give_role(&person, &page).unwrap();
    let user = world
        .log_in(APP, &person, scopes, PageSelection::only([page.clone()]))
        .unwrap();
    (person, page, user)
}

fn call(world: &mut World, method: Method, url: &str) -> (u16, Value) {
    let answer = respond(world, &Request::new(method, url));
    (answer.status, without_trace(&answer.body))
}

fn get(world: &mut World, url: &str) -> (u16, Value) {
    call(world, Method::Get, url)
}

fn without_trace(body: &str) -> Value {
    let mut body: Value = serde_json::from_str(body).unwrap();
    if let Some(error) = body.get_mut("error").and_then(Value::as_object_mut) {
        assert!(
            error.remove("fbtrace_id").is_some(),
            "every error carries its trace"
        );
    }
    body
}

fn debug(world: &mut World, token: &str) -> (u16, Value) {
    let url = format!("/v25.0/debug_token?input_token={token}&access_token={APP_TOKEN}");
    get(world, &url)
}

fn error_of((status, body): (u16, Value)) -> (u16, i64, Option<i64>, String) {
    let error = &body["error"];
    let message = error["message"].as_str().unwrap().to_owned();
    (
        status,
        error["code"].as_i64().unwrap(),
        error["error_subcode"].as_i64(),
        message,
    )
}

#[test]
fn a_long_lived_user_token_has_the_recorded_shape() {
    let mut world = world();
    let person = world.add_person("Ada");
    let user = world.log_in(APP, &person, &[], PageSelection::All).unwrap();
    assert_eq!(
        debug(&mut world, &user),
        (
            200,
            json!({"data": {
                "app_id": APP, "type": "USER", "application": "demo",
                "data_access_expires_at": 1_676_526_788, "expires_at": 1_673_934_788,
                "is_valid": true, "issued_at": 1_668_750_788, "scopes": ["public_profile"],
                "user_id": person,
            }})
        )
    );
}

#[test]
fn a_short_lived_user_token_hides_when_it_was_issued() {
    let mut world = world();
    let person = world.add_person("Ada");
    let user = world.issue_short_lived(APP, &person, &[]).unwrap();
    let (_, body) = debug(&mut world, &user);
    assert_eq!(body["data"]["expires_at"], 1_668_754_800);
    assert_eq!(body["data"].get("issued_at"), None);
}

#[test]
fn a_page_token_names_its_page_and_the_person_behind_it() {
    let mut world = world();
    let (person, page, user) = fleet_member(&mut world, &["pages_show_list"]);
    let token = world.page_token(&user, &page).unwrap();
    let (_, body) = debug(&mut world, &token);
    let data = &body["data"];
    assert_eq!(data["type"], "PAGE");
    assert_eq!(data["profile_id"], page);
    assert_eq!(data["user_id"], person);
    assert_eq!(data["expires_at"], 0);
    assert_eq!(
        data["granular_scopes"],
        json!([{"scope": "pages_show_list", "target_ids": [page]}])
    );
}

#[test]
fn app_tokens_in_both_spellings_and_system_users_have_the_recorded_shape() {
    let mut world = world();
    let app = json!({"data": {
        "app_id": APP, "type": "APP", "application": "demo", "is_valid": true, "scopes": []
    }});
    assert_eq!(debug(&mut world, APP_TOKEN), (200, app.clone()));
    let url = format!(
        "/oauth/access_token?grant_type=client_credentials&client_id={APP}&client_secret=secret"
    );
    let own = get(&mut world, &url).1["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_ne!(own, APP_TOKEN);
    assert_eq!(debug(&mut world, &own), (200, app));

    let robot = world.add_system_user(APP, "Robot").unwrap();
    let scopes = ["whatsapp_business_management"];
    let token = world
        .system_user_token(APP, &robot, &scopes, SystemUserValidity::Never)
        .unwrap();
    assert_eq!(
        debug(&mut world, &token).1["data"],
        json!({
            "app_id": APP, "type": "SYSTEM_USER", "application": "demo",
            "data_access_expires_at": 0, "expires_at": 0, "is_valid": true,
            "issued_at": 1_668_750_788, "scopes": scopes,
            "granular_scopes": [{"scope": "whatsapp_business_management"}], "user_id": robot,
        })
    );
}

#[test]
fn dead_tokens_are_described_with_200_and_the_key_subcode() {
    for (kill, code, subcode, words) in [
        (
            Death::PasswordChanged,
            190,
            Some(460),
            "changed their password",
        ),
        (
            Death::Revoked,
            190,
            Some(466),
            "explicitly using an API call",
        ),
        (Death::LoggedOut, 190, Some(467), "logged out"),
        (Death::LockedOut, 190, Some(490), "checkpoint"),
        (Death::Disengaged, 190, Some(493), "90 days"),
        (Death::ApiBlocked, 200, None, "API access blocked"),
        (
            Death::Checkpointed,
            190,
            Some(459),
            "follow the instructions",
        ),
        (
            Death::RoleLost,
            190,
            Some(492),
            "administrator, editor, or moderator",
        ),
        (
            Death::AppRemoved,
            190,
            Some(458),
            "has not authorized application 257422819769992",
        ),
        (
            Death::PagePermissionMissing,
            190,
            None,
            "before impersonating a user's page",
        ),
        (Death::PageGone, 100, Some(33), "does not exist"),
    ] {
        let mut world = world();
        let (_, _, user) = fleet_member(&mut world, &["email"]);
        world.end(&user, kill).unwrap();
        let (status, body) = debug(&mut world, &user);
        let data = &body["data"];
        assert_eq!(
            (status, &data["is_valid"]),
            (200, &json!(false)),
            "{kill:?}"
        );
        assert_eq!(data["error"]["code"], code, "{kill:?}");
        assert_eq!(data["error"]["subcode"].as_i64(), subcode, "{kill:?}");
        assert!(
            data["error"]["message"].as_str().unwrap().contains(words),
            "{kill:?}"
        );
    }
}

#[test]
fn a_changed_password_hides_both_clocks_of_the_session() {
    let mut world = world();
    let (person, _, user) = fleet_member(&mut world, &["email"]);
    world.change_password(&person).unwrap();
    let (_, body) = debug(&mut world, &user);
    assert_eq!(body["data"]["expires_at"], 0);
    assert_eq!(body["data"].get("issued_at"), None);
    assert_eq!(body["data"]["scopes"], json!(["email", "public_profile"]));
}

#[test]
fn an_expired_token_reports_both_times_in_california() {
    let mut world = world();
    let (_, _, user) = fleet_member(&mut world, &["email"]);
    world.set_now("2023-01-17T06:00:00Z".parse().unwrap());
    let (_, body) = debug(&mut world, &user);
    assert_eq!(
        body["data"]["error"],
        json!({
            "code": 190, "subcode": 463,
            "message": "Error validating access token: Session has expired on Monday, 16-Jan-23 \
                        21:53:08 PST. The current time is Monday, 16-Jan-23 22:00:00 PST.",
        })
    );
}

#[test]
fn strings_that_are_no_tokens_differ_only_in_the_message() {
    let mut world = world();
    let (_, _, user) = fleet_member(&mut world, &[]);
    let altered = format!("{}x", &user[..user.len() - 1]);
    for (text, message) in [
        (altered.as_str(), "The access token could not be decrypted"),
        (
            "xxxx",
            "Invalid OAuth access token - Cannot parse access token",
        ),
        (
            "257422819769992|nonsense",
            "Invalid OAuth access token signature.",
        ),
        (
            "123|abc",
            "Error validating application. Cannot get application info due to a system error.",
        ),
    ] {
        assert_eq!(
            debug(&mut world, text),
            (
                200,
                json!({"data": {
                    "error": {"code": 190, "message": message}, "is_valid": false, "scopes": []
                }})
            )
        );
    }
}

#[test]
fn an_unauthorized_caller_gets_a_400() {
    let mut world = world();
    let (person, page, user) = fleet_member(&mut world, &["pages_show_list"]);
    let page = world.page_token(&user, &page).unwrap();
    let robot = world.add_system_user(APP, "Robot").unwrap();
    let robot = world
        .system_user_token(APP, &robot, &[], SystemUserValidity::Never)
        .unwrap();
    let other = world
        .log_in("111", &person, &[], PageSelection::All)
        .unwrap();
    let debug_only = world.debug_only_token(&user).unwrap();
    let mut ask = |caller: &str, input: &str| {
        error_of(get(
            &mut world,
            &format!("/debug_token?input_token={input}&access_token={caller}"),
        ))
    };
    let not_a_developer = "(#100) You must provide an app access token, or a user access token \
                           that is an owner or developer of the app";
    for caller in [&user, &page, &robot] {
        assert_eq!(
            ask(caller, caller),
            (400, 100, None, not_a_developer.to_owned())
        );
    }
    let foreign = "(#100) The App_id in the input_token did not match the Viewing App";
    assert_eq!(ask(APP_TOKEN, &other), (400, 100, None, foreign.to_owned()));
    let wrong_secret = "Invalid OAuth access token signature.";
    assert_eq!(
        ask("257422819769992|wrong", &user),
        (400, 190, None, wrong_secret.to_owned())
    );
    let unusable = "Invalid OAuth access token - Debug only access token";
    assert_eq!(
        ask(&debug_only, &user),
        (400, 190, None, unusable.to_owned())
    );
    assert_eq!(ask("", &user).1, 104);
}

#[test]
fn a_developers_own_token_may_ask_and_a_bearer_header_is_as_good() {
    let mut world = world();
    let (person, _, user) = fleet_member(&mut world, &[]);
    world.make_developer(APP, &person).unwrap();
    let url = format!("/debug_token?input_token={user}");
    let mut request = Request::new(Method::Get, &url);
    request.bearer = Some(&user);
    assert_eq!(respond(&mut world, &request).status, 200);
}

#[test]
fn debug_token_is_for_get_alone() {
    let mut world = world();
    let url = format!("/debug_token?input_token=x&access_token={APP_TOKEN}");
    let (status, code, subcode, message) = error_of(call(&mut world, Method::Post, &url));
    assert_eq!((status, code, subcode), (400, 100, Some(33)));
    assert!(message.starts_with("Unsupported post request."));
}

fn exchange(world: &mut World, token: &str, more: &str) -> (u16, Value) {
    let url = format!(
        "/v25.0/oauth/access_token?grant_type=fb_exchange_token&client_id={APP}\
         &client_secret=secret&fb_exchange_token={token}{more}"
    );
    get(world, &url)
}

#[test]
fn an_exchange_reports_the_seconds_left_since_the_login() {
    let mut world = world();
    let person = world.add_person("Ada");
    let short = world.issue_short_lived(APP, &person, &[]).unwrap();
    world.set_now("2022-11-18T05:54:04Z".parse().unwrap());
    let (status, body) = exchange(&mut world, &short, "");
    assert_eq!(status, 200);
    assert_eq!(body["token_type"], "bearer");
    assert_eq!(body["expires_in"], 5_183_944);
    let long = body["access_token"].as_str().unwrap().to_owned();
    assert_eq!(world.call_log().calls_about(Endpoint::Exchange, &short), 1);
    assert_eq!(world.call_log().calls_about(Endpoint::Exchange, &long), 0);
    assert!(world.is_alive(&short), "the short one stays valid");
}

#[test]
fn a_never_ending_token_comes_without_expires_in() {
    let mut world = World::new("2022-11-18T05:53:08Z".parse().unwrap(), 1);
    world.add_app(AppSpec {
        id: APP.into(),
        secret: "secret".into(),
        long_lived: LongLived::Never,
        ..AppSpec::default()
    });
    let person = world.add_person("Ada");
    let short = world.issue_short_lived(APP, &person, &[]).unwrap();
    let (_, body) = exchange(&mut world, &short, "");
    assert_eq!(body.get("expires_in"), None);
}

#[test]
fn a_system_users_exchange_needs_its_parameter() {
    let mut world = world();
    let robot = world.add_system_user(APP, "Robot").unwrap();
    let token = world
        .system_user_token(APP, &robot, &["ads_read"], SystemUserValidity::SixtyDays)
        .unwrap();
    let (_, same) = exchange(&mut world, &token, "");
    assert_eq!(same["access_token"], token);
    world.set_now("2022-12-18T05:53:08Z".parse().unwrap());
    let (_, renewed) = exchange(&mut world, &token, "&set_token_expires_in_60_days=true");
    assert_ne!(renewed["access_token"], token);
    assert_eq!(renewed["expires_in"], 5_184_000);
}

#[test]
fn refused_exchanges_say_why() {
    let mut world = world();
    let (person, _, user) = fleet_member(&mut world, &[]);
    let base = "/oauth/access_token?grant_type=fb_exchange_token&fb_exchange_token=";
    for (credentials, code, message) in [
        (
            "&client_id=257422819769992&client_secret=no",
            1,
            "Error validating client secret.",
        ),
        (
            "&client_id=9&client_secret=no",
            101,
            "Error validating application.",
        ),
        ("&client_secret=no", 101, "Missing client_id parameter."),
    ] {
        let error = error_of(get(&mut world, &format!("{base}{user}{credentials}")));
        assert_eq!((error.0, error.1), (400, code));
        assert!(error.3.starts_with(message), "{}", error.3);
    }
    world.change_password(&person).unwrap();
    let error = error_of(exchange(&mut world, &user, ""));
    assert_eq!((error.0, error.1, error.2), (400, 190, Some(460)));
}

#[test]
fn a_pages_token_is_left_out_where_it_is_not_due() {
    let mut world = world();
    let (person, page, user) = fleet_member(&mut world, &["pages_show_list"]);
    let url = format!("/v25.0/{page}?fields=access_token&access_token={user}");
    let token = world.page_token(&user, &page).unwrap();
    assert_eq!(
        get(&mut world, &url),
        (200, json!({"access_token": token, "id": page}))
    );
    world.take_role(&person, &page).unwrap();
    assert_eq!(get(&mut world, &url), (200, json!({"id": page})));
    world.unpublish_page(&page).unwrap();
    assert_eq!(error_of(get(&mut world, &url)).1, 100);
}

#[test]
fn accounts_are_walked_by_cursor() {
    let mut world = world();
    let person = world.add_person("Ada");
    for number in 0..5 {
        let page = world.add_page(&format!("Page {number}"));
        world.give_role(&person, &page).unwrap();
    }
    let user = world
        .log_in(APP, &person, &["pages_show_list"], PageSelection::All)
        .unwrap();
    let mut names = Vec::new();
    let mut after = String::new();
    loop {
        let url = format!(
            "/v25.0/me/accounts?fields=id,name&limit=2&summary=1&access_token={user}&after={after}"
        );
        let (_, body) = get(&mut world, &url);
        assert_eq!(body["summary"]["total_count"], 5);
        names.extend(
            body["data"]
                .as_array()
                .unwrap()
                .iter()
                .map(|page| page["name"].clone()),
        );
        let Some(next) = body["paging"]["next"].as_str() else {
            break;
        };
        assert!(next.starts_with(&format!(
            "https://graph.facebook.com/v25.0/{person}/accounts?"
        )));
        after = body["paging"]["cursors"]["after"]
            .as_str()
            .unwrap()
            .to_owned();
    }
    names.sort_by_key(Value::to_string);
    assert_eq!(names, ["Page 0", "Page 1", "Page 2", "Page 3", "Page 4"]);
}

#[test]
fn a_foreign_next_can_be_planted() {
    let mut world = world();
    let (person, _, user) = fleet_member(&mut world, &["pages_show_list"]);
    let second = world.add_page("Second");
    world.give_role(&person, &second).unwrap();
    let user = world
        .log_in(APP, &person, &[], PageSelection::All)
        .unwrap_or(user);
    world.set_paging_host(Some("https://elsewhere.example"));
    let (_, body) = get(
        &mut world,
        &format!("/me/accounts?limit=1&access_token={user}"),
    );
    assert!(
        body["paging"]["next"]
            .as_str()
            .unwrap()
            .starts_with("https://elsewhere.example/")
    );
}

#[test]
fn me_is_the_caller() {
    let mut world = world();
    let (person, page, user) = fleet_member(&mut world, &["pages_show_list"]);
    let token = world.page_token(&user, &page).unwrap();
    for (token, id, name) in [(&user, &person, "Ada"), (&token, &page, "Bakery")] {
        let (_, body) = get(&mut world, &format!("/me?access_token={token}"));
        assert_eq!(body, json!({"id": id, "name": name}));
    }
    assert_eq!(
        error_of(get(&mut world, &format!("/me?access_token={APP_TOKEN}"))).1,
        2500
    );
}

#[test]
fn unset_fields_are_left_out_and_unknown_ones_refused() {
    let mut world = world();
    let person = world.add_person("Ada Maria Jo Example");
    let user = world.log_in(APP, &person, &[], PageSelection::All).unwrap();
    let page = world.add_page("Bakery");
    for (id, node, fields, expected) in [
        (
            &person,
            "User",
            "first_name,middle_name,last_name,short_name,gender,email",
            json!({"id": person, "first_name": "Ada", "middle_name": "Maria Jo",
                "last_name": "Example", "short_name": "Ada"}),
        ),
        (
            &page,
            "Page",
            "name,about,website,tasks,access_token",
            json!({"id": page, "name": "Bakery"}),
        ),
        (
            &APP.to_owned(),
            "Application",
            "name,namespace",
            json!({"id": APP, "name": "demo"}),
        ),
    ] {
        let url = format!("/{id}?fields={fields}&access_token={user}");
        assert_eq!(get(&mut world, &url), (200, expected));
        let unknown = format!("/{id}?fields=id,shoe_size&access_token={user}");
        assert_eq!(
            error_of(get(&mut world, &unknown)),
            (
                400,
                100,
                None,
                format!(
                    "(#100) Tried accessing nonexisting field (shoe_size) on node type ({node})"
                )
            )
        );
    }
}

#[test]
fn a_single_word_is_a_first_name() {
    let mut world = world();
    let (person, _, user) = fleet_member(&mut world, &[]);
    let url = format!("/me?fields=first_name,middle_name,last_name&access_token={user}");
    assert_eq!(
        get(&mut world, &url).1,
        json!({"id": person, "first_name": "Ada"})
    );
}

#[test]
fn one_id_that_is_not_there_spoils_all() {
    let mut world = world();
    let page = world.add_page("Bakery");
    let url = format!("/?ids={page},nobody&access_token={APP_TOKEN}");
    assert_eq!(error_of(get(&mut world, &url)).1, 803);
}

#[test]
fn several_things_are_asked_for_at_once_and_counted_one_by_one() {
    let mut world = world();
    let ids = [world.add_page("Bakery"), world.add_page("Butchery")];
    world.add_app(AppSpec {
        id: "222".into(),
        secret: "secret".into(),
        calls_per_hour: Some(2),
        ..AppSpec::default()
    });
    let ask = |ids: &str| format!("/v25.0/?ids={ids}&fields=name&access_token=222|secret");
    let url = ask(&ids.join(","));
    let answer = respond(&mut world, &Request::new(Method::Get, &url));
    assert_eq!(
        without_trace(&answer.body),
        json!({
            &ids[0]: {"id": ids[0], "name": "Bakery"},
            &ids[1]: {"id": ids[1], "name": "Butchery"},
        })
    );
    let usage = answer
        .headers
        .iter()
        .find(|(name, _)| name == "X-App-Usage");
    assert!(
        usage.unwrap().1.contains(r#""call_count":100"#),
        "{usage:?}"
    );
    assert_eq!(error_of(get(&mut world, &url)).1, 4);
}

#[test]
fn permissions_distinguish_granted_from_declined() {
    let mut world = world();
    let (person, _, _) = fleet_member(&mut world, &["email"]);
    world.remove_permission(&person, APP, "email").unwrap();
    let url = format!("/{person}/permissions?access_token={APP_TOKEN}");
    assert_eq!(
        get(&mut world, &url).1,
        json!({"data": [
            {"permission": "email", "status": "declined"},
            {"permission": "public_profile", "status": "granted"},
        ]})
    );
    for (filter, found) in [
        ("permission=email", "email"),
        ("status=granted", "public_profile"),
    ] {
        let (_, body) = get(&mut world, &format!("{url}&{filter}"));
        assert_eq!(body["data"].as_array().unwrap().len(), 1, "{filter}");
        assert_eq!(body["data"][0]["permission"], found);
    }
}

#[test]
fn a_proof_is_checked_when_sent_and_missed_when_required() {
    let mut world = World::new("2022-11-18T05:53:08Z".parse().unwrap(), 1);
    let (id, secret) = (APP.to_owned(), "secret".to_owned());
    world.add_app(AppSpec {
        id,
        secret,
        proof: ProofRule::Required,
        ..AppSpec::default()
    });
    let person = world.add_person("Ada");
    let user = world.log_in(APP, &person, &[], PageSelection::All).unwrap();
    let now = world.now().as_second();
    for (time, expected) in [(None, 200), (Some(now), 200), (Some(now - 301), 400)] {
        let time = time.map(|time| time.to_string());
        let proof = signature::proof("secret", &user, time.as_deref());
        let time = time
            .map(|time| format!("&appsecret_time={time}"))
            .unwrap_or_default();
        let url = format!("/me?access_token={user}&appsecret_proof={proof}{time}");
        assert_eq!(get(&mut world, &url).0, expected, "{time}");
    }
    let missing = get(&mut world, &format!("/me?access_token={user}"));
    assert_eq!(missing.1["error"]["type"], "GraphMethodException");
    let wrong = error_of(get(
        &mut world,
        &format!("/me?access_token={user}&appsecret_proof=0"),
    ));
    assert_eq!(
        wrong.3,
        "Invalid appsecret_proof provided in the API argument"
    );
}

#[test]
fn the_answer_names_the_version_that_served_it() {
    let mut world = world();
    let answer = respond(&mut world, &Request::new(Method::Get, "/v2.3/me"));
    assert!(
        answer
            .headers
            .contains(&("Facebook-API-Version".into(), "v17.0".to_owned()))
    );
    assert_eq!(error_of(get(&mut world, "/v99.0/me")).1, 2500);
}

fn send_batch(world: &mut World, members: &Value, more: &str) -> (u16, Value) {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("batch", &members.to_string())
        .append_pair("access_token", APP_TOKEN);
    let form = format!("{}{more}", form.finish());
    let mut request = Request::new(Method::Post, "/v25.0/");
    request.params.add_form(&form);
    assert!(batch::is_batch(&request));
    let answer = batch::respond(world, &request);
    (answer.status, without_trace(&answer.body))
}

#[test]
fn batch_members_succeed_and_fail_by_themselves() {
    let mut world = world();
    let (person, _, user) = fleet_member(&mut world, &[]);
    let members = json!([
        {"method": "GET", "relative_url": format!("debug_token?input_token={user}")},
        {"method": "GET", "relative_url": "debug_token?input_token=xxxx"},
        {"method": "GET", "relative_url": format!("v24.0/me?access_token={user}")},
        {"method": "POST", "relative_url": "debug_token", "body": "input_token=xxxx"},
        {"relative_url": "me?access_token=gone"},
    ]);
    let (status, replies) = send_batch(&mut world, &members, "");
    assert_eq!(status, 200);
    let replies = replies.as_array().unwrap();
    let codes: Vec<_> = replies
        .iter()
        .map(|reply| reply["code"].as_u64().unwrap())
        .collect();
    assert_eq!(codes, [200, 200, 200, 400, 400]);
    let body: Value = serde_json::from_str(replies[0]["body"].as_str().unwrap()).unwrap();
    assert_eq!(body["data"]["user_id"], person);
    let version = |index: usize| replies[index]["headers"][0]["value"].as_str().unwrap();
    assert_eq!((version(0), version(2)), ("v25.0", "v24.0"));
    assert_eq!(world.call_log().calls(Endpoint::DebugToken), 3);
    assert_eq!(world.call_log().batches(), 1);
}

#[test]
fn headers_can_be_left_out_and_more_than_fifty_are_refused() {
    let mut world = world();
    let member = json!({"relative_url": "me"});
    let (_, replies) = send_batch(&mut world, &json!([member]), "&include_headers=false");
    assert_eq!(replies[0].get("headers"), None);
    let (status, body) = send_batch(&mut world, &json!(vec![member; 51]), "");
    assert_eq!(status, 400);
    assert_eq!(body["error"]["type"], "GraphBatchException");
}

#[test]
fn usage_is_reported_in_headers_and_too_much_is_refused() {
    let mut world = World::new("2022-11-18T05:53:08Z".parse().unwrap(), 1);
    world.add_app(AppSpec {
        id: APP.into(),
        secret: "secret".into(),
        calls_per_hour: Some(4),
        ..AppSpec::default()
    });
    let member = json!({"relative_url": "debug_token?input_token=xxxx"});
    let (_, replies) = send_batch(&mut world, &json!(vec![member; 5]), "");
    let codes: Vec<_> = replies
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["code"].clone())
        .collect();
    assert_eq!(codes, [200, 200, 200, 200, 403]);
    let header = &replies[1]["headers"][1];
    assert_eq!(header["name"], "X-App-Usage");
    assert!(
        header["value"]
            .as_str()
            .unwrap()
            .starts_with("{\"call_count\":50,")
    );
    let error: Value = serde_json::from_str(replies[4]["body"].as_str().unwrap()).unwrap();
    assert_eq!(
        (&error["error"]["code"], &error["error"]["is_transient"]),
        (&json!(4), &json!(true))
    );
}

#[test]
fn a_client_code_gives_a_token_of_its_own_without_a_secret() {
    let mut world = world();
    let (person, _, user) = fleet_member(&mut world, &[]);
    let back = "https://client.example/";
    let url = format!(
        "/oauth/client_code?client_id={APP}&client_secret=secret&redirect_uri={back}\
         &access_token={user}"
    );
    let code = get(&mut world, &url).1["code"].as_str().unwrap().to_owned();
    let url = format!("/oauth/access_token?client_id={APP}&redirect_uri={back}&code={code}");
    let (status, body) = get(&mut world, &url);
    assert_eq!(status, 200);
    assert!(body["machine_id"].is_string());
    let token = body["access_token"].as_str().unwrap();
    assert_ne!(token, user);
    assert_eq!(world.truth(token).unwrap().person, person);
}

#[test]
fn revoking_needs_all_four_of_one_app() {
    let mut world = world();
    let (person, _, user) = fleet_member(&mut world, &[]);
    let other = world
        .log_in("111", &person, &[], PageSelection::All)
        .unwrap();
    let mut revoke = |victim: &str, caller: &str| {
        let url = format!(
            "/v25.0/oauth/revoke?client_id={APP}&client_secret=secret&revoke_token={victim}\
             &access_token={caller}"
        );
        (get(&mut world, &url), world.is_alive(victim))
    };
    assert!(revoke(&other, APP_TOKEN).1);
    assert!(revoke(&user, &other).1);
    assert_eq!(
        revoke(&user, APP_TOKEN),
        ((200, json!({"success": "true"})), false)
    );
}

#[test]
fn permissions_are_deleted_one_by_one_or_with_the_app() {
    let mut world = world();
    let (person, _, user) = fleet_member(&mut world, &["email", "ads_read"]);
    for (one, left) in [
        ("permissions/email?", &["ads_read", "public_profile"][..]),
        ("permissions?permission=ads_read&", &["public_profile"]),
    ] {
        let url = format!("/{person}/{one}access_token={user}");
        assert_eq!(
            call(&mut world, Method::Delete, &url),
            (200, json!({"success": true}))
        );
        assert_eq!(world.truth(&user).unwrap().scopes, left);
    }
    let all = format!("/v25.0/me/permissions?access_token={user}");
    assert_eq!(call(&mut world, Method::Delete, &all).0, 200);
    assert_eq!(world.truth(&user).unwrap().death, Some(Death::AppRemoved));
}

#[test]
fn a_page_is_subscribed_with_its_own_token_and_permission() {
    let mut world = world();
    let (_, page, user) = fleet_member(&mut world, &["pages_show_list", "pages_manage_metadata"]);
    let token = world.page_token(&user, &page).unwrap();
    let as_person = format!("/{page}/subscribed_apps?access_token={user}");
    let as_person = error_of(call(&mut world, Method::Post, &as_person));
    assert_eq!((as_person.0, as_person.1), (403, 210));
    for list in ["messages,feed", r#"["messages","feed"]"#] {
        let url = format!("/{page}/subscribed_apps?subscribed_fields={list}&access_token={token}");
        assert_eq!(
            call(&mut world, Method::Post, &url),
            (200, json!({"success": true}))
        );
        assert_eq!(
            get(&mut world, &url).1["data"],
            json!([{"id": APP, "name": "demo", "subscribed_fields": ["messages", "feed"]}])
        );
        call(&mut world, Method::Delete, &url);
        assert_eq!(get(&mut world, &url).1["data"], json!([]));
    }
}

#[test]
fn a_system_user_makes_and_loses_its_tokens_by_call() {
    let mut world = world();
    let robot = world.add_system_user(APP, "Robot").unwrap();
    let admin = world
        .system_user_token(APP, &robot, &[], SystemUserValidity::Never)
        .unwrap();
    let proof = signature::proof("secret", &admin, None);
    let url = format!(
        "/{robot}/access_tokens?business_app={APP}&scope=ads_read,pages_show_list\
         &appsecret_proof={proof}&set_token_expires_in_60_days=true&access_token={admin}"
    );
    let (status, body) = call(&mut world, Method::Post, &url);
    assert_eq!(status, 200);
    let token = body["access_token"].as_str().unwrap().to_owned();
    let truth = world.truth(&token).unwrap();
    assert_eq!(truth.scopes, ["ads_read", "pages_show_list"]);
    assert!(truth.expires_at.is_some());

    call(
        &mut world,
        Method::Delete,
        &format!("/{robot}/access_tokens?access_token={admin}"),
    );
    assert_eq!(world.truth(&token).unwrap().death, Some(Death::Revoked));
}

#[test]
fn a_business_may_insist_on_tokens_that_expire() {
    let mut world = World::new("2022-11-18T05:53:08Z".parse().unwrap(), 1);
    world.add_app(AppSpec {
        id: APP.into(),
        secret: "secret".into(),
        system_users: SystemUserRule::MustExpire,
        ..AppSpec::default()
    });
    let robot = world.add_system_user(APP, "Robot").unwrap();
    let admin = world
        .system_user_token(APP, &robot, &[], SystemUserValidity::Never)
        .unwrap();
    let proof = signature::proof("secret", &admin, None);
    let url = format!(
        "/{robot}/access_tokens?business_app={APP}&appsecret_proof={proof}&access_token={admin}"
    );
    assert_eq!(error_of(call(&mut world, Method::Post, &url)).1, 100);
}

#[test]
fn a_page_that_nobody_ticked_is_found_through_its_business() {
    let mut world = world();
    let (person, page, _) = fleet_member(&mut world, &[]);
    let business = world.add_business("Holding");
    world.join_business(&person, &business).unwrap();
    world
        .put_page_in_business(&page, &business, Tenure::Owned)
        .unwrap();
    let scopes = ["pages_show_list", "business_management"];
    let none = PageSelection::Only(std::collections::BTreeSet::new());
    let user = world.log_in(APP, &person, &scopes, none).unwrap();

    let accounts = get(&mut world, &format!("/me/accounts?access_token={user}")).1;
    assert_eq!(accounts["data"], json!([]));
    let businesses = get(&mut world, &format!("/me/businesses?access_token={user}")).1;
    assert_eq!(
        businesses["data"],
        json!([{"id": business, "name": "Holding"}])
    );
    let url = format!("/{business}/owned_pages?fields=id,access_token&access_token={user}");
    let pages = get(&mut world, &url).1;
    assert_eq!(pages["data"][0]["id"], page);
    assert!(world.is_alive(pages["data"][0]["access_token"].as_str().unwrap()));
}

#[test]
fn a_success_that_another_member_depends_on_is_not_shown() {
    let mut world = world();
    let (_, _, user) = fleet_member(&mut world, &[]);
    let me = format!("me?access_token={user}");
    let first = |more: Value| {
        let mut first = json!({"relative_url": me, "name": "first"});
        first
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        json!([first, {"relative_url": me, "depends_on": "first"}])
    };
    for (members, shown, second) in [
        (first(json!({})), false, json!(200)),
        (
            first(json!({"omit_response_on_success": false})),
            true,
            json!(200),
        ),
        (
            first(json!({"relative_url": "me?access_token=xxxx"})),
            true,
            Value::Null,
        ),
    ] {
        let (_, replies) = send_batch(&mut world, &members, "");
        assert_eq!(replies[0].is_object(), shown, "{members}");
        assert_eq!(replies[1]["code"], second, "{members}");
    }
}
