//! Sends what waits in the world to the apps, and asks an app to verify its webhook.

use std::io;

use axum::body::{Body, Bytes};
use axum::http::{Method, Request, Uri, header};
use http_body_util::BodyExt;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::Simulator;
use super::world::Delivery;

impl Simulator {
    /// Sends all queued deliveries once and returns the status of each. Plain HTTP only.
    pub async fn deliver(&self) -> Vec<io::Result<u16>> {
        let waiting = self.world().take_deliveries();
        let mut outcomes = Vec::with_capacity(waiting.len());
        for delivery in waiting {
            outcomes.push(post(&delivery).await);
        }
        outcomes
    }

    /// Sends Meta's verification request for a webhook URL. Returns whether the app echoed the challenge.
    pub async fn verify_webhook(&self, url: &str, verify_token: &str) -> io::Result<bool> {
        let challenge = "1158201444";
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("hub.mode", "subscribe")
            .append_pair("hub.challenge", challenge)
            .append_pair("hub.verify_token", verify_token)
            .finish();
        let request = Request::get(format!("{url}?{query}")).body(Body::empty());
        let (status, body) = send(request.map_err(io::Error::other)?).await?;
        Ok(status == 200 && body == challenge)
    }
}

async fn post(delivery: &Delivery) -> io::Result<u16> {
    let mut request = Request::builder()
        .method(Method::POST)
        .uri(&delivery.url)
        .header(header::CONTENT_TYPE, delivery.content_type);
    for (name, signature) in [
        ("X-Hub-Signature", &delivery.sha1_signature),
        ("X-Hub-Signature-256", &delivery.signature),
    ] {
        if let Some(signature) = signature {
            request = request.header(name, signature);
        }
    }
    let request = request.body(Body::from(delivery.body.clone()));
    let (status, _) = send(request.map_err(io::Error::other)?).await?;
    Ok(status)
}

async fn send(mut request: Request<Body>) -> io::Result<(u16, Bytes)> {
    let authority = request.uri().authority().cloned();
    let Some(authority) = authority.filter(|_| request.uri().scheme_str() == Some("http")) else {
        return Err(io::Error::other(
            "deliveries go to plain http addresses only",
        ));
    };
    let host = format!(
        "{}:{}",
        authority.host(),
        authority.port_u16().unwrap_or(80)
    );
    let stream = TcpStream::connect(host).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(io::Error::other)?;
    tokio::spawn(connection);
    let path = request
        .uri()
        .path_and_query()
        .map_or("/", |path| path.as_str());
    let path: Uri = path.parse().map_err(io::Error::other)?;
    *request.uri_mut() = path;
    if let Ok(host) = authority.as_str().parse() {
        request.headers_mut().insert(header::HOST, host);
    }
    let response = sender
        .send_request(request)
        .await
        .map_err(io::Error::other)?;
    let status = response.status().as_u16();
    let body = response
        .into_body()
        .collect()
        .await
        .map_err(io::Error::other)?;
    Ok((status, body.to_bytes()))
}
