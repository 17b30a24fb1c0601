//! Binary form: groups of four decimal digits.

use super::integer::Int;
use super::{MAX_SCALE, Numeric};
use crate::{Arena, EvalError, EvalResult};

const POSITIVE: u16 = 0x0000;
const NEGATIVE: u16 = 0x4000;
const NAN: u16 = 0xc000;
const INFINITY: u16 = 0xd000;
const NEG_INFINITY: u16 = 0xf000;

impl<'a> Numeric<'a> {
    /// `numeric_send`: count of groups, weight, sign, display scale, groups.
    pub fn write_binary(&self, out: &mut Vec<u8>) {
        let mut header = |groups: u16, weight: i16, sign: u16, scale: u16| {
            for field in [groups, weight as u16, sign, scale] {
                out.extend_from_slice(&field.to_be_bytes());
            }
        };
        match self {
            Numeric::NaN => return header(0, 0, NAN, 0),
            Numeric::Infinity => return header(0, 0, INFINITY, 0x20),
            Numeric::NegInfinity => return header(0, 0, NEG_INFINITY, 0x20),
            _ => {}
        }
        let digits = self.int().digits();
        if digits.is_empty() {
            return header(0, 0, POSITIVE, self.scale());
        }
        let exponent = digits.len() as i64 - self.scale() as i64;
        let weight = (exponent - 1).div_euclid(4);
        // Zeros before the first digit fill up its group.
        let lead = (weight * 4 + 4 - exponent) as usize;
        let mut aligned = vec![0u8; lead];
        aligned.extend_from_slice(&digits);
        let mut groups: Vec<u16> = aligned
            .chunks(4)
            .map(|chunk| {
                (0..4).fold(0, |sum, index| sum * 10 + chunk.get(index).copied().unwrap_or(0) as u16)
            })
            .collect();
        while groups.last() == Some(&0) {
            groups.pop();
        }
        let sign = if self.signum() < 0 { NEGATIVE } else { POSITIVE };
        header(groups.len() as u16, weight as i16, sign, self.scale());
        for group in groups {
            out.extend_from_slice(&group.to_be_bytes());
        }
    }

    /// `numeric_recv`
    pub fn from_binary(bytes: &[u8], typmod: i32, arena: &'a Arena) -> EvalResult<Self> {
        let field = |index: usize| -> EvalResult<u16> {
            bytes
                .get(index * 2..index * 2 + 2)
                .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
                .ok_or_else(|| EvalError::new("08P01", "insufficient data left in message"))
        };
        let invalid =
            |what: &str| EvalError::new("22P03", format!("invalid {what} in external \"numeric\" value"));
        let (count, weight, sign, scale) = (field(0)?, field(1)? as i16, field(2)?, field(3)?);
        match sign {
            POSITIVE | NEGATIVE | NAN | INFINITY | NEG_INFINITY => {}
            _ => return Err(invalid("sign")),
        }
        if scale as i32 > MAX_SCALE {
            return Err(invalid("scale"));
        }
        let mut digits = Vec::with_capacity(count as usize * 4);
        for index in 0..count as usize {
            let group = field(4 + index)?;
            if group > 9999 {
                return Err(invalid("digit"));
            }
            digits.extend(
                [group / 1000, group / 100 % 10, group / 10 % 10, group % 10].map(|digit| digit as u8),
            );
        }
        if bytes.len() != 8 + count as usize * 2 {
            return Err(EvalError::new("22P03", crate::io::EXCESS));
        }
        let value = match sign {
            NAN => Numeric::NaN,
            INFINITY => Numeric::Infinity,
            NEG_INFINITY => Numeric::NegInfinity,
            _ => {
                // Digits beyond the display scale are cut off, as PostgreSQL does.
                let wanted = (weight as i64 + 1) * 4 + scale as i64;
                digits.resize(wanted.max(0) as usize, 0);
                let leading = digits.iter().position(|digit| *digit != 0).unwrap_or(digits.len());
                Int::from_digits(sign == NEGATIVE, &digits[leading..]).with_scale(scale, arena)?
            }
        };
        if typmod < 0 { Ok(value) } else { value.apply_typmod(typmod, arena) }
    }
}
