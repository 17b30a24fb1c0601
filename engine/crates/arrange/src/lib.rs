//! tidewire-arrange
