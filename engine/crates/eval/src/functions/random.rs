//! Random numbers: xoshiro256++, one generator a thread, seeded by the system; PostgreSQL's own for a session that called
//! setseed (`seeds.rs`). The last argument, which SQL does not write, is the session.

use super::uuid::random_bytes;
use crate::registry::{Function, fallible};
use crate::seeds;
use std::cell::Cell;
use std::f64::consts::TAU;
use tidewire_row::{Arena, EvalError, EvalResult, Numeric};

thread_local! {
    static STATE: Cell<Option<[u64; 4]>> = const { Cell::new(None) };
}

/// 64 random bits.
pub(super) fn bits() -> EvalResult<u64> {
    let [mut a, mut b, mut c, mut d] = match STATE.get() {
        Some(state) => state,
        None => {
            let mut state = [0; 4];
            for word in &mut state {
                *word = u64::from_le_bytes(random_bytes()?);
            }
            state
        }
    };
    let drawn = a.wrapping_add(d).rotate_left(23).wrapping_add(a);
    let shifted = b << 17;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = d.rotate_left(45);
    STATE.set(Some([a, b, c, d]));
    Ok(drawn)
}

/// From 0 on, less than 1: as many bits as PostgreSQL takes.
fn unit(session: i64) -> EvalResult<f64> {
    let drawn = match seeds::bits(session) {
        Some(drawn) => drawn,
        None => bits()?,
    };
    Ok((drawn >> 12) as f64 / (1u64 << 52) as f64)
}

/// From 0 to `last`, as the session draws.
fn within(last: u64, session: i64) -> EvalResult<u64> {
    if last == 0 {
        return Ok(0);
    }
    match seeds::up_to(last, session) {
        Some(drawn) => Ok(drawn),
        None => up_to(last),
    }
}

/// From 0 to `last`.
pub(super) fn up_to(last: u64) -> EvalResult<u64> {
    let mask = u64::MAX >> last.leading_zeros().min(63);
    loop {
        let drawn = bits()? & mask;
        if drawn <= last {
            return Ok(drawn);
        }
    }
}

fn disordered() -> EvalError {
    EvalError::new("22023", "lower bound must be less than or equal to upper bound")
}

fn between(low: i64, high: i64, session: i64) -> EvalResult<i64> {
    if low > high {
        return Err(disordered());
    }
    Ok(low.wrapping_add(within(high.wrapping_sub(low) as u64, session)? as i64))
}

/// A multiple of the smaller unit of both bounds: the place in the range has 38 digits.
fn numeric_between<'a>(
    low: Numeric<'a>,
    high: Numeric<'a>,
    session: i64,
    arena: &'a Arena,
) -> EvalResult<Numeric<'a>> {
    for (bound, name) in [(low, "lower"), (high, "upper")] {
        if !bound.is_finite() {
            let what = if bound.is_nan() { "NaN" } else { "infinity" };
            return Err(EvalError::new("22023", format!("{name} bound cannot be {what}")));
        }
    }
    if low.compare(&high).is_gt() {
        return Err(disordered());
    }
    let scale = low.scale().max(high.scale());
    let half = || within(9_999_999_999_999_999_999, session);
    let digits = format!("0.{:019}{:019}", half()?, half()?);
    let place = Numeric::parse(&digits, -1, arena)?;
    let units = Numeric::parse(&format!("1e{scale}"), -1, arena)?;
    let count = high.sub(&low, arena)?.mul(&units, arena)?.add(&Numeric::ONE, arena)?;
    let unit = Numeric::parse(&format!("1e-{scale}"), -1, arena)?;
    let offset = count.mul(&place, arena)?.floor(arena)?.mul(&unit, arena)?;
    low.add(&offset, arena)?.round(scale as i32, arena)
}

/// Box and Muller's transform.
fn normal(mean: f64, deviation: f64, session: i64) -> EvalResult<f64> {
    let (first, second) = (1.0 - unit(session)?, 1.0 - unit(session)?);
    Ok(mean + deviation * ((-2.0 * first.ln()).sqrt() * (TAU * second).sin()))
}

pub(super) const FUNCTIONS: &[Function] = &[
    fallible!("drandom", (session: Int64) => unit(session)).volatile(),
    fallible!("drandom_normal", (mean: Float64, deviation: Float64, session: Int64) =>
        normal(mean, deviation, session))
    .volatile(),
    fallible!("int4random", (low: Int32, high: Int32, session: Int64) =>
        between(low.into(), high.into(), session).map(|value| value as i32))
    .volatile(),
    fallible!("int8random", (low: Int64, high: Int64, session: Int64) => between(low, high, session))
        .volatile(),
    fallible!("numeric_random", (low: Numeric, high: Numeric, session: Int64), env =>
        numeric_between(low, high, session, env.arena))
    .volatile(),
];
