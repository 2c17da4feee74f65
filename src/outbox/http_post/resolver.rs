//! Looks up the host of an address, and keeps only the IP addresses that it may have. The connection is made to exactly
//! these, so a name that changes between the check and the connection gains nothing.

use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::address::{Address, LOCALHOST, Reach};
use super::networks::is_public;

/// Every IP address of the name is private.
#[derive(Debug, thiserror::Error)]
#[error("the host's name leads to a private address")]
pub(super) struct PrivateAddress;

pub(super) struct CheckedResolver {
    system: Arc<dyn Resolve>,
    /// The hosts whose names may lead to private addresses.
    private: HashSet<String>,
}

impl CheckedResolver {
    pub(super) fn new(addresses: &[Address], system: Arc<dyn Resolve>) -> Self {
        let private = addresses
            .iter()
            .filter(|address| address.reach() == Reach::Private);
        Self {
            system,
            private: private.map(|address| address.host().to_owned()).collect(),
        }
    }

    fn allowed(&self, name: &str) -> fn(IpAddr) -> bool {
        if name == LOCALHOST {
            return |ip| ip.to_canonical().is_loopback();
        }
        if self.private.contains(name) {
            return |_| true;
        }
        is_public
    }
}

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let is_allowed = self.allowed(name.as_str());
        let found = self.system.resolve(name);
        Box::pin(async move {
            let mut found: Vec<SocketAddr> = found.await?.collect();
            let is_private = !found.is_empty();
            found.retain(|address| is_allowed(address.ip()));
            if found.is_empty() && is_private {
                return Err(PrivateAddress.into());
            }
            let found: Addrs = Box::new(found.into_iter());
            Ok(found)
        })
    }
}

/// The machine's own resolver.
pub(super) struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let found: Addrs = Box::new(found.collect::<Vec<_>>().into_iter());
            Ok(found)
        })
    }
}
