//! The simulator's HTTP server on loopback: reads calls, lets the world answer, sends what comes.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::{Body, Bytes};
use axum::extract::{Request as HttpRequest, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header, request};
use axum::response::Response;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use jiff::Timestamp;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::batch;
use super::endpoints::{self, Answer, Method, Request};
use super::world::World;

const LARGEST_BODY: usize = 16 << 20;

/// A running simulator; cheap to clone, all clones see one world.
#[derive(Clone, Debug)]
pub struct Simulator {
    world: Arc<Mutex<World>>,
    address: SocketAddr,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Simulator {
    /// Port 0 takes any free one; see [`Simulator::url`].
    pub async fn start(world: World, listen: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let simulator = Self {
            world: Arc::new(Mutex::new(world)),
            address: listener.local_addr()?,
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        };
        simulator.world().set_base_url(&simulator.url());
        simulator.tasks.spawn(accept(simulator.clone(), listener));
        Ok(simulator)
    }

    /// Serves as both `graph_url` and `dialog_url`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn set_now(&self, now: Timestamp) {
        self.world().set_now(now);
    }

    pub async fn stop(self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

async fn accept(simulator: Simulator, listener: TcpListener) {
    let router = axum::Router::new()
        .fallback(graph)
        .with_state(simulator.clone());
    while let Some(Ok((stream, _))) = simulator.stop.run_until_cancelled(listener.accept()).await {
        let service = TowerToHyperService::new(router.clone());
        simulator
            .tasks
            .spawn(connection(stream, service, simulator.stop.clone()));
    }
}

async fn connection(
    stream: TcpStream,
    service: TowerToHyperService<axum::Router>,
    stop: CancellationToken,
) {
    let _ = stream.set_nodelay(true);
    let serving =
        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let _ = stop.run_until_cancelled(serving).await;
}

async fn graph(State(simulator): State<Simulator>, request: HttpRequest) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, LARGEST_BODY).await else {
        return plain(StatusCode::PAYLOAD_TOO_LARGE);
    };
    let answer = respond(&mut simulator.world(), &head, &body);
    answer.map_or_else(|| plain(StatusCode::METHOD_NOT_ALLOWED), send)
}

fn respond(world: &mut World, head: &request::Parts, body: &Bytes) -> Option<Answer> {
    let method = Method::from_word(head.method.as_str())?;
    let mut request = Request::new(method, head.uri.path_and_query()?.as_str());
    request.bearer = bearer(&head.headers);
    add_body(&mut request, &head.headers, body);
    world.ledger.note_request();
    if batch::is_batch(&request) {
        return Some(batch::respond(world, &request));
    }
    Some(endpoints::respond(world, &request))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = text.split_once(' ')?;
    ["bearer", "oauth"]
        .contains(&scheme.to_ascii_lowercase().as_str())
        .then_some(token.trim())
}

/// Graph takes forms, and JSON objects whose members are then read like form fields.
fn add_body<'a>(request: &mut Request<'a>, headers: &HeaderMap, body: &'a Bytes) {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    if kind.is_some_and(|kind| kind.starts_with("application/json")) {
        let fields: serde_json::Map<_, _> = serde_json::from_slice(body).unwrap_or_default();
        for (name, value) in fields {
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            request.params.add(name, text);
        }
    } else if let Ok(text) = std::str::from_utf8(body) {
        request.params.add_form(text);
    }
}

fn send(answer: Answer) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or_default();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json; charset=UTF-8"),
    );
    for (name, value) in answer.headers {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    }
    response
}

fn plain(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}
