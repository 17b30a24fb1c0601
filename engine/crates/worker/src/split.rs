//! From whole rows to the key and value rows of a layout.

/// Splits rows of one collection by its layout.
pub trait Splitter: Send + Sync {
    /// Appends the key row and then the value row of `row` to `out` and returns the key's length. On an error `out` may
    /// hold a part.
    fn split(&self, row: &[u8], out: &mut Vec<u8>) -> Result<usize, String>;
}
