//! The page with the result of a login: what works again, what does not, and why.

use super::token_rows::{all_of, list};
use super::{PlatformTitle, label, person, short};
use crate::login::Account;
use crate::model::{Ending, Login, LoginError};
use crate::web::page::{Button, Mood, Page};

/// The page after a login that gave tokens: what works again, what does not, and why.
pub(in crate::web) fn account(
    account: &Account,
    platform: PlatformTitle,
    again: Option<Button>,
) -> Page {
    let (broken, working): (Vec<_>, Vec<_>) = account
        .tokens
        .iter()
        .cloned()
        .partition(|token| !token.works());
    let token_counts = account.token_counts;
    let is_over = account.is_over();
    let missing = if is_over {
        "Still missing"
    } else {
        "Not confirmed yet"
    };
    let lists = [
        list(missing, &broken, token_counts.broken),
        list("Works", &working, token_counts.working),
    ];
    Page {
        mood: mood(account),
        label: label(platform),
        headline: headline(account),
        about: account.granted.name.clone().unwrap_or_default(),
        paragraphs: remarks(account, platform),
        footer: vec![footer(account, again.as_ref()).to_owned()],
        button: again.filter(|_| is_known_incomplete(account)),
        lists: lists.into_iter().flatten().collect(),
        again_after: (!is_over).then_some(3),
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
        // Everything works; the login only left something out.
        Mood::Waiting
    } else {
        Mood::Error
    }
}

fn headline(account: &Account) -> String {
    let token_counts = account.token_counts;
    if !account.is_over() {
        return format!(
            "Thank you. {} not confirmed yet",
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

fn remarks(account: &Account, platform: PlatformTitle) -> Vec<String> {
    let granted = &account.granted;
    let mut remarks = Vec::new();
    if !account.is_over() {
        remarks.push(format!(
            "{platform} confirms them one by one. This page updates itself."
        ));
    }
    if let Some(fewer) = &account.fewer {
        remarks.push(format!(
            "The new login lacks {}, which the previous login had. So Perennial replaced nothing. The previous access stays in use.",
            all_of(fewer.iter())
        ));
    }
    if let Some(mismatch) = &account.mismatch {
        remarks.push(format!(
            "Perennial did not accept the access from this login, because {}. The previous access stays in use.",
            mismatch.replace('_', " ")
        ));
    }
    if !granted.declined.is_empty() {
        remarks.push(format!(
            "You did not allow {0} in {platform}'s dialog. Log in again and allow {0}.",
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
            "The login does not include {named}. Log in again and tick {named} in {platform}'s dialog. If {platform} only asks \
             whether to continue, choose to edit the settings there. If {platform} does not list a page, you no longer have a \
             role on it."
        ));
    }
    remarks
}

/// The page after a login that gave nothing.
pub(in crate::web) fn failure_page(
    login: &Login,
    platform: PlatformTitle,
    ending: &Ending,
    again: Option<Button>,
) -> Page {
    let page = match ending {
        Ending::WrongPerson { name } => wrong_person(login, platform, name.as_deref()),
        Ending::Failed { why, code } => failed(*why, platform, *code),
        Ending::Granted(_) => Page::default(),
    };
    Page {
        button: again,
        ..page
    }
}

fn wrong_person(login: &Login, platform: PlatformTitle, was: Option<&str>) -> Page {
    let expected = person(login).unwrap_or_else(|| "the right person".to_owned());
    let was = was.map_or_else(
        || format!("You are logged in to {platform} as another person."),
        |name| format!("You are logged in to {platform} as {name}."),
    );
    let nothing_kept =
        format!("{was} Perennial kept nothing from that login, and nothing was changed.");
    let what_to_do = format!(
        "Log out of {platform}, or open the link in a private window. Then log in as {expected}."
    );
    Page {
        paragraphs: vec![nothing_kept, what_to_do],
        ..short(
            Mood::Waiting,
            platform,
            &format!("Please log in as {expected}"),
            "",
        )
    }
}

fn failed(why: LoginError, platform: PlatformTitle, code: Option<i64>) -> Page {
    let (headline, text) = match why {
        LoginError::NotAllowed => (
            "{platform} did not give permission",
            "You may not have done anything wrong: {platform} also answers like this when the app is not open to \
             everyone. Try again and leave everything selected. If this happens again, tell the person who runs \
             Perennial in your company.",
        ),
        LoginError::AppRefused => (
            "{platform} does not let people log in to this app at the moment",
            "You cannot fix this yourself. Ask the person who runs Perennial in your company to check the app's status \
             in Meta's dashboard.",
        ),
        LoginError::CodeUsed | LoginError::CodeExpired => (
            "That took a little too long",
            "A login works only once and only for a few minutes. Press the button and log in again.",
        ),
        LoginError::RedirectRefused => (
            "{platform} does not know this address",
            "You cannot fix this yourself. Tell the person who runs Perennial in your company that the address of this \
             page is missing from the app's valid OAuth redirect URIs.",
        ),
        LoginError::Busy | LoginError::Lost => (
            "{platform} did not answer in time",
            "Nothing was changed. Press the button and log in again.",
        ),
        LoginError::Unusable => (
            "{platform} did not confirm this login",
            "Nothing was changed. Press the button and log in again.",
        ),
    };
    let named = |text: &str| text.replace("{platform}", platform);
    let number = code.map(|code| format!(" {platform}'s error code is {code}."));
    let text = named(text) + &number.unwrap_or_default();
    short(Mood::Error, platform, &named(headline), &text)
}
