//! The end of a visit: what is told of it, when the next one is, and what is left to be written down.

use serde_json::Value;

use super::{Visit, Visited, is_dead};
use crate::inventory::{EventKind, Learned, Order};
use crate::rotation::desk::Desk;
use crate::rotation::policy::{self, Spread};
use crate::token::{Action, Health, Next, Token};

impl Visit {
    fn tell_what_changed(&mut self) {
        let (was, is) = (&self.before, &self.after);
        if (was.state(), was.cause()) == (is.state(), is.cause()) {
            return;
        }
        let word = |token: &Token| {
            token
                .cause()
                .map_or(Value::Null, |cause| cause.word().into())
        };
        let mut detail = vec![
            ("from", was.state().word().into()),
            ("to", is.state().word().into()),
            ("cause", word(is)),
        ];
        detail.append(&mut self.words);
        self.tell(EventKind::Changed, &detail);
    }

    pub(in crate::rotation) fn settle(mut self, desk: &Desk<'_>) -> Visited {
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
        let lives =
            |token: &Token| matches!(token.health, Health::Healthy | Health::Expiring { .. });
        // A living token that was exchanged helps nobody who was not helped before.
        let is_news_to_kin = self.judged_candidate.is_some() && self.is_new_secret;
        Visited {
            revived: lives(&self.after) && (is_news_to_kin || is_dead(&self.before)),
            died: is_dead(&self.after) && !is_dead(&self.before),
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

    /// Whoever asked is told at least how the token is.
    fn answer_errand(&mut self) {
        let Some(errand) = self.errand else { return };
        let mut detail = vec![("state", self.after.state().word().into())];
        if errand.order == Order::Rotate && !self.done.exchanged && !self.done.derived {
            let why = policy::may_exchange(&self.after, self.rotation_tried_at, self.now);
            detail.extend(why.err().map(|why| ("not_rotated", why.word().into())));
        }
        self.tell(EventKind::Checked, &detail);
    }
}
