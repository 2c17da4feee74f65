//! `perennial forget NAME…`: removes tokens after a confirmation.

use clap::Args;

use crate::api_client::{self, Client};
use crate::cli::completion::token_names;
use crate::cli::terminal::text::{all_of, count};
use crate::cli::{Answer, Error, Result, Terminal};

/// Remove tokens from the inventory, after a confirmation
///
/// The tokens stay valid at Meta, but Perennial no longer checks, renews or serves them.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// The names of the tokens
    #[arg(required = true, value_name = "NAME", add = token_names())]
    names: Vec<String>,
    /// Do not ask for confirmation
    #[arg(long)]
    yes: bool,
}

pub(crate) async fn run(options: &Options, client: &Client, terminal: &mut Terminal) -> Result {
    if !options.yes && !is_confirmed(options, client, terminal).await? {
        terminal.warn("Nothing was removed.");
        return Ok(Answer::No);
    }
    let mut answer = Answer::Yes;
    for name in &options.names {
        match client.forget(name).await {
            Ok(()) => terminal.print(&format!("{name} is removed."))?,
            Err(api_client::Error::Refused(problem)) => {
                terminal.warn(&format!("{name}: {problem}"));
                answer = Answer::No;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(answer)
}

async fn is_confirmed(options: &Options, client: &Client, terminal: &mut Terminal) -> Result<bool> {
    if !terminal.is_interactive() {
        let text = "Standard input is not a terminal. To remove without a question: perennial forget --yes NAME";
        return Err(Error::Usage(text.to_owned()));
    }
    let mut pages = 0;
    for name in &options.names {
        pages += client.token(name).await?.children.len() as u64;
    }
    Ok(confirms(&options.names, pages, terminal))
}

/// `pages` is the number of page tokens that were derived from these tokens.
fn confirms(names: &[String], pages: u64, terminal: &mut Terminal) -> bool {
    let orphans = match pages {
        0 => String::new(),
        1 => " 1 page token loses its parent.".to_owned(),
        some => format!(" {} page tokens lose their parent.", count(some)),
    };
    let names = all_of(names);
    terminal.confirms(&format!(
        "Remove {names}?{orphans} A removed token cannot be brought back."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_yes_removes() {
        let names = ["maria", "paul"].map(str::to_owned);
        for (typed, expected) in [
            ("y\n", true),
            ("YES\n", true),
            ("\n", false),
            ("", false),
            ("no\n", false),
            ("yess\n", false),
        ] {
            let (mut terminal, out, err) = Terminal::on_paper(Some(typed));
            assert_eq!(
                confirms(&names, 1_842, &mut terminal),
                expected,
                "{typed:?}"
            );
            assert_eq!(out.text(), "");
            assert_eq!(
                err.text(),
                "Remove maria and paul? 1,842 page tokens lose their parent. A removed token cannot be \
                 brought back. [y/N] "
            );
        }
        let (mut unattended, ..) = Terminal::on_paper(None);
        assert!(!confirms(&names, 0, &mut unattended));
    }
}
