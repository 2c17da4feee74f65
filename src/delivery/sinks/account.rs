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
            Ok(None) => self.by_number().ok_or_else(|| {
                format!(
                    "there is no {kind} {name} on this machine; create it, or correct `readers`"
                )
            }),
            Err(error) => Err(format!("the {kind} {name} cannot be looked up: {error}")),
        }
    }

    /// The account of another container, which has a number and no name here.
    fn by_number(&self) -> Option<Id> {
        match self {
            Self::User(number) => number.parse().ok().map(Id::User),
            Self::Group(number) => number.parse().ok().map(Id::Group),
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

    #[test]
    fn a_number_without_a_name_is_an_account_of_another_container() {
        let numbers = ["3999999999", "@3999999998"].map(|written| Account::parse(written).id());
        assert_eq!(
            numbers,
            [Ok(Id::User(3_999_999_999)), Ok(Id::Group(3_999_999_998))]
        );
        for no_number in ["4294967296", "-1", "+7x", "10001x"] {
            assert!(Account::parse(no_number).id().is_err(), "{no_number}");
        }
    }
}
