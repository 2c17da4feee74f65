//! Decides which results concern other tokens of the same person.

use std::collections::HashSet;

use crate::model::{CheckResult, Concern, Facts, Kind, Related};

/// What a sweep has made due already: once for each person, however many of that person's tokens died or recovered.
#[derive(Debug, Default)]
pub struct Announced(HashSet<(Concern, Kind, String)>);

/// The results that concern other tokens and that the sweep has not announced yet.
pub fn related(results: &[CheckResult], announced: &mut Announced) -> Vec<Related> {
    let mut found = Vec::new();
    for result in results {
        let Some(facts) = &result.after.facts else {
            continue;
        };
        let concerns = [
            (result.died(), Concern::Death),
            (result.permissions_changed(), Concern::Permissions),
            (result.revived(), Concern::Recovery),
        ];
        for (_, concern) in concerns.into_iter().filter(|(applies, _)| *applies) {
            if announced.0.insert(key(concern, facts)) {
                let of = result.after.clone();
                found.push(Related { concern, of });
            }
        }
    }
    found
}

/// A death is the same for the whole person. A change of the person's own token reaches more tokens than that of a page
/// token, and a user token that recovers reaches other tokens than a system user's.
fn key(concern: Concern, facts: &Facts) -> (Concern, Kind, String) {
    let kind = match (concern, facts.kind) {
        (Concern::Death, _) => Kind::Page,
        (Concern::Permissions, kind) if kind != Kind::Page => Kind::User,
        (Concern::Permissions | Concern::Recovery, kind) => kind,
    };
    (concern, kind, facts.person.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Cause, Health, Scopes, Token};
    use crate::rotation::policy::fixtures::*;

    fn died(person: &str, kind: Kind) -> CheckResult {
        let facts = Facts {
            person: person.to_owned(),
            kind,
            ..facts(None, None)
        };
        let mut result = CheckResult::new(claimed(token(Some(facts))), now());
        result.after.health = Health::Dead {
            since: now(),
            cause: Cause::PasswordChanged,
        };
        result
    }

    #[test]
    fn a_person_whose_pages_died_is_announced_once_in_a_sweep() {
        let mut announced = Announced::default();
        let slice: Vec<CheckResult> = (0..1_000).map(|_| died("7", Kind::Page)).collect();
        assert_eq!(related(&slice, &mut announced).len(), 1);
        let next = [died("7", Kind::User), died("8", Kind::Page)];
        let found = related(&next, &mut announced);
        let persons: Vec<&Token> = found.iter().map(|related| &related.of).collect();
        assert_eq!(persons.len(), 1);
        assert_eq!(persons[0].facts.as_ref().unwrap().person, "8");
    }

    #[test]
    fn a_permission_of_a_page_is_other_news_than_one_of_a_persons_own_token() {
        let lost = |kind: Kind| {
            let mut result = died("7", kind);
            result.after.health = Health::Healthy;
            result.after.permissions.lost = Scopes::parse("email");
            result
        };
        let mut announced = Announced::default();
        let kinds = [Kind::Page, Kind::User, Kind::Page, Kind::SystemUser];
        let found = related(&kinds.map(lost), &mut announced);
        let kinds = found
            .iter()
            .map(|news| news.of.facts.as_ref().unwrap().kind);
        assert_eq!(kinds.collect::<Vec<_>>(), [Kind::Page, Kind::User]);
    }

    #[test]
    fn each_kind_of_news_is_announced_by_itself() {
        let mut announced = Announced::default();
        let mut back = died("7", Kind::Page);
        std::mem::swap(&mut back.claimed.token, &mut back.after);
        let results = [died("7", Kind::Page), back];
        let found = related(&results, &mut announced);
        let concerns: Vec<Concern> = found.iter().map(|related| related.concern).collect();
        assert_eq!(concerns, [Concern::Death, Concern::Recovery]);
    }
}
