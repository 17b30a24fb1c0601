//! tidewire-render
