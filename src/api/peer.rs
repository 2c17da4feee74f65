//! The peer of a connection, and its roles by the settings.

use std::fmt;

use super::{Settings, SinkReaders};
use crate::http::Rank;
use crate::model::name_matches;

/// The process at the other end of the socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    pub uid: u32,
    pub pid: Option<i32>,
    pub account: Account,
}

/// A user in the machine's account database. A user without a name is shown by number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    pub user: String,
    pub groups: Vec<String>,
}

/// What a peer may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roles {
    pub viewer: bool,
    pub operator: bool,
    /// The names, or patterns with `*`, of the tokens whose secrets it may read.
    readable: Vec<String>,
}

/// Root and the daemon's own user have connection slots that no other peer can take.
pub const fn rank(uid: u32, daemon: u32) -> Rank {
    if uid == 0 || uid == daemon {
        Rank::Reserved
    } else {
        Rank::Common
    }
}

/// The roles of `peer`. Root and the daemon's own user are always operators; only root reads every secret.
pub fn roles(settings: &Settings, peer: &Peer, daemon: u32) -> Roles {
    let named = |list: &[String]| list.iter().any(|entry| is_meant(entry, &peer.account));
    let operator = peer.uid == 0 || peer.uid == daemon || named(&settings.operators);
    let readable = match peer.uid {
        0 => vec!["*".to_owned()],
        _ => {
            let readers = settings.readers.iter();
            let mine = readers.filter(|reader| is_meant(&reader.user, &peer.account));
            mine.flat_map(|reader| reader.tokens.clone()).collect()
        }
    };
    Roles {
        viewer: operator || named(&settings.viewers),
        operator,
        readable,
    }
}

impl Account {
    /// Whether an entry of this list is the user or one of its groups.
    pub fn is_among(&self, entries: &[String]) -> bool {
        entries.iter().any(|entry| is_meant(entry, self))
    }
}

/// `entry` is a user, an `@group`, or `*` for everyone whom the socket's mode lets in.
fn is_meant(entry: &str, account: &Account) -> bool {
    match entry.strip_prefix('@') {
        Some(group) => account.groups.iter().any(|held| held == group),
        None => entry == "*" || entry == account.user,
    }
}

impl Settings {
    pub(super) fn has_sink(&self, name: &str) -> bool {
        self.sinks.iter().any(|known| known.sink == name)
    }

    /// The sinks through whose files a peer has a token.
    pub(super) fn sinks_read_by(&self, peer: &Peer, token: &str) -> Vec<String> {
        let is_reader = |sink: &&SinkReaders| {
            let mut readers = sink.readers.iter();
            let mut patterns = sink.tokens.iter();
            patterns.any(|pattern| name_matches(pattern, token))
                && readers.any(|reader| is_meant(reader, &peer.account))
        };
        let read = self.sinks.iter().filter(is_reader);
        read.map(|sink| sink.sink.clone()).collect()
    }
}

impl Roles {
    pub fn may_read(&self, token: &str) -> bool {
        self.readable
            .iter()
            .any(|pattern| name_matches(pattern, token))
    }
}

impl fmt::Display for Peer {
    /// The form in which the journal names a peer.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (uid {}", self.account.user, self.uid)?;
        match self.pid {
            Some(pid) => write!(f, ", pid {pid})"),
            None => f.write_str(")"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Reader;
    use super::*;

    const DAEMON: u32 = 990;

    fn peer(uid: u32, user: &str, groups: &[&str]) -> Peer {
        Peer {
            uid,
            pid: Some(7),
            account: Account {
                user: user.to_owned(),
                groups: groups.iter().map(|&group| group.to_owned()).collect(),
            },
        }
    }

    fn settings() -> Settings {
        let list = |entries: &[&str]| entries.iter().map(|&entry| entry.to_owned()).collect();
        Settings {
            socket: "/run/perennial/perennial.sock".into(),
            viewers: list(&["watcher", "@staff"]),
            operators: list(&["alice", "@ops"]),
            readers: vec![
                Reader {
                    user: "chatbot".to_owned(),
                    tokens: list(&["acme-*", "exact"]),
                },
                Reader {
                    user: "@bots".to_owned(),
                    tokens: list(&["shared"]),
                },
            ],
            logins: crate::login::Settings::default(),
            sinks: Vec::new(),
            channels: Vec::new(),
            serve_from_memory: jiff::SignedDuration::ZERO,
        }
    }

    #[test]
    fn settings_give_each_peer_its_roles() {
        for (peer, viewer, operator) in [
            (peer(0, "root", &["root"]), true, true),
            (peer(DAEMON, "perennial", &["perennial"]), true, true),
            (peer(1000, "alice", &["alice"]), true, true),
            (peer(1001, "bob", &["bob", "ops"]), true, true),
            (peer(1002, "watcher", &["nogroup"]), true, false),
            (peer(1003, "eve", &["eve", "staff"]), true, false),
            (peer(1004, "staff", &["ops2"]), false, false),
            (peer(1005, "ops", &["alice"]), false, false),
            (peer(1006, "chatbot", &["chatbot"]), false, false),
        ] {
            let roles = roles(&settings(), &peer, DAEMON);
            assert_eq!((roles.viewer, roles.operator), (viewer, operator), "{peer}");
        }
    }

    #[test]
    fn a_star_means_everybody_and_an_empty_list_nobody() {
        let stranger = peer(4242, "4242", &["4242"]);
        let mut settings = settings();
        settings.viewers = vec!["*".to_owned()];
        settings.operators = Vec::new();
        let roles = roles(&settings, &stranger, DAEMON);
        assert!(roles.viewer && !roles.operator);
    }

    #[test]
    fn only_root_reads_every_secret() {
        for (peer, token, allowed) in [
            (peer(0, "root", &[]), "anything", true),
            (peer(DAEMON, "perennial", &[]), "anything", false),
            (peer(1000, "alice", &["ops"]), "acme-1", false),
            (peer(1006, "chatbot", &[]), "acme-1", true),
            (peer(1006, "chatbot", &[]), "exact", true),
            (peer(1006, "chatbot", &[]), "exactly", false),
            (peer(1006, "chatbot", &[]), "shared", false),
            (peer(1006, "chatbot", &["bots"]), "shared", true),
            (peer(1007, "other", &["bots"]), "acme-1", false),
        ] {
            let roles = roles(&settings(), &peer, DAEMON);
            assert_eq!(roles.may_read(token), allowed, "{peer} {token}");
        }
    }
}
