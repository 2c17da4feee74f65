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
            format!("Requested on {}.", day(request.asked_at)),
        ],
        ..Page::default()
    };
    match request.finished_at {
        None => Page {
            mood: Mood::Waiting,
            headline: "Your data is being deleted".to_owned(),
            paragraphs: vec![
                "You do not need to do anything. This page updates itself.".to_owned(),
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
                "Only this code and the two dates are kept. Nothing else here identifies you."
                    .to_owned(),
            ],
            ..page
        },
    }
}

fn what_is_gone(tokens: u64) -> String {
    let access = match tokens {
        0 => return "This app had stored no access to your account or pages.".to_owned(),
        1 => "The access token".to_owned(),
        n => format!("All {n} access tokens"),
    };
    format!(
        "{access} for your account and pages, and all records about you and them, have been deleted. \
         Backups that were made before that day are replaced over time."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_and_what_it_counts_agree() {
        assert!(what_is_gone(0).starts_with("This app had stored no access"));
        assert!(what_is_gone(1).starts_with("The access token for your"));
        assert!(what_is_gone(2).starts_with("All 2 access tokens for your"));
    }
}
