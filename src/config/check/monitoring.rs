//! Reads `[metrics]` and `[heartbeat]`: how other programs watch the daemon.

use std::net::SocketAddr;
use std::path::Path;

use crate::config::credentials::Machine;
use crate::config::readers::text;
use crate::config::tree::{Entry, Section};
use crate::config::{Metrics, paths};
use crate::outbox::http_post::{Address, Reach};

const NO_ADDRESS: &str = "is not an address to listen on; write \"127.0.0.1:9478\"";

const OTHER_MACHINES: &str = "other machines can read the metrics there: names of apps, and numbers of tokens and \
                              incidents. They are not encrypted";

/// Others are ignored by node exporter.
const EXTENSION: &str = "prom";

pub(super) fn metrics(mut section: Section<'_>) -> Metrics {
    let metrics = Metrics {
        listen: section.optional("listen", text(address)),
        textfile: section.optional("textfile", text(paths::absolute)),
    };
    if metrics
        .listen
        .is_some_and(|listen| !listen.ip().is_loopback())
    {
        section.warn("listen", OTHER_MACHINES);
    }
    if metrics.textfile.as_deref().is_some_and(is_overlooked) {
        let message = "node exporter reads only files whose names end in .prom";
        section.warn("textfile", message);
    }
    metrics
}

fn address(written: &str) -> Result<SocketAddr, &'static str> {
    written.parse().map_err(|_| NO_ADDRESS)
}

fn is_overlooked(textfile: &Path) -> bool {
    textfile
        .extension()
        .is_none_or(|extension| extension != EXTENSION)
}

/// The address of the outside watcher. It is a secret: whoever knows it can pretend that the daemon is well. The
/// operator's own watcher may be in the private network.
pub(super) fn heartbeat(top: &mut Section<'_>, machine: &Machine) -> Option<Address> {
    let mut section = top.optional("heartbeat", Entry::into_section)?;
    let help = "name the credential with the address, such as { credential = \"heartbeat.url\" }";
    let url = section.required("url", help, |entry| machine.secret(entry))?;
    let address = Address::parse(&url, Reach::Private);
    address
        .map_err(|error| section.reject("url", error.to_string()))
        .ok()
}
