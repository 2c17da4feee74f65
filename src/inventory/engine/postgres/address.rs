//! Where a server is, and how to log in to it: a URL, which holds a password. Shown are the hosts and the database.

use std::fmt;
use std::net::IpAddr;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};

use super::tls::Authority;
use crate::secret::Secret;

/// The address of a server, checked.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    url: Secret,
    authority: Option<Authority>,
    node: String,
    encrypted: bool,
    hosts: usize,
    shown: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    #[error("is not a URL of PostgreSQL; write postgres://user:password@db.example.com/perennial")]
    NotUrl,
    #[error("holds an @ in the user or the password; write it as %40")]
    UnescapedAt,
    #[error("names no host; write postgres://user:password@db.example.com/perennial")]
    NoHost,
    #[error("names no database; write postgres://user:password@db.example.com/perennial")]
    NoDatabase,
    #[error(
        "leaves the way to another machine unencrypted; leave sslmode away, so that TLS is used and the server's \
         certificate verified"
    )]
    Unencrypted,
    #[error("has an sslmode that is not known; leave it away, or write verify-full")]
    SslMode,
    #[error("names a certificate; write ca = \"/path\" in [inventory] instead of sslrootcert")]
    RootCertificate,
    #[error(
        "asks for a server that takes no writes; leave target_session_attrs away, or write read-write"
    )]
    ReadOnly,
}

impl Address {
    /// `authority` signs the server's certificate, instead of the authorities that this machine trusts. `node` is how the
    /// server's administrator sees this daemon.
    pub fn parse(
        url: Secret,
        authority: Option<Authority>,
        node: &str,
    ) -> Result<Self, AddressError> {
        let (config, mode) = read(url.expose())?;
        if config.get_hosts().is_empty() {
            return Err(AddressError::NoHost);
        }
        let hosts = shown_hosts(&config)?;
        let Some(database) = config.get_dbname() else {
            return Err(AddressError::NoDatabase);
        };
        if config.get_target_session_attrs() == TargetSessionAttrs::ReadOnly {
            return Err(AddressError::ReadOnly);
        }
        let shown = format!("{hosts}/{database}");
        let is_here = is_here(&config);
        let encrypted = match mode {
            Mode::Given(false) if !is_here => return Err(AddressError::Unencrypted),
            Mode::Given(encrypted) => encrypted,
            Mode::Usual => !is_here || authority.is_some(),
        };
        Ok(Self {
            hosts: config.get_hosts().len(),
            encrypted: encrypted && !is_socket(&config),
            node: node.to_owned(),
            url,
            authority,
            shown,
        })
    }

    /// Whether the URL holds a password.
    pub fn has_password(&self) -> bool {
        read(self.url.expose()).is_ok_and(|(config, _)| config.get_password().is_some())
    }

    /// Whether both are the same, apart from the name of the daemon.
    pub fn leads_where(&self, other: &Self) -> bool {
        self.url == other.url && self.authority == other.authority
    }

    /// Whether both name the same database. A URL without a user fits one that has a user.
    pub fn fits(&self, other: &Self) -> bool {
        let user = |address: &Self| {
            let (config, _) = read(address.url.expose()).ok()?;
            config.get_user().map(str::to_owned)
        };
        let own = user(self);
        self.shown == other.shown && (own.is_none() || own == user(other))
    }

    pub(super) const fn authority(&self) -> Option<&Authority> {
        self.authority.as_ref()
    }

    pub(super) const fn hosts(&self) -> usize {
        self.hosts
    }

    /// How to connect to one of the hosts. Read anew each time, so that the password is nowhere else meanwhile.
    pub(super) fn config(&self, host: usize) -> Result<Config, AddressError> {
        let (whole, _) = read(self.url.expose())?;
        let mut config = Config::new();
        match whole.get_hosts().get(host) {
            Some(Host::Tcp(name)) => config.host(name),
            Some(Host::Unix(folder)) => config.host_path(folder),
            None => return Err(AddressError::NoHost),
        };
        if let Some(address) = whole.get_hostaddrs().get(host) {
            config.hostaddr(*address);
        }
        config.port(port(&whole, host));
        if let Some(user) = whole.get_user() {
            config.user(user);
        }
        if let Some(password) = whole.get_password() {
            config.password(password);
        }
        if let Some(database) = whole.get_dbname() {
            config.dbname(database);
        }
        if let Some(options) = whole.get_options() {
            config.options(options);
        }
        config.application_name(whole.get_application_name().unwrap_or(&self.application()));
        config.channel_binding(whole.get_channel_binding());
        config.ssl_negotiation(whole.get_ssl_negotiation());
        config.ssl_mode(if self.encrypted {
            SslMode::Require
        } else {
            SslMode::Disable
        });
        config.target_session_attrs(if self.hosts > 1 {
            // The others may be standbys.
            TargetSessionAttrs::ReadWrite
        } else {
            whole.get_target_session_attrs()
        });
        Ok(config)
    }

    fn application(&self) -> String {
        match self.node.as_str() {
            "" => "perennial".to_owned(),
            node => format!("perennial {node}"),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({})", self.shown)
    }
}

/// Whether the way to the server is encrypted.
#[derive(Clone, Copy)]
enum Mode {
    Given(bool),
    Usual,
}

/// Reads the URL. What says how the way is encrypted is taken out of it, because `tokio-postgres` knows only half of
/// these words and verifies nothing by itself.
fn read(url: &str) -> Result<(Config, Mode), AddressError> {
    let url = url.trim();
    if !["postgres://", "postgresql://"]
        .iter()
        .any(|scheme| url.starts_with(scheme))
    {
        return Err(AddressError::NotUrl);
    }
    let (place, options) = url.split_once('?').unwrap_or((url, ""));
    let mut mode = Mode::Usual;
    let mut others = Vec::new();
    for option in options.split('&').filter(|option| !option.is_empty()) {
        match option.split_once('=') {
            Some(("sslmode", word)) => mode = ssl_mode(word)?,
            Some(("sslrootcert" | "sslcert" | "sslkey", _)) => {
                return Err(AddressError::RootCertificate);
            }
            Some(("target_session_attrs", "primary")) => {
                others.push("target_session_attrs=read-write");
            }
            _ => others.push(option),
        }
    }
    let url = format!("{place}?{}", others.join("&"));
    let config = url.parse().map_err(|_| AddressError::NotUrl)?;
    Ok((config, mode))
}

/// A certificate is always verified in full, so the words that ask for less of it mean the same.
fn ssl_mode(word: &str) -> Result<Mode, AddressError> {
    match word {
        "disable" | "allow" | "prefer" => Ok(Mode::Given(false)),
        "require" | "verify-ca" | "verify-full" => Ok(Mode::Given(true)),
        _ => Err(AddressError::SslMode),
    }
}

fn shown_hosts(config: &Config) -> Result<String, AddressError> {
    let hosts = config.get_hosts().iter().enumerate().map(|(at, host)| {
        let name = match host {
            Host::Tcp(name) => name.clone(),
            Host::Unix(folder) => folder.display().to_string(),
        };
        let is_part_of_password = name.contains('@');
        (!is_part_of_password)
            .then(|| format!("{name}:{}", port(config, at)))
            .ok_or(AddressError::UnescapedAt)
    });
    Ok(hosts.collect::<Result<Vec<_>, _>>()?.join(","))
}

fn port(config: &Config, host: usize) -> u16 {
    let ports = config.get_ports();
    let port = ports.get(host).or(ports.first());
    port.copied().unwrap_or(5432)
}

/// Whether nothing that is sent leaves this machine.
fn is_here(config: &Config) -> bool {
    let addresses = config.get_hostaddrs();
    addresses.iter().all(IpAddr::is_loopback)
        && config.get_hosts().iter().all(|host| match host {
            Host::Unix(_) => true,
            Host::Tcp(name) => {
                let address: Option<IpAddr> = name.parse().ok();
                name == "localhost" || address.is_some_and(|address| address.is_loopback())
            }
        })
}

/// TLS is not for sockets.
fn is_socket(config: &Config) -> bool {
    let mut hosts = config.get_hosts().iter();
    hosts.all(|host| matches!(host, Host::Unix(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(url: &str) -> Result<Address, AddressError> {
        Address::parse(Secret::new(url), None, "one")
    }

    #[test]
    fn the_password_is_never_shown() {
        let address = address("postgres://u:canary@db1.example,db2.example:6000/x").unwrap();
        let shown = format!("{address} {address:?}");
        assert_eq!(
            shown,
            "db1.example:5432,db2.example:6000/x Address(db1.example:5432,db2.example:6000/x)"
        );
    }

    #[test]
    fn the_way_to_another_machine_is_encrypted() {
        let mode = |url| address(url).map(|address| address.config(0).unwrap().get_ssl_mode());
        for (url, expected) in [
            ("postgres://u@db.example/x", Ok(SslMode::Require)),
            (
                "postgres://u@db.example/x?sslmode=verify-full",
                Ok(SslMode::Require),
            ),
            ("postgres://u@localhost,db.example/x", Ok(SslMode::Require)),
            (
                "postgres://u@localhost/x?hostaddr=192.0.2.1",
                Ok(SslMode::Require),
            ),
            ("postgres://u@localhost/x", Ok(SslMode::Disable)),
            (
                "postgres://u@localhost/x?sslmode=require",
                Ok(SslMode::Require),
            ),
            ("postgres://u@[::1]:5433/x", Ok(SslMode::Disable)),
            ("postgres://u@%2Frun%2Fpostgresql/x", Ok(SslMode::Disable)),
            (
                "postgres://u@db.example/x?sslmode=disable",
                Err(AddressError::Unencrypted),
            ),
            (
                "postgres://u@db.example/x?sslmode=prefer",
                Err(AddressError::Unencrypted),
            ),
            (
                "postgres://u@db.example/x?sslmode=off",
                Err(AddressError::SslMode),
            ),
        ] {
            assert_eq!(mode(url), expected, "{url}");
        }
    }

    #[test]
    fn an_authority_of_our_own_means_that_the_way_is_encrypted() {
        let pem = include_bytes!("../../../../tests/fixtures/tls/ca.pem");
        let authority = Authority::from_pem(pem).unwrap();
        let url = Secret::new("postgres://u@localhost/x");
        let address = Address::parse(url, Some(authority), "").unwrap();
        assert_eq!(address.config(0).unwrap().get_ssl_mode(), SslMode::Require);
    }

    #[test]
    fn what_is_no_address_is_refused_in_words() {
        for (url, expected) in [
            ("mysql://u@db.example/x", AddressError::NotUrl),
            ("host=db.example dbname=x", AddressError::NotUrl),
            ("postgres://u@db.example/x?nonsense=1", AddressError::NotUrl),
            ("postgres://u:p@ss@db.example/x", AddressError::UnescapedAt),
            ("postgres:///x", AddressError::NoHost),
            ("postgres://u@db.example", AddressError::NoDatabase),
            (
                "postgres://u@db.example/x?sslrootcert=/ca",
                AddressError::RootCertificate,
            ),
            (
                "postgres://u@db.example/x?target_session_attrs=read-only",
                AddressError::ReadOnly,
            ),
        ] {
            assert_eq!(address(url).err(), Some(expected), "{url}");
        }
    }

    #[test]
    fn of_several_hosts_one_that_takes_writes_is_sought() {
        let attributes = |url: &str, host| {
            let config = address(url).unwrap().config(host).unwrap();
            (
                config.get_target_session_attrs(),
                config.get_ports().to_vec(),
            )
        };
        assert_eq!(
            attributes("postgres://u@a.example,b.example:6000/x", 1),
            (TargetSessionAttrs::ReadWrite, vec![6000])
        );
        assert_eq!(
            attributes("postgres://u@a.example/x", 0),
            (TargetSessionAttrs::Any, vec![5432])
        );
        assert_eq!(
            attributes("postgres://u@a.example/x?target_session_attrs=primary", 0).0,
            TargetSessionAttrs::ReadWrite
        );
    }

    #[test]
    fn the_administrator_sees_which_node_it_is() {
        let config = address("postgres://u:s%40cret@db.example/x").unwrap();
        let config = config.config(0).unwrap();
        assert_eq!(config.get_application_name(), Some("perennial one"));
        assert_eq!(config.get_password(), Some(&b"s@cret"[..]));
    }
}
