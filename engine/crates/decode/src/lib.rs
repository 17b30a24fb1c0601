//! tidewire-decode
