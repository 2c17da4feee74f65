//! Secrets: a value that never prints itself, the key that protects it, and the sealing under which it is stored.

#[cfg(test)]
pub(crate) mod caught_log;
mod digest_key;
mod key;
mod random_id;
mod seal;

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};
use subtle::ConstantTimeEq;

pub use digest_key::DigestKey;
pub use key::{Key, KeyError, KeyId};
pub use random_id::{random_id, random_name};
pub use seal::{Cell, DataKey, Digest, Purpose, Sealer, Unsealable, data_key_of};

/// A token or a password. It has no `Display` and no `Serialize`. `expose` is called in few places; `tests/house.rs`
/// lists each of them with its reason.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    pub fn new(value: impl Into<String>) -> Self {
        Self(SecretString::from(value.into()))
    }

    /// Reads text as people paste it and editors save it, without the white space around it.
    pub fn trimmed(text: &str) -> Self {
        Self::new(text.trim())
    }

    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Whether `presented` is this secret. The comparison takes the same time for any answer.
    pub fn is(&self, presented: &str) -> bool {
        self.expose().as_bytes().ct_eq(presented.as_bytes()).into()
    }

    pub fn is_empty(&self) -> bool {
        self.expose().is_empty()
    }

    pub fn len(&self) -> usize {
        self.expose().len()
    }
}

/// Lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// For comparing the string that an exchange gave with the one before. Both are ours, so timing reveals nothing.
impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for Secret {}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_secret_is_the_secret() {
        let secret = Secret::new("canary");
        assert!(secret.is("canary"));
        for presented in ["", "canar", "canarY", "canary "] {
            assert!(!secret.is(presented), "{presented}");
        }
    }

    #[test]
    fn white_space_around_a_secret_is_not_part_of_it() {
        let secret = Secret::trimmed(" canary\n");
        assert!(secret == Secret::new("canary") && secret != Secret::new("Canary"));
        assert!(!secret.is_empty() && secret.len() == 6);
        assert!(Secret::trimmed("\n").is_empty());
    }

    #[test]
    fn a_secret_is_read_from_json_and_not_shown() {
        let secret: Secret = serde_json::from_str("\"canary\"").unwrap();
        assert!(secret.is("canary"));
    }

    #[test]
    fn a_secret_never_prints_itself() {
        let secret = Secret::new("EAAcanary");
        assert_eq!(
            format!("{secret:?} {:?}", Some(&secret)),
            "Secret(…) Some(Secret(…))"
        );
    }
}
