//! What people see on the public pages: in their language, from whom, and a check after they have fixed it at Meta.

use perennial::graph_sim::{self, WorldError};
use perennial::model::{EventKind, State, TokenId};

use crate::world::{PUBLIC_URL, Public, Result, World, days, hours, minutes};

async fn orders(world: &World) -> Result<usize> {
    world.told(EventKind::Ordered).await
}

struct Stranded {
    public: Public,
    person: String,
    token: TokenId,
    link: String,
}

/// What a person does, or Meta to that person.
type Happens = fn(&mut graph_sim::World, &str) -> std::result::Result<(), WorldError>;

/// A person whose account Meta has locked, and the link in the email about it.
async fn locked(world: &mut World) -> Result<Stranded> {
    stranded(world, graph_sim::World::checkpoint).await
}

/// A person whose token ends by this, and the link in the email about it.
async fn stranded(world: &mut World, happens: Happens) -> Result<Stranded> {
    let public = world.open_public("pages_show_list", None).await?;
    let person = world.person("Maria Schmidt");
    let token = world.log_in(&person)?;
    let token = world.import("acme-maria", &token).await?;
    world.live(hours(1)).await?;
    happens(&mut world.meta.world(), &person)?;
    world.live_with_post(days(2), minutes(30)).await?;
    public.tell_time(world.now);
    let link = world.email_link().await?;
    Ok(Stranded {
        public,
        person,
        token,
        link,
    })
}

#[tokio::test]
async fn a_person_who_has_passed_the_security_check_has_it_checked_at_once() -> Result {
    let mut world = World::new().await?;
    let Stranded {
        public,
        person,
        token,
        link,
    } = locked(&mut world).await?;
    let emails = world.mail()?;
    assert!(
        emails[0].0.replace("=\n", "").contains("/login/"),
        "the email bears the link"
    );

    let page = public.get(&link).await?;
    page.says(&[
        "Complete Facebook&#x27;s security check",
        "I have fixed it: check now",
    ]);
    let before = orders(&world).await?;
    let order = format!("{link}/check");
    let pressed = format!("{link}?checked");
    for _ in 0..3 {
        assert_eq!(public.post(&order).await?.location()?, pressed);
    }
    assert_eq!(
        orders(&world).await?,
        before + 1,
        "pressing again changes nothing"
    );
    public
        .get(&link)
        .await?
        .says(&["One moment", "http-equiv=\"refresh\""]);

    world.act(&public).await?;
    public.get(&pressed).await?.says(&["Not working yet"]);
    let unpressed = public.get(&link).await?;
    assert!(!unpressed.body.contains("Not working yet"));
    public.post(&order).await?;
    assert_eq!(
        orders(&world).await?,
        before + 1,
        "Meta is not asked again within a minute"
    );

    world.meta.world().clear_checkpoint(&person)?;
    world.now += minutes(2);
    public.tell_time(world.now);
    public.post(&order).await?;
    world.meta.set_now(world.now);
    world.pass().await?;
    assert_eq!(world.state(token).await?, State::Healthy);
    public.get(&pressed).await?.says(&["Nothing left to do"]);
    leave_its_incident(&world, token).await?;
    public.get(&pressed).await?.says(&["Nothing left to do"]);
    world.act(&public).await?;
    public
        .get(&link)
        .await?
        .says(&["Nothing left to do", "class=\"tick\""]);
    Ok(())
}

/// The first half of what ends an incident; somebody may look at a page before the second.
async fn leave_its_incident(world: &World, token: TokenId) -> Result {
    let now = world.now;
    let left = world.inventory.write(move |tx| {
        let incident = tx.pending_token(token)?.and_then(|token| token.incident);
        incident.map_or(Ok(()), |incident| tx.leave(token, incident.incident, now))
    });
    Ok(left.await?)
}

#[tokio::test]
async fn a_person_whose_tokens_work_again_is_not_sent_to_meta() -> Result {
    let mut world = World::new().await?;
    let Stranded {
        public,
        person,
        token,
        link,
    } = stranded(&mut world, graph_sim::World::change_password).await?;
    public.get(&link).await?.says(&["Maria Schmidt", "<button"]);

    let renewed = world.log_in(&person)?;
    world.put_secret(token, &renewed).await?;
    world.pass().await?;
    assert_eq!(world.state(token).await?, State::Healthy);
    leave_its_incident(&world, token).await?;
    public.get(&link).await?.says(&["Nothing left to do"]);
    let clicked = public.post(&link).await?;
    assert_eq!(clicked.status, 200);
    clicked.says(&["Nothing left to do"]);
    Ok(())
}

#[tokio::test]
async fn a_link_whose_tokens_have_another_problem_now_does_not_say_that_they_work() -> Result {
    let mut world = World::new().await?;
    let Stranded {
        public,
        person,
        token,
        link,
    } = locked(&mut world).await?;
    world.meta.world().clear_checkpoint(&person)?;
    world.meta.world().change_password(&person)?;
    world.live_with_post(days(2), minutes(30)).await?;
    public.tell_time(world.now);
    assert_eq!(world.state(token).await?, State::Dead);
    let newest = world.email_link().await?;
    assert_ne!(newest, link);
    for _ in 0..2 {
        let old = public.get(&link).await?;
        assert_eq!(old.status, 410);
        old.says(&["This link is no longer valid", "newest email"]);
        public.get(&newest).await?.says(&["Log in"]);
    }
    Ok(())
}

#[tokio::test]
async fn a_check_needs_the_link_of_an_incident_that_is_not_over() -> Result {
    let mut world = World::new().await?;
    let Stranded { public, link, .. } = locked(&mut world).await?;
    let before = orders(&world).await?;
    let unknown = format!("{PUBLIC_URL}/login/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/check");
    assert_eq!(public.post(&unknown).await?.status, 404);
    assert_eq!(
        public.get(&format!("{link}/check")).await?.status,
        404,
        "a mail scanner orders nothing"
    );
    let (_, operators) = world.operators_link(None, false).await?;
    assert_eq!(
        public.post(&format!("{operators}/check")).await?.status,
        404
    );
    world.now += days(400);
    public.tell_time(world.now);
    assert_eq!(public.post(&format!("{link}/check")).await?.status, 410);
    assert_eq!(orders(&world).await?, before);
    Ok(())
}

#[tokio::test]
async fn pages_are_in_the_language_of_the_browser() -> Result {
    let mut world = World::new().await?;
    let Stranded { public, link, .. } = locked(&mut world).await?;
    let unknown = format!("{PUBLIC_URL}/login/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    for (asked, language, words) in [
        (
            "de-CH,de;q=0.9,en;q=0.1",
            "de",
            [
                "Erledigt: jetzt prüfen",
                "Dieser Link ist hier nicht bekannt",
            ],
        ),
        (
            "fr",
            "en",
            ["I have fixed it: check now", "This link is not known here"],
        ),
    ] {
        for (address, words) in [&link, &unknown].into_iter().zip(words) {
            let answer = public.get_in(address, asked).await?;
            answer.says(&[words, &format!("<html lang=\"{language}\">")]);
        }
    }
    Ok(())
}

#[tokio::test]
async fn pages_say_whose_they_are_and_whom_to_ask() -> Result {
    let mut world = World::new().await?;
    let public = world.open_public("pages_show_list", None).await?;
    let (_, link) = world.operators_link(None, false).await?;
    let page = public.get(&link).await?;
    page.says(&[
        "<p class=\"company\">Acme GmbH</p>",
        "Questions? Ask help@acme.example",
        "The address of this page is tokens.example.com, which belongs to Acme GmbH.",
        "We never see it.",
        "pages_show_list",
    ]);
    let unknown = format!("{PUBLIC_URL}/login/AAAA");
    let answer = public.get(&unknown).await?;
    assert_eq!(answer.status, 404);
    answer.says(&[
        "This link is not known here",
        "Questions? Ask help@acme.example",
    ]);
    Ok(())
}
