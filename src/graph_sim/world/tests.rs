//! Tests the rules of the world, one case each.

use jiff::ToSpan;

use super::*;

const APP: &str = "257422819769992";
const SCOPES: [&str; 2] = ["pages_show_list", "pages_messaging"];

/// One app, one person with two pages, one long-lived login.
struct TestWorld {
    world: World,
    person: String,
    pages: [String; 2],
    user: String,
}

impl TestWorld {
    fn begin() -> Self {
        let mut world = World::new("2026-01-10T10:20:30Z".parse().unwrap(), 7);
        world.add_app(AppSpec {
            id: APP.into(),
            secret: "s".into(),
            ..AppSpec::default()
        });
        let person = world.add_person("Ada");
        let pages = [world.add_page("Bakery"), world.add_page("Cinema")];
        for page in &pages {
            world.give_role(&person, page).unwrap();
        }
        let user = world
            .log_in(APP, &person, &SCOPES, PageSelection::All)
            .unwrap();
        Self {
            world,
            person,
            pages,
            user,
        }
    }

    fn page_token(&mut self, index: usize) -> String {
        self.world
            .page_token(&self.user, &self.pages[index])
            .unwrap()
    }

    fn death_of(&self, token: &str) -> Option<Death> {
        self.world.truth(token).unwrap().death
    }

    fn wait(&mut self, days: i64) {
        let now = self.world.now().checked_add((days * 24).hours()).unwrap();
        self.world.set_now(now);
    }

    fn reexchanged(&mut self) -> String {
        let key = self.world.token_key(&self.user).unwrap();
        let app = self.world.app_key(APP).unwrap();
        let after = self
            .world
            .exchange(app, key, SystemUserValidity::Never)
            .unwrap();
        self.world.token(after).text.to_string()
    }
}

#[test]
fn the_same_seed_makes_the_same_world() {
    let (mut a, mut b) = (TestWorld::begin(), TestWorld::begin());
    assert_eq!(a.person, b.person);
    assert_eq!(a.page_token(0), b.page_token(0));
}

#[test]
fn a_short_lived_token_ends_on_a_full_hour_one_to_two_hours_ahead() {
    for (now, end) in [
        ("2026-01-10T10:20:30Z", "2026-01-10T12:00:00Z"),
        ("2026-01-10T10:00:00Z", "2026-01-10T11:00:00Z"),
        ("2026-01-10T10:00:01Z", "2026-01-10T12:00:00Z"),
    ] {
        assert_eq!(
            login::short_lived_end(now.parse().unwrap()),
            end.parse().unwrap()
        );
    }
}

#[test]
fn a_long_lived_token_ends_sixty_days_after_the_login_and_data_access_after_ninety() {
    let mut incident_key = TestWorld::begin();
    let truth = incident_key.world.truth(&incident_key.user).unwrap();
    let login = truth.issued_at.as_second();
    assert_eq!(truth.expires_at.unwrap().as_second() - login, 5_184_000);
    assert_eq!(
        truth.data_access_expires_at.unwrap().as_second() - login,
        90 * 86_400
    );
    incident_key.wait(60);
    assert_eq!(
        incident_key.death_of(&incident_key.user),
        Some(Death::Expired)
    );
}

#[test]
fn a_second_exchange_moves_the_end_only_where_the_world_says_so() {
    for (rule, same_string, extends) in [
        (None, false, false),
        (Some(Reexchange::SameToken), true, false),
        (Some(Reexchange::NewTokenSameExpiry), false, false),
        (Some(Reexchange::Extends), false, true),
    ] {
        let mut incident_key = TestWorld::begin();
        if let Some(rule) = rule {
            incident_key
                .world
                .set_reexchange_of(&incident_key.person.clone(), rule)
                .unwrap();
        }
        let before = incident_key.world.truth(&incident_key.user).unwrap();
        incident_key.wait(30);
        let after = incident_key.reexchanged();
        assert_eq!(after == incident_key.user, same_string, "{rule:?}");
        let moved = incident_key.world.truth(&after).unwrap().expires_at > before.expires_at;
        assert_eq!(moved, extends, "{rule:?}");
        assert!(incident_key.world.is_alive(&incident_key.user));
    }
}

#[test]
fn an_exchange_does_not_renew_data_access_but_a_login_does() {
    let mut incident_key = TestWorld::begin();
    incident_key.world.set_reexchange(Reexchange::Extends);
    let end = |incident_key: &TestWorld| {
        incident_key
            .world
            .truth(&incident_key.user)
            .unwrap()
            .data_access_expires_at
    };
    let before = end(&incident_key);
    incident_key.wait(30);
    incident_key.reexchanged();
    assert_eq!(end(&incident_key), before);
    incident_key
        .world
        .log_in(APP, &incident_key.person, &SCOPES, PageSelection::All)
        .unwrap();
    assert!(
        end(&incident_key) > before,
        "the older session sees the renewed clock too"
    );
}

#[test]
fn page_tokens_inherit_a_short_end_and_have_none_from_a_long_lived_parent() {
    let mut incident_key = TestWorld::begin();
    let short = incident_key
        .world
        .issue_short_lived(APP, &incident_key.person, &SCOPES)
        .unwrap();
    let from_short = incident_key
        .world
        .page_token(&short, &incident_key.pages[0])
        .unwrap();
    let end_of = |token: &str| incident_key.world.truth(token).unwrap().expires_at;
    assert_eq!(end_of(&from_short), end_of(&short));

    let from_long = incident_key.page_token(0);
    assert_eq!(
        incident_key.world.truth(&from_long).unwrap().expires_at,
        None
    );
    incident_key.wait(400);
    assert!(
        incident_key.world.is_alive(&from_long),
        "it outlives its parent"
    );
}

#[test]
fn a_page_without_role_tick_or_permission_gives_no_token() {
    let mut incident_key = TestWorld::begin();
    let first = incident_key.pages[0].clone();
    incident_key
        .world
        .take_role(&incident_key.person, &first)
        .unwrap();
    assert_eq!(
        incident_key.world.page_token(&incident_key.user, &first),
        None
    );

    let picked = PageSelection::only([first]);
    let user = incident_key
        .world
        .log_in(APP, &incident_key.person, &SCOPES, picked)
        .unwrap();
    assert_eq!(
        incident_key.world.page_token(&user, &incident_key.pages[1]),
        None
    );

    let mut incident_key = TestWorld::begin();
    incident_key
        .world
        .remove_permission(&incident_key.person, APP, "pages_show_list")
        .unwrap();
    assert_eq!(
        incident_key
            .world
            .page_token(&incident_key.user, &incident_key.pages[1]),
        None
    );
}

type Case = (&'static str, fn(&mut TestWorld) -> Result<(), WorldError>);

/// A user token and page tokens for both pages, before and after an action.
fn deaths_after((name, strike): Case) -> (Option<Death>, [Option<Death>; 2]) {
    let mut incident_key = TestWorld::begin();
    let pages = [incident_key.page_token(0), incident_key.page_token(1)];
    assert!(
        pages.iter().all(|page| incident_key.world.is_alive(page)),
        "{name}"
    );
    strike(&mut incident_key).unwrap();
    (
        incident_key.death_of(&incident_key.user),
        pages.map(|page| incident_key.death_of(&page)),
    )
}

#[test]
fn what_befalls_a_person_or_an_app_ends_all_its_tokens() {
    let blows: [(Case, Death); 7] = [
        (
            ("password", |s| s.world.change_password(&s.person)),
            Death::PasswordChanged,
        ),
        (
            ("checkpoint", |s| s.world.checkpoint(&s.person)),
            Death::Checkpointed,
        ),
        (
            ("unconfirmed", |s| s.world.unconfirm(&s.person)),
            Death::Unconfirmed,
        ),
        (
            ("app removed", |s| s.world.remove_app(&s.person, APP)),
            Death::AppRemoved,
        ),
        (
            ("secret reset", |s| s.world.reset_app_secret(APP, "t")),
            Death::SecretReset,
        ),
        (
            ("app deleted", |s| s.world.delete_app(APP)),
            Death::AppDeleted,
        ),
        (("revoked", |s| s.world.revoke(&s.user)), Death::Revoked),
    ];
    for (blow, death) in blows {
        assert_eq!(
            deaths_after(blow),
            (Some(death), [Some(death); 2]),
            "{}",
            blow.0
        );
    }
}

#[test]
fn what_befalls_a_page_or_a_permission_leaves_the_user_token_alive() {
    let blows: [(Case, [Option<Death>; 2]); 5] = [
        (
            ("secret replaced", |s| s.world.replace_app_secret(APP, "t")),
            [None; 2],
        ),
        (
            ("role lost", |s| s.world.take_role(&s.person, &s.pages[0])),
            [Some(Death::RoleLost), None],
        ),
        (
            ("unpublished", |s| s.world.unpublish_page(&s.pages[1])),
            [None, Some(Death::PageGone)],
        ),
        (
            ("one permission", |s| {
                s.world.remove_permission(&s.person, APP, SCOPES[1])
            }),
            [None; 2],
        ),
        (
            ("all permissions", |s| {
                let mut scopes = SCOPES.iter();
                scopes.try_for_each(|scope| s.world.remove_permission(&s.person, APP, scope))
            }),
            [Some(Death::PagePermissionMissing); 2],
        ),
    ];
    for (blow, pages) in blows {
        assert_eq!(deaths_after(blow), (None, pages), "{}", blow.0);
    }
}

#[test]
fn a_checkpoint_and_a_lost_role_can_be_fixed() {
    let mut incident_key = TestWorld::begin();
    let page = incident_key.page_token(0);
    incident_key.world.checkpoint(&incident_key.person).unwrap();
    incident_key
        .world
        .clear_checkpoint(&incident_key.person)
        .unwrap();
    incident_key
        .world
        .take_role(&incident_key.person, &incident_key.pages[0])
        .unwrap();
    incident_key
        .world
        .give_role(&incident_key.person, &incident_key.pages[0])
        .unwrap();
    assert!(incident_key.world.is_alive(&page));
}

#[test]
fn a_new_login_after_a_removed_app_does_not_revive_old_tokens() {
    let mut incident_key = TestWorld::begin();
    incident_key
        .world
        .remove_app(&incident_key.person, APP)
        .unwrap();
    let again = incident_key
        .world
        .log_in(APP, &incident_key.person, &SCOPES, PageSelection::All)
        .unwrap();
    assert!(incident_key.world.is_alive(&again));
    assert_eq!(
        incident_key.death_of(&incident_key.user),
        Some(Death::AppRemoved)
    );
}

#[test]
fn a_removed_permission_leaves_the_token_and_takes_the_scope() {
    let mut incident_key = TestWorld::begin();
    incident_key
        .world
        .remove_permission(&incident_key.person, APP, "pages_messaging")
        .unwrap();
    let truth = incident_key.world.truth(&incident_key.user).unwrap();
    assert!(truth.alive);
    assert_eq!(truth.scopes, ["pages_show_list", "public_profile"]);
}

#[test]
fn a_system_users_token_is_renewed_from_the_day_of_the_exchange() {
    let mut incident_key = TestWorld::begin();
    let robot = incident_key.world.add_system_user(APP, "Robot").unwrap();
    let sixty = SystemUserValidity::SixtyDays;
    let token = incident_key
        .world
        .system_user_token(APP, &robot, &["ads_read"], sixty)
        .unwrap();
    incident_key.wait(50);
    let key = incident_key.world.token_key(&token).unwrap();
    let app = incident_key.world.app_key(APP).unwrap();
    let renewed = incident_key.world.exchange(app, key, sixty).unwrap();
    incident_key.wait(15);
    assert!(!incident_key.world.is_alive(&token));
    let renewed = incident_key.world.token(renewed).text.to_string();
    let truth = incident_key.world.truth(&renewed).unwrap();
    assert!(truth.alive);
    assert_eq!(truth.kind, TokenKind::SystemUser);
    assert_eq!(truth.data_access_expires_at, None);
}

#[test]
fn an_expired_token_cannot_be_exchanged() {
    let mut incident_key = TestWorld::begin();
    incident_key.wait(61);
    let key = incident_key.world.token_key(&incident_key.user).unwrap();
    let app = incident_key.world.app_key(APP).unwrap();
    let refusal = incident_key
        .world
        .exchange(app, key, SystemUserValidity::Never)
        .unwrap_err();
    assert_eq!(refusal, ExchangeError::Dead(Death::Expired));
}

#[test]
fn what_is_not_there_is_refused_by_name() {
    let mut incident_key = TestWorld::begin();
    assert_eq!(
        incident_key
            .world
            .give_role("1", &incident_key.pages[0])
            .unwrap_err()
            .to_string(),
        "the world has no person \"1\"; add it first"
    );
}
