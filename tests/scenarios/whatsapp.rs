//! Tokens for WhatsApp: of an embedded signup, of a login with Facebook, and of a system user; and what happens to them
//! when a business takes its account or the app away.

use std::collections::HashMap;
use std::sync::Arc;

use perennial::api::types::{LoginCodeRequest, LoginState};
use perennial::graph_sim::{
    AppSpec, Delivery, DialogAnswer, EmbeddedSignup, Endpoint, Fault, FaultRule, InjectedError,
    PageSelection, SystemUserValidity,
};
use perennial::model::{
    Cause, EventKind, Expiry, IncidentFilter, Kind, OrderKind, State, Token, TokenId,
};
use perennial::secret::Secret;
use perennial::webhooks::{NoticeAnswer, WebhookReceiver};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::world::{APP, APP_SECRET, Public, Result, Socket, World, client, days, hours, minutes};

const SCOPES: &str = "whatsapp_business_management whatsapp_business_messaging";

/// An operator whose own page runs the embedded signup, and a business with one account.
struct Connector {
    world: World,
    public: Public,
    socket: Socket,
    business: String,
    account: String,
}

impl Connector {
    async fn open() -> Result<Self> {
        let mut world = World::new().await?;
        let public = world.open_public(SCOPES, None).await?;
        let socket = world.open_socket().await?;
        let (business, account) = {
            let mut meta = world.meta.world();
            let business = meta.add_business("Bakery Ltd");
            let account = meta.add_whatsapp_account(&business, "Bakery")?;
            (business, account)
        };
        Ok(Self {
            world,
            public,
            socket,
            business,
            account,
        })
    }

    /// The code that the page gets.
    fn code(&self, validity: SystemUserValidity) -> Result<String> {
        let signup = EmbeddedSignup {
            app: APP.to_owned(),
            business: self.business.clone(),
            scopes: SCOPES.split(' ').map(str::to_owned).collect(),
            whatsapp_accounts: Some(vec![self.account.clone()]),
            validity,
        };
        self.world.meta.set_now(self.world.now);
        let mut meta = self.world.meta.world();
        let code = meta.embedded_signup(&signup)?;
        meta.take_deliveries();
        Ok(code)
    }

    /// Hands a code in. Returns the login.
    async fn hand_in(&mut self, code: &str, token: Option<&str>) -> Result<String> {
        let now = self.world.now;
        self.socket.publish_status(now, now).await?;
        let request = LoginCodeRequest {
            app: None,
            code: Secret::new(code),
            token: token.map(str::to_owned),
            accept_fewer: false,
        };
        let accepted = self.socket.client.redeem_code(&request).await?;
        self.world.act(&self.public).await?;
        Ok(accepted.id)
    }

    /// The token of a signup, confirmed and in use.
    async fn signed_up(&mut self, validity: SystemUserValidity) -> Result<Token> {
        let code = self.code(validity)?;
        let login = self.hand_in(&code, None).await?;
        let view = self.socket.client.login(&login).await?;
        assert_eq!(view.state, LoginState::Done, "{view:?}");
        let mut tokens = self.world.of_kind(Kind::SystemUser).await?;
        assert_eq!(tokens.len(), 1, "{tokens:?}");
        Ok(tokens.remove(0))
    }

    fn calls(&self, endpoint: Endpoint) -> u64 {
        self.world.meta.world().call_log().calls(endpoint)
    }
}

/// Delivers a webhook of Meta, and returns what it led to.
async fn hear(world: &World, post: &Delivery) -> Result<NoticeAnswer> {
    let signatures = client(&world.meta, APP_SECRET, 50)?.signatures();
    let receiver = WebhookReceiver {
        inventory: world.inventory.clone(),
        signers: Arc::new(HashMap::from([("acme".to_owned(), signatures)])),
        verify_token: None,
    };
    let signature = post.signature.as_deref().ok_or("unsigned")?;
    let body = post.body.as_bytes();
    Ok(receiver.webhook("acme", signature, body, world.now).await?)
}

/// How often Meta was asked about a token.
async fn asked_about(world: &World, id: TokenId) -> Result<u32> {
    let secret = world.secret(id).await?;
    let meta = world.meta.world();
    Ok(meta.call_log().calls_about(Endpoint::DebugToken, &secret))
}

/// The only webhook that waits at Meta.
fn posted(world: &World) -> Result<Delivery> {
    let mut posts = world.meta.world().take_deliveries();
    assert_eq!(posts.len(), 1, "{posts:?}");
    Ok(posts.remove(0))
}

#[tokio::test]
async fn the_code_of_a_signup_becomes_a_token_that_is_renewed_for_a_year() -> Result {
    let mut connector = Connector::open().await?;
    let token = connector.signed_up(SystemUserValidity::SixtyDays).await?;
    assert_eq!(token.name, "acme-bakery-ltd");
    assert_eq!(token.state(), State::Healthy);
    let world = &mut connector.world;
    let end = world.now + days(365);
    while world.now < end {
        world.live_with_post(days(5), hours(6)).await?;
        assert_eq!(world.state(token.id).await?, State::Healthy);
        let served = world.secret(token.id).await?;
        assert!(world.meta.world().is_alive(&served), "{}", world.now);
    }
    assert_eq!(world.told(EventKind::Rotated).await?, 12);
    assert!(world.mail()?.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_signups_token_that_never_expires_is_only_checked() -> Result {
    let mut connector = Connector::open().await?;
    let token = connector.signed_up(SystemUserValidity::Never).await?;
    let facts = token.facts.clone().ok_or("no facts")?;
    assert_eq!(facts.expires_at, Expiry::Never);
    let checks = connector.calls(Endpoint::DebugToken);
    connector.world.live(days(200)).await?;
    assert_eq!(connector.calls(Endpoint::Exchange), 0);
    assert!(connector.calls(Endpoint::DebugToken) >= checks + 190);
    assert_eq!(connector.world.state(token.id).await?, State::Healthy);
    Ok(())
}

#[tokio::test]
async fn another_signup_of_the_same_business_replaces_its_token() -> Result {
    let mut connector = Connector::open().await?;
    let first = connector.signed_up(SystemUserValidity::SixtyDays).await?;
    connector.world.now += days(3);
    let second = connector.signed_up(SystemUserValidity::SixtyDays).await?;
    assert_eq!((second.id, second.version), (first.id, first.version + 1));
    Ok(())
}

#[tokio::test]
async fn a_code_that_gives_nothing_says_why() -> Result {
    let mut connector = Connector::open().await?;
    let token = connector.signed_up(SystemUserValidity::SixtyDays).await?;
    let used = connector.code(SystemUserValidity::SixtyDays)?;
    connector.hand_in(&used, None).await?;
    let late = connector.code(SystemUserValidity::SixtyDays)?;
    connector.world.now += minutes(11);
    let foreign = {
        connector.world.meta.set_now(connector.world.now);
        let mut meta = connector.world.meta.world();
        let business = meta.add_business("Deli Ltd");
        meta.embedded_signup(&EmbeddedSignup {
            app: APP.to_owned(),
            business,
            scopes: vec!["whatsapp_business_management".to_owned()],
            whatsapp_accounts: None,
            validity: SystemUserValidity::Never,
        })?
    };
    let version = connector.world.token(token.id).await?.version;
    for (code, named, error) in [
        (used.as_str(), None, "code_used"),
        (&late, None, "code_expired"),
        ("AQnothing", None, "unusable"),
        (&foreign, Some("acme-bakery-ltd"), "wrong_person"),
    ] {
        let login = connector.hand_in(code, named).await?;
        let view = connector.socket.client.login(&login).await?;
        assert_eq!(view.state, LoginState::Refused, "{error}");
        assert_eq!(view.error.as_deref(), Some(error));
    }
    assert_eq!(connector.world.token(token.id).await?.version, version);
    assert_eq!(connector.world.of_kind(Kind::SystemUser).await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn an_app_that_a_business_removes_is_missed_at_once_in_one_incident() -> Result {
    let mut connector = Connector::open().await?;
    let token = connector.signed_up(SystemUserValidity::SixtyDays).await?;
    let business = connector.business.clone();
    let world = &mut connector.world;
    world.live(hours(3)).await?;
    let person = world.person("Maria");
    let hers = world.import("maria", &world.log_in(&person)?).await?;
    world.live(hours(3)).await?;
    world.meta.world().take_deliveries();
    world.now += minutes(20);
    world.meta.set_now(world.now);
    world.meta.world().uninstall_app(APP, &business)?;
    let asked = asked_about(world, token.id).await?;
    let asked_of_hers = asked_about(world, hers).await?;
    let heard = hear(world, &posted(world)?).await?;
    assert_eq!(heard, NoticeAnswer::ChecksDue);
    assert_eq!(world.state(token.id).await?, State::Healthy, "it is a hint");

    world.pass().await?;
    assert_eq!(world.state(token.id).await?, State::Dead);
    assert_eq!(asked_about(world, token.id).await?, asked + 1);
    assert_eq!(
        asked_about(world, hers).await?,
        asked_of_hers,
        "it lacks the permission"
    );
    world.live_with_post(hours(1), minutes(5)).await?;
    assert_eq!(world.state(hers).await?, State::Healthy);
    let open = world
        .inventory
        .read(|view| view.incidents(IncidentFilter::Open, 9))
        .await?;
    assert_eq!((open.len(), open[0].cause), (1, Cause::AppRemoved));
    let mail = world.mail()?;
    let about = mail
        .iter()
        .filter(|mail| mail.subject().contains("acme-bakery-ltd"));
    assert_eq!(about.count(), 1);
    Ok(())
}

#[tokio::test]
async fn a_token_whose_account_was_taken_away_is_checked_and_not_called_dead() -> Result {
    let mut connector = Connector::open().await?;
    let token = connector.signed_up(SystemUserValidity::SixtyDays).await?;
    let account = connector.account.clone();
    let world = &mut connector.world;
    world.live(hours(3)).await?;
    world.now += minutes(20);
    world.meta.set_now(world.now);
    world.meta.world().unshare_whatsapp_account(APP, &account)?;
    let post = posted(world)?;
    let before = world.meta.world().call_log().calls(Endpoint::DebugToken);
    // Meta repeats what it did not get an answer to.
    for _ in 0..3 {
        hear(world, &post).await?;
    }
    world.pass().await?;
    let calls = world.meta.world().call_log().calls(Endpoint::DebugToken) - before;
    assert_eq!(calls, 1);
    world.live_with_post(days(2), hours(1)).await?;
    assert_eq!(world.state(token.id).await?, State::Healthy);
    assert!(world.mail()?.is_empty());
    // The connector itself is refused, with the code of a missing permission.
    let secret = world.secret(token.id).await?;
    let (status, answer) = ask(world, &format!("/{account}?access_token={secret}")).await?;
    assert_eq!((status, &answer["error"]["code"]), (403, &200.into()));
    Ok(())
}

#[tokio::test]
async fn a_change_of_one_account_checks_a_hundred_tokens_at_most() -> Result {
    let mut connector = Connector::open().await?;
    connector.signed_up(SystemUserValidity::SixtyDays).await?;
    let account = connector.account.clone();
    let world = &mut connector.world;
    for number in 0..104 {
        let token = {
            let mut meta = world.meta.world();
            let name = format!("user {number}");
            let system_user = meta.add_system_user(APP, &name)?;
            let scopes: Vec<&str> = SCOPES.split(' ').collect();
            let never = SystemUserValidity::Never;
            meta.system_user_token(APP, &system_user, &scopes, never)?
        };
        world.import(&format!("user-{number}"), &token).await?;
    }
    world.live(minutes(30)).await?;
    world.meta.set_now(world.now);
    world.meta.world().unshare_whatsapp_account(APP, &account)?;
    let post = posted(world)?;
    world.now += minutes(2);
    for expected in [100, 5, 0] {
        let before = world.meta.world().call_log().calls(Endpoint::DebugToken);
        hear(world, &post).await?;
        world.pass().await?;
        let calls = world.meta.world().call_log().calls(Endpoint::DebugToken) - before;
        assert_eq!(calls, expected, "of 105 tokens, and Meta repeats itself");
    }
    assert!(world.open_incidents().await?.is_empty());
    Ok(())
}

/// What Meta answers to a call about an account, a page or a profile is no answer about the token.
#[tokio::test]
async fn a_refusal_of_a_single_call_condemns_no_token() -> Result {
    for (code, subcode) in [(200, None), (10, None), (100, Some(33))] {
        let mut connector = Connector::open().await?;
        let world = &mut connector.world;
        for endpoint in [Endpoint::Me, Endpoint::Accounts, Endpoint::Permissions] {
            let error = InjectedError {
                status: 403,
                code,
                subcode,
                is_transient: None,
                message: format!("(#{code}) no permission for this asset"),
            };
            let rule = FaultRule::new(Fault::Error(error)).on(endpoint);
            world.meta.world().inject(rule);
        }
        let token = connector.signed_up(SystemUserValidity::SixtyDays).await?;
        let world = &mut connector.world;
        world.live_with_post(days(40), hours(6)).await?;
        assert_eq!(world.state(token.id).await?, State::Healthy, "{code}");
        assert!(world.mail()?.is_empty());
    }
    Ok(())
}

/// Asks Meta as the connector does.
async fn ask(world: &World, target: &str) -> Result<(u16, Value)> {
    let mut stream = TcpStream::connect(world.meta.url().trim_start_matches("http://")).await?;
    let head = format!("GET {target} HTTP/1.1\r\nHost: graph\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or("no head")?;
    let status = head.split(' ').nth(1).ok_or("no status")?.parse()?;
    Ok((status, serde_json::from_str(body)?))
}

/// "WhatsApp Cloud API by Facebook Login": dialog, code, a token of an hour or two, a token of 60 days.
#[tokio::test]
async fn a_login_with_facebook_gives_sixty_days_and_its_end_is_told_ahead() -> Result {
    let mut world = World::new().await?;
    let public = world.open_public(SCOPES, None).await?;
    let person = world.person("Maria Schmidt");
    let (_, link) = world.operators_link(None, false).await?;
    let allow = DialogAnswer::allow;
    let outcome = world
        .log_in_through(&public, &link, &person, allow())
        .await?;
    world.act(&public).await?;
    public.get(&outcome).await?.says(&["Everything works"]);
    let tokens = world.of_kind(Kind::User).await?;
    let [token] = tokens.as_slice() else {
        return Err(format!("{tokens:?}").into());
    };
    let end = end_of(&world, token.id).await?;
    assert!(
        end > world.now + days(59),
        "the short-lived one was exchanged"
    );
    assert!(token.missing_scopes().is_empty());

    // Nobody is written to before the first step, two weeks ahead.
    world.live_with_post(days(45), hours(6)).await?;
    assert!(world.mail()?.is_empty());
    world.live_with_post(days(2), hours(1)).await?;
    let mail = world.mail()?;
    assert_eq!(mail.len(), 1);
    assert!(
        mail[0].subject().contains("Log in"),
        "{}",
        mail[0].subject()
    );
    assert_eq!(world.state(token.id).await?, State::Expiring);
    assert!(world.now < end);

    let link = world.email_link().await?;
    let outcome = world
        .log_in_through(&public, &link, &person, allow())
        .await?;
    world.act(&public).await?;
    public.get(&outcome).await?.says(&["Everything works"]);
    assert!(end_of(&world, token.id).await? > end + days(40));
    world.live_with_post(days(1), hours(1)).await?;
    assert!(world.open_incidents().await?.is_empty());
    Ok(())
}

async fn end_of(world: &World, id: TokenId) -> Result<jiff::Timestamp> {
    let facts = world.token(id).await?.facts.ok_or("no facts")?;
    Ok(facts.expires_at.at().ok_or("it has no end")?)
}

#[tokio::test]
async fn the_permanent_token_of_a_system_user_is_checked_and_its_revocation_is_told() -> Result {
    let mut world = World::new().await?;
    let (system_user, token) = {
        let mut meta = world.meta.world();
        let system_user = meta.add_system_user(APP, "connector")?;
        let scopes: Vec<&str> = SCOPES.split(' ').collect();
        let never = SystemUserValidity::Never;
        let token = meta.system_user_token(APP, &system_user, &scopes, never)?;
        (system_user, token)
    };
    let id = world.import_requiring("connector", &token, SCOPES).await?;
    world.live_with_post(days(100), hours(6)).await?;
    let known = world.token(id).await?;
    let facts = known.facts.clone().ok_or("no facts")?;
    assert_eq!(
        (facts.kind, facts.expires_at),
        (Kind::SystemUser, Expiry::Never)
    );
    assert_eq!(known.state(), State::Healthy);
    assert!(known.missing_scopes().is_empty());
    let exchanges = world.meta.world().call_log().calls(Endpoint::Exchange);
    assert_eq!((exchanges, world.mail()?.len()), (0, 0));

    world.meta.world().revoke_all(&system_user)?;
    world.live_with_post(days(2), hours(1)).await?;
    assert_eq!(world.state(id).await?, State::Dead);
    assert_eq!(world.mail()?.len(), 1);
    Ok(())
}

/// Unified Login: a business gives a token for its Instagram account on graph.facebook.com.
#[tokio::test]
async fn a_businesss_token_for_instagram_at_facebook_is_renewed_like_any_other() -> Result {
    let mut connector = Connector::open().await?;
    let signup = EmbeddedSignup {
        app: APP.to_owned(),
        business: connector.business.clone(),
        scopes: vec!["instagram_basic".to_owned(), "pages_show_list".to_owned()],
        whatsapp_accounts: None,
        validity: SystemUserValidity::SixtyDays,
    };
    connector.world.require("instagram_basic").await?;
    let code = connector.world.meta.world().embedded_signup(&signup)?;
    connector.hand_in(&code, None).await?;
    let world = &mut connector.world;
    let tokens = world.of_kind(Kind::SystemUser).await?;
    let [token] = tokens.as_slice() else {
        return Err(format!("{tokens:?}").into());
    };
    assert!(token.missing_scopes().is_empty());
    world.live_with_post(days(100), hours(6)).await?;
    assert_eq!(world.told(EventKind::Rotated).await?, 3);
    assert_eq!(world.state(token.id).await?, State::Healthy);
    assert!(world.mail()?.is_empty());
    Ok(())
}

/// The page's token is the only one, whatever it may read.
#[tokio::test]
async fn an_instagram_account_behind_a_page_is_no_second_token() -> Result {
    let mut world = World::with_app(AppSpec::default()).await?;
    let person = world.person("Maria");
    let scopes = ["pages_show_list", "instagram_basic", "pages_messaging"];
    let token = {
        let mut meta = world.meta.world();
        meta.log_in(APP, &person, &scopes, PageSelection::All)?
    };
    let (page, _) = world.page(&person, "Bakery", &token)?;
    let id = world.import("maria", &token).await?;
    world.order(id, OrderKind::Discover).await?;
    world.live(days(1)).await?;
    let pages = world.of_kind(Kind::Page).await?;
    assert_eq!(pages.len(), 1);
    let facts = pages[0].facts.clone().ok_or("no facts")?;
    assert_eq!(facts.subject, page);
    assert!(facts.has("instagram_basic"));
    assert!(world.of_kind(Kind::InstagramUser).await?.is_empty());
    assert_eq!(world.of_kind(Kind::User).await?.len(), 1);
    Ok(())
}
