//! The apps to which people can log in, and the URL to which they return.

use crate::alerts::LoginLinks;
use crate::config::App;
use crate::{login, web};

/// The settings without `[web]`.
pub(super) fn without_a_place(apps: &[App]) -> login::Settings {
    login::Settings {
        apps: apps.iter().map(|app| app.login.clone()).collect(),
        public_url: None,
    }
}

pub(in crate::config) fn settled(apps: &[App], web: Option<&web::Settings>) -> login::Settings {
    web.map_or_else(|| without_a_place(apps), |web| web.logins.clone())
}

pub(super) fn links(web: &web::Settings) -> LoginLinks {
    let business = web.logins.apps.iter().filter(|app| app.config_id.is_some());
    LoginLinks {
        public_url: web.public_url.clone(),
        business_apps: business.map(|app| app.name.clone()).collect(),
    }
}
