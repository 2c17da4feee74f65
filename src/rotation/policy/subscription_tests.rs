//! When a page's webhook subscription must be checked again.

use jiff::{SignedDuration, Timestamp};

use super::decide::next_subscription_check;
use super::fixtures::*;
use crate::model::{Facts, Kind, Scopes, Subscription, WebhookSubscription};
use crate::rotation::Rules;

#[test]
fn a_subscription_is_due_every_week_unless_nobody_wants_it_or_may_read_it() {
    let page = |scopes: &str| Facts {
        kind: Kind::Page,
        scopes: Some(Scopes::parse(scopes)),
        ..facts(None, None)
    };
    let (messenger, reader) = (
        page("pages_messaging pages_manage_metadata"),
        page("pages_messaging"),
    );
    let last = |subscription| WebhookSubscription {
        subscription,
        missing: Scopes::default(),
        asked_at: now() - SignedDuration::from_hours(24),
    };
    let (subscribed, missing) = (last(Subscription::Subscribed), last(Subscription::Missing));
    for (fields, facts, last, due) in [
        ("", &messenger, None, Timestamp::MAX),
        ("messages", &reader, None, Timestamp::MAX),
        ("", &reader, None, Timestamp::MAX),
        ("messages", &messenger, None, Timestamp::MIN),
        ("messages", &messenger, Some(&missing), Timestamp::MIN),
        ("messages", &messenger, Some(&subscribed), now() + days(6)),
    ] {
        let rules = Rules {
            subscribed_fields: Scopes::parse(fields),
            ..rules()
        };
        let found = next_subscription_check(facts, last, &rules);
        assert_eq!(found, due, "{fields:?} {last:?}");
    }
}
