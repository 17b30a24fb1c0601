//! Scalar expressions: compiled once from the plan, evaluated over borrowed values.
//!
//! - [`compile`] resolves opcodes, reads literals and folds what is constant; [`Compiled::eval`] runs the result.
//! - [`CompiledMfp`] runs map, filter and project over packed rows, decoding only what is needed.
//! - [`fold`] and [`opcodes`] are the planner's doors: one evaluator serves constant folding and execution.
//! - [`TableCalls`] runs table functions: a row in, several rows out.
//!
//! Functions stand in `functions/`, one file a family, each a list of `(opcode, strictness, volatility, body)`; the
//! [`registry`] is the only place that knows them all. Data never panics: arithmetic is checked, and errors are values
//! with PostgreSQL's SQLSTATE and message.

mod compile;
mod context;
mod expression;
mod fold;
mod functions;
mod jsonpath;
mod mfp;
mod populate;
mod registry;
pub mod seeds;
pub mod sequences;
mod sqljson;
mod table;

pub use compile::{compile, compile_with};
pub use context::{Context, OwnedContext};
pub use expression::Compiled;
pub use fold::{fold, fold_with};
pub use functions::percentile_fraction;
pub use mfp::{CompiledMfp, MfpInput, Scratch, is_volatile};
pub use registry::{OpcodeInfo, opcodes};
pub use table::{TableCalls, TableScratch};
pub use tidewire_row::{EvalError, EvalResult};
