//! nextval and its like. The last arguments, which SQL does not write, are the session, and of those that change a sequence whether
//! the transaction may not write.

use crate::registry::{Function, fallible};
use crate::sequences;
use tidewire_row::{Datum, EvalError, EvalResult};

pub(super) const FUNCTIONS: &[&[Function]] = &[&[
    fallible!(
        "nextval_oid",
        (oid: Oid, session: Int64, read_only: Bool) => {
            require_writable(read_only, "nextval")?;
            sequences::next(oid, session).map(Datum::Int64)
        }
    )
    .volatile(),
    fallible!("currval_oid", (oid: Oid, session: Int64) => sequences::current(oid, session).map(Datum::Int64))
        .volatile(),
    fallible!("lastval", (session: Int64) => sequences::last(session).map(Datum::Int64)).volatile(),
    fallible!(
        "setval_oid",
        (oid: Oid, value: Int64, session: Int64, read_only: Bool) => {
            require_writable(read_only, "setval")?;
            sequences::set(oid, value, true, session).map(Datum::Int64)
        }
    )
    .volatile(),
    fallible!(
        "setval3_oid",
        (oid: Oid, value: Int64, called: Bool, session: Int64, read_only: Bool) => {
            require_writable(read_only, "setval")?;
            sequences::set(oid, value, called, session).map(Datum::Int64)
        }
    )
    .volatile(),
]];

fn require_writable(read_only: bool, function: &str) -> EvalResult<()> {
    if !read_only {
        return Ok(());
    }
    let message = format!("cannot execute {function}() in a read-only transaction");
    Err(EvalError::new("25006", message))
}
