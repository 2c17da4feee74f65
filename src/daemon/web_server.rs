//! The public web server, if `[web]` configures one: opened at the start, served until the end.

use std::sync::Arc;

use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use super::clock;
use super::services::Services;
use crate::config::Config;
use crate::inventory::Inventory;
use crate::web::{self, Backend, BindError, Listener, Settings};
use crate::webhooks::AppSignatures;

/// The parts that a reload changes.
pub(super) struct WebServer(Option<WebSenders>);

struct WebSenders {
    settings: watch::Sender<Settings>,
    app_signatures: watch::Sender<AppSignatures>,
}

/// The open listener and the current settings.
pub(super) struct WebTask(Option<OpenListener>);

struct OpenListener {
    listener: Listener,
    settings: watch::Receiver<Settings>,
    app_signatures: watch::Receiver<AppSignatures>,
}

impl WebServer {
    pub(super) async fn open(
        config: &Config,
        services: &Services,
    ) -> Result<(Self, WebTask), BindError> {
        let Some(web) = &config.web else {
            return Ok((Self(None), WebTask(None)));
        };
        let listener = Listener::open(&web.listen).await?;
        let senders = WebSenders {
            settings: watch::Sender::new(web.clone()),
            app_signatures: watch::Sender::new(services.app_signatures()),
        };
        let web_task = WebTask(Some(OpenListener {
            listener,
            settings: senders.settings.subscribe(),
            app_signatures: senders.app_signatures.subscribe(),
        }));
        Ok((Self(Some(senders)), web_task))
    }

    pub(super) fn renew(&self, config: &Config, services: &Services) {
        if let (Some(senders), Some(web)) = (&self.0, &config.web) {
            senders.settings.send_replace(web.clone());
            senders
                .app_signatures
                .send_replace(services.app_signatures());
        }
    }
}

impl WebTask {
    /// Serves requests until stopped. Without `[web]` it only waits for the stop.
    pub(super) async fn serve(
        self,
        inventory: Inventory,
        wake_rotation: Arc<Notify>,
        stop: CancellationToken,
    ) {
        let Some(listener) = self.0 else {
            return stop.cancelled().await;
        };
        let backend = Backend {
            inventory,
            settings: listener.settings,
            app_signatures: listener.app_signatures,
            wake_rotation,
            clock: Arc::new(clock::now),
        };
        web::serve(listener.listener, backend, stop).await;
    }
}
