//! Stories: what an operator, a page admin or a program lives through.

mod demo;
mod lessons;
mod rotation;
mod world;
