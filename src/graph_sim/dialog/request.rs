//! The request that an app makes by opening the dialog. Pure.

use crate::graph_sim::endpoints::Params;
use crate::graph_sim::platform::Platform;
use crate::graph_sim::world::{AppKey, Id, PageSelection, Permission, World, WorldError};

/// The person's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DialogAnswer {
    Allow {
        declined: Vec<String>,
        pages: PageSelection,
    },
    Cancel,
}

impl DialogAnswer {
    /// Allows everything that the app requests, on all pages.
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
    pub(super) platform: Platform,
    pub(super) redirect_uri: String,
    pub(super) state: Option<String>,
    asking: Asking,
    pub(super) response_type: String,
    pub(super) auth_type: Option<String>,
    pub(super) returns_scopes: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Asking {
    Scopes(Vec<String>),
    /// Login for Business: the person allows all of a configuration or nothing.
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
    /// Reads a request to the dialog of `at`; `None` if the URL fits each platform's.
    pub(crate) fn read(
        world: &World,
        at: Option<Platform>,
        params: &Params<'_>,
    ) -> Result<Self, WorldError> {
        let id = params.get("client_id").unwrap_or_default();
        let app = world.app_key(id)?;
        let platform = world.app(app).platform;
        if at.is_some_and(|at| at != platform) {
            let message = "Invalid Request: Request parameters are invalid: Invalid platform app";
            return Err(WorldError::Dialog(message.to_owned()));
        }
        Ok(Self {
            app,
            platform,
            redirect_uri: redirect_uri(world, app, params)?.to_owned(),
            state: params.get("state").map(str::to_owned),
            asking: asking(world, app, params)?,
            response_type: response_type(platform, params)?.to_owned(),
            auth_type: params.get("auth_type").map(str::to_owned),
            returns_scopes: platform == Platform::Facebook && params.is_on("return_scopes"),
        })
    }

    pub(crate) const fn is_all_or_nothing(&self) -> bool {
        matches!(self.asking, Asking::Configuration(_))
    }

    /// Returns the permissions to show. Facebook leaves out those that the person declined before, unless the app says
    /// `rerequest`.
    pub(crate) fn asked_of(&self, world: &World, person: Id) -> Vec<String> {
        let declined = |scope: &String| {
            let grant = world.grant(self.app, person);
            grant.is_some_and(|grant| {
                grant.permissions.get(scope.as_str()) == Some(&Permission::Declined)
            })
        };
        let again =
            self.platform != Platform::Facebook || self.auth_type.as_deref() == Some("rerequest");
        let scopes = self.asking.scopes().iter();
        scopes
            .filter(|scope| again || !declined(scope))
            .cloned()
            .collect()
    }
}

/// Only Facebook returns anything but codes.
fn response_type<'a>(platform: Platform, params: &'a Params<'_>) -> Result<&'a str, WorldError> {
    let wanted = params.get("response_type").unwrap_or("code");
    if platform == Platform::Facebook || wanted == "code" {
        return Ok(wanted);
    }
    let message = "Invalid Request: Request parameters are invalid: Invalid response_type";
    Err(WorldError::Dialog(message.to_owned()))
}

/// Returns the platform that a dialog's address or path names; `None` if it fits each platform's.
pub(super) fn platform_of(address: &str) -> Option<Platform> {
    let mut segments = address.split('/');
    let named = segments.find_map(Platform::of_host);
    let of_facebook = address
        .ends_with("/dialog/oauth")
        .then_some(Platform::Facebook);
    named.or(of_facebook)
}

fn redirect_uri<'a>(
    world: &World,
    app: AppKey,
    params: &'a Params<'_>,
) -> Result<&'a str, WorldError> {
    let address = params.get("redirect_uri").unwrap_or_default();
    if !is_absolute(address) {
        let message = "redirect_uri isn't an absolute URI. Check RFC 3986.";
        return Err(WorldError::Dialog(message.to_owned()));
    }
    if world.app(app).may_return_to(address) {
        return Ok(address);
    }
    Err(WorldError::Dialog(
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

fn asking(world: &World, app: AppKey, params: &Params<'_>) -> Result<Asking, WorldError> {
    let Some(id) = params.get("config_id") else {
        let scopes = params.get("scope").unwrap_or_default();
        let scopes = scopes.split([',', ' ']).filter(|scope| !scope.is_empty());
        return Ok(Asking::Scopes(scopes.map(str::to_owned).collect()));
    };
    let known = world.app(app).configurations.get(id).cloned();
    known
        .map(Asking::Configuration)
        .ok_or_else(|| WorldError::unknown("configuration", id))
}

impl World {
    /// Answers the dialog at `url` and returns the URL of the redirect.
    pub fn answer_dialog(
        &mut self,
        url: &str,
        person: &str,
        answer: DialogAnswer,
    ) -> Result<String, WorldError> {
        let (address, query) = url.split_once('?').unwrap_or((url, ""));
        let dialog = Dialog::read(self, platform_of(address), &Params::parse(query))?;
        let person = self.person_id(person)?;
        dialog.conclude(self, person, answer)
    }
}
