//! `perennial check` and `perennial rotate`: orders that the next sweep carries out, followed to their result.

mod placed;

use clap::Args;

use crate::api_client::{self, Client};
use crate::cli::completion::token_names;
use crate::cli::event_follower::Follower;
use crate::cli::terminal::event_text;
use crate::cli::terminal::text::all_of;
use crate::cli::{Answer, Error, Terminal, hints};
use crate::model::{Cause, Event, Span, book};
use placed::{Order, OrderResult, Placed};

/// Check tokens with Meta now, and print the result
///
/// Exit code 1 unless each of them works, 3 if the daemon cannot be reached.
#[derive(Clone, Debug, Args)]
pub struct CheckOptions {
    #[command(flatten)]
    whom: Whom,
}

/// Renew tokens now, and print the result
///
/// A new token counts only if, according to Meta, it expires later than the old one; until then the old one is used.
/// Exit code 1 unless each token was renewed or never expires.
#[derive(Clone, Debug, Args)]
pub struct RotateOptions {
    #[command(flatten)]
    whom: Whom,
}

#[derive(Clone, Debug, Args)]
struct Whom {
    /// The names of the tokens
    #[arg(required = true, value_name = "NAME", add = token_names())]
    names: Vec<String>,
    /// How long to wait for the result
    #[arg(long, default_value = "60s", value_name = "TIME")]
    timeout: Span,
    /// Print a line of JSON for each token, as soon as its result is known
    #[arg(long)]
    json: bool,
}

pub(crate) async fn check(
    options: CheckOptions,
    client: &Client,
    terminal: &mut Terminal,
) -> Result<Answer, Error> {
    carry_out(Order::Check, options.whom, client, terminal).await
}

pub(crate) async fn rotate(
    options: RotateOptions,
    client: &Client,
    terminal: &mut Terminal,
) -> Result<Answer, Error> {
    carry_out(Order::Rotate, options.whom, client, terminal).await
}

async fn carry_out(
    order: Order,
    mut whom: Whom,
    client: &Client,
    terminal: &mut Terminal,
) -> Result<Answer, Error> {
    whom.names.sort_unstable();
    whom.names.dedup();
    if whom.json {
        terminal.keep_for_json();
    }
    let (mut waiting, refused) = place(order, &whom.names, client, terminal).await?;
    let Some(first) = waiting.first() else {
        return Ok(Answer::No);
    };
    let mut follower = Follower::begin(client, Some(&first.event), whom.timeout).await?;
    let mut answer = refused;
    let mut hint = None;
    while !waiting.is_empty() {
        let Some(event) = follower.next().await? else {
            for placed in &waiting {
                print_result(&placed.result(), terminal)?;
            }
            terminal.warn(&timed_out(&waiting));
            return Ok(Answer::No);
        };
        let Some(index) = waiting.iter().position(|placed| placed.is_meant_by(&event)) else {
            continue;
        };
        terminal.print(&event_text::line(&waiting[index].name, &event))?;
        hint = hint.or_else(|| hint_after(&event.event()));
        if waiting[index].ends_with(event) {
            let ended = waiting.swap_remove(index);
            print_result(&ended.result(), terminal)?;
            if !ended.is_a_success() {
                answer = Answer::No;
            }
        }
    }
    if let Some(hint) = hint {
        terminal.warn(&hint);
    }
    Ok(answer)
}

fn print_result(result: &OrderResult<'_>, terminal: &mut Terminal) -> Result<(), Error> {
    match terminal.is_for_json() {
        true => terminal.print_json(result),
        false => Ok(()),
    }
}

/// What to do after a refusal, and where to read about its cause. A reload ends every back-off but those that Meta asked
/// for.
fn hint_after(event: &Event) -> Option<String> {
    const WAIT: &str = "The daemon checks the tokens by itself after that; calls before then would only make it \
                        longer.";
    const RELOAD: &str = "The daemon checks the tokens by itself after that. If you have fixed the cause, make it try \
                          now: systemctl reload perennial";
    let Event::OrderRefused { cause, .. } = event else {
        return None;
    };
    let step = match matches!(cause, Cause::Throttled | Cause::Blocked) {
        true => WAIT,
        false => RELOAD,
    };
    Some(format!(
        "About the cause: {}\n{step}",
        book::section_of_cause(*cause)
    ))
}

/// Places each order; a refused order does not prevent the others.
async fn place(
    order: Order,
    names: &[String],
    client: &Client,
    terminal: &mut Terminal,
) -> Result<(Vec<Placed>, Answer), Error> {
    let mut placed = Vec::new();
    let mut answer = Answer::Yes;
    for name in names {
        let accepted = match order {
            Order::Check => client.check(name).await,
            Order::Rotate => client.rotate(name).await,
        };
        match accepted {
            Ok(accepted) => placed.push(Placed::new(order, name, accepted)),
            Err(api_client::Error::Refused(problem)) => {
                print_result(&OrderResult::refused(name, &problem), terminal)?;
                terminal.warn(&format!("{name}: {}", hints::with_next_step(&problem)));
                answer = Answer::No;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok((placed, answer))
}

fn timed_out(waiting: &[Placed]) -> String {
    let names: Vec<String> = waiting.iter().map(|placed| placed.name.clone()).collect();
    format!(
        "No result yet for {}. The daemon still carries out the order. See the result: perennial show {}",
        all_of(&names),
        names.first().map_or("NAME", String::as_str)
    )
}
