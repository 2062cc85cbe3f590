//! Requests to AWS as a plan tells them, and the names of the facts that the actions on AWS share.
//!
//! A preview has a request's parameters under AWS's own names, as they will be sent. Left out is only what tells nobody
//! anything: tokens against doing it twice, and comments. A value that is told in words stands in brackets.
//!
//! Promise: what a preview says is what is sent. The request is built elsewhere, from the SDK's own types, so tests hold each
//! kind's preview against the parameters that arrived in the emulated account.

use crate::model::{Change, Facts, Tell, Value, told};
use serde_json::json;

/// A parameter of a request as a plan tells it.
pub(super) struct Sent {
    value: Value,
    /// The run will bring all of it.
    later: bool,
}

impl From<Value> for Sent {
    fn from(value: Value) -> Self {
        Self { value, later: false }
    }
}

/// A text that may not be known yet.
pub(super) fn shown(it: &dyn Tell) -> Sent {
    let text = told("{}", &[it]);
    Sent { value: text.as_str().into(), later: text.is_output() }
}

/// A list of such texts.
pub(super) fn shown_all<T: Tell>(items: &[T]) -> Sent {
    let items: Vec<Sent> = items.iter().map(|it| shown(it)).collect();
    let later = !items.is_empty() && items.iter().all(|it| it.later);
    Sent { value: items.into_iter().map(|it| it.value).collect(), later }
}

/// A request: the operation as IAM names it, and its parameters.
pub(super) fn request<'n, S: Into<Sent>>(operation: &str, with: impl IntoIterator<Item = (&'n str, S)>) -> Change {
    let all: Vec<(String, Sent)> = with.into_iter().map(|(name, it)| (name.to_owned(), it.into())).collect();
    let later = all.iter().filter(|(_, it)| it.later).map(|(name, _)| name.clone()).collect();
    let with = all.into_iter().map(|(name, it)| (name, it.value)).collect();
    Change::Request { operation: operation.to_owned(), with, later }
}

/// A value that is told in words.
pub(super) fn words(text: impl std::fmt::Display) -> Value {
    Value::from(format!("({text})"))
}

/// The tags of something a run creates, in words.
pub(super) fn run_tags(name: &str) -> Value {
    words(format_args!("Name={name}, your own tags, and the run's"))
}

/// The run's id, which a plan cannot know.
pub(super) fn run_id() -> Value {
    words("the run's id")
}

/// Attributes as Elastic Load Balancing takes them.
pub(super) fn attributes(pairs: &[(&str, String)]) -> Value {
    pairs.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect()
}

/// One fact.
pub(super) fn fact(name: String, value: impl Into<String>) -> Facts {
    Facts::from([(name, value.into())])
}

/// The name of the fact whether an instance runs. Every action that stops or starts one speaks of it.
pub(super) fn state_of(instance: &str) -> String {
    format!("state of `{instance}`")
}

/// The name of the fact which run is at work on an instance.
pub(super) fn mark_of(instance: &str) -> String {
    format!("mark of `{instance}`")
}

/// The name of the fact of which type an instance is.
pub(super) fn type_of(instance: &str) -> String {
    format!("type of `{instance}`")
}

/// The name of the fact whether an instance is in a target group.
pub(super) fn registration_of(instance: &str, group: &str) -> String {
    format!("registration of `{instance}` in target group `{group}`")
}

/// The name of the fact whom a security group admits to a port.
pub(super) fn rules_of(group: &str, port: u16) -> String {
    format!("rules of `{group}` for port {port}")
}

/// The name of the fact what a hosted zone says of a name.
pub(super) fn record_of(name: &str, kind: &str, zone: &str) -> String {
    format!("record `{name}` {kind} in `{zone}`")
}

/// Texts one after the other, or "none".
pub(super) fn list<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<String> = items.into_iter().map(|it| it.to_string()).collect();
    if items.is_empty() { "none".to_owned() } else { items.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Reference, Text};

    #[test]
    fn what_comes_later_is_told_by_what_it_is() {
        let words = "(known after step-6)";
        let later = Text::unknown(Reference::parse("steps.a.b.c").unwrap(), words.to_owned());
        let with = [
            ("Later", shown(&later)),
            ("Words", shown(&words)),
            ("All", shown_all(&[later.clone(), later.clone()])),
            ("Some", shown_all(&[later.clone(), words.into()])),
            ("None", shown_all::<Text>(&[])),
            ("Json", json!(words).into()),
        ];
        let Change::Request { with, later, .. } = request("ec2:RunInstances", with) else { panic!("a request") };
        assert_eq!((with["Later"].clone(), with["Words"].clone()), (json!(words), json!(words)));
        assert_eq!(later.iter().map(String::as_str).collect::<Vec<_>>(), ["All", "Later"]);
    }
}
