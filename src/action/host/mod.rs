//! Actions on a host, over SSH.

mod cron_single;
mod file;
mod file_scripts;
mod local;
mod offload_tls;
mod php;
mod pin;
mod preview;
mod rename;
mod restart;
mod restore;
mod run;
mod set_config;
mod stop;
mod systemd;
mod wait_gone;

pub(super) use local::keys_on_console;
pub(super) use php::AS_OWNER;
