//! What is said about a check's kind: for validation, the schema and docs.

use super::super::ParamSpec;

/// One kind of check, described.
#[derive(Debug, Clone)]
pub struct CheckSpec {
    /// Its name in a document, e.g. `dns.name`.
    pub name: &'static str,
    /// What it checks.
    pub about: String,
    /// Its parameters, in order.
    pub params: Vec<ParamSpec>,
    /// The rows it gives, in order; always all of them.
    pub rows: Vec<RowSpec>,
}

/// One row of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowSpec {
    /// Its name; the row's id is `CHECK.NAME`.
    pub name: &'static str,
    /// What must be so.
    pub about: &'static str,
    /// What a refusal means.
    pub refusal: Refusal,
}

/// What becomes of a row's refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It never refuses: at most it warns.
    Never,
    /// A person may accept it, with a reason.
    Acceptable,
    /// The run would fail on it, so that nobody can accept it.
    Final,
}
