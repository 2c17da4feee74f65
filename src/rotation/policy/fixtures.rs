//! Tokens and answers for the table tests.

use jiff::{SignedDuration, Timestamp};

use super::{Basis, InspectionResult};
use crate::graph_api::{Certainty, Inspection, TokenRejection};
use crate::model::{
    Candidate, Cause, Claimed, ExchangeId, Expiry, Facts, Health, Kind, MetaCode, Permissions,
    Renewal, Scopes, Token, TokenId,
};
use crate::rotation::Rules;
use crate::secret::Secret;

pub(super) fn now() -> Timestamp {
    "2026-12-01T12:00:00Z".parse().unwrap()
}

pub(super) fn days(n: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * n)
}

pub(super) fn rules() -> Rules {
    Rules {
        check_every: days(1),
        rotate_before_expiry: days(30),
        retry_after: [1, 5, 30, 120, 360].map(SignedDuration::from_mins).to_vec(),
        subscribed_fields: Scopes::default(),
        warn_before: days(14),
        renewal: Renewal::Sometimes,
        scopes: Scopes::default(),
    }
}

/// Of a platform on which every renewal gives 60 more days.
pub(super) fn always() -> Rules {
    Rules {
        renewal: Renewal::Always(days(60)),
        ..rules()
    }
}

/// What a probe says about an Instagram token.
pub(super) fn probed() -> Facts {
    Facts {
        kind: Kind::InstagramUser,
        expires_at: Expiry::Unknown,
        scopes: None,
        ..facts(None, None)
    }
}

/// The same, granted so many days ago for 60 days.
pub(super) fn granted(days_ago: i64) -> Facts {
    let granted_at = now() - days(days_ago);
    probed().completed_by_grant(granted_at, Some(granted_at + days(60)))
}

/// A user's facts with both expiries in so many days; `None` means never.
pub(super) fn facts(expires_in: Option<i64>, data_access_in: Option<i64>) -> Facts {
    let clock =
        |in_days: Option<i64>| in_days.map_or(Expiry::Never, |n| Expiry::At(now() + days(n)));
    Facts {
        kind: Kind::User,
        subject: "7".to_owned(),
        person: "7".to_owned(),
        issued_at: None,
        expires_at: clock(expires_in),
        data_access_expires_at: clock(data_access_in),
        scopes: Some(Scopes::parse("email pages_show_list")),
    }
}

pub(super) fn token(facts: Option<Facts>) -> Token {
    Token {
        id: TokenId(1),
        app: "acme".to_owned(),
        name: "acme-maria".to_owned(),
        health: if facts.is_some() {
            Health::Healthy
        } else {
            Health::Unverified
        },
        facts,
        subject_name: None,
        parent: None,
        required_scopes: Scopes::default(),
        permissions: Permissions::default(),
        refused: None,
        owners: Vec::new(),
        version: 1,
        fingerprint: "00000000".to_owned(),
        imported_at: now() - days(100),
        checked_at: None,
        rotated_at: None,
        last_rotation: None,
        next: None,
    }
}

pub(super) fn claimed(token: Token) -> Claimed {
    Claimed {
        ends_at: None,
        answer: None,
        token,
        secret: Secret::new("EAA"),
        rotation_tried_at: None,
        subscription: None,
        pending_order: None,
        candidate: None,
    }
}

/// What was handed in, or what an exchange brought.
pub(super) fn candidate(exchange: Option<ExchangeId>) -> Candidate {
    Candidate {
        number: 2,
        secret: Secret::new("EAA2"),
        accepts_fewer: false,
        is_exchanged: false,
        exchange,
        obtained_at: now(),
        ends_at: None,
    }
}

pub(super) fn basis(rules: &Rules) -> Basis<'_> {
    Basis {
        rules,
        now: now(),
        skew: None,
    }
}

pub(super) fn alive(facts: Facts) -> InspectionResult {
    Ok(Inspection::Alive(facts))
}

pub(super) fn refused(cause: Cause) -> InspectionResult {
    rejection(cause, Certainty::Certain)
}

pub(super) fn doubtful(cause: Cause) -> InspectionResult {
    rejection(cause, Certainty::Doubtful)
}

fn rejection(cause: Cause, certainty: Certainty) -> InspectionResult {
    let rejection = TokenRejection {
        cause,
        meta: MetaCode {
            code: 190,
            ..MetaCode::default()
        },
        certainty,
    };
    Ok(Inspection::Refused {
        rejection,
        facts: None,
    })
}
