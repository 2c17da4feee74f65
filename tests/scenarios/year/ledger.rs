//! What must hold of the inventory itself, whatever happens around it: nothing lost, nothing done twice, nothing in
//! clear, nothing that grows for ever.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs;

use jiff::SignedDuration;
use perennial::graph_sim::Endpoint;
use perennial::model::{Event, EventId, EventRecord, TokenId};
use perennial::secret::Secret;
use sha2::{Digest, Sha256};

use super::fleet::{CALLS_PER_HOUR, Fleet};
use super::{Moment, Result};

const A_DAY: SignedDuration = SignedDuration::from_hours(24);
const ALL: usize = 1_000_000;
/// The first letters of every token that the simulated Meta issues, and so many letters more tell two apart.
const BEGINS: &[u8] = b"EAA";
const TOLD_APART: usize = 24;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Breaches {
    /// Tokens that are gone although nobody forgot them, and those that are there although somebody did.
    pub lost: usize,
    pub not_forgotten: usize,
    /// Exchanges of one secret within 24 hours of another.
    pub exchanged_twice: usize,
    /// Secrets that came back after they had been replaced.
    pub older_again: usize,
    pub over_budget: usize,
    /// Emails with two Message-IDs, and two emails with one.
    pub message_ids: usize,
    /// Secrets that can be read in a file.
    pub in_clear: usize,
    /// The inventory has grown in the second half of the year.
    pub grown: usize,
    /// Consumers without the version that is in use.
    pub not_delivered: usize,
}

impl Breaches {
    pub const fn sum(&self) -> usize {
        self.lost
            + self.not_forgotten
            + self.exchanged_twice
            + self.older_again
            + self.over_budget
            + self.message_ids
            + self.in_clear
            + self.grown
            + self.not_delivered
    }
}

pub(super) struct Ledger {
    pub(super) breaches: Breaches,
    read_events: EventId,
    exchanges: HashMap<String, Exchanges>,
    /// Secrets of each token that were in use, and are no more.
    replaced: HashMap<TokenId, HashSet<String>>,
    current: HashMap<TokenId, String>,
    asked: u64,
    asked_at: Option<Moment>,
    /// Message-IDs that were written, and those that were sent.
    written: HashSet<String>,
    sent: HashSet<String>,
    half_way: Option<usize>,
    log: Sha256,
}

#[derive(Clone, Copy)]
struct Exchanges {
    count: u32,
    at: Moment,
}

impl Ledger {
    pub(super) fn open() -> Self {
        Self {
            breaches: Breaches::default(),
            read_events: EventId(0),
            exchanges: HashMap::new(),
            replaced: HashMap::new(),
            current: HashMap::new(),
            asked: 0,
            asked_at: None,
            written: HashSet::new(),
            sent: HashSet::new(),
            half_way: None,
            log: Sha256::new(),
        }
    }

    /// After each step.
    pub(super) async fn look(&mut self, fleet: &Fleet, served: &HashMap<TokenId, String>) -> Result {
        self.follow_versions(served);
        self.count_exchanges(fleet, served);
        self.count_calls(fleet);
        self.read_journal(fleet).await
    }

    fn follow_versions(&mut self, served: &HashMap<TokenId, String>) {
        for (id, secret) in served {
            let known = self.current.insert(*id, secret.clone());
            let Some(before) = known.filter(|before| before != secret) else {
                continue;
            };
            let replaced = self.replaced.entry(*id).or_default();
            replaced.insert(before);
            self.breaches.older_again += usize::from(replaced.contains(secret));
        }
    }

    fn count_exchanges(&mut self, fleet: &Fleet, served: &HashMap<TokenId, String>) {
        let world = fleet.meta.world();
        let log = world.call_log();
        for secret in served.values() {
            let count = log.calls_about(Endpoint::Exchange, secret);
            let new = Exchanges { count, at: fleet.now };
            let known = self.exchanges.get(secret).copied();
            let before = known.map_or(0, |known| known.count);
            if count == before {
                continue;
            }
            let is_soon = known.is_some_and(|known| fleet.now < known.at + A_DAY);
            self.breaches.exchanged_twice += usize::from(is_soon || count > before + 1);
            self.exchanges.insert(secret.clone(), new);
        }
    }

    fn count_calls(&mut self, fleet: &Fleet) {
        let asked = fleet.meta.world().call_log().total();
        if let Some(at) = self.asked_at {
            let hours = fleet.now.duration_since(at).as_hours().unsigned_abs() + 1;
            let allowed = hours * CALLS_PER_HOUR * super::fleet::APPS.len() as u64;
            self.breaches.over_budget += usize::from(asked - self.asked > allowed);
        }
        (self.asked, self.asked_at) = (asked, Some(fleet.now));
    }

    async fn read_journal(&mut self, fleet: &Fleet) -> Result {
        let after = self.read_events;
        let events = fleet
            .inventory
            .read(move |view| view.events(after, None, ALL))
            .await?;
        for record in &events {
            self.read_events = self.read_events.max(record.id);
            self.log_event(record, &fleet.folder())?;
            match &record.event {
                Event::EmailWritten(email) => {
                    let is_new = self.written.insert(email.message_id.clone());
                    self.breaches.message_ids += usize::from(!is_new);
                }
                Event::EmailSent(email) => {
                    let is_written = self.written.contains(&email.message_id);
                    let is_new = self.sent.insert(email.message_id.clone());
                    self.breaches.message_ids += usize::from(!is_written || !is_new);
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn log_event(&mut self, record: &EventRecord, folder: &str) -> Result {
        let (kind, detail) = record.event.parts(record.order);
        let line = format!(
            "{} {} {:?} {:?} {kind} {}\n",
            record.id.0,
            record.at,
            record.app,
            record.token,
            serde_json::to_string(&detail)?
        );
        let line = line.replace(folder, "");
        if std::env::var_os("FLEET_YEARS_LOG").is_some() {
            eprint!("{line}");
        }
        self.log.update(line.as_bytes());
        Ok(())
    }

    /// Now and then, because it reads all files.
    pub(super) async fn audit(&mut self, fleet: &Fleet, is_half: bool) -> Result {
        let kept = fleet
            .inventory
            .read(|view| {
                let page = view.tokens(&Default::default(), ALL)?;
                let mut names = BTreeSet::new();
                for (token, ..) in page.tokens {
                    if view.secret_of(&token)?.is_some() {
                        names.insert(token.name);
                    }
                }
                Ok(names)
            })
            .await?;
        self.breaches.lost += fleet.names.difference(&kept).count();
        self.breaches.not_forgotten += kept.difference(&fleet.names).count();
        let written = fleet.written()?;
        self.breaches.in_clear += self.in_clear(&written);
        if let Some(mail) = fleet.mail.path() {
            for entry in fs::read_dir(mail)? {
                self.breaches.in_clear += self.in_clear(&fs::read(entry?.path())?);
            }
        }
        if is_half {
            self.half_way = Some(written.len());
        }
        Ok(())
    }

    /// How many secrets stand in these bytes as they are.
    fn in_clear(&self, bytes: &[u8]) -> usize {
        let begin = |secret: &String| secret.as_bytes().get(..TOLD_APART).map(<[u8]>::to_vec);
        let now = self.current.values().filter_map(begin);
        let before = self.replaced.values().flatten().filter_map(begin);
        let begins: HashSet<Vec<u8>> = now.chain(before).collect();
        bytes
            .windows(TOLD_APART)
            .filter(|window| window.starts_with(BEGINS) && begins.contains(*window))
            .count()
    }

    /// At the end, when nothing is broken any more.
    pub(super) async fn close(&mut self, fleet: &Fleet) -> Result {
        self.audit(fleet, false).await?;
        let most = self.half_way.map(|size| size * 8 / 5 + 2_000_000);
        let size = fleet.written()?.len();
        self.breaches.grown += usize::from(most.is_some_and(|most| size > most));
        let Some(folder) = fleet.consumer.path() else {
            return Ok(());
        };
        let served = fleet.served().await?;
        for (name, secret) in served {
            let delivered = fs::read_to_string(folder.join(&name)).unwrap_or_default();
            self.breaches.not_delivered += usize::from(delivered.trim_end() != secret.expose());
        }
        Ok(())
    }

    /// Of all events in their order.
    pub(super) fn digest(&self) -> String {
        let digest = self.log.clone().finalize();
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl Fleet {
    /// The secrets of the tokens that Meta has confirmed and that are not dead.
    async fn served(&self) -> Result<Vec<(String, Secret)>> {
        let read = self.inventory.read(|view| {
            let page = view.tokens(&Default::default(), ALL)?;
            let mut served = Vec::new();
            for (token, ..) in page.tokens {
                if token.state() != perennial::model::State::Healthy {
                    continue;
                }
                let reading = view.secret_of(&token)?;
                served.extend(reading.map(|reading| (token.name, reading.secret)));
            }
            Ok(served)
        });
        Ok(read.await?)
    }
}
