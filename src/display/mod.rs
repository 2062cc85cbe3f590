//! Events, plans and run state as people and programs read them: bars, lines, tables, texts, JSON.
//!
//! Promises: every text here is a pure function of what it is given (plan, state, records, a point in time), so it can be
//! compared with a golden file; only [`Console`], [`to_stdout`] and [`to_stderr`] write. Every rest is told with the exact
//! command to type next. Nothing here fails or panics on odd data: what is not known is left out or shown as `?`.
//!
//! Not handled: secrets. Plans and records hold references only, and a reference is shown as one.

mod answer;
mod bars;
#[cfg(test)]
mod bars_test;
mod changes;
mod changes_text;
mod commands;
mod console;
mod drift_text;
mod failure;
mod leaves;
mod lines;
mod log;
mod look;
mod looks;
mod narrator;
mod order_of_work;
mod pending_value;
mod permission;
mod plan_checks;
mod plan_file;
mod plan_html;
mod plan_json;
mod plan_markdown;
mod plan_sheet;
mod plan_text;
mod rest_text;
mod rich;
mod rollback_sheet;
mod rollback_text;
mod runs;
mod screen;
mod status_json;
mod status_text;
mod stays_stopped;
mod table;
mod tally;
mod time;
mod times;
mod usual;
mod verdict;
mod wording;

pub use answer::{answer_json, answer_text};
pub use changes::shell_line;
pub use commands::{NextCommand, next_commands};
pub use console::{Console, Mode, Sentence};
pub use failure::failure_text;
pub use leaves::{abandon_text, abandoned_json};
pub use log::{log_json, log_text, verify_json, verify_text};
pub use look::Look;
pub use pending_value::value as value_text;
pub use permission::{permission_warnings, permissions_json, permissions_text};
pub use plan_file::{plan_file_text, plan_summary_text, saved_plan_json};
pub use plan_html::{plan_html, rollback_html};
pub use plan_json::plan_json;
pub use plan_markdown::{plan_markdown, rollback_markdown};
pub use plan_sheet::PlanOrigin;
pub use plan_text::{PreflightLine, Sentences, left_text, plan_text};
pub use rest_text::{rest_json, rest_text};
pub use rollback_text::{rollback_json, rollback_text};
pub use runs::{RunRow, runs_json, runs_text};
pub use screen::{fit_to_terminal, to_stderr, to_stdout};
pub use status_json::status_json;
pub use status_text::status_text;
pub use time::{clock, date_time, duration, rfc3339, rough};
pub use verdict::{Row, rows_table, verdict_line};
