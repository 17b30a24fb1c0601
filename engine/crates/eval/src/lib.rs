//! tidewire-eval
