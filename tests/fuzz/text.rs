//! Bytes, and the requests of a connection written as text that mutations leave in order: requests are separated by a
//! line `---`, the first empty line ends the head, and `{length}` stands for the length of the body.

pub fn position(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
}

pub fn contains(bytes: &[u8], wanted: &str) -> bool {
    position(bytes, wanted.as_bytes()).is_some()
}

pub fn replaced(bytes: &[u8], from: &str, to: &[u8]) -> Vec<u8> {
    let mut rest = bytes;
    let mut all = Vec::with_capacity(bytes.len());
    while let Some(at) = position(rest, from.as_bytes()) {
        all.extend_from_slice(&rest[..at]);
        all.extend_from_slice(to);
        rest = &rest[at + from.len()..];
    }
    all.extend_from_slice(rest);
    all
}

/// The parts between the separators.
pub fn split<'b>(bytes: &'b [u8], separator: &str) -> Vec<&'b [u8]> {
    let mut rest = bytes;
    let mut parts = Vec::new();
    while let Some(at) = position(rest, separator.as_bytes()) {
        parts.push(&rest[..at]);
        rest = &rest[at + separator.len()..];
    }
    parts.push(rest);
    parts
}

/// The head and the body, if there is an empty line.
pub fn parted(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = position(bytes, b"\n\n")?;
    Some((&bytes[..at], &bytes[at + 2..]))
}

/// The bytes of the connection. `fill` completes the head and the body of each request.
pub fn connection(
    input: &[u8],
    mut fill: impl FnMut(&[u8], &[u8]) -> (Vec<u8>, Vec<u8>),
) -> Vec<u8> {
    let mut all = Vec::new();
    for part in split(input, "\n---\n") {
        let Some((head, body)) = parted(part) else {
            all.extend_from_slice(part);
            continue;
        };
        let (head, body) = fill(head, body);
        let head = replaced(&head, "{length}", body.len().to_string().as_bytes());
        all.extend_from_slice(&replaced(&head, "\n", b"\r\n"));
        all.extend_from_slice(b"\r\n\r\n");
        all.extend_from_slice(&body);
    }
    all
}
