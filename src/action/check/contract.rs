//! What every check promises: it only reads, and says of each row of its kind what it saw.

use crate::action::Lines;
use crate::model::{CheckVerdict, Failure, FailureKind};

/// What was seen for one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    /// The row's name in its kind.
    pub(crate) row: &'static str,
    pub(crate) verdict: CheckVerdict,
    /// One line with the real values.
    pub(crate) evidence: String,
    pub(crate) advice: Vec<String>,
    /// Nobody can take it upon himself: what was to be asked is not there, or lets nobody in, and the run would end at it.
    pub(crate) is_final: bool,
}

impl Seen {
    fn new(row: &'static str, verdict: CheckVerdict, evidence: impl Into<String>) -> Self {
        Self { row, verdict, evidence: evidence.into(), advice: Vec::new(), is_final: false }
    }

    /// It is as it should be.
    pub(crate) fn pass(row: &'static str, evidence: impl Into<String>) -> Self {
        Self::new(row, CheckVerdict::Pass, evidence)
    }

    /// Somebody should know this first.
    pub(crate) fn warn(row: &'static str, evidence: impl Into<String>) -> Self {
        Self::new(row, CheckVerdict::Warn, evidence)
    }

    /// The run must not begin.
    pub(crate) fn refuse(row: &'static str, evidence: impl Into<String>) -> Self {
        Self::new(row, CheckVerdict::Refuse, evidence)
    }

    /// It cannot be found out.
    pub(crate) fn not_checkable(row: &'static str, evidence: impl Into<String>) -> Self {
        Self::new(row, CheckVerdict::NotCheckable, evidence)
    }

    /// What the operator can do.
    pub(crate) fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice.push(advice.into());
        self
    }

    /// What a question that failed says of a row: a refusal is one, anything else could not be found out.
    pub(crate) fn failed(row: &'static str, failure: &Failure) -> Self {
        let verdict = match failure.kind {
            FailureKind::Refused => CheckVerdict::Refuse,
            _ => CheckVerdict::NotCheckable,
        };
        let causes: Vec<&str> = failure.causes.iter().flat_map(|c| c.lines()).map(str::trim).collect();
        let evidence = match causes.is_empty() {
            true => failure.message.clone(),
            false => format!("{}: {}", failure.message, causes.join("; ")),
        };
        let is_final = verdict == CheckVerdict::Refuse;
        Self {
            advice: failure.by_hand().into_iter().map(str::to_owned).collect(),
            is_final,
            ..Self::new(row, verdict, evidence)
        }
    }

    /// What came of looking at one row.
    pub(crate) fn of(row: &'static str, looked: Result<Seen, Failure>) -> Self {
        looked.unwrap_or_else(|failure| Self::failed(row, &failure))
    }
}

/// One kind of check.
pub(crate) trait Examine {
    /// IAM actions it needs; they only read.
    const PERMISSIONS: &'static [&'static str];

    /// Parameters that may be stand-ins: what does not need them is asked all the same.
    const MAY_BE_UNKNOWN: &'static [&'static str] = &[];

    /// Looks. A row that is missing in the answer is one that could not be looked at.
    ///
    /// # Errors
    /// When what all rows rest on could not be asked.
    async fn examine(&self, lines: &Lines<'_>) -> Result<Vec<Seen>, Failure>;
}
