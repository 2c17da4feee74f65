//! Verifies Meta's signatures on webhook bodies and on `signed_request`, in constant time. A signature with any of the
//! app's configured secrets is valid, so that changing the secret loses no request.

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;

use super::proof::Signer;

/// The verifier of one app's signatures. Cheap to clone.
#[derive(Clone)]
pub struct Signatures(Arc<[Signer]>);

/// Meta omits the padding; a client that passes a request on may add it again.
const BASE64URL: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

#[derive(Deserialize)]
struct Signed {
    algorithm: String,
}

impl Signatures {
    pub(super) fn new(signers: impl Iterator<Item = Signer>) -> Self {
        Self(signers.collect())
    }

    /// Verifies `X-Hub-Signature-256` over the unchanged body.
    pub fn signs_body(&self, header: &str, body: &[u8]) -> bool {
        let tag = header.strip_prefix("sha256=").and_then(unhex);
        tag.is_some_and(|tag| self.signs(body, &tag))
    }

    /// Returns the JSON payload of a `signed_request` if its signature is valid.
    pub fn open_signed_request(&self, request: &str) -> Option<Vec<u8>> {
        let (tag, payload) = request.split_once('.')?;
        let tag = BASE64URL.decode(tag).ok()?;
        if !self.signs(payload.as_bytes(), &tag) {
            return None;
        }
        let payload = BASE64URL.decode(payload).ok()?;
        let Signed { algorithm } = serde_json::from_slice(&payload).ok()?;
        algorithm
            .eq_ignore_ascii_case("HMAC-SHA256")
            .then_some(payload)
    }

    /// Tries every secret even after a match, so that the time taken reveals nothing.
    fn signs(&self, message: &[u8], tag: &[u8]) -> bool {
        let fits = |found, signer: &Signer| found | signer.signs(message, tag);
        self.0.iter().fold(false, fits)
    }
}

impl fmt::Debug for Signatures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signatures({} secrets)", self.0.len())
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() || !text.len().is_multiple_of(2) {
        return None;
    }
    let pairs = (0..text.len()).step_by(2).map(|at| &text[at..at + 2]);
    pairs
        .map(|pair| {
            let plain = pair.bytes().all(|byte| byte.is_ascii_hexdigit());
            plain.then(|| u8::from_str_radix(pair, 16).ok()).flatten()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(secrets: &[&str]) -> Signatures {
        Signatures::new(secrets.iter().filter_map(|secret| Signer::new(secret)))
    }

    /// A request from a public example, signed with the secret `key`.
    const RECORDED: &str = "Mf_s6nTb38UYqioBmPqu0Ewm9souPZB9I2fIGwV729U.\
        eyJ1c2VyX2lkIjoiMCIsImFsZ29yaXRobSI6IkhNQUMtU0hBMjU2IiwiaXNzdWVkX2F0IjoxNjI0MjQ0MTU2fQ";

    #[test]
    fn a_recorded_request_opens_with_any_of_the_secrets() {
        let payload = br#"{"user_id":"0","algorithm":"HMAC-SHA256","issued_at":1624244156}"#;
        for secrets in [&["key"][..], &["new", "key"], &["key", "old"]] {
            let opened = of(secrets).open_signed_request(RECORDED);
            assert_eq!(opened.as_deref(), Some(&payload[..]), "{secrets:?}");
        }
        // The same secret, written twice.
        assert!(of(&["key", "key"]).open_signed_request(RECORDED).is_some());
        assert_eq!(
            format!("{:?}", of(&["key", "old"])),
            "Signatures(2 secrets)"
        );
        assert_eq!(of(&["other"]).open_signed_request(RECORDED), None);
        assert_eq!(of(&[]).open_signed_request(RECORDED), None);
    }

    #[test]
    fn what_was_altered_by_a_single_character_does_not_open() {
        let signatures = of(&["key"]);
        for at in 0..RECORDED.len() {
            let mut altered = RECORDED.as_bytes().to_vec();
            altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(altered).unwrap();
            // The last character of a 32-byte signature has two unused bits, which must be zero.
            assert_eq!(signatures.open_signed_request(&altered), None, "{altered}");
        }
        for odd in ["", ".", "a.", ".a", "é.é", "no dot", "a.b.c"] {
            assert_eq!(signatures.open_signed_request(odd), None, "{odd}");
        }
    }

    #[test]
    fn another_algorithm_is_no_signature_though_the_bytes_fit() {
        let signer = Signer::new("key").unwrap();
        let sign = |payload: &str| {
            let payload = BASE64URL.encode(payload);
            let payload = payload.trim_end_matches('=');
            let tag = unhex(&signer.proof(payload)).unwrap();
            let tag = BASE64URL.encode(tag);
            format!("{}.{payload}", tag.trim_end_matches('='))
        };
        for (payload, opens) in [
            (r#"{"algorithm":"HMAC-SHA256"}"#, true),
            (r#"{"algorithm":"hmac-sha256"}"#, true),
            (r#"{"algorithm":"none"}"#, false),
            (r#"{"algorithm":7}"#, false),
            (r#"{"user_id":"1"}"#, false),
            ("[]", false),
            ("", false),
        ] {
            let opened = of(&["key"]).open_signed_request(&sign(payload));
            assert_eq!(opened.is_some(), opens, "{payload}");
        }
    }

    #[test]
    fn a_body_is_signed_as_it_came() {
        let signatures = of(&["old", "key"]);
        let body = br#"{"object":"permissions"}"#;
        let text = std::str::from_utf8(body).unwrap();
        let tag = Signer::new("key").unwrap().proof(text);
        let header = format!("sha256={tag}");
        assert!(signatures.signs_body(&header, body));
        assert!(signatures.signs_body(&format!("sha256={}", tag.to_uppercase()), body));
        let forged = [
            format!("sha1={tag}"),
            tag.clone(),
            "sha256=".to_owned(),
            format!("sha256={}", &tag[2..]),
            format!("sha256={tag}00"),
            format!("sha256={}+1", &tag[2..]),
            format!("sha256={}é", &tag[2..]),
            // Half a byte less, and a letter of two bytes that is not where a pair of digits begins.
            format!("sha256={}", &tag[1..]),
            format!("sha256={}é0", &tag[3..]),
        ];
        for header in forged {
            assert!(!signatures.signs_body(&header, body), "{header}");
        }
        assert!(!signatures.signs_body(&header, br#"{"object": "permissions"}"#));
    }
}
