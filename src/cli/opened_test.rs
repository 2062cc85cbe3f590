//! The first record of a run, for tests.

use crate::journal::RecordKind;
use crate::model::Value;

/// A run of this plan as hana opens it.
pub(in crate::cli) fn opened(plan: Value) -> RecordKind {
    RecordKind::RunOpened {
        runbook: "small".into(),
        document: String::new(),
        fingerprint: String::new(),
        plan,
        by: "hana".into(),
        tool: String::new(),
        source: None,
        inputs_from: None,
        plan_file: None,
        until: None,
    }
}
