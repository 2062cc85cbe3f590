//! The one shape of an error at the edge: what failed, why, what to type next; and the exit code it means.

use crate::cli::Exit;
use crate::display;
use crate::journal::{JournalError, LeaseError};
use crate::model::Drift;
use std::error::Error;

/// An error as the operator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct CommandFailure {
    exit: Exit,
    message: String,
    causes: Vec<String>,
    hints: Vec<String>,
    drift: Vec<Drift>,
    /// Problems of a document with their places: printed as they are, in place of message and causes.
    problems: Option<Box<(String, serde_json::Value)>>,
}

impl CommandFailure {
    pub(in crate::cli) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), causes: Vec::new(), hints: Vec::new(), drift: Vec::new(), problems: None }
    }

    pub(in crate::cli) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    pub(in crate::cli) fn refused(message: impl Into<String>) -> Self {
        Self::new(Exit::Refused, message)
    }

    /// Problems of a document, printed as they are.
    pub(in crate::cli) fn problems(text: String, json: serde_json::Value) -> Self {
        Self { problems: Some(Box::new((text, json))), ..Self::new(Exit::Usage, "the document has problems") }
    }

    pub(in crate::cli) fn output(error: &std::io::Error) -> Self {
        Self::new(Exit::Failed, "cannot write the result").cause(error.to_string())
    }

    pub(in crate::cli) fn cause(mut self, cause: impl Into<String>) -> Self {
        self.causes.push(cause.into());
        self
    }

    pub(in crate::cli) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Adds where the world is another one than the plan was made on.
    pub(in crate::cli) fn drift(mut self, drift: Vec<Drift>) -> Self {
        self.drift.extend(drift);
        self
    }

    /// Adds a hint unless it is there.
    pub(in crate::cli) fn hint_once(self, hint: &str) -> Self {
        if self.hints.iter().any(|h| h == hint) { self } else { self.hint(hint) }
    }

    /// The error with all its causes, each once.
    pub(in crate::cli) fn chain(exit: Exit, error: &dyn Error) -> Self {
        let mut failure = Self::new(exit, error.to_string());
        let mut source = error.source();
        while let Some(cause) = source {
            let text = cause.to_string();
            if failure.message != text && failure.causes.last().is_none_or(|told| !text.ends_with(told.as_str())) {
                failure.causes.push(text);
            }
            source = cause.source();
        }
        failure
    }

    /// What failed and why, as reasons of something else.
    pub(in crate::cli) fn as_causes(&self) -> Vec<String> {
        let causes = self.causes.iter().filter(|cause| **cause != self.message);
        std::iter::once(&self.message).chain(causes).cloned().collect()
    }

    pub(in crate::cli) fn message(&self) -> &str {
        &self.message
    }

    /// What failed and why, in one line.
    pub(in crate::cli) fn in_a_line(&self) -> String {
        self.as_causes().join(": ")
    }

    pub(in crate::cli) fn exit(&self) -> Exit {
        self.exit
    }

    pub(in crate::cli) fn print(&self, json: bool) {
        let text = match (&self.problems, json) {
            (Some(problems), true) => format!("{}\n", problems.1),
            (Some(problems), false) => problems.0.clone(),
            (None, true) => {
                let mut told = serde_json::json!({ "error": self.message, "causes": self.causes, "hints": self.hints });
                if !self.drift.is_empty() {
                    told["drift"] = serde_json::json!(self.drift);
                }
                format!("{told}\n")
            }
            (None, false) => display::failure_text(&self.message, &self.drift, &self.causes, &self.hints),
        };
        display::to_stderr(&text);
    }
}

impl From<crate::model::Failure> for CommandFailure {
    fn from(failure: crate::model::Failure) -> Self {
        let hints = failure.by_hand().into_iter().map(str::to_owned).collect();
        Self { causes: failure.causes, hints, drift: failure.drift, ..Self::refused(failure.message) }
    }
}

impl From<JournalError> for CommandFailure {
    fn from(error: JournalError) -> Self {
        let exit = if matches!(error, JournalError::NoRun(_)) { Exit::Usage } else { Exit::Failed };
        let failure = Self::chain(exit, &error);
        match error {
            JournalError::NoRun(_) => failure.hint("`runbook runs` lists all runs"),
            error => match error.remedy() {
                Some(remedy) => failure.hint(remedy),
                None => failure,
            },
        }
    }
}

impl From<LeaseError> for CommandFailure {
    fn from(error: LeaseError) -> Self {
        match error {
            LeaseError::Journal(error) => error.into(),
            LeaseError::Held { ref run, .. } => {
                let hint = format!(
                    "`{}` shows where it stands; wait for it, or stop it there",
                    display::Typed::of(run).status()
                );
                Self::chain(Exit::Refused, &error).hint(hint)
            }
            LeaseError::Lock { .. } => Self::chain(Exit::Failed, &error),
        }
    }
}
