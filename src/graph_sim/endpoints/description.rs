//! A token as the debugger describes it. Serialized directly, without a tree of values, because programs inspect every
//! token that they have.

use std::borrow::Cow;

use serde::{Serialize, Serializer};

use super::answer::json;
use crate::graph_sim::world::{
    AppKey, Death, Grant, Id, Lifetime, Token, TokenError, TokenKey, Unreadable, World,
    concerns_assets,
};

#[derive(Serialize)]
struct Answer<'a> {
    data: Data<'a>,
}

#[derive(Default, Serialize)]
pub(super) struct Data<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    app_id: Option<&'a str>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    application: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data_access_expires_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Problem>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<i64>,
    is_valid: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    issued_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile_id: Option<Id>,
    scopes: ScopeNames<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    granular_scopes: Option<Granular<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<UserId>,
}

/// The key is `subcode` here and `error_subcode` everywhere else.
#[derive(Serialize)]
struct Problem {
    code: i64,
    message: Cow<'static, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subcode: Option<u32>,
}

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        Self {
            code: error.code,
            message: error.message.into(),
            subcode: error.subcode,
        }
    }
}

#[derive(Serialize)]
struct Metadata<'a> {
    auth_type: &'a str,
}

impl<'a> Data<'a> {
    pub(super) fn json(self) -> String {
        json(&Answer { data: self })
    }

    pub(super) fn unreadable(unreadable: Unreadable) -> Self {
        let message = Cow::Borrowed(unreadable.message());
        Self {
            error: Some(Problem {
                code: 190,
                message,
                subcode: None,
            }),
            ..Self::default()
        }
    }

    pub(super) fn app(world: &'a World, app: AppKey) -> Self {
        let app = world.app(app);
        Self {
            app_id: Some(&app.id),
            kind: Some("APP"),
            application: Some(&app.name),
            is_valid: true,
            ..Self::default()
        }
    }

    pub(super) fn token(world: &'a World, key: TokenKey) -> Self {
        let token = world.token(key);
        let app = world.app(token.app);
        let grant = world.grant(token.app, token.subject);
        let death = world.liveness(key).err();
        let view = View {
            token,
            grant,
            death,
        };
        Self {
            app_id: Some(&app.id),
            kind: Some(world.token_kind(key).as_str()),
            application: Some(&app.name),
            data_access_expires_at: Some(view.data_access_end()),
            error: death.map(|death| world.token_error(key, death).into()),
            expires_at: Some(view.end()),
            is_valid: death.is_none(),
            issued_at: view.issued_at(),
            metadata: token
                .auth_type
                .as_deref()
                .map(|auth_type| Metadata { auth_type }),
            profile_id: Some(token.subject()).filter(|subject| *subject != token.subject),
            scopes: view.scopes(),
            granular_scopes: view.granular_scopes(),
            user_id: Some(UserId::Text(token.subject)),
        }
    }

    /// Threads leaves out the app's id and the granular scopes, and writes the person's id as a number.
    pub(super) fn threads_token(world: &'a World, key: TokenKey) -> Self {
        Self {
            app_id: None,
            metadata: None,
            granular_scopes: None,
            user_id: Some(UserId::Number(world.token(key).subject.number())),
            ..Self::token(world, key)
        }
    }
}

/// A person's id in either spelling.
#[derive(Serialize)]
#[serde(untagged)]
enum UserId {
    Text(Id),
    Number(u64),
}

/// A token with everything that determines its description.
struct View<'a> {
    token: &'a Token,
    grant: Option<&'a Grant>,
    death: Option<Death>,
}

impl<'a> View<'a> {
    fn data_access_end(&self) -> i64 {
        let end = self.grant.and_then(|grant| grant.data_access_expires_at);
        end.map_or(0, |end| end.as_second())
    }

    fn end(&self) -> i64 {
        match (self.token.expires_at, self.hides_clocks()) {
            (Some(end), false) => end.as_second(),
            (Some(_) | None, true) | (None, false) => 0,
        }
    }

    fn issued_at(&self) -> Option<i64> {
        let shown = self.token.validity == Lifetime::Long && !self.hides_clocks();
        shown.then(|| self.token.issued_at.as_second())
    }

    fn hides_clocks(&self) -> bool {
        self.death.is_some_and(Death::hides_clocks)
    }

    fn scopes(&self) -> ScopeNames<'a> {
        let hidden = self.death.is_some_and(Death::hides_scopes);
        ScopeNames(
            self.grant
                .filter(|_| !hidden)
                .map(|grant| (self.token, grant)),
        )
    }

    fn granular_scopes(&self) -> Option<Granular<'a>> {
        let scopes = self.scopes();
        let shown = scopes.iter().any(concerns_assets);
        shown.then_some(Granular(scopes))
    }
}

/// The scopes that the token was issued with and that are still granted.
#[derive(Clone, Copy, Default)]
struct ScopeNames<'a>(Option<(&'a Token, &'a Grant)>);

impl<'a> ScopeNames<'a> {
    fn iter(self) -> impl Iterator<Item = &'a str> {
        self.0
            .into_iter()
            .flat_map(|(token, grant)| token.live_scopes(grant))
    }
}

impl Serialize for ScopeNames<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

struct Granular<'a>(ScopeNames<'a>);

#[derive(Serialize)]
struct GranularScope<'a> {
    scope: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    target_ids: Option<Vec<Id>>,
}

impl Serialize for Granular<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let assets = self.0.iter().filter(|scope| concerns_assets(scope));
        serializer.collect_seq(assets.map(|scope| GranularScope {
            scope,
            target_ids: self.targets(scope),
        }))
    }
}

impl Granular<'_> {
    /// A page token names its own page. `None` if the person selected all pages, or shares all WhatsApp accounts.
    fn targets(&self, scope: &str) -> Option<Vec<Id>> {
        let (token, grant) = self.0.0?;
        if scope.starts_with("whatsapp_") {
            let shared = grant.whatsapp_accounts.as_ref()?;
            return Some(shared.iter().copied().collect());
        }
        let pages = grant
            .picked
            .listed()
            .filter(|_| scope.starts_with("pages_"))?;
        Some(if token.subject() == token.subject {
            pages.iter().copied().collect()
        } else {
            vec![token.subject()]
        })
    }
}
