//! A person opens the link of an email, and does what the page behind it asks. They know only what they read there, and
//! their own account and pages.

use super::browser::{Browser, Page};
use super::error::Error;
use super::fixtures::Person;
use super::harness::Harness;

/// What the person does, and where the browser ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Visited {
    pub(super) action: Visit,
    /// The page that says how it went.
    pub(super) result: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Visit {
    LogsIn,
    PassesSecurityCheck,
    GetsRoleBack,
}

/// Nothing if the page has no button.
pub(super) async fn follow(
    link: &str,
    person: &Person,
    harness: &Harness,
) -> Result<Option<Visited>, Error> {
    let browser = person.browser();
    let page = browser.get(link).await?;
    let Some(button) = page.button() else {
        return Ok(None);
    };
    if !button.ends_with("/check") {
        let dialog = target(&browser.post(&button, "").await?)?;
        let result = log_in(browser, &dialog, person).await?;
        return Ok(Some(Visited {
            action: Visit::LogsIn,
            result,
        }));
    }
    let action = repair(&page, person, harness)?;
    let result = target(&browser.post(&button, "").await?)?;
    Ok(Some(Visited { action, result }))
}

/// Answers Meta's dialog with everything that it shows ticked, and comes back.
async fn log_in(browser: Browser, dialog: &str, person: &Person) -> Result<String, Error> {
    let people = browser.get(dialog).await?;
    if !people.values("person").contains(&person.id) {
        return Err(Error::Scenario("Meta's dialog does not know the person"));
    }
    let dialog = format!("{dialog}&person={}", person.id);
    let consent = browser.get(&dialog).await?;
    let mut form = format!("person={}&answer=allow", person.id);
    for name in ["scope", "page"] {
        let values = consent.values(name).into_iter();
        form.extend(values.map(|value| format!("&{name}={value}")));
    }
    let callback = target(&browser.post(&dialog, &form).await?)?;
    target(&browser.get(&callback).await?)
}

/// Does at Facebook what the page asks for.
fn repair(page: &Page, person: &Person, harness: &Harness) -> Result<Visit, Error> {
    let mut world = harness.meta.world();
    if page.headline().contains("security check") {
        world.clear_checkpoint(&person.id)?;
        return Ok(Visit::PassesSecurityCheck);
    }
    let named = person.pages.iter();
    for (id, _) in named.filter(|(_, name)| page.body.contains(name)) {
        world.give_role(&person.id, id)?;
    }
    Ok(Visit::GetsRoleBack)
}

fn target(page: &Page) -> Result<String, Error> {
    let target = page.location.clone();
    target.ok_or(Error::Scenario("a button leads nowhere"))
}
