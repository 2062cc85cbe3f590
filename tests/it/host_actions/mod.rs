//! Actions on a host and on a site, against real programs: each once and again, forward and back, and with the process
//! killed in between.

mod archives;
mod attacks;
mod bench;
mod checks;
mod claims;
mod commands;
mod config;
mod files;
mod given;
mod kept;
mod nginx;
mod once;
mod previews;
mod probes;
mod reach;
mod services;
mod site;
mod stand_in;
mod uploads;
mod way;
mod writes;
