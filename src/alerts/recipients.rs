//! Who is notified of an incident, in which hours, and to whom it escalates. Pure.

use jiff::SignedDuration;

use super::Rules;
use super::quiet_hours::Hours;
use super::route::Route;
use crate::email::text::Language;
use crate::model::{Incident, Owner};

#[derive(Clone, Debug)]
pub struct Recipients {
    pub to: Vec<String>,
    /// The recipients of an escalation, and after how long it happens.
    pub escalation: Vec<String>,
    pub escalate_after: Option<SignedDuration>,
    pub language: Language,
    pub hours: Hours,
}

/// Those who are notified of an incident.
pub(super) fn recipients_of_incident(
    incident: &Incident,
    token_owners: &[Owner],
    rules: &Rules,
) -> Recipients {
    let incident_key = &incident.incident_key;
    match incident_key.cause.concerns_operator() {
        true => operators(rules),
        false => recipients_of_tokens(&incident_key.app, token_owners, rules),
    }
}

pub fn operators(rules: &Rules) -> Recipients {
    addressed(rules.operators.clone(), None, rules)
}

/// The owners, or those named by their routes; the operators if there are none. The email goes to the recipients of all
/// its tokens. Its hours and language come from the first route in the file that matches any of them.
pub fn recipients_of_tokens(app: &str, token_owners: &[Owner], rules: &Rules) -> Recipients {
    let (mut to, mut copies) = (Vec::new(), Vec::new());
    let mut first = None;
    let mut copied = rules.copy_operators;
    for owner in token_owners {
        let place = route_of(app, owner, rules);
        let route = place.and_then(|place| rules.routes.get(place));
        first = [first, place].into_iter().flatten().min();
        copied |= route.is_some_and(|route| route.copy_operators);
        match route {
            Some(route) if !route.to.is_empty() => to.extend_from_slice(&route.to),
            Some(_) | None => to.extend_from_slice(&owner.owners),
        }
        copies.extend(route.iter().flat_map(|route| route.cc.iter().cloned()));
    }
    if to.is_empty() || copied {
        copies.extend_from_slice(&rules.operators);
    }
    to.append(&mut copies);
    addressed(to, first.and_then(|place| rules.routes.get(place)), rules)
}

/// The position of the route that applies to a token.
pub fn route_of(app: &str, owner: &Owner, rules: &Rules) -> Option<usize> {
    rules
        .routes
        .iter()
        .position(|route| route.leads(app, owner))
}

fn addressed(to: Vec<String>, route: Option<&Route>, rules: &Rules) -> Recipients {
    let route = route.cloned().unwrap_or_default();
    let mut escalation = [route.escalate_to, rules.escalate_to.clone()].into_iter();
    let mut working_days = [route.working_days, rules.working_days.clone()].into_iter();
    Recipients {
        to: each_once(to),
        escalation: escalation
            .find(|people| !people.is_empty())
            .unwrap_or_else(|| rules.operators.clone()),
        escalate_after: route.escalate_after.or(rules.escalate_after),
        language: route.language.unwrap_or(rules.language),
        hours: Hours {
            timezone: route.timezone.unwrap_or_else(|| rules.timezone.clone()),
            quiet: route.quiet_hours.or(rules.quiet_hours),
            working_days: working_days
                .find(|days| !days.is_empty())
                .unwrap_or_default(),
        },
    }
}

/// Removes duplicates and keeps the order.
pub(super) fn each_once(mut addresses: Vec<String>) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    addresses.retain(|address| seen.insert(address.clone()));
    addresses
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::fixtures::*;
    use crate::model::{Cause, Kind};
    use jiff::civil::Weekday;

    const OPS: &str = "ops@example.com";
    const MARIA_AT: &str = "maria@example.com";

    fn owner(name: &str, kind: Kind, owners: &[&str]) -> Owner {
        Owner {
            name: name.to_owned(),
            kind: Some(kind),
            owners: named(owners),
        }
    }

    fn named(rendered: &[&str]) -> Vec<String> {
        rendered.iter().map(|word| (*word).to_owned()).collect()
    }

    fn notified(cause: Cause, token_owners: &[Owner], routes: Vec<Route>) -> Recipients {
        let rules = Rules { routes, ..rules() };
        recipients_of_incident(&incident(cause), token_owners, &rules)
    }

    #[test]
    fn owners_are_notified_unless_only_the_operator_can_act() {
        let user = |owners: &[&str]| owner("acme-maria", Kind::User, owners);
        for (cause, owners, expected) in [
            (Cause::Expired, &[MARIA_AT][..], MARIA_AT),
            (Cause::PermissionMissing, &[MARIA_AT], MARIA_AT),
            (Cause::Expired, &[], OPS),
            (Cause::Unreadable, &[MARIA_AT], OPS),
            (Cause::WrongApp, &[MARIA_AT], OPS),
            (Cause::Outage, &[MARIA_AT], OPS),
            (Cause::AppSecretWrong, &[MARIA_AT], OPS),
        ] {
            assert_eq!(notified(cause, &[user(owners)], Vec::new()).to, [expected]);
        }
    }

    #[test]
    fn routes_lead_by_app_kind_name_and_owner() {
        let page = owner("acme-bakery", Kind::Page, &[MARIA_AT]);
        let base = || Route {
            to: named(&["agency@example.com"]),
            ..Route::default()
        };
        let for_app = |app: &str| Route {
            app: Some(app.to_owned()),
            ..base()
        };
        let of_kind = |kind| Route {
            kind: Some(kind),
            ..base()
        };
        let of_names = |names: &[&str]| Route {
            tokens: named(names),
            ..base()
        };
        let of_owners = |owners: &[&str]| Route {
            owners: named(owners),
            ..base()
        };
        for (route, leads) in [
            (for_app("acme"), true),
            (for_app("beta"), false),
            (of_kind(Kind::Page), true),
            (of_kind(Kind::User), false),
            (of_names(&["other", "*-bakery"]), true),
            (of_names(&["bakery"]), false),
            (of_owners(&["*@example.com"]), true),
            (of_owners(&["*@example.org"]), false),
        ] {
            let expected = if leads {
                "agency@example.com"
            } else {
                MARIA_AT
            };
            let recipients_of_incident =
                notified(Cause::Expired, std::slice::from_ref(&page), vec![route]);
            assert_eq!(recipients_of_incident.to, [expected]);
        }
    }

    #[test]
    fn copies_are_separate_and_a_token_without_owner_is_the_operators() {
        let copied = Route {
            app: Some("acme".to_owned()),
            cc: named(&["boss@example.com"]),
            ..Route::default()
        };
        let owned = owner("acme-maria", Kind::User, &[MARIA_AT]);
        let nobodys = owner("acme-zoe", Kind::User, &[]);
        for (owner, expected) in [
            (&owned, [MARIA_AT, "boss@example.com"]),
            (&nobodys, ["boss@example.com", OPS]),
        ] {
            let one = std::slice::from_ref(owner);
            assert_eq!(
                notified(Cause::Expired, one, vec![copied.clone()]).to,
                expected
            );
        }
        let seen = Route {
            copy_operators: true,
            ..copied
        };
        let one = std::slice::from_ref(&owned);
        let all = [MARIA_AT, "boss@example.com", OPS];
        assert_eq!(notified(Cause::Expired, one, vec![seen]).to, all);
        let rules = Rules {
            copy_operators: true,
            ..rules()
        };
        let recipients_of_incident = recipients_of_incident(&incident(Cause::Expired), one, &rules);
        assert_eq!(recipients_of_incident.to, [MARIA_AT, OPS]);
    }

    #[test]
    fn the_first_route_in_the_file_decides_on_hours_language_and_the_second_person() {
        let german = Route {
            kind: Some(Kind::Page),
            language: Some(Language::German),
            escalate_to: named(&["second@example.com"]),
            escalate_after: Some(days(1)),
            working_days: vec![Weekday::Monday],
            ..Route::default()
        };
        let everybody = Route {
            tokens: named(&["*"]),
            escalate_after: Some(days(9)),
            ..Route::default()
        };
        let both = [
            owner("acme-maria", Kind::User, &[MARIA_AT]),
            owner("acme-bakery", Kind::Page, &["baker@example.com"]),
        ];
        let recipients_of_incident = notified(Cause::Expired, &both, vec![german, everybody]);
        assert_eq!(recipients_of_incident.to, [MARIA_AT, "baker@example.com"]);
        assert_eq!(recipients_of_incident.language, Language::German);
        assert_eq!(recipients_of_incident.escalation, ["second@example.com"]);
        assert_eq!(recipients_of_incident.escalate_after, Some(days(1)));
        assert_eq!(recipients_of_incident.hours.working_days, [Weekday::Monday]);
        let plain = notified(Cause::Expired, &both, Vec::new());
        assert_eq!(
            (plain.escalation, plain.escalate_after),
            (named(&[OPS]), None)
        );
    }
}
