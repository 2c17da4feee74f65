//! The simulated Meta, in a process of its own so that its work is not measured. It writes the tokens into a file that
//! `perennial import` reads.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use clap::ValueEnum;
use perennial::graph_sim::{AppSpec, PageSelection, Simulator, World};

use super::Result;
use super::child::{self, Child};
use super::library::{now, runtime};

pub const APP: &str = "257422819769992";
pub const APP_SECRET: &str = "0123456789abcdef0123456789abcdef";
const SCOPES: &[&str] = &[
    "pages_show_list",
    "pages_messaging",
    "pages_manage_metadata",
];
const PAGES_PER_PERSON: usize = 200;

/// Whose pages they are. The fleet also contains each person's user token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shape {
    /// 200 pages for each person
    Many,
    /// All pages of one person
    One,
}

impl Shape {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Many => "200 pages a person",
            Self::One => "one person",
        }
    }

    const fn argument(self) -> &'static str {
        match self {
            Self::Many => "many",
            Self::One => "one",
        }
    }

    const fn pages_per_person(self) -> usize {
        match self {
            Self::Many => PAGES_PER_PERSON,
            Self::One => usize::MAX,
        }
    }
}

pub fn start(tokens: usize, shape: Shape, file: &Path) -> Result<Child> {
    let tokens = tokens.to_string();
    Child::start(
        "meta",
        &[tokens.as_ref(), shape.argument().as_ref(), file.as_ref()],
    )
}

/// The process of the simulator. It answers with its URL.
pub fn serve(tokens: usize, shape: Shape, file: &Path) -> Result {
    let mut world = World::new(now(), 1);
    world.add_app(AppSpec {
        id: APP.to_owned(),
        secret: APP_SECRET.to_owned(),
        name: "fleet".to_owned(),
        ..AppSpec::default()
    });
    populate(&mut world, tokens, shape, file)?;
    let runtime = runtime(1)?;
    let simulator = runtime.block_on(Simulator::start(world, "127.0.0.1:0".parse()?))?;
    simulator.run_clock(1.0);
    child::serve(|_| Ok(simulator.url().into()))
}

fn populate(world: &mut World, tokens: usize, shape: Shape, file: &Path) -> Result {
    let mut file = BufWriter::new(File::create(file)?);
    writeln!(file, "name,access_token,owners,require_scopes")?;
    let mut write = |number: usize, token: &str| {
        writeln!(
            file,
            "fleet-{number:07},{token},maria@example.com,pages_messaging"
        )
    };
    let mut issued = 0;
    while issued < tokens {
        let person = world.add_person("Maria");
        let user = world.log_in(APP, &person, SCOPES, PageSelection::All)?;
        write(issued, &user)?;
        issued += 1;
        for n in 0..shape.pages_per_person().min(tokens - issued) {
            let page = world.add_page(&format!("Page {n}"));
            world.give_role(&person, &page)?;
            let token = world.page_token(&user, &page).ok_or("no page token")?;
            write(issued, &token)?;
            issued += 1;
        }
    }
    Ok(file.flush()?)
}
