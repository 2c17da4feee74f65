//! Stories: what an operator, a page admin or a program lives through.

mod rotation;
mod world;
