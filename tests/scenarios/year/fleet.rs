//! Two apps, their people with pages and system users, and the daemon's services that maintain their tokens.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use jiff::SignedDuration;
use perennial::alerts;
use perennial::config::{self, Machine};
use perennial::daemon::Services;
use perennial::graph_sim::{
    AppSpec, LongLived, PageSelection, Simulator, SystemUserValidity, World as Meta,
};
use perennial::inventory::{Imported, Inventory, NewToken, Tx};
use perennial::model::{Cause, Email, IncidentId, IncidentState, Remedy, Scopes, TokenId};
use perennial::secret::{Key, Secret};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rusqlite::Connection;

use super::{Moment, Result};

pub(super) const OPERATOR: &str = "ops@example.com";
/// `email` is subject to the 90 days of data access.
const SCOPES: &[&str] = &["email", "pages_show_list", "pages_messaging"];
pub(super) const NEEDED: &str = "pages_messaging";

/// Tokens of the first app expire after sixty days. Those of the second never expire, except for the 90 days of data
/// access.
pub(super) const APPS: [(&str, &str, LongLived); 2] = [
    ("acme", "257422819769992", LongLived::SixtyDays),
    ("beta", "257422819769993", LongLived::Never),
];

pub(super) struct Fleet {
    pub(super) meta: Simulator,
    pub(super) people: Vec<Person>,
    pub(super) now: Moment,
    pub(super) restarts: usize,
    pub(super) inventory: Inventory,
    pub(super) services: Services,
    secrets: [String; 2],
    pending_orders: Vec<(Moment, usize, IncidentId)>,
    folder: tempfile::TempDir,
    chance: StdRng,
}

pub(super) struct Person {
    pub(super) app: usize,
    pub(super) id: String,
    pub(super) address: String,
    pub(super) user: TokenId,
    pub(super) pages: Vec<String>,
    /// A system user with one token; no person can log in.
    pub(super) is_robot: bool,
    /// The person takes weeks to do what an email asks.
    slow: bool,
}

impl Fleet {
    pub(super) async fn settle(tokens: usize, seed: u64) -> Result<Self> {
        let now: Moment = "2026-01-05T06:00:00Z".parse()?;
        let past = now - SignedDuration::from_hours(24 * 40);
        let mut world = Meta::new(past, seed);
        for (name, id, long_lived) in APPS {
            world.add_app(AppSpec {
                id: id.to_owned(),
                secret: "first".to_owned(),
                name: name.to_owned(),
                long_lived,
                ..AppSpec::default()
            });
        }
        let meta = Simulator::start(world, "127.0.0.1:0".parse()?).await?;
        let folder = tempfile::tempdir()?;
        fs::create_dir(folder.path().join("mail"))?;
        let secrets = ["first", "first"].map(str::to_owned);
        furnish(
            &folder,
            &meta.url(),
            &secrets,
            Some(&Key::generate()?.to_base64()),
        )?;
        let (inventory, services) = open(&folder)?;
        let mut fleet = Self {
            meta,
            people: Vec::new(),
            now: past,
            restarts: 0,
            inventory,
            services,
            secrets,
            pending_orders: Vec::new(),
            folder,
            chance: StdRng::seed_from_u64(seed),
        };
        fleet.populate(tokens, now).await?;
        Ok(fleet)
    }

    /// People log in one after the other, over forty days.
    async fn populate(&mut self, tokens: usize, until: Moment) -> Result {
        let people = (tokens / 200).max(6);
        let span = self.now.duration_until(until).as_secs() / people as i64;
        for number in 0..people {
            let share = tokens * (number + 1) / people - tokens * number / people;
            self.move_to(self.now + SignedDuration::from_secs(span));
            self.move_in(number, share).await?;
        }
        self.move_to(until);
        Ok(())
    }

    async fn move_in(&mut self, number: usize, share: usize) -> Result {
        let app = usize::from(number % 5 == 4);
        let (name, app_id, _) = APPS[app];
        let mut born = Vec::with_capacity(share);
        let (id, robot, pages) = {
            let mut world = self.meta.world();
            let id = world.add_person(&format!("Person {number}"));
            let mut pages = Vec::with_capacity(share);
            for page in 0..share.saturating_sub(2) {
                let page = world.add_page(&format!("Page {page} of {number}"));
                world.give_role(&id, &page)?;
                pages.push(page);
            }
            let user = world.log_in(app_id, &id, SCOPES, PageSelection::All)?;
            born.push((format!("{name}-person-{number}"), user.clone()));
            for (place, page) in pages.iter().enumerate() {
                let token = world.page_token(&user, page).ok_or("no page token")?;
                born.push((format!("{name}-person-{number}-page-{place}"), token));
            }
            let robot = world.add_system_user(app_id, &format!("Robot {number}"))?;
            let token =
                world.system_user_token(app_id, &robot, SCOPES, SystemUserValidity::SixtyDays)?;
            born.push((format!("{name}-robot-{number}"), token));
            (id, robot, pages)
        };
        let address = format!("person-{number}@example.com");
        let ids = self.import(name, born, &address).await?;
        let (first, last) = (ids[0], ids[ids.len() - 1]);
        let person = |id, user, pages, is_robot| Person {
            app,
            id,
            address: address.clone(),
            user,
            pages,
            is_robot,
            slow: number % 6 == 5,
        };
        self.people.push(person(id, first, pages, false));
        self.people.push(person(robot, last, Vec::new(), true));
        Ok(())
    }

    async fn import(
        &self,
        app: &'static str,
        born: Vec<(String, String)>,
        owner: &str,
    ) -> Result<Vec<TokenId>> {
        let (now, owner) = (self.now, owner.to_owned());
        let import_token = move |tx: &Tx<'_>| {
            let mut ids = Vec::with_capacity(born.len());
            for (name, secret) in &born {
                let new = NewToken {
                    app: app.to_owned(),
                    name: Some(name.clone()),
                    secret: Secret::new(secret.as_str()),
                    owners: vec![owner.clone()],
                    required_scopes: Scopes::parse(NEEDED),
                    parent: ids.first().copied().filter(|_| name.contains("-page-")),
                    subject_name: None,
                };
                if let Imported::Added { id, .. } = tx.import(&new, now)? {
                    ids.push(id);
                }
            }
            Ok(ids)
        };
        Ok(self.inventory.write(import_token).await?)
    }

    pub(super) fn move_to(&mut self, now: Moment) {
        self.now = now;
        self.meta.set_now(now);
    }

    pub(super) async fn sweep(&self) -> Result {
        Ok(self.services.sweep(self.now).await?)
    }

    pub(super) async fn write(&self) -> Result {
        alerts::pass(&self.inventory, &self.services.alerts, self.now).await?;
        Ok(())
    }

    /// Sends the summary and the queued emails.
    pub(super) async fn send(&self) -> Result {
        Ok(self.services.run_alerts(&self.inventory, self.now).await?)
    }

    /// Marks a healthy token as dead, which no sweep found.
    pub(super) fn slander(&self) -> Result {
        let db = Connection::open(self.folder.path().join("inventory.db"))?;
        db.execute_batch(
            "UPDATE token SET state = 'dead', cause = 'password_changed', since = 1 WHERE id = (
                SELECT id FROM token WHERE state = 'healthy' AND kind = 'user' ORDER BY id LIMIT 1);
             INSERT OR IGNORE INTO incident_queue (token) SELECT id FROM token WHERE since = 1;",
        )?;
        Ok(())
    }

    /// Kills the daemon and starts it again, with only what the inventory contains.
    pub(super) async fn restart(&mut self) -> Result {
        self.restarts += 1;
        self.reopen().await
    }

    async fn reopen(&mut self) -> Result {
        // The lock is released when every handle of the inventory is dropped.
        let elsewhere = tempfile::tempdir()?;
        furnish(
            &elsewhere,
            &self.meta.url(),
            &self.secrets,
            Some(&Key::generate()?.to_base64()),
        )?;
        (self.inventory, self.services) = open(&elsewhere)?;
        (self.inventory, self.services) = open(&self.folder)?;
        self.services
            .begin_alerts(&self.inventory, self.now)
            .await?;
        for rotation_worker in &self.services.rotation_workers {
            rotation_worker.begin().await?;
        }
        Ok(())
    }

    /// The operator copies the new app secret from Meta's dashboard.
    pub(super) async fn learn_secret(&mut self, app: usize, secret: &str) -> Result {
        secret.clone_into(&mut self.secrets[app]);
        furnish(&self.folder, &self.meta.url(), &self.secrets, None)?;
        self.reopen().await
    }

    /// Puts a file in the folder's place, so that no email can be written.
    pub(super) fn break_mail(&self) -> Result {
        fs::rename(self.path("mail"), self.path("mail.away"))?;
        Ok(fs::write(self.path("mail"), "")?)
    }

    pub(super) fn mend_mail(&self) -> Result {
        fs::remove_file(self.path("mail"))?;
        Ok(fs::rename(self.path("mail.away"), self.path("mail"))?)
    }

    /// All that the inventory has written.
    pub(super) fn written(&self) -> Result<Vec<u8>> {
        let database = fs::read(self.path("inventory.db"))?;
        let log = fs::read(self.path("inventory.db-wal")).unwrap_or_default();
        Ok([database, log].concat())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A person who gets an email acts within two days, or within weeks.
    pub(super) fn receive(&mut self, emails: &[Email]) {
        let of: HashMap<&str, usize> = self
            .people
            .iter()
            .enumerate()
            .filter(|(_, person)| !person.is_robot)
            .map(|(place, person)| (person.address.as_str(), place))
            .collect();
        for email in emails {
            let Some(incident) = email.email.incident else {
                continue;
            };
            let mut to = email.email.recipients.iter();
            let Some(place) = to.find_map(|address| of.get(address.as_str()).copied()) else {
                continue;
            };
            if self
                .pending_orders
                .iter()
                .any(|(_, _, known)| *known == incident)
            {
                continue;
            }
            let hours = match self.people[place].slow {
                true => self.chance.random_range(300..700),
                false => self.chance.random_range(2..48),
            };
            let at = self.now + SignedDuration::from_hours(hours);
            self.pending_orders.push((at, place, incident));
        }
    }

    /// Performs the actions that are due.
    pub(super) async fn act(&mut self) -> Result {
        let now = self.now;
        let due: Vec<_> = self
            .pending_orders
            .extract_if(.., |(at, ..)| *at <= now)
            .collect();
        for (_, place, id) in due {
            let incident = self.inventory.read(move |view| view.incident(id)).await?;
            let Some(incident) = incident else { continue };
            if matches!(incident.state, IncidentState::Resolved { .. }) {
                continue;
            }
            let subject = &incident.incident_key.subject;
            let whose = self.people.iter().position(|person| person.id == *subject);
            self.mend(whose.unwrap_or(place), incident.cause).await?;
        }
        Ok(())
    }

    async fn mend(&mut self, place: usize, cause: Cause) -> Result {
        let person = &self.people[place];
        match cause.remedy() {
            Remedy::Login | Remedy::Reauthorize | Remedy::GrantPermissions => {
                self.log_in(place).await
            }
            Remedy::ClearCheckpoint => Ok(self.meta.world().clear_checkpoint(&person.id)?),
            Remedy::RestorePageRole => {
                for page in &person.pages {
                    self.meta.world().give_role(&person.id, page)?;
                    self.meta.world().publish_page(page)?;
                }
                Ok(())
            }
            Remedy::FixApp
            | Remedy::FixDelivery
            | Remedy::UpdateConsumer
            | Remedy::FixDatabase
            | Remedy::Wait => Ok(()),
        }
    }

    async fn log_in(&mut self, place: usize) -> Result {
        let person = &self.people[place];
        let (_, app, _) = APPS[person.app];
        let secret = if person.is_robot {
            let life = SystemUserValidity::SixtyDays;
            self.meta
                .world()
                .system_user_token(app, &person.id, SCOPES, life)?
        } else {
            let mut world = self.meta.world();
            world.clear_checkpoint(&person.id)?;
            world.log_in(app, &person.id, SCOPES, PageSelection::All)?
        };
        let (id, now, secret) = (person.user, self.now, Secret::new(secret));
        let put_in = move |tx: &Tx<'_>| match tx.token(id)? {
            Some(token) => tx.store_candidate(&token, &secret, now).map(drop),
            None => Ok(()),
        };
        Ok(self.inventory.write(put_in).await?)
    }
}

fn open(folder: &tempfile::TempDir) -> Result<(Inventory, Services)> {
    let config = config::load(&folder.path().join("perennial.toml"), &Machine::here())?;
    let inventory = Inventory::open(&config.inventory)?;
    let services = Services::new(&config, &inventory)?;
    Ok((inventory, services))
}

fn furnish(
    folder: &tempfile::TempDir,
    graph_url: &str,
    secrets: &[String; 2],
    key: Option<&str>,
) -> Result {
    let here = folder.path().display();
    let mut text = String::from("timezone = \"Europe/Berlin\"\n");
    for ((name, id, _), secret) in APPS.iter().zip(secrets) {
        write_secret(folder.path().join(format!("{name}.secret")), secret)?;
        text += &format!(
            "[[app]]\nname = \"{name}\"\nid = \"{id}\"\nsecret = {{ file = \"{here}/{name}.secret\" }}\n\
             graph_url = \"{graph_url}\"\ncalls_per_hour = 1000000\n"
        );
    }
    if let Some(key) = key {
        write_secret(folder.path().join("inventory.key"), key)?;
    }
    text += &format!(
        "[inventory]\npath = \"{here}/inventory.db\"\nkey = {{ file = \"{here}/inventory.key\" }}\n\
         [alerts]\nfrom = \"perennial@example.com\"\nto = [\"{OPERATOR}\"]\ndirectory = \"{here}/mail\"\n\
         [status]\nsocket = \"{here}/perennial.sock\"\n"
    );
    Ok(fs::write(folder.path().join("perennial.toml"), text)?)
}

fn write_secret(path: PathBuf, content: &str) -> Result {
    let mut file = fs::OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(path)?;
    Ok(std::io::Write::write_all(&mut file, content.as_bytes())?)
}
