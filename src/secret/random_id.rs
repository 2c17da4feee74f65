//! Ids that cannot be guessed, for login links and for the state that a browser carries to Meta and back.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{Digest, KeyError, Secret, hex};

/// 256 random bits, in characters that need no escaping in an address.
pub fn random_id() -> Result<Secret, KeyError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|_| KeyError::NoRandomness)?;
    Ok(Secret::new(URL_SAFE_NO_PAD.encode(bytes)))
}

/// 64 random bits, for a name that nothing else has. It is no secret.
pub fn random_name() -> Result<String, KeyError> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(|_| KeyError::NoRandomness)?;
    Ok(hex(&bytes))
}

impl Digest {
    /// Returns the digest as an id. It cannot be guessed without the key of the digest.
    pub fn as_name(&self) -> Secret {
        Secret::new(URL_SAFE_NO_PAD.encode(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_names_are_alike_and_each_fits_into_an_address() {
        let (one, other) = (random_id().unwrap(), random_id().unwrap());
        assert_ne!(one, other);
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        assert!(one.expose().bytes().all(plain));
        assert_eq!(one.len(), 43);
        let (one, other) = (random_name().unwrap(), random_name().unwrap());
        assert_ne!(one, other);
        assert_eq!(one.len(), 16);
    }
}
