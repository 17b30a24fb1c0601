//! From a plan to a dataflow, and one-shot execution.
//!
//! - [`Program::compile`] checks a plan, compiles its expressions and fuses consecutive work; [`Program::render`] wires it
//!   into a dataflow over an `ImportProvider`.
//! - [`Prepared`] is a plan that runs over snapshots, as often as wanted; [`ResultSet`] encodes rows as ready messages, and
//!   [`MessageEncoder`] does so row by row.
//!
//! Every node yields rows and errors. The errors of all operators make the error side of the result: an error is a row
//! with the time and multiplicity of what raised it, so that it goes when that goes.

mod aggregate;
mod compile;
mod compose;
mod conflict;
mod delta;
mod encode;
mod execute;
mod finish;
mod kept_groups;
mod most_rows;
mod pipeline;
mod reduce;
mod render;
mod result;
mod stash;
mod top_k;
mod window;

pub use compile::{CompileError, Environment, Program};
pub use encode::{MessageEncoder, RowFormat, close_message};
pub use execute::{ExecuteError, Prepared, Scan, Sources, WriteResult};
pub use finish::{Collector, Demand, Finish, Gather, Rows};
pub use render::{DELETED, INSERTED, REPLACED, RETURNED, order_bytes};
pub use result::{ResultSet, Results};
