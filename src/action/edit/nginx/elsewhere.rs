//! What the other files of the configuration are to the one that is edited.

/// What the other files of the configuration hold, as far as it decides what is written into this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Elsewhere {
    /// A server of another file is the `default_server` of port 80: nginx refuses a second one.
    pub default_on_80: bool,
    /// The other files were read, and are judged too ([`super::whole`]): nothing need be said of what may be in them.
    pub is_read: bool,
    /// Another file has `set_real_ip_from` for every site.
    pub real_ip: bool,
}
