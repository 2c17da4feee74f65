//! Actions: every change to the world, as data. `/sim/actions` accepts them, and a world file may schedule them.

use serde::Deserialize;

use super::answer_style::RefreshRefusal;
use super::death::Death;
use super::exchange::Reexchange;
use super::{World, WorldError};

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    ChangePassword {
        person: String,
    },
    Checkpoint {
        person: String,
    },
    Unconfirm {
        person: String,
    },
    ClearCheckpoint {
        person: String,
    },
    RemoveApp {
        person: String,
        app: String,
    },
    AskDeletion {
        person: String,
        app: String,
    },
    RemovePermission {
        person: String,
        app: String,
        scope: String,
    },
    ExpirePermission {
        person: String,
        app: String,
        scope: String,
    },
    GiveRole {
        person: String,
        page: String,
    },
    TakeRole {
        person: String,
        page: String,
    },
    GeneratePageToken {
        user_token: String,
        page: String,
    },
    UnsubscribeApp {
        page: String,
        app: String,
    },
    UnpublishPage {
        page: String,
    },
    PublishPage {
        page: String,
    },
    ResetAppSecret {
        app: String,
        secret: String,
    },
    ReplaceAppSecret {
        app: String,
        secret: String,
    },
    DeleteApp {
        app: String,
    },
    UnshareWhatsappAccount {
        app: String,
        account: String,
    },
    UninstallApp {
        app: String,
        business: String,
    },
    MakeDeveloper {
        app: String,
        person: String,
    },
    EndToken {
        token: String,
        death: Death,
    },
    RepairToken {
        token: String,
    },
    ExpireToken {
        token: String,
    },
    RefuseRefreshes {
        person: String,
        #[serde(default)]
        refusal: RefreshRefusal,
    },
    AllowRefreshes {
        person: String,
    },
    SetReexchange {
        person: Option<String>,
        rule: Reexchange,
    },
}

impl World {
    pub fn happen(&mut self, action: &Action) -> Result<(), WorldError> {
        match action {
            Action::ChangePassword { person } => self.change_password(person),
            Action::Checkpoint { person } => self.checkpoint(person),
            Action::Unconfirm { person } => self.unconfirm(person),
            Action::ClearCheckpoint { person } => self.clear_checkpoint(person),
            Action::RemoveApp { person, app } => self.remove_app(person, app),
            Action::AskDeletion { person, app } => self.ask_deletion(person, app),
            Action::RemovePermission { person, app, scope } => {
                self.remove_permission(person, app, scope)
            }
            Action::ExpirePermission { person, app, scope } => {
                self.expire_permission(person, app, scope)
            }
            Action::GiveRole { person, page } => self.give_role(person, page),
            Action::TakeRole { person, page } => self.take_role(person, page),
            Action::GeneratePageToken { user_token, page } => {
                self.generate_page_token(user_token, page).map(drop)
            }
            Action::UnsubscribeApp { page, app } => self.unsubscribe_app(page, app),
            Action::UnpublishPage { page } => self.unpublish_page(page),
            Action::PublishPage { page } => self.publish_page(page),
            Action::ResetAppSecret { app, secret } => self.reset_app_secret(app, secret),
            Action::ReplaceAppSecret { app, secret } => self.replace_app_secret(app, secret),
            Action::DeleteApp { app } => self.delete_app(app),
            Action::UnshareWhatsappAccount { app, account } => {
                self.unshare_whatsapp_account(app, account)
            }
            Action::UninstallApp { app, business } => self.uninstall_app(app, business),
            Action::MakeDeveloper { app, person } => self.make_developer(app, person),
            Action::EndToken { token, death } => self.end(token, *death),
            Action::RepairToken { token } => self.repair(token),
            Action::ExpireToken { token } => self.expire(token),
            Action::RefuseRefreshes { person, refusal } => self.refuse_refreshes(person, *refusal),
            Action::AllowRefreshes { person } => self.allow_refreshes(person),
            Action::SetReexchange {
                person: Some(person),
                rule,
            } => self.set_reexchange_of(person, *rule),
            Action::SetReexchange { person: None, rule } => {
                self.set_reexchange(*rule);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_action_is_parsed_from_json_and_applied() {
        let mut world = World::new("2026-01-01T00:00:00Z".parse().unwrap(), 1);
        let (person, page) = (world.add_person("Ada"), world.add_page("Bakery"));
        for (what, expected) in [
            (
                json!({"what": "give_role", "person": person, "page": page}),
                Ok(()),
            ),
            (json!({"what": "set_reexchange", "rule": "extends"}), Ok(())),
            (
                json!({"what": "repair_token", "token": "none"}),
                Err(WorldError::UnknownToken),
            ),
        ] {
            let action: Action = serde_json::from_value(what).unwrap();
            assert_eq!(world.happen(&action), expected);
        }
        let page = world.page_id(&page).unwrap();
        let person = world.person_id(&person).unwrap();
        assert!(world.person(person).roles.contains_key(&page));
    }

    #[test]
    fn a_misspelt_action_is_refused() {
        let misspelt = json!({"what": "delete_app", "app": "1", "aap": "2"});
        assert!(serde_json::from_value::<Action>(misspelt).is_err());
    }

    #[test]
    fn the_agenda_is_kept_in_order_and_at_its_hour() {
        let mut world = World::new("2026-01-01T00:00:00Z".parse().unwrap(), 1);
        let (person, page) = (world.add_person("Ada"), world.add_page("Bakery"));
        let at = |hour: u8| format!("2026-01-01T{hour:02}:00:00Z").parse().unwrap();
        let (applied, given) = (
            Action::TakeRole {
                person: person.clone(),
                page: page.clone(),
            },
            Action::GiveRole {
                person: person.clone(),
                page: page.clone(),
            },
        );
        world.schedule(at(3), applied);
        world.schedule(at(2), given);
        world.schedule(
            at(4),
            Action::DeleteApp {
                app: "none".to_owned(),
            },
        );
        let (person, page) = (
            world.person_id(&person).unwrap(),
            world.page_id(&page).unwrap(),
        );
        for (hour, has_role) in [(1, false), (2, true), (3, false)] {
            world.set_now(at(hour));
            assert_eq!(
                world.person(person).roles.contains_key(&page),
                has_role,
                "{hour}"
            );
        }
        assert!(world.take_mishaps().is_empty());
        world.set_now(at(5));
        assert_eq!((world.now(), world.take_mishaps().len()), (at(5), 1));
    }
}
