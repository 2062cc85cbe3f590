//! Events, plans and run state as people and programs read them: bars, lines, tables, texts, JSON.
//!
//! Promises: every text here is a pure function of what it is given (plan, state, records, a point in time), so it can be
//! compared with a golden file; only [`Console`], [`to_stdout`] and [`to_stderr`] write. Every rest is told with the exact
//! command to type next. Nothing here fails or panics on odd data: what is not known is left out or shown as `?`.
//!
//! Not handled: secrets. Plans and records hold references only, and a reference is shown as one.

mod kinds;
mod live;
mod pending_value;
mod plan;
mod reference;
mod report;
mod rich;
mod rollback;
mod run;
mod screen;
mod table;
mod terminal;
mod time;
mod typed;
mod verdict;
mod watch;
mod wording;

pub use kinds::{kind_json, kind_text, kinds_json, kinds_text};
pub use live::console::{Console, ConsoleMode, Sentence};
pub use pending_value::value as value_text;
pub use plan::changes::shell_line;
pub use plan::changes_text::script_lines;
pub use plan::file::{plan_file_text, plan_summary_text, saved_plan_json};
pub use plan::json::plan_json;
pub use plan::markdown::plan_markdown;
pub use plan::origin::PlanOrigin;
pub use plan::page::plan_html;
pub use plan::permission::{permission_warnings, permissions_json, permissions_text};
pub use plan::spoken::Sentences;
pub use plan::text::{left_text, plan_text};
pub use reference::{section, sections};
pub use report::json::report_json;
pub use report::markdown::report_markdown;
pub use report::page::report_html;
pub use report::sheet::Reported;
pub use report::text::report_text;
pub use rollback::markdown::rollback_markdown;
pub use rollback::page::{RollbackShown, rollback_html};
pub use rollback::text::{rollback_json, rollback_text};
pub use run::answer::{answer_json, answer_text};
pub use run::commands::{NextCommand, next_commands};
pub use run::failure::failure_text;
pub use run::leaves::{abandon_text, abandoned_json};
pub use run::log::{log_json, log_text, verify_json, verify_text};
pub use run::notice::notice_text;
pub use run::rest::{abandoned_text, rest_json, rest_text};
pub use run::runs::{RunRow, runs_json, runs_text};
pub use run::status::status_text;
pub use run::status_json::status_json;
pub use screen::{fit_to_terminal, to_stderr, to_stdout};
pub use table::count;
pub use terminal::Terminal;
pub use time::{clock, date_time, duration, rfc3339, rough};
pub use typed::{CalledWith, Typed, called_with};
pub use verdict::{Row, rows_table, verdict_line};
pub use watch::now::{Waits, WatchedRun};
pub use watch::page::{watch_html, watch_now_json, watch_policy, watch_report_json};
