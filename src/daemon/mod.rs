//! The daemon: what runs the parts, and the machine's own things that they are given.

pub mod clock;
