//! What a new plan of a run keeps of what was seen for the old one.

use crate::journal::RunState;
use crate::model::ActionPath;
use crate::plan::{Plan, Previewed};
use std::collections::{BTreeMap, BTreeSet};

/// The previews of what has begun, and of what means the same in the new plan: where it cannot be looked at now (a server is off
/// in the middle of a run), it is held to what was seen, but for what the run has had its hands on since. What is done holds
/// nobody to what was so before it.
pub(in crate::cli) fn kept(state: &RunState, old: &Plan, new: &Plan) -> BTreeMap<ActionPath, Previewed> {
    let begun = |action: &ActionPath| state.action(action).traces().is_some();
    let own: BTreeSet<&String> = old
        .actions
        .iter()
        .filter(|planned| begun(&planned.action))
        .filter_map(|planned| planned.previewed.as_ref())
        .flat_map(|previewed| previewed.facts.keys())
        .collect();
    let same =
        |action: &ActionPath| old.runbook.meaning(action, &old.inputs) == new.runbook.meaning(action, &new.inputs);
    let mut kept = BTreeMap::new();
    for planned in &old.actions {
        let (action, begun) = (&planned.action, begun(&planned.action));
        let Some(previewed) = planned.previewed.as_ref().filter(|_| begun || same(action)) else { continue };
        let mut previewed = previewed.clone();
        if state.action(action).is_done() {
            previewed.facts.clear();
        } else if !begun {
            previewed.facts.retain(|what, _| !own.contains(what));
        }
        kept.insert(action.clone(), previewed);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::opened_test::opened;
    use crate::journal::{Record, RecordKind};
    use crate::model::{Facts, Finding, Found, Value};
    use crate::plan::Order;
    use crate::validate;

    fn plan(prompt: &str) -> Plan {
        let mut text = "runbook: small\ntitle: small\nabout: for tests\nsteps:\n".to_owned();
        for (name, prompt) in [("one", "a"), ("two", "b"), ("three", prompt)] {
            text.push_str(&format!(
                "  - id: {name}\n    title: {name}\n    why: because\n    actions:\n      - {{ id: {name}, do: gate.approve, with: {{ prompt: {prompt} }} }}\n"
            ));
        }
        let runbook = validate::parse_runbook("small", &text).unwrap();
        let inputs = validate::parse_inputs(&runbook, None, &[]).unwrap();
        Plan::make(runbook, inputs, None, Order::Article).unwrap()
    }

    fn path(step: &str) -> ActionPath {
        format!("{step}/{step}").parse().unwrap()
    }

    /// A run of this plan whose first action has begun.
    fn begun(plan: &Plan) -> RunState {
        let opened = opened(plan.to_value().unwrap());
        let state = RunState::open(&Record { run: "r1".parse().unwrap(), seq: 1, at: 1, kind: opened }).unwrap();
        let (token, before, evidence) = (String::new(), Value::Null, String::new());
        let started = RecordKind::Started { action: path("one"), attempt: 1, token, before, evidence };
        state.follow(started, 1).unwrap().1
    }

    /// What cannot be looked at now is held to what was seen, as far as it is nobody's doing.
    #[test]
    fn what_means_the_same_is_held_to_what_was_seen() {
        let mut old = plan("c");
        let seen = |facts: &[&str]| {
            let facts: Facts = facts.iter().map(|what| ((*what).to_owned(), "so".to_owned())).collect();
            Previewed::of(&Finding { facts, ..Finding::new(Found::Absent, false, String::new()) }, None)
        };
        let all = [("one", &["state"][..]), ("two", &["state", "type"]), ("three", &["rules"])];
        old.preview(all.iter().map(|(step, facts)| (path(step), seen(facts))).collect());
        let state = begun(&old);
        let facts = |new: &Plan| -> Vec<(String, Vec<String>)> {
            let kept = kept(&state, &old, new).into_iter();
            kept.map(|(action, it)| (action.to_string(), it.facts.into_keys().collect())).collect()
        };
        let told = |all: &[(&str, &[&str])]| -> Vec<(String, Vec<String>)> {
            all.iter()
                .map(|(step, facts)| (format!("{step}/{step}"), facts.iter().map(|it| (*it).to_owned()).collect()))
                .collect()
        };
        assert_eq!(facts(&plan("c")), told(&[("one", &["state"]), ("three", &["rules"]), ("two", &["type"])]));
        assert_eq!(facts(&plan("d")), told(&[("one", &["state"]), ("two", &["type"])]), "another one is seen anew");
    }
}
