//! Decimals as Kafka Connect has them: an integer of any length, and how many of its digits stand behind the point.

use tidewire_row::{EvalError, EvalResult};

/// No PostgreSQL numeric has more digits.
const MAX_BYTES: usize = 65_536;
const MAX_SCALE: i64 = 16_383;
/// The largest power of ten of a limb.
const LIMB: u64 = 1_000_000_000;

/// The digits of a big-endian two's complement integer, with `scale` of them behind the point.
pub(crate) fn decimal_text(bytes: &[u8], scale: i64) -> EvalResult<String> {
    if bytes.len() > MAX_BYTES || scale.abs() > MAX_SCALE {
        return Err(EvalError::new("22003", "value overflows numeric format"));
    }
    let negative = bytes.first().is_some_and(|byte| byte & 0x80 != 0);
    let digits = digits(bytes, negative);
    let mut text = String::with_capacity(digits.len() + 3);
    if negative {
        text.push('-');
    }
    if scale <= 0 {
        text.push_str(&digits);
        text.extend(std::iter::repeat_n('0', scale.unsigned_abs() as usize));
        return Ok(text);
    }
    let scale = scale as usize;
    if digits.len() <= scale {
        text.push_str("0.");
        text.extend(std::iter::repeat_n('0', scale - digits.len()));
        text.push_str(&digits);
    } else {
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        text.push_str(whole);
        text.push('.');
        text.push_str(fraction);
    }
    Ok(text)
}

/// The decimal digits of the magnitude.
fn digits(bytes: &[u8], negative: bool) -> String {
    if bytes.len() <= 16 {
        let mut wide = [if negative { 0xff } else { 0 }; 16];
        wide[16 - bytes.len()..].copy_from_slice(bytes);
        return i128::from_be_bytes(wide).unsigned_abs().to_string();
    }
    let mut magnitude = bytes.to_vec();
    if negative {
        let mut carry = true;
        for byte in magnitude.iter_mut().rev() {
            let (sum, over) = (!*byte).overflowing_add(u8::from(carry));
            (*byte, carry) = (sum, over);
        }
    }
    // In base 10^9, least significant first.
    let mut limbs: Vec<u64> = vec![0];
    for byte in magnitude {
        let mut carry = u64::from(byte);
        for limb in &mut limbs {
            let value = (*limb << 8) + carry;
            (*limb, carry) = (value % LIMB, value / LIMB);
        }
        if carry > 0 {
            limbs.push(carry);
        }
    }
    let mut text = limbs.pop().unwrap_or(0).to_string();
    for limb in limbs.iter().rev() {
        text.push_str(&format!("{limb:09}"));
    }
    text
}
