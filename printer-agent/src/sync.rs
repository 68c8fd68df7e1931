//! Talks to the service.
