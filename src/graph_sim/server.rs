//! The simulator's HTTP server on loopback: reads calls, lets the world answer, and sends the answers.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::net::SocketAddr;

use axum::extract::{Request as HttpRequest, State};
use axum::http::{Method as HttpMethod, StatusCode, header, request};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use super::connection_faults::{ConnectionFault, End};
use super::endpoints::{self, Answer, Method, Request};
use super::faults::{Target, answer_under};
use super::simulator::Simulator;
use super::world::World;
use super::{answer_headers, batch, control, dialog, http_request};

const LARGEST_BODY: usize = 16 << 20;

impl Simulator {
    /// Starts the server. Port 0 selects a free port; see [`Simulator::url`].
    pub async fn start(world: World, listen: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let simulator = Self::new(world, listener.local_addr()?);
        simulator.tasks.spawn(accept(simulator.clone(), listener));
        Ok(simulator)
    }
}

async fn accept(simulator: Simulator, listener: TcpListener) {
    let router = Router::new()
        .nest("/sim", control::routes())
        .merge(dialog::routes())
        .fallback(graph)
        .with_state(simulator.clone());
    while let Some(Ok((stream, _))) = simulator.stop.run_until_cancelled(listener.accept()).await {
        simulator
            .tasks
            .spawn(serve(stream, router.clone(), simulator.stop.clone()));
    }
}

/// Closes the connection of a call without an answer.
#[derive(Clone, Debug)]
struct Hangup(CancellationToken);

async fn serve(stream: TcpStream, router: Router, stop: CancellationToken) {
    let hangup = Hangup(CancellationToken::new());
    let service = TowerToHyperService::new(router.layer(Extension(hangup.clone())));
    // Only speeds up answers, so an error does not matter.
    let _ = stream.set_nodelay(true);
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        _ = &mut connection => {}
        () = stop.cancelled() => {}
        () = hangup.0.cancelled() => {
            let _ = connection.into_parts().io.into_inner().set_zero_linger();
        }
    }
}

async fn graph(
    State(simulator): State<Simulator>,
    Extension(hangup): Extension<Hangup>,
    request: HttpRequest,
) -> Response {
    let (head, body) = request.into_parts();
    if head.method == HttpMethod::OPTIONS {
        return answer_headers::preflight(&head.headers).into_response();
    }
    let Ok(body) = axum::body::to_bytes(body, LARGEST_BODY).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let (answer, connection_fault) = match http_request::read(&head, &body) {
        Some(request) => {
            let mut world = simulator.world();
            world.begin_request(content(&head, &body));
            let answer = handle(&mut world, &request);
            world.end_request();
            answer
        }
        None => (unsupported(&simulator, &head), ConnectionFault::default()),
    };
    let known_tag = http_request::header_text(&head.headers, header::IF_NONE_MATCH);
    let method = Method::from_name(head.method.as_str()).unwrap_or(Method::Post);
    let answer = answer_headers::complete(answer, method, known_tag);
    tokio::time::sleep(connection_fault.delay).await;
    if connection_fault.end == End::Reset {
        hangup.0.cancel();
        return std::future::pending().await;
    }
    let now = simulator.world().now();
    connection_fault.response(answer, now)
}

/// A number that only equal requests share.
fn content(head: &request::Parts, body: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    (
        head.method.as_str(),
        head.uri.path(),
        head.uri.query(),
        body,
    )
        .hash(&mut hasher);
    hasher.finish()
}

fn unsupported(simulator: &Simulator, head: &request::Parts) -> Answer {
    let method = head.method.as_str().to_ascii_lowercase();
    let error = endpoints::unsupported_method(head.uri.path(), &method);
    error.answer(&simulator.world().trace_id())
}

fn handle(world: &mut World, request: &Request<'_>) -> (Answer, ConnectionFault) {
    world.call_log.record_request();
    let (target, respond): (_, fn(&mut World, &Request<'_>) -> Answer) = if batch::is_batch(request)
    {
        (Target::Batch, batch::respond)
    } else {
        (
            Target::Call(endpoints::endpoint_of(world, request)),
            endpoints::respond,
        )
    };
    let faults = world.strike(target);
    let answer = answer_under(world, &faults, |world| respond(world, request));
    (answer, ConnectionFault::under(&faults))
}
