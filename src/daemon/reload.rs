//! Reload: reads the whole configuration again and applies it, or keeps the old one and reports the reasons.

use super::run::{Daemon, current_web, services};
use super::workers::Workers;
use super::{clock, status, systemd};
use crate::api::{NeedsRestart, Reload};
use crate::config;
use crate::model::{self, Event};

impl Daemon {
    pub(super) async fn reload_for(&mut self, order: Reload) {
        let answer = self.reload(&order.asked_by).await;
        // The client that asked may be gone; the reload is done anyway.
        let _ = order.answer.send(answer);
    }

    /// Applies the whole new configuration, or keeps the old one and returns the problems.
    pub(super) async fn reload(&mut self, asked_by: &str) -> Result<NeedsRestart, Vec<String>> {
        systemd::reloading();
        let outcome = self.try_reload().await;
        match &outcome {
            Ok(needs_restart) => log_live(asked_by, needs_restart),
            Err(problems) => {
                tracing::error!(
                    asked_by,
                    "the new configuration was refused and the old one stays live: {}",
                    problems.join(" · ")
                );
            }
        }
        let (now, live) = (clock::now(), outcome.is_ok());
        let needs_restart = outcome.as_ref().ok().filter(|keys| !keys.is_empty());
        let event = Event::Reloaded(model::Reload {
            asked_by: asked_by.to_owned(),
            live,
            needs_restart: needs_restart.map(|keys| keys.join(", ")),
        });
        if let Err(error) = self
            .inventory
            .write(move |tx| tx.record_event(&event.into(), now))
            .await
        {
            tracing::error!("the reload could not be recorded: {error}");
        }
        systemd::ready(&status::describe(&self.inventory.figures()));
        outcome
    }

    async fn try_reload(&mut self) -> Result<NeedsRestart, Vec<String>> {
        let mut newer = config::load(&self.path, &self.machine).map_err(|problems| {
            problems
                .0
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
        })?;
        let needs_restart = self.config.needs_restart(&newer);
        newer.keep_bound_settings(&self.config);
        let services = services(&newer, &self.inventory).map_err(|problem| vec![problem])?;
        let workers = Workers::start(&services, &newer, &self.shared);
        // The old workers may wait for Meta or a mail server, so they stop in the background and the client gets its
        // answer.
        let earlier = std::mem::replace(&mut self.workers, workers);
        earlier.begin_stop();
        self.retiring.spawn(earlier.stop());
        self.forecasts.show(&services);
        self.services = services;
        self.shared.show_config(&newer);
        self.show_apps().await;
        self.settings.send_replace(newer.status.clone());
        if let (Some(current), Some(web)) = (&self.web, &newer.web) {
            current.send_replace(current_web(web, &self.services));
        }
        if let (Some(settings), Some(ui)) = (&self.ui, &newer.ui) {
            settings.send_replace(ui.clone());
        }
        self.config.replace_keeping_inventory(newer);
        Ok(needs_restart.into_iter().map(str::to_owned).collect())
    }

    /// Whoever hears that the new configuration is live may name one of its apps at once.
    async fn show_apps(&self) {
        match self.services.apps(clock::now()).await {
            Ok(apps) => {
                let daemon_status = &self.shared.daemon_status;
                daemon_status.send_modify(|status| status.show_apps(apps));
            }
            Err(error) => self.shared.record_inventory_error(&error),
        }
    }
}

fn log_live(asked_by: &str, needs_restart: &NeedsRestart) {
    if needs_restart.is_empty() {
        tracing::info!(asked_by, "the configuration was read again and is live");
        return;
    }
    tracing::warn!(
        asked_by,
        "the configuration was read again and is live, except for what needs a restart: {}",
        needs_restart.join(", ")
    );
}
