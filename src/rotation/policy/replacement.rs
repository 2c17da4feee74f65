//! Whether one token may replace another: same kind, same subject, no fewer scopes, no earlier expiry.

use crate::model::{Expiry, Facts, Mismatch, Token};

/// Why `new` may not replace `current`. `None` if Meta never described the current one.
pub(super) fn check_replacement(current: &Token, new: &Facts) -> Option<Mismatch> {
    let old = current.facts.as_ref()?;
    if new.kind != old.kind {
        return Some(Mismatch::OtherKind {
            kind: new.kind,
            expected: old.kind,
        });
    }
    if new.subject != old.subject {
        let (subject, expected) = (new.subject.clone(), old.subject.clone());
        return Some(Mismatch::OtherSubject { subject, expected });
    }
    let missing = old.scopes.as_ref()?.without(new.scopes.as_ref()?);
    (!missing.is_empty()).then_some(Mismatch::FewerScopes { missing })
}

/// Whether `new` expires before the living token that it would replace.
pub(super) fn ends_earlier(current: &Token, new: &Facts) -> bool {
    let alive = current.is_alive();
    let old = current
        .facts
        .as_ref()
        .map_or(Expiry::Unknown, |facts| facts.expires_at);
    match (old, new.expires_at) {
        _ if !alive => false,
        (Expiry::Never, Expiry::At(_)) => true,
        (Expiry::At(old), Expiry::At(new)) => new < old,
        (Expiry::Never | Expiry::Unknown | Expiry::At(_), _) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Health, Kind, Scopes};
    use crate::rotation::policy::fixtures::*;

    #[test]
    fn only_an_equal_takes_the_place() {
        let current = token(Some(facts(Some(10), None)));
        let with = |change: fn(&mut Facts)| {
            let mut new = facts(Some(60), None);
            change(&mut new);
            check_replacement(&current, &new)
        };
        assert_eq!(with(|_| ()), None);
        assert_eq!(
            with(|new| new.scopes = Some(Scopes::parse("email pages_show_list x"))),
            None
        );
        assert!(matches!(
            with(|new| new.kind = Kind::Page),
            Some(Mismatch::OtherKind { .. })
        ));
        assert!(matches!(
            with(|new| new.subject = "8".to_owned()),
            Some(Mismatch::OtherSubject { .. })
        ));
        let missing = Scopes::parse("pages_show_list");
        assert_eq!(
            with(|new| new.scopes = Some(Scopes::parse("email"))),
            Some(Mismatch::FewerScopes { missing })
        );
        assert_eq!(check_replacement(&token(None), &facts(None, None)), None);
    }

    #[test]
    fn a_living_token_gives_way_to_none_that_ends_earlier() {
        for (old, new, earlier) in [
            (Some(10), Some(60), false),
            (Some(10), Some(5), true),
            (Some(10), Some(10), false),
            (None, Some(60), true),
            (Some(10), None, false),
            (None, None, false),
        ] {
            let current = token(Some(facts(old, None)));
            assert_eq!(
                ends_earlier(&current, &facts(new, None)),
                earlier,
                "{old:?} {new:?}"
            );
        }
        let health = Health::Dead {
            since: now(),
            cause: crate::model::Cause::PasswordChanged,
        };
        let dead = Token {
            health,
            ..token(Some(facts(None, None)))
        };
        assert!(!ends_earlier(&dead, &facts(Some(1), None)));
    }
}
