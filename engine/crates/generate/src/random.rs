//! Random numbers by seed: splitmix64.

/// A sequence of random numbers.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0xD1B5_4A32_D192_ED03);
        random.next();
        random
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(bound)) >> 64) as u64
    }

    /// One of some things.
    pub(crate) fn choose<'a, T>(&mut self, things: &'a [T]) -> &'a T {
        &things[self.below(things.len() as u64) as usize]
    }

    fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Nexmark's price: 1 to 1,000,000 in cents, uniform in its logarithm.
    pub(crate) fn price(&mut self) -> u64 {
        (10f64.powf(self.fraction() * 6.0) * 100.0).round() as u64
    }

    /// Appends lower-case letters, twelve to a random number.
    pub(crate) fn letters(&mut self, length: u64, out: &mut String) {
        let (mut bits, mut left) = (0u64, 0);
        for _ in 0..length {
            if left == 0 {
                bits = self.next();
                left = 12;
            }
            out.push((b'a' + (bits % 26) as u8) as char);
            bits /= 26;
            left -= 1;
        }
    }

    /// Appends 3 to `max - 1` letters.
    pub(crate) fn word(&mut self, max: u64, out: &mut String) {
        let length = 3 + self.below(max - 3);
        self.letters(length, out);
    }

    /// Appends letters that bring a record of `current` bytes to about `wanted`.
    pub(crate) fn padding(&mut self, current: u64, wanted: u64, out: &mut String) {
        if current > wanted {
            return;
        }
        let missing = wanted - current;
        let spread = (missing as f64 * 0.2).round() as u64;
        let length = missing - spread + if spread == 0 { 0 } else { self.below(2 * spread) };
        self.letters(length, out);
    }
}
