//! Telling those who do not sit before the screen: a command or a webhook of the operator's for what somebody should know.
//!
//! Promises: told is only what is in the journal, in its order; each receiver is tried a few times, one after the other, on a thread of
//! their own; the run waits for none of them and depends on none. A notice has nothing of a secret in it, for the journal has not. An
//! address that is a secret itself is shown nowhere.
//! Not handled: that a notice arrives. A machine that dies tells nobody.

mod deliver;
mod notice;
mod occasion;
mod post;
mod receiver;

pub use deliver::deliver;
pub use notice::Notice;
pub use occasion::Occasion;
pub use post::{NoticeWords, Post};
pub use receiver::{Channel, Receiver};
