//! HOP: the windows that hold a timestamp.

use crate::compile::compile_with;
use crate::context::{Context, EPOCH_SHIFT_MICROS};
use crate::expression::Compiled;
use tidewire_plan::{ColumnType, Expr, ScalarType};
use tidewire_row::{Arena, Datum, EvalError, EvalResult, FormatSettings, Interval};

/// More windows than this for one row is refused: the row would multiply beyond what a batch can hold.
const MOST_WINDOWS: i128 = 100_000;

const DAY_MICROS: i128 = 86_400_000_000;

/// The table function `HOP(timestamp, slide, size)`, compiled.
pub struct Hop {
    timestamp: Compiled,
    slide: Compiled,
    size: Compiled,
}

impl Hop {
    /// Compiles its three arguments.
    pub fn new(
        arguments: &[Expr],
        columns: &[ColumnType],
        parameters: &[ScalarType],
        settings: &FormatSettings,
    ) -> Result<Self, String> {
        let [timestamp, slide, size] = arguments else {
            return Err(format!("plan refused: HOP takes 3 arguments, not {}", arguments.len()));
        };
        let compile = |expr| compile_with(expr, columns, parameters, settings);
        Ok(Hop { timestamp: compile(timestamp)?, slide: compile(slide)?, size: compile(size)? })
    }

    /// Calls `emit(window_start, window_end)` for each window that holds the row's timestamp, in ascending order. A NULL
    /// or infinite timestamp is in no window.
    pub fn windows<'a>(
        &'a self,
        row: &[Datum<'a>],
        context: &'a Context<'a>,
        arena: &'a Arena,
        mut emit: impl FnMut(Datum<'static>, Datum<'static>),
    ) -> EvalResult<()> {
        let with_zone;
        let at = match self.timestamp.eval(row, context, arena)? {
            Datum::Timestamp(at) => {
                with_zone = false;
                at
            }
            Datum::Timestamptz(at) => {
                with_zone = true;
                at
            }
            _ => return Ok(()),
        };
        if at == i64::MIN || at == i64::MAX {
            return Ok(());
        }
        let slide = span(self.slide.eval(row, context, arena)?, "slide")?;
        let size = span(self.size.eval(row, context, arena)?, "size")?;
        if size / slide > MOST_WINDOWS {
            return Err(EvalError::new(
                "54000",
                format!("a row would be in more than {MOST_WINDOWS} windows"),
            ));
        }
        let unix = at as i128 + EPOCH_SHIFT_MICROS as i128;
        let last = unix.div_euclid(slide) * slide;
        // The first start that is greater than unix - size.
        let mut start = last - ((last - (unix - size) - 1).div_euclid(slide)) * slide;
        while start <= last {
            let bound = |value: i128| {
                i64::try_from(value - EPOCH_SHIFT_MICROS as i128)
                    .map_err(|_| EvalError::new("22008", "timestamp out of range"))
                    .map(|value| if with_zone { Datum::Timestamptz(value) } else { Datum::Timestamp(value) })
            };
            emit(bound(start)?, bound(start + size)?);
            start += slide;
        }
        Ok(())
    }
}

fn span(value: Datum<'_>, what: &str) -> EvalResult<i128> {
    let Datum::Interval(Interval { months, days, micros }) = value else {
        return Err(EvalError::new("22004", format!("HOP: {what} must not be null")));
    };
    if months != 0 {
        return Err(EvalError::new("0A000", format!("HOP: {what} in months is not supported"))
            .with_hint("Use days or shorter units."));
    }
    let span = days as i128 * DAY_MICROS + micros as i128;
    if span <= 0 {
        return Err(EvalError::new("22023", format!("HOP: {what} must be greater than zero")));
    }
    Ok(span)
}
