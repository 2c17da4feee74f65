//! Protects the keys and tokens in memory: no crash writes them to disk, and no other program of the same user can read
//! them.

use nix::sys::prctl;
use nix::sys::resource::{Resource, setrlimit};

/// Forbids core dumps of this process from now on. Also closes its `/proc` files to everyone but root.
pub fn forbid() {
    // Either call prevents core files. A sandbox may refuse one of them; in that case the systemd unit has set the
    // limit already.
    let _ = prctl::set_dumpable(false);
    let _ = setrlimit(Resource::RLIMIT_CORE, 0, 0);
}
