//! Calendars of coming logins: their addresses, and what each showed last. A row is made when an address is first
//! named. An address is a key, so it is found by its keyed digest and stored sealed.

use super::engine::{Json, Row, fields};
use super::{Error, Tx, View, cells};
use crate::model::{Calendar, NamedCalendar, ShownCalendar};
use crate::secret::{Secret, hex, random_id};

const CALENDAR: &str = "SELECT id, app, person, shown FROM calendar";

/// The person's name, if one of the tokens has it.
const NAME: &str =
    "(SELECT n.subject_name FROM token n WHERE n.app = g.app AND n.subject = g.person
    AND n.subject_name IS NOT NULL ORDER BY n.id LIMIT 1)";

fn calendar(row: &Row<'_>) -> Result<Calendar, Error> {
    Ok(Calendar {
        id: row.get(0)?,
        app: row.get(1)?,
        person: row.get(2)?,
        shown: row.get::<Json<Option<ShownCalendar>>>(3)?.0,
    })
}

impl View<'_> {
    /// The calendar at an address that was not revoked.
    pub fn calendar_of_ticket(&self, ticket: &Secret) -> Result<Option<Calendar>, Error> {
        let of_ticket = format!("{CALENDAR} WHERE ticket_digest = ?1");
        let digest = self.sealer.digest(ticket).0;
        self.db.maybe(&of_ticket, &[&digest], calendar)
    }

    /// The address of a calendar, if it was named before. `app` and `person` are empty for that of the operators.
    pub fn calendar_address(
        &self,
        app: &str,
        person: &str,
        public_url: &str,
    ) -> Result<Option<String>, Error> {
        let ticket = self.db.maybe(
            "SELECT ticket, ticket_digest FROM calendar WHERE app = ?1 AND person = ?2",
            &[&app, &person],
            |row| {
                let (sealed, digest): (Vec<u8>, [u8; 32]) = (row.get(0)?, row.get(1)?);
                let opened = self
                    .sealer
                    .open(&sealed, cells::calendar_ticket(&hex(&digest)));
                opened.map_err(|_| Error::Unsealable("the address of a calendar".to_owned()))
            },
        )?;
        Ok(ticket.map(|ticket| address(public_url, &ticket)))
    }

    /// The people who log in or have a calendar, from the first after this app and person. System users have none.
    pub fn people_who_log_in(
        &self,
        after: (&str, &str),
        limit: usize,
    ) -> Result<Vec<NamedCalendar>, Error> {
        let people = format!(
            "SELECT g.app, g.person, {NAME} FROM (
                SELECT app, person FROM (SELECT DISTINCT app, person FROM token
                    WHERE kind <> 'page' AND kind NOT IN ('system_user', 'app') AND person <> ''
                        AND (app, person) > (?1, ?2)
                    ORDER BY app, person LIMIT ?3) own
                UNION
                SELECT app, person FROM (SELECT app, person FROM calendar
                    WHERE person <> '' AND (app, person) > (?1, ?2)
                    ORDER BY app, person LIMIT ?3) named
                ORDER BY app, person LIMIT ?3) g
             ORDER BY g.app, g.person"
        );
        self.db.all(
            &people,
            &[&after.0, &after.1, &limit],
            fields!(NamedCalendar { app, person, name }),
        )
    }

    /// The calendars of people with this id or name.
    pub fn calendars_of(&self, person: &str, limit: usize) -> Result<Vec<NamedCalendar>, Error> {
        let calendars = format!(
            "SELECT * FROM (SELECT g.app, g.person, {NAME} AS name FROM calendar g WHERE g.person <> '') c
             WHERE c.person = ?1 OR lower(c.name) = lower(?1) ORDER BY c.app, c.person LIMIT ?2"
        );
        self.db.all(
            &calendars,
            &[&person, &limit],
            fields!(NamedCalendar { app, person, name }),
        )
    }

    /// Whether the person logs in at all: a system user does not.
    pub fn has_calendar(&self, app: &str, person: &str) -> Result<bool, Error> {
        self.db.value(
            "SELECT EXISTS (SELECT 1 FROM token WHERE app = ?1 AND person = ?2)
                AND NOT EXISTS (SELECT 1 FROM token
                    WHERE app = ?1 AND person = ?2 AND kind IN ('system_user', 'app'))",
            &[&app, &person],
        )
    }

    /// The names of the person's first pages.
    pub fn page_names_of(
        &self,
        app: &str,
        person: &str,
        limit: usize,
    ) -> Result<Vec<String>, Error> {
        self.db.values(
            "SELECT subject_name FROM token WHERE app = ?1 AND person = ?2 AND kind = 'page'
                AND subject_name IS NOT NULL ORDER BY id LIMIT ?3",
            &[&app, &person, &limit],
        )
    }
}

impl Tx<'_> {
    /// The address of a calendar, which is made if it was not named before.
    pub fn name_calendar(
        &self,
        app: &str,
        person: &str,
        public_url: &str,
    ) -> Result<String, Error> {
        if let Some(address) = self.calendar_address(app, person, public_url)? {
            return Ok(address);
        }
        let ticket = random_id().map_err(|_| Error::NoRandomness)?;
        let digest = self.sealer.digest(&ticket);
        let cell = hex(&digest.0);
        let sealed = self
            .sealer
            .seal(&ticket, cells::calendar_ticket(&cell))
            .map_err(|_| Error::NoRandomness)?;
        self.db.run(
            "INSERT INTO calendar (app, person, ticket, ticket_digest) VALUES (?1, ?2, ?3, ?4)",
            &[&app, &person, &sealed, &digest.0],
        )?;
        Ok(address(public_url, &ticket))
    }

    /// Records what a calendar shows now, unless that was changed meanwhile.
    pub fn record_shown(&self, before: &Calendar, after: &ShownCalendar) -> Result<(), Error> {
        self.db.run(
            "UPDATE calendar SET shown = ?3 WHERE id = ?1 AND shown = ?2",
            &[&before.id, &Json(&before.shown), &Json(after)],
        )
    }

    /// Ends an address at once. Returns whether there was one.
    pub fn revoke_calendar(&self, app: &str, person: &str) -> Result<bool, Error> {
        let revoke = "DELETE FROM calendar WHERE app = ?1 AND person = ?2";
        Ok(self.db.changed(revoke, &[&app, &person])? > 0)
    }

    /// Deletes the calendar of a person who has no token any more.
    pub(super) fn delete_calendar_without_tokens(
        &self,
        app: &str,
        person: &str,
    ) -> Result<(), Error> {
        let any = "SELECT EXISTS (SELECT 1 FROM token WHERE app = ?1 AND person = ?2)";
        match self.db.value(any, &[&app, &person])? {
            true => Ok(()),
            false => self.delete_calendar(app, person),
        }
    }

    /// Deletes the person's calendar, and what that of the operators remembers of the person.
    pub(super) fn delete_calendar(&self, app: &str, person: &str) -> Result<(), Error> {
        self.revoke_calendar(app, person)?;
        let of_operators = format!("{CALENDAR} WHERE app = '' AND person = ''");
        let Some(before) = self.db.maybe(&of_operators, &[], calendar)? else {
            return Ok(());
        };
        let Some(mut after) = before.shown.clone() else {
            return Ok(());
        };
        let known = after.logins.len();
        let is_other =
            |login: &crate::model::ShownLogin| login.app != app || login.person != person;
        after.logins.retain(is_other);
        match after.logins.len() == known {
            true => Ok(()),
            false => self.record_shown(&before, &after),
        }
    }
}

fn address(public_url: &str, ticket: &Secret) -> String {
    format!("{public_url}/calendar/{}.ics", ticket.expose())
}
