//! The benchmark as an example, with the library and the program of a release: `cargo run --release --example speed`.
//! For a benchmark, cargo builds all dependencies once more, because benchmarks unwind and the program aborts.

#[path = "main.rs"]
mod fleet;

fn main() -> fleet::Result {
    fleet::main()
}
