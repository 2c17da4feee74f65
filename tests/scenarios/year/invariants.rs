//! Compares the notifications with the truth: which tokens are dead since when, who was notified, and whether each
//! email had a cause. It also says what is looked at when:
//!
//! - at each step: each token's truth at Meta, exchanges, calls, and what is new in the journal and in the mailbox
//! - once a day: all tokens with their secrets, all open incidents, the files of people who asked for deletion
//! - every twenty days and at the end: everything that can be read without the key, and the files of all consumers

use std::collections::{HashMap, HashSet};

use jiff::SignedDuration;
use perennial::graph_sim::{Death, TokenTruth};
use perennial::inventory::{self, View};
use perennial::model::{
    Email, EmailId, Event, EventId, EventRecord, Incident, IncidentFilter, IncidentState, State,
    Token, TokenId,
};
use perennial::secret::Secret;

use super::fleet::{ALL, Fleet, NEEDED, OPERATOR};
use super::foresight::{Foreseen, Foresight};
use super::ledger::Ledger;
use super::rules::Rule;
use super::{Counts, Moment, Options, Result};

/// How far ahead an expiry may be mentioned: the first warning, and other tokens in the same email.
const SOON: SignedDuration = SignedDuration::from_hours(24 * 29);
const CHECKED_EVERY: SignedDuration = SignedDuration::from_hours(24);
const A_DAY: SignedDuration = SignedDuration::from_hours(24);
const AUDITED_EVERY: SignedDuration = SignedDuration::from_hours(24 * 20);
/// After this long without anything broken, nothing waits any more: a failed attempt is repeated after a day at most.
const CALM: SignedDuration = SignedDuration::from_hours(36);

pub(super) struct Invariants {
    lives: HashMap<TokenId, Life>,
    counts: Counts,
    /// Until when Meta or the app could not be reached.
    troubled_until: Moment,
    read_events: EventId,
    read_emails: EmailId,
    /// The time within which a death must be notified.
    within: SignedDuration,
    /// When something that emails and consumers need was last broken.
    broken_at: Moment,
    foresight: Foresight,
    ledger: Ledger,
    audited: Option<Moment>,
    counted: Option<Moment>,
}

struct Life {
    secret: String,
    /// Since when this secret is in use.
    served_since: Moment,
    /// When its access to data ends.
    data_access_ends: Option<Moment>,
    alive: bool,
    since: Moment,
    /// Since when the token has had all that it needs; `None` if it lacks something.
    well_since: Option<Moment>,
    reported: bool,
}

impl Invariants {
    pub(super) async fn open(fleet: &Fleet, options: &Options) -> Result<Self> {
        // With a small budget, what happens to many tokens at once takes some steps.
        let steps = if options.calls_per_hour.is_some() {
            6
        } else {
            3
        };
        let mut invariants = Self {
            lives: HashMap::new(),
            counts: Counts::default(),
            troubled_until: fleet.now,
            read_events: EventId(0),
            read_emails: EmailId(0),
            // A second check takes an hour, an email waits two minutes for related tokens, and each waits for the next
            // step.
            within: CHECKED_EVERY + options.step * steps + SignedDuration::from_hours(1),
            broken_at: fleet.now,
            foresight: Foresight::default(),
            ledger: Ledger::open(),
            audited: None,
            counted: None,
        };
        invariants.follow(fleet).await?;
        invariants.counts.tokens = invariants.lives.len();
        Ok(invariants)
    }

    /// Whether this rule was broken so far.
    pub(super) fn is_broken(&self, rule: Rule) -> bool {
        self.counts.breaches.of(rule) + self.ledger.breaches.of(rule) > 0
    }

    pub(super) const fn count_fault(&mut self) {
        self.counts.faults += 1;
    }

    /// Takes over the secrets that are current now.
    async fn follow(&mut self, fleet: &Fleet) -> Result {
        let (after, now) = (self.read_events, fleet.now);
        let (served, newest) = fleet
            .inventory
            .read(move |view| {
                let mut served = Vec::new();
                let mut seen = HashSet::new();
                for event in view.events(after, None, ALL)? {
                    let Some(name) = event.token.filter(|name| seen.insert(name.clone())) else {
                        continue;
                    };
                    if let Some(token) = view.token_named(&name)?
                        && let Some(reading) = view.secret_of(&token)?
                    {
                        served.push((token.id, reading.secret));
                    }
                }
                if after == EventId(0) {
                    let page = view.tokens(&Default::default(), ALL)?;
                    for (token, ..) in page.tokens {
                        let reading = view.secret_of(&token)?;
                        served.extend(reading.map(|reading| (token.id, reading.secret)));
                    }
                }
                Ok((served, view.newest_event()?))
            })
            .await?;
        self.read_events = newest;
        self.lives.retain(|id, _| !fleet.forgotten.contains(id));
        for (id, secret) in served {
            self.serve(id, &secret, now);
        }
        Ok(())
    }

    fn serve(&mut self, id: TokenId, secret: &Secret, now: Moment) {
        let fresh = || Life {
            secret: secret.expose().to_owned(),
            served_since: now,
            data_access_ends: None,
            alive: true,
            since: now,
            well_since: None,
            reported: false,
        };
        let life = self.lives.entry(id).or_insert_with(fresh);
        if life.secret != secret.expose() {
            secret.expose().clone_into(&mut life.secret);
            life.served_since = now;
        }
    }

    /// Records which tokens died or recovered, and which deaths should have been notified by now.
    pub(super) async fn look(&mut self, fleet: &Fleet) -> Result {
        // Secrets change in the daemon's own work, which is followed after it.
        self.lives.retain(|id, _| !fleet.forgotten.contains(id));
        let now = fleet.now;
        if fleet.is_troubled() {
            self.troubled_until = now;
        }
        if fleet.is_impaired() || fleet.mail.path().is_none() || fleet.consumer.path().is_none() {
            self.broken_at = now;
        }
        let mut ended = Vec::new();
        let mut clocks = Vec::new();
        {
            let world = fleet.meta.world();
            for (id, life) in &mut self.lives {
                // What is dead does not end in a forecast.
                let known_since = life.served_since.max(life.since + self.within);
                let alive = world.is_alive(&life.secret);
                let truth = world.truth(&life.secret).filter(|_| alive);
                life.well_since = truth
                    .as_ref()
                    .filter(|truth| lacks_nothing(truth, now))
                    .map(|_| life.well_since.unwrap_or(now));
                let ends = truth
                    .as_ref()
                    .and_then(|truth| truth.data_access_expires_at);
                let passed = life
                    .data_access_ends
                    .filter(|end| *end <= now && ends == Some(*end));
                clocks.extend(passed.map(|end| (*id, end, known_since)));
                life.data_access_ends = ends.filter(|end| *end > now);
                if alive == life.alive {
                    continue;
                }
                (life.alive, life.since, life.reported) = (alive, now, false);
                if !alive {
                    self.counts.deaths += 1;
                    let dead = world.truth(&life.secret);
                    let dead = dead.filter(|truth| truth.death == Some(Death::Expired));
                    ended.extend(dead.as_ref().map(|_| *id));
                    let end = dead.and_then(|truth| truth.expires_at);
                    clocks.extend(end.map(|end| (*id, end, known_since)));
                }
            }
        }
        for (id, end, known_since) in clocks {
            self.compare(fleet, id, end, known_since).await?;
        }
        self.hear_of_the_expired(fleet, ended).await?;
        self.hear_of_the_dead(fleet).await
    }

    /// Their ends were known, so that people must have been told before.
    async fn hear_of_the_expired(&mut self, fleet: &Fleet, expired: Vec<TokenId>) -> Result {
        self.counts.ends += expired.len();
        let told = those(fleet, expired.clone(), is_told).await?;
        for id in expired.into_iter().filter(|id| !told.contains(id)) {
            let what = "expired, and nobody was told before";
            self.explain(fleet, Rule::EveryDeathTold, id, what).await?;
        }
        Ok(())
    }

    /// Whether this end of a clock was foreseen.
    async fn compare(
        &mut self,
        fleet: &Fleet,
        id: TokenId,
        end: Moment,
        known_since: Moment,
    ) -> Result {
        let name = fleet.inventory.read(move |view| view.name_of(id)).await?;
        let foreseen = name.and_then(|name| self.foresight.foresaw(&name, end, known_since));
        match foreseen {
            Some(Foreseen::Right) => self.counts.foreseen += 1,
            Some(Foreseen::Wrong) => {
                let what = format!("reached an end of a clock at {end} that no forecast named");
                self.explain(fleet, Rule::Forecast, id, &what).await?;
            }
            None => {}
        }
        Ok(())
    }

    /// Looks ahead, after the daemon has done its work.
    pub(super) async fn foresee(&mut self, fleet: &Fleet) -> Result {
        if self.foresight.look(fleet).await? == Foreseen::Wrong {
            let breaches = &mut self.counts.breaches;
            breaches.record(
                Rule::Forecast,
                fleet.now,
                "a forecast has written something",
            );
        }
        Ok(())
    }

    /// What must hold of the inventory: at each step, once a day, and now and then of all its files. Returns whether the
    /// daemon has found something in this step.
    pub(super) async fn account(
        &mut self,
        fleet: &Fleet,
        start: Moment,
        end: Moment,
    ) -> Result<bool> {
        let served = self
            .lives
            .iter()
            .map(|(id, life)| (*id, life.secret.as_str()));
        let has_found = self.ledger.look(fleet, &served.collect()).await?;
        if self.counted.is_none_or(|at| fleet.now >= at + A_DAY) {
            self.counted = Some(fleet.now);
            self.recount(fleet).await?;
        }
        if self
            .audited
            .is_none_or(|at| fleet.now >= at + AUDITED_EVERY)
        {
            self.audited = Some(fleet.now);
            let half = start + end.duration_since(start) / 2;
            self.ledger.audit(fleet, fleet.now < half).await?;
        }
        Ok(has_found)
    }

    /// Whether nothing waits any more because of what was broken.
    fn is_calm(&self, fleet: &Fleet) -> bool {
        fleet.now >= self.broken_at + CALM
    }

    /// What is looked at once a day, because it reads all tokens and incidents.
    async fn recount(&mut self, fleet: &Fleet) -> Result {
        self.ledger.count_tokens(fleet).await?;
        if self.is_calm(fleet) {
            self.ledger.look_for_deleted(fleet)?;
        }
        self.count_doubled(fleet).await
    }

    async fn hear_of_the_dead(&mut self, fleet: &Fleet) -> Result {
        let latest = |life: &Life| life.since.max(self.troubled_until) + self.within;
        let lives = self.lives.iter();
        let silent: Vec<(TokenId, bool)> = lives
            .filter(|(_, life)| !life.alive && !life.reported)
            .map(|(id, life)| (*id, fleet.now > latest(life)))
            .collect();
        let ids = silent.iter().map(|(id, _)| *id).collect();
        let told = those(fleet, ids, is_told_dead).await?;
        for (id, is_overdue) in silent {
            // The cause may still change, which is another incident with an email of its own.
            let is_told = told.contains(&id);
            if is_overdue && !is_told {
                self.explain(fleet, Rule::EveryDeathTold, id, "died, and nobody was told")
                    .await?;
            }
            if let Some(life) = self.lives.get_mut(&id) {
                life.reported = is_told || is_overdue;
            }
        }
        Ok(())
    }

    /// Records a breach, with what is true of the token.
    async fn explain(&mut self, fleet: &Fleet, rule: Rule, id: TokenId, what: &str) -> Result {
        let name = fleet.inventory.read(move |view| view.name_of(id)).await?;
        let name = name.unwrap_or_default();
        let life = self.lives.get(&id);
        let since = life.map_or(fleet.now, |life| life.since);
        let death = life.and_then(|life| fleet.meta.world().truth(&life.secret));
        let death = death.and_then(|truth| truth.death);
        let words = format!("{name} {what}; as it is since {since}, {death:?}");
        self.counts.breaches.record(rule, fleet.now, &words);
        Ok(())
    }

    pub(super) async fn count_doubled(&mut self, fleet: &Fleet) -> Result {
        let open = fleet
            .inventory
            .read(|view| view.incidents(IncidentFilter::Unresolved, ALL))
            .await?;
        let key = |incident: &Incident| {
            let incident_key = &incident.incident_key;
            (
                incident_key.app.clone(),
                incident_key.cause,
                incident_key.subject.clone(),
            )
        };
        let keys: HashSet<_> = open.iter().map(key).collect();
        let holds = open.len() == keys.len();
        let words = || format!("{} open incidents have {} keys", open.len(), keys.len());
        self.counts
            .breaches
            .check(Rule::OneIncident, holds, fleet.now, words);
        Ok(())
    }

    /// Compares the new emails with the truth and returns them.
    pub(super) async fn read(&mut self, fleet: &Fleet) -> Result<Vec<Email>> {
        self.follow(fleet).await?;
        let now = fleet.now;
        let mut new = fleet
            .inventory
            .read(move |view| view.emails_to_send(now, ALL))
            .await?;
        let last = self.read_emails;
        new.retain(|email| email.id > last);
        for email in &new {
            self.read_emails = self.read_emails.max(email.id);
            self.judge(fleet, email).await?;
        }
        Ok(new)
    }

    async fn judge(&mut self, fleet: &Fleet, email: &Email) -> Result {
        self.counts.emails += 1;
        let to_operators = email.email.recipients == [OPERATOR];
        self.counts.to_operators += usize::from(to_operators);
        let Some(id) = email.email.incident else {
            return Ok(());
        };
        let about = fleet
            .inventory
            .read(move |view| {
                let Some(incident) = view.incident(id)? else {
                    return Ok(None);
                };
                let tokens_of_incident = view.tokens_of_incident(&incident, ALL)?;
                let mut elsewhere = HashSet::new();
                if matches!(incident.state, IncidentState::Resolved { .. }) {
                    for token in &tokens_of_incident {
                        let pending_token = view.pending_token(token.id)?;
                        let is_open = pending_token
                            .is_some_and(|pending_token| pending_token.incident.is_some());
                        elsewhere.extend(Some(token.id).filter(|_| is_open));
                    }
                }
                Ok(Some((incident, tokens_of_incident, elsewhere)))
            })
            .await?;
        let Some((incident, tokens_of_incident, elsewhere)) = about else {
            return Ok(());
        };
        let subject = &email.email.subject;
        let breaches = |holds: bool, what: &str| (!holds).then(|| format!("{subject:?}: {what}"));
        let broken = if incident.incident_key.cause.concerns_operator() {
            breaches(to_operators, "only an operator can act")
        } else if matches!(incident.state, IncidentState::Resolved { .. }) {
            let is_ill = |token: &&Token| {
                !elsewhere.contains(&token.id)
                    && token.state() != State::Failing
                    && self.is_long_dead(fleet, token)
            };
            let ill = tokens_of_incident.iter().find(is_ill);
            ill.and_then(|token| breaches(false, &format!("{} is still dead", token.name)))
        } else {
            let is_fine = |token: &&Token| self.is_fine(fleet.now, token);
            let fine = tokens_of_incident.iter().find(is_fine);
            fine.and_then(|token| breaches(false, &format!("{} is fine", token.name)))
        };
        if let Some(words) = broken {
            self.counts
                .breaches
                .record(Rule::NothingFineTold, fleet.now, &words);
        }
        Ok(())
    }

    fn is_long_dead(&self, fleet: &Fleet, token: &Token) -> bool {
        let life = self.lives.get(&token.id);
        let is_dead = |life: &Life| !fleet.meta.world().is_alive(&life.secret);
        life.is_some_and(|life| is_dead(life) && fleet.now > life.since + CHECKED_EVERY)
    }

    /// Returns whether the token has been fine for longer than the daemon may take to notice, including a recent
    /// recovery.
    fn is_fine(&self, now: Moment, token: &Token) -> bool {
        let well_since = self.lives.get(&token.id).and_then(|life| life.well_since);
        well_since.is_some_and(|since| now > since.max(self.troubled_until) + self.within)
    }

    pub(super) async fn close(mut self, fleet: &Fleet) -> Result<Counts> {
        let (incidents, mail, summaries) = fleet
            .inventory
            .read(|view| {
                let summaries = view.events(EventId(0), None, ALL)?;
                let is_summary = |record: &&EventRecord| match &record.event {
                    Event::EmailWritten(email) => email.message_id.starts_with("digest-"),
                    _ => false,
                };
                let summaries = summaries.iter().filter(is_summary).count();
                let incidents = view.incidents(IncidentFilter::All, ALL)?;
                Ok((incidents, view.mail_queue()?, summaries))
            })
            .await?;
        let is_open = |i: &&Incident| !matches!(i.state, IncidentState::Resolved { .. });
        let figures = fleet.inventory.figures();
        let open = incidents.iter().filter(is_open).count() as u64;
        let is_calm = self.is_calm(fleet);
        if fleet.sabotage.is_none() {
            assert_eq!((figures.incidents.open, &figures.mail), (open, &mail));
        }
        self.ledger.close(fleet, is_calm).await?;
        self.counts.breaches.add(self.ledger.breaches.clone());
        self.counts.log = self.ledger.digest();
        let words = || format!("{} emails wait although mail works", mail.queued);
        let holds = mail.queued == 0 || !is_calm;
        self.counts
            .breaches
            .check(Rule::EveryDeathTold, holds, fleet.now, words);
        self.counts.incidents = incidents.len();
        self.counts.flapping = incidents.iter().filter(|i| i.relapses >= 2).count();
        self.counts.restarts = fleet.restarts;
        self.counts.calls = fleet.meta.world().call_log().total();
        self.counts.summaries = summaries;
        self.counts.emails += summaries;
        self.counts.to_operators += summaries;
        Ok(self.counts)
    }
}

/// Returns whether the token has all that it needs and does not expire soon.
fn lacks_nothing(truth: &TokenTruth, now: Moment) -> bool {
    let ends = [truth.expires_at, truth.data_access_expires_at];
    let ends_soon = ends.into_iter().flatten().any(|end| end < now + SOON);
    !ends_soon && truth.scopes.iter().any(|scope| scope == NEEDED)
}

type Read<T> = std::result::Result<T, inventory::Error>;

/// Those tokens of which `is_so`, in one look at the inventory.
async fn those(
    fleet: &Fleet,
    ids: Vec<TokenId>,
    is_so: fn(&View<'_>, TokenId) -> Read<bool>,
) -> Result<HashSet<TokenId>> {
    if ids.is_empty() {
        return Ok(HashSet::new());
    }
    let read = fleet.inventory.read(move |view| {
        let mut those = HashSet::new();
        for id in ids {
            those.extend(is_so(view, id)?.then_some(id));
        }
        Ok(those)
    });
    Ok(read.await?)
}

/// Returns whether an email about the token's incident was sent.
fn is_told(view: &View<'_>, id: TokenId) -> Read<bool> {
    let pending = view.pending_token(id)?;
    let Some(here) = pending.and_then(|pending_token| pending_token.incident) else {
        return Ok(false);
    };
    let incident = view.incident(here.incident)?;
    Ok(incident.is_some_and(|i| i.notified_at.or(i.flapping_notified_at).is_some()))
}

/// The same, of a token that the daemon knows to be dead.
fn is_told_dead(view: &View<'_>, id: TokenId) -> Read<bool> {
    match view.token(id)?.is_some_and(|token| token.is_dead()) {
        true => is_told(view, id),
        false => Ok(false),
    }
}
