//! Opens the listener of the public part: a TCP address, or a Unix socket for the proxy.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};

use super::ListenAddress;
use super::rate_limit::ipv6_prefix;

/// Why the public part cannot listen.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {place}: {source}. Set [web] listen to another address")]
pub struct BindError {
    place: String,
    source: io::Error,
}

/// An open listener.
#[derive(Debug)]
pub enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// An accepted connection.
pub(super) struct Caller {
    pub(super) stream: Box<dyn Stream>,
    pub(super) origin: Origin,
}

/// Where a connection comes from. A Unix socket has no address, so its peer is known by user id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Origin {
    Address(IpAddr),
    User(u32),
}

impl Origin {
    pub(super) const fn address(self) -> Option<IpAddr> {
        match self {
            Self::Address(address) => Some(address),
            Self::User(_) => None,
        }
    }

    /// The key under which connections are counted: addresses of one IPv6 prefix count together.
    pub(super) fn counted(self) -> Self {
        match self {
            Self::Address(address) => Self::Address(ipv6_prefix(address)),
            Self::User(_) => self,
        }
    }
}

impl Listener {
    /// Opens the listener. The caller holds the inventory's lock, so an existing socket that refuses connections was
    /// left behind by an earlier daemon.
    pub async fn open(listen: &ListenAddress) -> Result<Self, BindError> {
        match listen {
            ListenAddress::Tcp(address) => TcpListener::bind(address)
                .await
                .map(Self::Tcp)
                .map_err(|source| failed(address.to_string(), source)),
            ListenAddress::Unix(path) => {
                let opened = remove_left_over(path).and_then(|()| bind_for_group(path));
                opened
                    .map(Self::Unix)
                    .map_err(|source| failed(format!("unix:{}", path.display()), source))
            }
        }
    }

    pub fn address(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(listener) => listener.local_addr().ok(),
            Self::Unix(_) => None,
        }
    }

    pub(super) async fn accept(&self) -> io::Result<Caller> {
        match self {
            Self::Tcp(listener) => {
                let (stream, address) = listener.accept().await?;
                stream.set_nodelay(true)?;
                Ok(Caller {
                    stream: Box::new(stream),
                    origin: Origin::Address(address.ip()),
                })
            }
            Self::Unix(listener) => {
                let (stream, _) = listener.accept().await?;
                let origin = Origin::User(stream.peer_cred()?.uid());
                Ok(Caller {
                    stream: Box::new(stream),
                    origin,
                })
            }
        }
    }

    pub(super) fn close(self) {
        if let Self::Unix(listener) = &self
            && let Ok(address) = listener.local_addr()
            && let Some(path) = address.as_pathname()
        {
            std::fs::remove_file(path).ok();
        }
    }
}

fn failed(place: String, source: io::Error) -> BindError {
    BindError { place, source }
}

fn remove_left_over(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::FileTypeExt;
    match std::fs::symlink_metadata(path) {
        Ok(there) if there.file_type().is_socket() => {
            match std::os::unix::net::UnixStream::connect(path) {
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                    std::fs::remove_file(path)
                }
                Ok(_) => Err(io::ErrorKind::AddrInUse.into()),
                Err(error) => Err(error),
            }
        }
        Ok(_) => Err(io::Error::other("the file exists and is not a socket")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

fn bind_for_group(path: &Path) -> io::Result<UnixListener> {
    use std::os::unix::fs::PermissionsExt;
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, PermissionsExt::from_mode(0o660))?;
    Ok(listener)
}
