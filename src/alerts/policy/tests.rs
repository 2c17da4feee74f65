//! The rules for notifying, as tables.

use super::*;
use crate::alerts::fixtures::*;
use crate::model::{
    AppError, AppRecord, Expiry, Health, IncidentId, IncidentKey, IncidentTokens, Kind,
    PendingToken, Permissions, Scopes, Token, TokenId,
};

fn token(health: Health) -> Token {
    Token {
        id: TokenId(1),
        app: "acme".to_owned(),
        name: "acme-maria".to_owned(),
        facts: Some(facts(Kind::User, MARIA, Expiry::Never)),
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

fn of(cause: Cause, subject: &str) -> Option<IncidentKey> {
    Some(IncidentKey {
        app: "acme".to_owned(),
        cause,
        subject: subject.to_owned(),
    })
}

#[test]
fn each_cause_of_death_belongs_to_one_incident_cause() {
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
            | Cause::VersionEnded
            | Cause::Blocked
            | Cause::Throttled
            | Cause::Outage
            | Cause::Unexplained
            | Cause::DeliveryFailing
            | Cause::ConsumerBehind
            | Cause::CommitsLost => None,
        };
        assert_eq!(incident_key(&dead(cause)), expected, "{cause}");
    }
}

#[test]
fn only_confirmed_causes_open_incidents() {
    let since = monday();
    let failing = |cause| {
        token(Health::Failing {
            since,
            failures: 1,
            cause,
        })
    };
    for &cause in Cause::ALL {
        assert_eq!(incident_key(&failing(cause)), None, "{cause}");
    }
    assert_eq!(incident_key(&token(Health::Unverified)), None);
    assert_eq!(incident_key(&token(Health::Healthy)), None);
    let mut wanting = token(Health::Healthy);
    wanting.required_scopes = Scopes::parse("leads_retrieval");
    assert_eq!(incident_key(&wanting), None);
    wanting.health = Health::Lacking { since };
    assert_eq!(incident_key(&wanting), of(Cause::PermissionMissing, MARIA));
    let mut unknown = dead(Cause::Expired);
    unknown.facts = None;
    assert_eq!(incident_key(&unknown), of(Cause::Expired, ""));
}

#[test]
fn a_token_joins_the_incident_of_its_cause() {
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
        let incident = incident.map(|(incident, incident_key)| IncidentTokens {
            incident,
            incident_key,
            ahead: false,
        });
        let pending_token = PendingToken { token, incident };
        assert_eq!(
            filing(&pending_token, &rules(), monday()),
            expected,
            "{pending_token:?}"
        );
    }
}

#[test]
fn an_error_of_the_app_is_reported_once_it_has_lasted() {
    for (cause, delay) in [
        (Cause::AppSecretWrong, Some(minutes(0))),
        (Cause::AppUnavailable, Some(minutes(0))),
        (Cause::VersionEnded, Some(minutes(0))),
        (Cause::Outage, Some(minutes(30))),
        (Cause::Blocked, Some(minutes(30))),
        (Cause::Unexplained, Some(minutes(30))),
        (Cause::Throttled, Some(hours(24))),
        (Cause::PasswordChanged, None),
        (Cause::Expired, None),
    ] {
        let app = AppRecord {
            name: "acme".to_owned(),
            error: Some(AppError {
                cause,
                since: monday(),
                failures: 1,
            }),
            ..AppRecord::default()
        };
        let lasting = |span| {
            app_incident_key(&app, None, monday() + span)
                .map(|(incident_key, _)| incident_key.cause)
        };
        let incident_key = match cause {
            Cause::Unexplained => Cause::Outage,
            other => other,
        };
        match delay {
            Some(span) => {
                assert_eq!(lasting(span), Some(incident_key), "{cause}");
                assert_eq!(lasting(span - minutes(1)), None, "{cause}");
            }
            None => assert_eq!(lasting(days(365)), None, "{cause}"),
        }
    }
    assert_eq!(
        app_incident_key(&AppRecord::default(), None, monday()),
        None
    );
}

fn notified(cause: Cause, at: Timestamp) -> Incident {
    Incident {
        notified: vec!["maria@example.com".to_owned()],
        notified_cause: Some(cause),
        notified_at: Some(at),
        awaiting_since: Some(at),
        ..incident(cause)
    }
}

fn recipients_of_incident() -> Recipients {
    crate::alerts::recipients::recipients_of_incident(&incident(Cause::Expired), &[], &rules())
}

fn reviewed(incident: &Incident, now: Timestamp) -> Decision {
    review(
        incident,
        &ReviewContext::default(),
        &recipients_of_incident(),
        &rules(),
        now,
    )
}

fn write(reason: EmailReason, next_review: Timestamp) -> Decision {
    Decision::Write {
        reason,
        next_review: Some(next_review),
    }
}

fn wait(until: Timestamp) -> Decision {
    Decision::Wait { until: Some(until) }
}

#[test]
fn the_first_email_waits_for_siblings() {
    let incident = incident(Cause::PasswordChanged);
    let at = monday() + minutes(2);
    assert_eq!(reviewed(&incident, monday()), wait(at));
    assert_eq!(
        reviewed(&incident, at),
        write(EmailReason::First, at + days(3))
    );
}

#[test]
fn an_upcoming_expiry_is_notified_at_each_warning_step() {
    let end = monday() + days(14);
    let at = |notified_at| Incident {
        deadline: Some(end),
        ..notified(Cause::ExpiresSoon, notified_at)
    };
    let step = |days_before| end - days(days_before);
    for (notified_at, now, expected) in [
        (step(14), step(10), wait(step(7))),
        (step(14), step(7), write(EmailReason::Nearer, step(3))),
        // Two missed steps are one email.
        (step(14), step(2), write(EmailReason::Nearer, step(1))),
        (step(7), step(4), wait(step(3))),
        (step(1), step(0) - hours(1), wait(end + days(3))),
        (
            step(1),
            end + days(3),
            write(EmailReason::Nearer, end + days(6)),
        ),
    ] {
        assert_eq!(
            reviewed(&at(notified_at), now),
            expected,
            "{notified_at} {now}"
        );
    }
}

#[test]
fn an_expiry_that_passed_is_notified_at_once_and_once() {
    let now = monday() + days(14);
    let ended = Incident {
        cause: Cause::Expired,
        ..notified(Cause::ExpiresSoon, now - days(1))
    };
    assert_eq!(
        reviewed(&ended, now),
        write(EmailReason::Ended, now + days(3))
    );
    let notified = notified(Cause::Expired, now);
    assert_eq!(reviewed(&notified, now + hours(1)), wait(now + days(3)));
    assert_eq!(
        reviewed(&notified, now + days(3)),
        write(EmailReason::Reminder, now + days(6))
    );
}

#[test]
fn who_acknowledged_is_left_in_peace_until_the_date() {
    let until = monday() + days(10);
    let quiet = |incident| Incident {
        state: IncidentState::Acknowledged { until },
        ..incident
    };
    let notified = quiet(notified(Cause::AppRemoved, monday()));
    assert_eq!(reviewed(&notified, monday() + days(5)), wait(until));
    assert_eq!(
        reviewed(&notified, until),
        write(EmailReason::Reminder, until + days(3))
    );
    let new = quiet(incident(Cause::AppRemoved));
    assert_eq!(reviewed(&new, monday() + days(5)), wait(until));
    assert_eq!(
        reviewed(&new, until),
        write(EmailReason::First, until + days(3))
    );
}

#[test]
fn nobody_is_reminded_of_what_only_meta_can_end() {
    for cause in [Cause::Outage, Cause::Throttled, Cause::Blocked] {
        let incident = notified(cause, monday());
        let lasting = ReviewContext {
            error: Some(cause),
            recovered: 0,
            unnotified_since: None,
        };
        assert_eq!(
            review(
                &incident,
                &lasting,
                &recipients_of_incident(),
                &rules(),
                monday() + days(30)
            ),
            Decision::Wait { until: None }
        );
    }
}

#[test]
fn an_incident_is_resolved_with_the_right_reason() {
    let now = monday() + hours(3);
    let gone = |incident: Incident| Incident {
        affected: 0,
        still_affected: 0,
        ..incident
    };
    let known = || gone(notified(Cause::Expired, monday()));
    let forgotten = Incident {
        ever_affected: 0,
        ..known()
    };
    for (incident, recovered, resolution_email) in [
        (known(), 1, Some(EmailReason::Recovered)),
        // All of them have another problem now, which gets its own email.
        (known(), 0, None),
        (forgotten, 0, Some(EmailReason::Withdrawn)),
        (gone(incident(Cause::Expired)), 1, None),
    ] {
        let review_context = ReviewContext {
            error: None,
            recovered,
            unnotified_since: None,
        };
        assert_eq!(
            review(
                &incident,
                &review_context,
                &recipients_of_incident(),
                &rules(),
                now
            ),
            Decision::Close { resolution_email }
        );
    }
}

#[test]
fn an_app_is_well_only_when_nothing_ails_it() {
    let incident = notified(Cause::Outage, monday());
    for (app_error, expected) in [
        (Some(Cause::Outage), Decision::Wait { until: None }),
        (Some(Cause::Unexplained), Decision::Wait { until: None }),
        (
            Some(Cause::Throttled),
            Decision::Close {
                resolution_email: None,
            },
        ),
        (
            None,
            Decision::Close {
                resolution_email: Some(EmailReason::Recovered),
            },
        ),
    ] {
        let review_context = ReviewContext {
            error: app_error,
            recovered: 0,
            unnotified_since: None,
        };
        assert_eq!(
            review(
                &incident,
                &review_context,
                &recipients_of_incident(),
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
        still_affected: 0,
        ..notified(Cause::Expired, monday())
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
    let recipients_of_incident =
        crate::alerts::recipients::recipients_of_incident(&incident(Cause::Expired), &[], &rules);
    let decide = |incident: &Incident, now| {
        review(
            incident,
            &ReviewContext::default(),
            &recipients_of_incident,
            &rules,
            now,
        )
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
    let reminder = notified(Cause::PasswordChanged, now - days(3));
    assert_eq!(decide(&reminder, now), wait(next));
}

#[test]
fn silence_goes_to_a_second_person_once() {
    let rules = Rules {
        escalate_after: Some(days(2)),
        escalate_to: vec!["boss@example.com".to_owned()],
        ..rules()
    };
    let recipients_of_incident =
        crate::alerts::recipients::recipients_of_incident(&incident(Cause::Expired), &[], &rules);
    let reason = |incident: &Incident, now| match review(
        incident,
        &ReviewContext::default(),
        &recipients_of_incident,
        &rules,
        now,
    ) {
        Decision::Write { reason, .. } => Some(reason),
        Decision::Wait { .. } | Decision::Stabilize { .. } | Decision::Close { .. } => None,
    };
    let waiting = notified(Cause::PasswordChanged, monday());
    let after = monday() + days(2);
    assert_eq!(reason(&waiting, after - minutes(1)), None);
    assert_eq!(reason(&waiting, after), Some(EmailReason::Escalated));
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
                notified: recipients_of_incident.escalation.clone(),
                ..waiting
            },
            "that person knows",
        ),
        (notified(Cause::Outage, monday()), "only Meta can act"),
    ] {
        assert_ne!(reason(&heard, after), Some(EmailReason::Escalated), "{why}");
    }
}

#[test]
fn a_problem_that_returns_within_a_week_is_a_relapse() {
    assert_eq!(RELAPSE_WITHIN, days(7));
}

#[test]
fn a_flapping_incident_is_resolved_after_a_day_without_problems() {
    let well_since = monday();
    let calm = Incident {
        relapses: FLAPPING,
        well_since: Some(well_since),
        affected: 0,
        still_affected: 0,
        ..notified(Cause::Expired, monday() - days(2))
    };
    let until = well_since + days(1);
    assert_eq!(
        reviewed(&calm, until - minutes(1)),
        Decision::Stabilize { until }
    );
    let resolution_email = None;
    assert_eq!(reviewed(&calm, until), Decision::Close { resolution_email });
}

#[test]
fn an_acknowledgement_that_has_ended_is_not_waited_for() {
    let until = monday() + days(2);
    let outage = Incident {
        state: IncidentState::Acknowledged { until },
        ..notified(Cause::Outage, monday())
    };
    let lasting = ReviewContext {
        error: Some(Cause::Outage),
        ..ReviewContext::default()
    };
    let decided = |now| review(&outage, &lasting, &recipients_of_incident(), &rules(), now);
    assert_eq!(decided(until - minutes(1)), wait(until));
    assert_eq!(decided(until), Decision::Wait { until: None });
}

#[test]
fn after_an_email_about_more_tokens_the_next_is_a_reminder() {
    let joined = ReviewContext {
        unnotified_since: Some(monday() + hours(1)),
        ..ReviewContext::default()
    };
    let known = notified(Cause::PageRoleLost, monday());
    let now = monday() + hours(5);
    assert_eq!(
        review(&known, &joined, &recipients_of_incident(), &rules(), now),
        write(EmailReason::Grown, now + days(3))
    );
}

#[test]
fn a_token_that_was_added_ahead_of_time_stays_while_its_end_is_near() {
    let id = IncidentId(7);
    let near = horizon(&rules(), monday());
    // 14 days until the first warning, and 14 to plan.
    assert_eq!(near, monday() + days(28));
    for (ahead, end, expected) in [
        (true, near, Filing::Stay),
        (true, near + minutes(1), Filing::Leave(id)),
        (false, near, Filing::Leave(id)),
    ] {
        let mut token = token(Health::Healthy);
        token.facts = Some(facts(Kind::User, MARIA, Expiry::At(end)));
        let incident = Some(IncidentTokens {
            incident: id,
            incident_key: of(Cause::Expired, MARIA).unwrap(),
            ahead,
        });
        let pending_token = PendingToken { token, incident };
        let filed = filing(&pending_token, &rules(), monday());
        assert_eq!(filed, expected, "{ahead} {end}");
    }
}

#[test]
fn permissions_that_were_never_granted_are_collected_and_told_once_a_day() {
    let now = monday();
    let ago = |span| Some(now - span);
    for (first, last, is_due) in [
        (None, None, false),
        (None, ago(days(9)), false),
        (ago(minutes(1)), None, false),
        (ago(minutes(2)), None, true),
        (ago(minutes(2)), ago(hours(23)), false),
        (ago(minutes(2)), ago(hours(24)), true),
        (ago(minutes(1)), ago(hours(24)), false),
    ] {
        let answer = ungranted_due(first, last, now);
        assert_eq!(answer, is_due, "{first:?} {last:?}");
    }
}

#[test]
fn of_a_token_that_still_works_the_reminder_comes_at_a_warning_step() {
    let (told, end) = (monday(), monday() + days(8));
    for (cause, at) in [
        (Cause::PermissionMissing, told + days(1)),
        (Cause::PasswordChanged, told + days(3)),
    ] {
        let lacking = Incident {
            deadline: Some(end),
            ..notified(cause, told)
        };
        assert_eq!(reviewed(&lacking, told), wait(at), "{cause}");
    }
}

#[test]
fn what_an_email_changes_in_its_incident() {
    let (told, now) = (monday(), monday() + days(2));
    let known = Incident {
        state: IncidentState::Acknowledged { until: now },
        flapping_notified_at: Some(told),
        ..notified(Cause::ExpiresSoon, told)
    };
    let before = Incident {
        cause: Cause::Expired,
        ..known
    };
    let open = Incident {
        state: IncidentState::Open,
        ..before.clone()
    };
    let written = Incident {
        notified_at: Some(now),
        notified_cause: Some(Cause::Expired),
        ..open.clone()
    };
    let flapping = Incident {
        flapping_notified_at: Some(now),
        ..written.clone()
    };
    let escalated = Incident {
        escalated_at: Some(now),
        ..open
    };
    for (reason, expected) in [
        (EmailReason::Ended, written.clone()),
        (EmailReason::Reminder, written),
        (EmailReason::Flapping, flapping),
        (EmailReason::Escalated, escalated),
    ] {
        assert_eq!(as_notified(&before, reason, now), expected, "{reason:?}");
    }
    let first = as_notified(&incident(Cause::Expired), EmailReason::First, now);
    assert_eq!(first.awaiting_since, Some(now));
}

/// An incident of the cause, about somebody or not, which may have been opened under another.
fn about(subject: &str, opened_as: Cause, cause: Cause) -> Incident {
    let mut incident = incident(opened_as);
    incident.cause = cause;
    incident.incident_key.subject = subject.to_owned();
    incident
}

#[test]
fn only_a_person_s_checkpoints_and_roles_are_lifted_elsewhere() {
    for &cause in Cause::ALL {
        let expected = matches!(
            cause,
            Cause::Checkpoint | Cause::PageRoleLost | Cause::PageGone
        );
        assert_eq!(
            is_lifted_elsewhere(&about(MARIA, cause, cause)),
            expected,
            "{cause}"
        );
        assert!(!is_lifted_elsewhere(&about("", cause, cause)), "{cause}");
    }
    let of_operators = about(MARIA, Cause::WrongApp, Cause::Checkpoint);
    assert!(!is_lifted_elsewhere(&of_operators));
}

#[test]
fn only_a_person_s_own_problems_are_fixed_by_a_login() {
    let links = |app: &str| LoginLinks {
        public_url: "https://tokens.example.com".to_owned(),
        business_apps: vec![app.to_owned()],
    };
    let of_kind = |kind| {
        let mut token = token(Health::Healthy);
        token.facts = Some(facts(kind, MARIA, Expiry::Never));
        vec![token]
    };
    let (people, robots) = (of_kind(Kind::User), of_kind(Kind::SystemUser));
    for &cause in Cause::ALL {
        let login = matches!(
            cause.remedy(),
            Remedy::Login | Remedy::Reauthorize | Remedy::GrantPermissions
        );
        let is_theirs = login && !cause.concerns_operator();
        let incident = about(MARIA, cause, cause);
        for (tokens, app, expected) in [
            (&people, "beta", is_theirs),
            (&people, "acme", is_theirs),
            (&robots, "acme", is_theirs),
            (&robots, "beta", false),
        ] {
            let answer = is_fixed_by_login(&incident, tokens, &links(app));
            assert_eq!(answer, expected, "{cause} {app}");
        }
        let of_nobody = about("", cause, cause);
        assert!(!is_fixed_by_login(&of_nobody, &people, &links("beta")));
    }
    let of_operators = about(MARIA, Cause::WrongApp, Cause::Expired);
    assert!(!is_fixed_by_login(&of_operators, &people, &links("beta")));
}
