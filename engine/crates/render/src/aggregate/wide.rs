//! A signed integer of any width: the fixed-point body of exact float sums.

/// A two's complement integer in 64-bit limbs, least significant first, sign-extended above the last limb.
/// Normal form: no limb that the sign extension would restore; zero has no limbs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WideInt {
    limbs: Vec<u64>,
}

impl WideInt {
    /// Whether it is zero.
    pub fn is_zero(&self) -> bool {
        self.limbs.is_empty()
    }

    /// Whether it is below zero.
    pub fn is_negative(&self) -> bool {
        self.limbs.last().is_some_and(|limb| (*limb as i64) < 0)
    }

    fn extension(&self) -> u64 {
        if self.is_negative() { u64::MAX } else { 0 }
    }

    /// Its limbs, least significant first.
    pub fn limbs(&self) -> &[u64] {
        &self.limbs
    }

    /// From [`limbs`](WideInt::limbs).
    pub fn from_limbs(limbs: Vec<u64>) -> Self {
        let mut wide = WideInt { limbs };
        wide.normalize();
        wide
    }

    fn normalize(&mut self) {
        while let Some(last) = self.limbs.last().copied() {
            let below = match self.limbs.len() {
                1 => 0,
                n => self.limbs[n - 2],
            };
            let implied = if (below as i64) < 0 { u64::MAX } else { 0 };
            if last == implied {
                self.limbs.pop();
            } else {
                break;
            }
        }
    }

    /// Adds `value * 2^(64 * limb)`.
    pub fn add_at(&mut self, value: i128, limb: usize) {
        let parts = [value as u64, (value >> 64) as u64];
        self.add_limbs(&parts, limb);
    }

    /// Adds the two's complement number `parts * 2^(64 * at)`.
    fn add_limbs(&mut self, parts: &[u64], at: usize) {
        let part_extension = if parts.last().is_some_and(|limb| (*limb as i64) < 0) { u64::MAX } else { 0 };
        let extension = self.extension();
        // One limb more than either needs: no carry can leave it.
        let width = self.limbs.len().max(at + parts.len()) + 1;
        self.limbs.resize(width, extension);
        let mut carry = false;
        for (index, limb) in self.limbs.iter_mut().enumerate().skip(at) {
            let part = parts.get(index - at).copied().unwrap_or(part_extension);
            let (sum, first) = limb.overflowing_add(part);
            let (sum, second) = sum.overflowing_add(carry as u64);
            *limb = sum;
            carry = first | second;
        }
        self.normalize();
    }

    /// Multiplies by `2^(64 * limbs)`.
    pub fn shift_limbs(&mut self, limbs: usize) {
        if !self.is_zero() {
            self.limbs.splice(0..0, std::iter::repeat_n(0, limbs));
        }
    }

    /// The magnitude, least significant limb first, without leading zeros.
    pub fn magnitude(&self) -> Vec<u64> {
        let mut limbs = self.limbs.clone();
        if self.is_negative() {
            let mut carry = true;
            for limb in &mut limbs {
                let (value, over) = (!*limb).overflowing_add(carry as u64);
                *limb = value;
                carry = over;
            }
        }
        while limbs.last() == Some(&0) {
            limbs.pop();
        }
        limbs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_and_retracts_beyond_i128() {
        let mut wide = WideInt::default();
        for _ in 0..6 {
            wide.add_at(i128::MAX, 0);
        }
        // 6 * (2^127 - 1) = 3 * 2^128 - 6
        assert_eq!(wide.magnitude(), vec![u64::MAX - 5, u64::MAX, 2]);
        for _ in 0..7 {
            wide.add_at(-i128::MAX, 0);
        }
        assert!(wide.is_negative());
        assert_eq!(wide.magnitude(), vec![u64::MAX, u64::MAX >> 1]);
        wide.add_at(i128::MAX, 0);
        assert!(wide.is_zero());
    }
}
