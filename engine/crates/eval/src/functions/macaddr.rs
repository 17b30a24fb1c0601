//! macaddr and macaddr8.

use crate::registry::{Function, comparisons, fallible, total};
use tidewire_row::io::extended_macaddr;
use tidewire_row::{EvalError, EvalResult};

fn combined<const N: usize>(a: [u8; N], b: [u8; N], operator: fn(u8, u8) -> u8) -> [u8; N] {
    std::array::from_fn(|index| operator(a[index], b[index]))
}

/// The manufacturer's three bytes, zeros behind them.
fn manufacturer<const N: usize>(address: [u8; N]) -> [u8; N] {
    std::array::from_fn(|index| if index < 3 { address[index] } else { 0 })
}

fn shortened([a, b, c, d, e, f, g, h]: [u8; 8]) -> EvalResult<[u8; 6]> {
    if (d, e) == (0xff, 0xfe) {
        return Ok([a, b, c, f, g, h]);
    }
    Err(EvalError::new("22003", "macaddr8 data out of range to convert to macaddr").with_hint(
        "Only addresses that have FF and FE as values in the 4th and 5th bytes from the left, for example \
         xx:xx:xx:ff:fe:xx:xx:xx, are eligible to be converted from macaddr8 to macaddr.",
    ))
}

fn with_seventh_bit([first, rest @ ..]: [u8; 8]) -> [u8; 8] {
    let [b, c, d, e, f, g, h] = rest;
    [first | 0x02, b, c, d, e, f, g, h]
}

pub(super) const FUNCTIONS: &[&[Function]] = &[
    &comparisons!("macaddr_", Macaddr, Macaddr, |a, b| a.cmp(&b)),
    &comparisons!("macaddr8_", Macaddr8, Macaddr8, |a, b| a.cmp(&b)),
    &[
        total!("macaddr_cmp", (a: Macaddr, b: Macaddr) => a.cmp(&b) as i32),
        total!("macaddr_not", (a: Macaddr) => a.map(|byte| !byte)),
        total!("macaddr_and", (a: Macaddr, b: Macaddr) => combined(a, b, |a, b| a & b)),
        total!("macaddr_or", (a: Macaddr, b: Macaddr) => combined(a, b, |a, b| a | b)),
        total!("macaddr_trunc", (a: Macaddr) => manufacturer(a)),
        total!("macaddrtomacaddr8", (a: Macaddr) => extended_macaddr(a)),
        total!("macaddr8_cmp", (a: Macaddr8, b: Macaddr8) => a.cmp(&b) as i32),
        total!("macaddr8_not", (a: Macaddr8) => a.map(|byte| !byte)),
        total!("macaddr8_and", (a: Macaddr8, b: Macaddr8) => combined(a, b, |a, b| a & b)),
        total!("macaddr8_or", (a: Macaddr8, b: Macaddr8) => combined(a, b, |a, b| a | b)),
        total!("macaddr8_trunc", (a: Macaddr8) => manufacturer(a)),
        total!("macaddr8_set7bit", (a: Macaddr8) => with_seventh_bit(a)),
        fallible!("macaddr8tomacaddr", (a: Macaddr8) => shortened(a)),
    ],
];
