//! Redirects as Meta sends them, and the pages that a browser shows.

use super::*;
use crate::graph_sim::endpoints::{self, Method, Request};
use crate::graph_sim::world::{AppMode, AppSpec, CodeGives};

const APP: &str = "257422819769992";
const BACK: &str = "https://tokens.example.com/callback";

fn world_with(spec: AppSpec) -> (World, String) {
    let mut world = World::new("2026-01-10T10:00:00Z".parse().unwrap(), 3);
    world.add_app(AppSpec {
        id: APP.into(),
        secret: "secret".into(),
        name: "Demo & <Co>".into(),
        redirect_uris: vec![BACK.into()],
        ..spec
    });
    let person = world.add_person("Ada");
    (world, person)
}

fn world() -> (World, String) {
    world_with(AppSpec::default())
}

fn url(more: &str) -> String {
    format!("/v25.0/dialog/oauth?client_id={APP}&redirect_uri={BACK}&state=s%201&{more}")
}

/// Returns the fields of the redirect's query or fragment.
fn fields(location: &str) -> Vec<(String, String)> {
    assert!(location.starts_with(BACK), "{location}");
    let query = location[BACK.len() + 1..].trim_end_matches("#_=_");
    form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect()
}

fn field(location: &str, name: &str) -> Option<String> {
    fields(location)
        .into_iter()
        .find(|(known, _)| known == name)
        .map(|(_, value)| value)
}

fn redeem(world: &mut World, code: &str, more: &str) -> (u16, serde_json::Value) {
    let url =
        format!("/v25.0/oauth/access_token?client_id={APP}&client_secret=secret&code={code}{more}");
    let answer = endpoints::respond(world, &Request::new(Method::Get, &url));
    (answer.status, serde_json::from_str(&answer.body).unwrap())
}

fn subcode(answer: &(u16, serde_json::Value)) -> Option<i64> {
    assert_eq!((answer.0, &answer.1["error"]["code"]), (400, &100.into()));
    answer.1["error"]["error_subcode"].as_i64()
}

#[test]
fn a_code_comes_back_with_the_state_and_buys_one_token() {
    let (mut world, person) = world();
    let asked = url("scope=email,pages_show_list&auth_type=reauthorize");
    let location = world
        .answer_dialog(&asked, &person, DialogAnswer::allow())
        .unwrap();
    assert_eq!(field(&location, "state").unwrap(), "s 1");
    assert!(location.ends_with("#_=_"));
    let code = field(&location, "code").unwrap();
    let address = format!("&redirect_uri={BACK}");

    assert_eq!(subcode(&redeem(&mut world, &code, "")), Some(36008));
    assert_eq!(subcode(&redeem(&mut world, "nonsense", &address)), None);
    let relative = redeem(&mut world, &code, "&redirect_uri=/callback");
    assert_eq!(relative.1["error"]["code"], 191);

    let (status, body) = redeem(&mut world, &code, &address);
    assert_eq!(status, 200);
    assert_eq!(body["expires_in"], 3_600);
    let truth = world.truth(body["access_token"].as_str().unwrap()).unwrap();
    assert_eq!(truth.scopes, ["email", "pages_show_list", "public_profile"]);
    assert_eq!(subcode(&redeem(&mut world, &code, &address)), Some(36009));
}

#[test]
fn a_code_runs_out() {
    let (mut world, person) = world();
    let location = world
        .answer_dialog(&url(""), &person, DialogAnswer::allow())
        .unwrap();
    let code = field(&location, "code").unwrap();
    world.set_now("2026-01-10T10:10:00Z".parse().unwrap());
    let answer = redeem(&mut world, &code, &format!("&redirect_uri={BACK}"));
    assert_eq!(subcode(&answer), Some(36007));
}

#[test]
fn an_embedded_code_is_exchanged_without_an_address() {
    let (mut world, person) = world();
    let code = world.embedded_code(APP, &person, &["email"]).unwrap();
    assert_eq!(redeem(&mut world, &code, "").0, 200);
}

#[test]
fn a_cancelled_login_is_reported_in_four_fields() {
    let (mut world, person) = world();
    let location = world
        .answer_dialog(&url(""), &person, DialogAnswer::Cancel)
        .unwrap();
    let expected = [
        ("error", "access_denied"),
        ("error_code", "200"),
        ("error_description", "Permissions error"),
        ("error_reason", "user_denied"),
        ("state", "s 1"),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(fields(&location), expected);
}

#[test]
fn an_app_in_development_refuses_outsiders_with_its_own_error() {
    let mut spec = AppSpec {
        mode: AppMode::Development,
        ..AppSpec::default()
    };
    spec.configurations
        .insert("77".into(), vec!["ads_read".into()]);
    let (mut world, person) = world_with(spec);
    let allow = DialogAnswer::allow;
    let sandboxed = world
        .answer_dialog(&url("scope=email"), &person, allow())
        .unwrap();
    assert_eq!(field(&sandboxed, "error"), None);
    assert_eq!(field(&sandboxed, "error_code").unwrap(), "901");
    let business = world
        .answer_dialog(&url("config_id=77"), &person, allow())
        .unwrap();
    assert_eq!(field(&business, "error").unwrap(), "access_denied");
    world.make_developer(APP, &person).unwrap();
    let insider = world
        .answer_dialog(&url("scope=email"), &person, allow())
        .unwrap();
    assert!(field(&insider, "code").is_some());
}

#[test]
fn what_was_declined_is_asked_again_only_on_rerequest() {
    let (mut world, person) = world();
    let decline = DialogAnswer::Allow {
        declined: vec!["email".into()],
        pages: PageSelection::All,
    };
    let asked = url("scope=email,ads_read&return_scopes=true");
    let location = world.answer_dialog(&asked, &person, decline).unwrap();
    assert_eq!(
        field(&location, "granted_scopes").unwrap(),
        "ads_read,public_profile"
    );
    assert_eq!(field(&location, "denied_scopes").unwrap(), "email");

    for (more, granted) in [
        ("scope=email", "ads_read,public_profile"),
        (
            "scope=email&auth_type=rerequest",
            "ads_read,email,public_profile",
        ),
    ] {
        let asked = url(&format!("{more}&return_scopes=true"));
        let location = world
            .answer_dialog(&asked, &person, DialogAnswer::allow())
            .unwrap();
        assert_eq!(
            field(&location, "granted_scopes").unwrap(),
            granted,
            "{more}"
        );
    }
}

#[test]
fn a_configuration_is_all_or_nothing_and_can_make_a_system_user() {
    let mut spec = AppSpec {
        code_gives: CodeGives::SystemUser,
        ..AppSpec::default()
    };
    spec.configurations
        .insert("77".into(), vec!["ads_read".into()]);
    let (mut world, person) = world_with(spec);
    let asked = url("config_id=77&response_type=code&override_default_response_type=true");
    let partly = DialogAnswer::Allow {
        declined: vec!["ads_read".into()],
        pages: PageSelection::All,
    };
    let refused = world.answer_dialog(&asked, &person, partly).unwrap();
    assert_eq!(field(&refused, "error").unwrap(), "access_denied");

    let location = world
        .answer_dialog(&asked, &person, DialogAnswer::allow())
        .unwrap();
    let code = field(&location, "code").unwrap();
    let (_, body) = redeem(&mut world, &code, &format!("&redirect_uri={BACK}"));
    assert_eq!(body.get("expires_in"), None);
    let truth = world.truth(body["access_token"].as_str().unwrap()).unwrap();
    assert_eq!(truth.kind, crate::graph_sim::TokenKind::SystemUser);
    assert_eq!(truth.scopes, ["ads_read"]);
}

#[test]
fn a_token_in_the_fragment_is_another_response_type() {
    let (mut world, person) = world();
    let asked = url("response_type=token");
    let location = world
        .answer_dialog(&asked, &person, DialogAnswer::allow())
        .unwrap();
    assert!(location.starts_with(&format!("{BACK}#")), "{location}");
    assert!(world.is_alive(&field(&location, "access_token").unwrap()));
}

#[test]
fn foreign_and_relative_addresses_are_never_returned_to() {
    let (mut world, person) = world();
    for (address, words) in [
        ("https://evil.example/", "URL blocked"),
        ("/callback", "absolute URI"),
        ("https://tokens.example.com/callback/", "URL blocked"),
    ] {
        let asked = format!("/dialog/oauth?client_id={APP}&redirect_uri={address}");
        let rejection = world
            .answer_dialog(&asked, &person, DialogAnswer::allow())
            .unwrap_err();
        assert!(rejection.to_string().contains(words), "{rejection}");
    }
}

/// An app of another platform, and a person.
fn world_at(platform: Platform) -> (World, String) {
    world_with(AppSpec {
        platform,
        ..AppSpec::default()
    })
}

#[test]
fn the_dialogs_of_instagram_and_threads_return_in_their_own_words() {
    for (platform, host) in [
        (Platform::Instagram, "www.instagram.com"),
        (Platform::Threads, "threads.net"),
    ] {
        let (mut world, person) = world_at(platform);
        let query = format!(
            "client_id={APP}&redirect_uri={BACK}&state=x&scope=a,b&return_scopes=true\
             &response_type=code"
        );
        for url in [
            format!("/oauth/authorize?{query}"),
            format!("https://{host}/oauth/authorize?{query}"),
            format!("http://127.0.0.1:1/{host}/oauth/authorize?{query}"),
        ] {
            let location = world
                .answer_dialog(&url, &person, DialogAnswer::allow())
                .unwrap();
            let returned = location.strip_suffix("&state=x#_").unwrap();
            let code = returned.strip_prefix(&format!("{BACK}?code=")).unwrap();
            assert!(!code.contains('&'), "{location}");
        }
        let url = format!("/oauth/authorize?{query}");
        let location = world
            .answer_dialog(&url, &person, DialogAnswer::Cancel)
            .unwrap();
        assert_eq!(
            location,
            format!(
                "{BACK}?error=access_denied&error_description=The+user+denied+your+request\
                 &error_reason=user_denied&state=x#_"
            )
        );
    }
}

#[test]
fn a_dialog_takes_only_apps_of_its_platform_and_only_returns_codes() {
    let query = format!("client_id={APP}&redirect_uri={BACK}");
    for (platform, path, words) in [
        (
            Platform::Instagram,
            "/v25.0/dialog/oauth?",
            "Invalid platform app",
        ),
        (
            Platform::Instagram,
            "/www.threads.com/oauth/authorize?",
            "Invalid platform app",
        ),
        (
            Platform::Facebook,
            "/www.instagram.com/oauth/authorize?",
            "Invalid platform app",
        ),
        (
            Platform::Threads,
            "/oauth/authorize?response_type=token&",
            "Invalid response_type",
        ),
    ] {
        let (mut world, person) = world_at(platform);
        let url = format!("{path}{query}");
        let rejection = world
            .answer_dialog(&url, &person, DialogAnswer::allow())
            .unwrap_err();
        assert!(rejection.to_string().contains(words), "{rejection}");
    }
}

#[test]
fn an_outsider_of_an_unpublished_instagram_app_is_not_sent_back() {
    let (mut world, person) = world_with(AppSpec {
        platform: Platform::Instagram,
        mode: AppMode::Development,
        ..AppSpec::default()
    });
    let url = format!("/oauth/authorize?client_id={APP}&redirect_uri={BACK}");
    let rejection = world
        .answer_dialog(&url, &person, DialogAnswer::allow())
        .unwrap_err();
    assert_eq!(rejection.to_string(), "Insufficient Developer Role");
}

#[test]
fn the_pages_name_the_account_and_show_only_what_the_platform_has() {
    let (mut world, person) = world_at(Platform::Instagram);
    let page = world.add_page("Bakery");
    world.give_role(&person, &page).unwrap();
    let query = format!("client_id={APP}&redirect_uri={BACK}&scope=instagram_business_basic");
    let dialog = Dialog::read(&world, None, &Params::parse(&query)).unwrap();
    let first = page::people(&world, &dialog, &Params::parse(&query));
    assert!(first.contains("&lt;Co&gt; with Instagram"), "{first}");
    let second = page::consent(&world, &dialog, world.person_id(&person).unwrap());
    assert!(second.contains("value=\"instagram_business_basic\" checked"));
    assert!(!second.contains("public_profile") && !second.contains("Bakery"));
}

#[test]
fn the_pages_lead_from_the_person_to_the_answer() {
    let (mut world, person) = world();
    let page = world.add_page("Bakery");
    world.give_role(&person, &page).unwrap();
    let query = format!("client_id={APP}&redirect_uri={BACK}&state=x&scope=email,pages_show_list");
    let dialog = Dialog::read(&world, None, &Params::parse(&query)).unwrap();

    let first = page::people(&world, &dialog, &Params::parse(&query));
    assert!(first.contains("Log in to Demo &amp; &lt;Co&gt;"), "{first}");
    assert!(first.contains(&format!("value=\"{person}\"")));
    assert!(first.contains("name=\"state\" value=\"x\""));

    let second = page::consent(&world, &dialog, world.person_id(&person).unwrap());
    assert!(
        second.contains("name=\"scope\" value=\"email\" checked"),
        "{second}"
    );
    assert!(second.contains(&format!("name=\"page\" value=\"{page}\" checked")));

    let form = format!("person={person}&answer=allow&scope=pages_show_list&page={page}");
    let opened = Opened {
        platform: None,
        query,
    };
    let location = concluded(&mut world, &opened, &Params::parse(&form)).unwrap();
    let code = field(&location, "code").unwrap();
    let (_, body) = redeem(&mut world, &code, &format!("&redirect_uri={BACK}"));
    let user = body["access_token"].as_str().unwrap();
    assert_eq!(
        world.truth(user).unwrap().scopes,
        ["pages_show_list", "public_profile"]
    );
    assert!(world.page_token(user, &page).is_some());
}
