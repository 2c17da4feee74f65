//! The lines of the summary: who has to act, who must log in, whose pages depend on one person, and which version ends.

use jiff::civil::Date;

use crate::email::digest_context::{DigestContext, GraphVersion};
use crate::email::formatting;
use crate::email::model::Row;
use crate::email::text::fill;
use crate::model::{ComingLogin, Incident, SingleAdminPages};

impl DigestContext {
    pub(super) fn incident(&self, incident: &Incident) -> Row {
        let incident_key = &incident.incident_key;
        let ends = incident.deadline.filter(|_| incident.cause.is_upcoming());
        let state = match ends {
            Some(end) => fill(
                self.language.phrases().ends,
                &[("at", &self.language.short_moment(end, &self.zone))],
            ),
            None => self.language.catalog().causes[&incident.cause]
                .state
                .to_owned(),
        };
        let since = self.language.short_day(incident.opened_at, &self.zone);
        let form = match (incident_key.sink(), incident.affected) {
            (Some(_), _) => self.labels().incident_of_sink,
            (None, 0) if incident_key.cause.is_about_database() => self.labels().incident_of_sink,
            (None, 0) => self.labels().incident_of_app,
            (None, _) => self.labels().incident,
        };
        let title = match incident_key.sink() {
            Some(sink) => fill(self.language.phrases().the_sink, &[("sink", sink)]),
            None if incident_key.cause.is_about_database() => {
                self.language.phrases().the_database.to_owned()
            }
            None => self.person(
                incident.subject_name.as_deref(),
                &incident_key.subject,
                &incident_key.app,
            ),
        };
        Row {
            title,
            detail: fill(
                form,
                &[
                    ("state", &state),
                    ("count", &self.language.count(incident.affected)),
                    ("app", &incident_key.app),
                    ("since", &since),
                ],
            ),
        }
    }

    pub(super) fn login(&self, login: &ComingLogin) -> Row {
        Row {
            title: self.person(login.name.as_deref(), &login.person, &login.app),
            detail: fill(
                self.labels().login,
                &[
                    ("by", &self.language.short_day(login.ends_at, &self.zone)),
                    ("app", &login.app),
                    ("tokens", &self.language.count(login.tokens)),
                    ("pages", &self.language.count(login.pages)),
                ],
            ),
        }
    }

    pub(super) fn single_admin(&self, single_admin: &SingleAdminPages) -> Row {
        Row {
            title: self.person(
                single_admin.name.as_deref(),
                &single_admin.person,
                &single_admin.app,
            ),
            detail: fill(
                self.labels().pages_of,
                &[
                    ("pages", &self.language.count(single_admin.pages)),
                    ("app", &single_admin.app),
                ],
            ),
        }
    }

    pub(super) fn version(&self, version: &GraphVersion) -> Row {
        Row {
            title: fill(self.labels().version_of, &[("app", &version.app)]),
            detail: fill(
                self.labels().version_ends,
                &[
                    ("version", &version.version),
                    ("on", &self.day(version.ends_on)),
                ],
            ),
        }
    }

    /// The person's name or id, or the app itself.
    fn person(&self, name: Option<&str>, id: &str, app: &str) -> String {
        match (name, id) {
            (Some(name), _) => formatting::name(name),
            (None, "") => fill(self.language.phrases().the_app, &[("app", app)]),
            (None, id) => fill(
                self.language.catalog().people.person_by_id.nominative,
                &[("id", &formatting::name(id))],
            ),
        }
    }

    fn day(&self, day: Option<Date>) -> String {
        let at = day.and_then(|day| day.to_zoned(self.zone.clone()).ok());
        at.map(|at| self.language.date(at.timestamp(), &self.zone))
            .unwrap_or_default()
    }
}
