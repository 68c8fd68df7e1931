//! Work that nobody waits for, beside the requests.
//!
//! Owns tasks, their pace and their patience, and the HTTP that they speak to others. Must never delay a statement, nor
//! decide a rule.

pub mod cosigning;
pub mod hooks;
pub mod memory;
pub mod notices;
pub mod standing;
pub mod watching;
pub mod wire;

use crate::ledger::Ledger;
use crate::ledger::lease::Role;
use std::future::{Future, pending};

/// Does the work of who writes, as long as this process does: it is broken off when another has taken over, and begun anew.
pub async fn while_writing<T, F: Future<Output = T>>(ledger: &Ledger, work: impl Fn() -> F) -> T {
    let mut roles = ledger.roles();
    loop {
        if roles.wait_for(Role::is_writer).await.is_err() {
            return pending().await;
        }
        tokio::select! {
            done = work() => return done,
            _ = roles.wait_for(|role| !role.is_writer()) => {}
        }
    }
}
