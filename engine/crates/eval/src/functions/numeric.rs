//! numeric. Arithmetic and display scales are [`tidewire_row::Numeric`]'s; here are the opcodes.

use crate::registry::{Function, comparisons, fallible, total};
use tidewire_row::{Arena, EvalError, EvalResult, Numeric};

fn width_bucket<'a>(
    operand: Numeric<'a>,
    low: Numeric<'a>,
    high: Numeric<'a>,
    count: i32,
    arena: &'a Arena,
) -> EvalResult<i32> {
    let refuse = |message: &str| Err(EvalError::new("2201G", message));
    if count <= 0 {
        return refuse("count must be greater than zero");
    }
    if operand.is_nan() || low.is_nan() || high.is_nan() {
        return refuse("operand, lower bound, and upper bound cannot be NaN");
    }
    if low.is_infinite() || high.is_infinite() {
        return refuse("lower and upper bounds must be finite");
    }
    let above = || count.checked_add(1).ok_or_else(|| EvalError::out_of_range("integer"));
    let order = low.compare(&high);
    if order.is_eq() {
        return refuse("lower bound cannot equal upper bound");
    }
    let (from, to, value) = if order.is_lt() {
        (low, high, operand)
    } else {
        (low.neg(arena), high.neg(arena), operand.neg(arena))
    };
    if value.compare(&from).is_lt() {
        return Ok(0);
    }
    if value.compare(&to).is_ge() {
        return above();
    }
    let share = value
        .sub(&from, arena)?
        .mul(&Numeric::from_i64(count as i64), arena)?
        .div_trunc(&to.sub(&from, arena)?, arena)?
        .to_i32()?;
    Ok(share.min(count - 1) + 1)
}

fn gcd<'a>(a: Numeric<'a>, b: Numeric<'a>, arena: &'a Arena) -> EvalResult<Numeric<'a>> {
    if !a.is_finite() || !b.is_finite() {
        return Ok(Numeric::NaN);
    }
    let scale = a.scale().max(b.scale()) as i32;
    let (mut a, mut b) = (a.abs(arena), b.abs(arena));
    while !b.is_zero() {
        (a, b) = (b, a.rem(&b, arena)?);
    }
    a.round(scale, arena)
}

fn lcm<'a>(a: Numeric<'a>, b: Numeric<'a>, arena: &'a Arena) -> EvalResult<Numeric<'a>> {
    if !a.is_finite() || !b.is_finite() {
        return Ok(Numeric::NaN);
    }
    let scale = a.scale().max(b.scale()) as i32;
    if a.is_zero() || b.is_zero() {
        return Numeric::ZERO.round(scale, arena);
    }
    let divisor = gcd(a, b, arena)?;
    a.div_trunc(&divisor, arena)?.mul(&b, arena)?.abs(arena).round(scale, arena)
}

fn factorial(a: i64, arena: &Arena) -> EvalResult<Numeric<'_>> {
    if a < 0 {
        return Err(EvalError::new("22003", "factorial of a negative number is undefined"));
    }
    Numeric::factorial(a.try_into().unwrap_or(u32::MAX), arena)
}

pub(super) const FUNCTIONS: &[&[Function]] = &[
    &comparisons!("numeric_", Numeric, Numeric, |a, b| a.compare(&b)),
    &[
        fallible!("numeric_inc", (a: Numeric), env => a.add(&Numeric::ONE, env.arena)),
        fallible!("numeric_add", (a: Numeric, b: Numeric), env => a.add(&b, env.arena)),
        fallible!("numeric_sub", (a: Numeric, b: Numeric), env => a.sub(&b, env.arena)),
        fallible!("numeric_mul", (a: Numeric, b: Numeric), env => a.mul(&b, env.arena)),
        fallible!("numeric_div", (a: Numeric, b: Numeric), env => a.div(&b, env.arena)),
        fallible!("numeric_mod", (a: Numeric, b: Numeric), env => a.rem(&b, env.arena)),
        fallible!("numeric_div_trunc", (a: Numeric, b: Numeric), env => a.div_trunc(&b, env.arena)),
        total!("numeric_uminus", (a: Numeric), env => a.neg(env.arena)),
        total!("numeric_uplus", (a: Numeric) => a),
        total!("numeric_abs", (a: Numeric), env => a.abs(env.arena)),
        total!("numeric_sign", (a: Numeric) =>
            if a.is_nan() { Numeric::NaN } else { Numeric::from_i64(a.signum() as i64) }),
        fallible!("numeric_ceil", (a: Numeric), env => a.ceil(env.arena)),
        fallible!("numeric_floor", (a: Numeric), env => a.floor(env.arena)),
        fallible!("numeric_round", (a: Numeric, scale: Int32), env => a.round(scale, env.arena)),
        fallible!("numeric_trunc", (a: Numeric, scale: Int32), env => a.trunc(scale, env.arena)),
        fallible!("numeric_sqrt", (a: Numeric), env => a.sqrt(env.arena)),
        fallible!("numeric_exp", (a: Numeric), env => a.exp(env.arena)),
        fallible!("numeric_ln", (a: Numeric), env => a.ln(env.arena)),
        fallible!("numeric_log", (base: Numeric, a: Numeric), env => a.log(&base, env.arena)),
        fallible!("numeric_power", (a: Numeric, b: Numeric), env => a.power(&b, env.arena)),
        total!("numeric_scale", (a: Numeric) => a.is_finite().then(|| a.scale() as i32)),
        total!("numeric_min_scale", (a: Numeric), env => a.min_scale(env.arena)),
        total!("numeric_trim_scale", (a: Numeric), env => a.trim_scale(env.arena)),
        total!("numeric_larger", (a: Numeric, b: Numeric) => if a.compare(&b).is_gt() { a } else { b }),
        total!("numeric_smaller", (a: Numeric, b: Numeric) => if a.compare(&b).is_lt() { a } else { b }),
        fallible!("numeric_fac", (a: Int64), env => factorial(a, env.arena)),
        fallible!("numeric_gcd", (a: Numeric, b: Numeric), env => gcd(a, b, env.arena)),
        fallible!("numeric_lcm", (a: Numeric, b: Numeric), env => lcm(a, b, env.arena)),
        fallible!("width_bucket_numeric", (a: Numeric, low: Numeric, high: Numeric, count: Int32), env =>
            width_bucket(a, low, high, count, env.arena)),
        // Casts.
        fallible!("numeric", (a: Numeric, typmod: Int32), env => a.apply_typmod(typmod, env.arena)),
        total!("int2_numeric", (a: Int16) => Numeric::from_i64(a as i64)),
        total!("int4_numeric", (a: Int32) => Numeric::from_i64(a as i64)),
        total!("int8_numeric", (a: Int64) => Numeric::from_i64(a)),
        fallible!("float4_numeric", (a: Float32), env => Numeric::from_f32(a, env.arena)),
        fallible!("float8_numeric", (a: Float64), env => Numeric::from_f64(a, env.arena)),
        fallible!("numeric_int2", (a: Numeric) => a.to_i16()),
        fallible!("numeric_int4", (a: Numeric) => a.to_i32()),
        fallible!("numeric_int8", (a: Numeric) => a.to_i64()),
        fallible!("numeric_float4", (a: Numeric) => a.to_f32()),
        fallible!("numeric_float8", (a: Numeric) => a.to_f64()),
    ],
];
