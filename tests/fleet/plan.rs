//! Which fleets are measured, and in which order the parts of a run follow each other.

use clap::ValueEnum;

use super::Result;
use super::child::Child;
use super::daemon::Daemon;
use super::disk;
use super::figures::{Measured, Memory, OnServer, Phase, Run};
use super::meta::{self, Shape};
use super::server::Server;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Program {
    Library,
    Daemon,
}

/// An engine that the library is measured with besides SQLite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Engine {
    Postgres,
}

/// One fleet, and the programs that are measured with it.
#[derive(Debug)]
struct Fleet {
    tokens: usize,
    shape: Shape,
    programs: Vec<Program>,
    engine: Option<Engine>,
}

#[derive(Debug)]
pub struct Plan(Vec<Fleet>);

const SIZES: [usize; 2] = [10_000, 100_000];
const SHAPES: [Shape; 2] = [Shape::Many, Shape::One];
const PROGRAMS: [Program; 2] = [Program::Library, Program::Daemon];

impl Plan {
    pub fn of(sizes: &[usize], shape: Option<Shape>, program: Option<Program>) -> Self {
        let sizes = if sizes.is_empty() { &SIZES } else { sizes };
        let shapes = shape.map_or_else(|| SHAPES.to_vec(), |shape| vec![shape]);
        let programs = program.map_or_else(|| PROGRAMS.to_vec(), |program| vec![program]);
        let mut fleets = Vec::new();
        for shape in shapes {
            fleets.extend(sizes.iter().map(|&tokens| Fleet {
                tokens,
                shape,
                programs: programs.clone(),
                engine: None,
            }));
        }
        Self(fleets)
    }

    pub fn also_on(mut self, engine: Option<Engine>) -> Self {
        for fleet in &mut self.0 {
            fleet.engine = engine;
        }
        self
    }

    /// Enough to see that something became several times as expensive, or grows with the fleet.
    pub fn short() -> Self {
        Self::of(&[10_000, 20_000], None, None)
    }

    pub fn carry_out(&self) -> Result<Vec<Run>> {
        disk::describe()?;
        self.0.iter().map(Fleet::measure).collect()
    }
}

impl Fleet {
    /// Passes of the floor stand between the phases, so that all of them meet the same machine.
    fn measure(&self) -> Result<Run> {
        println!("{} tokens, {} …", self.tokens, self.shape.name());
        let folder = disk::folder()?;
        let file = folder.path().join("tokens.csv");
        let mut meta = meta::start(self.tokens, self.shape, &file)?;
        let url: String = meta.ask("url")?;
        let database = folder.path().join("floor.db");
        let mut floor = Child::start("floor", &[url.as_ref(), file.as_ref(), database.as_ref()])?;
        floor.ask::<Measured>("fill")?;
        let mut run = Run::new(self.tokens, self.shape);
        run.add_floor(floor.ask("pass")?);
        for program in &self.programs {
            match program {
                Program::Library => {
                    let database = folder.path().join("library.db");
                    let arguments = [url.as_ref(), file.as_ref(), database.as_ref()];
                    measure_library(Child::start("library", &arguments)?, &mut floor, &mut run)?;
                }
                Program::Daemon => {
                    let daemon = Daemon::set_up(&folder.path().join("daemon"), &url, &file)?;
                    measure_daemon(daemon, &mut floor, &mut run)?;
                }
            }
        }
        if self.engine == Some(Engine::Postgres) {
            let server = Server::start()?;
            let database = server.url();
            let arguments = [url.as_ref(), file.as_ref(), database.as_ref()];
            let library = Child::start("library", &arguments)?;
            measure_on_server(library, &server, &mut run)?;
        }
        run.add_floor(floor.ask("pass")?);
        Ok(run)
    }
}

fn measure_library(mut library: Child, floor: &mut Child, run: &mut Run) -> Result {
    run.add(Phase::LibraryImport, library.ask("import")?);
    run.add(Phase::LibraryFirst, library.ask("first sweep")?);
    run.add_floor(floor.ask("pass")?);
    run.add(Phase::LibrarySteady, library.ask("steady sweep")?);
    let memory: Memory = library.ask("memory")?;
    run.library_memory = Some(memory);
    run.database = Some(library.ask("database")?);
    run.figures = Some(library.ask("status")?);
    run.summary = Some(library.ask("summary")?);
    Ok(())
}

fn measure_on_server(mut library: Child, server: &Server, run: &mut Run) -> Result {
    for (phase, what) in [
        (Phase::LibraryImport, "import"),
        (Phase::LibraryFirst, "first sweep"),
        (Phase::LibrarySteady, "steady sweep"),
    ] {
        let before = server.cpu()?;
        let measured: Measured = library.ask(what)?;
        let server = (server.cpu()? - before).as_secs_f64();
        run.on_server.push(OnServer {
            phase,
            measured,
            server,
        });
    }
    Ok(())
}

fn measure_daemon(mut daemon: Daemon, floor: &mut Child, run: &mut Run) -> Result {
    run.add(Phase::DaemonFirst, daemon.import(run.tokens)?);
    run.add_floor(floor.ask("pass")?);
    run.add(Phase::DaemonSteady, daemon.sweep_again(run.tokens)?);
    run.daemon_memory = Some(daemon.peak);
    run.daemon_start = Some(daemon.start_cpu);
    Ok(())
}
