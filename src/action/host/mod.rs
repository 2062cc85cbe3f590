//! Actions on a host, over SSH.

#[cfg(test)]
mod attacks;
mod attributes;
mod claim;
mod contents;
mod create;
pub(super) mod cron_scan;
mod cron_single;
mod drop_in;
mod edit_file;
mod file;
mod file_scripts;
mod fitness;
mod link;
mod local;
mod nginx;
mod offload_tls;
mod php;
mod pin;
mod place;
mod place_scripts;
mod preview;
mod reload;
mod reload_service;
mod rename;
mod restart;
mod restore;
mod scratch;
mod set_config;
mod start;
mod stop;
mod stray;
mod systemd;
mod unpack;
mod upload;
mod upload_local;
mod upload_pieces;
mod wait_gone;
mod write;

pub(super) use nginx::{Nginx, Read, service as nginx_service};
pub(super) use place::{HostPlace, LastLink};
