//! What is broken on purpose, to show that each rule notices it.

use std::fs;

use clap::ValueEnum;
use jiff::SignedDuration;
use perennial::inventory::View;
use perennial::model::Kind;
use perennial::secret::Secret;
use rusqlite::Connection;

use super::fleet::Fleet;
use super::rules::Rule;
use super::{Options, Result};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Sabotage {
    /// A token's row is deleted.
    LoseToken,
    /// No emails are written.
    Silence,
    /// No sweeps run.
    Neglect,
    /// Healthy tokens are marked as dead.
    FalseAlarm,
    /// An open incident is there twice.
    DoubleIncident,
    /// A secret is exchanged a second time.
    ExchangeAgain,
    /// The daemon does not know its budget.
    Overspend,
    /// The file of ten days ago is put in the place of the inventory.
    OldCopy,
    /// A token that an operator forgot is still there.
    KeepForgotten,
    /// A person asks for deletion, and nothing is deleted.
    IgnoreDeletion,
    /// A person asks for deletion, and the files of the consumers stay.
    KeepFiles,
    /// A secret is written into the inventory, the log and an email.
    Leak,
    /// Events are written again and again, and nothing is pruned.
    Hoard,
    /// An email is sent a second time.
    SendAgain,
    /// An email arrives that the journal does not have.
    Forge,
    /// Forecasts are wrong by three days.
    Mislead,
}

impl Sabotage {
    pub const fn breaks(self) -> Rule {
        match self {
            Self::LoseToken => Rule::NothingLost,
            Self::Silence | Self::Neglect => Rule::EveryDeathTold,
            Self::FalseAlarm => Rule::NothingFineTold,
            Self::DoubleIncident => Rule::OneIncident,
            Self::ExchangeAgain => Rule::OneExchange,
            Self::Overspend => Rule::Budget,
            Self::OldCopy => Rule::NeverOlder,
            Self::KeepForgotten | Self::IgnoreDeletion | Self::KeepFiles => Rule::Forgotten,
            Self::Leak => Rule::Sealed,
            Self::Hoard => Rule::Bounded,
            Self::SendAgain | Self::Forge => Rule::OneMessageId,
            Self::Mislead => Rule::Forecast,
        }
    }
}

/// Long enough that a clock ends that a forecast named.
const SEASON: i64 = 75;

/// Some weeks of a small fleet, in which each sabotage is noticed.
pub fn season(sabotage: Option<Sabotage>) -> Options {
    Options {
        tokens: 30,
        days: match sabotage {
            // In a calm season, people do not log in before a clock ends.
            Some(Sabotage::Mislead) => 365,
            _ => SEASON,
        },
        until: Some(SEASON),
        seed: 1,
        step: SignedDuration::from_hours(8),
        calls_per_hour: Some(match sabotage {
            Some(Sabotage::Overspend) => 3,
            _ => 100,
        }),
        sabotage,
        alone: false,
        without: Vec::new(),
        folder: std::env::temp_dir(),
    }
}

const DOUBLE: &str = "DROP INDEX incident_open;
    CREATE TEMP TABLE twin AS SELECT * FROM incident WHERE resolved_at IS NULL ORDER BY id LIMIT 1;
    UPDATE twin SET id = (SELECT max(id) + 1000000 FROM incident);
    INSERT INTO incident SELECT * FROM twin;";
const UNDOUBLE: &str = "DELETE FROM incident WHERE id > 1000000;
    CREATE UNIQUE INDEX incident_open ON incident (app, incident_cause, subject) WHERE resolved_at IS NULL;";
const SLANDER: &str =
    "UPDATE token SET state = 'dead', cause = 'password_changed', since = 1 WHERE id = (
        SELECT id FROM token WHERE state = 'healthy' AND kind = 'user' ORDER BY id LIMIT 1);
    INSERT OR IGNORE INTO incident_queue (token) SELECT id FROM token WHERE since = 1;";
const HOARD: &str = "INSERT INTO event (at, kind, token, name, app, detail)
    SELECT at, kind, token, name, app, detail FROM event WHERE kind NOT LIKE 'email%' ORDER BY id DESC LIMIT 20;";
const SEND_AGAIN: &str = "UPDATE email SET next_try_at = 1, sent_at = NULL, delivered_to = '[]'
    WHERE id = (SELECT max(id) FROM email WHERE sent_at IS NOT NULL AND text IS NOT NULL);";
const OLD: &str = "inventory.old";
const OLD_AFTER: SignedDuration = SignedDuration::from_hours(24 * 10);

impl Fleet {
    pub(super) fn is_sabotaged_by(&self, sabotage: Sabotage) -> bool {
        self.sabotage == Some(sabotage)
    }

    /// Before the daemon does its work. `turn` counts the steps since the tenth day.
    pub(super) async fn sabotage(&mut self, turn: usize) -> Result {
        match self.sabotage {
            Some(Sabotage::LoseToken) if turn == 0 => {
                self.tamper("DELETE FROM token WHERE id = (SELECT max(id) FROM token)")
            }
            Some(Sabotage::KeepForgotten) if turn == 0 => self.pretend_to_forget().await,
            Some(Sabotage::IgnoreDeletion | Sabotage::KeepFiles) if turn == 0 => {
                self.delete_person(0).await
            }
            Some(Sabotage::Forge) if turn == 0 => self.forge(),
            Some(Sabotage::Leak) if turn == 0 => self.leak().await,
            Some(Sabotage::ExchangeAgain) if turn < 2 => self.exchange_again().await,
            Some(Sabotage::FalseAlarm) => self.tamper(SLANDER),
            Some(Sabotage::DoubleIncident) => self.tamper(DOUBLE),
            Some(Sabotage::Hoard) => self.tamper(HOARD),
            Some(Sabotage::OldCopy) if turn == 0 => self.keep_copy(),
            Some(Sabotage::OldCopy) if self.is_copy_old() => self.put_copy_back().await,
            _ => Ok(()),
        }
    }

    /// After the rules had a look at it, because the daemon could not work with it.
    pub(super) fn end_sabotage(&self) -> Result {
        match self.sabotage {
            Some(Sabotage::DoubleIncident) => self.tamper(UNDOUBLE),
            _ => Ok(()),
        }
    }

    /// Before the emails that are due are sent.
    pub(super) fn sabotage_emails(&self) -> Result {
        match self.sabotage {
            Some(Sabotage::SendAgain) => self.tamper(SEND_AGAIN),
            _ => Ok(()),
        }
    }

    fn tamper(&self, sql: &str) -> Result {
        if self.is_disk_full {
            return Ok(());
        }
        Ok(Connection::open(self.path("inventory.db"))?.execute_batch(sql)?)
    }

    async fn pretend_to_forget(&mut self) -> Result {
        let name = self.names.pop_first().ok_or("no token")?;
        let id = self
            .inventory
            .read(move |view| view.token_named(&name))
            .await?;
        self.forgotten.extend(id.map(|token| token.id));
        Ok(())
    }

    async fn leak(&self) -> Result {
        let secret = self.secret_of_a_token().await?;
        let secret = secret.expose();
        let db = Connection::open(self.path("inventory.db"))?;
        db.execute("UPDATE token SET subject_name = ?1", [secret])?;
        tracing::warn!("the token is {secret}");
        let mail = self.mail.path().ok_or("no folder of emails")?;
        Ok(fs::write(mail.join("leak.eml"), secret)?)
    }

    fn forge(&self) -> Result {
        let mail = self.mail.path().ok_or("no folder of emails")?;
        let email = "Message-ID: <forged@example.com>\r\nSubject: Log in\r\n\r\nclick here\r\n";
        Ok(fs::write(mail.join("forged.eml"), email)?)
    }

    async fn exchange_again(&self) -> Result {
        let secret = self.secret_of_a_token().await?;
        let worker = self.services.rotation_workers.first().ok_or("no app")?;
        // Whether it succeeds does not matter.
        let _ = worker.graph.renew(Kind::User, &secret).await;
        Ok(())
    }

    async fn secret_of_a_token(&self) -> Result<Secret> {
        let read = |view: &View<'_>| {
            let page = view.tokens(&Default::default(), 1)?;
            let Some((token, ..)) = page.tokens.first() else {
                return Ok(None);
            };
            Ok(view.secret_of(token)?.map(|reading| reading.secret))
        };
        Ok(self.inventory.read(read).await?.ok_or("no secret")?)
    }

    fn keep_copy(&mut self) -> Result {
        let db = Connection::open(self.path("inventory.db"))?;
        let old = self.path(OLD).display().to_string();
        db.execute("VACUUM INTO ?1", [old])?;
        self.copied_at = Some(self.now);
        Ok(())
    }

    fn is_copy_old(&self) -> bool {
        self.copied_at.is_some_and(|at| self.now >= at + OLD_AFTER)
    }

    async fn put_copy_back(&mut self) -> Result {
        self.copied_at = None;
        self.close()?;
        fs::copy(self.path(OLD), self.path("inventory.db"))?;
        for log in ["inventory.db-wal", "inventory.db-shm"] {
            let _ = fs::remove_file(self.path(log));
        }
        self.reopen().await
    }
}
