//! TLS to the server, whose certificate is always verified: by the operator's own authority if there is one, else as
//! this machine verifies all others.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::Socket;
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect};
use tokio_rustls::{TlsConnector, client};

/// The certificates of the operator's own authority.
#[derive(Clone, PartialEq, Eq)]
pub struct Authority(Vec<CertificateDer<'static>>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)")]
pub struct NoCertificate;

impl Authority {
    pub fn from_pem(pem: &[u8]) -> Result<Self, NoCertificate> {
        let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
        let authority = Self(read.map_err(|_| NoCertificate)?);
        authority.roots()?;
        Ok(authority)
    }

    fn roots(&self) -> Result<RootCertStore, NoCertificate> {
        let mut roots = RootCertStore::empty();
        for certificate in &self.0 {
            roots.add(certificate.clone()).map_err(|_| NoCertificate)?;
        }
        if roots.is_empty() {
            return Err(NoCertificate);
        }
        Ok(roots)
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authority({} certificates)", self.0.len())
    }
}

/// What encrypts the connections to a server.
#[derive(Clone)]
pub(super) struct Tls(Arc<ClientConfig>);

impl Tls {
    pub(super) fn new(authority: Option<&Authority>) -> Result<Self, String> {
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?;
        let builder = match authority {
            Some(authority) => {
                let roots = authority.roots().map_err(|error| error.to_string())?;
                builder.with_root_certificates(roots)
            }
            None => builder
                .with_platform_verifier()
                .map_err(|error| error.to_string())?,
        };
        let mut config = builder.with_no_client_auth();
        // For sslnegotiation=direct; a server that does not know the word passes it over.
        config.alpn_protocols = vec![b"postgresql".to_vec()];
        Ok(Self(Arc::new(config)))
    }
}

impl MakeTlsConnect<Socket> for Tls {
    type Stream = TlsStream;
    type TlsConnect = ToHost;
    type Error = io::Error;

    fn make_tls_connect(&mut self, host: &str) -> io::Result<ToHost> {
        // A socket has no host, and no TLS.
        let name = if host.is_empty() { "localhost" } else { host };
        let name = ServerName::try_from(name.to_owned())
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        let connector = TlsConnector::from(Arc::clone(&self.0));
        Ok(ToHost { connector, name })
    }
}

/// Connects to one host, whose name its certificate must bear.
pub(super) struct ToHost {
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl TlsConnect<Socket> for ToHost {
    type Stream = TlsStream;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<TlsStream>> + Send>>;

    fn connect(self, stream: Socket) -> Self::Future {
        let connecting = self.connector.connect(self.name, stream);
        Box::pin(async move { connecting.await.map(TlsStream) })
    }
}

pub(super) struct TlsStream(client::TlsStream<Socket>);

impl tokio_postgres::tls::TlsStream for TlsStream {
    /// It would need to read the server's certificate. What it is for, the certificate has shown already.
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl AsyncRead for TlsStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl AsyncWrite for TlsStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}
