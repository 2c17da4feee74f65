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

/// A link if links are configured, and a login helps or a check after the cause is lifted at Meta, and beside it the calendar of a person who logs in.
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
    let link = || tx.login_link_for(incident, &links.public_url, now);
    if policy::is_lifted_elsewhere(incident) {
        return Ok(Links {
            login: Some(link()?),
            calendar: None,
        });
    }
    if !policy::is_fixed_by_login(incident, tokens, links) {
        return Ok(Links::default());
    }
    Ok(Links {
        login: Some(link()?),
        calendar: calendar(tx, &incident.incident_key, &links.public_url)?,
    })
}

fn calendar(
    tx: &Tx<'_>,
    key: &IncidentKey,
    public_url: &str,
) -> Result<Option<String>, inventory::Error> {
    let IncidentKey { app, subject, .. } = key;
    match tx.has_calendar(app, subject)? {
        true => Ok(Some(tx.name_calendar(app, subject, public_url)?)),
        false => Ok(None),
    }
}
