//! Adds many tokens at once, as an agency with many clients has them.

use jiff::SignedDuration;
use serde::Serialize;

use super::exchange::SystemUserValidity;
use super::ground_truth::TokenKind;
use super::ids::TokenKey;
use super::{PageSelection, World, WorldError};

const SCOPES: [&str; 3] = [
    "pages_manage_metadata",
    "pages_messaging",
    "pages_show_list",
];

/// The tokens of one person in a fleet: one user token, its page tokens, and one of a system user.
const HOUSEHOLD: usize = 100;

/// The logins of a fleet are spread over this time, so that the tokens do not all expire on one day.
const SPREAD: SignedDuration = SignedDuration::from_hours(50 * 24);

/// A person with pages and a long-lived login.
#[derive(Clone, Debug)]
pub struct FleetMember {
    pub person: String,
    pub user_token: String,
    pub pages: Vec<String>,
    pub page_tokens: Vec<String>,
}

/// A line of input for `perennial import`.
#[derive(Debug, Serialize)]
pub(crate) struct Importable<'a> {
    app: &'a str,
    name: String,
    access_token: &'a str,
}

impl World {
    pub fn add_member(
        &mut self,
        app: &str,
        name: &str,
        pages: usize,
    ) -> Result<FleetMember, WorldError> {
        let person = self.add_person(name);
        let mut ids = Vec::with_capacity(pages);
        for number in 1..=pages {
            let page = self.add_page(&format!("{name}'s page {number}"));
            self.give_role(&person, &page)?;
            ids.push(page);
        }
        let user_token = self.log_in(app, &person, &SCOPES, PageSelection::All)?;
        let page_tokens = ids
            .iter()
            .filter_map(|page| self.page_token(&user_token, page));
        Ok(FleetMember {
            page_tokens: page_tokens.collect(),
            person,
            user_token,
            pages: ids,
        })
    }

    /// Adds exactly this many tokens: of every hundred, one user token, one of a system user (valid for sixty days),
    /// and the rest page tokens of that user.
    pub fn add_fleet(&mut self, app: &str, tokens: usize) -> Result<Vec<String>, WorldError> {
        let now = self.now;
        let mut fleet = Vec::with_capacity(tokens);
        while fleet.len() < tokens {
            let left = tokens - fleet.len();
            let age = SPREAD.as_secs() * fleet.len() as i64 / tokens as i64;
            self.now = now
                .checked_sub(SignedDuration::from_secs(age))
                .unwrap_or(now);
            self.add_fleet_member(app, left.min(HOUSEHOLD), &mut fleet)?;
        }
        self.now = now;
        Ok(fleet)
    }

    fn add_fleet_member(
        &mut self,
        app: &str,
        size: usize,
        fleet: &mut Vec<String>,
    ) -> Result<(), WorldError> {
        let name = format!("Person {}", fleet.len() / HOUSEHOLD + 1);
        let fleet_member = self.add_member(app, &name, size.saturating_sub(2))?;
        fleet.push(fleet_member.user_token);
        fleet.extend(fleet_member.page_tokens);
        if size > 1 {
            let robot = self.add_system_user(app, &format!("{name}'s system user"))?;
            let validity = SystemUserValidity::SixtyDays;
            fleet.push(self.system_user_token(app, &robot, &["ads_read"], validity)?);
        }
        Ok(())
    }

    /// Returns all living tokens.
    pub(crate) fn importables(&self) -> impl Iterator<Item = Importable<'_>> {
        let keys = (0..self.tokens.len()).map(TokenKey);
        keys.filter(|key| self.liveness(*key).is_ok()).map(|key| {
            let token = self.token(key);
            let kind = match self.token_kind(key) {
                TokenKind::User => "user",
                TokenKind::InstagramUser => "instagram-user",
                TokenKind::ThreadsUser => "threads-user",
                TokenKind::Page => "page",
                TokenKind::SystemUser => "system-user",
            };
            Importable {
                app: &self.app(token.app).name,
                name: format!("{kind}-{}-{}", token.subject(), key.0),
                access_token: &token.text,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::graph_sim::AppSpec;

    #[test]
    fn a_fleet_has_the_size_and_the_mix_it_promises() {
        for (size, people, pages, robots) in [
            (0, 0, 0, 0),
            (1, 1, 0, 0),
            (100, 1, 98, 1),
            (250, 3, 244, 3),
        ] {
            let mut world = World::new("2026-01-01T00:00:00Z".parse().unwrap(), 1);
            world.add_app(AppSpec {
                id: "1".to_owned(),
                ..AppSpec::default()
            });
            let fleet = world.add_fleet("1", size).unwrap();
            let mut kinds: HashMap<_, usize> = HashMap::new();
            for token in &fleet {
                let truth = world.truth(token).unwrap();
                assert!(truth.alive);
                *kinds.entry(truth.kind.as_str()).or_default() += 1;
            }
            let count = |kind: TokenKind| kinds.get(kind.as_str()).copied().unwrap_or(0);
            let mix = [TokenKind::User, TokenKind::Page, TokenKind::SystemUser].map(count);
            assert_eq!((fleet.len(), mix), (size, [people, pages, robots]));
            assert_eq!(world.importables().count(), size);
        }
    }

    #[test]
    fn the_ends_of_a_fleet_are_spread() {
        let mut world = World::new("2026-01-01T00:00:00Z".parse().unwrap(), 1);
        world.add_app(AppSpec {
            id: "1".to_owned(),
            ..AppSpec::default()
        });
        let fleet = world.add_fleet("1", 1_000).unwrap();
        let ends: std::collections::BTreeSet<_> = fleet
            .iter()
            .filter_map(|token| world.truth(token).unwrap().expires_at)
            .collect();
        assert_eq!(ends.len(), 10);
    }
}
