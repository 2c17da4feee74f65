//! The accounts of this machine: who a process or a name is, and whether the file of the socket lets that user in.

use std::collections::HashMap;
use std::ffi::CString;
use std::fs::metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nix::unistd::{Gid, Group, Uid, User, getgrouplist};
use tokio::net::unix::UCred;
use tokio::time::Instant;

use super::peer::{Account, Peer};

/// How long an answer of the account database is cached.
const BELIEVED_FOR: Duration = Duration::from_secs(60);

/// More names are not cached at the same time.
const MOST_NAMES: usize = 1_000;

/// User and group id.
type Ids = (u32, u32);

/// The database may be remote, so each account is looked up at most once a minute.
#[derive(Debug, Default)]
pub(super) struct Accounts {
    by_ids: Mutex<HashMap<Ids, (Instant, Account)>>,
    /// `None` for a name without an account.
    by_name: Mutex<HashMap<String, (Instant, Option<Ids>)>>,
}

impl Accounts {
    pub(super) async fn identify(&self, credentials: UCred) -> Peer {
        Peer {
            uid: credentials.uid(),
            pid: credentials.pid(),
            account: self.account(credentials.uid(), credentials.gid()).await,
        }
    }

    /// The user of this name, if there is one. It has no process here.
    pub(super) async fn named(&self, name: &str) -> Option<Peer> {
        let (uid, gid) = self.ids(name).await?;
        Some(Peer {
            uid,
            pid: None,
            account: self.account(uid, gid).await,
        })
    }

    async fn ids(&self, name: &str) -> Option<Ids> {
        if let Some((since, ids)) = locked(&self.by_name).get(name)
            && since.elapsed() < BELIEVED_FOR
        {
            return *ids;
        }
        let wanted = name.to_owned();
        let found = tokio::task::spawn_blocking(move || User::from_name(&wanted)).await;
        let user = found.ok()?.ok()?;
        let ids = user.map(|user| (user.uid.as_raw(), user.gid.as_raw()));
        let mut cache = locked(&self.by_name);
        cache.retain(|_, (since, _)| since.elapsed() < BELIEVED_FOR);
        if cache.len() < MOST_NAMES {
            cache.insert(name.to_owned(), (Instant::now(), ids));
        }
        ids
    }

    async fn account(&self, uid: u32, gid: u32) -> Account {
        if let Some((since, account)) = locked(&self.by_ids).get(&(uid, gid))
            && since.elapsed() < BELIEVED_FOR
        {
            return account.clone();
        }
        let found = tokio::task::spawn_blocking(move || look_up(uid, gid)).await;
        let account = found.unwrap_or_default();
        let mut cache = locked(&self.by_ids);
        cache.retain(|_, (since, _)| since.elapsed() < BELIEVED_FOR);
        cache.insert((uid, gid), (Instant::now(), account.clone()));
        account
    }
}

fn locked<T>(cache: &Mutex<T>) -> MutexGuard<'_, T> {
    cache.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether the modes of the socket and of the folders above it let this peer connect. Access lists do not count.
pub(super) fn can_connect(socket: &Path, peer: &Peer) -> bool {
    const WRITE: u32 = 2;
    const ENTER: u32 = 1;
    let folders = socket.ancestors().skip(1);
    peer.uid == 0
        || is_permitted(socket, peer, WRITE)
            && folders
                .into_iter()
                .all(|place| is_permitted(place, peer, ENTER))
}

fn is_permitted(place: &Path, peer: &Peer, right: u32) -> bool {
    let Ok(found) = metadata(place) else {
        return false;
    };
    let group = || group_name(Gid::from_raw(found.gid()));
    let class = if found.uid() == peer.uid {
        6
    } else if peer.account.groups.contains(&group()) {
        3
    } else {
        0
    };
    found.mode() >> class & right == right
}

fn look_up(uid: u32, gid: u32) -> Account {
    let gid = Gid::from_raw(gid);
    let Ok(Some(user)) = User::from_uid(Uid::from_raw(uid)) else {
        return Account {
            user: uid.to_string(),
            groups: vec![group_name(gid)],
        };
    };
    let name = CString::new(user.name.as_str()).unwrap_or_default();
    let groups = getgrouplist(&name, gid).unwrap_or_else(|_| vec![gid]);
    Account {
        user: user.name,
        groups: groups.into_iter().map(group_name).collect(),
    }
}

fn group_name(gid: Gid) -> String {
    match Group::from_gid(gid) {
        Ok(Some(group)) => group.name,
        Ok(None) | Err(_) => gid.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_account_database_knows_root_and_not_everybody() {
        let root = look_up(0, 0);
        assert_eq!(root.user, "root");
        assert!(root.groups.contains(&"root".to_owned()));
        let nobody = look_up(3_999_999_999, 3_999_999_998);
        assert_eq!(nobody.user, "3999999999");
        assert_eq!(nobody.groups, ["3999999998"]);
    }

    #[tokio::test]
    async fn a_user_is_known_by_name_and_a_number_is_no_name() {
        let accounts = Accounts::default();
        for _ in 0..2 {
            let root = accounts.named("root").await.unwrap();
            assert_eq!(root.to_string(), "root (uid 0)");
            for name in [
                "",
                "0",
                "ROOT",
                "root ",
                "root,nobody",
                "ro\0ot",
                "nobody-of-that-name",
            ] {
                assert_eq!(accounts.named(name).await, None, "{name:?}");
            }
        }
    }

    #[test]
    fn the_modes_of_socket_and_folder_say_who_can_connect() {
        let folder = tempfile::tempdir_in("/tmp").unwrap();
        let socket = folder.path().join("a.sock");
        fs::write(&socket, "").unwrap();
        let found = metadata(&socket).unwrap();
        let peer = |uid: u32, group: &str| Peer {
            uid,
            pid: None,
            account: Account {
                user: "some".to_owned(),
                groups: vec![group.to_owned()],
            },
        };
        let own_group = group_name(Gid::from_raw(found.gid()));
        let (member, stranger) = (peer(4_242, &own_group), peer(4_242, "no group"));
        for (of_folder, of_socket, member_can, stranger_can) in [
            (0o750, 0o660, true, false),
            (0o755, 0o660, true, false),
            (0o755, 0o666, true, true),
            (0o750, 0o666, true, false),
            (0o700, 0o666, false, false),
            (0o705, 0o666, false, true),
            (0o755, 0o606, false, true),
            (0o755, 0o644, false, false),
        ] {
            fs::set_permissions(folder.path(), Permissions::from_mode(of_folder)).unwrap();
            fs::set_permissions(&socket, Permissions::from_mode(of_socket)).unwrap();
            let can = (
                can_connect(&socket, &member),
                can_connect(&socket, &stranger),
            );
            assert_eq!(
                can,
                (member_can, stranger_can),
                "{of_folder:o} {of_socket:o}"
            );
            assert!(can_connect(&socket, &peer(0, "no group")));
        }
        assert!(!can_connect(&folder.path().join("none"), &member));
    }
}
