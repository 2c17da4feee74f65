//! What may be said about a token: names, owners and permissions that can be stored.

use crate::inventory::name_is_valid;

/// What a request says about a token. What it leaves out is `None` or empty.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stated<'r> {
    pub(super) name: Option<&'r str>,
    pub(super) owners: &'r [String],
    pub(super) require_scopes: &'r [String],
}

/// Every owner gets emails.
const MOST_OWNERS: usize = 20;
const MOST_SCOPES: usize = 100;

impl Stated<'_> {
    /// Lists what is wrong with it.
    pub(super) fn errors(self) -> Vec<String> {
        let name_is_well = self.name.is_none_or(name_is_valid);
        let owners_are_well = self.owners.iter().all(|owner| is_mail_address(owner));
        let scopes_are_well = self.require_scopes.iter().all(|scope| is_scope(scope));
        [
            (
                name_is_well,
                "name must have 1 to 100 letters, digits, dashes, dots or underscores, and must not begin with a \
                 dash or a dot",
            ),
            (owners_are_well, "owners must be email addresses such as ada@example.com"),
            (self.owners.len() <= MOST_OWNERS, "owners may be at most 20. Use the address of a group"),
            (self.require_scopes.len() <= MOST_SCOPES, "require_scopes may be at most 100"),
            (scopes_are_well, "require_scopes must be names of permissions such as pages_messaging"),
        ]
        .into_iter()
        .filter(|(is_well, _)| !is_well)
        .map(|(_, error)| error.to_owned())
        .collect()
    }
}

/// True if an email to this address can be tried; only the mail server knows whether it arrives.
pub(super) fn is_mail_address(text: &str) -> bool {
    let plain = text.len() <= 254 && text.bytes().all(|byte| byte.is_ascii_graphic());
    let ends = text.split_once('@');
    plain
        && ends
            .is_some_and(|(user, host)| !user.is_empty() && !host.is_empty() && !host.contains('@'))
        && !text.contains([',', ';', '<', '>', '"'])
}

fn is_scope(text: &str) -> bool {
    let plain = |byte: u8| byte == b'_' || byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (1..=100).contains(&text.len()) && text.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_are_plausible_mail_addresses() {
        for (text, expected) in [
            ("ada@example.com", true),
            ("ada+bot@sub.example.com", true),
            ("ada", false),
            ("@example.com", false),
            ("ada@", false),
            ("ada@b@c", false),
            ("ada@example.com\r\nBcc: eve@example.com", false),
            ("ada @example.com", false),
            ("Ada <ada@example.com>", false),
            ("ada@example.com,eve@example.com", false),
            ("", false),
        ] {
            assert_eq!(is_mail_address(text), expected, "{text:?}");
        }
    }

    #[test]
    fn scopes_are_names_of_permissions() {
        for (text, expected) in [
            ("pages_messaging", true),
            ("instagram_business_basic2", true),
            ("pages messaging", false),
            ("", false),
            ("Pages", false),
        ] {
            assert_eq!(is_scope(text), expected, "{text:?}");
        }
    }
}
