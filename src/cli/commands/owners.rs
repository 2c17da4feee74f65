//! `perennial owners NAME`: lists the people who are notified about a token, and changes them.

use clap::Args;

use crate::api::types::{CorrectionRequest, TokenDetail};
use crate::api_client::{Client, token_path};
use crate::cli::completion::token_names;
use crate::cli::terminal::text::{all_of, plain};
use crate::cli::{Answer, Error, Result, Terminal};

/// List the owners of a token, or change them
///
/// Owners get the emails about a token that needs a person; new ones from the next email or reminder on. A page token
/// without owners has those of its parent; without any, the operators are notified.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// The name of the token
    #[arg(add = token_names())]
    name: String,
    /// Add an email address; may be repeated
    #[arg(long, value_name = "ADDRESS")]
    add: Vec<String>,
    /// Remove an email address; may be repeated
    #[arg(long, value_name = "ADDRESS")]
    remove: Vec<String>,
    /// Print the daemon's JSON of the token
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(options: Options, client: &Client, terminal: &mut Terminal) -> Result {
    let mut detail = client.token(&options.name).await?;
    let owners = changed(&detail.token.owners, &options)?;
    if owners != detail.token.owners {
        let request = CorrectionRequest {
            owners: Some(owners.clone()),
            ..CorrectionRequest::default()
        };
        client.correct(&options.name, &request).await?;
        detail.token.owners = owners;
    }
    if options.json {
        let path = token_path(&options.name, "");
        terminal.print(&client.text(&path).await?)?;
    } else {
        list(&detail, terminal)?;
    }
    Ok(Answer::Yes)
}

/// The owners after the change. An address is the same in capitals.
fn changed(owners: &[String], options: &Options) -> Result<Vec<String>> {
    let mut owners = owners.to_vec();
    for address in &options.remove {
        let before = owners.len();
        owners.retain(|owner| !owner.eq_ignore_ascii_case(address));
        if owners.len() == before {
            return Err(unknown(address, &options.name));
        }
    }
    for address in &options.add {
        if !owners
            .iter()
            .any(|owner| owner.eq_ignore_ascii_case(address))
        {
            owners.push(address.clone());
        }
    }
    Ok(owners)
}

fn unknown(address: &str, name: &str) -> Error {
    let (address, name) = (plain(address), plain(name));
    Error::Refused(format!(
        "{address} is not an owner of {name}. Nothing was changed.\nSee its owners: perennial owners {name}"
    ))
}

/// One address per line. Who is notified in place of owners is a remark.
fn list(detail: &TokenDetail, terminal: &mut Terminal) -> Result<()> {
    let name = plain(&detail.token.name);
    for owner in &detail.token.owners {
        terminal.print(&plain(owner))?;
    }
    if detail.token.owners.is_empty() {
        let instead = match (&detail.token.parent, detail.inherited_owners.as_slice()) {
            (_, []) | (None, _) => "the operators".to_owned(),
            (Some(parent), owners) => format!("the owners of {parent}: {}", all_of(owners)),
        };
        terminal.warn(&format!(
            "{name} has no owners of its own. Notified instead: {}",
            plain(&instead)
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(add: &[&str], remove: &[&str]) -> Options {
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Options {
            name: "acme".to_owned(),
            add: owned(add),
            remove: owned(remove),
            json: false,
        }
    }

    #[test]
    fn addresses_are_added_once_and_only_owners_are_removed() {
        let owners = ["ada@example.com", "bob@example.com"].map(str::to_owned);
        for (add, remove, expected) in [
            (&[][..], &[][..], "ada@example.com bob@example.com"),
            (&["ADA@example.com"], &[], "ada@example.com bob@example.com"),
            (
                &["eve@example.com"],
                &["Bob@example.com"],
                "ada@example.com eve@example.com",
            ),
            (&[], &["bob@example.com", "ada@example.com"], ""),
            (
                &["ada@example.org"],
                &["ada@example.com"],
                "bob@example.com ada@example.org",
            ),
        ] {
            let changed = changed(&owners, &options(add, remove)).unwrap();
            assert_eq!(changed.join(" "), expected);
        }
        let error = changed(&owners, &options(&[], &["eve@example.com"])).unwrap_err();
        assert_eq!(error.exit_code(), 1);
        assert!(
            error.to_string().ends_with("perennial owners acme"),
            "{error}"
        );
    }
}
