//! tidewire-row
