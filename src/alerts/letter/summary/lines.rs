//! One line each: somebody who is waited for, who must log in, on whom pages hang, and a version that ends.

use jiff::civil::Date;

use super::Line;
use crate::alerts::digest::{DigestFacts, GraphVersion};
use crate::alerts::language::fill;
use crate::alerts::{policy, words};
use crate::inventory::{ComingLogin, Incident, LonePages};

impl DigestFacts {
    pub(super) fn incident(&self, incident: &Incident) -> Line {
        let story = &incident.story;
        let named = incident.subject_name.as_deref().map(words::name);
        let ends = incident
            .deadline
            .filter(|_| policy::is_coming(incident.cause));
        let standing = match ends {
            Some(end) => fill(
                self.language.phrases().ends,
                &[("at", &self.language.short_moment(end, &self.zone))],
            ),
            None => (self.language.catalogue().wording)(incident.cause)
                .standing
                .to_owned(),
        };
        let since = self.language.short_day(incident.opened_at, &self.zone);
        let form = match incident.affected {
            0 => self.say().incident_of_app,
            _ => self.say().incident,
        };
        Line {
            title: named.unwrap_or_else(|| self.person(&story.subject, &story.app)),
            detail: fill(
                form,
                &[
                    ("standing", &standing),
                    ("count", &self.language.count(incident.affected)),
                    ("app", &story.app),
                    ("since", &since),
                ],
            ),
        }
    }

    pub(super) fn login(&self, login: &ComingLogin) -> Line {
        let name = login.name.as_deref().map(words::name);
        Line {
            title: name.unwrap_or_else(|| self.person(&login.person, &login.app)),
            detail: fill(
                self.say().login,
                &[
                    ("by", &self.language.short_day(login.ends_at, &self.zone)),
                    ("app", &login.app),
                    ("tokens", &self.language.count(login.tokens)),
                    ("pages", &self.language.count(login.pages)),
                ],
            ),
        }
    }

    pub(super) fn lone(&self, lone: &LonePages) -> Line {
        let name = lone.name.as_deref().map(words::name);
        Line {
            title: name.unwrap_or_else(|| self.person(&lone.person, &lone.app)),
            detail: fill(
                self.say().pages_of,
                &[
                    ("pages", &self.language.count(lone.pages)),
                    ("app", &lone.app),
                ],
            ),
        }
    }

    pub(super) fn version(&self, version: &GraphVersion) -> Line {
        Line {
            title: fill(self.say().version_of, &[("app", &version.app)]),
            detail: fill(
                self.say().version_ends,
                &[
                    ("version", &version.version),
                    ("on", &self.day(version.ends_on)),
                ],
            ),
        }
    }

    /// Somebody without a known name, or the app itself.
    fn person(&self, id: &str, app: &str) -> String {
        match id {
            "" => fill(self.language.phrases().the_app, &[("app", app)]),
            id => fill(
                self.language.phrases().person_by_id.nominative,
                &[("id", &words::name(id))],
            ),
        }
    }

    fn day(&self, day: Option<Date>) -> String {
        let at = day.and_then(|day| day.to_zoned(self.zone.clone()).ok());
        at.map(|at| self.language.date(at.timestamp(), &self.zone))
            .unwrap_or_default()
    }
}
