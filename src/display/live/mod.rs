//! A run while it is executed: bars on a terminal, lines elsewhere.

pub(in crate::display) mod bars;
pub(in crate::display) mod console;
pub(in crate::display) mod lines;
pub(in crate::display) mod narrator;

#[cfg(test)]
mod bars_test;
