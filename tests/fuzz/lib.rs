//! What the fuzz targets share. Each target holds what it reads against rules of its own and panics when one is broken;
//! `run` builds and starts them.
//!
//! - `memory`: what reading an input costs · `text`: bytes, and requests written as text · `http`: one connection
//! - `inventory`: a filled inventory · `world`: the socket and the public pages upon it

pub mod http;
pub mod inventory;
pub mod memory;
pub mod text;
pub mod world;
