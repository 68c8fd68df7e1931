//! Tests of the exchange with the service.
