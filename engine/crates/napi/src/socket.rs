//! Sending to a client at once.

use napi::bindgen_prelude::BufferSlice;
use napi_derive::napi;

/// Gives `bytes[..length]` to the socket and says how many of them the kernel took: 0 too where it fails, which whoever
/// sends the rest is told. The socket does not block, and nothing else waits to be sent through it.
#[napi(catch_unwind)]
pub fn send(socket: i32, bytes: BufferSlice<'_>, length: u32) -> u32 {
    let Some(bytes) = bytes.get(..length as usize) else { return 0 };
    u32::try_from(send_at_once(socket, bytes)).unwrap_or(0)
}

/// Gives the bytes to the socket and says how many of them the kernel took: 0 too where it fails.
pub fn send_at_once(socket: i32, bytes: &[u8]) -> usize {
    // SAFETY: the bytes are there; a descriptor that is none is an error.
    let sent = unsafe {
        libc::send(socket, bytes.as_ptr().cast(), bytes.len(), libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL)
    };
    usize::try_from(sent).unwrap_or(0)
}
