//! The operators' summary as text: the current state, what is coming up, what was done.

mod lines;

use serde::Serialize;

use super::{AMBER, EmailModel, GREEN, RED, recipients_of};
use crate::email::digest_context::DigestContext;
use crate::email::formatting;
use crate::email::text::{Summary, fill};

/// A section of the summary with its own heading.
#[derive(Debug, Serialize)]
pub(crate) struct Section {
    title: String,
    lines: Vec<Line>,
    more: Option<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Line {
    title: String,
    detail: String,
}

/// The maximum number of lines per section.
const LINES: usize = 15;

pub(crate) fn summary(context: &DigestContext) -> EmailModel {
    let labels = context.labels();
    let headline = context.headline();
    EmailModel {
        language: context.language.code(),
        subject: fill(labels.subject, &[("headline", &headline)]),
        color: match (context.fleet.dead, context.is_all_well()) {
            (_, true) => GREEN,
            (0, false) => AMBER,
            (1.., false) => RED,
        },
        label: if context.is_all_well() {
            labels.all_well.to_owned()
        } else {
            fill(
                labels.incidents_open,
                &[("count", &context.counted(context.incidents.len()))],
            )
        },
        headline,
        about: fill(
            labels.period,
            &[
                ("from", &context.language.date(context.since, &context.zone)),
                ("until", &context.language.date(context.now, &context.zone)),
            ],
        ),
        why: context.fleet_text(),
        sections: context.sections(),
        footer: context.footer(),
        ..EmailModel::default()
    }
}

impl DigestContext {
    fn labels(&self) -> &'static Summary {
        &self.language.catalog().summary
    }

    fn counted(&self, of: usize) -> String {
        self.language.count(of as u64)
    }

    fn headline(&self) -> String {
        let labels = self.labels();
        let total = self.language.count(self.fleet.total());
        let dead = self.language.count(self.fleet.dead);
        match self.fleet.dead {
            0 => fill(labels.all_work, &[("total", &total)]),
            _ => fill(labels.some_do_not, &[("dead", &dead), ("total", &total)]),
        }
    }

    fn fleet_text(&self) -> String {
        let (labels, fleet) = (self.labels(), self.fleet);
        let states = [
            (fleet.healthy, labels.healthy),
            (fleet.expiring, labels.expiring),
            (fleet.failing, labels.failing),
            (fleet.dead, labels.dead),
            (fleet.unverified, labels.unverified),
        ];
        let notified = states.into_iter().filter(|(count, _)| *count > 0);
        let notified: Vec<String> = notified
            .map(|(count, form)| fill(form, &[("count", &self.language.count(count))]))
            .collect();
        match notified.as_slice() {
            [] => labels.no_tokens.to_owned(),
            notified => fill(labels.states, &[("states", &notified.join(" · "))]),
        }
    }

    fn sections(&self) -> Vec<Section> {
        let labels = self.labels();
        let waiting = self
            .incidents
            .iter()
            .map(|incident| self.incident(incident));
        let logins = self.logins.iter().map(|login| self.login(login));
        let single_admin = self
            .single_admin_pages
            .iter()
            .map(|single_admin| self.single_admin(single_admin));
        let versions = self.versions.iter().map(|version| self.version(version));
        [
            self.section(labels.waiting, waiting.collect()),
            Some(
                self.section(labels.logins, logins.collect())
                    .unwrap_or_else(|| only(labels.logins, labels.no_logins)),
            ),
            self.section(labels.single_admin_pages, single_admin.collect()),
            self.section(labels.versions, versions.collect()),
            Some(self.activity_lines()),
            self.mail_error().map(|error| only(labels.mail, &error)),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn section(&self, title: &str, mut lines: Vec<Line>) -> Option<Section> {
        let unnamed = lines.len().saturating_sub(LINES);
        lines.truncate(LINES);
        let more = fill(
            self.language.phrases().and_more,
            &[("count", &self.counted(unnamed))],
        );
        (!lines.is_empty()).then(|| Section {
            title: title.to_owned(),
            lines,
            more: (unnamed > 0).then_some(more),
        })
    }

    fn activity_lines(&self) -> Section {
        let (labels, activity) = (self.labels(), self.activity);
        let done = [
            (labels.renewed, activity.renewed),
            (labels.derived, activity.derived),
            (labels.resolved, activity.resolved),
            (labels.emails, activity.emails),
        ];
        let lines = done.map(|(title, count)| Line {
            title: fill(title, &[("count", &self.language.count(count))]),
            detail: String::new(),
        });
        Section {
            title: labels.activity.to_owned(),
            lines: lines.into(),
            more: None,
        }
    }

    fn mail_error(&self) -> Option<String> {
        let (labels, mail) = (self.labels(), &self.mail);
        let reason = mail.rejection.as_ref().or(mail.last_error.as_ref());
        let reason = reason
            .map(|reason| formatting::line(reason))
            .unwrap_or_default();
        if mail.undelivered > 0 {
            let count = self.language.count(mail.undelivered);
            return Some(fill(
                labels.undelivered,
                &[("count", &count), ("reason", &reason)],
            ));
        }
        let oldest = mail
            .oldest_queued_at
            .filter(|_| mail.last_error.is_some())?;
        let since = self.language.short_moment(oldest, &self.zone);
        let count = self.language.count(mail.queued);
        let values = [
            ("count", count.as_str()),
            ("since", since.as_str()),
            ("reason", reason.as_str()),
        ];
        Some(fill(labels.queued, &values))
    }

    fn footer(&self) -> Vec<String> {
        let next = self.next.map(|at| {
            let at = self.language.moment(at, &self.zone);
            fill(self.labels().next, &[("at", &at)])
        });
        let went_to = recipients_of(&self.recipients, self.language);
        [Some(went_to), next].into_iter().flatten().collect()
    }
}

fn only(title: &str, line: &str) -> Section {
    Section {
        title: title.to_owned(),
        lines: vec![Line {
            title: line.to_owned(),
            detail: String::new(),
        }],
        more: None,
    }
}
