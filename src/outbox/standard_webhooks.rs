//! Signs a message by Standard Webhooks 1.0.0, so that its receiver knows who wrote it, and that it is not a replay.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;

use crate::secret::Secret;

const PREFIX: &str = "whsec_";

/// The lengths of a secret in bytes that the specification allows.
const LENGTHS: std::ops::RangeInclusive<usize> = 24..=64;

/// A secret that sender and receiver share. It was checked, so it can sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningSecret(Secret);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    #[error(
        "is not base64; make one with: echo whsec_$(head -c 32 /dev/urandom | base64), and give it to the receiver as well"
    )]
    Encoding,
    #[error("has {0} bytes, but Standard Webhooks asks for 24 to 64")]
    Length(usize),
}

impl SigningSecret {
    /// Reads a secret as it is written: base64, usually after `whsec_`.
    pub fn parse(secret: &Secret) -> Result<Self, SecretError> {
        let bytes = decode(secret.expose()).ok_or(SecretError::Encoding)?;
        if !LENGTHS.contains(&bytes.len()) {
            return Err(SecretError::Length(bytes.len()));
        }
        Ok(Self(secret.clone()))
    }

    fn sign(&self, message: &[&[u8]]) -> Option<String> {
        let key = decode(self.0.expose())?;
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
        message.iter().for_each(|part| mac.update(part));
        Some(STANDARD.encode(mac.finalize().into_bytes()))
    }
}

fn decode(text: &str) -> Option<zeroize::Zeroizing<Vec<u8>>> {
    let text = text.trim();
    let base64 = text.strip_prefix(PREFIX).unwrap_or(text);
    STANDARD.decode(base64).ok().map(zeroize::Zeroizing::new)
}

/// The headers of a message. There is a signature for each secret, so that a receiver can change to the next one before
/// the sender gives up the old one. `id` is the same for each attempt to send the message.
pub fn headers(
    secrets: &[SigningSecret],
    id: &str,
    body: &[u8],
    now: Timestamp,
) -> [(&'static str, String); 3] {
    let timestamp = now.as_second().to_string();
    let message = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body];
    let signatures = secrets.iter().filter_map(|secret| secret.sign(&message));
    let signatures: Vec<String> = signatures.map(|tag| format!("v1,{tag}")).collect();
    [
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", timestamp),
        ("webhook-signature", signatures.join(" ")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's own libraries.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn secret(text: &str) -> SigningSecret {
        SigningSecret::parse(&Secret::new(text)).unwrap()
    }

    fn signed(secrets: &[SigningSecret]) -> [(&'static str, String); 3] {
        headers(
            secrets,
            ID,
            BODY,
            Timestamp::from_second(1_614_265_330).unwrap(),
        )
    }

    #[test]
    fn the_example_of_the_specification_is_signed_as_it_says() {
        let expected = [
            ("webhook-id", ID.to_owned()),
            ("webhook-timestamp", "1614265330".to_owned()),
            ("webhook-signature", SIGNATURE.to_owned()),
        ];
        assert_eq!(signed(&[secret(SECRET)]), expected);
        let bare = SECRET.strip_prefix("whsec_").unwrap();
        assert_eq!(signed(&[secret(bare)]), expected);
        assert_eq!(signed(&[secret(&format!(" {SECRET}\n"))]), expected);
    }

    /// Verifies as a receiver does: one of the signatures must be made with its secret.
    fn verifies(headers: &[(&str, String); 3], key: &[u8], body: &[u8]) -> bool {
        let [id, timestamp, signatures] = headers.each_ref().map(|(_, value)| value.as_str());
        signatures.split(' ').any(|signature| {
            let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
            mac.update(format!("{id}.{timestamp}.").as_bytes());
            mac.update(body);
            let tag = signature.strip_prefix("v1,").unwrap();
            mac.verify_slice(&STANDARD.decode(tag).unwrap()).is_ok()
        })
    }

    #[test]
    fn while_a_secret_changes_a_receiver_may_have_the_old_or_the_new_one() {
        let (old, new) = ([7; 24], [8; 64]);
        let encoded = |key: &[u8]| secret(&format!("whsec_{}", STANDARD.encode(key)));
        let headers = signed(&[encoded(&new), encoded(&old)]);
        assert!(verifies(&headers, &old, BODY) && verifies(&headers, &new, BODY));
        assert!(!verifies(&headers, &[9; 24], BODY));
        assert!(!verifies(&headers, &old, b"{}"));
    }

    #[test]
    fn a_secret_that_cannot_sign_is_refused_without_being_shown() {
        let of_length = |length| STANDARD.encode(vec![7; length]);
        for (text, error) in [
            (of_length(23), SecretError::Length(23)),
            (of_length(65), SecretError::Length(65)),
            (String::new(), SecretError::Length(0)),
            ("whsec_".to_owned(), SecretError::Length(0)),
            ("a password".to_owned(), SecretError::Encoding),
            ("WHSEC_MfKQ".to_owned(), SecretError::Encoding),
        ] {
            let secret = Secret::new(text.as_str());
            assert_eq!(SigningSecret::parse(&secret), Err(error), "{text}");
            assert!(text.is_empty() || !error.to_string().contains(&text));
        }
        assert!(!format!("{:?}", secret(SECRET)).contains("MfKQ"));
    }
}
