//! The public part of the daemon, where `[web]` asks for one: opened at the start, served to the end.

use std::sync::Arc;

use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use super::clock;
use crate::config::Config;
use crate::inventory::Inventory;
use crate::web::{self, BindError, Desk, Listener, Settings};

/// What of it changes at a reload.
pub(super) struct Public(Option<watch::Sender<Settings>>);

/// An open door, and what is known behind it.
pub(super) struct Front(Option<(Listener, watch::Receiver<Settings>)>);

impl Public {
    pub(super) async fn open(config: &Config) -> Result<(Self, Front), BindError> {
        let Some(web) = &config.web else {
            return Ok((Self(None), Front(None)));
        };
        let listener = Listener::open(&web.listen).await?;
        let settings = watch::Sender::new(web.clone());
        let front = Front(Some((listener, settings.subscribe())));
        Ok((Self(Some(settings)), front))
    }

    pub(super) fn renew(&self, config: &Config) {
        if let (Some(settings), Some(web)) = (&self.0, &config.web) {
            settings.send_replace(web.clone());
        }
    }
}

impl Front {
    /// Receives people until told to stop; without a public part it only waits for that.
    pub(super) async fn serve(
        self,
        inventory: Inventory,
        nudge: Arc<Notify>,
        stop: CancellationToken,
    ) {
        let Some((listener, settings)) = self.0 else {
            return stop.cancelled().await;
        };
        let desk = Desk {
            inventory,
            settings,
            nudge,
            clock: Arc::new(clock::now),
        };
        web::serve(listener, desk, stop).await;
    }
}
