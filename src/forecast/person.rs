//! The tokens of one person. There may be a million, so those that are alike are one class: they have the same kind,
//! state and clocks. As long as there are few classes, clocks are exact to the second.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::alerts;
use crate::model::{Expiry, Facts, ForecastToken, Health, Kind, Owner, Rotation, Token};
use crate::rotation::policy::Course;

/// What the tokens of a class have in common.
pub(super) type ClassKey = [i64; 10];

/// Clocks are rounded more and more if there are more classes than this.
pub(super) const MOST_CLASSES: usize = 4_096;
/// The names of a person's tokens that are kept, and the groups of people to notify.
const MOST_NAMES: usize = 2_000;
const MOST_OWNERS: usize = 200;

/// To how many seconds clocks are rounded down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Grain(i64);

#[derive(Debug)]
pub(super) struct Person {
    pub(super) app: usize,
    pub(super) id: String,
    pub(super) name: Option<String>,
    pub(super) classes: BTreeMap<ClassKey, Class>,
    /// Who is notified, and the routes that apply.
    pub(super) owners: Vec<(Option<usize>, Owner)>,
    pub(super) pages: u64,
    pub(super) grain: Grain,
    names: usize,
}

#[derive(Clone, Debug)]
pub(super) struct Class {
    pub(super) course: Course,
    pub(super) has_other_admin: bool,
    pub(super) count: u64,
    /// Of the first tokens.
    pub(super) names: Vec<String>,
    tried_at: Option<Timestamp>,
}

impl Grain {
    pub(super) const EXACT: Self = Self(1);

    pub(super) const fn coarser(self) -> Self {
        match self.0 {
            1 => Self(3_600),
            3_600 => Self(6 * 3_600),
            _ => Self(24 * 3_600),
        }
    }

    pub(super) const fn hours(self) -> i64 {
        self.0 / 3_600
    }

    const fn is_coarsest(self) -> bool {
        self.0 == 24 * 3_600
    }

    fn second(self, at: Timestamp) -> i64 {
        at.as_second().div_euclid(self.0) * self.0
    }

    fn rounded(self, at: Timestamp) -> Timestamp {
        Timestamp::from_second(self.second(at)).unwrap_or(at)
    }

    fn of_expiry(self, expiry: Expiry) -> Expiry {
        match expiry {
            Expiry::At(end) => Expiry::At(self.rounded(end)),
            Expiry::Never | Expiry::Unknown => expiry,
        }
    }
}

impl Person {
    pub(super) fn new(app: usize, id: &str, grain: Grain) -> Self {
        Self {
            app,
            id: id.to_owned(),
            name: None,
            classes: BTreeMap::new(),
            owners: Vec::new(),
            pages: 0,
            names: 0,
            grain,
        }
    }

    pub(super) fn add(&mut self, of: ForecastToken, rules: &alerts::Rules) {
        let ForecastToken {
            token,
            rotation_tried_at,
            has_other_admin,
        } = of;
        let Some(facts) = &token.facts else { return };
        let is_own = facts.subject == self.id;
        self.pages += u64::from(facts.kind == Kind::Page);
        if self.name.is_none() && is_own {
            self.name.clone_from(&token.subject_name);
        }
        self.add_owner(&token, facts.kind, rules);
        let name = token.name.clone();
        let class = Class {
            course: Course::new(token, rotation_tried_at),
            has_other_admin,
            count: 1,
            names: Vec::new(),
            tried_at: rotation_tried_at,
        };
        let keeps_name = self.names < MOST_NAMES;
        let class = self.add_class(class);
        if keeps_name {
            class.names.push(name);
            self.names += 1;
        }
        if self.classes.len() > MOST_CLASSES && !self.grain.is_coarsest() {
            self.coarsen();
        }
    }

    fn add_class(&mut self, class: Class) -> &mut Class {
        let class = class.rounded(self.grain);
        let count = class.count;
        let known = self.classes.entry(class.key()).or_insert(Class {
            count: 0,
            names: Vec::new(),
            ..class.clone()
        });
        known.count += count;
        known.names.extend(class.names);
        known
    }

    fn coarsen(&mut self) {
        self.grain = self.grain.coarser();
        for (_, class) in std::mem::take(&mut self.classes) {
            self.add_class(class);
        }
    }

    fn add_owner(&mut self, token: &Token, kind: Kind, rules: &alerts::Rules) {
        let last = self.owners.last().map(|(_, owner)| owner);
        let is_like_last = last.is_some_and(|last| {
            last.kind == Some(kind) && last.owners == token.owners && rules.routes.is_empty()
        });
        if is_like_last || self.owners.len() >= MOST_OWNERS {
            return;
        }
        let owner = Owner {
            name: token.name.clone(),
            kind: Some(kind),
            owners: token.owners.clone(),
        };
        let route = alerts::route_of(&token.app, &owner, rules);
        let is_known = self.owners.iter().any(|(of, known)| {
            *of == route && known.kind == owner.kind && known.owners == owner.owners
        });
        if !is_known {
            self.owners.push((route, owner));
        }
    }
}

impl Class {
    /// With clocks that are rounded down, so that nothing is foreseen too late.
    fn rounded(self, grain: Grain) -> Self {
        if grain == Grain::EXACT {
            return self;
        }
        let token = self.course.token().clone();
        let at = |at: Timestamp| grain.rounded(at);
        let facts = token.facts.map(|facts| Facts {
            issued_at: facts.issued_at.map(at),
            expires_at: grain.of_expiry(facts.expires_at),
            data_access_expires_at: grain.of_expiry(facts.data_access_expires_at),
            ..facts
        });
        let last_rotation = token.last_rotation.map(|rotation| Rotation {
            at: at(rotation.at),
            ..rotation
        });
        let tried_at = self.tried_at.map(at);
        let token = Token {
            facts,
            last_rotation,
            imported_at: at(token.imported_at),
            ..token
        };
        Self {
            course: Course::new(token, tried_at),
            tried_at,
            ..self
        }
    }

    fn key(&self) -> ClassKey {
        let token = self.course.token();
        let facts = token.facts.as_ref();
        let second = |at: Option<Timestamp>| at.map_or(i64::MIN, Timestamp::as_second);
        let is_renewable = facts.is_some_and(|facts| facts.kind != Kind::Page);
        // A page's token is never exchanged, and its age does not matter.
        let of_renewal = |number: i64| if is_renewable { number } else { 0 };
        let last = token.last_rotation;
        [
            facts.map_or(-1, |facts| facts.kind as i64),
            facts.map_or(i64::MIN, |facts| expiry(facts.expires_at)),
            facts.map_or(i64::MIN, data_access),
            token.state() as i64 + 10 * i64::from(matches!(token.health, Health::Lacking { .. })),
            token.cause().map_or(-1, |cause| cause as i64),
            of_renewal(last.map_or(-1, |last| last.outcome as i64)),
            of_renewal(second(last.map(|last| last.at))),
            of_renewal(second(self.tried_at)),
            of_renewal(second(facts.and_then(|facts| facts.issued_at))),
            i64::from(self.has_other_admin),
        ]
    }
}

fn expiry(expiry: Expiry) -> i64 {
    match expiry {
        Expiry::Unknown => i64::MIN,
        Expiry::Never => i64::MAX,
        Expiry::At(end) => end.as_second(),
    }
}

/// Whether the scopes are subject to the end of data access is all that they decide here.
fn data_access(facts: &Facts) -> i64 {
    facts
        .data_access_end()
        .map_or(i64::MAX, Timestamp::as_second)
}
