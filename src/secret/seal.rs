//! Sealing, cell by cell: XChaCha20-Poly1305 under a data key, bound to table, column and row, so that a ciphertext
//! moved to another row does not open. A row may be identified by more than its number.

use std::fmt;
use std::sync::Arc;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{Key, Secret, hex};

/// Where a sealed value is stored. This is authenticated with the value.
#[derive(Clone, Copy, Debug)]
pub struct Cell<'a> {
    pub table: &'static str,
    pub column: &'static str,
    pub row: &'a str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Seals values.
    Seal,
    /// Makes fingerprints. It never changes, or duplicates would no longer be found.
    Fingerprint,
}

/// A random key, stored in the database and wrapped by the operator's key.
#[derive(Clone)]
pub struct DataKey {
    pub id: u32,
    pub purpose: Purpose,
    bytes: Zeroizing<[u8; 32]>,
}

/// A keyed digest of a secret: equal for equal secrets, useless without the key.
#[derive(Clone, PartialEq, Eq)]
pub struct Digest(pub [u8; 32]);

/// Seals and opens cells. Cheap to clone.
#[derive(Clone)]
pub struct Sealer(Arc<Keys>);

struct Keys {
    current: u32,
    ciphers: Vec<(u32, XChaCha20Poly1305)>,
    fingerprints: Hmac<Sha256>,
}

/// The value was sealed under another key, for another cell, or altered.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a sealed value cannot be opened: it was sealed with another key, moved or altered")]
pub struct Unsealable;

const VERSION: u8 = 1;
const NONCE: usize = 24;
const HEADER: usize = 1 + 4 + NONCE;

impl DataKey {
    pub fn generate(id: u32, purpose: Purpose) -> Result<Self, super::KeyError> {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(bytes.as_mut()).map_err(|_| super::KeyError::NoRandomness)?;
        Ok(Self { id, purpose, bytes })
    }

    /// Returns the key as it is stored: sealed under the operator's key, bound to its number and purpose.
    pub fn wrap(&self, key: &Key) -> Result<Vec<u8>, Unsealable> {
        let cipher = XChaCha20Poly1305::new((&*key.wrapping_key()).into());
        seal(
            &cipher,
            0,
            self.bytes.as_ref(),
            &wrap_aad(self.id, self.purpose),
        )
    }

    pub fn unwrap(
        id: u32,
        purpose: Purpose,
        wrapped: &[u8],
        key: &Key,
    ) -> Result<Self, Unsealable> {
        let cipher = XChaCha20Poly1305::new((&*key.wrapping_key()).into());
        let opened = open(&cipher, wrapped, &wrap_aad(id, purpose))?;
        let bytes = <[u8; 32]>::try_from(opened.as_slice()).map_err(|_| Unsealable)?;
        Ok(Self {
            id,
            purpose,
            bytes: Zeroizing::new(bytes),
        })
    }
}

fn wrap_aad(id: u32, purpose: Purpose) -> String {
    format!("perennial:v1:data_key:{id}:{purpose:?}")
}

impl Sealer {
    /// Takes the unwrapped data keys. The sealing key with the highest number is the one in use.
    pub fn new(keys: &[DataKey]) -> Option<Self> {
        let sealing = || keys.iter().filter(|key| key.purpose == Purpose::Seal);
        let current = sealing().map(|key| key.id).max()?;
        let marker = keys
            .iter()
            .find(|key| key.purpose == Purpose::Fingerprint)?;
        let fingerprints = Hmac::new_from_slice(marker.bytes.as_ref()).ok()?;
        let ciphers = sealing()
            .map(|key| (key.id, XChaCha20Poly1305::new((&*key.bytes).into())))
            .collect();
        Some(Self(Arc::new(Keys {
            current,
            ciphers,
            fingerprints,
        })))
    }

    pub fn seal(&self, secret: &Secret, cell: Cell<'_>) -> Result<Vec<u8>, Unsealable> {
        self.seal_text(secret.expose(), cell)
    }

    /// Seals text that contains a secret, such as an email with a login link.
    pub fn seal_text(&self, text: &str, cell: Cell<'_>) -> Result<Vec<u8>, Unsealable> {
        let current = self.0.current;
        let cipher = self.cipher(current).ok_or(Unsealable)?;
        seal(cipher, current, text.as_bytes(), &cell.aad(current))
    }

    pub fn open(&self, sealed: &[u8], cell: Cell<'_>) -> Result<Secret, Unsealable> {
        self.open_text(sealed, cell).map(Secret::new)
    }

    pub fn open_text(&self, sealed: &[u8], cell: Cell<'_>) -> Result<String, Unsealable> {
        let id = data_key_of(sealed).ok_or(Unsealable)?;
        let cipher = self.cipher(id).ok_or(Unsealable)?;
        let opened = open(cipher, sealed, &cell.aad(id))?;
        String::from_utf8(opened).map_err(|_| Unsealable)
    }

    pub fn digest(&self, secret: &Secret) -> Digest {
        let mut mac = self.0.fingerprints.clone();
        mac.update(secret.expose().as_bytes());
        Digest(mac.finalize().into_bytes().into())
    }

    fn cipher(&self, id: u32) -> Option<&XChaCha20Poly1305> {
        self.0
            .ciphers
            .iter()
            .find(|(known, _)| *known == id)
            .map(|(_, cipher)| cipher)
    }
}

impl Cell<'_> {
    fn aad(&self, key: u32) -> String {
        format!(
            "perennial:v1:{}:{}:{}:{key}",
            self.table, self.column, self.row
        )
    }
}

/// `version || key id || nonce || ciphertext and tag`
fn seal(
    cipher: &XChaCha20Poly1305,
    key: u32,
    msg: &[u8],
    aad: &str,
) -> Result<Vec<u8>, Unsealable> {
    let mut nonce = [0; NONCE];
    getrandom::fill(&mut nonce).map_err(|_| Unsealable)?;
    let payload = Payload {
        msg,
        aad: aad.as_bytes(),
    };
    let sealed = cipher
        .encrypt(&XNonce::from(nonce), payload)
        .map_err(|_| Unsealable)?;
    Ok([&[VERSION], &key.to_be_bytes()[..], &nonce, &sealed].concat())
}

fn open(cipher: &XChaCha20Poly1305, sealed: &[u8], aad: &str) -> Result<Vec<u8>, Unsealable> {
    let nonce = sealed.get(HEADER - NONCE..HEADER).ok_or(Unsealable)?;
    let nonce = <[u8; NONCE]>::try_from(nonce).map_err(|_| Unsealable)?;
    let payload = Payload {
        msg: &sealed[HEADER..],
        aad: aad.as_bytes(),
    };
    cipher
        .decrypt(&XNonce::from(nonce), payload)
        .map_err(|_| Unsealable)
}

/// The number of the data key that a value is sealed under.
pub fn data_key_of(sealed: &[u8]) -> Option<u32> {
    let (version, rest) = sealed.split_first()?;
    let id = rest.first_chunk::<4>()?;
    (*version == VERSION).then(|| u32::from_be_bytes(*id))
}

impl Digest {
    /// Returns eight hex digits for people to compare. They are too few to be unique, so they are never a key.
    pub fn fingerprint(&self) -> String {
        hex(&self.0[..4])
    }

    /// Returns 32 hex digits, which are enough to be unique.
    pub fn as_id(&self) -> String {
        hex(&self.0[..16])
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({})", self.fingerprint())
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DataKey({}, {:?})", self.id, self.purpose)
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealer({} keys)", self.0.ciphers.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Cell<'static> = Cell {
        table: "version",
        column: "secret",
        row: "17",
    };

    fn sealer() -> Sealer {
        Sealer::new(&[
            DataKey::generate(1, Purpose::Seal).unwrap(),
            DataKey::generate(2, Purpose::Fingerprint).unwrap(),
        ])
        .unwrap()
    }

    #[test]
    fn what_is_sealed_opens_in_its_own_cell_only() {
        let sealer = sealer();
        let sealed = sealer.seal(&Secret::new("EAAcanary"), HERE).unwrap();
        assert_eq!(sealer.open(&sealed, HERE).unwrap().expose(), "EAAcanary");
        assert!(!sealed.windows(9).any(|window| window == b"EAAcanary"));
        for elsewhere in [
            Cell { row: "18", ..HERE },
            Cell {
                column: "previous",
                ..HERE
            },
            Cell {
                table: "email",
                ..HERE
            },
        ] {
            assert_eq!(sealer.open(&sealed, elsewhere).unwrap_err(), Unsealable);
        }
    }

    #[test]
    fn an_altered_cut_or_foreign_value_does_not_open() {
        let sealer = sealer();
        let sealed = sealer.seal(&Secret::new("EAAcanary"), HERE).unwrap();
        for at in [0, 1, 5, HEADER, sealed.len() - 1] {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert_eq!(
                sealer.open(&altered, HERE).unwrap_err(),
                Unsealable,
                "byte {at}"
            );
        }
        for length in [0, 1, 5, HEADER, sealed.len() - 1] {
            assert_eq!(
                sealer.open(&sealed[..length], HERE).unwrap_err(),
                Unsealable
            );
        }
        assert_eq!(self::sealer().open(&sealed, HERE).unwrap_err(), Unsealable);
    }

    #[test]
    fn a_data_key_opens_under_its_own_wrapping_only() {
        let (key, wrong) = (Key::generate().unwrap(), Key::generate().unwrap());
        let data = DataKey::generate(1, Purpose::Seal).unwrap();
        let wrapped = data.wrap(&key).unwrap();
        assert!(DataKey::unwrap(1, Purpose::Seal, &wrapped, &key).is_ok());
        assert!(DataKey::unwrap(1, Purpose::Seal, &wrapped, &wrong).is_err());
        assert!(DataKey::unwrap(2, Purpose::Seal, &wrapped, &key).is_err());
        assert!(DataKey::unwrap(1, Purpose::Fingerprint, &wrapped, &key).is_err());
    }

    #[test]
    fn digests_find_duplicates_and_reveal_nothing_without_the_key() {
        let sealer = sealer();
        let digest = sealer.digest(&Secret::new("a"));
        assert_eq!(digest, sealer.digest(&Secret::new("a")));
        assert_ne!(digest, sealer.digest(&Secret::new("b")));
        assert_ne!(digest, self::sealer().digest(&Secret::new("a")));
        assert_eq!(digest.fingerprint().len(), 8);
        assert_eq!(digest.as_id().len(), 32);
        assert!(digest.as_id().starts_with(&digest.fingerprint()));
        assert_ne!(digest.as_id(), sealer.digest(&Secret::new("b")).as_id());
    }

    #[test]
    fn what_holds_keys_shows_which_and_none_of_their_bytes() {
        let data = DataKey::generate(7, Purpose::Seal).unwrap();
        assert_eq!(format!("{data:?}"), "DataKey(7, Seal)");
        let sealer = sealer();
        assert_eq!(format!("{sealer:?}"), "Sealer(1 keys)");
        let digest = sealer.digest(&Secret::new("a"));
        let shown = format!("Digest({})", digest.fingerprint());
        assert_eq!(format!("{digest:?}"), shown);
    }

    #[test]
    fn the_newest_key_seals_and_the_older_ones_still_open() {
        let keys = [
            DataKey::generate(1, Purpose::Seal).unwrap(),
            DataKey::generate(2, Purpose::Fingerprint).unwrap(),
            DataKey::generate(3, Purpose::Seal).unwrap(),
        ];
        let before = Sealer::new(&keys[..2]).unwrap();
        let after = Sealer::new(&keys).unwrap();
        let old = before.seal(&Secret::new("EAAcanary"), HERE).unwrap();
        let new = after.seal(&Secret::new("EAAcanary"), HERE).unwrap();
        assert_eq!((data_key_of(&old), data_key_of(&new)), (Some(1), Some(3)));
        assert!(after.open(&old, HERE).unwrap().is("EAAcanary"));
        assert_eq!(before.open(&new, HERE).unwrap_err(), Unsealable);
        assert!(Sealer::new(&keys[1..2]).is_none() && Sealer::new(&keys[..1]).is_none());
    }
}
