//! The addresses in an email for the person whom an incident needs.

use jiff::Timestamp;

use super::{Rules, policy};
use crate::inventory::{self, Tx};
use crate::model::{Incident, IncidentKey, Token};

#[derive(Debug, Default)]
pub(super) struct Links {
    pub(super) login: Option<String>,
    /// The person's calendar of coming logins.
    pub(super) calendar: Option<String>,
}

/// A login link if a login helps and links are configured, and beside it the calendar of a person who logs in.
pub(super) fn of_person(
    tx: &Tx<'_>,
    incident: &Incident,
    tokens: &[Token],
    rules: &Rules,
    now: Timestamp,
) -> Result<Links, inventory::Error> {
    let Some(links) = &rules.login_links else {
        return Ok(Links::default());
    };
    if !policy::is_fixed_by_login(incident, tokens, links) {
        return Ok(Links::default());
    }
    let IncidentKey { app, subject, .. } = &incident.incident_key;
    let calendar = match tx.has_calendar(app, subject)? {
        true => Some(tx.name_calendar(app, subject, &links.public_url)?),
        false => None,
    };
    Ok(Links {
        login: Some(tx.login_link_for(incident, &links.public_url, now)?),
        calendar,
    })
}
