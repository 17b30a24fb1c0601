//! tidewire-worker
