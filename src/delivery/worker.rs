//! Delivers what is due to one sink. A pass can be cut off anywhere: what was not recorded is delivered again, and every
//! sink can take a version twice.

use std::sync::Arc;

use futures_util::stream::{self, StreamExt};
use jiff::Timestamp;

use super::policy::{self, SinkError, Step};
use super::sinks::{self, FileSink, Receipt, WebhookSink};
use super::{Sink, Target};
use crate::inventory::{Error, Inventory, Tx, View};
use crate::model::{Deliverable, Delivery, DeliveryOutcome, SinkTokens};
use crate::outbox::http_post::{HttpPost, TlsError};
use crate::secret::Secret;

#[derive(Clone, Debug)]
pub struct SinkWorker {
    pub inventory: Inventory,
    pub sink: Sink,
    /// Present if the sink is a webhook.
    http: Option<Arc<HttpPost>>,
}

/// A version on its way, with what it takes to deliver it, or why that is not possible.
pub(super) struct Task {
    pub(super) delivery: Delivery,
    pub(super) token: Deliverable,
    pub(super) secret: Result<Secret, SinkError>,
}

/// What one pass found in the queue.
#[derive(Default)]
struct Due {
    tasks: Vec<Task>,
    superseded: Vec<Delivery>,
    /// Why nothing more is delivered to this sink.
    disabled: Option<String>,
}

type Attempts = Vec<(Delivery, Result<Receipt, SinkError>)>;

/// How many deliveries a pass deals with before it records what became of them. Files take no time; a receiver or a
/// command may take a minute for each.
const FILES: usize = 200;
const MESSAGES: usize = 8;
/// After so many failures in a row the cause is the sink, and the other deliveries wait as well.
const BROKEN_AFTER: usize = 5;

impl SinkWorker {
    pub fn new(inventory: Inventory, sink: Sink) -> Result<Self, TlsError> {
        let http = match &sink.target {
            Target::Webhook(webhook) => {
                let http = HttpPost::new(std::slice::from_ref(&webhook.address))?;
                Some(Arc::new(http))
            }
            Target::File(_) | Target::Command(_) => None,
        };
        Ok(Self {
            inventory,
            sink,
            http,
        })
    }

    pub(super) fn webhook(&self) -> Option<(&HttpPost, &WebhookSink)> {
        match (&self.http, &self.sink.target) {
            (Some(http), Target::Webhook(webhook)) => Some((http, webhook)),
            _ => None,
        }
    }

    /// Delivers some of what is due. Returns how many deliveries it dealt with; 0 when nothing is due.
    pub async fn pass(&self, now: Timestamp) -> Result<usize, Error> {
        let sink = self.sink.tokens();
        let limit = match self.sink.target {
            Target::File(_) => FILES,
            Target::Command(_) | Target::Webhook(_) => MESSAGES,
        };
        let due = self
            .inventory
            .read(move |view| due(view, &sink, limit, now))
            .await?;
        if let Some(reason) = due.disabled {
            return self.disable(reason, now).await;
        }
        let dealt_with = due.tasks.len() + due.superseded.len();
        if dealt_with == 0 {
            return Ok(0);
        }
        let attempts = self.deliver(due.tasks, now).await?;
        let sink = self.sink.name.clone();
        let record = self.inventory.write(move |tx| {
            due.superseded
                .iter()
                .try_for_each(|delivery| tx.supersede_delivery(delivery))?;
            record(tx, &sink, &attempts, now)
        });
        record.await?;
        Ok(dealt_with)
    }

    async fn disable(&self, reason: String, now: Timestamp) -> Result<usize, Error> {
        let sink = self.sink.name.clone();
        let disable = self
            .inventory
            .write(move |tx| tx.disable_sink(&sink, &reason, now));
        disable.await.map(|()| 0)
    }

    /// Delivers in order, until the sink seems to be broken. No token has two versions among the tasks.
    async fn deliver(&self, tasks: Vec<Task>, now: Timestamp) -> Result<Attempts, Error> {
        match (&self.sink.target, self.webhook()) {
            (Target::File(file), _) => self.write_files(file, tasks).await,
            (Target::Command(words), _) => Ok(run_commands(words, tasks).await),
            (Target::Webhook(_), Some((http, sink))) => {
                Ok(send_messages(http, sink, tasks, now).await)
            }
            (Target::Webhook(_), None) => Err(Error::Closed),
        }
    }

    async fn write_files(&self, file: &FileSink, tasks: Vec<Task>) -> Result<Attempts, Error> {
        let (file, sink) = (file.clone(), &self.sink.name);
        let tasks = announce(&self.inventory, tasks, sink, &file).await?;
        let write = move || {
            let mut attempts = Attempts::new();
            for task in tasks {
                let attempt = write_file(&file, &task);
                attempts.push((task.delivery, attempt));
                if is_broken(&attempts) {
                    break;
                }
            }
            attempts
        };
        let written = tokio::task::spawn_blocking(write).await;
        written.map_err(|_| Error::Closed)
    }
}

async fn run_commands(words: &[String], tasks: Vec<Task>) -> Attempts {
    let mut attempts = Attempts::new();
    for task in tasks {
        let attempt = match &task.secret {
            Ok(secret) => sinks::run(words, &task.token, secret).await,
            Err(error) => Err(error.clone()),
        };
        attempts.push((task.delivery, attempt.map(|()| Receipt::default())));
        if is_broken(&attempts) {
            break;
        }
    }
    attempts
}

async fn send_messages(
    http: &HttpPost,
    sink: &WebhookSink,
    tasks: Vec<Task>,
    now: Timestamp,
) -> Attempts {
    let sends = tasks.into_iter().map(|task| async move {
        let attempt = match &task.secret {
            Ok(secret) => sinks::send(http, sink, &task.delivery, (&task.token, secret), now).await,
            Err(error) => Err(error.clone()),
        };
        (task.delivery, attempt)
    });
    let mut attempts = Attempts::new();
    let mut answers = stream::iter(sends).buffered(MESSAGES);
    while let Some(attempt) = answers.next().await {
        attempts.push(attempt);
        if is_broken(&attempts) {
            break;
        }
    }
    attempts
}

fn due(view: &View<'_>, sink: &SinkTokens, limit: usize, now: Timestamp) -> Result<Due, Error> {
    let disabled = view.disabled_sinks()?;
    let disabled = disabled.into_iter().find(|(name, _)| *name == sink.sink);
    let waiting = view.deliveries_due(&sink.sink, now, limit)?;
    let mut due = Due::default();
    if waiting.is_empty() {
        return Ok(due);
    }
    due.disabled = disabled.map(|(_, reason)| reason);
    for delivery in waiting {
        let should_have = view.deliverable(delivery.token)?;
        match (
            policy::step(&delivery, should_have.as_ref(), sink),
            should_have,
        ) {
            (Step::Deliver, Some(token)) => {
                let secret = secret_of(view, &token);
                due.tasks.push(Task {
                    delivery,
                    token,
                    secret,
                });
            }
            _ => due.superseded.push(delivery),
        }
    }
    Ok(due)
}

/// One secret that does not open keeps no other token from being delivered.
fn secret_of(view: &View<'_>, token: &Deliverable) -> Result<Secret, SinkError> {
    match view.secret_of_version(token.token, token.version) {
        Ok(Some(secret)) => Ok(secret),
        Ok(None) => Err(SinkError::Local("the version is gone".to_owned())),
        Err(error) => Err(SinkError::Local(error.to_string())),
    }
}

/// Remembers the files before they are written. Leaves out those of tokens that have gone since.
async fn announce(
    inventory: &Inventory,
    mut tasks: Vec<Task>,
    sink: &str,
    file: &FileSink,
) -> Result<Vec<Task>, Error> {
    let files: Vec<_> = tasks
        .iter()
        .map(|task| super::cleanup::file_of(file, sink, &task.token))
        .collect();
    let announce = inventory.write(move |tx| super::cleanup::announce(tx, &files));
    let mut is_there = announce.await?.into_iter();
    tasks.retain(|_| is_there.next() == Some(true));
    Ok(tasks)
}

fn write_file(file: &FileSink, task: &Task) -> Result<Receipt, SinkError> {
    let secret = task.secret.as_ref().map_err(Clone::clone)?;
    let written = file.deliver(&task.token, secret);
    written
        .map(|()| Receipt::default())
        .map_err(SinkError::Local)
}

fn is_broken(attempts: &Attempts) -> bool {
    let is_gone = |error: &SinkError| matches!(error, SinkError::Gone(_));
    let failed_in_a_row = attempts
        .iter()
        .rev()
        .take_while(|(_, attempt)| attempt.is_err());
    let last = attempts
        .last()
        .and_then(|(_, attempt)| attempt.as_ref().err());
    last.is_some_and(is_gone) || failed_in_a_row.count() >= BROKEN_AFTER
}

/// Records all attempts. When the sink is broken, what was not tried waits as long as what was tried last.
fn record(tx: &Tx<'_>, sink: &str, attempts: &Attempts, now: Timestamp) -> Result<(), Error> {
    let mut last_try = None;
    for (delivery, attempt) in attempts {
        let outcome = match attempt {
            Ok(receipt) => DeliveryOutcome::Delivered {
                in_use: receipt.in_use,
            },
            Err(error) => policy::outcome(delivery, error, now),
        };
        if let DeliveryOutcome::Failed { next_try_at, .. } = &outcome {
            last_try = *next_try_at;
        }
        tx.record_delivery_attempt(delivery, &outcome, now)?;
    }
    match attempts.last() {
        Some((_, Err(SinkError::Gone(reason)))) => tx.disable_sink(sink, reason, now),
        Some((_, Err(error))) if is_broken(attempts) => match last_try {
            Some(until) => tx.postpone_deliveries(sink, error.reason(), until, now),
            None => Ok(()),
        },
        Some(_) | None => Ok(()),
    }
}
