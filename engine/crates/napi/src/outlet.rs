//! A client's socket that is lent to its subscription: changes go there from the thread that has them, without waking
//! JavaScript's.
//!
//! Who lends it writes nothing meanwhile and takes it back first, so that the bytes of both come one after the other.

use crate::socket::send_at_once;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

/// Where a subscription's chunks can go.
pub struct Outlet {
    /// Its own: JavaScript may close the socket while this is open, and the number be another's.
    socket: OwnedFd,
    rows: u64,
    is_full: bool,
}

impl Outlet {
    /// None: there is no such socket.
    pub fn to(socket: i32) -> Option<Self> {
        if socket < 0 {
            return None;
        }
        // SAFETY: not -1, and used while this runs alone; a descriptor that is none is an error.
        let socket = unsafe { BorrowedFd::borrow_raw(socket) }.try_clone_to_owned().ok()?;
        Some(Outlet { socket, rows: 0, is_full: false })
    }

    /// Sends a chunk of so many rows, and gives how many bytes the kernel took. If not all, nothing more is sent: the rest
    /// and all that comes behind it are for who lent the socket.
    pub fn send(&mut self, bytes: &[u8], rows: u64) -> usize {
        let sent = send_at_once(self.socket.as_raw_fd(), bytes);
        match sent == bytes.len() {
            true => self.rows += rows,
            false => self.is_full = true,
        }
        sent
    }

    /// Whether it takes no more.
    pub fn is_full(&self) -> bool {
        self.is_full
    }

    /// Rows of the chunks that were sent whole.
    pub fn rows(&self) -> u64 {
        self.rows
    }
}
