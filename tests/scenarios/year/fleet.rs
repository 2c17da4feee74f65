//! Two apps, their people with pages and system users, and the daemon's services that maintain their tokens.

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use perennial::api;
use perennial::config::Config;
use perennial::daemon::{ClockState, Services};
use perennial::graph_sim::{
    AppSpec, LongLived, PageSelection, Simulator, SystemUserValidity, World as Meta,
};
use perennial::inventory::{self, Imported, Inventory, NewToken, Tx};
use perennial::model::{Scopes, TokenId};
use perennial::secret::{Key, Secret};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rusqlite::{Connection, OpenFlags};
use tracing::Level;

use super::disk;
use super::people::PendingOrder;
use super::place::Place;
use super::premises::{Wanted, furnish, open};
use super::sabotage::Sabotage;
use super::trouble::Trouble;
use super::{Moment, Options, Result};
use crate::log::Log;

pub(super) const OPERATOR: &str = "ops@example.com";
/// `email` is subject to the 90 days of data access.
pub(super) const SCOPES: &[&str] = &["email", "pages_show_list", "pages_messaging"];
pub(super) const NEEDED: &str = "pages_messaging";

/// So many calls per hour that no fleet makes them.
const PLENTY: u64 = 1_000_000;
pub(super) const ALL: usize = 1_000_000;
/// Of opening an inventory that is in use, over a minute: on a busy machine, other threads may not get on for long.
const MOST_TRIES: usize = 6_000;
/// Of the apps, before they are reset.
const FIRST_SECRET: &str = "0f1d5a2c77e94b3ba0c1d2e3f4a5b6c7";

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
    pub(super) services: Arc<Services>,
    pub(super) mail: Place,
    pub(super) consumer: Place,
    /// How far the daemon's clock is off.
    pub(super) skew: SignedDuration,
    /// The names of the tokens that the inventory must have, of those that it was given.
    pub(super) names: BTreeSet<String>,
    pub(super) forgotten: HashSet<TokenId>,
    pub(super) pending_orders: Vec<PendingOrder>,
    /// The people who asked Meta to have their data deleted, and their tokens with their names.
    pub(super) deleted_people: BTreeSet<String>,
    pub(super) deleted: Vec<(TokenId, String)>,
    pub(super) chance: StdRng,
    pub(super) is_disk_full: bool,
    pub(super) is_begun: bool,
    /// What the daemon makes of its clock.
    pub(super) clock: ClockState,
    pub(super) trouble: Trouble,
    /// Calls in an hour, of each app.
    pub(super) budget: u64,
    /// When a login of which app made how many calls lately. They do not wait for the budget.
    pub(super) login_calls: VecDeque<(Moment, usize, u64)>,
    pub(super) sabotage: Option<Sabotage>,
    /// When the copy was taken that is put back.
    pub(super) copied_at: Option<Moment>,
    pub(super) socket: api::Settings,
    pub(super) wanted: Wanted,
    pub(super) key: String,
    pub(super) log: Log,
    /// An inventory with nothing in it, which is there while the other one is closed.
    spare: (Inventory, Arc<Services>),
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
    pub(super) async fn settle(options: &Options) -> Result<Self> {
        let now: Moment = "2026-01-05T06:00:00Z".parse()?;
        let past = now - SignedDuration::from_hours(24 * 40);
        let meta = Simulator::start(meta(past, options.seed), "127.0.0.1:0".parse()?).await?;
        let folder = tempfile::Builder::new()
            .prefix("fleet-year-")
            .tempdir_in(&options.folder)?;
        let budget = options.calls_per_hour.unwrap_or(PLENTY);
        let wanted = Wanted {
            graph_url: meta.url(),
            secrets: [FIRST_SECRET, FIRST_SECRET].map(str::to_owned),
            calls_per_hour: if options.sabotage == Some(Sabotage::Overspend) {
                PLENTY
            } else {
                budget
            },
        };
        let key = Key::generate()?.to_base64().to_string();
        furnish(folder.path(), &wanted, Some(&key))?;
        let log = match options.alone {
            true => Log::of_process(Level::INFO)?,
            false => Log::of_thread(Level::INFO),
        };
        let (config, inventory, services) = open(folder.path())?;
        let spare = spare(&folder.path().join("spare"), &wanted)?;
        let mut fleet = Self {
            meta,
            people: Vec::new(),
            now: past,
            restarts: 0,
            inventory,
            services: Arc::new(services),
            mail: Place::make(folder.path().join("mail"))?,
            consumer: Place::make(folder.path().join("tokens"))?,
            skew: SignedDuration::ZERO,
            names: BTreeSet::new(),
            forgotten: HashSet::new(),
            pending_orders: Vec::new(),
            deleted_people: BTreeSet::new(),
            deleted: Vec::new(),
            chance: StdRng::seed_from_u64(options.seed),
            is_disk_full: false,
            is_begun: false,
            clock: ClockState::Right,
            trouble: Trouble::default(),
            budget,
            login_calls: VecDeque::new(),
            sabotage: None,
            copied_at: None,
            socket: config.status,
            wanted,
            key,
            log,
            spare,
            folder,
        };
        fleet.begin().await?;
        fleet.populate(options.tokens, now).await?;
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

    pub(super) async fn move_in(&mut self, number: usize, share: usize) -> Result {
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
        let names: Vec<String> = born.iter().map(|(name, _)| name.clone()).collect();
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
        let ids = self.inventory.write(import_token).await?;
        self.names.extend(names);
        Ok(ids)
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

    /// The same of Meta, as it is in truth and not as the daemon believes.
    pub(super) fn is_troubled(&self) -> bool {
        self.is_impaired() || self.trouble.is_there(self.now)
    }

    /// A daemon whose disk is full goes on, and tries again.
    pub(super) fn excuse(&self, outcome: std::result::Result<(), inventory::Error>) -> Result {
        self.excused(outcome).map(drop)
    }

    /// `None` if the disk is full.
    pub(super) fn excused<T>(
        &self,
        outcome: std::result::Result<T, inventory::Error>,
    ) -> Result<Option<T>> {
        match outcome {
            Err(_) if self.is_disk_full => Ok(None),
            outcome => Ok(Some(outcome?)),
        }
    }

    /// Kills the daemon and starts it again, with only what the inventory contains.
    pub(super) async fn restart(&mut self) -> Result {
        self.restarts += 1;
        self.reopen().await
    }

    /// Drops every handle of the inventory, which releases its lock. On a full disk, the last handle could not empty the
    /// write-ahead log, and with a log that cannot be emptied a daemon does not start.
    pub(super) fn close(&mut self) -> Result {
        disk::limit_files(false)?;
        (self.inventory, self.services) = self.spare.clone();
        disk::limit_files(self.is_disk_full)
    }

    pub(super) async fn reopen(&mut self) -> Result {
        self.close()?;
        let (_, inventory, services) = self.open_again().await?;
        (self.inventory, self.services) = (inventory, Arc::new(services));
        self.begin().await
    }

    /// A thread or a task of the one before may need a moment to let go of its lock.
    async fn open_again(&self) -> Result<(Config, Inventory, Services)> {
        for _ in 0..MOST_TRIES {
            let outcome = open(self.folder.path());
            let error = outcome.as_ref().err();
            let error = error.and_then(|error| error.downcast_ref::<inventory::Error>());
            if !matches!(error, Some(inventory::Error::InUse(_))) {
                return outcome;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        open(self.folder.path())
    }

    /// What the daemon's workers do before their first run, as soon as something can be written.
    pub(super) async fn begin(&mut self) -> Result {
        self.services.announce_sinks();
        self.is_begun = !self.is_disk_full;
        let begun = self
            .services
            .begin_alerts(&self.inventory, self.daemon_now())
            .await;
        self.excuse(begun)?;
        for rotation_worker in &self.services.rotation_workers {
            self.excuse(rotation_worker.begin().await)?;
        }
        Ok(())
    }

    /// The operator copies the new app secret from Meta's dashboard.
    pub(super) async fn learn_secret(&mut self, app: usize, secret: &str) -> Result {
        secret.clone_into(&mut self.wanted.secrets[app]);
        furnish(self.folder.path(), &self.wanted, None)?;
        self.reopen().await
    }

    /// Another one after each commit: the header of the index of the write-ahead log.
    pub(super) fn last_commit(&self) -> Result<Vec<u8>> {
        let mut header = vec![0; 48];
        fs::File::open(self.path("inventory.db-shm"))?.read_exact(&mut header)?;
        Ok(header)
    }

    /// How many bytes of the inventory are in use.
    pub(super) fn size(&self) -> Result<u64> {
        self.look_into(|db| {
            let number = |sql: &str| db.query_row(sql, [], |row| row.get::<_, u64>(0));
            let pages = number("PRAGMA page_count")? - number("PRAGMA freelist_count")?;
            Ok(pages * number("PRAGMA page_size")?)
        })
    }

    /// Reads the inventory as another process would, for which the disk is not full: whoever opens it may have to make
    /// the index of its log longer.
    pub(super) fn look_into<T>(
        &self,
        look: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T> {
        disk::limit_files(false)?;
        let path = self.path("inventory.db");
        let found = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
            .and_then(|db| look(&db));
        disk::limit_files(self.is_disk_full)?;
        Ok(found?)
    }

    /// What is another in each run.
    pub(super) fn folder(&self) -> String {
        self.folder.path().display().to_string()
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

fn spare(folder: &Path, wanted: &Wanted) -> Result<(Inventory, Arc<Services>)> {
    fs::create_dir(folder)?;
    furnish(folder, wanted, Some(&Key::generate()?.to_base64()))?;
    let (_, inventory, services) = open(folder)?;
    Ok((inventory, Arc::new(services)))
}

/// Where people post to is not looked at, since the posts are taken and handed to the daemon.
const NOWHERE: &str = "http://127.0.0.1:9/deletion";

fn meta(now: Moment, seed: u64) -> Meta {
    let mut world = Meta::new(now, seed);
    world.draw_by_request();
    for (name, id, long_lived) in APPS {
        world.add_app(AppSpec {
            id: id.to_owned(),
            secret: FIRST_SECRET.to_owned(),
            name: name.to_owned(),
            data_deletion_url: Some(NOWHERE.to_owned()),
            long_lived,
            ..AppSpec::default()
        });
    }
    world
}
