//! The enforcement point beside the printer, and the journal that every signing tool shares.
//!
//! [`home`] is the folder in which one credential lives, shared with the command line; [`sync`] talks to the
//! service. The agent proper is [`gate`], which decides, [`print`](mod@print), which spends, and [`printer`], which
//! hands over; [`package`] and [`licence`] open what a licence brings. Clock and randomness are parameters; [`system`] reads both.

pub mod gate;
pub mod home;
pub mod licence;
pub mod package;
pub mod prefetch;
pub mod print;
pub mod printer;
pub mod sync;
pub mod system;

#[cfg(test)]
mod fixture;
