//! Something that actions work on.

use std::fmt;

/// Something that actions work on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resource {
    /// A whole host.
    Host {
        /// Its instance, or its name.
        host: String,
    },
    /// Something on a host.
    OnHost {
        /// The host's instance, or its name.
        host: String,
        /// What it is.
        what: String,
    },
    /// Something in the account, or a name in DNS.
    Thing(String),
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host { host } => write!(f, "host {host}"),
            Self::OnHost { host, what } => write!(f, "{what} on host {host}"),
            Self::Thing(what) => f.write_str(what),
        }
    }
}
