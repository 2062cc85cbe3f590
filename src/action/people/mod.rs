//! Actions of people.

mod approve;
