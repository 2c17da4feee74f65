//! Validates paths. All must be absolute, because a daemon has no well-defined working directory.

use std::path::PathBuf;

/// The size of the kernel's `sockaddr_un` without the final zero byte.
const LONGEST_SOCKET: usize = 107;

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum PathError {
    #[error("must be an absolute path, beginning with /")]
    Relative,
    #[error("must not contain control characters")]
    Control,
    #[error("is too long; the path of a socket may have 107 bytes")]
    TooLong,
}

pub(super) fn absolute(text: &str) -> Result<PathBuf, PathError> {
    if text.contains(char::is_control) {
        return Err(PathError::Control);
    }
    if !text.starts_with('/') {
        return Err(PathError::Relative);
    }
    Ok(PathBuf::from(text))
}

pub(super) fn socket(text: &str) -> Result<PathBuf, PathError> {
    if text.len() > LONGEST_SOCKET {
        return Err(PathError::TooLong);
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
            assert_eq!(absolute(text), Err(PathError::Relative), "{text}");
        }
        assert_eq!(absolute("/a\0b"), Err(PathError::Control));
    }

    #[test]
    fn a_socket_has_a_short_path() {
        let longest = format!("/{}", "s".repeat(106));
        assert!(socket(&longest).is_ok());
        assert_eq!(socket(&format!("{longest}s")), Err(PathError::TooLong));
    }
}
