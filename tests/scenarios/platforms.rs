//! Tokens of Instagram and Threads: programs can renew them, so they never lapse unless Meta refuses.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use perennial::graph_api::{Client, INSTAGRAM, Platform, Settings, THREADS};
use perennial::graph_sim::{
    self, AnswerEnvelope, AnswerStyle, AppSpec, DialogAnswer, Endpoint, ExpiredAnswer, Fault,
    FaultRule, Outage, PageSelection, PermissionsFormat, RefreshRefusal, RefreshedToken,
};
use perennial::model::{
    Cause, Event, EventKind, Expiry, Health, Kind, OrderKind, Outcome, State, TokenId,
};

use perennial::secret::Secret;

use crate::world::{
    APP, APP_SECRET, Mail, OWNER, Result, World, days, hours, minutes, settings_at,
};

/// An app on one of the platforms, and how Meta answers it.
struct Case {
    platform: &'static Platform,
    of_meta: graph_sim::Platform,
    scope: &'static str,
    kind: Kind,
    answers: AnswerStyle,
}

fn instagram(answers: AnswerStyle) -> Case {
    Case {
        platform: &INSTAGRAM,
        of_meta: graph_sim::Platform::Instagram,
        scope: "instagram_business_basic",
        kind: Kind::InstagramUser,
        answers,
    }
}

fn threads(answers: AnswerStyle) -> Case {
    Case {
        platform: &THREADS,
        of_meta: graph_sim::Platform::Threads,
        scope: "threads_basic",
        kind: Kind::ThreadsUser,
        answers,
    }
}

/// Each platform, in each of the ways in which Meta is known to answer.
fn cases() -> [Case; 4] {
    let other = AnswerStyle {
        permissions: PermissionsFormat::Text,
        envelope: AnswerEnvelope::DataList,
        refreshed: RefreshedToken::SameToken,
        expired: ExpiredAnswer::SubcodeZero,
        too_young: RefreshRefusal::UnsupportedRequest,
    };
    let of_threads = AnswerStyle {
        refreshed: RefreshedToken::SameToken,
        expired: ExpiredAnswer::MissingResource,
        too_young: RefreshRefusal::InvalidSession,
        ..AnswerStyle::default()
    };
    [
        instagram(AnswerStyle::default()),
        instagram(other),
        threads(AnswerStyle::default()),
        threads(of_threads),
    ]
}

impl Case {
    async fn world(&self) -> Result<World> {
        let spec = AppSpec {
            platform: self.of_meta,
            answers: self.answers,
            ..AppSpec::default()
        };
        World::at(self.platform, spec).await
    }

    fn log_in(&self, world: &World, person: &str) -> Result<String> {
        let mut meta = world.meta.world();
        Ok(meta.log_in(APP, person, &[self.scope], PageSelection::All)?)
    }

    /// A world with the token of one person, which was checked once.
    async fn with_token(&self) -> Result<(World, String, TokenId)> {
        let mut world = self.world().await?;
        let person = world.person("Maria Schmidt");
        let token = self.log_in(&world, &person)?;
        let id = world.import("maria", &token).await?;
        world.pass().await?;
        Ok((world, person, id))
    }
}

/// No call shows whether Meta accepts an app, so only a token's answer does.
#[tokio::test]
async fn an_outage_is_one_failure_of_the_app_and_ends_once() -> Result {
    for case in cases() {
        let (mut world, _, id) = case.with_token().await?;
        world.live(hours(20)).await?;
        world.meta.world().set_outage(Some(Outage::HtmlError));
        world.live(days(2)).await?;
        let (failed, ended) = (EventKind::AppFailing, EventKind::AppRecovered);
        let name = case.platform.name;
        assert_eq!(
            (world.told(failed).await?, world.told(ended).await?),
            (1, 0),
            "{name}"
        );
        world.meta.world().set_outage(None);
        world.live(hours(2)).await?;
        assert_eq!(
            (world.told(failed).await?, world.told(ended).await?),
            (1, 1),
            "{name}"
        );
        assert_eq!(world.state(id).await?, State::Healthy, "{name}");
    }
    Ok(())
}

async fn end_of(world: &World, id: TokenId) -> Result<Expiry> {
    let facts = world.token(id).await?.facts.ok_or("no facts")?;
    Ok(facts.expires_at)
}

async fn known_end(world: &World, id: TokenId) -> Result<Timestamp> {
    let end = end_of(world, id).await?.at();
    Ok(end.ok_or("the end is unknown")?)
}

fn refreshes(world: &World) -> u64 {
    world.meta.world().call_log().calls(Endpoint::Refresh)
}

/// From one due time to the next, without the empty passes in between.
async fn live_on(world: &mut World, span: SignedDuration) -> Result {
    let until = world.now + span;
    while world.now < until {
        let due = world.inventory.read(|view| view.next_due("acme")).await?;
        let next = due.unwrap_or(until).max(world.now + minutes(1));
        world.now = next.min(until);
        world.pass().await?;
    }
    Ok(())
}

fn to_owner(mail: &[Mail]) -> Vec<&Mail> {
    let to = format!("To: {OWNER}");
    mail.iter().filter(|mail| mail.0.contains(&to)).collect()
}

#[tokio::test]
async fn in_a_year_a_token_is_renewed_at_every_half_life_and_never_lapses() -> Result {
    for case in cases() {
        let (mut world, _, id) = case.with_token().await?;
        let (end, mut renewed_at) = (world.now + days(365), Vec::new());
        while world.now < end {
            live_on(&mut world, days(1)).await?;
            assert_eq!(world.state(id).await?, State::Healthy);
            let served = world.secret(id).await?;
            assert!(world.meta.world().is_alive(&served), "{}", world.now);
            let token = world.token(id).await?;
            if renewed_at.last() != token.rotated_at.as_ref() {
                renewed_at.extend(token.rotated_at);
            }
        }
        // The first one makes the end known; the others come at half life.
        assert_eq!(renewed_at.len(), 13, "{renewed_at:?}");
        assert_eq!(refreshes(&world), 13, "none was in vain");
        for pair in renewed_at.windows(2) {
            let apart = pair[0].duration_until(pair[1]);
            assert!(days(29) < apart && apart < days(31), "{pair:?}");
        }
        assert_eq!(world.told(EventKind::Rotated).await?, 13);
    }
    Ok(())
}

#[tokio::test]
async fn when_meta_refuses_a_renewal_the_owner_is_told_at_once_and_meta_is_not_asked_again()
-> Result {
    for (case, refusal) in cases().into_iter().zip([
        RefreshRefusal::PermissionMissing,
        RefreshRefusal::UnsupportedRequest,
        RefreshRefusal::InvalidSession,
        RefreshRefusal::UnsupportedRequest,
    ]) {
        let (mut world, person, id) = case.with_token().await?;
        live_on(&mut world, days(30)).await?;
        world.post().await?;
        assert_eq!((refreshes(&world), world.mail()?.len()), (1, 0));

        world.meta.world().refuse_refreshes(&person, refusal)?;
        while refreshes(&world) < 2 {
            live_on(&mut world, hours(1)).await?;
        }
        world.live_with_post(minutes(10), minutes(1)).await?;
        let token = world.token(id).await?;
        let soon = Cause::ExpiresSoon;
        assert_eq!(token.health, Health::Expiring { cause: soon });
        assert_eq!(
            token.last_rotation.map(|rotation| rotation.outcome),
            Some(Outcome::Refused)
        );
        let mail = world.mail()?;
        let to_owner = to_owner(&mail);
        assert_eq!(to_owner.len(), 1);
        let subject = to_owner[0].subject();
        assert!(
            subject.contains(&format!("Log in to {}", case.platform.title)),
            "{subject}"
        );
        assert!(!to_owner[0].0.contains("Facebook"), "{}", to_owner[0].0);

        world.live_with_post(days(10), hours(6)).await?;
        assert_eq!(refreshes(&world), 2, "it is not tried again");
        assert_eq!(
            world.mail()?.len(),
            mail.len(),
            "nor is the owner told again"
        );

        // A new login ends it, and the new token is renewed in its turn.
        world.meta.world().allow_refreshes(&person)?;
        let token = case.log_in(&world, &person)?;
        world.put_secret(id, &token).await?;
        world.live_with_post(hours(1), minutes(10)).await?;
        assert_eq!(world.state(id).await?, State::Healthy);
        assert!(world.open_incidents().await?.is_empty());
        live_on(&mut world, days(100)).await?;
        assert_eq!(world.state(id).await?, State::Healthy);
        assert_eq!(refreshes(&world), 2 + 4);
    }
    Ok(())
}

#[tokio::test]
async fn a_refused_token_works_until_its_end_and_is_then_known_to_have_expired() -> Result {
    for case in cases() {
        let (mut world, person, id) = case.with_token().await?;
        live_on(&mut world, days(2)).await?;
        let end = known_end(&world, id).await?;
        let refusal = RefreshRefusal::PermissionMissing;
        world.meta.world().refuse_refreshes(&person, refusal)?;
        let left = world.now.duration_until(end);
        live_on(&mut world, left - minutes(1)).await?;
        assert_eq!(world.state(id).await?, State::Expiring);
        live_on(&mut world, hours(3)).await?;
        let token = world.token(id).await?;
        assert_eq!(
            (token.state(), token.cause()),
            (State::Dead, Some(Cause::Expired))
        );
        assert_eq!(refreshes(&world), 2);
    }
    Ok(())
}

#[tokio::test]
async fn the_end_of_an_imported_token_is_unknown_until_its_first_renewal() -> Result {
    for case in cases() {
        let (mut world, _, id) = case.with_token().await?;
        let facts = world.token(id).await?.facts.ok_or("no facts")?;
        assert_eq!((facts.kind, facts.expires_at), (case.kind, Expiry::Unknown));
        assert_eq!(facts.issued_at, None, "nothing is made up");
        let socket = world.open_socket().await?;
        let shown = socket.client.token("maria").await?.token;
        assert_eq!((shown.kind, shown.expires_at), (Some(case.kind), None));

        // An order does not wait, and a refusal for its youth is no failure.
        world.order(id, OrderKind::Rotate).await?;
        world.pass().await?;
        let token = world.token(id).await?;
        assert_eq!((refreshes(&world), token.state()), (1, State::Healthy));
        assert_eq!(
            token.last_rotation.map(|rotation| rotation.outcome),
            Some(Outcome::TooYoung)
        );
        live_on(&mut world, hours(23)).await?;
        assert_eq!(end_of(&world, id).await?, Expiry::Unknown);
        assert_eq!(refreshes(&world), 1);

        live_on(&mut world, hours(5)).await?;
        let renewed_at = world.token(id).await?.rotated_at.ok_or("not renewed")?;
        let end = known_end(&world, id).await?;
        let lasts = renewed_at.duration_until(end);
        assert!(days(59) < lasts && lasts <= days(60), "{lasts:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_token_of_one_platform_is_refused_under_an_app_of_another() -> Result {
    for (under, of) in [
        (
            instagram(AnswerStyle::default()),
            threads(AnswerStyle::default()),
        ),
        (
            threads(AnswerStyle::default()),
            instagram(AnswerStyle::default()),
        ),
    ] {
        let mut world = under.world().await?;
        let person = world.person("Maria");
        let foreign = {
            let mut meta = world.meta.world();
            meta.add_app(AppSpec {
                id: "900".to_owned(),
                secret: "another".to_owned(),
                name: "another".to_owned(),
                platform: of.of_meta,
                ..AppSpec::default()
            });
            meta.log_in("900", &person, &[of.scope], PageSelection::All)?
        };
        let id = world.import("misfiled", &foreign).await?;
        world.live_with_post(hours(3), minutes(30)).await?;
        let token = world.token(id).await?;
        assert_eq!(token.cause(), Some(Cause::Unreadable));
        assert_eq!(token.state(), State::Dead);
        assert!(token.facts.is_none(), "nothing is believed of it");
        // Only the operator can file it elsewhere.
        let mail = world.mail()?;
        assert_eq!((mail.len(), to_owner(&mail).len()), (1, 0));
        let text = mail[0].0.replace("=\n", "").replace("=\r\n", "");
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let words = "belongs under an app of its own platform";
        assert!(text.contains(words), "{text}");
    }
    Ok(())
}

#[tokio::test]
async fn a_login_ends_in_a_healthy_token_whose_end_is_known() -> Result {
    for case in cases() {
        let mut world = case.world().await?;
        let public = world.open_public(case.scope, None).await?;
        let person = world.person("Maria Schmidt");
        let (_, link) = world.operators_link(None, false).await?;
        let invitation = public.get(&link).await?;
        let button = format!("Continue with {}", case.platform.title);
        invitation.says(&[button.as_str()]);
        assert!(!invitation.body.contains("Facebook"), "{}", invitation.body);
        let dialog = public.post(&link).await?.location()?;
        assert!(dialog.contains("/oauth/authorize?"), "{dialog}");
        let answered = DialogAnswer::allow();
        let back = world
            .meta
            .world()
            .answer_dialog(&dialog, &person, answered)?;
        assert!(back.ends_with("#_"), "{back}");
        let outcome = public.get(&back).await?.location()?;
        world.act(&public).await?;
        let page = public.get(&outcome).await?;
        page.says(&["Thank you. Everything works"]);
        assert!(!page.body.contains("Facebook"), "{}", page.body);

        let tokens = world.of_kind(case.kind).await?;
        let [token] = tokens.as_slice() else {
            return Err(format!("{tokens:?}").into());
        };
        assert_eq!(token.state(), State::Healthy);
        // The answer to the exchange said so.
        let end = known_end(&world, token.id).await?;
        assert!(end > world.now + days(59));

        // A second login replaces the token, and its end is the new one.
        world.now += days(3);
        let (_, link) = world.operators_link(Some(token.id), false).await?;
        let answer = DialogAnswer::allow();
        let outcome = world
            .log_in_through(&public, &link, &person, answer)
            .await?;
        world.act(&public).await?;
        public.get(&outcome).await?.says(&["Everything works"]);
        let replaced = world.token(token.id).await?;
        assert_eq!(replaced.version, token.version + 1);
        assert!(known_end(&world, token.id).await? > end + days(2));
        live_on(&mut world, days(40)).await?;
        assert_eq!(
            (refreshes(&world), world.state(token.id).await?),
            (1, State::Healthy)
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_crash_between_a_renewal_and_its_measurement_loses_nothing() -> Result {
    for case in cases() {
        let (mut world, _, id) = case.with_token().await?;
        live_on(&mut world, days(30)).await?;
        let before = world.secret(id).await?;
        world.order(id, OrderKind::Rotate).await?;
        world.meta.set_now(world.now);
        let seen = world.meta.world().call_log().calls(Endpoint::Me);

        // Meta renews the token, and is still describing it when the daemon dies.
        let slowly = Fault::Latency(Duration::from_millis(400));
        let slowly = FaultRule::new(slowly).on(Endpoint::Refresh).times(1);
        world.meta.world().inject(slowly);
        let (worker, now) = (world.rotation_worker.clone(), world.now);
        let sweep = tokio::spawn(async move { worker.sweep(now).await.map(drop) });
        world.until_asked(Endpoint::Refresh, 2).await;
        let never = FaultRule::new(Fault::Latency(Duration::from_secs(600)));
        world.meta.world().inject(never.on(Endpoint::Me));
        world.until_asked(Endpoint::Me, seen + 2).await;
        sweep.abort();
        assert!(sweep.await.is_err_and(|error| error.is_cancelled()));
        world.meta.world().heal();
        assert_eq!(world.secret(id).await?, before);

        world
            .inventory
            .write(move |tx| tx.begin_run(now).map(drop))
            .await?;
        live_on(&mut world, hours(1)).await?;
        let token = world.token(id).await?;
        assert_eq!(token.state(), State::Healthy);
        let served = world.secret(id).await?;
        assert!(world.meta.world().is_alive(&served));
        if case.answers.refreshed == RefreshedToken::NewToken {
            assert_ne!(served, before, "what Meta gave was kept");
            assert!(known_end(&world, id).await? > world.now + days(59));
            let measured = world
                .events()
                .await?
                .into_iter()
                .rev()
                .find_map(|record| match record.event {
                    Event::Rotated { outcome, .. } => Some(outcome),
                    _ => None,
                });
            assert_eq!(measured, Some(Outcome::Renewed));
        }
        // At the latest, the next renewal makes the end known.
        live_on(&mut world, days(2)).await?;
        assert!(known_end(&world, id).await? > world.now + days(57));
        assert_eq!(world.state(id).await?, State::Healthy);
    }
    Ok(())
}

fn client_with_tester(url: &str, token: &str) -> Result<Client> {
    Ok(Client::new(Settings {
        tester_token: Some(Secret::new(token)),
        ..settings_at(&THREADS, url, APP_SECRET, 50)
    })?)
}

/// A world on Threads whose client asks the debugger with the token of a tester.
async fn world_with_tester(case: &Case) -> Result<(World, String)> {
    let mut world = case.world().await?;
    let tester = world.person("Tessa");
    world.meta.world().make_developer(APP, &tester)?;
    let token = case.log_in(&world, &tester)?;
    // The other host of Threads, which Meta's newer guides name.
    let url = format!("{}/graph.threads.com", world.meta.url());
    world.rotation_worker.graph = client_with_tester(&url, &token)?;
    Ok((world, tester))
}

#[tokio::test]
async fn with_a_testers_token_the_debugger_of_threads_tells_the_end_and_the_permissions() -> Result
{
    let case = threads(AnswerStyle::default());
    let (mut world, _) = world_with_tester(&case).await?;
    let person = world.person("Maria");
    let token = case.log_in(&world, &person)?;
    let wanted = "threads_basic threads_manage_replies";
    let id = world.import_requiring("maria", &token, wanted).await?;
    world.pass().await?;
    let known = world.token(id).await?;
    let facts = known.facts.clone().ok_or("no facts")?;
    assert_eq!(facts.kind, Kind::ThreadsUser);
    assert_eq!(facts.subject, person);
    assert!(facts.expires_at.at() > Some(world.now + days(59)));
    assert!(facts.has("threads_basic"));
    let missing = known.missing_scopes();
    assert_eq!(missing.as_str(), "threads_manage_replies");

    // The tester's own token is not kept here, and ends after 60 days.
    live_on(&mut world, days(55)).await?;
    assert_eq!(
        (refreshes(&world), world.state(id).await?),
        (1, State::Healthy)
    );
    let read = world.meta.world().call_log().calls(Endpoint::Me);
    assert_eq!(read, 1, "for the person's name");
    world.meta.world().remove_app(&person, APP)?;
    live_on(&mut world, days(2)).await?;
    assert_eq!(world.token(id).await?.cause(), Some(Cause::AppRemoved));
    Ok(())
}

#[tokio::test]
async fn a_testers_token_that_has_ended_condemns_no_other_token() -> Result {
    let case = threads(AnswerStyle::default());
    let (mut world, tester) = world_with_tester(&case).await?;
    let person = world.person("Maria");
    let id = world
        .import("maria", &case.log_in(&world, &person)?)
        .await?;
    world.pass().await?;
    world.meta.world().change_password(&tester)?;
    live_on(&mut world, days(100)).await?;
    assert_eq!(world.state(id).await?, State::Healthy);
    assert!(world.meta.world().call_log().calls(Endpoint::Me) > 90);
    Ok(())
}

/// A private profile's token is renewed as well, until its permissions end 90 days after the login.
#[tokio::test]
async fn the_owner_of_a_private_profile_is_told_when_its_permissions_end() -> Result {
    let case = threads(AnswerStyle::default());
    let (mut world, person, id) = case.with_token().await?;
    live_on(&mut world, days(89)).await?;
    assert_eq!(
        (refreshes(&world), world.state(id).await?),
        (3, State::Healthy)
    );
    let refusal = RefreshRefusal::PermissionMissing;
    world.meta.world().refuse_refreshes(&person, refusal)?;
    world.live_with_post(days(8), hours(1)).await?;
    assert_eq!(world.state(id).await?, State::Expiring);
    let mail = world.mail()?;
    assert_eq!(to_owner(&mail).len(), 1);
    Ok(())
}

#[tokio::test]
async fn a_code_that_is_used_again_and_a_declined_permission_are_reported() -> Result {
    let declined = DialogAnswer::Allow {
        declined: vec!["instagram_business_manage_messages".to_owned()],
        pages: PageSelection::All,
    };
    let case = instagram(AnswerStyle::default());
    let mut world = case.world().await?;
    let scopes = "instagram_business_basic instagram_business_manage_messages";
    let public = world.open_public(scopes, None).await?;
    let person = world.person("Maria Schmidt");
    let (_, link) = world.operators_link(None, false).await?;
    let outcome = world
        .log_in_through(&public, &link, &person, declined)
        .await?;
    world.act(&public).await?;
    let page = public.get(&outcome).await?;
    page.says(&["instagram_business_manage_messages"]);

    // The same code, as an answer to another login.
    let (_, first) = world.operators_link(None, false).await?;
    let (_, second) = world.operators_link(None, false).await?;
    let dialog = public.post(&first).await?.location()?;
    let other = public.post(&second).await?.location()?;
    let back = {
        let mut meta = world.meta.world();
        meta.answer_dialog(&dialog, &person, DialogAnswer::allow())?
    };
    let state = |address: &str| -> Option<String> {
        let query = address.split_once('?')?.1.split('#').next()?;
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let found = pairs.find(|(key, _)| *key == "state");
        found.map(|(_, value)| value.to_owned())
    };
    let (of_first, of_second) = (
        state(&dialog).ok_or("no state")?,
        state(&other).ok_or("none")?,
    );
    let again = back.replace(&of_first, &of_second);
    let done = public.get(&back).await?.location()?;
    world.act(&public).await?;
    public.get(&done).await?.says(&["Thank you"]);
    let used = public.get(&again).await?.location()?;
    world.act(&public).await?;
    public.get(&used).await?.says(&["36009"]);
    Ok(())
}
