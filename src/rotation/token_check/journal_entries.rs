//! The journal entries of a check.

use serde_json::Value;

use super::TokenCheck;
use crate::inventory::{EventKind, NewEvent};
use crate::model::{OrderKind, Token};
use crate::rotation::policy;

impl TokenCheck {
    pub(super) fn record(&mut self, kind: EventKind, detail: &[(&'static str, Value)]) {
        let mut event = NewEvent::about(&self.before, kind);
        if let Some(pending_order) = self.pending_order {
            event = event.with("order", pending_order.event.0.to_string());
        }
        let event = detail
            .iter()
            .fold(event, |event, (key, value)| event.with(key, value.clone()));
        self.events.push(event);
    }

    pub(super) fn record_changes(&mut self) {
        let (was, is) = (&self.before, &self.after);
        if (was.state(), was.cause()) == (is.state(), is.cause()) {
            return;
        }
        let word = |token: &Token| {
            token
                .cause()
                .map_or(Value::Null, |cause| cause.as_str().into())
        };
        let mut detail = vec![
            ("from", was.state().as_str().into()),
            ("to", is.state().as_str().into()),
            ("cause", word(is)),
        ];
        detail.append(&mut self.detail);
        self.record(EventKind::Changed, &detail);
    }

    /// Records lost and restored permissions. Returns whether there were any.
    pub(super) fn record_permission_changes(&mut self) -> bool {
        let (lost, restored) = policy::changed_permissions(&self.before, &self.after);
        let changed = [
            (EventKind::PermissionsLost, lost),
            (EventKind::PermissionsRestored, restored),
        ];
        let mut any = false;
        for (kind, scopes) in changed {
            if !scopes.is_empty() {
                any = true;
                self.record(kind, &[("permissions", scopes.as_str().into())]);
            }
        }
        any
    }

    /// Records at least the token's state for the order's author.
    pub(super) fn complete_order(&mut self) {
        let Some(pending_order) = self.pending_order else {
            return;
        };
        let mut detail = vec![("state", self.after.state().as_str().into())];
        if pending_order.order == OrderKind::Rotate && !self.done.exchanged && !self.done.derived {
            let may = policy::may_exchange(&self.after, self.rotation_tried_at, self.now);
            if let Err(why) = may {
                detail.push(("not_rotated", why.as_str().into()));
                let may_at = why.until(self.rotation_tried_at);
                detail.extend(may_at.map(|at| ("may_rotate_at", at.to_string().into())));
            }
        }
        self.record(EventKind::Checked, &detail);
    }
}
