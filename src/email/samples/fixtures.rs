//! The people and pages of the samples, and their problems.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::DAY;
use crate::email::digest_context::{DigestContext, GraphVersion};
use crate::email::text::Language;
use crate::model::{
    ActivityCounts, Cause, ComingLogin, ConsumedVersion, Consumer, Expiry, Facts, Fleet, Health,
    Incident, IncidentId, IncidentKey, Kind, LaggingToken, MailQueue, Permissions, Scopes,
    SingleAdminPages, SinkReport, Token, TokenId,
};

pub(super) fn incident(cause: Cause, affected: u64, now: Timestamp) -> Incident {
    let of_a_person = !cause.is_about_app() && !cause.concerns_operator();
    let incident_key = match cause {
        _ if cause.is_about_sink() => IncidentKey::of_sink("chatbot", cause),
        _ if cause.is_about_database() => IncidentKey::of_database(cause),
        _ => IncidentKey {
            app: "acme".to_owned(),
            cause: cause.incident_key(),
            subject: if of_a_person { "1000200" } else { "" }.to_owned(),
        },
    };
    Incident {
        id: IncidentId(17),
        subject_name: of_a_person.then(|| "Maria Schmidt".to_owned()),
        deadline: cause.is_upcoming().then(|| coming_end(now)),
        notified: vec!["maria@example.com".to_owned()],
        affected,
        still_affected: affected,
        ever_affected: affected,
        ..Incident::opened(incident_key, cause, now - SignedDuration::from_hours(3))
    }
}

/// A sink that one token does not reach, or whose consumers have not all confirmed it.
pub(in crate::email) fn sink(cause: Cause, now: Timestamp) -> SinkReport {
    let consumed = |version| ConsumedVersion { version, at: now };
    let consumer = |name: &str, seen, in_use: Option<u32>| Consumer {
        name: name.to_owned(),
        seen: Some(consumed(seen)),
        in_use: in_use.map(consumed),
    };
    let is_failing = cause == Cause::DeliveryFailing;
    let lagging = |name: &str, consumers| LaggingToken {
        name: name.to_owned(),
        version: 3,
        consumers: if is_failing { Vec::new() } else { consumers },
    };
    SinkReport {
        since: now - DAY,
        reason: match is_failing {
            true => "there is no user chatbot on this machine".to_owned(),
            false => String::new(),
        },
        count: 2,
        tokens: vec![
            lagging("acme-north", vec![consumer("chatbot", 3, Some(2))]),
            lagging(
                "acme-oel-gas",
                vec![consumer("chatbot", 3, None), consumer("reports", 1, None)],
            ),
        ],
    }
}

fn coming_end(now: Timestamp) -> Timestamp {
    now + DAY * 13 + SignedDuration::from_hours(17)
}

pub(super) fn tokens(cause: Cause, now: Timestamp) -> Vec<Token> {
    let mut tokens = vec![
        token("acme-maria", "Maria Schmidt", Kind::User, cause, now),
        token(
            "acme-oel-gas",
            "Bäckerei Öl & Gas 東京",
            Kind::Page,
            cause,
            now,
        ),
        token("acme-north", "Filiale Nord", Kind::Page, cause, now),
        token(
            "acme-long",
            "Donaudampfschifffahrtsgesellschaftskapitänsmützenmanufaktur",
            Kind::Page,
            cause,
            now,
        ),
    ];
    if cause.concerns_operator() {
        tokens.truncate(2);
    }
    tokens
}

pub(super) fn token(name: &str, title: &str, kind: Kind, cause: Cause, now: Timestamp) -> Token {
    let expires_at = match (cause, kind) {
        (Cause::ExpiresSoon, Kind::User | Kind::SystemUser) => Expiry::At(coming_end(now)),
        (Cause::Expired, Kind::User | Kind::SystemUser) => Expiry::At(now - DAY),
        (_, kind) if kind.is_persons_own() => Expiry::At(now + DAY * 41),
        (_, _) => Expiry::Never,
    };
    let data_access_expires_at = match cause {
        Cause::DataAccessExpiresSoon => Expiry::At(coming_end(now)),
        Cause::DataAccessExpired => Expiry::At(now - DAY),
        _ => Expiry::At(now + DAY * 62),
    };
    Token {
        id: TokenId(1),
        app: "acme".to_owned(),
        name: name.to_owned(),
        facts: Some(Facts {
            kind,
            subject: name.to_owned(),
            person: "1000200".to_owned(),
            issued_at: None,
            expires_at,
            data_access_expires_at,
            scopes: Some(Scopes::parse("email pages_show_list pages_manage_posts")),
        }),
        subject_name: Some(title.to_owned()),
        parent: None,
        health: health(cause, kind, now),
        required_scopes: match cause {
            Cause::PermissionMissing => Scopes::parse("leads_retrieval pages_messaging"),
            _ => Scopes::default(),
        },
        permissions: Permissions::default(),
        refused: None,
        owners: Vec::new(),
        version: 1,
        fingerprint: String::new(),
        imported_at: now,
        checked_at: None,
        rotated_at: None,
        last_rotation: None,
        next: None,
    }
}

fn health(cause: Cause, kind: Kind, now: Timestamp) -> Health {
    match cause {
        Cause::ExpiresSoon if kind == Kind::Page => Health::Healthy,
        Cause::ExpiresSoon | Cause::DataAccessExpiresSoon | Cause::DataAccessExpired => {
            Health::Expiring { cause }
        }
        Cause::PermissionMissing => Health::Lacking {
            since: now - SignedDuration::from_hours(3),
        },
        _ => Health::Dead {
            since: now - SignedDuration::from_hours(3),
            cause,
        },
    }
}

/// A week with some open problems.
pub(super) fn summary(language: Language, zone: &TimeZone, now: Timestamp) -> DigestContext {
    let (app, maria) = ("acme", "Maria Schmidt");
    DigestContext {
        fleet: Fleet {
            healthy: 4_310,
            expiring: 12,
            dead: 1_842,
            ..Fleet::default()
        },
        incidents: vec![incident(Cause::PasswordChanged, 1_842, now)],
        logins: vec![ComingLogin {
            app: app.to_owned(),
            person: "1000200".to_owned(),
            name: Some(maria.to_owned()),
            ends_at: coming_end(now),
            tokens: 12,
            pages: 4_310,
        }],
        single_admin_pages: vec![SingleAdminPages {
            app: app.to_owned(),
            person: "1000200".to_owned(),
            name: Some(maria.to_owned()),
            pages: 212,
        }],
        activity: ActivityCounts {
            added: 12,
            removed: 3,
            broken: 1_842,
            mended: 4,
            renewed: 7,
            derived: 3,
            opened: 2,
            resolved: 1,
            emails: 5,
        },
        mail: MailQueue::default(),
        versions: vec![GraphVersion {
            app: app.to_owned(),
            version: "v21.0".to_owned(),
            ends_on: Some((now + DAY * 57).to_zoned(zone.clone()).date()),
        }],
        recipients: vec!["ops@example.com".to_owned()],
        since: now - DAY * 7,
        next: Some(now + DAY * 7),
        now,
        zone: zone.clone(),
        language,
    }
}
