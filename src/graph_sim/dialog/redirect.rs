//! The redirect back to the app, with a code, a token, or an error.

use form_urlencoded::Serializer;

use super::DialogAnswer;
use super::request::Dialog;
use crate::graph_sim::platform::Platform;
use crate::graph_sim::world::{
    AppKey, AppMode, Consent, Id, Origin, PageSelection, Permission, World, WorldError,
};

impl Dialog {
    /// Records the person's answer and returns the URL of the redirect.
    pub(crate) fn conclude(
        &self,
        world: &mut World,
        person: Id,
        answer: DialogAnswer,
    ) -> Result<String, WorldError> {
        let app = world.app(self.app);
        let is_outsider = app.mode == AppMode::Development && !app.developers.contains(&person);
        match answer {
            DialogAnswer::Cancel => Ok(self.cancelled()),
            // Login for Business reports this as a cancelled login.
            DialogAnswer::Allow { .. } if is_outsider && self.is_all_or_nothing() => {
                Ok(self.cancelled())
            }
            DialogAnswer::Allow { .. } if is_outsider => self.sandboxed(),
            DialogAnswer::Allow { declined, .. }
                if self.is_all_or_nothing() && !declined.is_empty() =>
            {
                Ok(self.cancelled())
            }
            DialogAnswer::Allow { declined, pages } => self.allowed(world, person, declined, pages),
        }
    }

    fn allowed(
        &self,
        world: &mut World,
        person: Id,
        declined: Vec<String>,
        pages: PageSelection,
    ) -> Result<String, WorldError> {
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
        query.append_pair("error", "access_denied");
        match self.platform {
            Platform::Facebook => query
                .append_pair("error_code", "200")
                .append_pair("error_description", "Permissions error"),
            Platform::Instagram | Platform::Threads => {
                query.append_pair("error_description", "The user denied your request")
            }
        };
        query.append_pair("error_reason", "user_denied");
        self.back_with(query)
    }

    /// Facebook sends no `error` field in this case; the others do not return.
    fn sandboxed(&self) -> Result<String, WorldError> {
        if self.platform != Platform::Facebook {
            let message = "Insufficient Developer Role";
            return Err(WorldError::Dialog(message.to_owned()));
        }
        let mut query = Serializer::new(String::new());
        let message = "This app is in sandbox mode. Edit the app configuration to make it live.";
        query
            .append_pair("error_code", "901")
            .append_pair("error_message", message);
        Ok(self.back_with(query))
    }

    /// A response with a token puts all its fields into the fragment.
    fn back_with(&self, mut query: Serializer<'_, String>) -> String {
        if let Some(state) = &self.state {
            query.append_pair("state", state);
        }
        let (address, query) = (&self.redirect_uri, query.finish());
        if self.response_type.contains("token") {
            return format!("{address}#{query}");
        }
        let separator = if address.contains('?') { '&' } else { '?' };
        let suffix = match self.platform {
            Platform::Facebook => "#_=_",
            Platform::Instagram | Platform::Threads => "#_",
        };
        format!("{address}{separator}{query}{suffix}")
    }
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
    let answered = |wanted: Permission| {
        let all = world
            .grant(app, person)
            .into_iter()
            .flat_map(|grant| &grant.permissions);
        let names: Vec<&str> = all
            .filter(|(_, answered)| **answered == wanted)
            .map(|(scope, _)| scope.as_ref())
            .collect();
        names.join(",")
    };
    query
        .append_pair("granted_scopes", &answered(Permission::Granted))
        .append_pair("denied_scopes", &answered(Permission::Declined));
}
