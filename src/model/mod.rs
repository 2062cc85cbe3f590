//! The validated runbook and the words everything else speaks in.
//!
//! What is here: ids, value types, expressions with references, values as far as they are known, the closed vocabulary of actions, steps, the runbook,
//! and the call an engine makes of an action with its outcome. It promises to be plain data: no input or output, no
//! clock, no randomness. It does not judge documents (that is `validate`) and does not know how an action is carried
//! out (that is `action`).

#[macro_use]
mod vocabulary;
#[macro_use]
mod text;

mod action;
mod advice;
mod aws_names;
mod call;
mod change;
mod change_window;
mod check;
mod command;
mod decode;
mod downtime;
mod drift;
mod expr;
mod file_owner;
mod file_template;
mod fixed;
mod foretold;
mod formula;
mod function;
mod gate;
mod guard;
mod hash;
mod host_keys;
mod id;
mod left_out;
mod lexeme;
mod limits;
mod local_file;
mod meaning;
mod needed;
mod needs;
mod on_failure;
mod outcome;
mod pace;
mod param;
mod permission;
mod probe;
mod reference;
mod replacement;
mod request;
mod resolution;
mod retry;
mod runbook;
mod running_instance;
mod secret;
mod site_probe;
mod step_action;
mod tags;
mod target;
mod target_probe;
mod tell;
mod time_span;
mod unit_file;
mod value_type;
mod window;
mod words;

pub use action::*;
pub use advice::{Advice, Recourse};
pub use aws_names::{
    BalancerName, CertificateName, DrainTime, GroupDescription, GroupName, HeaderName, HeaderText, IdleTimeout,
    ImageName, InstanceName, Percent, RulePriority, SnapshotName, StickyTime, TagValue, TargetGroupName, Within,
};
pub(crate) use call::token;
pub use call::{ActionCall, Foresight, LookAhead, Phase};
pub use change::{Change, Description, Facts, KeyChange};
pub use change_window::{ChangeWindow, WindowSpan};
pub use check::*;
pub use command::*;
pub use decode::Decode;
pub use downtime::Downtime;
pub use drift::{Drift, FactDrift};
pub use expr::{Expr, Piece, Scope};
pub use file_owner::{Account, FileMode, PhpProgram};
pub use file_template::FileTemplate;
pub use fixed::Fixed;
pub use foretold::Foretold;
pub use function::Function;
pub use gate::{approval_gate, dns_gate, dns_undo_gate, host_key_gate};
pub use guard::{BrokenGuard, Guard, GuardCall, Sighting};
pub use hash::{hex, sha256};
pub use host_keys::HostKeys;
pub use id::{ActionPath, IdError, RunId, StepId, is_action_id, is_id, is_round, names_otherwise, unrolled_id};
pub use left_out::LeftOut;
pub use lexeme::{Lexeme, lexemes, with_words};
pub use limits::{Limits, OnOverrun, Overrun};
pub use local_file::LocalFile;
pub use needed::Needed;
pub use on_failure::OnFailure;
pub use outcome::{BroughtBy, Failure, FailureKind, Finding, Found, Lacking, Outcome, Renamed};
pub use pace::Pace;
pub use param::Param;
pub use permission::{Judged, Lack, Need, NeedFor, Permissions};
pub use probe::{FileProbe, HttpProbe, PortProbe, is_found};
pub use reference::{PartKey, Reference, ReferenceError, Unresolved};
pub use replacement::Replacement;
pub use request::{AnswerExpectation, HttpMethod, RequestBack, RequestBody, RequestHeaders, is_header_name};
pub use resolution::Resolution;
pub use retry::RetryPolicy;
pub use runbook::{InputSpec, PreflightCheck, Runbook, Step};
pub use running_instance::RunningInstance;
pub use secret::{Secret, SecretRef};
pub use site_probe::{SiteProbe, SiteSeen};
pub use step_action::{StepAction, declared_outputs};
pub use target::{AddressChoice, Reach, Target, TargetSpec};
pub use target_probe::TargetsProbe;
pub(crate) use tell::tell;
pub use tell::{Tell, places, told};
pub use text::*;
pub use time_span::TimeSpan;
pub use unit_file::{UNIT_FOLDERS, is_unit_file};
pub use value_type::{Mismatch, ValueType};
pub use window::Window;
pub use words::{Gap, Text};

/// A JSON value: what inputs, parameters and outputs are made of.
pub type Value = serde_json::Value;

/// Named values, in the order of their names.
pub type Values = std::collections::BTreeMap<String, Value>;

/// A point in time: milliseconds since 1970-01-01T00:00:00Z.
pub type Millis = i64;
