//! A person logs in: from the link in an email to working tokens, for each kind of app setup; and what is rejected on
//! the way.

use perennial::graph_sim::{
    AppMode, AppSpec, CodeGives, DialogAnswer, Endpoint, Fault, FaultRule, LongLived,
    PageSelection, SystemUserValidity,
};
use perennial::model::{Cause, EventKind, Expiry, Kind, OrderKind, State, TokenId};

use crate::world::{APP, Mail, PUBLIC_URL, Public, Result, World, days, hours, minutes};

const CALLBACK: &str = "https://tokens.example.com/perennial/login/callback";
const ASKED: &str = "email pages_show_list pages_messaging";

/// Maria with her login and three pages, all of them imported and healthy.
struct Shop {
    world: World,
    public: Public,
    person: String,
    maria: TokenId,
    pages: Vec<TokenId>,
}

impl Shop {
    async fn open() -> Result<Self> {
        let spec = AppSpec {
            redirect_uris: vec![CALLBACK.to_owned()],
            ..AppSpec::default()
        };
        let mut world = World::with_app(spec).await?;
        let public = world.open_public(ASKED, None).await?;
        let person = world.person("Maria Schmidt");
        let token = world.log_in(&person)?;
        let maria = world.import("acme-maria", &token).await?;
        let mut pages = Vec::new();
        for name in ["Bakery", "Café", "Deli"] {
            let (_, page) = world.page(&person, name, &token)?;
            pages.push(
                world
                    .import(&format!("acme-{}", pages.len()), &page)
                    .await?,
            );
        }
        world.live(hours(1)).await?;
        Ok(Self {
            world,
            public,
            person,
            maria,
            pages,
        })
    }

    /// Changes the password and waits for the email about it.
    async fn lock_out(&mut self) -> Result<String> {
        self.world.meta.world().change_password(&self.person)?;
        self.world.live_with_post(days(2), minutes(30)).await?;
        assert_eq!(self.world.state(self.maria).await?, State::Dead);
        self.public.tell_time(self.world.now);
        self.world.email_link().await
    }

    async fn states(&self) -> Result<Vec<State>> {
        let mut states = vec![self.world.state(self.maria).await?];
        for page in &self.pages {
            states.push(self.world.state(*page).await?);
        }
        Ok(states)
    }
}

fn emails(mail: &[Mail], words: &str) -> usize {
    mail.iter()
        .filter(|mail| mail.subject().contains(words))
        .count()
}

fn field(address: &str, name: &str) -> Option<String> {
    let query = address.split_once('?')?.1.split('#').next()?;
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned())
}

#[tokio::test]
async fn one_click_in_an_email_brings_a_person_and_all_pages_back() -> Result {
    let mut shop = Shop::open().await?;
    let link = shop.lock_out().await?;
    let (world, public) = (&mut shop.world, &shop.public);
    assert!(
        world
            .mail()?
            .iter()
            .any(|mail| mail.0.replace("=\n", "").contains("/login/")),
        "an email bears the link"
    );
    public.tell_time(world.now);

    let page = public.get(&link).await?;
    assert_eq!(page.status, 200);
    page.says(&[
        "Log in as Maria Schmidt",
        "Bakery",
        "Café",
        "Deli",
        "method=\"post\"",
        "Continue with Facebook",
    ]);
    assert!(!page.body.contains("<script"), "it works without");
    let dialog = public.post(&link).await?.location()?;
    assert_eq!(field(&dialog, "client_id").as_deref(), Some(APP));
    assert_eq!(
        field(&dialog, "scope").as_deref(),
        Some("email%2Cpages_messaging%2Cpages_show_list")
    );
    assert_eq!(field(&dialog, "auth_type"), None);
    let back = world
        .meta
        .world()
        .answer_dialog(&dialog, &shop.person, DialogAnswer::allow())?;
    let outcome = public.get(&back).await?.location()?;
    assert!(
        outcome.starts_with(&format!("{PUBLIC_URL}/login/result/")),
        "{outcome}"
    );
    assert!(!outcome.contains("code"), "{outcome}");

    let waiting = public.get(&outcome).await?;
    waiting.says(&["One moment", "http-equiv=\"refresh\""]);
    let again = format!("2; url={outcome}");
    assert_eq!(waiting.header("refresh"), Some(again.as_str()));

    let before = world.mail()?.len();
    world.act(public).await?;
    let done = public.get(&outcome).await?;
    done.says(&["Thank you. Everything works", "Bakery", "Deli"]);
    assert_eq!(done.header("refresh"), None);
    world.live_with_post(hours(1), minutes(5)).await?;
    assert!(world.open_incidents().await?.is_empty());
    let mail = world.mail()?;
    assert_eq!(mail.len(), before + 1, "one email tells that it is over");
    assert_eq!(emails(&mail, "Working again"), 1);
    assert_eq!(shop.states().await?, [State::Healthy; 4]);
    Ok(())
}

#[tokio::test]
async fn pages_may_not_be_cached_and_run_no_scripts() -> Result {
    let shop = Shop::open().await?;
    let (_, link) = shop.world.operators_link(Some(shop.maria), false).await?;
    let page = shop.public.get(&link).await?;
    for (header, expected) in [
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        ("x-frame-options", "DENY"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(page.header(header), Some(expected), "{header}");
    }
    let policy = page.header("content-security-policy").unwrap_or_default();
    assert!(
        policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
        "{policy}"
    );
    let style = shop
        .public
        .get(&format!("{PUBLIC_URL}/login/style.css"))
        .await?;
    assert_eq!(
        style.header("content-type"),
        Some("text/css; charset=utf-8")
    );
    Ok(())
}

#[tokio::test]
async fn looking_at_a_link_burns_nothing() -> Result {
    let mut shop = Shop::open().await?;
    let link = shop.lock_out().await?;
    let public = &shop.public;
    for method in ["GET", "HEAD", "GET"] {
        assert_eq!(public.ask(method, &link).await?.status, 200);
    }
    let dialog = public.post(&link).await?.location()?;
    let back =
        shop.world
            .meta
            .world()
            .answer_dialog(&dialog, &shop.person, DialogAnswer::allow())?;
    assert_eq!(public.ask("HEAD", &back).await?.status, 200);
    let outcome = public.get(&back).await?.location()?;
    shop.world.act(public).await?;
    public.get(&outcome).await?.says(&["Everything works"]);
    Ok(())
}

#[tokio::test]
async fn strangers_see_nothing() -> Result {
    let shop = Shop::open().await?;
    for path in [
        "/login/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "/login/result/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ] {
        let answer = shop.public.get(&format!("{PUBLIC_URL}{path}")).await?;
        assert_eq!(answer.status, 404, "{path}");
        answer.says(&["This link is not known here"]);
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
    for path in ["/login/callback", "/v1/status", "/", "/..%2f..%2fv1/tokens"] {
        let answer = shop.public.get(&format!("{PUBLIC_URL}{path}")).await?;
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (404, "There is nothing here.\n"),
            "{path}"
        );
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
    let unknown = format!("{CALLBACK}?code=AQ&state=AAAA");
    shop.public
        .get(&unknown)
        .await?
        .says(&["This login was started too long ago"]);
    assert_eq!(
        shop.world
            .meta
            .world()
            .call_log()
            .calls(Endpoint::CodeExchange),
        0
    );
    Ok(())
}

#[tokio::test]
async fn the_wrong_person_is_refused_and_learns_whose_login_is_needed() -> Result {
    let mut shop = Shop::open().await?;
    let link = shop.lock_out().await?;
    let paul = shop.world.person("Paul");
    let outcome = shop
        .world
        .log_in_through(&shop.public, &link, &paul, DialogAnswer::allow())
        .await?;
    shop.world.act(&shop.public).await?;
    shop.public.get(&outcome).await?.says(&[
        "Please log in as Maria Schmidt",
        "You are logged in to Facebook as Paul",
        "nothing was changed",
        "Log in again",
    ]);
    assert_eq!(shop.world.told(EventKind::CandidateKept).await?, 0);
    assert_eq!(shop.world.state(shop.maria).await?, State::Dead);
    let outcome = shop
        .world
        .log_in_through(
            &shop.public,
            &link,
            &shop.person.clone(),
            DialogAnswer::allow(),
        )
        .await?;
    shop.world.act(&shop.public).await?;
    shop.public.get(&outcome).await?.says(&["Everything works"]);
    Ok(())
}

#[tokio::test]
async fn a_link_for_a_token_that_meta_cannot_read_takes_no_stranger_in() -> Result {
    let mut world = World::new().await?;
    let public = world.open_public("", None).await?;
    let stranger = world.person("Stranger");
    let token = world.import("acme-new", "EAAnonsense").await?;
    world.pass().await?;
    assert!(world.token(token).await?.facts.is_none());

    let (_, link) = world.operators_link(Some(token), false).await?;
    let outcome = world
        .log_in_through(&public, &link, &stranger, DialogAnswer::allow())
        .await?;
    world.act(&public).await?;
    public.get(&outcome).await?.says(&["Log in again"]);
    assert_eq!(world.secret(token).await?, "EAAnonsense");
    assert!(world.token(token).await?.facts.is_none());
    Ok(())
}

#[tokio::test]
async fn a_link_for_a_token_that_meta_never_described_takes_no_stranger_in() -> Result {
    let mut world = World::new().await?;
    let public = world.open_public("", None).await?;
    let (maria, stranger) = (world.person("Maria"), world.person("Stranger"));
    let token = world.import("acme-new", &world.log_in(&maria)?).await?;
    let before = world.secret(token).await?;

    let (_, link) = world.operators_link(Some(token), false).await?;
    for _ in 0..2 {
        // The second time, Meta has already said whose token it is.
        let outcome = world
            .log_in_through(&public, &link, &stranger, DialogAnswer::allow())
            .await?;
        world.act(&public).await?;
        public.get(&outcome).await?.says(&["Log in again"]);
        assert_eq!(world.secret(token).await?, before);
        let facts = world.token(token).await?.facts.ok_or("no facts")?;
        assert_eq!(facts.person, maria);
        assert_eq!(world.inventory.read(|view| view.fleet()).await?.total(), 1);
    }
    let outcome = world
        .log_in_through(&public, &link, &maria, DialogAnswer::allow())
        .await?;
    world.act(&public).await?;
    public.get(&outcome).await?.says(&["Everything works"]);
    assert_ne!(world.secret(token).await?, before);
    Ok(())
}

#[tokio::test]
async fn a_state_is_good_once() -> Result {
    let mut shop = Shop::open().await?;
    let link = shop.lock_out().await?;
    let dialog = shop.public.post(&link).await?.location()?;
    let answer = |shop: &Shop| {
        let mut meta = shop.world.meta.world();
        meta.answer_dialog(&dialog, &shop.person, DialogAnswer::allow())
    };
    let (first, second) = (answer(&shop)?, answer(&shop)?);
    assert_ne!(first, second, "another code for the same state");
    let outcome = shop.public.get(&first).await?.location()?;
    assert_eq!(shop.public.get(&second).await?.location()?, outcome);
    shop.world.act(&shop.public).await?;
    assert_eq!(shop.public.get(&first).await?.location()?, outcome);
    shop.world.act(&shop.public).await?;
    assert_eq!(
        shop.world
            .meta
            .world()
            .call_log()
            .calls(Endpoint::CodeExchange),
        1
    );
    Ok(())
}

#[tokio::test]
async fn a_used_or_old_code_is_reported_and_never_tried_again() -> Result {
    let mut shop = Shop::open().await?;
    let link = shop.lock_out().await?;
    let outcome = shop
        .world
        .log_in_through(
            &shop.public,
            &link,
            &shop.person.clone(),
            DialogAnswer::allow(),
        )
        .await?;
    shop.world.now += minutes(9);
    shop.world.meta.set_now(shop.world.now + minutes(2));
    shop.public.login_worker.pass(shop.world.now).await?;
    shop.public
        .get(&outcome)
        .await?
        .says(&["That took a little too long", "36007"]);
    shop.public
        .login_worker
        .pass(shop.world.now + minutes(30))
        .await?;
    assert_eq!(
        shop.world
            .meta
            .world()
            .call_log()
            .calls(Endpoint::CodeExchange),
        1
    );
    Ok(())
}

#[tokio::test]
async fn an_exchange_that_was_not_answered_is_not_repeated() -> Result {
    let mut shop = Shop::open().await?;
    let link = shop.lock_out().await?;
    let outcome = shop
        .world
        .log_in_through(
            &shop.public,
            &link,
            &shop.person.clone(),
            DialogAnswer::allow(),
        )
        .await?;
    let lost = FaultRule::new(Fault::LostAnswer).on(Endpoint::CodeExchange);
    shop.world.meta.world().inject(lost.times(1));
    shop.world.act(&shop.public).await?;
    shop.public
        .get(&outcome)
        .await?
        .says(&["Facebook did not answer in time", "Log in again"]);
    shop.world.act(&shop.public).await?;
    assert_eq!(
        shop.world
            .meta
            .world()
            .call_log()
            .calls(Endpoint::CodeExchange),
        1
    );
    let outcome = shop
        .world
        .log_in_through(
            &shop.public,
            &link,
            &shop.person.clone(),
            DialogAnswer::allow(),
        )
        .await?;
    shop.world.act(&shop.public).await?;
    shop.public.get(&outcome).await?.says(&["Everything works"]);
    Ok(())
}

/// What Meta gave for a short-lived token is kept until it can be checked. To ask again would be a second exchange.
#[tokio::test]
async fn a_long_lived_token_is_kept_even_if_meta_does_not_describe_it_yet() -> Result {
    let mut shop = Shop::open().await?;
    let link = shop.lock_out().await?;
    let (world, public) = (&mut shop.world, &shop.public);
    world
        .log_in_through(public, &link, &shop.person, DialogAnswer::allow())
        .await?;
    let asked = world.meta.world().call_log().calls(Endpoint::Exchange);
    let late = Fault::Latency(std::time::Duration::from_secs(1));
    let late = FaultRule::new(late).on(Endpoint::Exchange).times(1);
    world.meta.world().inject(late);

    let (login_worker, now) = (public.login_worker.clone(), world.now);
    let under_way = tokio::spawn(async move { login_worker.pass(now).await });
    world.until_asked(Endpoint::Exchange, asked + 1).await;
    let unavailable = FaultRule::new(Fault::Unavailable).on(Endpoint::DebugToken);
    world.meta.world().inject(unavailable);
    under_way.await??;
    world.meta.world().heal();
    world.act(public).await?;
    assert_eq!(world.state(shop.maria).await?, State::Healthy);
    let made = world.meta.world().call_log().calls(Endpoint::Exchange) - asked;
    assert_eq!(made, 1);
    Ok(())
}

/// A page token derived from a short-lived user token ends with it.
#[tokio::test]
async fn a_login_whose_end_meta_does_not_say_brings_tokens_that_last() -> Result {
    let mut shop = Shop::open().await?;
    let link = shop.lock_out().await?;
    let (world, public) = (&mut shop.world, &shop.public);
    let silent = FaultRule::new(Fault::WithoutClocks).on(Endpoint::DebugToken);
    world.meta.world().inject(silent);
    let asked = world.meta.world().call_log().calls(Endpoint::Exchange);
    world
        .log_in_through(public, &link, &shop.person, DialogAnswer::allow())
        .await?;
    world.act(public).await?;
    let made = world.meta.world().call_log().calls(Endpoint::Exchange) - asked;
    assert_eq!(
        made, 1,
        "what came with the code says that it is short-lived"
    );
    world.meta.world().heal();
    world.live(days(1)).await?;
    assert_eq!(shop.states().await?, [State::Healthy; 4]);
    for page in &shop.pages {
        let facts = shop.world.token(*page).await?.facts.ok_or("no facts")?;
        assert_eq!(facts.expires_at, Expiry::Never);
    }
    Ok(())
}

#[tokio::test]
async fn a_login_whose_exchanges_have_no_answer_brings_a_token_that_lasts() -> Result {
    let mut shop = Shop::open().await?;
    let link = shop.lock_out().await?;
    let (world, public) = (&mut shop.world, &shop.public);
    let lost = FaultRule::new(Fault::LostAnswer).on(Endpoint::Exchange);
    world.meta.world().inject(lost.times(3));
    world
        .log_in_through(public, &link, &shop.person, DialogAnswer::allow())
        .await?;
    world.act(public).await?;
    assert_eq!(world.state(shop.maria).await?, State::Expiring);
    world.live(days(1)).await?;
    assert_eq!(shop.states().await?, [State::Healthy; 4]);
    Ok(())
}

/// The short-lived token ends before the one in use, so that it is no use until it is exchanged.
#[tokio::test]
async fn a_login_ahead_of_time_is_not_lost_with_the_answers_to_its_exchanges() -> Result {
    let mut shop = Shop::open().await?;
    let (world, public) = (&mut shop.world, &shop.public);
    world.live(days(50)).await?;
    let before = world.token(shop.maria).await?.deadline();
    let (_, link) = world.operators_link(Some(shop.maria), false).await?;
    let lost = FaultRule::new(Fault::LostAnswer).on(Endpoint::Exchange);
    world.meta.world().inject(lost.times(3));
    world
        .log_in_through(public, &link, &shop.person, DialogAnswer::allow())
        .await?;
    world.act(public).await?;
    assert_eq!(world.token(shop.maria).await?.deadline(), before);
    world.live(hours(2)).await?;
    let after = world.token(shop.maria).await?.deadline();
    assert!(after > before.map(|end| end + days(30)), "{after:?}");
    Ok(())
}

#[tokio::test]
async fn a_login_that_cannot_be_stored_stops_no_other() -> Result {
    let mut shop = Shop::open().await?;
    let link = shop.lock_out().await?;
    let (world, public) = (&mut shop.world, &shop.public);
    let otto = world.person("Otto");
    let (_, for_otto) = world.operators_link(None, false).await?;
    let outcome = world
        .log_in_through(public, &for_otto, &otto, DialogAnswer::allow())
        .await?;
    world
        .log_in_through(public, &link, &shop.person, DialogAnswer::allow())
        .await?;
    // Otto's answer, as he was the first.
    let late = Fault::Latency(std::time::Duration::from_secs(1));
    let late = FaultRule::new(late).on(Endpoint::CodeExchange).times(1);
    world.meta.world().inject(late);
    world.refuse("version", &format!("NEW.token = {}", shop.maria.0))?;

    assert!(public.login_worker.pass(world.now).await.is_err());
    world.accept("version")?;
    world.act(public).await?;
    public.get(&outcome).await?.says(&["Everything works"]);
    Ok(())
}

#[tokio::test]
async fn access_denied_is_nobody_s_fault() -> Result {
    let mut shop = Shop::open().await?;
    let link = shop.lock_out().await?;
    let outcome = shop
        .world
        .log_in_through(
            &shop.public,
            &link,
            &shop.person.clone(),
            DialogAnswer::Cancel,
        )
        .await?;
    let denied = shop.public.get(&outcome).await?;
    denied.says(&[
        "Facebook did not give permission",
        "You may not have done anything wrong",
        "200",
    ]);
    for blame in ["cancel", "Cancel", "you pressed", "refused"] {
        assert!(!denied.body.contains(blame), "{blame}");
    }
    let dialog = shop.public.post(&link).await?.location()?;
    let state = field(&dialog, "state").ok_or("no state")?;
    let sandboxed = format!(
        "{CALLBACK}?error_code=901&error_message=This+app+is+in+sandbox+mode.&state={state}"
    );
    let outcome = shop.public.get(&sandboxed).await?.location()?;
    shop.public.get(&outcome).await?.says(&[
        "does not let people log in to this app at the moment",
        "901",
    ]);
    assert_eq!(shop.world.state(shop.maria).await?, State::Dead);
    Ok(())
}

#[tokio::test]
async fn an_expired_link_leads_nowhere_and_says_so() -> Result {
    let mut shop = Shop::open().await?;
    let (_, link) = shop.world.operators_link(Some(shop.maria), false).await?;
    shop.public.tell_time(shop.world.now + days(1));
    for answer in [
        shop.public.get(&link).await?,
        shop.public.post(&link).await?,
    ] {
        assert_eq!(answer.status, 410);
        answer.says(&["This link is no longer valid"]);
        assert!(!answer.body.contains("Maria"), "it names nobody any more");
    }
    let link = shop.lock_out().await?;
    let outcome = shop
        .world
        .log_in_through(
            &shop.public,
            &link,
            &shop.person.clone(),
            DialogAnswer::allow(),
        )
        .await?;
    shop.world.act(&shop.public).await?;
    shop.world.live_with_post(hours(1), minutes(5)).await?;
    shop.public.get(&outcome).await?.says(&["Everything works"]);
    shop.public.get(&link).await?.says(&["Nothing left to do"]);
    Ok(())
}

#[tokio::test]
async fn what_gives_less_than_before_is_not_taken_unless_an_operator_says_so() -> Result {
    let mut shop = Shop::open().await?;
    shop.world.meta.world().remove_app(&shop.person, APP)?;
    shop.world.live_with_post(days(2), minutes(30)).await?;
    let link = shop.world.email_link().await?;
    let before = shop.world.secret(shop.maria).await?;
    let less = || DialogAnswer::Allow {
        declined: vec!["pages_messaging".to_owned()],
        pages: PageSelection::All,
    };
    let outcome = shop
        .world
        .log_in_through(&shop.public, &link, &shop.person.clone(), less())
        .await?;
    shop.world.act(&shop.public).await?;
    shop.public.get(&outcome).await?.says(&[
        "lacks pages_messaging, which the previous login had",
        "The previous access stays in use",
        "You did not allow pages_messaging",
        "Log in again",
    ]);
    assert_eq!(shop.world.secret(shop.maria).await?, before);

    let again = shop.public.post(&link).await?.location()?;
    assert_eq!(field(&again, "auth_type").as_deref(), Some("rerequest"));

    let (_, link) = shop.world.operators_link(Some(shop.maria), true).await?;
    shop.world
        .log_in_through(&shop.public, &link, &shop.person.clone(), less())
        .await?;
    shop.world.act(&shop.public).await?;
    assert_ne!(shop.world.secret(shop.maria).await?, before);
    assert_eq!(shop.world.state(shop.maria).await?, State::Healthy);
    Ok(())
}

#[tokio::test]
async fn a_page_that_was_not_ticked_is_named() -> Result {
    let mut shop = Shop::open().await?;
    let link = shop.lock_out().await?;
    let mut ticked = Vec::new();
    for page in &shop.pages[..2] {
        let facts = shop.world.token(*page).await?.facts;
        ticked.push(facts.ok_or("no facts")?.subject);
    }
    let answer = DialogAnswer::Allow {
        declined: Vec::new(),
        pages: PageSelection::only(ticked),
    };
    let outcome = shop
        .world
        .log_in_through(&shop.public, &link, &shop.person.clone(), answer)
        .await?;
    shop.public.login_worker.pass(shop.world.now).await?;
    let page = shop.public.get(&outcome).await?;
    page.says(&[
        "not confirmed yet",
        "Log in again and tick what is missing",
        "method=\"post\"",
    ]);
    assert!(!page.body.contains("close this page"), "{}", page.body);
    shop.world.act(&shop.public).await?;
    let page = shop.public.get(&outcome).await?;
    page.says(&[
        "Log in again and tick what is missing",
        "Still missing",
        "Log in again",
    ]);
    let states = shop.states().await?;
    assert_eq!(states[..3], [State::Healthy; 3]);
    assert_ne!(states[3], State::Healthy);
    Ok(())
}

#[tokio::test]
async fn a_new_person_logs_in_and_is_imported_with_all_pages() -> Result {
    let mut world = World::new().await?;
    let public = world.open_public(ASKED, None).await?;
    let person = world.person("Zoë O'Neil");
    {
        let mut meta = world.meta.world();
        for name in ["Bakery", "Café"] {
            let page = meta.add_page(name);
            meta.give_role(&person, &page)?;
        }
    }
    let (_, link) = world.operators_link(None, false).await?;
    public.get(&link).await?.says(&["Log in to acme"]);
    let outcome = world
        .log_in_through(&public, &link, &person, DialogAnswer::allow())
        .await?;
    world.act(&public).await?;
    world.act(&public).await?;
    public
        .get(&outcome)
        .await?
        .says(&["Everything works", "Bakery", "Café"]);
    let own = world.named("acme-zoe-oneil").await?;
    // Compared with the scopes of the app, which may change later.
    assert!(own.required_scopes.is_empty() && own.missing_scopes().is_empty());
    assert_eq!(
        (own.state(), own.permissions.of_app.as_str()),
        (State::Healthy, "email pages_messaging pages_show_list")
    );
    let ends = own
        .facts
        .ok_or("no facts")?
        .expires_at
        .at()
        .ok_or("no end")?;
    assert!(ends > world.now + days(59), "it is a long-lived one");
    Ok(())
}

/// a. Page posting: an operator pastes a short-lived user token.
#[tokio::test]
async fn page_posting_from_a_pasted_token_to_pages_that_never_end() -> Result {
    let mut world = World::new().await?;
    let person = world.person("Maria");
    let scopes = ["pages_show_list", "pages_manage_posts"];
    let short = {
        let mut meta = world.meta.world();
        for name in ["Bakery", "Café"] {
            let page = meta.add_page(name);
            meta.give_role(&person, &page)?;
        }
        meta.issue_short_lived(APP, &person, &scopes)?
    };
    let maria = world.import("acme-maria", &short).await?;
    world.order(maria, OrderKind::Discover).await?;
    world.live(hours(3)).await?;
    let token = world.token(maria).await?;
    let end = token
        .facts
        .ok_or("no facts")?
        .expires_at
        .at()
        .ok_or("no end")?;
    assert!(end > world.now + days(59));
    let pages = world.of_kind(Kind::Page).await?;
    assert_eq!(pages.len(), 2);
    for page in pages {
        let facts = page.facts.ok_or("no facts")?;
        assert_eq!(
            (page.health.state(), facts.expires_at),
            (State::Healthy, Expiry::Never),
            "{}",
            page.name
        );
        assert!(facts.has("pages_manage_posts"), "{}", page.name);
    }
    Ok(())
}

/// c. A connector platform: declined permissions are named and requested again.
#[tokio::test]
async fn a_connector_asks_again_for_what_was_declined() -> Result {
    let mut world = World::new().await?;
    let public = world.open_public(ASKED, None).await?;
    let person = world.person("Maria");
    let (_, link) = world.operators_link(None, false).await?;
    let answer = DialogAnswer::Allow {
        declined: vec!["pages_messaging".to_owned()],
        pages: PageSelection::All,
    };
    let outcome = world
        .log_in_through(&public, &link, &person, answer)
        .await?;
    world.act(&public).await?;
    public.get(&outcome).await?.says(&[
        "something was left out",
        "You did not allow",
        "pages_messaging",
        "Log in again",
    ]);

    world.live_with_post(hours(1), minutes(5)).await?;
    // It never had the permission, so the operators must know of it and request it.
    let maria = world.named("acme-maria").await?;
    assert_eq!((maria.state(), maria.cause()), (State::Healthy, None));
    assert!(maria.missing_scopes().contains("pages_messaging"));
    assert!(world.mail()?[0].subject().contains("pages_messaging"));
    let link = world.operators_link_to_grant(maria.id).await?;
    public.tell_time(world.now);
    let dialog = public.post(&link).await?.location()?;
    assert_eq!(field(&dialog, "auth_type").as_deref(), Some("rerequest"));
    let outcome = world
        .log_in_through(&public, &link, &person, DialogAnswer::allow())
        .await?;
    world.act(&public).await?;
    world.live_with_post(hours(1), minutes(5)).await?;
    public.get(&outcome).await?.says(&["Everything works"]);
    assert!(world.open_incidents().await?.is_empty());
    Ok(())
}

/// d. WhatsApp by Facebook Login: a code, an hour, 60 days, and a login before they expire.
#[tokio::test]
async fn a_whatsapp_login_is_repeated_before_its_60_days_are_over() -> Result {
    let scopes = "whatsapp_business_management whatsapp_business_messaging";
    let mut world = World::new().await?;
    let public = world.open_public(scopes, None).await?;
    let person = world.person("Maria");
    let (_, link) = world.operators_link(None, false).await?;
    world
        .log_in_through(&public, &link, &person, DialogAnswer::allow())
        .await?;
    world.act(&public).await?;
    let maria = world.named("acme-maria").await?.id;
    world.live_with_post(days(47), hours(6)).await?;
    assert_eq!(
        world.state(maria).await?,
        State::Expiring,
        "no exchange moved the end"
    );
    assert!(emails(&world.mail()?, "Log in") >= 1);
    let link = world.email_link().await?;
    world
        .log_in_through(&public, &link, &person, DialogAnswer::allow())
        .await?;
    world.act(&public).await?;
    world.live_with_post(hours(1), minutes(5)).await?;
    let end = world.token(maria).await?.deadline().ok_or("no end")?;
    assert!(end > world.now + days(59), "{end}");
    let mail = world.mail()?;
    assert_eq!(
        emails(&mail, "Renewed in time"),
        1,
        "{:?}",
        mail.iter().map(Mail::subject).collect::<Vec<_>>()
    );
    Ok(())
}

/// d. The other WhatsApp setup: system users, with tokens of 60 days and tokens that never expire.
#[tokio::test]
async fn system_users_need_nobody_with_60_days_and_without() -> Result {
    let mut world = World::new().await?;
    let scopes = [
        "whatsapp_business_management",
        "whatsapp_business_messaging",
    ];
    let mut tokens = Vec::new();
    for (name, life) in [
        ("acme-60", SystemUserValidity::SixtyDays),
        ("acme-ever", SystemUserValidity::Never),
    ] {
        let token = {
            let mut meta = world.meta.world();
            let robot = meta.add_system_user(APP, name)?;
            meta.system_user_token(APP, &robot, &scopes, life)?
        };
        tokens.push(world.import(name, &token).await?);
    }
    let first = world.secret(tokens[0]).await?;
    world.live_with_post(days(100), hours(12)).await?;
    assert_ne!(world.secret(tokens[0]).await?, first, "it was renewed");
    for token in tokens {
        assert_eq!(world.state(token).await?, State::Healthy);
    }
    assert!(world.mail()?.is_empty(), "and nobody was bothered");
    Ok(())
}

/// e. Marketing: the data access expires after 90 days, but the token does not.
#[tokio::test]
async fn data_access_is_renewed_by_a_login_that_asks_for_that() -> Result {
    let mut world = World::with_app(AppSpec {
        long_lived: LongLived::Never,
        ..AppSpec::default()
    })
    .await?;
    let public = world.open_public("ads_read leads_retrieval", None).await?;
    let person = world.person("Maria");
    let (_, link) = world.operators_link(None, false).await?;
    world
        .log_in_through(&public, &link, &person, DialogAnswer::allow())
        .await?;
    world.act(&public).await?;
    let maria = world.named("acme-maria").await?;
    let facts = maria.facts.ok_or("no facts")?;
    assert_eq!(facts.expires_at, Expiry::Never);
    for scope in ["ads_read", "leads_retrieval"] {
        assert!(facts.has(scope), "{scope}");
    }
    world.live_with_post(days(80), hours(6)).await?;
    let token = world.token(maria.id).await?;
    assert_eq!(token.cause(), Some(Cause::DataAccessExpiresSoon));

    let link = world.email_link().await?;
    public.tell_time(world.now);
    public.get(&link).await?.says(&["every 90 days"]);
    let dialog = public.post(&link).await?.location()?;
    assert_eq!(field(&dialog, "auth_type").as_deref(), Some("reauthorize"));
    let outcome = world
        .log_in_through(&public, &link, &person, DialogAnswer::allow())
        .await?;
    world.act(&public).await?;
    public.get(&outcome).await?.says(&["Everything works"]);
    let end = world.token(maria.id).await?.deadline().ok_or("no end")?;
    assert!(end > world.now + days(89), "{end}");
    Ok(())
}

/// f. Login for Business: all of a configuration or nothing. It returns a person's token or a system user's.
#[tokio::test]
async fn login_for_business_gives_what_its_configuration_says() -> Result {
    for (gives, kind, ends) in [
        (CodeGives::ShortLived, Kind::User, true),
        (CodeGives::SystemUser, Kind::SystemUser, false),
        (CodeGives::SystemUserSixtyDays, Kind::SystemUser, true),
    ] {
        let scopes = vec!["pages_show_list".to_owned(), "pages_messaging".to_owned()];
        let mut world = World::with_app(AppSpec {
            code_gives: gives,
            configurations: [("77".to_owned(), scopes)].into(),
            ..AppSpec::default()
        })
        .await?;
        let public = world.open_public("", Some("77")).await?;
        let person = world.person("Maria");
        let (_, link) = world.operators_link(None, false).await?;
        let dialog = public.post(&link).await?.location()?;
        assert_eq!(field(&dialog, "config_id").as_deref(), Some("77"));
        assert_eq!(
            field(&dialog, "override_default_response_type").as_deref(),
            Some("true")
        );
        assert_eq!(field(&dialog, "scope"), None);

        let outcome = world
            .log_in_through(&public, &link, &person, DialogAnswer::allow())
            .await?;
        world.act(&public).await?;
        public.get(&outcome).await?.says(&["Everything works"]);
        let tokens = world.of_kind(kind).await?;
        assert_eq!(
            (tokens.len(), tokens[0].state()),
            (1, State::Healthy),
            "{gives:?}"
        );
        let facts = tokens[0].facts.clone().ok_or("no facts")?;
        assert_eq!(facts.expires_at.at().is_some(), ends, "{gives:?}");

        let before = world.secret(tokens[0].id).await?;
        let (_, link) = world.operators_link(Some(tokens[0].id), false).await?;
        world.now += days(1);
        let outcome = world
            .log_in_through(&public, &link, &person, DialogAnswer::allow())
            .await;
        assert!(outcome.is_err(), "the link was good for a day");
        let (_, link) = world.operators_link(Some(tokens[0].id), false).await?;
        let outcome = world
            .log_in_through(&public, &link, &person, DialogAnswer::allow())
            .await?;
        world.act(&public).await?;
        public.get(&outcome).await?.says(&["Everything works"]);
        assert_ne!(world.secret(tokens[0].id).await?, before, "{gives:?}");
        assert_eq!(
            world.of_kind(kind).await?.len(),
            1,
            "it took the place of the one before"
        );
    }
    Ok(())
}

/// In an app that is not live, Login for Business answers as if the person had cancelled.
#[tokio::test]
async fn an_app_that_is_not_live_is_not_blamed_on_the_person() -> Result {
    let mut world = World::with_app(AppSpec {
        mode: AppMode::Development,
        configurations: [("77".to_owned(), vec!["email".to_owned()])].into(),
        ..AppSpec::default()
    })
    .await?;
    let public = world.open_public("", Some("77")).await?;
    let person = world.person("Maria");
    let (_, link) = world.operators_link(None, false).await?;
    let outcome = world
        .log_in_through(&public, &link, &person, DialogAnswer::allow())
        .await?;
    public.get(&outcome).await?.says(&[
        "You may not have done anything wrong",
        "the app is not open to everyone",
    ]);
    Ok(())
}

#[tokio::test]
async fn each_candidate_of_a_login_costs_one_call() -> Result {
    let mut shop = Shop::open().await?;
    let link = shop.lock_out().await?;
    let (world, public) = (&mut shop.world, &shop.public);
    world
        .log_in_through(public, &link, &shop.person, DialogAnswer::allow())
        .await?;
    public.login_worker.pass(world.now).await?;
    let asked = world.meta.world().call_log().calls(Endpoint::DebugToken);
    world.pass().await?;

    let calls = world.meta.world().call_log().calls(Endpoint::DebugToken) - asked;
    assert_eq!(calls, 4, "one for Maria's and one for each page");
    assert_eq!(shop.states().await?, [State::Healthy; 4]);
    Ok(())
}

/// A rejected candidate does not change the current token, so that is still checked.
#[tokio::test]
async fn a_candidate_that_is_refused_hides_no_death() -> Result {
    let shop = Shop::open().await?;
    let mut world = shop.world;
    world.meta.world().change_password(&shop.person)?;
    world.put_secret(shop.maria, "EAAgarbage").await?;
    world.pass().await?;
    assert_eq!(world.told(EventKind::CandidateRefused).await?, 1);
    assert_eq!(world.state(shop.maria).await?, State::Dead);
    Ok(())
}

/// Regression: the sweep stored the budget that it had read before, and the calls of the login were lost.
#[tokio::test]
async fn the_calls_of_a_login_during_a_sweep_are_counted() -> Result {
    let mut shop = Shop::open().await?;
    let link = shop.lock_out().await?;
    let (world, public) = (&mut shop.world, &shop.public);
    let other = world.person("Otto");
    world.import("otto", &world.log_in(&other)?).await?;
    world.now += hours(2);
    world
        .log_in_through(public, &link, &shop.person, DialogAnswer::allow())
        .await?;
    let late = Fault::Latency(std::time::Duration::from_secs(1));
    let late = FaultRule::new(late).on(Endpoint::DebugToken).times(1);
    world.meta.world().inject(late);
    let before = world.meta.world().call_log().total();
    let asked = world.meta.world().call_log().calls(Endpoint::DebugToken);

    let (rotation_worker, now) = (world.rotation_worker.clone(), world.now);
    let under_way = tokio::spawn(async move { rotation_worker.sweep(now).await });
    world.until_asked(Endpoint::DebugToken, asked + 1).await;
    public.login_worker.pass(world.now).await?;
    assert!(!under_way.is_finished(), "the login was faster");
    under_way.await??;

    let app = world.inventory.read(|view| view.app("acme")).await?;
    let counted = perennial::rotation::budget_of(&app).calls_last_hour(world.now);
    let made = world.meta.world().call_log().total() - before;
    let codes = world.meta.world().call_log().calls(Endpoint::CodeExchange);
    assert_eq!(codes, 1, "the login was made");
    assert_eq!(u64::from(counted), made);
    Ok(())
}
