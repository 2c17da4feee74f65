//! A running simulator: the world, which all parts of the server share, and the clock that moves it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::platform::Platform;
use super::world::World;

/// A running simulator. Cheap to clone; all clones share one world.
#[derive(Clone, Debug)]
pub struct Simulator {
    world: Arc<Mutex<World>>,
    pace: Arc<Mutex<Option<Pace>>>,
    address: SocketAddr,
    pub(super) stop: CancellationToken,
    pub(super) tasks: TaskTracker,
}

impl Simulator {
    pub(super) fn new(mut world: World, address: SocketAddr) -> Self {
        world.set_base_url(&format!("http://{address}"));
        Self {
            world: Arc::new(Mutex::new(world)),
            pace: Arc::default(),
            address,
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        }
    }

    /// The URL for both `graph_url` and `dialog_url`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The URL that stands for the hosts of one platform. Clients need it where a call with another platform's token is
    /// to be refused; otherwise the token itself decides.
    pub fn url_of(&self, platform: Platform) -> String {
        format!("http://{}/{}", self.address, platform.host())
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        let mut world = lock(&self.world);
        if let Some(pace) = lock(&self.pace).as_mut() {
            let now = world.now().checked_add(pace.lap()).unwrap_or(world.now());
            world.set_now(now);
        }
        world
    }

    pub fn set_now(&self, now: Timestamp) {
        self.world().set_now(now);
    }

    /// Runs the world's clock `speed` times as fast as the real one; 0 stops it.
    pub fn run_clock(&self, speed: f64) {
        let pace = Pace {
            speed,
            since: Instant::now(),
        };
        *lock(&self.pace) = Some(pace).filter(|pace| pace.speed > 0.0);
    }

    pub async fn stop(self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A running clock. The world's time is updated whenever it is read.
#[derive(Debug)]
struct Pace {
    speed: f64,
    since: Instant,
}

impl Pace {
    fn lap(&mut self) -> SignedDuration {
        let now = Instant::now();
        let elapsed = now.duration_since(self.since).as_secs_f64() * self.speed;
        self.since = now;
        SignedDuration::try_from_secs_f64(elapsed).unwrap_or(SignedDuration::ZERO)
    }
}
