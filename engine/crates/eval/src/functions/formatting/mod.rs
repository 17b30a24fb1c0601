//! `to_char`, `to_number`, `to_date`, `to_timestamp`: values by format pictures.
//!
//! Pictures are read once and kept at the call site. Names of months and days are English (lc_time is C).

mod date_assembly;
mod date_input;
mod date_output;
mod date_picture;
pub(crate) mod date_standard;
mod number_input;
mod number_output;
mod number_picture;
mod roman;

use crate::registry::Function;
use tidewire_row::{EvalError, EvalResult};

/// All families of this folder.
pub(super) fn families() -> Vec<&'static [Function]> {
    [number_output::FUNCTIONS, number_input::FUNCTIONS, date_output::FUNCTIONS, date_input::FUNCTIONS]
        .concat()
}

/// The ordinal suffix of a number's text.
fn ordinal(digits: &str, upper: bool) -> EvalResult<&'static str> {
    let bytes = digits.as_bytes();
    let Some(last) = bytes.last().copied().filter(u8::is_ascii_digit) else {
        return Err(EvalError::new("22P02", format!("\"{digits}\" is not a number")));
    };
    let teen = bytes.len() > 1 && bytes[bytes.len() - 2] == b'1';
    let index = match last {
        b'1'..=b'3' if !teen => (last - b'1') as usize,
        _ => 3,
    };
    Ok(if upper { ["ST", "ND", "RD", "TH"][index] } else { ["st", "nd", "rd", "th"][index] })
}
