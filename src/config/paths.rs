//! Validates paths. All must be absolute, because a daemon has no well-defined working directory.

use std::path::PathBuf;

/// The size of the kernel's `sockaddr_un` without the final zero byte.
const LONGEST_SOCKET: usize = 107;

const RELATIVE: &str = "must be an absolute path, beginning with /";
pub(super) const CONTROL: &str = "must not contain control characters";
const TOO_LONG: &str = "is too long; the path of a socket may have 107 bytes";

pub(super) fn absolute(text: &str) -> Result<PathBuf, &'static str> {
    if text.contains(char::is_control) {
        Err(CONTROL)
    } else if text.starts_with('/') {
        Ok(PathBuf::from(text))
    } else {
        Err(RELATIVE)
    }
}

pub(super) fn socket(text: &str) -> Result<PathBuf, &'static str> {
    if text.len() > LONGEST_SOCKET {
        return Err(TOO_LONG);
    }
    absolute(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_absolute_paths_are_taken() {
        assert_eq!(absolute("/var/lib/a b"), Ok(PathBuf::from("/var/lib/a b")));
        for text in ["", "inventory.db", "./a", "~/a"] {
            assert_eq!(absolute(text), Err(RELATIVE), "{text}");
        }
        assert_eq!(absolute("/a\0b"), Err(CONTROL));
    }

    #[test]
    fn a_socket_has_a_short_path() {
        let longest = format!("/{}", "s".repeat(106));
        assert!(socket(&longest).is_ok());
        assert_eq!(socket(&format!("{longest}s")), Err(TOO_LONG));
    }
}
