//! The source of an import: a prompt, a file, or standard input.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use crate::cli::{Error, Result};

pub(super) enum Source {
    /// A person types one token at a terminal.
    Prompt,
    Bytes {
        /// The name of the source, for messages.
        name: String,
        reader: Box<dyn Read + Send>,
        /// The size in bytes, for the progress bar; `None` for anything but a file.
        length: Option<u64>,
    },
}

impl Source {
    pub(super) fn of(file: Option<&Path>, is_interactive: bool) -> Result<Self> {
        match file {
            None if is_interactive => Ok(Self::Prompt),
            None => Ok(Self::standard_input()),
            Some(path) if path == Path::new("-") => Ok(Self::standard_input()),
            Some(path) => Self::file(path),
        }
    }

    fn standard_input() -> Self {
        Self::Bytes {
            name: "standard input".to_owned(),
            reader: Box::new(io::stdin()),
            length: None,
        }
    }

    fn file(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        let refused = |error: io::Error| {
            let text =
                format!("{name} cannot be read: {error}\nName a file, or - for standard input");
            Error::Refused(text)
        };
        let file = File::open(path).map_err(refused)?;
        let metadata = file.metadata().map_err(refused)?;
        if metadata.is_dir() {
            return Err(refused(io::ErrorKind::IsADirectory.into()));
        }
        Ok(Self::Bytes {
            length: metadata.is_file().then_some(metadata.len()),
            reader: Box::new(BufReader::new(file)),
            name,
        })
    }
}
