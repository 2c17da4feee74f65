//! A real inventory in a temporary folder, tokens in every state, and a clock that the test moves.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

use super::{Report, Rules, pass};
use crate::email::text::Language;
use crate::inventory::{Error, Imported, Inventory, NewToken, Settings};
use crate::model::{
    AppError, AppRecord, Cause, CheckResult, Email, Expiry, Facts, Health, Incident,
    IncidentFilter, IncidentId, IncidentKey, Kind, Scopes, Token, TokenId,
};
use crate::secret::{Key, Secret};

pub(crate) type Result<T = ()> = std::result::Result<T, Error>;

pub(crate) const MARIA: &str = "1000200";

pub(crate) fn hours(n: i64) -> SignedDuration {
    SignedDuration::from_hours(n)
}

pub(crate) fn minutes(n: i64) -> SignedDuration {
    SignedDuration::from_mins(n)
}

pub(crate) fn days(n: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * n)
}

pub(crate) fn berlin() -> TimeZone {
    TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap()
}

/// A Monday morning.
pub(crate) fn monday() -> Timestamp {
    "2026-11-30T09:00:00Z".parse().unwrap()
}

pub(crate) fn rules() -> Rules {
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
        channels: Vec::new(),
        apps: vec!["acme".to_owned(), "beta".to_owned()],
        operators: vec!["ops@example.com".to_owned()],
        message_domain: "perennial.example.com".to_owned(),
        language: Language::English,
        templates: std::sync::Arc::default(),
        timezone: berlin(),
        login_links: None,
    }
}

/// An incident about Maria that no email was sent about.
pub(crate) fn incident(cause: Cause) -> Incident {
    let incident_key = IncidentKey {
        app: "acme".to_owned(),
        cause: cause.incident_key(),
        subject: MARIA.to_owned(),
    };
    Incident {
        id: IncidentId(1),
        review_at: None,
        affected: 1,
        still_affected: 1,
        ever_affected: 1,
        ..Incident::opened(incident_key, cause, monday())
    }
}

pub(crate) fn facts(kind: Kind, subject: &str, expires_at: Expiry) -> Facts {
    Facts {
        kind,
        subject: subject.to_owned(),
        person: MARIA.to_owned(),
        issued_at: None,
        expires_at,
        data_access_expires_at: Expiry::Never,
        scopes: Some(Scopes::parse("pages_show_list pages_messaging")),
    }
}

pub(crate) struct World {
    pub(crate) inventory: Inventory,
    pub(crate) rules: Rules,
    pub(crate) now: Timestamp,
    folder: TempDir,
}

impl World {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings::of_file(
            &folder.path().join("inventory.db"),
            Key::generate().unwrap(),
        );
        Self {
            inventory: Inventory::open(&settings).unwrap(),
            rules: rules(),
            now: monday(),
            folder,
        }
    }

    /// Runs SQL that the inventory knows nothing of, as when its disk fills up.
    pub(crate) fn outside(&self, sql: &str) {
        let file = self.folder.path().join("inventory.db");
        let db = rusqlite::Connection::open(file).unwrap();
        db.execute_batch(sql).unwrap();
    }

    pub(crate) fn wait(&mut self, span: SignedDuration) {
        self.now += span;
    }

    pub(crate) async fn pass(&self) -> Result<Report> {
        pass(&self.inventory, &self.rules, self.now).await
    }

    pub(crate) async fn pass_after(&mut self, span: SignedDuration) -> Result<Report> {
        self.wait(span);
        self.pass().await
    }

    /// Imports healthy tokens: Maria's own or those of her pages, by `kind`.
    pub(crate) async fn import(&self, kind: Kind, names: &[String]) -> Result<Vec<TokenId>> {
        let names = names.to_vec();
        let now = self.now;
        let add = move |tx: &crate::inventory::Tx<'_>| {
            names
                .iter()
                .map(|name| import_token(tx, kind, name, now))
                .collect()
        };
        self.inventory.write(add).await
    }

    pub(crate) async fn import_user(&self, name: &str) -> Result<TokenId> {
        Ok(self.import(Kind::User, &[name.to_owned()]).await?[0])
    }

    /// Records a check that changed these tokens.
    pub(crate) async fn record_check(
        &self,
        ids: &[TokenId],
        change: impl Fn(&mut Token) + Send + 'static,
    ) -> Result {
        let (ids, now) = (ids.to_vec(), self.now);
        self.inventory
            .write(move |tx| {
                ids.iter().try_for_each(|id| {
                    tx.make_due(*id, now)?;
                    check(tx, *id, now, &change)
                })
            })
            .await
    }

    pub(crate) async fn die(&self, ids: &[TokenId], cause: Cause) -> Result {
        let since = self.now;
        self.record_check(ids, move |token| {
            token.health = Health::Dead { since, cause }
        })
        .await
    }

    pub(crate) async fn heal(&self, ids: &[TokenId]) -> Result {
        self.record_check(ids, |token| {
            token.health = Health::Healthy;
            if let Some(facts) = &mut token.facts {
                facts.expires_at = Expiry::Never;
                facts.data_access_expires_at = Expiry::Never;
            }
        })
        .await
    }

    /// The token expires soon, and no renewal extended it.
    pub(crate) async fn expire_in(&self, id: TokenId, span: SignedDuration) -> Result {
        let end = self.now + span;
        self.record_check(&[id], move |token| {
            token.health = Health::Expiring {
                cause: Cause::ExpiresSoon,
            };
            if let Some(facts) = &mut token.facts {
                facts.expires_at = Expiry::At(end);
            }
        })
        .await
    }

    /// The token is healthy, with a known expiry.
    pub(crate) async fn end_in(&self, id: TokenId, span: SignedDuration) -> Result {
        let end = self.now + span;
        self.record_check(&[id], move |token| {
            if let Some(facts) = &mut token.facts {
                facts.expires_at = Expiry::At(end);
            }
        })
        .await
    }

    /// The 90 days of data access end soon.
    pub(crate) async fn lapse_in(&self, id: TokenId, span: SignedDuration) -> Result {
        let end = self.now + span;
        self.record_check(&[id], move |token| {
            token.health = Health::Expiring {
                cause: Cause::DataAccessExpiresSoon,
            };
            if let Some(facts) = &mut token.facts {
                facts.data_access_expires_at = Expiry::At(end);
                facts.scopes = Some(Scopes::parse("ads_read leads_retrieval"));
            }
        })
        .await
    }

    pub(crate) async fn set_error_of_first_app(&self, cause: Option<Cause>) -> Result {
        self.set_app_error("acme", cause).await
    }

    pub(crate) async fn set_app_error(&self, app: &str, cause: Option<Cause>) -> Result {
        let now = self.now;
        let app = AppRecord {
            name: app.to_owned(),
            error: cause.map(|cause| AppError {
                cause,
                since: now,
                failures: 1,
            }),
            ..AppRecord::default()
        };
        self.inventory
            .write(move |tx| tx.store_app(&app, 0, now))
            .await
    }

    pub(crate) async fn forget(&self, ids: &[TokenId]) -> Result {
        let ids = ids.to_vec();
        self.inventory
            .write(move |tx| ids.iter().try_for_each(|id| tx.forget(*id)))
            .await
    }

    pub(crate) async fn acknowledge(&self, incident: &Incident, span: SignedDuration) -> Result {
        let (incident, now) = (incident.clone(), self.now);
        self.inventory
            .write(move |tx| tx.acknowledge(&incident, now + span, "maria", now))
            .await
    }

    /// All emails ever written, oldest first; none is sent here.
    pub(crate) async fn emails(&self) -> Result<Vec<Email>> {
        let now = self.now;
        self.inventory
            .read(move |view| view.emails_to_send(now, 1_000))
            .await
    }

    pub(crate) async fn subjects(&self) -> Result<Vec<String>> {
        let emails = self.emails().await?;
        Ok(emails.into_iter().map(|l| l.email.subject).collect())
    }

    pub(crate) async fn incidents(&self) -> Result<Vec<Incident>> {
        self.inventory
            .read(|view| view.incidents(IncidentFilter::All, 1_000))
            .await
    }
}

fn import_token(
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
    check(tx, id, now, &|token: &mut Token| {
        token.facts = Some(facts(kind, &subject, Expiry::Never));
        token.subject_name = Some(subject_name.clone());
        token.health = Health::Healthy;
    })?;
    Ok(id)
}

fn check(
    tx: &crate::inventory::Tx<'_>,
    id: TokenId,
    now: Timestamp,
    change: &impl Fn(&mut Token),
) -> Result {
    let claim = tx.claim(&[id], now, now + minutes(1))?;
    tx.end_claim(claim.id)?;
    let Some(claimed) = claim.tokens.into_iter().next() else {
        panic!("{id:?} is not due");
    };
    let mut result = CheckResult::new(claimed, now);
    change(&mut result.after);
    tx.record(&result, now)
}
