//! The end of a visit: what is told of it, when the next one is, and what is left to be written down.

use super::{Visit, Visited, is_dead};
use crate::inventory::Learned;
use crate::rotation::desk::Desk;
use crate::rotation::policy::{self, Spread};
use crate::token::{Action, Next};

impl Visit {
    pub(in crate::rotation) fn settle(mut self, desk: &Desk<'_>) -> Visited {
        let permissions_changed = self.tell_permissions();
        self.tell_what_changed();
        self.answer_errand();
        let spread = Spread::of(self.before.id, self.now);
        self.after.next = policy::next_visit(
            &self.after,
            self.rotation_tried_at,
            desk.rules,
            spread,
            self.now,
        );
        if let Some(wait) = self.look_again_after {
            self.after.next = Some(Next {
                action: Action::Check,
                at: self.now + wait,
            });
        }
        let lives = self.after.health.is_alive();
        // A living token that was exchanged helps nobody who was not helped before.
        let is_news_to_kin = self.judged_candidate.is_some() && self.is_new_secret;
        Visited {
            revived: lives && (is_news_to_kin || is_dead(&self.before)),
            died: is_dead(&self.after) && !is_dead(&self.before),
            permissions_changed,
            is_irreplaceable: self.is_irreplaceable,
            is_saved: false,
            pages: self.pages,
            listens: self.listens,
            learned: Learned {
                secret: self.is_new_secret.then_some(self.secret),
                judged_candidate: self.judged_candidate,
                errand_done: self.errand.filter(|_| !self.errand_stays).map(|e| e.event),
                checked_at: self.now,
                lease: self.lease,
                events: self.events,
                before: self.before,
                after: self.after,
            },
        }
    }
}
