//! SHA-1 (FIPS 180-4), with which Meta still makes its older webhook signature and its entity tags. Nothing here relies on
//! its strength.

const BLOCK: usize = 64;
const START: [u32; 5] = [
    0x6745_2301,
    0xefcd_ab89,
    0x98ba_dcfe,
    0x1032_5476,
    0xc3d2_e1f0,
];

pub(crate) fn sha1(message: &[u8]) -> Vec<u8> {
    let mut state = START;
    for block in padded(message).chunks_exact(BLOCK) {
        state = compressed(state, &schedule(block));
    }
    state.iter().flat_map(|word| word.to_be_bytes()).collect()
}

/// HMAC-SHA1 (RFC 2104).
pub(crate) fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut key = if key.len() > BLOCK {
        sha1(key)
    } else {
        key.to_vec()
    };
    key.resize(BLOCK, 0);
    let masked = |mask: u8| key.iter().map(move |byte| byte ^ mask);
    let inner: Vec<u8> = masked(0x36).chain(message.iter().copied()).collect();
    let outer: Vec<u8> = masked(0x5c).chain(sha1(&inner)).collect();
    sha1(&outer)
}

fn padded(message: &[u8]) -> Vec<u8> {
    let mut padded = message.to_vec();
    padded.push(0x80);
    let length = padded.len() + 8;
    padded.resize(length.next_multiple_of(BLOCK) - 8, 0);
    let bits = (message.len() as u64).wrapping_mul(8);
    padded.extend(bits.to_be_bytes());
    padded
}

fn schedule(block: &[u8]) -> Vec<u32> {
    let word = |bytes: &[u8]| {
        bytes
            .iter()
            .fold(0, |word, byte| word << 8 | u32::from(*byte))
    };
    let mut words: Vec<u32> = block.chunks_exact(4).map(word).collect();
    for at in 16..80 {
        let mixed = words[at - 3] ^ words[at - 8] ^ words[at - 14] ^ words[at - 16];
        words.push(mixed.rotate_left(1));
    }
    words
}

fn compressed(state: [u32; 5], words: &[u32]) -> [u32; 5] {
    let [mut a, mut b, mut c, mut d, mut e] = state;
    for (round, word) in words.iter().enumerate() {
        let (mixed, constant) = match round {
            0..20 => (b & c | !b & d, 0x5a82_7999),
            20..40 => (b ^ c ^ d, 0x6ed9_eba1),
            40..60 => (b & c | b & d | c & d, 0x8f1b_bcdc),
            _ => (b ^ c ^ d, 0xca62_c1d6_u32),
        };
        let terms = [mixed, e, constant, *word];
        let next = terms
            .iter()
            .fold(a.rotate_left(5), |sum, term| sum.wrapping_add(*term));
        (a, b, c, d, e) = (next, a, b.rotate_left(30), c, d);
    }
    let [f, g, h, i, j] = state;
    [
        a.wrapping_add(f),
        b.wrapping_add(g),
        c.wrapping_add(h),
        d.wrapping_add(i),
        e.wrapping_add(j),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph_sim::signature::hex;

    #[test]
    fn digests_match_those_of_the_standard() {
        for (message, expected) in [
            ("", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
            ("abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "84983e441c3bd26ebaae4aa1f95129e5e54670f1",
            ),
        ] {
            assert_eq!(hex(&sha1(message.as_bytes())), expected);
        }
        let million = vec![b'a'; 1_000_000];
        assert_eq!(
            hex(&sha1(&million)),
            "34aa973cd4c4daa4f61eeb2bdbad27316534016f"
        );
    }

    /// Test cases 1, 2 and 6 of RFC 2202.
    #[test]
    fn authentication_codes_match_the_published_ones() {
        for (key, message, expected) in [
            (
                vec![0x0b; 20],
                "Hi There",
                "b617318655057264e28bc0b6fb378c8ef146be00",
            ),
            (
                b"Jefe".to_vec(),
                "what do ya want for nothing?",
                "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
            ),
            (
                vec![0xaa; 80],
                "Test Using Larger Than Block-Size Key - Hash Key First",
                "aa4ae5e15272d00e95705637ce8a3b55ed402112",
            ),
        ] {
            assert_eq!(hex(&hmac(&key, message.as_bytes())), expected);
        }
    }
}
