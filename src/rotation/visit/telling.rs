//! What a visit tells the journal.

use serde_json::Value;

use super::Visit;
use crate::inventory::{EventKind, NewEvent, Order};
use crate::rotation::policy;
use crate::token::Token;

impl Visit {
    pub(super) fn tell(&mut self, kind: EventKind, detail: &[(&'static str, Value)]) {
        let mut event = NewEvent::about(&self.before, kind);
        if let Some(errand) = self.errand {
            event = event.with("order", errand.event.0.to_string());
        }
        let event = detail
            .iter()
            .fold(event, |event, (key, value)| event.with(key, value.clone()));
        self.events.push(event);
    }

    pub(super) fn tell_what_changed(&mut self) {
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

    /// Whether any of them came or went.
    pub(super) fn tell_permissions(&mut self) -> bool {
        let (lost, restored) = policy::changed_permissions(&self.before, &self.after);
        let changed = [
            (EventKind::PermissionsLost, lost),
            (EventKind::PermissionsRestored, restored),
        ];
        let mut any = false;
        for (kind, scopes) in changed {
            if !scopes.is_empty() {
                any = true;
                self.tell(kind, &[("permissions", scopes.as_str().into())]);
            }
        }
        any
    }

    /// Whoever asked is told at least how the token is.
    pub(super) fn answer_errand(&mut self) {
        let Some(errand) = self.errand else { return };
        let mut detail = vec![("state", self.after.state().word().into())];
        if errand.order == Order::Rotate && !self.done.exchanged && !self.done.derived {
            let why = policy::may_exchange(&self.after, self.rotation_tried_at, self.now);
            detail.extend(why.err().map(|why| ("not_rotated", why.word().into())));
        }
        self.tell(EventKind::Checked, &detail);
    }
}
