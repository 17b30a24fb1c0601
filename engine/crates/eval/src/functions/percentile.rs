//! The fraction of a percentile.

use crate::registry::{Function, fallible};
use tidewire_row::{EvalError, EvalResult};

/// The fraction, which PostgreSQL refuses out of bounds, over no rows too.
pub fn percentile_fraction(fraction: f64) -> EvalResult<f64> {
    if (0.0..=1.0).contains(&fraction) {
        return Ok(fraction);
    }
    let message = format!("percentile value {} is not between 0 and 1", general(fraction));
    Err(EvalError::new("22003", message))
}

/// printf's `%g`.
fn general(value: f64) -> String {
    if value.is_nan() {
        return "NaN".into();
    }
    if value.is_infinite() {
        return if value < 0.0 { "-Infinity".into() } else { "Infinity".into() };
    }
    let scientific = format!("{value:.5e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let trim = |text: &str| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text.to_owned(),
    };
    if (-4..6).contains(&exponent) {
        return trim(&format!("{value:.*}", (5 - exponent) as usize));
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{}e{sign}{:02}", trim(mantissa), exponent.abs())
}

pub(super) const FUNCTIONS: &[Function] =
    &[fallible!("percentile_fraction", (fraction: Float64) => percentile_fraction(fraction))];
