//! What must hold of the inventory itself, whatever happens around it: nothing lost, nothing done twice, nothing in
//! clear, nothing that grows for ever.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs;
use std::path::Path;

use jiff::SignedDuration;
use perennial::graph_sim::{Endpoint, TokenTruth};
use perennial::model::{Event, EventId, EventRecord, State, TokenId};
use perennial::secret::Secret;
use sha2::{Digest, Sha256};

use super::fleet::{ALL, APPS, Fleet};
use super::mailbox::Mailbox;
use super::pace::leads_on;
use super::rules::{Breaches, Rule};
use super::secrets::Secrets;
use super::{Moment, Result, note};

const AN_HOUR: SignedDuration = SignedDuration::from_hours(1);
const A_DAY: SignedDuration = SignedDuration::from_hours(24);
/// How often a short-lived token may be exchanged: by the login, and then each time after a quarter of the remaining time.
const MOST_WHILE_SHORT_LIVED: u32 = 24;
/// What the last step that the budget allows may take beyond it.
const TO_FINISH: u64 = 1;
/// For how long the inventory keeps events and emails, and the day on which those before are removed.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * (90 + 1));

pub(super) struct Ledger {
    pub(super) breaches: Breaches,
    read_events: EventId,
    exchanges: HashMap<String, Exchanges>,
    /// By all apps, of all secrets.
    exchanges_made: u64,
    /// Every secret that a token had, the newest at the end.
    versions: HashMap<TokenId, Vec<String>>,
    /// The newest version of each token that its consumer was seen to have.
    delivered: HashMap<String, usize>,
    /// Message-IDs that were written, and those that were sent.
    written: HashSet<String>,
    sent: HashSet<String>,
    mailbox: Mailbox,
    /// When each event was recorded, by what it says: a copy of an event explains no growth.
    events_at: HashMap<String, Moment>,
    emails_at: Vec<Moment>,
    half_way: Option<Size>,
    /// When the daemon's clock was wrong last.
    clock_wrong_at: Option<Moment>,
    log: Sha256,
}

/// How often a secret was exchanged, and when last: in truth, and by the daemon's clock.
#[derive(Clone, Copy)]
struct Exchanges {
    count: u32,
    at: Moment,
    daemon_at: Moment,
}

impl Exchanges {
    /// Whether less than a day has passed since, by both clocks. A daemon whose clock was behind and is right again
    /// cannot know that its day was short.
    fn is_recent(&self, fleet: &Fleet) -> bool {
        fleet.now < self.at + A_DAY && fleet.daemon_now() < self.daemon_at + A_DAY
    }
}

/// How much of the inventory is in use, and how many events and emails explain it.
#[derive(Clone, Copy, Debug)]
struct Size {
    bytes: u64,
    events: u64,
    emails: u64,
}

impl Size {
    /// Half a year later: half as much again, 400 kB, and what more events and emails take.
    fn most(self, later: Self) -> u64 {
        let more_events = later.events.saturating_sub(self.events);
        let more_emails = later.emails.saturating_sub(self.emails);
        self.bytes * 3 / 2 + 400_000 + more_events * 500 + more_emails * 12_000
    }
}

fn is_short_lived(truth: &TokenTruth) -> bool {
    truth
        .expires_at
        .is_some_and(|end| end <= truth.issued_at + A_DAY)
}

impl Ledger {
    pub(super) fn open() -> Self {
        Self {
            breaches: Breaches::default(),
            read_events: EventId(0),
            exchanges: HashMap::new(),
            exchanges_made: 0,
            versions: HashMap::new(),
            delivered: HashMap::new(),
            written: HashSet::new(),
            sent: HashSet::new(),
            mailbox: Mailbox::default(),
            events_at: HashMap::new(),
            emails_at: Vec::new(),
            half_way: None,
            clock_wrong_at: None,
            log: Sha256::new(),
        }
    }

    /// After each step. Returns whether the journal has something from which more follows.
    pub(super) async fn look(
        &mut self,
        fleet: &Fleet,
        served: &HashMap<TokenId, &str>,
    ) -> Result<bool> {
        let has_new = self.follow_versions(fleet, served);
        let made = fleet.meta.world().call_log().calls(Endpoint::Exchange);
        // Nothing can have been exchanged twice otherwise.
        if has_new || made != self.exchanges_made {
            self.exchanges_made = made;
            self.count_exchanges(fleet, served);
        }
        self.count_calls(fleet)?;
        self.read_journal(fleet).await
    }

    /// Returns whether there is a new one.
    fn follow_versions(&mut self, fleet: &Fleet, served: &HashMap<TokenId, &str>) -> bool {
        let mut has_new = false;
        for (id, secret) in served {
            let versions = self.versions.entry(*id).or_default();
            if versions.last().is_some_and(|newest| newest == secret) {
                continue;
            }
            if versions.iter().any(|earlier| earlier == secret) {
                let words = format!("token {} has an earlier secret again", id.0);
                self.breaches.record(Rule::NeverOlder, fleet.now, &words);
            }
            versions.push((*secret).to_owned());
            has_new = true;
        }
        has_new
    }

    fn count_exchanges(&mut self, fleet: &Fleet, served: &HashMap<TokenId, &str>) {
        let world = fleet.meta.world();
        let log = world.call_log();
        for (id, secret) in served {
            let count = log.calls_about(Endpoint::Exchange, secret);
            let known = self.exchanges.get(*secret).copied();
            let before = known.map_or(0, |known| known.count);
            if count == before {
                continue;
            }
            let is_soon = known.is_some_and(|known| known.is_recent(fleet));
            let holds = if world
                .truth(secret)
                .is_some_and(|truth| is_short_lived(&truth))
            {
                count <= MOST_WHILE_SHORT_LIVED
            } else {
                !is_soon && count == before + 1
            };
            let words = || format!("a secret of token {} was exchanged {count} times", id.0);
            self.breaches
                .check(Rule::OneExchange, holds, fleet.now, words);
            let known = Exchanges {
                count,
                at: fleet.now,
                daemon_at: fleet.daemon_now(),
            };
            self.exchanges.insert((*secret).to_owned(), known);
        }
    }

    fn count_calls(&mut self, fleet: &Fleet) -> Result {
        if !fleet.skew.is_zero() {
            self.clock_wrong_at = Some(fleet.now);
        }
        let an_hour_ago = fleet.now - AN_HOUR;
        // The daemon counts by its own clock.
        if self.clock_wrong_at.is_some_and(|at| at >= an_hour_ago) {
            return Ok(());
        }
        for (app, (name, id, _)) in APPS.into_iter().enumerate() {
            let calls = u64::from(fleet.meta.world().calls_last_hour(id)?);
            let logins = fleet.login_calls.iter();
            let logins = logins.filter(|(at, of, _)| *of == app && *at >= an_hour_ago);
            let logins: u64 = logins.map(|(.., calls)| calls).sum();
            let holds = calls <= fleet.budget + logins + TO_FINISH;
            let words = || {
                format!(
                    "{calls} calls of {name} in an hour, {logins} of them by logins, and checks may make {}",
                    fleet.budget
                )
            };
            self.breaches.check(Rule::Budget, holds, fleet.now, words);
        }
        Ok(())
    }

    async fn read_journal(&mut self, fleet: &Fleet) -> Result<bool> {
        let after = self.read_events;
        let read = fleet
            .inventory
            .read(move |view| view.events(after, None, ALL));
        let (mut lines, mut sent, mut more_follows) = (Vec::new(), Vec::new(), false);
        for record in &read.await? {
            self.read_events = self.read_events.max(record.id);
            let line = line_of(record, &fleet.folder())?;
            self.events_at.entry(line.clone()).or_insert(fleet.now);
            lines.push(line);
            more_follows |= leads_on(&record.event);
            if matches!(record.event, Event::EmailWritten(_)) {
                self.emails_at.push(fleet.now);
            }
            let holds = match &record.event {
                Event::EmailWritten(email) => self.written.insert(email.message_id.clone()),
                Event::EmailSent(email) => {
                    sent.push(email.message_id.clone());
                    let is_written = self.written.contains(&email.message_id);
                    self.sent.insert(email.message_id.clone()) && is_written
                }
                _ => true,
            };
            let words = || format!("{:?}", record.event);
            self.breaches
                .check(Rule::OneMessageId, holds, fleet.now, words);
        }
        self.log(lines);
        self.read_mail(fleet, &sent)?;
        Ok(more_follows)
    }

    /// What was sent according to the journal must have arrived, and nothing else.
    fn read_mail(&mut self, fleet: &Fleet, sent: &[String]) -> Result {
        for wrong in self.mailbox.empty(fleet, &self.written)? {
            self.breaches.record(Rule::OneMessageId, fleet.now, &wrong);
        }
        for id in sent {
            let words = || format!("{id} was sent, but did not arrive");
            let has_arrived = self.mailbox.has(id);
            self.breaches
                .check(Rule::OneMessageId, has_arrived, fleet.now, words);
        }
        Ok(())
    }

    /// Sorted, because some tokens of a step are checked at the same time, and whose answer comes first is by chance.
    fn log(&mut self, mut lines: Vec<String>) {
        lines.sort();
        for line in lines {
            note(|| line.clone());
            self.log.update(line.as_bytes());
        }
    }

    /// Once a day.
    pub(super) async fn count_tokens(&mut self, fleet: &Fleet) -> Result {
        let read = fleet.inventory.read(|view| {
            let page = view.tokens(&Default::default(), ALL)?;
            let mut names = BTreeSet::new();
            let mut ids = HashSet::new();
            let mut secrets = Vec::new();
            for (token, ..) in page.tokens {
                ids.insert(token.id);
                if let Some(reading) = view.secret_of(&token)? {
                    secrets.push((token.id, reading.secret));
                    names.insert(token.name);
                }
            }
            Ok((names, ids, secrets))
        });
        let (kept, ids, secrets) = read.await?;
        let served = secrets.iter().map(|(id, secret)| (*id, secret.expose()));
        self.follow_versions(fleet, &served.collect());
        for lost in fleet.names.difference(&kept) {
            self.breaches
                .record(Rule::NothingLost, fleet.now, &format!("{lost} is gone"));
        }
        for left in fleet.forgotten.intersection(&ids) {
            let words = format!("token {} is still there", left.0);
            self.breaches.record(Rule::Forgotten, fleet.now, &words);
        }
        Ok(())
    }

    /// Once a day, if nothing was broken lately.
    pub(super) fn look_for_deleted(&mut self, fleet: &Fleet) -> Result {
        let Some(folder) = fleet.consumer.path() else {
            return Ok(());
        };
        for left in fleet.files_of_the_deleted(folder)? {
            self.breaches.record(Rule::Forgotten, fleet.now, &left);
        }
        Ok(())
    }

    /// Now and then, because it reads all files.
    pub(super) async fn audit(&mut self, fleet: &Fleet, is_half: bool) -> Result {
        let secrets = Secrets::of(fleet, self.versions.values().flatten());
        let emails = self.mailbox.take_unread().into_iter();
        let emails = emails.map(|email| ("an email".to_owned(), email));
        for (place, bytes) in fleet.everything_readable().await?.into_iter().chain(emails) {
            let found = secrets.found_in(&bytes);
            let words = || format!("{} in {place}", found.unwrap_or_default());
            self.breaches
                .check(Rule::Sealed, found.is_none(), fleet.now, words);
        }
        for left in fleet.traces_of_the_forgotten()? {
            self.breaches.record(Rule::Forgotten, fleet.now, &left);
        }
        self.look_at_consumers(fleet).await?;
        if is_half {
            self.half_way = Some(self.size(fleet)?);
        }
        Ok(())
    }

    fn size(&self, fleet: &Fleet) -> Result<Size> {
        let since = fleet.now - KEPT;
        let is_kept = |at: &&Moment| **at >= since;
        Ok(Size {
            bytes: fleet.size()?,
            events: self.events_at.values().filter(is_kept).count() as u64,
            emails: self.emails_at.iter().filter(is_kept).count() as u64,
        })
    }

    /// No file goes back to an earlier version, and none is left of a token that is gone.
    async fn look_at_consumers(&mut self, fleet: &Fleet) -> Result {
        let Some(folder) = fleet.consumer.path() else {
            return Ok(());
        };
        for (id, name, secret) in fleet.served().await? {
            let Some(versions) = self.versions.get(&id) else {
                continue;
            };
            let Some(has) = content(&folder.join(&name)) else {
                continue;
            };
            let place = versions.iter().rposition(|version| *version == has);
            let before = self.delivered.get(&name).copied();
            let holds = has == secret.expose() || place.is_none() || place >= before;
            let words = || format!("the file of {name} went back to an earlier version");
            self.breaches
                .check(Rule::NeverOlder, holds, fleet.now, words);
            self.delivered.extend(place.map(|place| (name, place)));
        }
        Ok(())
    }

    /// At the end, when nothing is broken any more.
    pub(super) async fn close(&mut self, fleet: &Fleet, is_calm: bool) -> Result {
        self.count_tokens(fleet).await?;
        self.audit(fleet, false).await?;
        let size = self.size(fleet)?;
        let most = self.half_way.map_or(u64::MAX, |half| half.most(size));
        let words = || format!("{size:?} at the end, {:?} half-way", self.half_way);
        self.breaches
            .check(Rule::Bounded, size.bytes <= most, fleet.now, words);
        let Some(folder) = fleet.consumer.path().filter(|_| is_calm) else {
            return Ok(());
        };
        for (_, name, secret) in fleet.served().await? {
            let has = content(&folder.join(&name));
            let holds = has.as_deref() == Some(secret.expose());
            let words = || format!("the consumer of {name} does not have the newest version");
            self.breaches
                .check(Rule::NeverOlder, holds, fleet.now, words);
        }
        self.look_for_deleted(fleet)
    }

    /// Of all events in their order.
    pub(super) fn digest(&self) -> String {
        let digest = self.log.clone().finalize();
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// An event as the log of a year has it: without what is another in each run, which is its number, the folder, and the
/// code that confirms a deletion.
fn line_of(record: &EventRecord, folder: &str) -> Result<String> {
    let (kind, mut detail) = record.event.parts(record.order);
    if let Event::DataDeleted { .. } = record.event {
        detail.remove("code");
    }
    let line = format!(
        "{} {:?} {:?} {kind} {}\n",
        record.at,
        record.app,
        record.token,
        serde_json::to_string(&detail)?
    );
    Ok(line.replace(folder, ""))
}

fn content(file: &Path) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    Some(text.trim_end().to_owned())
}

impl Fleet {
    /// The secrets of the tokens that Meta has confirmed and that are not dead.
    async fn served(&self) -> Result<Vec<(TokenId, String, Secret)>> {
        let read = self.inventory.read(|view| {
            let page = view.tokens(&Default::default(), ALL)?;
            let mut served = Vec::new();
            for (token, ..) in page.tokens {
                if token.state() != State::Healthy {
                    continue;
                }
                let reading = view.secret_of(&token)?;
                served.extend(reading.map(|reading| (token.id, token.name, reading.secret)));
            }
            Ok(served)
        });
        Ok(read.await?)
    }
}
