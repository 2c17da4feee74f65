//! The program's memory holds keys and tokens: no crash may write it to a disk, and no other program of the same user
//! may read it.

use nix::sys::prctl;
use nix::sys::resource::{Resource, setrlimit};

/// For this process, from now on. Also closes its `/proc` files to everyone but root.
pub fn forbid() {
    // Each is enough against core files; a sandbox may refuse one, and then the unit has set the limit already.
    let _ = prctl::set_dumpable(false);
    let _ = setrlimit(Resource::RLIMIT_CORE, 0, 0);
}
