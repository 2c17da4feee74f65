//! The status page of a data deletion, for the person who requested it.

use super::day;
use crate::inventory::Deletion;
use crate::web::page::{Mood, Page};

/// In seconds; a deletion takes a few.
const LOOK_AGAIN: u32 = 3;

pub(in crate::web) fn deletion(request: &Deletion) -> Page {
    let page = Page {
        label: format!("Your data in the app {}", request.app),
        footer: vec![
            format!("Confirmation code {}", request.code),
            format!("Asked for on {}.", day(request.asked_at)),
        ],
        ..Page::default()
    };
    match request.finished_at {
        None => Page {
            mood: Mood::Waiting,
            headline: "Your data is being deleted".to_owned(),
            paragraphs: vec![
                "Nothing is left for you to do. This page looks again by itself.".to_owned(),
            ],
            again_after: Some(LOOK_AGAIN),
            ..page
        },
        Some(at) => Page {
            mood: Mood::Good,
            headline: "Your data has been deleted".to_owned(),
            about: format!("On {}", day(at)),
            paragraphs: vec![
                what_is_gone(request.tokens),
                "What stays is this code and the two dates. Nothing else here tells of you any more.".to_owned(),
            ],
            ..page
        },
    }
}

fn what_is_gone(tokens: u64) -> String {
    let access = match tokens {
        0 => return "This app kept no access to your Facebook account or pages here.".to_owned(),
        1 => "The access token".to_owned(),
        n => format!("All {n} access tokens"),
    };
    format!(
        "{access} for your Facebook account and pages that this app kept here, and all that was written down about \
         you and them: gone. Backups made before that day are replaced in turn."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_and_what_it_counts_agree() {
        assert!(what_is_gone(0).starts_with("This app kept no access"));
        assert!(what_is_gone(1).starts_with("The access token for your"));
        assert!(what_is_gone(2).starts_with("All 2 access tokens for your"));
    }
}
