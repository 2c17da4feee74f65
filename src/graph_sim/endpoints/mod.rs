//! Finds the endpoint of a call and builds the answer in Meta's format. Nothing here waits; the server handles faults
//! and connections.

mod access_token;
mod answer;
mod caller;
mod code;
mod debug_token;
mod description;
mod edges;
mod field_syntax;
mod instagram_threads;
mod known_fields;
mod node;
mod object;
mod pages;
mod paging;
mod reader;
mod request;
mod revoke;
mod route;
mod system_users;
mod values;
mod versions;
mod whatsapp;

#[cfg(test)]
mod tests;

use answer::Success;
pub(crate) use answer::{Answer, GraphError, NamedHeader, json};
pub(crate) use instagram_threads::unsupported;
pub(crate) use request::{Method, Params, Request};

use super::call_log::{Endpoint, Outcome};
use super::platform::{self, Platform};
use super::world::{AppKey, Id, Known, Payer, Tenure, TokenKind, World, missing_object};
use access_token::GrantType;
use caller::Caller;
use route::Route;

/// A call with its endpoint.
#[derive(Clone, Copy)]
enum Call<'a> {
    Facebook(Route<'a>),
    InstagramOrThreads(Platform, instagram_threads::Route<'a>),
}

impl<'a> Call<'a> {
    fn of(world: &World, request: &Request<'a>) -> Self {
        match platform_of(world, request) {
            Platform::Facebook => Self::Facebook(Route::of(request)),
            platform @ (Platform::Instagram | Platform::Threads) => {
                Self::InstagramOrThreads(platform, instagram_threads::Route::of(platform, request))
            }
        }
    }

    fn endpoint(self) -> Endpoint {
        match self {
            Self::Facebook(route) => route.endpoint(),
            Self::InstagramOrThreads(_, route) => route.endpoint(),
        }
    }

    /// Threads has one version, which never ends.
    fn version_header(self, world: &World, request: &Request<'_>) -> Option<NamedHeader> {
        match self {
            Self::InstagramOrThreads(Platform::Threads, _) => None,
            Self::Facebook(_) | Self::InstagramOrThreads(..) => {
                Some(version_header(world, request))
            }
        }
    }

    fn weight(self, request: &Request<'_>) -> usize {
        match self {
            Self::Facebook(route) => route.weight(request),
            Self::InstagramOrThreads(..) => 1,
        }
    }

    fn answer(self, world: &mut World, request: &Request<'_>) -> Result<Success, GraphError> {
        match self {
            Self::Facebook(Route::Picture(id)) => object::picture(world, request, id),
            Self::Facebook(route) => answer(world, request, route).map(Success::Body),
            Self::InstagramOrThreads(platform, route) => {
                instagram_threads::answer(world, request, platform, route).map(Success::Body)
            }
        }
    }
}

/// Returns the platform that a call is for: of its host or, where the host names none, of its grant, app or token.
pub(crate) fn platform_of(world: &World, request: &Request<'_>) -> Platform {
    let of_grant = || Platform::of_grant(request.params.get("grant_type")?);
    let of_app = || world.platform_of_app(request.params.get("client_id")?);
    let of_token = || world.platform_of_token(request.access_token()?);
    let named = request.platform.or_else(of_grant);
    named.or_else(of_app).or_else(of_token).unwrap_or_default()
}

/// Answers one call that is not a batch.
pub(crate) fn respond(world: &mut World, request: &Request<'_>) -> Answer {
    let call = Call::of(world, request);
    let payer = payer(world, request);
    let charged = payer.map_or(Ok(()), |payer| {
        (0..call.weight(request)).try_for_each(|_| world.charge(payer))
    });
    let result = charged.and_then(|()| call.answer(world, request));
    let outcome = if result.is_ok() {
        Outcome::Answered
    } else {
        Outcome::Refused
    };
    world.call_log.record_call(call.endpoint(), outcome);
    let mut headers = Vec::from_iter(call.version_header(world, request));
    headers.extend(payer.and_then(|payer| world.usage_header(payer)));
    match result {
        Ok(Success::Body(body)) => Answer {
            status: 200,
            body,
            headers,
        },
        Ok(Success::Elsewhere(location)) => {
            headers.push(("Location".into(), location));
            Answer {
                status: 302,
                body: String::new(),
                headers,
            }
        }
        Err(error) => {
            let mut answer = error.answer(&world.trace_id());
            headers.append(&mut answer.headers);
            Answer { headers, ..answer }
        }
    }
}

pub(crate) fn endpoint_of(world: &World, request: &Request<'_>) -> Endpoint {
    Call::of(world, request).endpoint()
}

/// Returns whose limit the call counts against: the token's or, without a token, the app's.
pub(crate) fn payer(world: &World, request: &Request<'_>) -> Option<Payer> {
    let Some(text) = request.access_token() else {
        let app = request.params.get("client_id")?;
        return world.app_key(app).ok().map(Payer::App);
    };
    match world.identify(platform_of(world, request), text).ok()? {
        Known::App(app) => Some(Payer::App(app)),
        Known::Issued(key) => {
            let token = world.token(key);
            Some(match world.token_kind(key) {
                TokenKind::User | TokenKind::InstagramUser | TokenKind::ThreadsUser => {
                    Payer::Person {
                        app: token.app,
                        person: token.subject,
                    }
                }
                TokenKind::Page | TokenKind::SystemUser => Payer::Business {
                    app: token.app,
                    account: token.subject(),
                },
            })
        }
    }
}

pub(crate) fn version_header(world: &World, request: &Request<'_>) -> NamedHeader {
    let version = versions::served(world.now(), request.version);
    ("Facebook-API-Version".into(), version.to_string())
}

fn answer(
    world: &mut World,
    request: &Request<'_>,
    route: Route<'_>,
) -> Result<String, GraphError> {
    if request
        .version
        .is_some_and(|version| !versions::is_released(version))
    {
        return Err(unknown_path(request));
    }
    match route {
        Route::DebugToken => debug_token::debug_token(world, request),
        Route::AccessToken(GrantType::Token) => access_token::exchange(world, request),
        Route::AccessToken(GrantType::AppItself) => {
            access_token::client_credentials(world, request)
        }
        Route::AccessToken(GrantType::Code) => code::redeem(world, request),
        Route::ClientCode => code::client_code(world, request),
        Route::Revoke => revoke::revoke(world, request),
        Route::Me => object::object(world, request, "me"),
        Route::Accounts(id) => object::edge(world, request, id, "accounts"),
        Route::Permissions(id) => permissions(world, request, id),
        Route::Permission(id, scope) => {
            let (app, person) = person_at(world, request, id)?;
            match request.method() {
                Method::Delete => revoke::drop_permission(world, app, person, scope),
                Method::Get | Method::Post => Err(node::missing(scope, request)),
            }
        }
        Route::AccessTokens(id) => match request.method() {
            Method::Post => system_users::access_tokens(world, request, id),
            Method::Delete => revoke::drop_access_tokens(world, request, id),
            Method::Get => Err(node::missing(id, request)),
        },
        Route::SubscribedApps(id) if world.whatsapp_account(id).is_some() => {
            whatsapp::subscribed_apps(world, request, id)
        }
        Route::SubscribedApps(id) => match request.method() {
            Method::Get => object::edge(world, request, id, "subscribed_apps"),
            Method::Post => pages::subscribe(world, request, id),
            Method::Delete => pages::unsubscribe(world, request, id),
        },
        Route::Businesses(id) => object::edge(world, request, id, "businesses"),
        Route::BusinessPages(id, Tenure::Owned) => object::edge(world, request, id, "owned_pages"),
        Route::BusinessPages(id, Tenure::Client) => {
            object::edge(world, request, id, "client_pages")
        }
        Route::PhoneNumbers(id) => whatsapp::phone_numbers(world, request, id),
        Route::Object(id) if world.whatsapp_account(id).is_some() => {
            whatsapp::account(world, request, id)
        }
        Route::Object(id) => object::object(world, request, id),
        Route::Objects => object::objects(world, request),
        Route::Picture(_) | Route::Unknown => Err(unknown_path(request)),
    }
}

/// The answer to a method that the Graph API does not have, such as PUT.
pub(crate) fn unsupported_method(path: &str, method: &str) -> GraphError {
    let (_, path) = platform::split(path);
    let (_, path) = versions::split(path);
    let id = path.split('/').next().unwrap_or_default();
    GraphError::method(100, missing_object(id, method)).with_subcode(33)
}

fn unknown_path(request: &Request<'_>) -> GraphError {
    GraphError::oauth(2500, format!("Unknown path components: /{}", request.path))
}

fn permissions(world: &mut World, request: &Request<'_>, id: &str) -> Result<String, GraphError> {
    if request.method() != Method::Delete {
        return object::edge(world, request, id, "permissions");
    }
    let (app, person) = person_at(world, request, id)?;
    match request.params.get("permission") {
        Some(scope) => revoke::drop_permission(world, app, person, scope),
        None => revoke::deauthorize(world, app, person),
    }
}

/// Returns the person that `id` names, if the caller is that person or the app.
fn person_at(world: &World, request: &Request<'_>, id: &str) -> Result<(AppKey, Id), GraphError> {
    let missing = || node::missing(id, request);
    match caller::identify(world, request)? {
        Caller::Token(key) => {
            let token = world.token(key);
            let is_own = id == "me" || id == token.subject.to_string();
            is_own
                .then_some((token.app, token.subject))
                .ok_or_else(missing)
        }
        Caller::App(_) if id == "me" => Err(caller::needs_active_token()),
        Caller::App(app) => {
            let person = world.person_id(id).map_err(|_| missing())?;
            Ok((app, person))
        }
    }
}
