//! What came of a login: what is back, what is not, and why.

use super::token_rows::{all_of, list, works};
use super::{LABEL, person};
use crate::inventory::{Ending, Login, LoginError};
use crate::login::Account;
use crate::web::page::{Button, Mood, Page};

/// After a login that gave something: what is back, what is not, and why.
pub(in crate::web) fn account(account: &Account, again: Option<Button>) -> Page {
    let (broken, working): (Vec<_>, Vec<_>) = account
        .tokens
        .iter()
        .cloned()
        .partition(|token| !works(token));
    let token_counts = account.token_counts;
    let missing = if account.is_over() {
        "Still missing"
    } else {
        "Not confirmed yet"
    };
    let lists = [
        list(missing, &broken, token_counts.broken),
        list("Works", &working, token_counts.working),
    ];
    let is_open = !account.is_over();
    Page {
        mood: mood(account),
        label: LABEL.to_owned(),
        headline: headline(account),
        about: account.granted.name.clone().unwrap_or_default(),
        paragraphs: remarks(account),
        footer: vec![footer(account, again.as_ref()).to_owned()],
        button: again.filter(|_| is_known_incomplete(account)),
        lists: lists.into_iter().flatten().collect(),
        again_after: is_open.then_some(3),
        ..Page::default()
    }
}

fn is_all_well(account: &Account) -> bool {
    account.is_whole()
        && account.granted.declined.is_empty()
        && account.granted.left_out_in_all == 0
}

/// Something is missing, and waiting does not bring it.
fn is_known_incomplete(account: &Account) -> bool {
    let granted = &account.granted;
    account.fewer.is_some()
        || account.mismatch.is_some()
        || !granted.declined.is_empty()
        || granted.left_out_in_all > 0
        || account.is_over() && !account.is_whole()
}

fn footer(account: &Account, again: Option<&Button>) -> &'static str {
    match (is_known_incomplete(account), again) {
        (false, _) => "You can close this page.",
        (true, Some(_)) => "Keep this page open until you have logged in again.",
        (true, None) => {
            "The link that you used is no longer valid. Ask for a new one to log in again."
        }
    }
}

fn mood(account: &Account) -> Mood {
    if !account.is_over() {
        Mood::Waiting
    } else if is_all_well(account) {
        Mood::Good
    } else if account.is_whole() {
        // It works; something was merely left out.
        Mood::Waiting
    } else {
        Mood::Error
    }
}

fn headline(account: &Account) -> String {
    let token_counts = account.token_counts;
    if !account.is_over() {
        return format!(
            "Thank you. {} to be confirmed",
            tokens(token_counts.unfinished)
        );
    }
    if is_all_well(account) {
        return "Thank you. Everything works".to_owned();
    }
    if account.fewer.is_some() || account.mismatch.is_some() {
        return "Thank you, but this login gives less than before".to_owned();
    }
    match token_counts.broken {
        0 => "Thank you. It works, but something was left out".to_owned(),
        broken => format!("Thank you. {} still missing", tokens(broken)),
    }
}

fn tokens(count: u64) -> String {
    match count {
        1 => "1 token is".to_owned(),
        many => format!("{many} tokens are"),
    }
}

fn remarks(account: &Account) -> Vec<String> {
    let granted = &account.granted;
    let mut remarks = Vec::new();
    if !account.is_over() {
        remarks.push(
            "Facebook confirms one after the other. This page looks again by itself.".to_owned(),
        );
    }
    if let Some(fewer) = &account.fewer {
        remarks.push(format!(
            "The new login lacks {}, which the one before had. So nothing was exchanged: what was there stays in use.",
            all_of(fewer.iter())
        ));
    }
    if let Some(mismatch) = &account.mismatch {
        remarks.push(format!(
            "What Facebook gave was not taken, because {}. What was there stays in use.",
            mismatch.replace('_', " ")
        ));
    }
    if !granted.declined.is_empty() {
        remarks.push(format!(
            "You did not allow {0} in Facebook's dialog. Log in again and allow {0}.",
            all_of(granted.declined.iter().map(String::as_str))
        ));
    }
    if granted.left_out_in_all > 0 {
        let more = granted.left_out_in_all - granted.left_out.len() as u64;
        let mut named = granted.left_out.join(", ");
        if more > 0 {
            named.push_str(&format!(" and {more} more"));
        }
        remarks.push(format!(
            "The login does not reach {named}. Log in again and tick {named} in Facebook's dialog. If Facebook only asks \
             whether to continue, choose to edit the settings there. A page that Facebook does not list is one that \
             you have no role on any more."
        ));
    }
    remarks
}

/// A login that gave nothing.
pub(in crate::web) fn failure_page(login: &Login, ending: &Ending, again: Option<Button>) -> Page {
    let (mood, headline, words) = match ending {
        Ending::WrongPerson { name } => wrong_person(login, name.as_deref()),
        Ending::Failed { why, code } => failed(*why, *code),
        Ending::Granted(_) => (Mood::Good, String::new(), Vec::new()),
    };
    Page {
        mood,
        label: LABEL.to_owned(),
        headline,
        paragraphs: words,
        button: again,
        ..Page::default()
    }
}

fn wrong_person(login: &Login, was: Option<&str>) -> (Mood, String, Vec<String>) {
    let expected = person(login).unwrap_or_else(|| "somebody else".to_owned());
    let was = was.map_or_else(
        || "You are logged in to Facebook as somebody else.".to_owned(),
        |name| format!("You are logged in to Facebook as {name}."),
    );
    (
        Mood::Waiting,
        format!("The login of {expected} is needed"),
        vec![
            format!("{was} Nothing of that login was kept, and nothing was changed."),
            format!(
                "Log out of Facebook, or open the link in a private window, and log in as {expected}."
            ),
        ],
    )
}

fn failed(why: LoginError, code: Option<i64>) -> (Mood, String, Vec<String>) {
    let number = code.map_or_else(String::new, |code| {
        format!(" Facebook's number for it is {code}.")
    });
    let (headline, words) = match why {
        LoginError::NotAllowed => (
            "Facebook sent you back without a permission",
            format!(
                "That need not be anything you did: Facebook also says so when the app is not open to everybody. Try \
                 once more and leave everything ticked. If it comes again, tell whoever runs Perennial in your \
                 company.{number}"
            ),
        ),
        LoginError::AppRefused => (
            "Facebook does not let people log in to this app just now",
            format!(
                "You can do nothing about that. Tell whoever runs Perennial in your company: the app's state in Meta's \
                 dashboard needs a look.{number}"
            ),
        ),
        LoginError::CodeUsed | LoginError::CodeExpired => (
            "That took a little too long",
            format!(
                "A login is good for a few minutes, and once. Press the button and log in again.{number}"
            ),
        ),
        LoginError::RedirectRefused => (
            "Facebook does not know this address",
            format!(
                "You can do nothing about that. Tell whoever runs Perennial in your company: the address of this page \
                 is missing among the app's valid OAuth redirect URIs.{number}"
            ),
        ),
        LoginError::Busy | LoginError::Lost => (
            "Facebook did not answer in time",
            format!("Nothing was changed. Press the button and log in again.{number}"),
        ),
        LoginError::Unusable => (
            "Facebook does not confirm this login",
            format!("Nothing was changed. Press the button and log in again.{number}"),
        ),
    };
    (Mood::Error, headline.to_owned(), vec![words])
}
