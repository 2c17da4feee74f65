//! The TOML file that describes a world. Its author chooses the ids, and entries refer to each other by id.

use jiff::Timestamp;
use serde::Deserialize;

use super::faults::FaultRule;
use super::world::{
    Action, AppSpec, PageSelection, Reexchange, SystemUserValidity, Tenure, World, WorldError,
};

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WorldFile {
    /// The start time; defaults to the time at which the file is read.
    now: Option<Timestamp>,
    reexchange: Option<Reexchange>,
    app: Vec<AppSpec>,
    page: Vec<Page>,
    person: Vec<Person>,
    business: Vec<Business>,
    system_user: Vec<SystemUser>,
    login: Vec<Login>,
    fault: Vec<FaultRule>,
    action: Vec<Scheduled>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Page {
    id: String,
    name: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Person {
    id: String,
    name: String,
    #[serde(default)]
    pages: Vec<String>,
    #[serde(default)]
    developer_of: Vec<String>,
    reexchange: Option<Reexchange>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Business {
    id: String,
    name: String,
    #[serde(default)]
    people: Vec<String>,
    #[serde(default)]
    owned_pages: Vec<String>,
    #[serde(default)]
    client_pages: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SystemUser {
    app: String,
    name: String,
    scopes: Vec<String>,
    validity: SystemUserValidity,
    #[serde(default)]
    pages: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Login {
    app: String,
    person: String,
    scopes: Vec<String>,
    /// The pages that the person selected; all if left out.
    pages: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
struct Scheduled {
    at: Timestamp,
    #[serde(flatten)]
    action: Action,
}

/// A token that was issued while reading the file, with its description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    pub what: String,
    pub token: String,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the world file cannot be read: {0}")]
    Syntax(#[from] toml::de::Error),
    #[error("the world file is inconsistent: {0}")]
    Refused(#[from] WorldError),
}

impl WorldFile {
    pub fn parse(text: &str) -> Result<Self, Error> {
        Ok(toml::from_str(text)?)
    }

    /// Builds the world and returns the tokens that its logins issued.
    pub fn build(self, now: Timestamp, seed: u64) -> Result<(World, Vec<Issued>), Error> {
        let mut world = World::new(self.now.unwrap_or(now), seed);
        world.set_reexchange(self.reexchange.unwrap_or_default());
        for app in self.app {
            world.add_app(app);
        }
        for page in &self.page {
            world.add_page_as(&page.id, &page.name)?;
        }
        for person in &self.person {
            person.enter(&mut world)?;
        }
        for business in &self.business {
            business.enter(&mut world)?;
        }
        let mut issued = Vec::new();
        for system_user in &self.system_user {
            issued.push(system_user.enter(&mut world)?);
        }
        for login in &self.login {
            login.enter(&mut world, &mut issued)?;
        }
        self.fault.into_iter().for_each(|rule| world.inject(rule));
        for scheduled in self.action {
            world.schedule(scheduled.at, scheduled.action);
        }
        Ok((world, issued))
    }
}

impl Person {
    fn enter(&self, world: &mut World) -> Result<(), WorldError> {
        world.add_person_as(&self.id, &self.name)?;
        for page in &self.pages {
            world.give_role(&self.id, page)?;
        }
        for app in &self.developer_of {
            world.make_developer(app, &self.id)?;
        }
        self.reexchange
            .map_or(Ok(()), |rule| world.set_reexchange_of(&self.id, rule))
    }
}

impl Business {
    fn enter(&self, world: &mut World) -> Result<(), WorldError> {
        world.add_business_as(&self.id, &self.name)?;
        for person in &self.people {
            world.join_business(person, &self.id)?;
        }
        for page in &self.owned_pages {
            world.put_page_in_business(page, &self.id, Tenure::Owned)?;
        }
        for page in &self.client_pages {
            world.put_page_in_business(page, &self.id, Tenure::Client)?;
        }
        Ok(())
    }
}

impl SystemUser {
    fn enter(&self, world: &mut World) -> Result<Issued, WorldError> {
        let id = world.add_system_user(&self.app, &self.name)?;
        for page in &self.pages {
            world.give_role(&id, page)?;
        }
        let scopes: Vec<&str> = self.scopes.iter().map(String::as_str).collect();
        let token = world.system_user_token(&self.app, &id, &scopes, self.validity)?;
        Ok(Issued {
            what: format!("system user {id} ({})", self.name),
            token,
        })
    }
}

impl Login {
    fn enter(&self, world: &mut World, issued: &mut Vec<Issued>) -> Result<(), WorldError> {
        let scopes: Vec<&str> = self.scopes.iter().map(String::as_str).collect();
        let picked = self
            .pages
            .clone()
            .map_or(PageSelection::All, PageSelection::only);
        let user = world.log_in(&self.app, &self.person, &scopes, picked)?;
        let pages: Vec<String> = {
            let person = world.person(world.person_id(&self.person)?);
            person.roles.keys().map(ToString::to_string).collect()
        };
        issued.push(Issued {
            what: format!("user {}", self.person),
            token: user.clone(),
        });
        for page in pages {
            if let Some(token) = world.page_token(&user, &page) {
                issued.push(Issued {
                    what: format!("page {page}"),
                    token,
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph_sim::Death;

    const FILE: &str = r#"
        now = "2026-01-01T00:00:00Z"
        reexchange = "same_token"

        [[app]]
        id = "1"
        secret = "s"
        name = "acme"
        proof = "required"

        [[page]]
        id = "20"
        name = "Bakery"

        [[person]]
        id = "30"
        name = "Ada"
        pages = ["20"]
        developer_of = ["1"]
        reexchange = "extends"

        [[business]]
        id = "40"
        name = "Holding"
        people = ["30"]
        owned_pages = ["20"]

        [[system_user]]
        app = "1"
        name = "Robot"
        scopes = ["ads_read"]
        validity = "sixty_days"

        [[login]]
        app = "1"
        person = "30"
        scopes = ["pages_show_list"]

        [[fault]]
        fault = { latency = "50ms" }
        endpoint = "exchange"

        [[action]]
        at = "2026-02-01T00:00:00Z"
        what = "change_password"
        person = "30"
    "#;

    #[test]
    fn a_file_makes_a_world_with_its_tokens_and_its_future() {
        let file = WorldFile::parse(FILE).unwrap();
        let (mut world, issued) = file.build(Timestamp::UNIX_EPOCH, 1).unwrap();
        let what: Vec<_> = issued.iter().map(|issued| issued.what.as_str()).collect();
        assert!(what[0].ends_with("(Robot)"));
        assert_eq!(what[1..], ["user 30", "page 20"]);
        assert!(issued.iter().all(|issued| world.is_alive(&issued.token)));
        assert_eq!(world.faults().len(), 1);

        world.set_now("2026-02-01T00:00:00Z".parse().unwrap());
        let death = world.truth(&issued[2].token).unwrap().death;
        assert_eq!(death, Some(Death::PasswordChanged));
        assert!(
            world.is_alive(&issued[0].token),
            "a system user has no password"
        );
    }

    #[test]
    fn apps_of_other_platforms_issue_tokens_of_their_own() {
        let file = r#"
            [[app]]
            id = "2"
            secret = "s"
            name = "gram"
            platform = "instagram"
            answers = { permissions = "text", expired = "subcode_zero", refreshed = "same_token" }

            [[app]]
            id = "3"
            secret = "s"
            name = "yarn"
            platform = "threads"

            [[person]]
            id = "30"
            name = "Ada"

            [[login]]
            app = "2"
            person = "30"
            scopes = ["instagram_business_basic"]

            [[login]]
            app = "3"
            person = "30"
            scopes = ["threads_basic"]

            [[action]]
            at = "2026-02-01T00:00:00Z"
            what = "refuse_refreshes"
            person = "30"
            refusal = "invalid_session"
        "#;
        let (_, issued) = WorldFile::parse(file)
            .and_then(|file| file.build(Timestamp::UNIX_EPOCH, 1))
            .unwrap();
        let prefixes = issued.iter().map(|issued| &issued.token[..4]);
        assert_eq!(prefixes.collect::<Vec<_>>(), ["IGAA", "THAA"]);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        for (text, words) in [
            ("[[ap]]\nid = \"1\"", "unknown field `ap`"),
            (
                "[[person]]\nid = \"1\"\nname = \"A\"\npages = [\"9\"]",
                "no page \"9\"",
            ),
            (
                "[[page]]\nid = \"x\"\nname = \"A\"",
                "the id \"x\" is taken or not a number",
            ),
        ] {
            let file = WorldFile::parse(text);
            let error = file
                .and_then(|file| file.build(Timestamp::UNIX_EPOCH, 1))
                .unwrap_err();
            assert!(error.to_string().contains(words), "{error}");
        }
    }
}
