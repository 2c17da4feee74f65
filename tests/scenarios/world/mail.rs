//! The harness's emails: the real alerts write them, and they arrive as files in a folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use perennial::alerts::digest::{self, Tick};
use perennial::alerts::{self, LoginLinks, Rules};
use perennial::email::mailer::{Mailer, Settings, Transport};
use perennial::email::text::Language;
use perennial::posts::Poster;

use super::{Result, World, days};

pub const OPERATOR: &str = "ops@example.com";
pub const OWNER: &str = "maria@example.com";

pub(super) struct Office {
    pub(super) rules: Rules,
    pub(super) posters: Vec<Poster>,
    mailer: Mailer,
    folder: PathBuf,
}

/// An email, as its file contains it.
#[derive(Clone, Debug)]
pub struct Mail(pub String);

impl Office {
    pub(super) fn open(folder: &Path) -> Result<Self> {
        let folder = folder.join("mail");
        let settings = Settings {
            from: "Perennial <perennial@example.com>".to_owned(),
            transport: Transport::Directory(folder.clone()),
        };
        Ok(Self {
            rules: Rules {
                warn_before: [14, 7, 3, 1].map(days).to_vec(),
                remind_every: days(3),
                plan_window: days(14),
                copy_operators: false,
                escalate_after: None,
                escalate_to: Vec::new(),
                quiet_hours: None,
                working_days: Vec::new(),
                routes: Vec::new(),
                channels: Vec::new(),
                apps: vec!["acme".to_owned()],
                operators: vec![OPERATOR.to_owned()],
                message_domain: "perennial.example.com".to_owned(),
                language: Language::English,
                templates: Arc::default(),
                timezone: TimeZone::UTC,
                login_links: None,
            },
            posters: Vec::new(),
            mailer: Mailer::new(settings)?,
            folder,
        })
    }
}

impl World {
    /// Emails contain login links from now on.
    pub(super) fn link_emails(&mut self, links: LoginLinks) {
        self.office.rules.login_links = Some(links);
    }

    /// Writes the emails and posts that are due and sends both queues.
    pub async fn post(&self) -> Result {
        alerts::pass(&self.inventory, &self.office.rules, self.now).await?;
        let Office { mailer, .. } = &self.office;
        mailer.send_waiting(&self.inventory, self.now).await?;
        self.send_posts().await
    }

    /// Like [`World::post`], while the daemon's clock is in doubt.
    pub async fn post_in_doubt(&self) -> Result {
        alerts::pass_without_ends(&self.inventory, &self.office.rules, self.now).await?;
        Ok(())
    }

    /// Like [`World::live`], with the emails sent every `step`.
    pub async fn live_with_post(&mut self, span: SignedDuration, step: SignedDuration) -> Result {
        let end = self.now + span;
        while self.now < end {
            self.live(step.min(self.now.duration_until(end))).await?;
            self.post().await?;
        }
        Ok(())
    }

    /// Writes the summary that is due now. Returns its text, unless this is the first time.
    pub async fn summary(&self) -> Result<Option<String>> {
        let (at, now) = (self.now, self.now);
        let tick = Tick { at, next: None };
        let rules = &self.office.rules;
        if !digest::write(&self.inventory, rules, Vec::new(), tick, now).await? {
            return Ok(None);
        }
        let id = format!("digest-{}@{}", at.as_second(), rules.message_domain);
        let waiting = self
            .inventory
            .read(move |view| view.emails_to_send(now, 1_000));
        let written = waiting
            .await?
            .into_iter()
            .find(|one| one.email.message_id == id);
        Ok(Some(
            written.ok_or("the summary was not written")?.email.text,
        ))
    }

    /// Returns every email that was sent, oldest first.
    pub fn mail(&self) -> Result<Vec<Mail>> {
        if !self.office.folder.exists() {
            return Ok(Vec::new());
        }
        let mut paths = Vec::new();
        for entry in fs::read_dir(&self.office.folder)? {
            paths.push(entry?.path());
        }
        paths.sort();
        let read = |path: &PathBuf| Ok(Mail(fs::read_to_string(path)?));
        paths.iter().map(read).collect()
    }
}

impl Mail {
    pub fn subject(&self) -> &str {
        let mut lines = self.0.lines();
        let subject = lines.find_map(|line| line.strip_prefix("Subject: "));
        subject.unwrap_or_default()
    }
}
