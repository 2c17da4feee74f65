//! An incident of a simulation.

use jiff::Timestamp;

use crate::model::{Cause, Incident, IncidentId, IncidentKey, IncidentState};

/// An incident that is open, or was.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) incident: Incident,
    /// How many emails have asked for action.
    pub(super) emails: u32,
    /// Its tokens work because someone acted.
    pub(super) has_recovered: bool,
    pub(super) is_open: bool,
}

impl Case {
    /// An incident of the inventory. How many emails it has had is not known, only whether.
    pub(super) fn open_now(incident: Incident) -> Self {
        Self {
            emails: u32::from(incident.notified_at.is_some()),
            incident,
            has_recovered: false,
            is_open: true,
        }
    }

    pub(super) fn new(key: IncidentKey, cause: Cause, number: usize, now: Timestamp) -> Self {
        // Those of the inventory count up from 1.
        let id = IncidentId(-1 - i64::try_from(number).unwrap_or(i64::MAX - 1));
        Self {
            incident: Incident {
                id,
                ..opened(key, cause, now)
            },
            emails: 0,
            has_recovered: false,
            is_open: true,
        }
    }

    pub(super) fn review_at(&self) -> Option<Timestamp> {
        self.incident.review_at.filter(|_| self.is_open)
    }

    pub(super) const fn close(&mut self) {
        self.is_open = false;
    }

    pub(super) fn review_soon(&mut self, now: Timestamp) {
        let at = self.incident.review_at.map_or(now, |at| at.min(now));
        self.incident.review_at = Some(at);
    }
}

/// An incident that begins, before anybody is notified.
pub(in crate::forecast) fn opened(key: IncidentKey, cause: Cause, now: Timestamp) -> Incident {
    Incident {
        id: IncidentId(0),
        incident_key: key,
        cause,
        subject_name: None,
        state: IncidentState::Open,
        opened_at: now,
        deadline: None,
        review_at: Some(now),
        notified: Vec::new(),
        notified_cause: None,
        notified_at: None,
        awaiting_since: None,
        escalated_at: None,
        relapses: 0,
        well_since: None,
        flapping_notified_at: None,
        apps: Vec::new(),
        affected: 0,
        still_affected: 0,
        ever_affected: 0,
    }
}
