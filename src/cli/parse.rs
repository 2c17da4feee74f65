//! Parses the command line. It rejects tokens: every user of the machine can read command lines, and the shell's
//! history keeps them.

use std::ffi::OsString;

use clap::FromArgMatches;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::error::ErrorKind;
use clap_complete::CompleteEnv;

use super::Cli;
use super::groups::command;

/// A shell sets it when it asks for completions.
pub(super) const COMPLETE_VARIABLE: &str = "PERENNIAL_COMPLETE";

impl Cli {
    /// The error can print itself and knows its exit code.
    pub fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let arguments: Vec<OsString> = arguments.into_iter().collect();
        let holds_token = |argument: &OsString| {
            argument
                .to_string_lossy()
                .split('=')
                .any(looks_like_a_token)
        };
        if arguments.iter().skip(1).any(holds_token) {
            return Err(command().error(ErrorKind::InvalidValue, NEVER_HERE));
        }
        let matches = command().try_get_matches_from(arguments)?;
        Self::from_arg_matches(&matches).map_err(|error| error.format(&mut command()))
    }

    /// Answers a shell that asks for completions, and exits.
    pub fn complete_in_shell() {
        CompleteEnv::with_factory(command)
            .var(COMPLETE_VARIABLE)
            .complete();
    }
}

const NEVER_HERE: &str = "\
one of the arguments looks like an access token; it was not used and is not shown here.
Other users of this machine can read command lines, and the shell keeps them, so Perennial never
takes a token from one. Remove it from the shell's history, and use standard input or the prompt:
    perennial import --app APP < FILE";

/// A match only stops the command; whether a value really is a token, only Meta knows.
pub(super) fn looks_like_a_token(word: &str) -> bool {
    let is_alphanumeric = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some((id, rest)) = word.split_once('|') {
        return id.len() >= 5 && is_number(id) && rest.len() >= 8;
    }
    let is_facebook = word.starts_with("EAA") && word.len() >= 16;
    (is_facebook || word.len() >= 60) && is_alphanumeric(word) && !is_number(word)
}

/// Parses one of the fixed names that the socket and the database use for a value.
pub(super) fn one_of<T>(
    all: &'static [T],
    word: fn(T) -> &'static str,
) -> impl TypedValueParser<Value = T>
where
    T: Copy + Send + Sync + 'static,
{
    PossibleValuesParser::new(all.iter().map(move |value| word(*value))).try_map(move |text| {
        let mut known = all.iter().copied();
        known
            .find(|value| word(*value) == text)
            .ok_or("unknown value")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Cli, clap::Error> {
        Cli::read(line.split(' ').map(OsString::from))
    }

    #[test]
    fn the_command_line_is_in_order() {
        command().debug_assert();
    }

    #[test]
    fn a_token_on_the_command_line_is_neither_used_nor_shown() {
        let tokens = [
            "EAABsbCS1iHgBAcanary",
            "257422819769992|canary0123456789",
            "IGQWRcanary0123456789canary0123456789canary0123456789canary01",
        ];
        for token in tokens {
            for line in [
                format!("perennial import {token}"),
                format!("perennial import --app={token}"),
                format!("perennial import --token {token}"),
                format!("perennial show {token}"),
                format!("perennial {token}"),
            ] {
                let error = read(&line).unwrap_err();
                assert_eq!(error.exit_code(), 2, "{line}");
                let text = error.to_string();
                assert!(!text.contains("canary"), "{text}");
                assert!(text.contains("perennial import --app APP <"), "{text}");
            }
        }
    }

    #[test]
    fn names_files_and_numbers_are_no_tokens() {
        for word in [
            "acme-page-1234567890123456789",
            "/srv/EAABsbCS1iHgBA.csv",
            "EAAtoken",
            "tokens.jsonl",
            "1|2",
            "123456789012345678901234567890123456789012345678901234567890",
        ] {
            assert!(!looks_like_a_token(word), "{word}");
        }
    }

    #[test]
    fn unknown_values_are_refused_with_the_known_ones() {
        let error = read("perennial tokens --state ded").unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().contains("expiring"), "{error}");
        assert!(read("perennial tokens --state dead --kind system_user").is_ok());
        assert!(read("perennial tokens --expires-within 3w").is_err());
        assert!(read("perennial show").is_err());
        assert!(read("perennial").is_err());
    }
}
