//! A real inventory in a temporary folder, tokens in any trouble, and a clock that the test moves.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

use super::language::Language;
use super::{Report, Rules, pass};
use crate::inventory::{
    AppRecord, AppTrouble, Error, Imported, Incident, IncidentId, IncidentState, Inventory,
    Learned, Letter, NewToken, Settings, Story, Which,
};
use crate::secret::{Key, Secret};
use crate::token::{Cause, Clock, Facts, Health, Kind, Scopes, Token, TokenId};

pub(super) type Result<T = ()> = std::result::Result<T, Error>;

pub(super) const MARIA: &str = "1000200";

pub(super) fn hours(n: i64) -> SignedDuration {
    SignedDuration::from_hours(n)
}

pub(super) fn minutes(n: i64) -> SignedDuration {
    SignedDuration::from_mins(n)
}

pub(super) fn days(n: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * n)
}

pub(super) fn berlin() -> TimeZone {
    TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap()
}

/// A Monday morning.
pub(super) fn monday() -> Timestamp {
    "2026-11-30T09:00:00Z".parse().unwrap()
}

pub(super) fn rules() -> Rules {
    Rules {
        warn_before: vec![days(14), days(7), days(3), days(1)],
        remind_every: days(3),
        plan_window: days(14),
        copy_operators: false,
        escalate_after: None,
        escalate_to: Vec::new(),
        quiet_hours: None,
        working_days: Vec::new(),
        routes: Vec::new(),
        apps: vec!["acme".to_owned(), "beta".to_owned()],
        operators: vec!["ops@example.com".to_owned()],
        message_domain: "perennial.example.com".to_owned(),
        language: Language::English,
        layout: std::sync::Arc::default(),
        timezone: berlin(),
        login_links: None,
    }
}

/// Of Maria's, told to nobody yet.
pub(super) fn incident(cause: Cause) -> Incident {
    Incident {
        id: IncidentId(1),
        story: Story {
            app: "acme".to_owned(),
            cause: cause.story(),
            subject: MARIA.to_owned(),
        },
        cause,
        subject_name: None,
        state: IncidentState::Open,
        opened_at: monday(),
        deadline: None,
        review_at: None,
        told: Vec::new(),
        told_cause: None,
        told_at: None,
        awaiting_since: None,
        escalated_at: None,
        relapses: 0,
        well_since: None,
        flapping_told_at: None,
        apps: Vec::new(),
        affected: 1,
        troubled: 1,
        ever_affected: 1,
    }
}

pub(super) fn facts(kind: Kind, subject: &str, expires_at: Clock) -> Facts {
    Facts {
        kind,
        subject: subject.to_owned(),
        person: MARIA.to_owned(),
        issued_at: None,
        expires_at,
        data_access_expires_at: Clock::Never,
        scopes: Scopes::parse("pages_show_list pages_messaging"),
    }
}

pub(super) struct World {
    pub(super) inventory: Inventory,
    pub(super) rules: Rules,
    pub(super) now: Timestamp,
    _folder: TempDir,
}

impl World {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings {
            path: folder.path().join("inventory.db"),
            key: Key::generate().unwrap(),
        };
        Self {
            inventory: Inventory::open(&settings).unwrap(),
            rules: rules(),
            now: monday(),
            _folder: folder,
        }
    }

    pub(super) fn wait(&mut self, span: SignedDuration) {
        self.now += span;
    }

    pub(super) async fn pass(&self) -> Result<Report> {
        pass(&self.inventory, &self.rules, self.now).await
    }

    pub(super) async fn pass_after(&mut self, span: SignedDuration) -> Result<Report> {
        self.wait(span);
        self.pass().await
    }

    /// Imports tokens that Meta has found well: Maria's own and those of her pages, as `kind` says.
    pub(super) async fn import(&self, kind: Kind, names: &[String]) -> Result<Vec<TokenId>> {
        let names = names.to_vec();
        let now = self.now;
        let add = move |tx: &crate::inventory::Tx<'_>| {
            names
                .iter()
                .map(|name| take_in(tx, kind, name, now))
                .collect()
        };
        self.inventory.write(add).await
    }

    pub(super) async fn import_user(&self, name: &str) -> Result<TokenId> {
        Ok(self.import(Kind::User, &[name.to_owned()]).await?[0])
    }

    /// Meta has told something new of these tokens.
    pub(super) async fn learn(
        &self,
        ids: &[TokenId],
        change: impl Fn(&mut Token) + Send + 'static,
    ) -> Result {
        let (ids, now) = (ids.to_vec(), self.now);
        self.inventory
            .write(move |tx| {
                ids.iter().try_for_each(|id| {
                    tx.make_due(*id, now)?;
                    visit(tx, *id, now, &change)
                })
            })
            .await
    }

    pub(super) async fn die(&self, ids: &[TokenId], cause: Cause) -> Result {
        let since = self.now;
        self.learn(ids, move |token| {
            token.health = Health::Dead { since, cause }
        })
        .await
    }

    pub(super) async fn heal(&self, ids: &[TokenId]) -> Result {
        self.learn(ids, |token| {
            token.health = Health::Healthy;
            if let Some(facts) = &mut token.facts {
                facts.expires_at = Clock::Never;
                facts.data_access_expires_at = Clock::Never;
            }
        })
        .await
    }

    /// The token's end comes near, and no program can move it.
    pub(super) async fn expire_in(&self, id: TokenId, span: SignedDuration) -> Result {
        let end = self.now + span;
        self.learn(&[id], move |token| {
            token.health = Health::Expiring {
                cause: Cause::ExpiresSoon,
            };
            if let Some(facts) = &mut token.facts {
                facts.expires_at = Clock::At(end);
            }
        })
        .await
    }

    /// It is well, and Meta has told its end.
    pub(super) async fn end_in(&self, id: TokenId, span: SignedDuration) -> Result {
        let end = self.now + span;
        self.learn(&[id], move |token| {
            if let Some(facts) = &mut token.facts {
                facts.expires_at = Clock::At(end);
            }
        })
        .await
    }

    /// The 90 days of data access end.
    pub(super) async fn lapse_in(&self, id: TokenId, span: SignedDuration) -> Result {
        let end = self.now + span;
        self.learn(&[id], move |token| {
            token.health = Health::Expiring {
                cause: Cause::DataAccessExpiresSoon,
            };
            if let Some(facts) = &mut token.facts {
                facts.data_access_expires_at = Clock::At(end);
                facts.scopes = Scopes::parse("ads_read leads_retrieval");
            }
        })
        .await
    }

    pub(super) async fn trouble_app(&self, cause: Option<Cause>) -> Result {
        self.trouble("acme", cause).await
    }

    pub(super) async fn trouble(&self, app: &str, cause: Option<Cause>) -> Result {
        let now = self.now;
        let app = AppRecord {
            name: app.to_owned(),
            trouble: cause.map(|cause| AppTrouble {
                cause,
                since: now,
                failures: 1,
            }),
            ..AppRecord::default()
        };
        self.inventory.write(move |tx| tx.keep_app(&app, now)).await
    }

    pub(super) async fn forget(&self, ids: &[TokenId]) -> Result {
        let ids = ids.to_vec();
        self.inventory
            .write(move |tx| ids.iter().try_for_each(|id| tx.forget(*id)))
            .await
    }

    pub(super) async fn acknowledge(&self, incident: &Incident, span: SignedDuration) -> Result {
        let (incident, now) = (incident.clone(), self.now);
        self.inventory
            .write(move |tx| tx.acknowledge(&incident, now + span, "maria", now))
            .await
    }

    /// All letters ever written, oldest first; nobody sends them here.
    pub(super) async fn letters(&self) -> Result<Vec<Letter>> {
        let now = self.now;
        self.inventory
            .read(move |view| view.letters_to_send(now, 1_000))
            .await
    }

    pub(super) async fn subjects(&self) -> Result<Vec<String>> {
        let letters = self.letters().await?;
        Ok(letters.into_iter().map(|l| l.letter.subject).collect())
    }

    pub(super) async fn incidents(&self) -> Result<Vec<Incident>> {
        self.inventory
            .read(|view| view.incidents(Which::All, 1_000))
            .await
    }
}

fn take_in(
    tx: &crate::inventory::Tx<'_>,
    kind: Kind,
    name: &str,
    now: Timestamp,
) -> Result<TokenId> {
    let new = NewToken {
        app: "acme".to_owned(),
        name: Some(name.to_owned()),
        secret: Secret::new(format!("EAA{name}")),
        owners: vec!["maria@example.com".to_owned()],
        required_scopes: Scopes::default(),
        parent: None,
        subject_name: None,
    };
    let Imported::Added { id, .. } = tx.import(&new, now)? else {
        panic!("{name} is there already");
    };
    let is_page = kind == Kind::Page;
    let subject = if is_page { name } else { MARIA }.to_owned();
    let subject_name = if is_page { name } else { "Maria Schmidt" }.to_owned();
    visit(tx, id, now, &|token: &mut Token| {
        token.facts = Some(facts(kind, &subject, Clock::Never));
        token.subject_name = Some(subject_name.clone());
        token.health = Health::Healthy;
    })?;
    Ok(id)
}

fn visit(
    tx: &crate::inventory::Tx<'_>,
    id: TokenId,
    now: Timestamp,
    change: &impl Fn(&mut Token),
) -> Result {
    let claimed = tx.claim(&[id], now, now + minutes(1))?;
    let [claimed] = claimed.as_slice() else {
        panic!("{id:?} is not due");
    };
    let mut after = claimed.token.clone();
    change(&mut after);
    let learned = Learned {
        before: claimed.token.clone(),
        after,
        lease: claimed.lease,
        checked_at: now,
        secret: None,
        judged_candidate: None,
        errand_done: None,
        events: Vec::new(),
    };
    tx.record(&learned, now).map(drop)
}
