//! WhatsApp Business Accounts, and the businesses that let an app manage theirs through an embedded signup.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::codes::Origin;
use super::exchange::SystemUserValidity;
use super::grant::{Authorization, Grant};
use super::ids::{AppKey, Id, TokenKey};
use super::scopes::Permission;
use super::{World, WorldError};

const MANAGEMENT: &str = "whatsapp_business_management";

#[derive(Debug)]
pub(crate) struct WhatsAppAccount {
    pub(crate) name: String,
    pub(crate) business: Id,
    pub(crate) phone_numbers: Vec<PhoneNumber>,
}

#[derive(Debug)]
pub(crate) struct PhoneNumber {
    pub(crate) id: Id,
    pub(crate) number: String,
}

/// A business completes an embedded signup, or a login with a configuration for system users.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmbeddedSignup {
    pub app: String,
    pub business: String,
    pub scopes: Vec<String>,
    /// The WhatsApp accounts that it shares. `None` does not limit the token to certain accounts.
    #[serde(default)]
    pub whatsapp_accounts: Option<Vec<String>>,
    pub validity: SystemUserValidity,
}

/// What Meta says about an account in `account_update`.
#[derive(Clone, Copy, Debug)]
enum AccountEvent {
    PartnerAdded,
    PartnerRemoved,
    AppUninstalled,
}

impl AccountEvent {
    const fn as_str(self) -> &'static str {
        match self {
            Self::PartnerAdded => "PARTNER_ADDED",
            Self::PartnerRemoved => "PARTNER_REMOVED",
            Self::AppUninstalled => "PARTNER_APP_UNINSTALLED",
        }
    }
}

impl World {
    /// Adds a WhatsApp Business Account with one phone number.
    pub fn add_whatsapp_account(
        &mut self,
        business: &str,
        name: &str,
    ) -> Result<String, WorldError> {
        let business = self.business_id(business)?;
        let id = self.fresh_id(100_000_000_000_000..199_999_999_999_999);
        let phone = self.fresh_id(100_000_000_000_000..199_999_999_999_999);
        let digits = phone.number() % 10_000;
        let number = PhoneNumber {
            id: phone,
            number: format!("+1 555-010-{digits:04}"),
        };
        let account = WhatsAppAccount {
            name: name.to_owned(),
            business,
            phone_numbers: vec![number],
        };
        self.whatsapp_accounts.insert(id, account);
        Ok(id.to_string())
    }

    /// Issues the code that the JavaScript of an embedded signup gets. It gives the token of a system user of that
    /// business, the same system user at every signup.
    pub fn embedded_signup(&mut self, signup: &EmbeddedSignup) -> Result<String, WorldError> {
        let app = self.app_key(&signup.app)?;
        let business = self.business_id(&signup.business)?;
        let shared = signup.whatsapp_accounts.as_deref();
        let shared = shared
            .map(|ids| self.whatsapp_accounts_of(business, ids))
            .transpose()?;
        let name = self.business_name(business).unwrap_or_default().to_owned();
        let system_user = self.business_user(app, business, &name);
        self.allow(app, system_user, &signup.scopes, shared.as_ref());
        for account in shared.iter().flatten() {
            self.post_account_update(app, *account, AccountEvent::PartnerAdded);
        }
        let origin = Origin::Business {
            validity: signup.validity,
        };
        Ok(self.issue_code(app, system_user, origin, None))
    }

    /// The business no longer shares the account with the app. The token stays alive.
    pub fn unshare_whatsapp_account(&mut self, app: &str, account: &str) -> Result<(), WorldError> {
        let app = self.app_key(app)?;
        let id = self.whatsapp_account_id(account)?;
        let business = self.whatsapp_accounts.get(&id).map(|known| known.business);
        let system_user = business.and_then(|business| self.business_users.get(&(app, business)));
        let grant = system_user.and_then(|user| self.grants.get_mut(&(app, *user)));
        let grant = grant.ok_or_else(|| WorldError::unknown("signup for account", account))?;
        grant.whatsapp_accounts.get_or_insert_default().remove(&id);
        self.post_account_update(app, id, AccountEvent::PartnerRemoved);
        Ok(())
    }

    /// The business removes the app, which ends the tokens that it gave the app.
    pub fn uninstall_app(&mut self, app: &str, business: &str) -> Result<(), WorldError> {
        let (app, id) = (self.app_key(app)?, self.business_id(business)?);
        let system_user = self.business_users.get(&(app, id));
        let grant = system_user.and_then(|user| self.grants.get_mut(&(app, *user)));
        let grant = grant.ok_or_else(|| WorldError::unknown("signup of business", business))?;
        grant.status = Authorization::Removed;
        grant.epoch += 1;
        grant.permissions.clear();
        let shared = grant.whatsapp_accounts.take();
        for account in shared.into_iter().flatten() {
            self.post_account_update(app, account, AccountEvent::AppUninstalled);
        }
        Ok(())
    }

    pub(crate) fn whatsapp_account(&self, id: &str) -> Option<(Id, &WhatsAppAccount)> {
        let id = id.parse().ok()?;
        self.whatsapp_accounts.get(&id).map(|account| (id, account))
    }

    /// Whether the token may manage WhatsApp accounts at all, and this one.
    pub(crate) fn reaches_whatsapp_account(&self, key: TokenKey, account: Id) -> bool {
        let token = self.token(key);
        let grant = self.grant(token.app, token.subject);
        let shared = grant.is_some_and(|grant| {
            let listed = grant.whatsapp_accounts.as_ref();
            listed.is_none_or(|listed| listed.contains(&account))
        });
        shared && self.holds(key, MANAGEMENT)
    }

    fn whatsapp_account_id(&self, id: &str) -> Result<Id, WorldError> {
        let found = self.whatsapp_account(id).map(|(id, _)| id);
        found.ok_or_else(|| WorldError::unknown("WhatsApp account", id))
    }

    fn whatsapp_accounts_of(
        &self,
        business: Id,
        ids: &[String],
    ) -> Result<BTreeSet<Id>, WorldError> {
        let own = |id: &String| {
            let (key, account) = self.whatsapp_account(id)?;
            (account.business == business).then_some(key)
        };
        let ids = ids
            .iter()
            .map(|id| own(id).ok_or_else(|| WorldError::unknown("WhatsApp account", id)));
        ids.collect()
    }

    fn allow(
        &mut self,
        app: AppKey,
        system_user: Id,
        scopes: &[String],
        shared: Option<&BTreeSet<Id>>,
    ) {
        let now = self.now;
        let grant = self
            .grants
            .entry((app, system_user))
            .or_insert_with(|| Grant::new(now, None));
        grant.status = Authorization::Given;
        for scope in scopes {
            let scope = scope.as_str().into();
            grant.permissions.insert(scope, Permission::Granted);
        }
        if let Some(shared) = shared {
            let listed = grant.whatsapp_accounts.get_or_insert_default();
            listed.extend(shared);
        }
    }

    /// Meta posts other events only to apps that subscribed to the account; these it posts to the app they are about.
    fn post_account_update(&mut self, app: AppKey, account: Id, event: AccountEvent) {
        let business = self.whatsapp_accounts.get(&account);
        let business = business.map(|known| known.business.to_string());
        let mut about = serde_json::json!({
            "waba_id": account.to_string(),
            "owner_business_id": business,
        });
        if matches!(event, AccountEvent::AppUninstalled) {
            about["partner_app_id"] = self.app(app).id.clone().into();
        }
        let value = serde_json::json!({"event": event.as_str(), "waba_info": about});
        let entry = serde_json::json!({
            "id": account.to_string(),
            "time": self.now().as_second(),
            "changes": [{"field": "account_update", "value": value}],
        });
        self.post_webhook(app, "whatsapp_business_account", &entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph_sim::AppSpec;

    const SCOPES: [&str; 2] = [MANAGEMENT, "whatsapp_business_messaging"];

    fn world() -> (World, String, String) {
        let mut world = World::new("2026-12-01T12:00:00Z".parse().unwrap(), 7);
        world.add_app(AppSpec {
            id: "1".to_owned(),
            secret: "key".to_owned(),
            webhook_url: Some("http://127.0.0.1:9/hook".to_owned()),
            ..AppSpec::default()
        });
        let business = world.add_business("Bakery Ltd");
        let account = world.add_whatsapp_account(&business, "Bakery").unwrap();
        (world, business, account)
    }

    fn signup(business: &str, accounts: Option<&str>) -> EmbeddedSignup {
        EmbeddedSignup {
            app: "1".to_owned(),
            business: business.to_owned(),
            scopes: SCOPES.map(str::to_owned).to_vec(),
            whatsapp_accounts: accounts.map(|id| vec![id.to_owned()]),
            validity: SystemUserValidity::SixtyDays,
        }
    }

    fn redeemed(world: &mut World, signup: &EmbeddedSignup) -> TokenKey {
        let code = world.embedded_signup(signup).unwrap();
        let app = world.app_key("1").unwrap();
        world.redeem(app, &code, None).unwrap()
    }

    fn posted(world: &mut World) -> Vec<String> {
        let posts = world.take_deliveries();
        let event = |body: &str| {
            let body: serde_json::Value = serde_json::from_str(body).unwrap();
            assert_eq!(body["object"], "whatsapp_business_account");
            let change = &body["entry"][0]["changes"][0]["value"];
            change["event"].as_str().unwrap().to_owned()
        };
        posts.iter().map(|post| event(&post.body)).collect()
    }

    #[test]
    fn a_signup_gives_the_token_of_the_businesss_system_user() {
        let (mut world, business, account) = world();
        let signup = signup(&business, Some(&account));
        let (first, second) = (redeemed(&mut world, &signup), redeemed(&mut world, &signup));
        assert_eq!(world.token(first).subject, world.token(second).subject);
        assert_ne!(world.token(first).text, world.token(second).text);
        assert_eq!(world.token_kind(first).as_str(), "SYSTEM_USER");
        let (id, _) = world.whatsapp_account(&account).unwrap();
        assert!(world.reaches_whatsapp_account(first, id));
        assert_eq!(posted(&mut world), ["PARTNER_ADDED", "PARTNER_ADDED"]);
    }

    #[test]
    fn a_business_shares_only_its_own_accounts() {
        let (mut world, _, account) = world();
        let other = world.add_business("Deli Ltd");
        let foreign = signup(&other, Some(&account));
        assert!(world.embedded_signup(&foreign).is_err());
    }

    #[test]
    fn a_token_outlives_an_account_that_is_taken_away_but_not_the_app() {
        let (mut world, business, account) = world();
        let key = redeemed(&mut world, &signup(&business, Some(&account)));
        let (id, _) = world.whatsapp_account(&account).unwrap();
        posted(&mut world);

        world.unshare_whatsapp_account("1", &account).unwrap();
        assert!(!world.reaches_whatsapp_account(key, id));
        assert_eq!(world.liveness(key), Ok(()));
        assert_eq!(posted(&mut world), ["PARTNER_REMOVED"]);

        let key = redeemed(&mut world, &signup(&business, Some(&account)));
        posted(&mut world);
        world.uninstall_app("1", &business).unwrap();
        assert!(world.liveness(key).is_err());
        assert_eq!(posted(&mut world), ["PARTNER_APP_UNINSTALLED"]);
    }
}
