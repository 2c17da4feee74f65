//! A key of this process for digests that it recognizes again, such as the tokens in its forms.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{Digest, KeyError};

pub struct DigestKey(Zeroizing<[u8; 32]>);

impl DigestKey {
    pub fn generate() -> Result<Self, KeyError> {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(bytes.as_mut()).map_err(|_| KeyError::NoRandomness)?;
        Ok(Self(bytes))
    }

    /// The same for the same text, and not to be guessed without the key.
    pub fn digest(&self, text: &str) -> Result<Digest, KeyError> {
        let mac = Hmac::<Sha256>::new_from_slice(self.0.as_ref());
        let mut mac = mac.map_err(|_| KeyError::Length(self.0.len()))?;
        mac.update(text.as_bytes());
        Ok(Digest(mac.finalize().into_bytes().into()))
    }
}

impl fmt::Debug for DigestKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DigestKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_depends_on_the_text_and_on_the_key() {
        let (key, other) = (
            DigestKey::generate().unwrap(),
            DigestKey::generate().unwrap(),
        );
        let ada = key.digest("ada").unwrap().as_name();
        assert!(key.digest("ada").unwrap().as_name() == ada);
        assert!(key.digest("eve").unwrap().as_name() != ada);
        assert!(other.digest("ada").unwrap().as_name() != ada);
        assert_eq!(format!("{key:?}"), "DigestKey(…)");
    }
}
