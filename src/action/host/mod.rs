//! Actions on a host, over SSH.

mod rename;
