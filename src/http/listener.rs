//! Where a server listens: a TCP address, or a Unix socket, which is never taken from a process that still answers on
//! it.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tokio::net::unix::UCred;
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio_util::either::Either;

use super::connection_slots::Holder;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListenAddress {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

/// As the configuration writes it.
impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// Why a server cannot listen. The last text is the setting that says where.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    #[error(
        "the directory {} does not exist. Create it, or set {}; under systemd, RuntimeDirectory= creates it",
        .0.display(), .1
    )]
    NoDirectory(PathBuf, &'static str),
    #[error("another process already answers on {}. Stop the other daemon, or set {}", .0.display(), .1)]
    InUse(PathBuf, &'static str),
    #[error("{} exists and is not a socket. Move it away, or set {}", .0.display(), .1)]
    NotASocket(PathBuf, &'static str),
    #[error("cannot listen on {place}: {source}. Set {setting} to another address")]
    Io {
        place: String,
        source: io::Error,
        setting: &'static str,
    },
}

/// An open listener.
#[derive(Debug)]
pub enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

pub(super) type Stream = Either<TcpStream, UnixStream>;

/// Where a connection comes from. A Unix socket has no address, so its peer is known by its credentials.
#[derive(Clone, Copy, Debug)]
pub enum Origin {
    Address(IpAddr),
    Process(UCred),
}

impl Origin {
    pub const fn address(self) -> Option<IpAddr> {
        match self {
            Self::Address(address) => Some(address),
            Self::Process(_) => None,
        }
    }

    /// Who holds the slot: the user, or the address.
    pub(super) fn holder(self) -> Holder {
        match self {
            Self::Address(address) => Holder::Address(ipv6_prefix(address)),
            Self::Process(credentials) => Holder::User(credentials.uid()),
        }
    }
}

/// The /64 prefix of an IPv6 address, because a client usually owns all addresses in it.
pub fn ipv6_prefix(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        address @ IpAddr::V4(_) => address,
    }
}

impl Listener {
    pub async fn open(listen: &ListenAddress, setting: &'static str) -> Result<Self, BindError> {
        match listen {
            ListenAddress::Tcp(address) => match TcpListener::bind(address).await {
                Ok(listener) => Ok(Self::Tcp(listener)),
                Err(source) => Err(BindError::Io {
                    place: address.to_string(),
                    source,
                    setting,
                }),
            },
            ListenAddress::Unix(path) => Self::open_socket(path, setting),
        }
    }

    /// Opens the socket for user and group. A stale one is removed only when nothing answers on it. The caller holds
    /// the inventory's lock, so that two daemons cannot take the socket from each other.
    pub fn open_socket(path: &Path, setting: &'static str) -> Result<Self, BindError> {
        let failed = |source| BindError::Io {
            place: path.display().to_string(),
            source,
            setting,
        };
        let folder = path.parent().unwrap_or(path);
        if !folder.is_dir() {
            return Err(BindError::NoDirectory(folder.to_owned(), setting));
        }
        match std::fs::symlink_metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
            Ok(found) if !found.file_type().is_socket() => {
                return Err(BindError::NotASocket(path.to_owned(), setting));
            }
            Ok(_) => match std::os::unix::net::UnixStream::connect(path) {
                Ok(_) => return Err(BindError::InUse(path.to_owned(), setting)),
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                    std::fs::remove_file(path).map_err(failed)?;
                }
                Err(error) => return Err(failed(error)),
            },
        }
        let listener = UnixListener::bind(path).map_err(failed)?;
        std::fs::set_permissions(path, PermissionsExt::from_mode(0o660)).map_err(failed)?;
        Ok(Self::Unix(listener))
    }

    pub fn address(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(listener) => listener.local_addr().ok(),
            Self::Unix(_) => None,
        }
    }

    /// The next connection. A peer that has already disconnected is passed over.
    pub(super) async fn accept(&self) -> io::Result<(Stream, Origin)> {
        loop {
            match self {
                Self::Tcp(listener) => {
                    let (stream, address) = listener.accept().await?;
                    if stream.set_nodelay(true).is_ok() {
                        return Ok((Either::Left(stream), Origin::Address(address.ip())));
                    }
                }
                Self::Unix(listener) => {
                    let (stream, _) = listener.accept().await?;
                    if let Ok(credentials) = stream.peer_cred() {
                        return Ok((Either::Right(stream), Origin::Process(credentials)));
                    }
                }
            }
        }
    }

    /// Removes the socket's file.
    pub(super) fn close(self) {
        if let Self::Unix(listener) = &self
            && let Ok(address) = listener.local_addr()
            && let Some(path) = address.as_pathname()
        {
            std::fs::remove_file(path).ok();
        }
    }
}
