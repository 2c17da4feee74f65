//! One session with a server, for as long as it lasts. Whoever waits for an answer drives it meanwhile, and waits no
//! longer than a limit.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::TryStreamExt;
use tokio::runtime::Runtime;
use tokio::time::timeout;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row, SimpleQueryMessage, Socket, Statement};

use super::CALL;
use super::fault::{Fault, FaultKind};
use super::tls::TlsStream;
use super::value::bound;
use crate::inventory::engine::dialect::for_postgres;
use crate::inventory::engine::value::Params;

pub(super) struct Link {
    client: Client,
    driver: RefCell<Driver>,
    statements: RefCell<HashMap<String, Statement>>,
    /// How long a call may take.
    limit: Cell<Duration>,
    /// After the client and the driver, which need it.
    runtime: Waiting,
}

/// What sends and receives, or why it does not any more.
enum Driver {
    Running(Box<tokio_postgres::Connection<Socket, TlsStream>>),
    Ended(Fault),
}

/// A runtime for calls that wait for it.
pub(super) struct Waiting(Option<Runtime>);

/// How many statements stay prepared. There are fewer, so this only keeps the server's memory from growing without end.
const STATEMENTS: usize = 400;

/// The answer to statements without values: a row for each, in text.
pub(super) type Words = Vec<Vec<Option<String>>>;

impl Link {
    pub(super) fn new(
        runtime: Waiting,
        client: Client,
        connection: tokio_postgres::Connection<Socket, TlsStream>,
    ) -> Self {
        Self {
            client,
            driver: RefCell::new(Driver::Running(Box::new(connection))),
            statements: RefCell::default(),
            limit: Cell::new(CALL),
            runtime,
        }
    }

    pub(super) fn limit_calls_to(&self, limit: Duration) {
        self.limit.set(limit);
    }

    pub(super) fn rows(&self, sql: &str, params: Params<'_>) -> Result<Vec<Row>, Fault> {
        let statement = self.prepared(sql)?;
        self.wait(async {
            let rows = self.client.query_raw(&statement, bound(params));
            rows.await?.try_collect().await
        })
    }

    pub(super) fn changed(&self, sql: &str, params: Params<'_>) -> Result<u64, Fault> {
        let statement = self.prepared(sql)?;
        self.wait(async {
            let changed = self.client.execute_raw(&statement, bound(params));
            changed.await
        })
    }

    /// The same, with an array of values for each parameter.
    pub(super) fn changed_by_columns<C: ToSql>(
        &self,
        sql: &str,
        columns: &[C],
    ) -> Result<u64, Fault> {
        let statement = self.prepared(sql)?;
        self.wait(self.client.execute_raw(&statement, columns))
    }

    /// The types of a statement's values, as the server has inferred them.
    pub(super) fn types(&self, sql: &str) -> Result<Vec<Type>, Fault> {
        Ok(self.prepared(sql)?.params().to_vec())
    }

    /// Runs statements without values.
    pub(super) fn script(&self, sql: &str) -> Result<(), Fault> {
        self.wait(self.client.batch_execute(sql))
    }

    /// Runs statements without values, and returns their rows.
    pub(super) fn words(&self, sql: &str) -> Result<Words, Fault> {
        let messages = self.wait(self.client.simple_query(sql))?;
        let rows = messages.into_iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => {
                let columns = 0..row.len();
                let column = |at| row.try_get(at).ok().flatten().map(str::to_owned);
                Some(columns.map(column).collect())
            }
            _ => None,
        });
        Ok(rows.collect())
    }

    /// The first column of the first row.
    pub(super) fn word(&self, sql: &str) -> Result<Option<String>, Fault> {
        let rows = self.words(sql)?;
        Ok(rows
            .into_iter()
            .next()
            .and_then(|row| row.into_iter().next()?))
    }

    fn prepared(&self, sql: &str) -> Result<Statement, Fault> {
        if let Some(known) = self.statements.borrow().get(sql) {
            return Ok(known.clone());
        }
        let statement = self.wait(self.client.prepare(&for_postgres(sql)))?;
        let mut statements = self.statements.borrow_mut();
        if statements.len() >= STATEMENTS {
            statements.clear();
        }
        statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    fn wait<T>(
        &self,
        request: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, Fault> {
        let mut driver = self.driver.borrow_mut();
        let limit = self.limit.get();
        let mut request = pin!(request);
        let answer = poll_fn(|context| {
            if let Poll::Ready(answer) = request.as_mut().poll(context) {
                return Poll::Ready(answer);
            }
            driver.drive(context);
            request.as_mut().poll(context)
        });
        let answered = self
            .runtime
            .block_on(async { timeout(limit, answer).await });
        match answered {
            Some(Ok(Ok(value))) => Ok(value),
            Some(Ok(Err(error))) if error.is_closed() => Err(driver.end_or(error)),
            Some(Ok(Err(error))) => Err(error.into()),
            Some(Err(_)) | None => Err(Fault::silent(limit)),
        }
    }
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Link")
    }
}

impl Driver {
    /// Sends and receives what is possible now. Once the session has ended, every request gets an error.
    fn drive(&mut self, context: &mut Context<'_>) {
        while let Self::Running(connection) = self {
            match connection.poll_message(context) {
                // What a server remarks is in its own log.
                Poll::Ready(Some(Ok(_))) => {}
                Poll::Ready(Some(Err(error))) => *self = Self::Ended(error.into()),
                Poll::Ready(None) => {
                    let text = "the server has closed the connection";
                    *self = Self::Ended(Fault::new(FaultKind::Lost, text));
                }
                Poll::Pending => return,
            }
        }
    }

    /// Why the session ended says more than that it did.
    fn end_or(&self, error: tokio_postgres::Error) -> Fault {
        match self {
            Self::Ended(fault) => fault.clone(),
            Self::Running(_) => error.into(),
        }
    }
}

impl Waiting {
    pub(super) const fn new(runtime: Runtime) -> Self {
        Self(Some(runtime))
    }

    /// `None` if it has ended.
    pub(super) fn block_on<F: Future>(&self, work: F) -> Option<F::Output> {
        self.0.as_ref().map(|runtime| runtime.block_on(work))
    }
}

impl Drop for Waiting {
    /// An async thread may not wait for a runtime to end.
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
