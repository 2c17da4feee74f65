//! Two apps, their people with pages and system users, and the daemon's services that maintain their tokens.

use std::collections::{BTreeSet, HashSet};
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
use perennial::inventory::{self, Imported, Inventory, NewToken, Tx};
use perennial::model::{Scopes, TokenId};
use perennial::secret::{Key, Secret};
use rand::rngs::StdRng;
use rand::SeedableRng;
use rusqlite::Connection;

use super::people::PendingOrder;
use super::place::Place;
use super::{Moment, Result};

pub(super) const OPERATOR: &str = "ops@example.com";
/// `email` is subject to the 90 days of data access.
pub(super) const SCOPES: &[&str] = &["email", "pages_show_list", "pages_messaging"];
pub(super) const NEEDED: &str = "pages_messaging";

/// Of each app.
pub(super) const CALLS_PER_HOUR: u64 = 1_000_000;

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
    pub(super) mail: Place,
    pub(super) consumer: Place,
    /// How far the daemon's clock is off.
    pub(super) skew: SignedDuration,
    /// The names of the tokens that the inventory must have, of those that it was given.
    pub(super) names: BTreeSet<String>,
    pub(super) forgotten: HashSet<TokenId>,
    pub(super) pending_orders: Vec<PendingOrder>,
    pub(super) chance: StdRng,
    is_disk_full: bool,
    secrets: [String; 2],
    folder: tempfile::TempDir,
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
    pub(super) is_slow: bool,
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
        let mail = Place::make(folder.path().join("mail"))?;
        let consumer = Place::make(folder.path().join("tokens"))?;
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
            mail,
            consumer,
            skew: SignedDuration::ZERO,
            names: BTreeSet::new(),
            forgotten: HashSet::new(),
            pending_orders: Vec::new(),
            chance: StdRng::seed_from_u64(seed),
            is_disk_full: false,
            secrets,
            folder,
        };
        fleet.populate(tokens, now).await?;
        Ok(fleet)
    }

    /// People log in one after the other, over forty days.
    async fn populate(&mut self, tokens: usize, until: Moment) -> Result {
        let people = (tokens / 200).max(6).min(tokens.div_ceil(3));
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
            is_slow: number % 6 == 5,
        };
        self.people.push(person(id, first, pages, false));
        self.people.push(person(robot, last, Vec::new(), true));
        Ok(())
    }

    pub(super) async fn import(
        &mut self,
        app: &'static str,
        born: Vec<(String, String)>,
        owner: &str,
    ) -> Result<Vec<TokenId>> {
        let (now, owner) = (self.daemon_now(), owner.to_owned());
        self.names.extend(born.iter().map(|(name, _)| name.clone()));
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

    /// What the daemon takes for the time.
    pub(super) fn daemon_now(&self) -> Moment {
        self.now + self.skew
    }

    /// Whether something on the daemon's own machine excuses that it is late.
    pub(super) fn is_impaired(&self) -> bool {
        self.is_disk_full || !self.skew.is_zero()
    }

    /// A daemon whose disk is full goes on, and tries again.
    fn excuse(&self, outcome: std::result::Result<(), inventory::Error>) -> Result {
        self.excused(outcome).map(drop)
    }

    /// `None` if the disk is full.
    pub(super) fn excused<T>(&self, outcome: std::result::Result<T, inventory::Error>) -> Result<Option<T>> {
        match outcome {
            Err(_) if self.is_disk_full => Ok(None),
            outcome => Ok(Some(outcome?)),
        }
    }

    pub(super) async fn sweep(&self) -> Result {
        self.excuse(self.services.sweep(self.daemon_now()).await)
    }

    pub(super) async fn write(&self) -> Result {
        let (inventory, rules) = (&self.inventory, &self.services.alerts);
        let written = alerts::pass(inventory, rules, self.daemon_now()).await;
        self.excuse(written.map(drop))
    }

    /// Sends the summary and the queued emails.
    pub(super) async fn send(&self) -> Result {
        let sent = self.services.run_alerts(&self.inventory, self.daemon_now());
        self.excuse(sent.await)
    }

    /// Hands the newest versions to the consumers.
    pub(super) async fn deliver(&self) -> Result {
        for worker in &self.services.sink_workers {
            self.excuse(worker.reconcile(self.daemon_now()).await.map(drop))?;
            loop {
                let dealt_with = worker.pass(self.daemon_now()).await;
                let is_over = !matches!(dealt_with, Ok(1..));
                self.excuse(dealt_with.map(drop))?;
                if is_over {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Deletes old rows, a day's worth of steps.
    pub(super) async fn prune(&self) -> Result {
        let (retention, now) = (self.services.retention, self.daemon_now());
        loop {
            let step = move |tx: &Tx<'_>| tx.prune(&retention, now);
            let pruned = self.inventory.write_alone(step).await;
            let is_over = !matches!(pruned, Ok(1..));
            self.excuse(pruned.map(drop))?;
            if is_over {
                return Ok(());
            }
        }
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
            .begin_alerts(&self.inventory, self.daemon_now())
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

    /// No file of this process can grow any more.
    pub(super) fn fill_disk(&mut self, full: bool) -> Result {
        self.is_disk_full = full;
        super::disk::limit_files(full)
    }

    /// An operator forgets a page's token.
    pub(super) async fn forget(&mut self, which: usize) -> Result {
        let pages = self.names.iter().filter(|name| name.contains("-page-"));
        let pages: Vec<&String> = pages.collect();
        let Some(name) = (!pages.is_empty()).then(|| pages[which % pages.len()].clone()) else {
            return Ok(());
        };
        let wanted = name.clone();
        let forget = move |tx: &Tx<'_>| match tx.token_named(&wanted)? {
            Some(token) => tx.forget(token.id).map(|()| Some(token.id)),
            None => Ok(None),
        };
        if let Some(id) = self.excused(self.inventory.write(forget).await)?.flatten() {
            self.names.remove(&name);
            self.forgotten.insert(id);
        }
        Ok(())
    }

    pub(super) async fn rename(&mut self, which: usize) -> Result {
        let name = self.names.iter().nth(which % self.names.len().max(1));
        let Some(name) = name.cloned() else {
            return Ok(());
        };
        let (now, old, new) = (self.daemon_now(), name.clone(), format!("{name}-again"));
        let wanted = new.clone();
        let rename = move |tx: &Tx<'_>| match tx.token_named(&old)? {
            Some(token) => tx.rename(&token, &wanted, "ops", now),
            None => Ok(None),
        };
        let renamed = self.excused(self.inventory.write(rename).await)?;
        if renamed.flatten().is_some() {
            self.names.remove(&name);
            self.names.insert(new);
        }
        Ok(())
    }

    /// A new person comes, with three pages.
    pub(super) async fn join(&mut self) -> Result {
        let number = self.people.len() / 2 + 1_000;
        match self.move_in(number, 5).await {
            Err(_) if self.is_disk_full => Ok(()),
            outcome => outcome,
        }
    }

    /// All that the inventory has written.
    pub(super) fn written(&self) -> Result<Vec<u8>> {
        let database = fs::read(self.path("inventory.db"))?;
        let log = fs::read(self.path("inventory.db-wal")).unwrap_or_default();
        Ok([database, log].concat())
    }

    /// What is another in each run.
    pub(super) fn folder(&self) -> String {
        self.folder.path().display().to_string()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
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
    let scopes: Vec<String> = SCOPES.iter().map(|scope| format!("{scope:?}")).collect();
    let scopes = scopes.join(", ");
    let mut text = String::from("timezone = \"Europe/Berlin\"\n");
    for ((name, id, _), secret) in APPS.iter().zip(secrets) {
        write_secret(folder.path().join(format!("{name}.secret")), secret)?;
        text += &format!(
            "[[app]]\nname = \"{name}\"\nid = \"{id}\"\nsecret = {{ file = \"{here}/{name}.secret\" }}\n\
             graph_url = \"{graph_url}\"\ndialog_url = \"{graph_url}\"\n\
             scopes = [{scopes}]\ncalls_per_hour = {CALLS_PER_HOUR}\n"
        );
    }
    if let Some(key) = key {
        write_secret(folder.path().join("inventory.key"), key)?;
    }
    text += &format!(
        "[inventory]\npath = \"{here}/inventory.db\"\nkey = {{ file = \"{here}/inventory.key\" }}\n\
         keep_events = \"90d\"\n\
         [web]\nlisten = \"127.0.0.1:0\"\npublic_url = \"http://127.0.0.1:8480\"\n\
         [[delivery]]\nname = \"consumer\"\ntokens = [\"*\"]\n\
         file = {{ path = \"{here}/tokens/{{name}}\" }}\n\
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
