//! Reload: reads the whole configuration again and applies it, or keeps the old one and reports the reasons.

use super::run::{Daemon, services};
use super::workers::Workers;
use super::{clock, status, systemd};
use crate::api::Reload;
use crate::config;
use crate::inventory::{EventKind, NewEvent};

impl Daemon {
    pub(super) async fn reload_for(&mut self, order: Reload) {
        let answer = self.reload(&order.asked_by).await;
        // The client that asked may be gone; the reload is done anyway.
        let _ = order.answer.send(answer);
    }

    /// Applies the whole new configuration, or keeps the old one and returns the problems.
    pub(super) async fn reload(&mut self, asked_by: &str) -> Result<(), Vec<String>> {
        systemd::reloading();
        let outcome = self.try_reload().await;
        match &outcome {
            Ok(()) => tracing::info!(asked_by, "the configuration was reloaded and is live"),
            Err(problems) => {
                tracing::error!(
                    asked_by,
                    "the new configuration was refused and the old one stays live: {}",
                    problems.join(" · ")
                );
            }
        }
        let (now, live) = (clock::now(), outcome.is_ok());
        let event = NewEvent::new(EventKind::Reloaded)
            .with("asked_by", asked_by)
            .with("live", live);
        if let Err(error) = self
            .inventory
            .write(move |tx| tx.record_event(&event, now))
            .await
        {
            tracing::error!("the reload could not be recorded: {error}");
        }
        systemd::ready(&status::describe(&self.services).await);
        outcome
    }

    async fn try_reload(&mut self) -> Result<(), Vec<String>> {
        let newer = config::load(&self.path, &self.machine).map_err(|problems| {
            problems
                .0
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
        })?;
        let fixed = self.config.needs_restart(&newer);
        if !fixed.is_empty() {
            let needs = |key| {
                format!("{key} takes effect only after a restart: systemctl restart perennial")
            };
            return Err(fixed.into_iter().map(needs).collect());
        }
        let services = services(&newer, &self.inventory).map_err(|problem| vec![problem])?;
        let workers = Workers::start(&services, &newer.schedule, &newer.timezone, &self.shared);
        // The old workers may wait for Meta or a mail server, so they stop in the background and the client gets its
        // answer.
        self.retiring
            .spawn(std::mem::replace(&mut self.workers, workers).stop());
        self.services = services;
        self.settings.send_replace(newer.status.clone());
        self.web_server.renew(&newer, &self.services);
        self.config = newer;
        Ok(())
    }
}
