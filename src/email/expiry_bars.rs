//! The expiry bars: how much time is left on both expiries, for each group of tokens that share them. Pure.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::context::{EmailContext, Readers};
use super::model::{ExpiryBar, ExpiryGroup};
use super::text::fill;
use super::token_rows;
use crate::look::Tone;
use crate::model::{EmailReason, Expiry, Facts, Kind, Token};

/// The maximum number of groups shown, earliest expiry first.
const GROUPS: usize = 4;

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// The usual validity after a login, if Meta does not say when the token was issued.
const FULL_ACCESS: SignedDuration = SignedDuration::from_hours(60 * 24);
const FULL_DATA_ACCESS: SignedDuration = SignedDuration::from_hours(90 * 24);

/// The groups to show. Empty unless the email is about time: a warning, an expiry, a renewal.
pub(crate) fn expiry_groups(context: &EmailContext<'_>) -> Vec<ExpiryGroup> {
    if !is_about_time(context) {
        return Vec::new();
    }
    let mut groups: BTreeMap<(i64, i64, bool, &str), Vec<&Token>> = BTreeMap::new();
    for token in context
        .tokens
        .iter()
        .filter(|token| is_timed(token, context))
    {
        if let Some(known) = token.facts.as_ref() {
            let ends = (day(known.expires_at.at()), day(known.data_access_end()));
            let (first, last) = (ends.0.min(ends.1), ends.0.max(ends.1));
            let key = (first, last, known.kind == Kind::Page, known.kind.as_str());
            groups.entry(key).or_default().push(token);
        }
    }
    let groups = groups.into_values().take(GROUPS);
    groups
        .filter_map(|tokens| expiry_group(&tokens, context))
        .collect()
}

fn is_about_time(context: &EmailContext<'_>) -> bool {
    match context.reason {
        EmailReason::Withdrawn => false,
        EmailReason::Recovered => !context.is_about_the_app(),
        _ => context.cause().is_about_expiry(),
    }
}

/// Leaves out tokens that died of another cause before they expired.
fn is_timed(token: &Token, context: &EmailContext<'_>) -> bool {
    let has_ended = token.deadline().is_some_and(|end| end <= context.now);
    has_ended || !token.is_dead()
}

/// The day of an expiry, since the same day is the same to a reader. "Never" sorts last.
fn day(end: Option<Timestamp>) -> i64 {
    end.map_or(i64::MAX, |end| end.as_second().div_euclid(86_400))
}

fn expiry_group(tokens: &[&Token], context: &EmailContext<'_>) -> Option<ExpiryGroup> {
    let first = tokens.first()?;
    let known = first.facts.as_ref()?;
    let title = match tokens {
        [only] => token_rows::shown(only),
        _ if context.readers == Readers::Owners && known.kind == Kind::Page => {
            context.phrases().pages.to_owned()
        }
        _ => token_rows::kind_text(known.kind, context.phrases())[1].to_owned(),
    };
    let bars = [access(known, context), data_access(known, context)];
    let bars: Vec<ExpiryBar> = bars.into_iter().flatten().collect();
    (!bars.is_empty()).then_some(ExpiryGroup { title, bars })
}

fn access(known: &Facts, context: &EmailContext<'_>) -> Option<ExpiryBar> {
    let label = context.phrases().access;
    match known.expires_at {
        Expiry::Unknown => None,
        Expiry::Never => Some(endless(label, context)),
        Expiry::At(end) => {
            let full = known.issued_at.map(|issued| end.duration_since(issued));
            let full = full.filter(|full| full.is_positive());
            Some(expiry_bar(label, end, full.unwrap_or(FULL_ACCESS), context))
        }
    }
}

fn data_access(known: &Facts, context: &EmailContext<'_>) -> Option<ExpiryBar> {
    let end = known.data_access_end()?;
    Some(expiry_bar(
        context.phrases().data_access,
        end,
        FULL_DATA_ACCESS,
        context,
    ))
}

fn endless(label: &'static str, context: &EmailContext<'_>) -> ExpiryBar {
    ExpiryBar {
        label,
        left: context.phrases().good_without_end.to_owned(),
        percent: 100,
        rest: 0,
        color: Tone::Good.color(),
    }
}

fn expiry_bar(
    label: &'static str,
    end: Timestamp,
    full: SignedDuration,
    context: &EmailContext<'_>,
) -> ExpiryBar {
    let left = end.duration_since(context.now);
    let is_over = !left.is_positive();
    let percent = if is_over {
        0
    } else {
        // The bar shows at least a sliver until the time is over.
        (left.as_secs() * 100 / full.as_secs().max(1)).clamp(2, 100)
    };
    let phrases = context.phrases();
    ExpiryBar {
        label,
        left: if is_over {
            let at = context.language.date(end, context.zone);
            fill(phrases.ended, &[("at", &at)])
        } else {
            fill(
                phrases.time_remaining,
                &[("span", &context.language.span(left))],
            )
        },
        percent,
        rest: 100 - percent,
        color: match left {
            left if left < DAY * 3 => Tone::Bad.color(),
            left if left < DAY * 15 => Tone::Warn.color(),
            _ => Tone::Good.color(),
        },
    }
}
