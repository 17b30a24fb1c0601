//! Bytes of accumulators, as they stand in arrangements: variable-length integers and lengths before bytes.

/// Appends a signed integer; small ones are short.
pub fn put_int(out: &mut Vec<u8>, value: i64) {
    put_wide(out, value as i128);
}

/// Appends a signed integer; small ones are short.
pub fn put_wide(out: &mut Vec<u8>, value: i128) {
    let mut rest = ((value << 1) ^ (value >> 127)) as u128;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

/// Appends bytes with their length before them.
pub fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_int(out, bytes.len() as i64);
    out.extend_from_slice(bytes);
}

/// Reads what was written, in the same order. Beyond the end there are zeros.
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// At the start.
    pub fn new(bytes: &'a [u8]) -> Self {
        Reader(bytes)
    }

    /// What [`put_int`] wrote.
    pub fn int(&mut self) -> i64 {
        self.wide() as i64
    }

    /// What [`put_wide`] wrote.
    pub fn wide(&mut self) -> i128 {
        let (mut value, mut shift) = (0u128, 0);
        while let Some((byte, rest)) = self.0.split_first() {
            self.0 = rest;
            value |= ((byte & 0x7f) as u128).wrapping_shl(shift);
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
        }
        (value >> 1) as i128 ^ -((value & 1) as i128)
    }

    /// Eight bytes, the least significant first.
    pub fn limb(&mut self) -> u64 {
        let Some((limb, rest)) = self.0.split_first_chunk() else { return 0 };
        self.0 = rest;
        u64::from_le_bytes(*limb)
    }

    /// What [`put_bytes`] wrote.
    pub fn bytes(&mut self) -> &'a [u8] {
        let length = (self.int() as usize).min(self.0.len());
        let (bytes, rest) = self.0.split_at(length);
        self.0 = rest;
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_come_back() {
        let values = [0, 1, -1, 63, -64, 64, i64::MAX as i128, i64::MIN as i128, i128::MAX, i128::MIN];
        let mut bytes = Vec::new();
        for value in values {
            put_wide(&mut bytes, value);
        }
        put_bytes(&mut bytes, b"abc");
        put_int(&mut bytes, -5);
        let mut reader = Reader::new(&bytes);
        for value in values {
            assert_eq!(reader.wide(), value);
        }
        assert_eq!((reader.bytes(), reader.int(), reader.int()), (&b"abc"[..], -5, 0));
    }
}
