//! What was previewed of an action, held against the requests that arrived in the emulated account when it was applied.

use super::emulator::Emulator;
use super::stage::{Deed, Stage};
use runbook::action::describe;
use runbook::model::{Change, Value};
use serde_json::json;

/// What a preview leaves out: it tells nobody anything.
const LEFT_OUT: &[&str] = &["ClientToken", "IdempotencyToken", "Comment"];

/// What was said beforehand.
pub(crate) struct Told {
    action: String,
    described: Vec<Change>,
    seen: Vec<Change>,
    emulator: Emulator,
    from: usize,
}

impl Told {
    /// Before a deed is carried out.
    pub(crate) async fn of(stage: &Stage, deed: &Deed) -> Self {
        let described = describe(deed.call.kind, &deed.call.parameters.clone().into()).unwrap().changes;
        let seen = if described.is_empty() {
            Vec::new()
        } else {
            stage.observe(deed).await.unwrap_or_else(|f| panic!("{}: {f:?}", deed.call.action)).changes
        };
        let emulator = Emulator::here();
        let from = calls(&emulator).len();
        Self { action: deed.call.action.to_string(), described, seen, emulator, from }
    }

    /// Afterwards: each preview is exactly what was sent. What a command on a host led to is not looked at.
    pub(crate) fn was_sent(&self) {
        if self.described.iter().any(|change| matches!(change, Change::Command { .. })) {
            return;
        }
        let all = calls(&self.emulator).split_off(self.from);
        let sent: Vec<(String, Value)> = all.into_iter().filter(|(_, with)| !with.is_null()).collect();
        for told in [&self.described, &self.seen].into_iter().filter(|told| !told.is_empty()) {
            let told: Vec<(String, Value)> = told.iter().map(request).collect();
            let names = |calls: &[(String, Value)]| calls.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
            assert_eq!(names(&told), names(&sent), "{}", self.action);
            for ((name, told), (_, sent)) in told.iter().zip(&sent) {
                let mut wrong = Vec::new();
                compare(name, told, sent, &mut wrong);
                assert!(wrong.is_empty(), "{}: {wrong:#?}", self.action);
            }
        }
        assert_eq!(self.described.is_empty(), sent.is_empty(), "{}: {:?}, {sent:?}", self.action, self.described);
    }
}

fn request(change: &Change) -> (String, Value) {
    match change {
        Change::Request { operation, with, .. } => (operation.clone(), json!(with)),
        other => panic!("{other:?}"),
    }
}

/// Every call so far as IAM names it, with the parameters of those that change something.
fn calls(emulator: &Emulator) -> Vec<(String, Value)> {
    let service = |name: &str| if name == "elbv2" { "elasticloadbalancing".to_owned() } else { name.to_owned() };
    let name = |call: &Value| format!("{}:{}", service(call[0].as_str().unwrap()), call[1].as_str().unwrap());
    emulator.get("calls").as_array().unwrap().iter().map(|call| (name(call), call[3].clone())).collect()
}

/// Whether a value is told in words.
fn in_words(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.starts_with('(') && text.ends_with(')'))
}

fn compare(place: &str, told: &Value, sent: &Value, wrong: &mut Vec<String>) {
    match (told, sent) {
        (told, _) if in_words(told) => {}
        (Value::Object(told), Value::Object(sent)) => {
            for (name, value) in told {
                let nothing = value.as_object().is_some_and(serde_json::Map::is_empty) || in_words(value);
                match sent.get(name) {
                    Some(sent) => compare(&format!("{place}.{name}"), value, sent, wrong),
                    None if nothing => {}
                    None => wrong.push(format!("{place}.{name} is told as {value} and not sent")),
                }
            }
            let untold =
                sent.iter().filter(|(name, _)| !told.contains_key(*name) && !LEFT_OUT.contains(&name.as_str()));
            wrong.extend(untold.map(|(name, value)| format!("{place}.{name} is sent as {value} and not told")));
        }
        (Value::Array(told), Value::Array(sent)) if told.len() == sent.len() => {
            told.iter().zip(sent).for_each(|(told, sent)| compare(place, told, sent, wrong));
        }
        (Value::String(told), Value::String(sent)) if told == sent || told.starts_with(&format!("{sent} (")) => {}
        (told, sent) if told == sent => {}
        (told, sent) => wrong.push(format!("{place}: told {told}, sent {sent}")),
    }
}
