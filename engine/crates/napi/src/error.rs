//! Errors on their way to JavaScript.

use serde_json::json;
use tidewire_row::EvalError;
use tidewire_row::work::Stopped;
use tidewire_worker::TooOld;

/// The JSON that the TypeScript side turns into an `EngineError`.
pub fn to_json(error: &EvalError) -> String {
    let about = error.about().map(|about| {
        json!({
            "schema": about.schema,
            "table": about.table,
            "datatype": about.datatype,
            "column": about.column,
            "constraint": about.constraint,
        })
    });
    let origin = error.origin();
    json!({
        "about": about,
        "origin": {
            "function": origin.function,
            "row": origin.row.as_ref().map(|row| json!({ "arrangement": row.arrangement, "key": row.key })),
            "view": origin.view,
        },
        "sqlstate": error.sqlstate(),
        "message": error.message(),
        "detail": error.detail(),
        "hint": error.hint(),
        "where": error.context(),
    })
    .to_string()
}

/// A data error as what a native call throws.
pub fn thrown(error: EvalError) -> napi::Error {
    napi::Error::from_reason(to_json(&error))
}

/// A bug or a refused call.
pub fn internal(message: impl Into<String>) -> EvalError {
    EvalError::new("XX000", message)
}

/// A time that was asked for can't be read any more.
pub fn too_old(time: u64, TooOld { oldest }: TooOld) -> EvalError {
    EvalError::new("22023", format!("timestamp {time} is no longer readable"))
        .with_detail(format!("The oldest readable timestamp is {oldest}."))
}

const STOPPED: &str = "57014";

/// A statement that was cancelled, or that costs more than where it was tried.
pub fn stopped(_: Stopped) -> EvalError {
    EvalError::new(STOPPED, "canceling statement due to user request")
}

/// What `run` gives; None where it was stopped, since it costs more than was allowed here.
pub fn unless_stopped<T>(outcome: Result<T, EvalError>) -> Result<Option<T>, EvalError> {
    match outcome {
        Err(error) if error.sqlstate() == STOPPED => Ok(None),
        other => other.map(Some),
    }
}

/// The text of a caught panic.
pub fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a message".into())
}

/// Runs `run`; a panic is an error.
pub fn guarded<T>(run: impl FnOnce() -> Result<T, EvalError>) -> Result<T, EvalError> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(run))
        .unwrap_or_else(|panic| Err(internal(format!("internal error: {}", panic_message(&*panic)))))
}

/// [`guarded`] for a native call.
pub fn call<T>(run: impl FnOnce() -> Result<T, EvalError>) -> napi::Result<T> {
    guarded(run).map_err(thrown)
}
