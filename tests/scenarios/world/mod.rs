//! The harness: a simulated Meta on loopback, a real inventory, and a clock that the test moves.

pub mod company;
pub mod crash;
pub mod daemon;
pub mod database;
pub mod hook;
mod mail;
pub mod office;
mod posts;
mod public;
pub mod receiver;
mod sabotage;
mod socket;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use perennial::graph_api::{Client, FACEBOOK, Platform, Settings};
use perennial::graph_sim::{AppSpec, Endpoint, PageSelection, Simulator, World as Meta};
use perennial::inventory::{Filter, Imported, Inventory, NewToken};
use perennial::model::{
    EventId, EventKind, EventRecord, Kind, OrderKind, Scopes, State, Token, TokenId,
};
use perennial::rotation::{RotationWorker, Rules};
use perennial::secret::{Key, Secret};

pub use crate::log::Log;
pub use mail::{Mail, OPERATOR, OWNER};
pub use public::{Answer, PUBLIC_URL, Public};
pub use socket::Socket;

pub type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

pub const APP: &str = "257422819769992";
pub const APP_SECRET: &str = "0123456789abcdef0123456789abcdef";
pub const SCOPES: &[&str] = &["email", "pages_show_list", "pages_messaging"];

/// An address without a server. Tests of Meta's own requests take them from the simulated world instead.
const NOWHERE: &str = "http://127.0.0.1:9/webhooks/acme";

pub struct World {
    pub meta: Simulator,
    pub inventory: Inventory,
    pub rotation_worker: RotationWorker,
    pub now: Timestamp,
    pub platform: &'static Platform,
    pub dialog_url: String,
    office: mail::Office,
    folder: tempfile::TempDir,
    database: database::Database,
}

pub fn days(n: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * n)
}

pub fn hours(n: i64) -> SignedDuration {
    SignedDuration::from_hours(n)
}

pub fn minutes(n: i64) -> SignedDuration {
    SignedDuration::from_mins(n)
}

pub fn rules() -> Rules {
    Rules {
        check_every: days(1),
        rotate_before_expiry: days(30),
        retry_after: [1, 5, 30, 120, 360].map(minutes).to_vec(),
        warn_before: days(14),
        subscribed_fields: Scopes::default(),
        renewal: FACEBOOK.renewal,
        scopes: Scopes::default(),
    }
}

impl World {
    pub async fn new() -> Result<Self> {
        Self::with_app(AppSpec::default()).await
    }

    /// Creates a world whose app has these settings.
    pub async fn with_app(spec: AppSpec) -> Result<Self> {
        Self::at(&FACEBOOK, spec).await
    }

    /// Creates a world whose app is on this platform.
    pub async fn at(platform: &'static Platform, spec: AppSpec) -> Result<Self> {
        let now: Timestamp = "2026-12-01T12:00:00Z".parse()?;
        let mut world = Meta::new(now, 1);
        let of_meta = spec.platform;
        world.add_app(AppSpec {
            id: APP.to_owned(),
            secret: APP_SECRET.to_owned(),
            name: "acme".to_owned(),
            deauthorize_url: Some(format!("{NOWHERE}/deauthorize")),
            data_deletion_url: Some(format!("{NOWHERE}/data-deletion")),
            webhook_url: Some(NOWHERE.to_owned()),
            ..spec
        });
        let meta = Simulator::start(world, "127.0.0.1:0".parse()?).await?;
        let url = match of_meta {
            perennial::graph_sim::Platform::Facebook => meta.url(),
            other => meta.url_of(other),
        };
        let graph = client_at(platform, &url, APP_SECRET, 50)?;
        let folder = tempfile::tempdir()?;
        let database = database::Database::new()?;
        let settings = database.settings(folder.path(), Key::generate()?)?;
        let inventory = Inventory::open(&settings)?;
        let rotation_worker = RotationWorker {
            inventory: inventory.clone(),
            graph,
            app: "acme".to_owned(),
            calls_per_hour: 100_000,
            batch: 50,
            rules: Rules {
                renewal: platform.renewal,
                ..rules()
            },
        };
        Ok(Self {
            meta,
            inventory,
            rotation_worker,
            now,
            platform,
            dialog_url: url,
            office: mail::Office::open(folder.path())?,
            folder,
            database,
        })
    }

    /// The app requires these scopes from now on, as after a start or a reload.
    pub async fn require(&mut self, scopes: &str) -> Result {
        self.rotation_worker.rules.scopes = Scopes::parse(scopes);
        Ok(self.rotation_worker.begin().await?)
    }

    /// Runs a pass whenever something is due, and at least once an hour.
    pub async fn live(&mut self, span: SignedDuration) -> Result {
        let end = self.now + span;
        self.pass().await?;
        while self.now < end {
            let due = self.inventory.read(|view| view.next_due("acme")).await?;
            let at_least = self.now + SignedDuration::from_secs(30);
            let next = due.unwrap_or(end).max(at_least).min(self.now + hours(1));
            self.now = next.min(end);
            self.pass().await?;
        }
        Ok(())
    }

    /// Processes everything that is due now.
    pub async fn pass(&mut self) -> Result {
        self.meta.set_now(self.now);
        while self.rotation_worker.sweep(self.now).await?.more {}
        Ok(())
    }

    pub fn person(&self, name: &str) -> String {
        self.meta.world().add_person(name)
    }

    /// Logs the person in. Returns a long-lived user token.
    pub fn log_in(&self, person: &str) -> Result<String> {
        Ok(self
            .meta
            .world()
            .log_in(APP, person, SCOPES, PageSelection::All)?)
    }

    /// Adds a page of that person. Returns its id and its token.
    pub fn page(&self, person: &str, name: &str, user_token: &str) -> Result<(String, String)> {
        let mut world = self.meta.world();
        let page = world.add_page(name);
        world.give_role(person, &page)?;
        let token = world.page_token(user_token, &page).ok_or("no page token")?;
        Ok((page, token))
    }

    pub async fn import(&self, name: &str, secret: &str) -> Result<TokenId> {
        self.import_requiring(name, secret, "").await
    }

    /// Imports a token with required scopes of its own.
    pub async fn import_requiring(
        &self,
        name: &str,
        secret: &str,
        scopes: &str,
    ) -> Result<TokenId> {
        let new = NewToken {
            app: "acme".to_owned(),
            name: Some(name.to_owned()),
            secret: Secret::new(secret),
            owners: vec![OWNER.to_owned()],
            required_scopes: Scopes::parse(scopes),
            parent: None,
            subject_name: None,
        };
        let now = self.now;
        match self.inventory.write(move |tx| tx.import(&new, now)).await? {
            Imported::Added { id, .. } => Ok(id),
            other => Err(format!("{name} was not added: {other:?}").into()),
        }
    }

    pub async fn token(&self, id: TokenId) -> Result<Token> {
        Ok(self
            .inventory
            .read(move |view| view.token(id))
            .await?
            .ok_or("no such token")?)
    }

    pub async fn named(&self, name: &'static str) -> Result<Token> {
        let found = self.inventory.read(move |view| view.token_named(name));
        Ok(found.await?.ok_or_else(|| format!("there is no {name}"))?)
    }

    pub async fn of_kind(&self, kind: Kind) -> Result<Vec<Token>> {
        let filter = Filter {
            kind: Some(kind),
            ..Filter::default()
        };
        let found = self.inventory.read(move |view| view.tokens(&filter, 100));
        Ok(found
            .await?
            .tokens
            .into_iter()
            .map(|(token, ..)| token)
            .collect())
    }

    pub async fn state(&self, id: TokenId) -> Result<State> {
        Ok(self.token(id).await?.state())
    }

    pub async fn secret(&self, id: TokenId) -> Result<String> {
        let token = self.token(id).await?;
        let reading = self
            .inventory
            .read(move |view| view.secret_of(&token))
            .await?;
        Ok(reading.ok_or("no secret")?.secret.expose().to_owned())
    }

    pub async fn order(&self, id: TokenId, order: OrderKind) -> Result<EventId> {
        let (token, now) = (self.token(id).await?, self.now);
        Ok(self
            .inventory
            .write(move |tx| tx.order(&token, order, "a test", now))
            .await?)
    }

    pub async fn put_secret(&self, id: TokenId, secret: &str) -> Result {
        let (token, now, secret) = (self.token(id).await?, self.now, Secret::new(secret));
        self.inventory
            .write(move |tx| tx.store_candidate(&token, &secret, now))
            .await?;
        Ok(())
    }

    pub async fn events(&self) -> Result<Vec<EventRecord>> {
        Ok(self
            .inventory
            .read(|view| view.events(EventId(0), None, 100_000))
            .await?)
    }

    /// Waits until Meta has received this many calls in all; the answers may still be on their way.
    pub async fn until_asked(&self, endpoint: Endpoint, times: u64) {
        while self.meta.world().call_log().calls(endpoint) < times {
            tokio::task::yield_now().await;
        }
    }

    /// Returns how many events of this kind the journal has.
    pub async fn told(&self, kind: EventKind) -> Result<usize> {
        let events = self.events().await?;
        let of_kind = events
            .iter()
            .filter(|record| record.event.kind() == Some(kind));
        Ok(of_kind.count())
    }
}

pub fn client(meta: &Simulator, secret: &str, batch: usize) -> Result<Client> {
    client_at(&FACEBOOK, &meta.url(), secret, batch)
}

pub fn client_at(
    platform: &'static Platform,
    url: &str,
    secret: &str,
    batch: usize,
) -> Result<Client> {
    Ok(Client::new(settings_at(platform, url, secret, batch))?)
}

pub fn settings_at(platform: &'static Platform, url: &str, secret: &str, batch: usize) -> Settings {
    Settings {
        app: "acme".to_owned(),
        platform,
        id: APP.to_owned(),
        secrets: vec![Secret::new(secret)],
        version: platform.graph_version.to_owned(),
        url: url.to_owned(),
        code_url: None,
        tester_token: None,
        batch,
        timeout: Duration::from_secs(10),
    }
}
