//! Calendars of coming logins: what a calendar program reads over a login, and whose it is no longer.

use perennial::graph_sim::{AppSpec, DialogAnswer};
use perennial::model::TokenId;

use crate::world::{Answer, PUBLIC_URL, Public, Result, World, days, hours};

const CALLBACK: &str = "https://tokens.example.com/perennial/login/callback";
const ASKED: &str = "email pages_show_list pages_messaging";

/// Maria with her login and two pages, all of them healthy, and the address of her calendar.
struct Shop {
    world: World,
    public: Public,
    person: String,
    tokens: Vec<TokenId>,
    address: String,
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
        let mut tokens = vec![world.import("acme-maria", &token).await?];
        for name in ["Café Öl, Tür; 東京 🥨", "Deli"] {
            let (_, page) = world.page(&person, name, &token)?;
            let name = format!("acme-canary-{}", tokens.len());
            tokens.push(world.import(&name, &page).await?);
        }
        world.live(hours(1)).await?;
        let address = name(&world, "acme", &person).await?;
        Ok(Self {
            world,
            public,
            person,
            tokens,
            address,
        })
    }

    async fn calendar(&self) -> Result<Answer> {
        self.public.tell_time(self.world.now);
        self.public.get(&self.address).await
    }
}

/// What an email or `show` does.
async fn name(world: &World, app: &'static str, person: &str) -> Result<String> {
    let person = person.to_owned();
    let named = world
        .inventory
        .write(move |tx| tx.name_calendar(app, &person, PUBLIC_URL));
    Ok(named.await?)
}

/// The values of a property in all events.
fn values(calendar: &Answer, property: &str) -> Vec<String> {
    let text = calendar.body.replace("\r\n ", "");
    let events = text.split("BEGIN:VEVENT").skip(1);
    let lines = events.flat_map(|event| event.split("\r\n"));
    let values = lines.filter_map(|line| line.strip_prefix(property)?.strip_prefix(':'));
    values.map(str::to_owned).collect()
}

const DAY: &str = "DTSTART;VALUE=DATE";

#[tokio::test]
async fn a_login_keeps_its_uid_until_it_has_happened() -> Result {
    let mut shop = Shop::open().await?;
    let first = shop.calendar().await?;
    assert_eq!(first.status, 200);
    assert_eq!(
        first.header("content-type"),
        Some("text/calendar; charset=utf-8")
    );
    assert_eq!(first.header("cache-control"), Some("private, max-age=3600"));
    let uid = values(&first, "UID").remove(0);
    let summary = values(&first, "SUMMARY").remove(0);
    assert_eq!(summary, "Log in to Facebook for 2 pages of acme");
    assert_eq!(values(&first, "SEQUENCE")[0], "0");
    let unfolded = first.body.replace("\r\n ", "");
    assert!(
        unfolded.contains("Café Öl\\, Tür\\; 東京 🥨\\nDeli"),
        "{unfolded}"
    );
    assert!(!unfolded.contains("canary"), "{unfolded}");
    assert!(!unfolded.contains("/login/"), "{unfolded}");

    shop.world.live(days(55)).await?;
    let later = shop.calendar().await?;
    assert_eq!(values(&later, "UID")[0], uid);
    assert_eq!(values(&later, "SEQUENCE")[0], "1");
    assert!(values(&later, DAY)[0] > values(&first, DAY)[0]);

    let link = shop.world.operators_link(Some(shop.tokens[0]), false);
    let (_, link) = link.await?;
    let (world, public) = (&mut shop.world, &shop.public);
    world
        .log_in_through(public, &link, &shop.person, DialogAnswer::allow())
        .await?;
    world.act(public).await?;
    world.live(hours(2)).await?;
    let after = shop.calendar().await?;
    assert!(!values(&after, "UID").contains(&uid), "{}", after.body);
    assert_eq!(values(&after, "SEQUENCE")[0], "2");
    assert!(values(&after, DAY)[0] > values(&later, DAY)[0]);
    Ok(())
}

#[tokio::test]
async fn a_program_that_has_the_calendar_gets_none() -> Result {
    let shop = Shop::open().await?;
    let first = shop.calendar().await?;
    let tag = first.header("etag").ok_or("no tag")?;
    let modified = first.header("last-modified").ok_or("no date")?;
    for known in [
        format!("If-None-Match: {tag}\r\n"),
        format!("If-Modified-Since: {modified}\r\n"),
    ] {
        let again = shop.public.ask_with("GET", &shop.address, &known).await?;
        assert_eq!((again.status, &*again.body), (304, ""), "{known}");
    }
    let head = shop.public.ask("HEAD", &shop.address).await?;
    assert_eq!((head.status, &*head.body), (200, ""));
    assert_eq!(head.header("etag"), Some(tag));
    let unchanged = shop.calendar().await?;
    assert_eq!(unchanged.body, first.body);
    Ok(())
}

#[tokio::test]
async fn what_is_not_an_address_any_more_is_like_what_never_was() -> Result {
    let shop = Shop::open().await?;
    let (world, public) = (&shop.world, &shop.public);
    assert_eq!(shop.calendar().await?.status, 200);
    let person = shop.person.clone();
    let revoke = world
        .inventory
        .write(move |tx| tx.revoke_calendar("acme", &person));
    assert!(revoke.await?);
    let revoked = shop.calendar().await?;
    let stranger = format!("{PUBLIC_URL}/calendar/{}.ics", "x".repeat(43));
    let elsewhere = format!("{PUBLIC_URL}/nothing");
    for address in [stranger, elsewhere, shop.address.replace(".ics", "")] {
        let answer = public.get(&address).await?;
        assert_eq!((answer.status, &answer.body), (404, &revoked.body));
    }
    assert_eq!(revoked.status, 404);
    let next = name(world, "acme", &shop.person).await?;
    assert_ne!(next, shop.address);
    assert_eq!(public.get(&next).await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn a_calendar_goes_with_the_person() -> Result {
    let shop = Shop::open().await?;
    let (world, now) = (&shop.world, shop.world.now);
    let of_operators = name(world, "", "").await?;
    let shown = shop.public.get(&of_operators).await?;
    assert!(values(&shown, "UID")[0].contains(&shop.person));
    let person = shop.person.clone();
    let ask = world
        .inventory
        .write(move |tx| tx.ask_deletion("acme", &person, now, now));
    ask.await?;
    let step = || {
        world.inventory.write(move |tx| {
            let Some(deletion) = tx.next_deletion()? else {
                return Ok(false);
            };
            tx.delete_more_person_data(&deletion, now)?;
            Ok(true)
        })
    };
    while step().await? {}
    assert_eq!(shop.calendar().await?.status, 404);
    let remembered = world.inventory.read(move |view| {
        let ticket = of_operators.rsplit('/').next().unwrap_or_default();
        let ticket = perennial::secret::Secret::new(ticket.trim_end_matches(".ics"));
        view.calendar_of_ticket(&ticket)
    });
    let remembered = remembered.await?.and_then(|calendar| calendar.shown);
    assert!(remembered.ok_or("never shown")?.logins.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_calendar_goes_with_the_last_token() -> Result {
    let shop = Shop::open().await?;
    for (forgotten, id) in shop.tokens.iter().copied().enumerate() {
        assert_eq!(shop.calendar().await?.status, 200, "{forgotten}");
        let forget = shop.world.inventory.write(move |tx| tx.forget(id));
        forget.await?;
    }
    assert_eq!(shop.calendar().await?.status, 404);
    Ok(())
}

#[tokio::test]
async fn an_email_about_a_login_names_the_calendar() -> Result {
    let mut shop = Shop::open().await?;
    shop.world.meta.world().change_password(&shop.person)?;
    let world = &mut shop.world;
    world
        .live_with_post(days(2), crate::world::minutes(30))
        .await?;
    let mails = world.mail()?;
    let text = |mail: &crate::world::Mail| mail.0.replace("=\n", "").replace("=\r\n", "");
    assert!(
        mails.iter().any(|mail| text(mail).contains(&shop.address)),
        "{mails:?}"
    );
    Ok(())
}
