//! HMAC-SHA256 with the app's secret. `appsecret_proof` proves to Meta that a call comes from the app; Meta signs its
//! own requests with the same key.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::secret::hex;

/// An HMAC that is keyed once per secret. HMAC accepts keys of any length.
#[derive(Clone)]
pub(super) struct Signer(Hmac<Sha256>);

impl Signer {
    pub(super) fn new(secret: &str) -> Option<Self> {
        Hmac::new_from_slice(secret.as_bytes()).ok().map(Self)
    }

    /// Returns the HMAC-SHA256 of the calling token, in lower-case hex.
    pub(super) fn proof(&self, token: &str) -> String {
        let mut mac = self.0.clone();
        mac.update(token.as_bytes());
        hex(&mac.finalize().into_bytes())
    }

    /// Verifies a signature in constant time.
    pub(super) fn signs(&self, message: &[u8], tag: &[u8]) -> bool {
        let mut mac = self.0.clone();
        mac.update(message);
        mac.verify_slice(tag).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proofs_are_those_of_other_clients() {
        for (secret, token, expected) in [
            (
                "test",
                "test",
                "88cd2108b5347d973cf39cdf9053d7dd42704876d8c9a9bd8e2d168259d3ddf7",
            ),
            (
                "PRIE7$oG2uS-Yf17kEnUEpi5hvW/#AFo",
                "helloWorld",
                "cb064987988fcd658470d6a24f1c68f6d7982c80ab9efb08cb8c84ef88fd03e1",
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
            (
                "foo_secret",
                "long_token",
                "7e91300ea91be4166282611d4fc700b473466f3ea2981dafbf492fc096995bf1",
            ),
        ] {
            assert_eq!(Signer::new(secret).unwrap().proof(token), expected);
        }
    }
}
