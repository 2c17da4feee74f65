//! A disk that is full, for this process: no file of it can grow.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use super::Result;

/// Any write beyond this fails, so that neither the inventory nor its log takes one.
const ONE_PAGE: u64 = 4_096;

pub(super) fn limit_files(full: bool) -> Result {
    // Its default is to end the process.
    signal_hook::flag::register(
        signal_hook::consts::SIGXFSZ,
        Arc::new(AtomicBool::new(false)),
    )?;
    let (_, most) = getrlimit(Resource::RLIMIT_FSIZE)?;
    let limit = if full { ONE_PAGE } else { most };
    Ok(setrlimit(Resource::RLIMIT_FSIZE, limit, most)?)
}
