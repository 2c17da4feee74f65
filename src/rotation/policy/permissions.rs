//! Compares a token's permissions with the required ones: which were lost, and which were never granted.

use crate::model::{Facts, Permissions, Scopes, Token};

/// The permissions of a token that Meta has just described as alive.
pub(super) fn permissions_after(before: &Token, facts: &Facts) -> Permissions {
    let known = before
        .facts
        .as_ref()
        .and_then(|known| known.scopes.as_ref());
    let lost = match (known, &facts.scopes) {
        (Some(known), Some(has)) => known.union(&before.permissions.lost).without(has),
        (Some(_) | None, _) => Scopes::default(),
    };
    Permissions {
        of_app: before.permissions.of_app.clone(),
        ungranted: before.missing_in(facts).without(&lost),
        lost,
    }
}

/// Whether the token lacks a required permission that it had before.
pub(super) fn lacks_what_it_had(token: &Token, facts: &Facts) -> bool {
    let lost = &token.permissions.lost;
    !lost.is_empty()
        && token
            .missing_in(facts)
            .iter()
            .any(|scope| lost.contains(scope))
}

/// The permissions that were lost in this check, and those that were restored.
pub(super) fn changed_permissions(before: &Token, after: &Token) -> (Scopes, Scopes) {
    let (was, is) = (&before.permissions.lost, &after.permissions.lost);
    (is.without(was), was.without(is))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Kind;
    use crate::rotation::policy::fixtures::*;

    fn with_scopes(scopes: &str) -> Facts {
        Facts {
            scopes: Some(Scopes::parse(scopes)),
            ..facts(None, None)
        }
    }

    fn requiring(own: &str, of_app: &str, facts: Option<Facts>) -> Token {
        Token {
            required_scopes: Scopes::parse(own),
            permissions: Permissions {
                of_app: Scopes::parse(of_app),
                ..Permissions::default()
            },
            ..token(facts)
        }
    }

    fn after(mut token: Token, facts: Facts) -> Token {
        token.permissions = permissions_after(&token, &facts);
        token.facts = Some(facts);
        token
    }

    fn lacks(token: &Token) -> bool {
        lacks_what_it_had(token, token.facts.as_ref().unwrap())
    }

    #[test]
    fn what_was_never_there_is_not_lost() {
        let token = after(requiring("a b", "", None), with_scopes("a"));
        assert_eq!(token.permissions.ungranted, Scopes::parse("b"));
        assert!(token.permissions.lost.is_empty() && !lacks(&token));
        let again = after(token, with_scopes("a"));
        assert_eq!(again.permissions.ungranted, Scopes::parse("b"));
        assert!(!lacks(&again));
    }

    #[test]
    fn what_was_there_stays_lost_until_it_comes_back() {
        let had = after(requiring("a b", "", None), with_scopes("a b c"));
        assert_eq!(had.permissions, Permissions::default());
        let lost = after(had.clone(), with_scopes("a"));
        let still = after(lost.clone(), with_scopes("a"));
        for token in [&lost, &still] {
            assert_eq!(token.permissions.lost, Scopes::parse("b c"));
            assert!(token.permissions.ungranted.is_empty() && lacks(token));
        }
        assert_eq!(
            changed_permissions(&had, &lost),
            (Scopes::parse("b c"), Scopes::default())
        );
        let back = after(still.clone(), with_scopes("a b"));
        assert!(!lacks(&back));
        assert_eq!(back.permissions.lost, Scopes::parse("c"));
        assert_eq!(
            changed_permissions(&still, &back),
            (Scopes::default(), Scopes::parse("b"))
        );
    }

    #[test]
    fn the_scopes_of_the_app_count_where_a_token_has_none_of_its_own() {
        let page = Facts {
            kind: Kind::Page,
            ..with_scopes("pages_show_list")
        };
        for (own, of_app, facts, expected) in [
            ("", "a", with_scopes("b"), "a"),
            ("b", "a", with_scopes("b"), ""),
            ("", "email pages_messaging", page.clone(), "pages_messaging"),
            ("email", "pages_messaging", page, "email"),
        ] {
            let token = after(requiring(own, of_app, None), facts);
            assert_eq!(token.missing_scopes(), Scopes::parse(expected));
            assert_eq!(token.permissions.ungranted, Scopes::parse(expected));
        }
    }
}
