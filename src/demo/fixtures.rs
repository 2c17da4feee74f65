//! The people with their pages, the system users, the accounts on other platforms, and the tokens that Perennial gets.

use super::harness::{DemoApp, Error, Harness, INSTAGRAM_APP, MAIN_APP, THREADS_APP};
use crate::api::types::ImportRequest;
use crate::graph_sim::{PageSelection, Reexchange, RefreshRefusal, SystemUserValidity};
use crate::secret::Secret;

pub(super) const SCOPES: &[&str] = &[
    "public_profile",
    "pages_show_list",
    "pages_messaging",
    "pages_manage_metadata",
];

const WHATSAPP_SCOPES: &[&str] = &[
    "whatsapp_business_management",
    "whatsapp_business_messaging",
];
/// Who gets the emails about tokens that are no person's login to Facebook.
const OPERATORS: &str = "ops@acme.example";

#[derive(Debug)]
pub(super) struct Fixtures {
    pub(super) people: Vec<Person>,
    pub(super) tokens: Vec<Role>,
    /// The ids of the accounts on other platforms.
    accounts: Vec<String>,
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
    /// Whether a program can keep it alive without a person.
    pub(super) renewal: DemoRenewal,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DemoRenewal {
    /// It expires, and each renewal by Perennial gives it another life.
    ByPerennial,
    /// It never expires by itself, or a person must log in.
    None,
}

/// A token that an operator imports.
struct NewToken<'a> {
    app: DemoApp,
    role: Role,
    secret: &'a str,
    owner: &'a str,
}

impl Fixtures {
    /// Every person logs in once, and an operator imports the tokens over the socket.
    pub(super) async fn enter(harness: &Harness) -> Result<Self, Error> {
        let mut fixtures = Self {
            people: Vec::new(),
            tokens: Vec::new(),
            accounts: Vec::new(),
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
        fixtures.renewed_alone(&format!("{}-omar", MAIN_APP.name));
        fixtures.robots(harness).await?;
        fixtures.accounts(harness).await?;
        Ok(fixtures)
    }

    async fn robots(&mut self, harness: &Harness) -> Result<(), Error> {
        let sixty = SystemUserValidity::SixtyDays;
        let (pages, whatsapp) = (SCOPES, WHATSAPP_SCOPES);
        for (name, remark, scopes, validity) in [
            ("robot-reports", "a system user, 60 days", pages, sixty),
            (
                "robot-inbox",
                "a system user, for ever",
                pages,
                SystemUserValidity::Never,
            ),
            ("whatsapp", "WhatsApp, 60 days", whatsapp, sixty),
        ] {
            let secret = {
                let mut world = harness.meta.world();
                let user = world.add_system_user(MAIN_APP.id, name)?;
                world.system_user_token(MAIN_APP.id, &user, scopes, validity)?
            };
            let role = Role {
                name: format!("{}-{name}", MAIN_APP.name),
                remark,
                renewal: match validity {
                    SystemUserValidity::SixtyDays => DemoRenewal::ByPerennial,
                    SystemUserValidity::Never => DemoRenewal::None,
                },
            };
            let new = NewToken {
                app: MAIN_APP,
                role,
                secret: &secret,
                owner: OPERATORS,
            };
            self.import_token(harness, new).await?;
        }
        Ok(())
    }

    /// Accounts on Meta's other platforms, which have apps of their own.
    async fn accounts(&mut self, harness: &Harness) -> Result<(), Error> {
        for (app, remark, scope) in [
            (
                INSTAGRAM_APP,
                "Instagram, 60 days",
                "instagram_business_basic",
            ),
            (THREADS_APP, "Threads, 60 days", "threads_basic"),
        ] {
            let (account, secret) = {
                let mut world = harness.meta.world();
                let account = world.add_person("Café");
                let secret = world.log_in(app.id, &account, &[scope], PageSelection::All)?;
                (account, secret)
            };
            self.accounts.push(account);
            let role = Role {
                name: format!("{}-cafe", app.name),
                remark,
                renewal: DemoRenewal::ByPerennial,
            };
            let new = NewToken {
                app,
                role,
                secret: &secret,
                owner: OPERATORS,
            };
            self.import_token(harness, new).await?;
        }
        Ok(())
    }

    /// Meta refuses to renew the token of the account that was added last.
    pub(super) fn refuse_renewals(&self, harness: &Harness) -> Result<(), Error> {
        let account = self.accounts.last();
        let account = account.ok_or(Error::Scenario("there is no account"))?;
        let mut world = harness.meta.world();
        Ok(world.refuse_refreshes(account, RefreshRefusal::default())?)
    }

    fn renewed_alone(&mut self, name: &str) {
        let named = self.tokens.iter_mut().filter(|role| role.name == name);
        named.for_each(|role| role.renewal = DemoRenewal::ByPerennial);
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
        let login = of_person(&nick, "a person's login", &user, &address);
        self.import_token(harness, login).await?;
        let mut owned = Vec::new();
        for (page_id, page, token) in page_tokens {
            let slug = page.to_lowercase().replace('é', "e").replace(' ', "-");
            self.import_token(harness, of_person(&slug, "a page", &token, &address))
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

    async fn import_token(&mut self, harness: &Harness, new: NewToken<'_>) -> Result<(), Error> {
        let request = ImportRequest {
            name: Some(new.role.name.clone()),
            owners: vec![new.owner.to_owned()],
            ..ImportRequest::new(new.app.name.to_owned(), Secret::new(new.secret))
        };
        harness.client.import(&request).await?;
        self.tokens.push(new.role);
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
        format!("{}-{}", MAIN_APP.name, self.name.to_lowercase())
    }
}

fn of_person<'a>(
    name: &str,
    remark: &'static str,
    secret: &'a str,
    owner: &'a str,
) -> NewToken<'a> {
    NewToken {
        app: MAIN_APP,
        role: Role {
            name: format!("{}-{name}", MAIN_APP.name),
            remark,
            renewal: DemoRenewal::None,
        },
        secret,
        owner,
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
    let user = world.log_in(MAIN_APP.id, &id, SCOPES, PageSelection::All)?;
    let tokens = owned.into_iter().map(|(page_id, page)| {
        let token = world
            .page_token(&user, &page_id)
            .ok_or(Error::Scenario("no page token"))?;
        Ok((page_id, page, token))
    });
    let tokens = tokens.collect::<Result<_, Error>>()?;
    Ok((id, user, tokens))
}
