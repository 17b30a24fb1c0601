//! The Bind message, as statements that are answered in one call take it.

use smallvec::{SmallVec, smallvec};

/// A Bind message's body.
pub struct Bind<'a> {
    pub formats: SmallVec<[u32; 8]>,
    pub values: SmallVec<[Option<&'a [u8]>; 8]>,
    pub result_formats: SmallVec<[u8; 8]>,
}

impl<'a> Bind<'a> {
    /// None where it is not as it should be.
    pub fn read(body: &'a [u8]) -> Option<Self> {
        let mut fields = Fields(body);
        fields.string()?;
        fields.string()?;
        let sent = fields.formats()?;
        let count = fields.uint16()?;
        let formats = match sent.len() {
            0 => smallvec![0; count],
            1 => smallvec![sent[0].into(); count],
            length if length == count => sent.into_iter().map(u32::from).collect(),
            _ => return None,
        };
        let values = (0..count).map(|_| fields.value()).collect::<Option<_>>()?;
        let result_formats = fields.formats()?;
        fields.0.is_empty().then_some(Bind { formats, values, result_formats })
    }
}

/// What is left of a message.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn string(&mut self) -> Option<&'a [u8]> {
        let length = self.0.iter().position(|byte| *byte == 0)?;
        Some(&self.take(length + 1)?[..length])
    }

    fn uint16(&mut self) -> Option<usize> {
        self.take(2).map(|bytes| u16::from_be_bytes([bytes[0], bytes[1]]).into())
    }

    fn formats(&mut self) -> Option<SmallVec<[u8; 8]>> {
        let count = self.uint16()?;
        let format = |_| self.uint16().filter(|format| *format <= 1).map(|format| format as u8);
        (0..count).map(format).collect()
    }

    /// None: the message ends before; `Some(None)`: NULL.
    fn value(&mut self) -> Option<Option<&'a [u8]>> {
        let length = self.take(4).map(|bytes| i32::from_be_bytes(bytes.try_into().expect("four")))?;
        match length {
            -1 => Some(None),
            length => self.take(usize::try_from(length).ok()?).map(Some),
        }
    }
}
