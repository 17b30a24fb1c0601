//! JSON as text: reading it, taking it apart, and writing values as `to_json` does.

mod outline;
pub mod parse;
pub mod write;

pub use outline::{JsonKind, JsonOutline, JsonPart};
pub use parse::{Events, read, validate};
