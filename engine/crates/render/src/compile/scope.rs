//! What an execution depends on besides its inputs, and expressions that depend on that alone.

use smallvec::SmallVec;
use std::sync::Arc;
use tidewire_eval::{Compiled, Context};
use tidewire_plan::ScalarType;
use tidewire_row::{Arena, Datum, EvalError, EvalResult, FormatSettings, read_column};

/// What an execution depends on besides its inputs.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// Time zone and formats.
    pub settings: FormatSettings,
    /// The parameters' values, one packed row of the plan's parameter types.
    pub parameters: Vec<u8>,
    /// The time at which the plan begins: constants enter at it, LogicalNow is it.
    pub as_of: u64,
}

/// The environment with the types of its parameters, shared by a dataflow's operators.
pub struct Scope {
    environment: Environment,
    parameters: Arc<[ScalarType]>,
}

impl Scope {
    pub(super) fn new(environment: Environment, parameters: Arc<[ScalarType]>) -> Self {
        Scope { environment, parameters }
    }

    /// Runs `run` with the parameters' values.
    pub fn with<R>(&self, run: impl FnOnce(&Context<'_>) -> R) -> R {
        let context = |parameters| Context {
            parameters,
            settings: &self.environment.settings,
            logical_time: self.environment.as_of,
        };
        if self.parameters.is_empty() {
            return run(&context(&[]));
        }
        let arena = Arena::new();
        let mut at = 0;
        let parameters: SmallVec<[Datum<'_>; 8]> = self
            .parameters
            .iter()
            .map(|scalar| read_column(&self.environment.parameters, &mut at, *scalar, &arena))
            .collect();
        run(&context(&parameters))
    }

    /// The time at which constants enter.
    pub fn as_of(&self) -> u64 {
        self.environment.as_of
    }
}

/// A clause that counts rows: how messages call it, and the SQLSTATE of a negative count.
pub type CountClause = (&'static str, &'static str);

pub const LIMIT: CountClause = ("LIMIT", "2201W");

pub const OFFSET: CountClause = ("OFFSET", "2201X");

/// The value of a LIMIT or OFFSET; None for none and for NULL.
pub fn row_count(
    expr: Option<&Compiled>,
    scope: &Scope,
    (clause, sqlstate): CountClause,
) -> EvalResult<Option<u64>> {
    let Some(expr) = expr else { return Ok(None) };
    let Some(count) = constant(expr, scope, int8_of)? else { return Ok(None) };
    let negative = |_| EvalError::new(sqlstate, format!("{clause} must not be negative"));
    u64::try_from(count).map(Some).map_err(negative)
}

/// The value of a compiled expression without columns.
pub fn constant<R>(compiled: &Compiled, scope: &Scope, read: impl FnOnce(Datum<'_>) -> R) -> EvalResult<R> {
    scope.with(|context| {
        let arena = Arena::new();
        compiled.eval(&[], context, &arena).map(read)
    })
}

/// The value of an int8 expression; None for NULL.
pub fn int8_of(value: Datum<'_>) -> Option<i64> {
    match value {
        Datum::Int64(value) => Some(value),
        Datum::Int32(value) => Some(value as i64),
        Datum::Int16(value) => Some(value as i64),
        _ => None,
    }
}
