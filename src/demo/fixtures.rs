//! The people with their pages, the system users, and the tokens that Perennial gets.

use super::harness::{APP, APP_NAME, Error, Harness};
use crate::api::types::ImportRequest;
use crate::graph_sim::{PageSelection, Reexchange, SystemUserValidity};
use crate::secret::Secret;

pub(super) const SCOPES: &[&str] = &[
    "public_profile",
    "pages_show_list",
    "pages_messaging",
    "pages_manage_metadata",
];

#[derive(Debug)]
pub(super) struct Fixtures {
    pub(super) people: Vec<Person>,
    pub(super) tokens: Vec<Role>,
}

#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) name: &'static str,
    pub(super) id: String,
    pub(super) address: String,
    pub(super) pages: Vec<(String, &'static str)>,
    pub(super) diligence: Diligence,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Diligence {
    /// Does what an email asks for within two days.
    Reliable,
    /// Is on leave and does nothing.
    Away,
}

/// One token in the inventory.
#[derive(Clone, Debug)]
pub(super) struct Role {
    pub(super) name: String,
    pub(super) remark: &'static str,
}

impl Fixtures {
    /// Every person logs in once, and an operator imports the tokens over the socket.
    pub(super) async fn enter(harness: &Harness) -> Result<Self, Error> {
        let mut fixtures = Self {
            people: Vec::new(),
            tokens: Vec::new(),
        };
        let reliable = Diligence::Reliable;
        fixtures
            .person(harness, "Maria", &["Bakery", "Café", "Deli"], reliable)
            .await?;
        fixtures
            .person(
                harness,
                "Paul",
                &[
                    "North shop",
                    "South shop",
                    "East shop",
                    "West shop",
                    "Outlet",
                ],
                reliable,
            )
            .await?;
        fixtures
            .person(harness, "Ines", &["Museum", "Theatre"], reliable)
            .await?;
        fixtures
            .person(harness, "Kenji", &["Dojo"], reliable)
            .await?;
        fixtures
            .person(harness, "Zoe", &["Garden centre"], Diligence::Away)
            .await?;
        let omar = fixtures.person(harness, "Omar", &[], reliable).await?;
        harness
            .meta
            .world()
            .set_reexchange_of(&omar, Reexchange::Extends)?;
        fixtures
            .robot(harness, "reports", SystemUserValidity::SixtyDays)
            .await?;
        fixtures
            .robot(harness, "inbox", SystemUserValidity::Never)
            .await?;
        Ok(fixtures)
    }

    async fn person(
        &mut self,
        harness: &Harness,
        name: &'static str,
        pages: &[&'static str],
        diligence: Diligence,
    ) -> Result<String, Error> {
        let (id, user, page_tokens) = log_in(harness, name, pages)?;
        let nick = name.to_lowercase();
        let address = format!("{nick}@acme.example");
        self.import_token(
            harness,
            format!("{APP_NAME}-{nick}"),
            &user,
            "a person's login",
            &address,
        )
        .await?;
        let mut owned = Vec::new();
        for (page_id, page, token) in page_tokens {
            let slug = page.to_lowercase().replace('é', "e").replace(' ', "-");
            self.import_token(
                harness,
                format!("{APP_NAME}-{slug}"),
                &token,
                "a page",
                &address,
            )
            .await?;
            owned.push((page_id, page));
        }
        let person = Person {
            name,
            id: id.clone(),
            address,
            pages: owned,
            diligence,
        };
        self.people.push(person);
        Ok(id)
    }

    async fn robot(
        &mut self,
        harness: &Harness,
        name: &'static str,
        survival: SystemUserValidity,
    ) -> Result<(), Error> {
        let token = {
            let mut world = harness.meta.world();
            let user = world.add_system_user(APP, name)?;
            world.system_user_token(APP, &user, SCOPES, survival)?
        };
        let remark = match survival {
            SystemUserValidity::SixtyDays => "a system user, 60 days",
            SystemUserValidity::Never => "a system user, for ever",
        };
        let name = format!("{APP_NAME}-robot-{name}");
        self.import_token(harness, name, &token, remark, "ops@acme.example")
            .await
    }

    async fn import_token(
        &mut self,
        harness: &Harness,
        name: String,
        token: &str,
        remark: &'static str,
        owner: &str,
    ) -> Result<(), Error> {
        let request = ImportRequest {
            name: Some(name.clone()),
            owners: vec![owner.to_owned()],
            ..ImportRequest::new(APP_NAME.to_owned(), Secret::new(token))
        };
        harness.client.import(&request).await?;
        self.tokens.push(Role { name, remark });
        Ok(())
    }

    pub(super) fn person_named(&self, name: &str) -> Result<&Person, Error> {
        self.people
            .iter()
            .find(|person| person.name == name)
            .ok_or(Error::Scenario("no person has that name"))
    }

    pub(super) fn person_at(&self, address: &str) -> Option<&Person> {
        self.people.iter().find(|person| person.address == address)
    }
}

impl Person {
    /// The name of this person's own token in the inventory.
    pub(super) fn token(&self) -> String {
        format!("{APP_NAME}-{}", self.name.to_lowercase())
    }
}

type LoggedIn = (String, String, Vec<(String, &'static str, String)>);

fn log_in(harness: &Harness, name: &str, pages: &[&'static str]) -> Result<LoggedIn, Error> {
    let mut world = harness.meta.world();
    let id = world.add_person(name);
    let owned: Vec<(String, &'static str)> = pages
        .iter()
        .map(|page| (world.add_page(page), *page))
        .collect();
    for (page, _) in &owned {
        world.give_role(&id, page)?;
    }
    let user = world.log_in(APP, &id, SCOPES, PageSelection::All)?;
    let tokens = owned.into_iter().map(|(page_id, page)| {
        let token = world
            .page_token(&user, &page_id)
            .ok_or(Error::Scenario("no page token"))?;
        Ok((page_id, page, token))
    });
    let tokens = tokens.collect::<Result<_, Error>>()?;
    Ok((id, user, tokens))
}
