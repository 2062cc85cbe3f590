//! nginx's whole configuration around a site: every file that nginx reads, and what becomes of it with the edit.
//!
//! What it is: [`Configuration`] is built of the files that `nginx -T` names. It is looked at as one text in which each
//! `include` is replaced by what it includes, so that a server, a name, a variable is found wherever it stands; each
//! place of that text knows its file and line.
//!
//! What it promises: no IO, never a panic. What would go wrong on port 80 once TLS has moved to the balancer is refused
//! with file and line, before anything is changed; what a drop-in can add for the site is told by [`Needs`].
//!
//! What it does not handle: Lua, Perl and JavaScript; files that are read by modules of others.

mod drop_in;
mod files;
mod flat;
mod glob;
mod health;
mod judge;
mod needs;
mod rivals;
mod upstream;

pub use drop_in::{DropIn, Wanted, wanted};
pub use files::{File, Files, MARK, named_in};
pub use flat::Flat;
pub use health::Answer;
pub use judge::{ByAddress, Configuration, JudgedSite};
pub use needs::{KeepAlive, Needs, Redirects};
