//! Entry point of the agent beside the printer.
fn main() {}
