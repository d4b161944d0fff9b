//! The axum Router every host serves.
