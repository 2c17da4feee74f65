//! People: what they do when an email asks them for something, by the link that is in it.

use std::collections::HashMap;

use jiff::SignedDuration;
use perennial::graph_sim::{DialogAnswer, PageSelection, SystemUserValidity};
use perennial::inventory::Tx;
use perennial::login::{oauth_dialog, policy};
use perennial::model::{Cause, Email, IncidentId, IncidentState, Remedy};
use perennial::secret::Secret;
use rand::RngExt;

use super::fleet::{APPS, Fleet, NEEDED, SCOPES};
use super::{Moment, Result};

/// What a person will do because of an email.
pub(super) struct PendingOrder {
    at: Moment,
    place: usize,
    incident: IncidentId,
    /// The ticket of the login link.
    ticket: Option<String>,
}

impl Fleet {
    /// A person who gets an email acts within two days, or within weeks.
    pub(super) fn receive(&mut self, emails: &[Email]) {
        let of: HashMap<&str, usize> = self
            .people
            .iter()
            .enumerate()
            .filter(|(_, person)| !person.is_robot)
            .map(|(place, person)| (person.address.as_str(), place))
            .collect();
        for email in emails {
            let Some(incident) = email.email.incident else {
                continue;
            };
            let mut to = email.email.recipients.iter();
            let Some(place) = to.find_map(|address| of.get(address.as_str()).copied()) else {
                continue;
            };
            let is_pending = |order: &PendingOrder| order.incident == incident;
            if self.pending_orders.iter().any(is_pending) {
                continue;
            }
            let hours = match self.people[place].is_slow {
                true => self.chance.random_range(300..700),
                false => self.chance.random_range(2..48),
            };
            let at = self.now + SignedDuration::from_hours(hours);
            self.pending_orders.push(PendingOrder {
                at,
                place,
                incident,
                ticket: ticket_in(&email.email.text),
            });
        }
    }

    /// When somebody acts next.
    pub(super) fn next_act(&self) -> Option<Moment> {
        self.pending_orders.iter().map(|order| order.at).min()
    }

    /// Performs the actions that are due. Returns whether there were any.
    pub(super) async fn act(&mut self) -> Result<bool> {
        let now = self.now;
        let due: Vec<_> = self
            .pending_orders
            .extract_if(.., |order| order.at <= now)
            .collect();
        let has_acted = !due.is_empty();
        for order in due {
            let id = order.incident;
            let incident = self.inventory.read(move |view| view.incident(id)).await?;
            let Some(incident) = incident else { continue };
            if matches!(incident.state, IncidentState::Resolved { .. }) {
                continue;
            }
            let subject = &incident.incident_key.subject;
            let whose = self.people.iter().position(|person| person.id == *subject);
            let place = whose.unwrap_or(order.place);
            self.mend(place, incident.cause, order.ticket).await?;
        }
        Ok(has_acted)
    }

    async fn mend(&mut self, place: usize, cause: Cause, ticket: Option<String>) -> Result {
        let person = &self.people[place];
        match cause.remedy() {
            Remedy::Login | Remedy::Reauthorize | Remedy::GrantPermissions => match ticket {
                Some(ticket) if !self.people[place].is_robot => {
                    self.log_in_by_link(place, Secret::new(ticket)).await
                }
                _ => self.hand_in(place).await,
            },
            Remedy::ClearCheckpoint => Ok(self.meta.world().clear_checkpoint(&person.id)?),
            Remedy::RestorePageRole => {
                for page in &person.pages {
                    self.meta.world().give_role(&person.id, page)?;
                    self.meta.world().publish_page(page)?;
                }
                Ok(())
            }
            Remedy::FixApp
            | Remedy::FixDelivery
            | Remedy::UpdateConsumer
            | Remedy::FixDatabase
            | Remedy::Wait => Ok(()),
        }
    }

    /// Clicks the link, answers Meta's dialog, and comes back.
    async fn log_in_by_link(&mut self, place: usize, ticket: Secret) -> Result {
        let now = self.daemon_now();
        let settings = self.services.login_worker.settings.clone();
        let click = move |tx: &Tx<'_>| {
            let Some(login) = tx
                .login_of_ticket(&ticket)?
                .filter(|login| login.is_open(now))
            else {
                return Ok(None);
            };
            let app = settings.app(&login.wanted.app);
            let Some((app, back)) = app.and_then(|app| Some((app, settings.redirect_uri(app)?)))
            else {
                return Ok(None);
            };
            let state = tx.begin_attempt(&login, Some(&back), now)?;
            let was_declined = tx.was_declined_before(login.id)?;
            let auth_type = policy::auth_type(login.wanted.remedy, was_declined);
            Ok(Some(oauth_dialog::url(app, &back, &state, auth_type)))
        };
        let Some(dialog) = self.excused(self.inventory.write(click).await)?.flatten() else {
            return Ok(());
        };
        let answer = self.answer();
        let address = {
            let mut world = self.meta.world();
            let person = &self.people[place].id;
            world.clear_checkpoint(person)?;
            world.answer_dialog(&dialog, person, answer)?
        };
        let query = address.split_once('?').map_or("", |(_, query)| query);
        let returned = oauth_dialog::read_return(query).ok_or("the dialog leads nowhere")?;
        let file = move |tx: &Tx<'_>| oauth_dialog::file(tx, &returned, now);
        self.excused(self.inventory.write(file).await).map(drop)
    }

    /// Most people allow everything; some untick a permission, and some cancel.
    fn answer(&mut self) -> DialogAnswer {
        match self.chance.random_range(0..20) {
            0 => DialogAnswer::Cancel,
            1 => DialogAnswer::Allow {
                declined: vec![NEEDED.to_owned()],
                pages: PageSelection::All,
            },
            _ => DialogAnswer::allow(),
        }
    }

    /// What an operator does for a system user, and for people whose email had no link.
    async fn hand_in(&mut self, place: usize) -> Result {
        let person = &self.people[place];
        let (_, app, _) = APPS[person.app];
        let secret = if person.is_robot {
            let life = SystemUserValidity::SixtyDays;
            let mut world = self.meta.world();
            world.system_user_token(app, &person.id, SCOPES, life)?
        } else {
            let mut world = self.meta.world();
            world.clear_checkpoint(&person.id)?;
            world.log_in(app, &person.id, SCOPES, PageSelection::All)?
        };
        let (id, now, secret) = (person.user, self.daemon_now(), Secret::new(secret));
        let put_in = move |tx: &Tx<'_>| match tx.token(id)? {
            Some(token) => tx.store_candidate(&token, &secret, now).map(drop),
            None => Ok(()),
        };
        self.excused(self.inventory.write(put_in).await).map(drop)
    }
}

/// Out of the link to the login page.
fn ticket_in(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("/login/")?;
    let end =
        rest.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-' && letter != '_');
    Some(rest[..end.unwrap_or(rest.len())].to_owned())
}
