//! What to do about a delivery, a file and a failure. Pure.

mod file_decision;
mod retry;

pub use file_decision::{FileDecision, OfSink, file_decision};
pub use retry::{SinkError, outcome};

use crate::model::{Deliverable, Delivery, DeliveryState, SinkTokens, State};

/// What becomes of a delivery that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Deliver,
    /// The sink should have another version, or none.
    Supersede,
}

/// Only the version in use of a living token is delivered, and only while the sink still gets the token.
pub fn step(delivery: &Delivery, should_have: Option<&Deliverable>, sink: &SinkTokens) -> Step {
    match should_have {
        Some(wanted) if wanted.version == delivery.version && gets(wanted, sink) => Step::Deliver,
        Some(_) | None => Step::Supersede,
    }
}

/// Whether a sink should have a token at all.
pub fn gets(token: &Deliverable, sink: &SinkTokens) -> bool {
    token.state != State::Dead && sink.includes(&token.name)
}

/// Whether a version must be delivered again, by what the sink had last.
pub fn is_missing(wanted: &Deliverable, newest: Option<&Delivery>) -> bool {
    newest.is_none_or(|newest| match newest.state {
        DeliveryState::Failed | DeliveryState::Superseded => true,
        DeliveryState::Pending => newest.version < wanted.version,
        DeliveryState::Delivered | DeliveryState::InUse => newest.version != wanted.version,
    })
}

#[cfg(test)]
pub(super) mod fixtures {
    use crate::model::{
        Deliverable, Delivery, DeliveryId, DeliveryState, Expiry, SinkTokens, State, TokenId,
    };

    pub(crate) fn wanted() -> Deliverable {
        Deliverable {
            token: TokenId(1),
            name: "acme-1".to_owned(),
            app: "acme".to_owned(),
            state: State::Healthy,
            version: 2,
            fingerprint: "0a1b2c3d".to_owned(),
            expires_at: Expiry::Never,
        }
    }

    pub(crate) fn delivery(version: u32, state: DeliveryState) -> Delivery {
        Delivery {
            id: DeliveryId(7),
            token: TokenId(1),
            token_name: "acme-1".to_owned(),
            sink: "bot".to_owned(),
            version,
            state,
            attempts: 0,
            last_error: None,
            created_at: jiff::Timestamp::UNIX_EPOCH,
            next_try_at: None,
            failing_since: None,
            delivered_at: None,
            in_use_at: None,
        }
    }

    pub(crate) fn sink() -> SinkTokens {
        SinkTokens {
            sink: "bot".to_owned(),
            patterns: vec!["acme-*".to_owned()],
            ..SinkTokens::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::fixtures::{delivery, sink, wanted};
    use super::*;

    #[test]
    fn only_the_version_in_use_of_a_living_token_is_delivered() {
        let other = |change: fn(&mut Deliverable)| {
            let mut changed = wanted();
            change(&mut changed);
            Some(changed)
        };
        for (version, should_have, expected) in [
            (2, other(|_| {}), Step::Deliver),
            (1, other(|_| {}), Step::Supersede),
            (3, other(|_| {}), Step::Supersede),
            (2, other(|token| token.state = State::Dead), Step::Supersede),
            (
                2,
                other(|token| token.state = State::Failing),
                Step::Deliver,
            ),
            (
                2,
                other(|token| token.name = "shop".to_owned()),
                Step::Supersede,
            ),
            (2, None, Step::Supersede),
        ] {
            let delivery = delivery(version, DeliveryState::Pending);
            let step = step(&delivery, should_have.as_ref(), &sink());
            assert_eq!(step, expected, "{version} {should_have:?}");
        }
    }

    #[test]
    fn what_a_sink_had_says_whether_it_misses_the_version_in_use() {
        use DeliveryState::{Delivered, Failed, InUse, Pending, Superseded};
        for (newest, expected) in [
            (None, true),
            (Some((2, Delivered)), false),
            (Some((2, InUse)), false),
            (Some((2, Pending)), false),
            (Some((2, Failed)), true),
            (Some((1, Delivered)), true),
            (Some((1, Pending)), true),
            // Of an inventory from before a restored copy.
            (Some((3, Delivered)), true),
            (Some((3, Superseded)), true),
        ] {
            let newest = newest.map(|(version, state)| delivery(version, state));
            assert_eq!(
                is_missing(&wanted(), newest.as_ref()),
                expected,
                "{newest:?}"
            );
        }
    }
}
