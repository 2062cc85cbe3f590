//! What a command is made of, as a runbook says it: program and arguments or a text for a shell, what it is given, what end is a
//! good one, and what of its output others may use.

mod argument;
mod declared;
mod environment;
mod expectation;
mod line;
mod retried;

pub(in crate::model) use argument::text;
pub use argument::{Argument, quoted};
pub(in crate::model) use declared::expression;
pub use declared::{DeclaredOutputs, Extract, NotThere, OutputPart};
pub use environment::{Environment, TextOrSecret};
pub use expectation::Expectation;
pub use line::CommandLine;
pub use retried::Retried;
