//! The public part of the daemon, where `[web]` asks for one: opened at the start, served to the end.

use std::sync::Arc;

use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use super::clock;
use super::household::Household;
use crate::config::Config;
use crate::inventory::Inventory;
use crate::login::webhooks::Signers;
use crate::web::{self, BindError, Desk, Listener, Settings};

/// What of it changes at a reload.
pub(super) struct Public(Option<Notices>);

struct Notices {
    settings: watch::Sender<Settings>,
    signers: watch::Sender<Signers>,
}

/// An open door, and what is known behind it.
pub(super) struct Front(Option<Door>);

struct Door {
    listener: Listener,
    settings: watch::Receiver<Settings>,
    signers: watch::Receiver<Signers>,
}

impl Public {
    pub(super) async fn open(
        config: &Config,
        household: &Household,
    ) -> Result<(Self, Front), BindError> {
        let Some(web) = &config.web else {
            return Ok((Self(None), Front(None)));
        };
        let listener = Listener::open(&web.listen).await?;
        let notices = Notices {
            settings: watch::Sender::new(web.clone()),
            signers: watch::Sender::new(household.signers()),
        };
        let front = Front(Some(Door {
            listener,
            settings: notices.settings.subscribe(),
            signers: notices.signers.subscribe(),
        }));
        Ok((Self(Some(notices)), front))
    }

    pub(super) fn renew(&self, config: &Config, household: &Household) {
        if let (Some(notices), Some(web)) = (&self.0, &config.web) {
            notices.settings.send_replace(web.clone());
            notices.signers.send_replace(household.signers());
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
        let Some(door) = self.0 else {
            return stop.cancelled().await;
        };
        let desk = Desk {
            inventory,
            settings: door.settings,
            signers: door.signers,
            nudge,
            clock: Arc::new(clock::now),
        };
        web::serve(door.listener, desk, stop).await;
    }
}
