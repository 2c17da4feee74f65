//! Where the daemon listens: the status socket and, if they are configured, the other servers.

use super::socket_thread::SocketThread;
use crate::api::metrics;
use crate::config::Config;
use crate::http::{BindError, Listener};
use crate::{ui, web};

pub(super) struct Listeners {
    pub(super) opened: Opened,
    pub(super) socket_thread: SocketThread,
}

/// The opened addresses of the servers.
pub(super) struct Opened {
    pub(super) socket: Listener,
    pub(super) web: Option<Listener>,
    pub(super) ui: Option<Listener>,
    pub(super) metrics: Option<Listener>,
}

impl Listeners {
    pub(super) async fn open(
        config: &Config,
        socket_thread: SocketThread,
    ) -> Result<Self, BindError> {
        let socket = socket_thread.bind(&config.status.socket)?;
        let web = match &config.web {
            Some(web) => Some(web::bind(&web.listen).await?),
            None => None,
        };
        let ui = match &config.ui {
            Some(overview) => Some(ui::bind(&overview.listen)?),
            None => None,
        };
        let metrics = match config.metrics.listen {
            Some(listen) => Some(metrics::bind(listen).await?),
            None => None,
        };
        Ok(Self {
            opened: Opened {
                socket,
                web,
                ui,
                metrics,
            },
            socket_thread,
        })
    }
}
