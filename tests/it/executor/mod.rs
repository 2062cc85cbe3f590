//! The executor alone: no journal, no clock, no task. Contracts one by one (`contract`), random lives of random runs
//! (`lives`) and all states of small ones (`exhaustive`) in a world of memory (`game`); and the embedded driver (`driver`).

mod contract;
mod driver;
mod exhaustive;
mod game;
mod guarding;
mod guards;
mod limits;
mod lives;
