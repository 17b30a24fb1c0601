//! How soon a thread runs once it has work, where others use the processors.

/// What the scheduler gives a thread at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeSlice {
    /// For threads of many short pieces of work that are waited for (sessions, commits): one that wakes does not wait for
    /// the slice of another to end, which is some milliseconds.
    Short,
    /// For threads of long work (queries, hydration).
    Usual,
}

/// Asks for such slices for the calling thread and those that it starts. Shares of the processors stay as they are. Linux
/// has slices of a thread's own since 6.12 (sched_setattr(2): sched_runtime, 0.1 to 100 ms); elsewhere nothing changes.
pub fn ask_for(slice: TimeSlice) {
    #[cfg(target_os = "linux")]
    {
        const SIZE: u32 = size_of::<libc::sched_attr>() as u32;
        // SAFETY: a plain struct of integers, of which the kernel reads and writes as many bytes as its size says; 0 is
        // the calling thread.
        unsafe {
            let mut attributes: libc::sched_attr = std::mem::zeroed();
            if libc::syscall(libc::SYS_sched_getattr, 0, &raw mut attributes, SIZE, 0) != 0
                || attributes.sched_policy != libc::SCHED_OTHER as u32
            {
                return;
            }
            attributes.size = SIZE;
            attributes.sched_runtime = match slice {
                TimeSlice::Short => 100_000,
                TimeSlice::Usual => 0,
            };
            // A kernel that refuses leaves all as it is.
            libc::syscall(libc::SYS_sched_setattr, 0, &raw const attributes, 0);
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = slice;
}
