//! Renders the three steps of the dialog.

use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;

use super::request::Dialog;
use crate::graph_sim::endpoints::Params;
use crate::graph_sim::platform::Platform;
use crate::graph_sim::world::{Id, World, WorldError};

const SOURCE: &str = include_str!("page.html");

/// A longer list is not useful; other people can log in by `person=ID` in the address.
const MOST_SHOWN: usize = 200;

#[derive(Default, Serialize)]
struct Page<'a> {
    title: String,
    error: Option<String>,
    app: &'a str,
    /// Hidden fields that each step passes on.
    fields: Vec<(&'a str, &'a str)>,
    people: Vec<Choice<'a>>,
    person: Option<Choice<'a>>,
    /// The permission that the person cannot decline.
    fixed_scope: Option<&'static str>,
    scopes: Vec<String>,
    all_or_nothing: bool,
    pages: Vec<Choice<'a>>,
    /// Whether there are more pages than the list shows.
    more_pages: bool,
}

#[derive(Serialize)]
struct Choice<'a> {
    id: Id,
    name: &'a str,
}

pub(super) fn people(world: &World, dialog: &Dialog, params: &Params<'_>) -> String {
    let app = &world.app(dialog.app).name;
    let people = world.humans().take(MOST_SHOWN);
    render(&Page {
        title: titled(dialog.platform, format!("Log in to {app}")),
        app,
        fields: params.iter().collect(),
        people: people
            .map(|(id, person)| Choice {
                id,
                name: &person.name,
            })
            .collect(),
        ..Page::default()
    })
}

pub(super) fn consent(world: &World, dialog: &Dialog, id: Id) -> String {
    let app = &world.app(dialog.app).name;
    let person = world.person(id);
    let of_facebook = dialog.platform == Platform::Facebook;
    let pages = person
        .roles
        .keys()
        .filter(|_| of_facebook)
        .filter_map(|id| world.page(*id).map(|page| (*id, page)));
    render(&Page {
        title: titled(dialog.platform, format!("Continue to {app}")),
        app,
        person: Some(Choice {
            id,
            name: &person.name,
        }),
        more_pages: person.roles.len() > MOST_SHOWN,
        fixed_scope: of_facebook.then_some(dialog.platform.basic_scope()),
        scopes: dialog.asked_of(world, id),
        all_or_nothing: dialog.is_all_or_nothing(),
        pages: pages
            .take(MOST_SHOWN)
            .map(|(id, page)| Choice {
                id,
                name: &page.name,
            })
            .collect(),
        ..Page::default()
    })
}

/// Says with which account a person logs in, if that is not one of Facebook.
fn titled(platform: Platform, title: String) -> String {
    match platform {
        Platform::Facebook => title,
        Platform::Instagram | Platform::Threads => format!("{title} with {}", platform.title()),
    }
}

pub(super) fn error(rejection: &WorldError) -> String {
    render(&Page {
        title: "Sorry, something went wrong".to_owned(),
        error: Some(rejection.to_string()),
        ..Page::default()
    })
}

/// The name ends in `.html`, which turns on escaping.
fn render(page: &Page<'_>) -> String {
    let mut templates = Environment::new();
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    let page = templates.render_named_str("page.html", SOURCE, Serde(page));
    page.unwrap_or_else(|error| error.to_string())
}
