//! `perennial forget NAME…`: removes tokens, after a question.

use clap::Args;

use super::text::{all_of, count};
use super::{Answer, Failure, Screen};
use crate::status::client::{Client, Error};

/// Remove tokens from the inventory, after a question
///
/// Meta keeps them valid; they are no longer watched, renewed, or served.
#[derive(Clone, Debug, Args)]
pub struct Options {
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

pub(super) async fn run(
    options: &Options,
    client: &Client,
    screen: &mut Screen,
) -> Result<Answer, Failure> {
    if !options.yes && !is_confirmed(options, client, screen).await? {
        screen.note("Nothing was removed.");
        return Ok(Answer::No);
    }
    let mut answer = Answer::Yes;
    for name in &options.names {
        match client.forget(name).await {
            Ok(()) => screen.say(&format!("{name} is removed."))?,
            Err(Error::Refused(problem)) => {
                screen.note(&format!("{name}: {problem}"));
                answer = Answer::No;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(answer)
}

async fn is_confirmed(
    options: &Options,
    client: &Client,
    screen: &mut Screen,
) -> Result<bool, Failure> {
    if !screen.is_attended() {
        let words =
            "Nobody is here to be asked. To remove without a question: perennial forget --yes NAME";
        return Err(Failure::Usage(words.to_owned()));
    }
    let mut pages = 0;
    for name in &options.names {
        pages += client.token(name).await?.children.len() as u64;
    }
    Ok(says_yes(&options.names, pages, screen))
}

/// `pages` is how many page tokens were derived from them.
fn says_yes(names: &[String], pages: u64, screen: &mut Screen) -> bool {
    let orphans = match pages {
        0 => String::new(),
        1 => " 1 page token loses its parent.".to_owned(),
        some => format!(" {} page tokens lose their parent.", count(some)),
    };
    let question = format!(
        "Remove {}?{orphans} A removed token cannot be brought back. [y/N]",
        all_of(names)
    );
    let answer = screen.ask(&question).unwrap_or_default();
    ["y", "yes"].contains(&answer.to_lowercase().as_str())
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
            let (mut screen, out, err) = Screen::on_paper(Some(typed));
            assert_eq!(says_yes(&names, 1_842, &mut screen), expected, "{typed:?}");
            assert_eq!(out.text(), "");
            assert_eq!(
                err.text(),
                "Remove maria and paul? 1,842 page tokens lose their parent. A removed token cannot be \
                 brought back. [y/N] "
            );
        }
        let (mut unattended, ..) = Screen::on_paper(None);
        assert!(!says_yes(&names, 0, &mut unattended));
    }
}
