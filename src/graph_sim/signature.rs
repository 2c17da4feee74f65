//! The signatures that Meta makes or verifies with an app's secret, and the tags of its answers.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::{Digest, Sha1};
use sha2::Sha256;

/// HMAC-SHA256 with a key of any length.
pub(crate) fn hmac(secret: &str, message: &[u8]) -> Vec<u8> {
    finished(Hmac::<Sha256>::new_from_slice(secret.as_bytes()), message)
}

/// HMAC-SHA1, with which Meta still signs webhooks beside the other.
pub(crate) fn hmac_sha1(secret: &str, message: &[u8]) -> Vec<u8> {
    finished(Hmac::<Sha1>::new_from_slice(secret.as_bytes()), message)
}

fn finished<M: Mac, E>(mac: Result<M, E>, message: &[u8]) -> Vec<u8> {
    let Ok(mut mac) = mac else {
        return Vec::new();
    };
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

/// What is in an entity tag.
pub(crate) fn tag(body: &str) -> String {
    hex(&Sha1::digest(body))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// `appsecret_proof`. With a time, it signs `token|time`.
pub(crate) fn proof(secret: &str, token: &str, time: Option<&str>) -> String {
    let message = match time {
        Some(time) => format!("{token}|{time}"),
        None => token.to_owned(),
    };
    hex(&hmac(secret, message.as_bytes()))
}

/// `SIGNATURE.PAYLOAD`, both base64url without padding, as in deauthorize callbacks.
pub(crate) fn signed_request(secret: &str, payload: &str) -> String {
    let payload = URL_SAFE_NO_PAD.encode(payload);
    let signature = URL_SAFE_NO_PAD.encode(hmac(secret, payload.as_bytes()));
    format!("{signature}.{payload}")
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn decoded(payload: &str) -> String {
        String::from_utf8(URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
    }

    /// Test case 2 of RFC 2202, and the example of FIPS 180.
    #[test]
    fn the_older_signature_and_the_tag_are_those_of_the_standards() {
        let mac = hmac_sha1("Jefe", b"what do ya want for nothing?");
        assert_eq!(hex(&mac), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
        assert_eq!(tag("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
    }

    #[test]
    fn proofs_match_the_vectors_of_other_implementations() {
        for (secret, token, expected) in [
            (
                "test",
                "test",
                "88cd2108b5347d973cf39cdf9053d7dd42704876d8c9a9bd8e2d168259d3ddf7",
            ),
            (
                "xyz789",
                "abc123",
                "4dad02ff1693df832f9c183fe400fc4f601360be06514acb4a73edb783eec345",
            ),
            (
                "foo_secret",
                "123|foo_secret",
                "de753c58fd58b03afca2340bbaeb4ecf987b5de4c09e39a63c944dd25efbc234",
            ),
        ] {
            assert_eq!(proof(secret, token, None), expected);
        }
    }

    #[test]
    fn a_timed_proof_signs_the_time_as_well() {
        assert_eq!(proof("s", "t", Some("5")), proof("s", "t|5", None));
    }

    #[test]
    fn a_signed_request_matches_the_recorded_one() {
        let payload = r#"{"user_id":"0","algorithm":"HMAC-SHA256","issued_at":1624244156}"#;
        assert_eq!(
            signed_request("key", payload),
            "Mf_s6nTb38UYqioBmPqu0Ewm9souPZB9I2fIGwV729U.eyJ1c2VyX2lkIjoiMCIsImFsZ29yaXRobSI6IkhNQUMtU0hBMjU2IiwiaXNzdWVkX2F0IjoxNjI0MjQ0MTU2fQ"
        );
    }
}
