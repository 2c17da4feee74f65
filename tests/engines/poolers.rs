//! PgBouncer, where it is installed: as long as a session is ours it is used, and else refused.

use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use perennial::inventory::{Error, ServerError};

use super::cluster::{Cluster, url_of};
use super::shelf::{Shelf, has, import};

struct Pooler(Child);

impl Drop for Pooler {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

fn program() -> Option<PathBuf> {
    let folders = ["/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin"].into_iter();
    let mut programs = folders.map(|folder| Path::new(folder).join("pgbouncer"));
    programs.find(|program| program.is_file())
}

/// Listens on a socket beside the server's, of another number.
fn start(cluster: &Cluster, program: &Path, mode: &str) -> Pooler {
    let folder = cluster.folder().display();
    let settings = format!(
        "[databases]\n* = host={folder} port=5432 user=perennial\n\
         [pgbouncer]\nlisten_addr =\nlisten_port = 6432\nunix_socket_dir = {folder}\nauth_type = any\n\
         pool_mode = {mode}\nignore_startup_parameters = options\n"
    );
    let socket = cluster.folder().join(".s.PGSQL.6432");
    let _ = std::fs::remove_file(&socket);
    let settings = cluster.write("pgbouncer.ini", settings.as_bytes());
    let mut pooler = cluster.beside(&program.display().to_string());
    let started = pooler
        .arg(settings)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let started = Pooler(started.spawn().unwrap());
    let begun = Instant::now();
    while !socket.exists() {
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "it does not start"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    started
}

#[tokio::test]
async fn a_pooler_that_lends_sessions_is_refused_and_one_that_keeps_them_is_used() {
    let Some(program) = program() else {
        println!("skipped: there is no PgBouncer on this machine");
        return;
    };
    let Some(cluster) = Cluster::own(&[]) else {
        return;
    };
    cluster.create_database("pooled");
    let url = url_of(cluster.folder(), "pooled");
    let shelf = Shelf::new(url.replace("/pooled", ":6432/pooled"));
    for mode in ["transaction", "statement"] {
        let _pooler = start(&cluster, &program, mode);
        let error = shelf.open().unwrap_err();
        let is_refused = matches!(error, Error::Server(ServerError::Pooler { .. }));
        assert!(is_refused, "{mode}: {error}");
    }
    let _pooler = start(&cluster, &program, "session");
    let inventory = shelf.open().unwrap();
    import(&inventory, "maria").await.unwrap();
    assert!(has(&inventory, "maria").await.unwrap());
}
