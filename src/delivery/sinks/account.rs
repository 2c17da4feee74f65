//! The users and groups who may read the files of a sink.

use std::fmt;

use nix::unistd::{Group, User};

/// A user of this machine or, written as `@name`, a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Account {
    User(String),
    Group(String),
}

/// Who an entry of an access list is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Id {
    User(u32),
    Group(u32),
}

impl Account {
    pub fn parse(written: &str) -> Self {
        match written.strip_prefix('@') {
            Some(group) => Self::Group(group.to_owned()),
            None => Self::User(written.to_owned()),
        }
    }

    /// Looks the account up now, because it may have been created after the daemon started.
    pub(super) fn id(&self) -> Result<Id, String> {
        let (found, kind, name) = match self {
            Self::User(name) => {
                let user = User::from_name(name);
                let id = user.map(|user| user.map(|user| Id::User(user.uid.as_raw())));
                (id, "user", name)
            }
            Self::Group(name) => {
                let group = Group::from_name(name);
                let id = group.map(|group| group.map(|group| Id::Group(group.gid.as_raw())));
                (id, "group", name)
            }
        };
        match found {
            Ok(Some(id)) => Ok(id),
            Ok(None) => Err(format!(
                "there is no {kind} {name} on this machine; create it, or correct `readers`"
            )),
            Err(error) => Err(format!("the {kind} {name} cannot be looked up: {error}")),
        }
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(name) => f.write_str(name),
            Self::Group(name) => write!(f, "@{name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_looked_up_by_its_name() {
        assert_eq!(Account::parse("root").id(), Ok(Id::User(0)));
        assert_eq!(Account::parse("@root").id(), Ok(Id::Group(0)));
        let unknown = Account::parse("no-such-user").id();
        assert!(unknown.is_err_and(|error| error.contains("no user no-such-user")));
    }
}
