//! What an app asks of a person by opening the dialog, and the address the browser is sent back
//! to with the answer. Pure.

use form_urlencoded::Serializer;

use crate::graph_sim::endpoints::Params;
use crate::graph_sim::world::{
    AppKey, AppMode, Consent, Id, Origin, PageSelection, Permission, Refusal, World,
};

/// What the person clicks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DialogAnswer {
    Allow {
        declined: Vec<String>,
        pages: PageSelection,
    },
    Cancel,
}

impl DialogAnswer {
    /// Everything that is asked for, on all pages.
    pub const fn allow() -> Self {
        Self::Allow {
            declined: Vec::new(),
            pages: PageSelection::All,
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Dialog {
    pub(crate) app: AppKey,
    redirect_uri: String,
    state: Option<String>,
    asking: Asking,
    response_type: String,
    auth_type: Option<String>,
    returns_scopes: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Asking {
    Scopes(Vec<String>),
    /// Login for Business: all of a configuration or nothing.
    Configuration(Vec<String>),
}

impl Asking {
    fn scopes(&self) -> &[String] {
        match self {
            Self::Scopes(scopes) | Self::Configuration(scopes) => scopes,
        }
    }
}

impl Dialog {
    pub(crate) fn read(world: &World, params: &Params<'_>) -> Result<Self, Refusal> {
        let id = params.get("client_id").unwrap_or_default();
        let app = world.app_key(id)?;
        Ok(Self {
            app,
            redirect_uri: redirect_uri(world, app, params)?.to_owned(),
            state: params.get("state").map(str::to_owned),
            asking: asking(world, app, params)?,
            response_type: params.get("response_type").unwrap_or("code").to_owned(),
            auth_type: params.get("auth_type").map(str::to_owned),
            returns_scopes: params.is_on("return_scopes"),
        })
    }

    pub(crate) const fn is_all_or_nothing(&self) -> bool {
        matches!(self.asking, Asking::Configuration(_))
    }

    /// What is shown to this person: what was declined before is not asked again, unless the app
    /// says `rerequest`.
    pub(crate) fn asked_of(&self, world: &World, person: Id) -> Vec<String> {
        let declined = |scope: &String| {
            let grant = world.grant(self.app, person);
            grant.is_some_and(|grant| {
                grant.permissions.get(scope.as_str()) == Some(&Permission::Declined)
            })
        };
        let again = self.auth_type.as_deref() == Some("rerequest");
        let scopes = self.asking.scopes().iter();
        scopes
            .filter(|scope| again || !declined(scope))
            .cloned()
            .collect()
    }

    /// Where the browser is sent with this answer.
    pub(crate) fn conclude(
        &self,
        world: &mut World,
        person: Id,
        answer: DialogAnswer,
    ) -> Result<String, Refusal> {
        let app = world.app(self.app);
        let is_outsider = app.mode == AppMode::Development && !app.developers.contains(&person);
        match (answer, &self.asking) {
            // An app that is not live answers as if the person had cancelled.
            (DialogAnswer::Allow { .. }, Asking::Configuration(_)) if is_outsider => {
                Ok(self.cancelled())
            }
            (DialogAnswer::Allow { .. }, Asking::Scopes(_)) if is_outsider => Ok(self.sandboxed()),
            (DialogAnswer::Cancel, _) => Ok(self.cancelled()),
            (DialogAnswer::Allow { declined, pages }, Asking::Configuration(_))
                if declined.is_empty() =>
            {
                self.allowed(world, person, Vec::new(), pages)
            }
            (DialogAnswer::Allow { .. }, Asking::Configuration(_)) => Ok(self.cancelled()),
            (DialogAnswer::Allow { declined, pages }, Asking::Scopes(_)) => {
                self.allowed(world, person, declined, pages)
            }
        }
    }

    fn allowed(
        &self,
        world: &mut World,
        person: Id,
        declined: Vec<String>,
        pages: PageSelection,
    ) -> Result<String, Refusal> {
        let mut granted = self.asked_of(world, person);
        granted.retain(|scope| !declined.contains(scope));
        let consent = Consent {
            granted,
            declined,
            pages,
        };
        world.authorize(self.app, person, consent)?;
        let mut query = Serializer::new(String::new());
        if self.response_type.contains("code") {
            let origin = Origin::Dialog {
                redirect_uri: self.redirect_uri.clone(),
            };
            let auth_type = self.auth_type.as_deref();
            query.append_pair(
                "code",
                &world.issue_code(self.app, person, origin, auth_type),
            );
        }
        if self.response_type.contains("token") {
            append_token(&mut query, world, self.app, person);
        }
        if self.returns_scopes || self.response_type.contains("granted_scopes") {
            append_scopes(&mut query, world, self.app, person);
        }
        Ok(self.back_with(query))
    }

    fn cancelled(&self) -> String {
        let mut query = Serializer::new(String::new());
        query
            .append_pair("error", "access_denied")
            .append_pair("error_code", "200")
            .append_pair("error_description", "Permissions error")
            .append_pair("error_reason", "user_denied");
        self.back_with(query)
    }

    /// There is no `error` in this one.
    fn sandboxed(&self) -> String {
        let mut query = Serializer::new(String::new());
        let message = "This app is in sandbox mode. Edit the app configuration to make it live.";
        query
            .append_pair("error_code", "901")
            .append_pair("error_message", message);
        self.back_with(query)
    }

    /// Tokens come in the fragment, and so does everything beside them.
    fn back_with(&self, mut query: Serializer<'_, String>) -> String {
        if let Some(state) = &self.state {
            query.append_pair("state", state);
        }
        let (address, query) = (&self.redirect_uri, query.finish());
        if self.response_type.contains("token") {
            return format!("{address}#{query}");
        }
        let separator = if address.contains('?') { '&' } else { '?' };
        format!("{address}{separator}{query}#_=_")
    }
}

fn redirect_uri<'a>(
    world: &World,
    app: AppKey,
    params: &'a Params<'_>,
) -> Result<&'a str, Refusal> {
    let address = params.get("redirect_uri").unwrap_or_default();
    if !is_absolute(address) {
        let message = "redirect_uri isn't an absolute URI. Check RFC 3986.";
        return Err(Refusal::Dialog(message.to_owned()));
    }
    if world.app(app).may_return_to(address) {
        return Ok(address);
    }
    Err(Refusal::Dialog(
        "URL blocked: this redirect failed because the redirect URI is not \
        white-listed in the app's client OAuth settings."
            .to_owned(),
    ))
}

pub(crate) fn is_absolute(address: &str) -> bool {
    let scheme = address
        .split_once("://")
        .map(|(scheme, rest)| (scheme, rest.is_empty()));
    matches!(scheme, Some(("http" | "https", false)))
}

fn asking(world: &World, app: AppKey, params: &Params<'_>) -> Result<Asking, Refusal> {
    let Some(id) = params.get("config_id") else {
        let scopes = params.get("scope").unwrap_or_default();
        let scopes = scopes.split([',', ' ']).filter(|scope| !scope.is_empty());
        return Ok(Asking::Scopes(scopes.map(str::to_owned).collect()));
    };
    let known = world.app(app).configurations.get(id).cloned();
    known
        .map(Asking::Configuration)
        .ok_or_else(|| Refusal::unknown("configuration", id))
}

fn append_token(query: &mut Serializer<'_, String>, world: &mut World, app: AppKey, person: Id) {
    let key = world.issue_short_user_token(app, person);
    let now = world.now().as_second();
    let token = world.token(key);
    let left = token.expires_at.map_or(0, |end| end.as_second() - now);
    let grant = world.grant(app, person);
    let data_access = grant.and_then(|grant| grant.data_access_expires_at);
    query
        .append_pair("access_token", &token.text)
        .append_pair(
            "data_access_expiration_time",
            &data_access.map_or(0, |end| end.as_second()).to_string(),
        )
        .append_pair("expires_in", &left.to_string());
}

fn append_scopes(query: &mut Serializer<'_, String>, world: &World, app: AppKey, person: Id) {
    let said = |wanted: Permission| {
        let all = world
            .grant(app, person)
            .into_iter()
            .flat_map(|grant| &grant.permissions);
        let names: Vec<&str> = all
            .filter(|(_, said)| **said == wanted)
            .map(|(scope, _)| scope.as_ref())
            .collect();
        names.join(",")
    };
    query
        .append_pair("granted_scopes", &said(Permission::Granted))
        .append_pair("denied_scopes", &said(Permission::Declined));
}

impl World {
    /// Clicks through the dialog at `url` and tells where the browser is sent.
    pub fn answer_dialog(
        &mut self,
        url: &str,
        person: &str,
        answer: DialogAnswer,
    ) -> Result<String, Refusal> {
        let (_, query) = url.split_once('?').unwrap_or((url, ""));
        let dialog = Dialog::read(self, &Params::parse(query))?;
        let person = self.person_id(person)?;
        dialog.conclude(self, person, answer)
    }
}
