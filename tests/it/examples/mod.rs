//! How to add something, as code that compiles and runs. docs/architecture.md names each of these files.

mod action;
mod check;
mod display;
mod driver;
mod order;
mod places;
