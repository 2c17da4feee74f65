//! The operators' summary as text: the current state, what is coming up, what was done.

mod lines;

use super::model::{BigNumber, EmailModel, Row, Section};
use crate::email::digest_context::DigestContext;
use crate::email::formatting;
use crate::email::text::{Summary, fill};
use crate::look::Tone;

/// The maximum number of lines per section.
const LINES: usize = 15;

pub(crate) fn summary(context: &DigestContext) -> EmailModel {
    let labels = context.labels();
    let headline = context.headline();
    EmailModel {
        language: context.language.code(),
        subject: fill(labels.subject, &[("headline", &headline)]),
        color: context.tone().color(),
        label: context.label(),
        headline,
        about: fill(
            labels.period,
            &[
                ("from", &context.language.date(context.since, &context.zone)),
                ("until", &context.language.date(context.now, &context.zone)),
            ],
        ),
        why: context.fleet_text(),
        numbers: numbers(context),
        sections: context.sections(),
        footer: context.footer(),
        ..EmailModel::default()
    }
}

/// What happened since the last summary; empty if nothing did.
fn change(context: &DigestContext, count: u64, form: &str) -> String {
    match count {
        0 => String::new(),
        _ => fill(form, &[("count", &context.language.count(count))]),
    }
}

/// What works, what will need a person, and what does not work.
fn numbers(context: &DigestContext) -> Vec<BigNumber> {
    let (labels, fleet) = (context.labels(), context.fleet);
    let working = fleet.healthy + fleet.expiring + fleet.failing;
    let need_login = context.logins.iter().map(|login| login.tokens).sum();
    let renewed = change(context, context.activity.renewed, labels.renewed_change);
    let broken = broken_change(context);
    [
        (working, labels.working, renewed, Tone::Good),
        (need_login, labels.need_login, String::new(), Tone::Warn),
        (fleet.dead, labels.not_working, broken, Tone::Bad),
    ]
    .map(|(value, label, change, tone)| BigNumber {
        value: context.language.count(value),
        label,
        change,
        color: if value == 0 { Tone::Idle } else { tone }.color(),
    })
    .to_vec()
}

fn broken_change(context: &DigestContext) -> String {
    let (labels, activity) = (context.labels(), context.activity);
    let changes = [
        change(context, activity.broken, labels.broken_change),
        change(context, activity.mended, labels.mended_change),
    ];
    let changes = changes.into_iter().filter(|change| !change.is_empty());
    changes.collect::<Vec<_>>().join(", ")
}

impl DigestContext {
    fn labels(&self) -> &'static Summary {
        &self.language.catalog().summary
    }

    fn tone(&self) -> Tone {
        match self.fleet.dead {
            _ if self.fleet.total() == 0 => Tone::Idle,
            _ if self.is_all_well() => Tone::Good,
            0 => Tone::Warn,
            _ => Tone::Bad,
        }
    }

    fn label(&self) -> String {
        let labels = self.labels();
        if !self.is_all_well() {
            let count = self.language.count(self.incidents.len() as u64);
            return fill(labels.incidents_open, &[("count", &count)]);
        }
        match self.fleet.total() {
            0 => labels.no_tokens_label.to_owned(),
            _ => labels.all_well.to_owned(),
        }
    }

    fn headline(&self) -> String {
        let labels = self.labels();
        if self.fleet.total() == 0 {
            return labels.no_tokens.to_owned();
        }
        let total = self.language.count(self.fleet.total());
        let dead = self.language.count(self.fleet.dead);
        match self.fleet.dead {
            0 => fill(labels.all_work, &[("total", &total)]),
            _ => fill(labels.some_do_not, &[("dead", &dead), ("total", &total)]),
        }
    }

    /// What the three numbers do not say.
    fn fleet_text(&self) -> String {
        let (labels, fleet) = (self.labels(), self.fleet);
        let parts: Vec<String> = [
            (fleet.failing, labels.failing),
            (fleet.unverified, labels.unverified),
        ]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, form)| fill(form, &[("count", &self.language.count(count))]))
        .collect();
        match parts.is_empty() {
            true => String::new(),
            false => fill(labels.states, &[("states", &parts.join(" · "))]),
        }
    }

    fn sections(&self) -> Vec<Section> {
        let labels = self.labels();
        let logins = self.logins.iter().map(|login| self.login(login));
        [
            self.section(
                labels.waiting,
                self.incidents
                    .iter()
                    .map(|incident| self.incident(incident)),
            ),
            self.section(labels.activity, self.activity_lines().into_iter())
                .or_else(|| only(labels.activity, labels.no_activity.to_owned())),
            self.section(labels.logins, logins),
            self.section(
                labels.single_admin_pages,
                self.single_admin_pages
                    .iter()
                    .map(|pages| self.single_admin(pages)),
            ),
            self.section(
                labels.versions,
                self.versions.iter().map(|version| self.version(version)),
            ),
            self.mail_error().and_then(|error| only(labels.mail, error)),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn section(&self, title: &str, lines: impl ExactSizeIterator<Item = Row>) -> Option<Section> {
        let unnamed = lines.len().saturating_sub(LINES) as u64;
        let lines: Vec<Row> = lines.take(LINES).collect();
        (!lines.is_empty()).then(|| Section {
            title: title.to_owned(),
            lines,
            more: self.language.and_more(unnamed),
        })
    }

    /// What happened, without what did not.
    fn activity_lines(&self) -> Vec<Row> {
        let (labels, activity) = (self.labels(), self.activity);
        let lines = [
            (labels.broken, activity.broken),
            (labels.mended, activity.mended),
            (labels.renewed, activity.renewed),
            (labels.derived, activity.derived),
            (labels.added, activity.added),
            (labels.removed, activity.removed),
            (labels.opened, activity.opened),
            (labels.resolved, activity.resolved),
            (labels.emails, activity.emails),
        ];
        let lines = lines.into_iter().filter(|(_, count)| *count > 0);
        let text = |title, count| fill(title, &[("count", &self.language.count(count))]);
        lines
            .map(|(title, count)| plain(text(title, count)))
            .collect()
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
        let went_to = self.language.went_to(&self.recipients);
        [Some(went_to), next].into_iter().flatten().collect()
    }
}

/// A section of one line.
fn only(title: &str, line: String) -> Option<Section> {
    Some(Section {
        title: title.to_owned(),
        lines: vec![plain(line)],
        more: None,
    })
}

const fn plain(title: String) -> Row {
    Row {
        title,
        detail: String::new(),
    }
}
