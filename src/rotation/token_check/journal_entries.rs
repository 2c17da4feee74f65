//! The journal entries of a check.

use super::TokenCheck;
use crate::inventory::NewEvent;
use crate::model::{Checked, Event, OrderKind};
use crate::rotation::policy;

impl TokenCheck {
    pub(super) fn record(&mut self, event: Event) {
        self.events.push(NewEvent {
            order: self.pending_order.map(|pending| pending.event),
            ..NewEvent::about(&self.before, event)
        });
    }

    pub(super) fn record_changes(&mut self) {
        let (was, is) = (&self.before, &self.after);
        if (was.state(), was.cause()) == (is.state(), is.cause()) {
            return;
        }
        let (from, to, cause) = (was.state(), is.state(), is.cause());
        let meta = self.meta.take();
        self.record(Event::Changed {
            from,
            to,
            cause,
            meta,
        });
    }

    /// Records lost and restored permissions. Returns whether there were any.
    pub(super) fn record_permission_changes(&mut self) -> bool {
        let (lost, restored) = policy::changed_permissions(&self.before, &self.after);
        let any = !lost.is_empty() || !restored.is_empty();
        if !lost.is_empty() {
            self.record(Event::PermissionsLost { permissions: lost });
        }
        if !restored.is_empty() {
            self.record(Event::PermissionsRestored {
                permissions: restored,
            });
        }
        any
    }

    /// Records at least the token's state for the order's author.
    pub(super) fn complete_order(&mut self) {
        let Some(pending_order) = self.pending_order else {
            return;
        };
        let may_rotate =
            pending_order.order == OrderKind::Rotate && !self.done.exchanged && !self.done.derived;
        let not_rotated = may_rotate
            .then(|| policy::may_exchange(&self.after, self.rotation_tried_at, self.now).err())
            .flatten();
        self.record(Event::Checked(Checked {
            state: self.after.state(),
            not_rotated,
            may_rotate_at: not_rotated.and_then(|why| why.until(self.rotation_tried_at)),
        }));
    }
}
