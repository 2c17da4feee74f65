//! The rules of telling as tables.

use super::*;
use crate::alerts::fixtures::*;
use crate::inventory::{AppRecord, AppTrouble, Concern, IncidentId, Membership, Story};
use crate::token::{Clock, Health, Kind, Permissions, Scopes, Token, TokenId};

fn token(health: Health) -> Token {
    Token {
        id: TokenId(1),
        app: "acme".to_owned(),
        name: "acme-maria".to_owned(),
        facts: Some(facts(Kind::User, MARIA, Clock::Never)),
        subject_name: None,
        parent: None,
        health,
        required_scopes: Scopes::default(),
        permissions: Permissions::default(),
        refused: None,
        owners: Vec::new(),
        version: 1,
        fingerprint: String::new(),
        imported_at: monday(),
        checked_at: None,
        rotated_at: None,
        last_rotation: None,
        next: None,
    }
}

fn dead(cause: Cause) -> Token {
    token(Health::Dead {
        since: monday(),
        cause,
    })
}

fn of(cause: Cause, subject: &str) -> Option<Story> {
    Some(Story {
        app: "acme".to_owned(),
        cause,
        subject: subject.to_owned(),
    })
}

#[test]
fn each_cause_of_death_belongs_to_one_story() {
    for &cause in Cause::ALL {
        let expected = match cause {
            Cause::ExpiresSoon | Cause::Expired => of(Cause::Expired, MARIA),
            Cause::DataAccessExpiresSoon | Cause::DataAccessExpired => {
                of(Cause::DataAccessExpired, MARIA)
            }
            Cause::PasswordChanged
            | Cause::AppRemoved
            | Cause::SessionEnded
            | Cause::ReplacedElsewhere
            | Cause::Checkpoint
            | Cause::PageRoleLost
            | Cause::PageGone
            | Cause::PermissionMissing
            | Cause::AppUnavailable => of(cause, MARIA),
            Cause::Unreadable | Cause::WrongApp => of(cause, ""),
            Cause::AppSecretWrong
            | Cause::Blocked
            | Cause::Throttled
            | Cause::Outage
            | Cause::Unexplained => None,
        };
        assert_eq!(story(&dead(cause)), expected, "{cause}");
    }
}

#[test]
fn only_what_is_settled_is_a_story() {
    let since = monday();
    let failing = |cause| {
        token(Health::Failing {
            since,
            failures: 1,
            cause,
        })
    };
    for &cause in Cause::ALL {
        assert_eq!(story(&failing(cause)), None, "{cause}");
    }
    assert_eq!(story(&token(Health::Unverified)), None);
    assert_eq!(story(&token(Health::Healthy)), None);
    let mut wanting = token(Health::Healthy);
    wanting.required_scopes = Scopes::parse("leads_retrieval");
    assert_eq!(story(&wanting), None);
    wanting.health = Health::Lacking { since };
    assert_eq!(story(&wanting), of(Cause::PermissionMissing, MARIA));
    let mut unknown = dead(Cause::Expired);
    unknown.facts = None;
    assert_eq!(story(&unknown), of(Cause::Expired, ""));
}

#[test]
fn a_token_is_filed_where_its_trouble_is() {
    let id = IncidentId(7);
    let failing = Health::Failing {
        since: monday(),
        failures: 3,
        cause: Cause::Outage,
    };
    let expired = || of(Cause::Expired, MARIA).unwrap();
    for (token, incident, expected) in [
        (token(Health::Healthy), None, Filing::Stay),
        (dead(Cause::Expired), None, Filing::Join(expired())),
        (
            dead(Cause::Expired),
            Some((id, expired())),
            Filing::Join(expired()),
        ),
        (
            token(Health::Healthy),
            Some((id, expired())),
            Filing::Leave(id),
        ),
        (token(failing), Some((id, expired())), Filing::Stay),
        (token(failing), None, Filing::Stay),
        (
            dead(Cause::PasswordChanged),
            Some((id, expired())),
            Filing::Move {
                from: id,
                to: of(Cause::PasswordChanged, MARIA).unwrap(),
            },
        ),
    ] {
        let incident = incident.map(|(incident, story)| Membership {
            incident,
            story,
            ahead: false,
        });
        let concern = Concern { token, incident };
        assert_eq!(
            filing(&concern, &rules(), monday()),
            expected,
            "{concern:?}"
        );
    }
}

#[test]
fn trouble_of_the_app_is_told_once_it_has_lasted() {
    for (cause, patience) in [
        (Cause::AppSecretWrong, Some(minutes(0))),
        (Cause::AppUnavailable, Some(minutes(0))),
        (Cause::Outage, Some(minutes(30))),
        (Cause::Blocked, Some(minutes(30))),
        (Cause::Unexplained, Some(minutes(30))),
        (Cause::Throttled, Some(hours(24))),
        (Cause::PasswordChanged, None),
        (Cause::Expired, None),
    ] {
        let app = AppRecord {
            name: "acme".to_owned(),
            trouble: Some(AppTrouble {
                cause,
                since: monday(),
                failures: 1,
            }),
            ..AppRecord::default()
        };
        let lasting = |span| app_story(&app, None, monday() + span).map(|(story, _)| story.cause);
        let story = match cause {
            Cause::Unexplained => Cause::Outage,
            other => other,
        };
        match patience {
            Some(span) => {
                assert_eq!(lasting(span), Some(story), "{cause}");
                assert_eq!(lasting(span - minutes(1)), None, "{cause}");
            }
            None => assert_eq!(lasting(days(365)), None, "{cause}"),
        }
    }
    assert_eq!(app_story(&AppRecord::default(), None, monday()), None);
}

fn told(cause: Cause, at: Timestamp) -> Incident {
    Incident {
        told: vec!["maria@example.com".to_owned()],
        told_cause: Some(cause),
        told_at: Some(at),
        awaiting_since: Some(at),
        ..incident(cause)
    }
}

fn audience() -> Audience {
    crate::alerts::audience::audience(&incident(Cause::Expired), &[], &rules())
}

fn reviewed(incident: &Incident, now: Timestamp) -> Decision {
    review(
        incident,
        &Circumstances::default(),
        &audience(),
        &rules(),
        now,
    )
}

fn write(occasion: Occasion, next_review: Timestamp) -> Decision {
    Decision::Write {
        occasion,
        next_review: Some(next_review),
    }
}

fn wait(until: Timestamp) -> Decision {
    Decision::Wait { until: Some(until) }
}

#[test]
fn the_first_letter_waits_for_siblings() {
    let incident = incident(Cause::PasswordChanged);
    let at = monday() + minutes(2);
    assert_eq!(reviewed(&incident, monday()), wait(at));
    assert_eq!(
        reviewed(&incident, at),
        write(Occasion::First, at + days(3))
    );
}

#[test]
fn a_coming_end_is_told_at_each_step_that_is_crossed() {
    let end = monday() + days(14);
    let at = |told_at| Incident {
        deadline: Some(end),
        ..told(Cause::ExpiresSoon, told_at)
    };
    let step = |days_before| end - days(days_before);
    for (told_at, now, expected) in [
        (step(14), step(10), wait(step(7))),
        (step(14), step(7), write(Occasion::Nearer, step(3))),
        // Two steps slept through are one letter.
        (step(14), step(2), write(Occasion::Nearer, step(1))),
        (step(7), step(4), wait(step(3))),
        (step(1), step(0) - hours(1), wait(end + days(3))),
        (
            step(1),
            end + days(3),
            write(Occasion::Nearer, end + days(6)),
        ),
    ] {
        assert_eq!(reviewed(&at(told_at), now), expected, "{told_at} {now}");
    }
}

#[test]
fn an_end_that_has_come_is_told_at_once_and_once() {
    let now = monday() + days(14);
    let ended = Incident {
        cause: Cause::Expired,
        ..told(Cause::ExpiresSoon, now - days(1))
    };
    assert_eq!(reviewed(&ended, now), write(Occasion::Ended, now + days(3)));
    let told = told(Cause::Expired, now);
    assert_eq!(reviewed(&told, now + hours(1)), wait(now + days(3)));
    assert_eq!(
        reviewed(&told, now + days(3)),
        write(Occasion::Reminder, now + days(6))
    );
}

#[test]
fn who_acknowledged_is_left_in_peace_until_the_date() {
    let until = monday() + days(10);
    let quiet = |incident| Incident {
        state: IncidentState::Acknowledged { until },
        ..incident
    };
    let told = quiet(told(Cause::AppRemoved, monday()));
    assert_eq!(reviewed(&told, monday() + days(5)), wait(until));
    assert_eq!(
        reviewed(&told, until),
        write(Occasion::Reminder, until + days(3))
    );
    let new = quiet(incident(Cause::AppRemoved));
    assert_eq!(reviewed(&new, monday() + days(5)), wait(until));
    assert_eq!(
        reviewed(&new, until),
        write(Occasion::First, until + days(3))
    );
}

#[test]
fn nobody_is_reminded_of_what_only_meta_can_end() {
    for cause in [Cause::Outage, Cause::Throttled, Cause::Blocked] {
        let incident = told(cause, monday());
        let lasting = Circumstances {
            app_trouble: Some(cause),
            well: 0,
            untold_since: None,
        };
        assert_eq!(
            review(
                &incident,
                &lasting,
                &audience(),
                &rules(),
                monday() + days(30)
            ),
            Decision::Wait { until: None }
        );
    }
}

#[test]
fn an_incident_closes_with_the_word_that_is_true() {
    let now = monday() + hours(3);
    let gone = |incident: Incident| Incident {
        affected: 0,
        troubled: 0,
        ..incident
    };
    let known = || gone(told(Cause::Expired, monday()));
    let forgotten = Incident {
        ever_affected: 0,
        ..known()
    };
    for (incident, well, farewell) in [
        (known(), 1, Some(Occasion::Recovered)),
        // All have another trouble now, which is told of by itself.
        (known(), 0, None),
        (forgotten, 0, Some(Occasion::Withdrawn)),
        (gone(incident(Cause::Expired)), 1, None),
    ] {
        let circumstances = Circumstances {
            app_trouble: None,
            well,
            untold_since: None,
        };
        assert_eq!(
            review(&incident, &circumstances, &audience(), &rules(), now),
            Decision::Close { farewell }
        );
    }
}

#[test]
fn an_app_is_well_only_when_nothing_ails_it() {
    let incident = told(Cause::Outage, monday());
    for (app_trouble, expected) in [
        (Some(Cause::Outage), Decision::Wait { until: None }),
        (Some(Cause::Unexplained), Decision::Wait { until: None }),
        (Some(Cause::Throttled), Decision::Close { farewell: None }),
        (
            None,
            Decision::Close {
                farewell: Some(Occasion::Recovered),
            },
        ),
    ] {
        let circumstances = Circumstances {
            app_trouble,
            well: 0,
            untold_since: None,
        };
        assert_eq!(
            review(
                &incident,
                &circumstances,
                &audience(),
                &rules(),
                monday() + hours(3)
            ),
            expected
        );
    }
}

#[test]
fn what_is_resolved_stays_resolved() {
    let resolved = Incident {
        state: IncidentState::Resolved { at: monday() },
        affected: 0,
        troubled: 0,
        ..told(Cause::Expired, monday())
    };
    assert_eq!(
        reviewed(&resolved, monday() + days(30)),
        Decision::Wait { until: None }
    );
}

#[test]
fn what_can_wait_waits_unless_the_last_day_begins_before() {
    use jiff::civil::{Weekday, time};
    let rules = Rules {
        quiet_hours: Some(crate::alerts::Quiet {
            from: time(18, 0, 0, 0),
            until: time(8, 0, 0, 0),
        }),
        working_days: vec![Weekday::Monday],
        ..rules()
    };
    let audience = crate::alerts::audience::audience(&incident(Cause::Expired), &[], &rules);
    let decide = |incident: &Incident, now| {
        review(incident, &Circumstances::default(), &audience, &rules, now)
    };
    let wait = |until| Decision::Wait { until: Some(until) };
    // 10:00 on a Tuesday in Berlin; the next Monday at 8:00.
    let (now, next) = (monday() + days(1), monday() + days(7) - hours(2));
    let coming = |end| Incident {
        deadline: Some(end),
        ..incident(Cause::ExpiresSoon)
    };
    assert_eq!(decide(&coming(now + days(14)), now), wait(next));
    assert_eq!(decide(&coming(now + days(3)), now), wait(now + days(2)));
    assert!(matches!(
        decide(&coming(now + hours(20)), now),
        Decision::Write { .. }
    ));
    assert_eq!(decide(&incident(Cause::PermissionMissing), now), wait(next));
    for cause in [
        Cause::PasswordChanged,
        Cause::Expired,
        Cause::DataAccessExpired,
    ] {
        assert!(matches!(
            decide(&incident(cause), now),
            Decision::Write { .. }
        ));
    }
    let reminder = told(Cause::PasswordChanged, now - days(3));
    assert_eq!(decide(&reminder, now), wait(next));
}

#[test]
fn silence_goes_to_a_second_person_once() {
    let rules = Rules {
        escalate_after: Some(days(2)),
        escalate_to: vec!["boss@example.com".to_owned()],
        ..rules()
    };
    let audience = crate::alerts::audience::audience(&incident(Cause::Expired), &[], &rules);
    let occasion = |incident: &Incident, now| match review(
        incident,
        &Circumstances::default(),
        &audience,
        &rules,
        now,
    ) {
        Decision::Write { occasion, .. } => Some(occasion),
        Decision::Wait { .. } | Decision::Settle { .. } | Decision::Close { .. } => None,
    };
    let waiting = told(Cause::PasswordChanged, monday());
    let after = monday() + days(2);
    assert_eq!(occasion(&waiting, after - minutes(1)), None);
    assert_eq!(occasion(&waiting, after), Some(Occasion::Escalated));
    for (heard, why) in [
        (
            Incident {
                escalated_at: Some(monday()),
                ..waiting.clone()
            },
            "it went there already",
        ),
        (
            Incident {
                awaiting_since: None,
                ..waiting.clone()
            },
            "somebody acts",
        ),
        (
            Incident {
                told: audience.second.clone(),
                ..waiting
            },
            "that person knows",
        ),
        (told(Cause::Outage, monday()), "only Meta can act"),
    ] {
        assert_ne!(occasion(&heard, after), Some(Occasion::Escalated), "{why}");
    }
}
