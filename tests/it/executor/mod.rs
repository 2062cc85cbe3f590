//! The executor alone: no journal, no clock, no task. Contracts one by one (`contract`), and random lives of random runs
//! (`lives`) in a world of memory (`game`).

mod contract;
mod game;
mod lives;
