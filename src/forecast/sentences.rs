//! The texts of a forecast.

use super::Settings;
use super::person::{Grain, Person};
use super::timeline::LapseCause;
use crate::model::WhatIf;

/// What the forecast relies on.
pub(super) fn assumes(settings: &Settings, grain: Grain) -> Vec<String> {
    let question = &settings.question;
    let mut all = vec![
        match question.exchange_extends {
            true => "The exchange of a user token moves its end by 60 days.",
            false => "The exchange of a user token does not move its end, because Meta's usually does not.",
        }
        .to_owned(),
        "The tokens of system users, Instagram and Threads are renewed when that is due.".to_owned(),
        match question.what_if {
            Some(WhatIf::NobodyLogsIn) => "Nobody logs in.",
            _ => "People log in at the second reminder, or at the last email before the end.",
        }
        .to_owned(),
        "Nothing breaks that no clock foretells: passwords, roles, permissions and apps stay as they are, and Meta \
         answers."
            .to_owned(),
    ];
    match &question.what_if {
        Some(WhatIf::Leaves { person, on }) => all.push(format!(
            "{person} loses access on {on}; pages that another admin reaches are read through that admin."
        )),
        Some(WhatIf::Throttled { app, percent }) => {
            all.push(format!("The app {app} may make {percent} % of its calls."));
        }
        Some(WhatIf::NobodyLogsIn) | None => {}
    }
    if grain != Grain::EXACT {
        let hours = grain.hours();
        all.push(format!(
            "Times may be up to {hours} h early, because so many tokens differ."
        ));
    }
    all
}

/// Why a token ends.
pub(super) fn why(cause: LapseCause, person: &Person, settings: &Settings) -> String {
    let name = person.name.as_deref().unwrap_or(&person.id);
    let ends = match cause {
        LapseCause::Expiry => "It expires",
        LapseCause::DataAccess => "Its access to data ends",
        LapseCause::PersonLeaves => {
            return format!("{name} leaves, and no other admin reaches it");
        }
    };
    match settings.question.what_if {
        Some(WhatIf::NobodyLogsIn) => format!("{ends}, and {name} does not log in"),
        _ => format!("{ends} before {name} can be reminded to log in"),
    }
}
