//! Protobuf's encoding (protobuf.dev, "Encoding"): fields in any order, each with its number and the kind of its bytes.

use tidewire_row::{EvalError, EvalResult};

/// Messages within messages that are followed, as Google's own libraries do.
pub(crate) const MAX_DEPTH: usize = 100;

#[cold]
pub(crate) fn malformed(detail: impl Into<String>) -> EvalError {
    EvalError::new("22P03", "invalid Protobuf data").with_detail(detail)
}

#[cold]
pub(crate) fn too_deep() -> EvalError {
    EvalError::new("54001", "stack depth limit exceeded")
        .with_detail(format!("The Protobuf data has more than {MAX_DEPTH} messages within each other."))
}

/// A field's bytes as they stand.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Raw<'a> {
    Varint(u64),
    Fixed64(u64),
    Fixed32(u32),
    Bytes(&'a [u8]),
}

/// What is left of a message.
#[derive(Clone, Copy)]
pub(crate) struct Input<'a> {
    pub(crate) rest: &'a [u8],
}

#[cold]
fn cut() -> EvalError {
    malformed("The data ends within a field.")
}

impl<'a> Input<'a> {
    #[inline]
    pub(crate) fn varint(&mut self) -> EvalResult<u64> {
        if let Some((&byte, rest)) = self.rest.split_first()
            && byte < 0x80
        {
            self.rest = rest;
            return Ok(byte.into());
        }
        self.varint_slow()
    }

    fn varint_slow(&mut self) -> EvalResult<u64> {
        let mut value = 0u64;
        for (at, &byte) in self.rest.iter().enumerate().take(10) {
            value |= u64::from(byte & 0x7f) << (7 * at);
            if byte < 0x80 {
                self.rest = &self.rest[at + 1..];
                return Ok(value);
            }
        }
        Err(if self.rest.len() < 10 { cut() } else { malformed("A number has more than 64 bits.") })
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> EvalResult<[u8; N]> {
        let Some((taken, rest)) = self.rest.split_first_chunk::<N>() else { return Err(cut()) };
        self.rest = rest;
        Ok(*taken)
    }

    #[inline]
    pub(crate) fn fixed64(&mut self) -> EvalResult<u64> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    #[inline]
    pub(crate) fn fixed32(&mut self) -> EvalResult<u32> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    #[inline]
    fn bytes(&mut self) -> EvalResult<&'a [u8]> {
        let length = usize::try_from(self.varint()?).map_err(|_| cut())?;
        let Some((taken, rest)) = self.rest.split_at_checked(length) else { return Err(cut()) };
        self.rest = rest;
        Ok(taken)
    }

    /// The next field's number and bytes; None at the end. Groups, which nobody writes any more, are passed over.
    #[inline]
    pub(crate) fn field(&mut self) -> EvalResult<Option<(u32, Raw<'a>)>> {
        loop {
            if self.rest.is_empty() {
                return Ok(None);
            }
            let (number, kind) = self.tag()?;
            let raw = match kind {
                0 => Raw::Varint(self.varint()?),
                1 => Raw::Fixed64(self.fixed64()?),
                2 => Raw::Bytes(self.bytes()?),
                3 => {
                    self.group(number)?;
                    continue;
                }
                5 => Raw::Fixed32(self.fixed32()?),
                other => return Err(malformed(format!("A field's kind is {other}."))),
            };
            return Ok(Some((number, raw)));
        }
    }

    #[inline]
    fn tag(&mut self) -> EvalResult<(u32, u8)> {
        let tag = self.varint()?;
        let number = u32::try_from(tag >> 3).unwrap_or(0);
        if number == 0 {
            return Err(malformed("A field has no number."));
        }
        Ok((number, (tag & 7) as u8))
    }

    fn group(&mut self, number: u32) -> EvalResult<()> {
        let mut open = vec![number];
        while let Some(&innermost) = open.last() {
            if open.len() > MAX_DEPTH {
                return Err(too_deep());
            }
            let (number, kind) = self.tag()?;
            match kind {
                0 => {
                    self.varint()?;
                }
                1 => {
                    self.fixed64()?;
                }
                2 => {
                    self.bytes()?;
                }
                3 => open.push(number),
                4 if number == innermost => {
                    open.pop();
                }
                5 => {
                    self.fixed32()?;
                }
                _ => return Err(malformed(format!("A field's kind is {kind}."))),
            }
        }
        Ok(())
    }
}
