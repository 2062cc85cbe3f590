//! A run while others are at it, as one page that goes on by itself: what stands now, and below it the report as it is by then.
//!
//! Promises: the page's own rules (all of it escaped, nothing loaded from elsewhere, no style and no script but its own) hold for what
//! comes later, too, which is made of the same elements. A screen reader is told what has changed, not every second that goes by.
//!
//! Not handled: how it comes to a browser; that is the command's affair.

pub(in crate::display) mod now;
pub(in crate::display) mod page;
