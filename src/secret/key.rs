//! The inventory's key: 32 random bytes that an operator keeps outside the database.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::hex;

pub struct Key(Zeroizing<[u8; 32]>);

/// The id of a key. It reveals nothing about the key, and shows when a key is the wrong one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct KeyId(pub [u8; 8]);

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error(
        "the inventory key must be 32 random bytes, as base64, hex or raw; this one has {0} bytes. \
         Make one with: head -c 32 /dev/urandom | base64"
    )]
    Length(usize),
    #[error(
        "the inventory key is not random: it repeats one byte. \
         Make one with: head -c 32 /dev/urandom | base64"
    )]
    NotRandom,
    #[error("cannot get random numbers from the operating system")]
    NoRandomness,
}

impl Key {
    pub fn generate() -> Result<Self, KeyError> {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(bytes.as_mut()).map_err(|_| KeyError::NoRandomness)?;
        Ok(Self(bytes))
    }

    /// Reads a key from the content of a file: 32 raw bytes, or their base64 or hex.
    pub fn read(file: &[u8]) -> Result<Self, KeyError> {
        if let Ok(raw) = <[u8; 32]>::try_from(file) {
            return Self::checked(Zeroizing::new(raw));
        }
        let text = Zeroizing::new(String::from_utf8_lossy(file).trim().to_owned());
        let decoded = Zeroizing::new(decode(&text).unwrap_or_default());
        match <[u8; 32]>::try_from(decoded.as_slice()) {
            Ok(bytes) => Self::checked(Zeroizing::new(bytes)),
            Err(_) => Err(KeyError::Length(if decoded.is_empty() {
                text.len()
            } else {
                decoded.len()
            })),
        }
    }

    fn checked(bytes: Zeroizing<[u8; 32]>) -> Result<Self, KeyError> {
        if bytes.iter().all(|byte| *byte == bytes[0]) {
            return Err(KeyError::NotRandom);
        }
        Ok(Self(bytes))
    }

    /// Returns the key as it is written into a key file.
    pub fn to_base64(&self) -> Zeroizing<String> {
        Zeroizing::new(STANDARD.encode(*self.0))
    }

    pub fn id(&self) -> KeyId {
        let mut id = [0; 8];
        id.copy_from_slice(&self.derive("perennial/kek-id")[..8]);
        KeyId(id)
    }

    /// The key that wraps the data keys; never the operator's bytes themselves.
    pub(super) fn wrapping_key(&self) -> Zeroizing<[u8; 32]> {
        self.derive("perennial/wrap")
    }

    fn derive(&self, purpose: &str) -> Zeroizing<[u8; 32]> {
        let mut out = Zeroizing::new([0; 32]);
        let hkdf = Hkdf::<Sha256>::new(None, self.0.as_ref());
        // Cannot fail: HKDF-SHA256 can give 32 bytes.
        let _ = hkdf.expand(purpose.as_bytes(), out.as_mut());
        out
    }
}

fn decode(text: &str) -> Option<Vec<u8>> {
    if text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit()) {
        let digits = (0..64).step_by(2);
        return digits
            .map(|i| u8::from_str_radix(&text[i..i + 2], 16).ok())
            .collect();
    }
    [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD]
        .iter()
        .find_map(|e| e.decode(text).ok())
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.id())
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_key_is_the_same_key() {
        let raw: Vec<u8> = (1..=32).collect();
        let hex = hex(&raw);
        let id = Key::read(&raw).unwrap().id();
        assert_eq!(Key::read(hex.as_bytes()).unwrap().id(), id);
        assert_eq!(
            Key::read(format!("{}\n", STANDARD.encode(&raw)).as_bytes())
                .unwrap()
                .id(),
            id
        );
        assert_eq!(
            Key::read(URL_SAFE_NO_PAD.encode(&raw).as_bytes())
                .unwrap()
                .id(),
            id
        );
    }

    #[test]
    fn a_weak_or_cut_key_is_refused() {
        assert_eq!(Key::read(&[7; 32]).unwrap_err(), KeyError::NotRandom);
        assert_eq!(Key::read(b"").unwrap_err(), KeyError::Length(0));
        assert_eq!(
            Key::read(STANDARD.encode([1, 2, 3]).as_bytes()).unwrap_err(),
            KeyError::Length(3)
        );
        assert_eq!(
            Key::read(b"correct horse").unwrap_err(),
            KeyError::Length(13)
        );
        // Digits of which there are too few for hex, and as many characters as hex has that are none of its digits.
        assert_eq!(Key::read(b"abcdef01").unwrap_err(), KeyError::Length(6));
        assert_eq!(Key::read(&[b'x'; 64]).unwrap_err(), KeyError::Length(48));
    }

    #[test]
    fn a_key_is_written_as_it_is_read_and_shows_its_id_alone() {
        let key = Key::generate().unwrap();
        let again = Key::read(key.to_base64().as_bytes()).unwrap();
        assert!(key.to_base64() == again.to_base64());
        let id = key.id();
        assert_eq!(id.to_string().len(), 16);
        assert_eq!(format!("{key:?} {id:?}"), format!("Key({id}) KeyId({id})"));
    }

    #[test]
    fn a_key_is_random_and_its_id_does_not_reveal_it() {
        let (one, other) = (Key::generate().unwrap(), Key::generate().unwrap());
        assert_ne!(one.id(), other.id());
        assert!(!format!("{one:?}").contains(one.to_base64().as_str()));
    }
}
