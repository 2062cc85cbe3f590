//! Who types, on which machine.

use crate::journal::Holder;

/// The operator's name, as the journal records it: of `sudo`'s caller when there is one.
pub(in crate::cli) fn name() -> String {
    let from = |key: &str| std::env::var(key).ok().filter(|v| !v.is_empty());
    from("SUDO_USER")
        .or_else(|| from("USER"))
        .or_else(|| from("LOGNAME"))
        .unwrap_or_else(|| format!("uid {}", rustix::process::getuid().as_raw()))
}

/// This process.
pub(in crate::cli) fn holder() -> Holder {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    Holder { by: name(), host, pid: std::process::id() }
}
