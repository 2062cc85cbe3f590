//! The executor alone: no journal, no clock, no task. Contracts one by one (`contract`), random lives of random runs
//! (`lives`) in a world of memory (`game`); and the embedded driver (`driver`).

mod contract;
mod driver;
mod game;
mod lives;
