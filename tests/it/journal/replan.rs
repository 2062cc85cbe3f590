//! A plan made anew under a run: what has begun stays as it was, whatever else changes.

use super::{forward, path, run_id, started};
use proptest::prelude::*;
use runbook::journal::{ActionState, Record, RecordKind, RunState};
use runbook::model::{ActionKind, Failure, Phase, Value, Values};
use runbook::plan::{Order, Plan};

/// Three actions; `words` are their prompts, an empty one leaves its action out.
fn document(words: [&str; 3]) -> String {
    let mut text = "runbook: small\ntitle: small\nabout: for tests\ninputs:\n  who: { type: string, about: asked, default: kim }\nsteps:\n".to_owned();
    for (name, word) in ["one", "two", "three"].into_iter().zip(words) {
        if !word.is_empty() {
            text.push_str(&format!(
                "  - id: {name}\n    title: {name}\n    why: because\n    actions:\n      - {{ id: {name}, do: gate.approve, with: {{ prompt: \"{word}\" }} }}\n"
            ));
        }
    }
    text
}

fn plan(words: [&str; 3], who: &str) -> Value {
    let runbook = runbook::validate::parse_runbook("small", &document(words)).unwrap();
    let sets = [("who".to_owned(), who.to_owned())];
    let inputs: Values = runbook::validate::parse_inputs(&runbook, None, &sets).unwrap();
    Plan::make(runbook, inputs, Some("123456789012".into()), Order::Article).unwrap().to_value().unwrap()
}

fn record(seq: u64, kind: RecordKind) -> Record {
    Record { run: run_id(), seq, at: 5, kind }
}

fn replanned(plan: Value) -> RecordKind {
    RecordKind::Replanned {
        document: "new".into(),
        fingerprint: "f2".into(),
        plan,
        by: "otto".into(),
        source: None,
        inputs_from: None,
        until: None,
    }
}

fn opened(planned: Value) -> RecordKind {
    let mut opened = super::opened();
    if let RecordKind::RunOpened { plan, .. } = &mut opened {
        *plan = planned;
    }
    opened
}

const FIRST: [&str; 3] = ["a", "b ${{ inputs.who }}", "c"];

fn state(kinds: &[RecordKind]) -> RunState {
    let all = std::iter::once(opened(plan(FIRST, "kim"))).chain(kinds.iter().cloned());
    let records: Vec<Record> = (1..).zip(all).map(|(seq, kind)| record(seq, kind)).collect();
    RunState::fold(&records).unwrap().unwrap()
}

fn with(state: &RunState, plan: Value) -> Result<RunState, String> {
    state.follow(replanned(plan), 5).map(|(_, next)| next).map_err(|refused| refused.why)
}

/// What only asks, looks or waits has changed nothing: once it has failed, a new plan may say it otherwise.
#[test]
fn a_look_that_has_failed_may_change() {
    let failed = |action: &str| RecordKind::Failed {
        action: path(action),
        phase: Phase::Verify,
        failure: Failure::permanent("it never came"),
        retry_at: None,
    };
    let rests = state(&[forward(1), started("one/one"), failed("one/one")]);
    assert!(rests.action(&path("one/one")).traces().is_some());
    let next = with(&rests, plan(["other", "b ${{ inputs.who }}", "c"], "kim")).unwrap();
    assert_eq!(next.actions, rests.actions);
    // Not what is no more, and not what is under way.
    assert!(with(&rests, plan(["", "b ${{ inputs.who }}", "c"], "kim")).is_err());
    assert!(with(&state(&[forward(1), started("one/one")]), plan(["other", "b", "c"], "kim")).is_err());
}

#[test]
fn what_has_not_begun_may_change() {
    let begun = state(&[forward(1), started("one/one")]);
    let next = with(&begun, plan(["a", "other", ""], "hana")).unwrap();
    assert_eq!((next.opened.document.as_str(), next.opened.fingerprint.as_str()), ("new", "f2"));
    assert_eq!(next.opened.replanned, Some(("otto".to_owned(), 5)));
    assert_eq!((&next.opened.by, next.opened.at), (&begun.opened.by, begun.opened.at), "who opened it stays");
    assert_eq!(next.actions, begun.actions);
    let failed = RecordKind::Failed {
        action: path("two/two"),
        phase: Phase::Observe,
        failure: Failure::refused("another world"),
        retry_at: None,
    };
    let drifted = state(&[forward(1), started("one/one"), failed]);
    with(&drifted, plan(["a", "other", "c"], "kim")).unwrap();
}

#[test]
fn what_has_begun_may_not() {
    let begun = state(&[forward(1), started("one/one"), started("two/two")]);
    let refusals = [
        (plan(["other", FIRST[1], "c"], "kim"), "the plan changes what has begun: `one/one`"),
        (plan(["", FIRST[1], "c"], "kim"), "the plan changes what has begun: `one/one`"),
        (plan(FIRST, "hana"), "the plan changes what has begun: `two/two`"),
        (Value::Null, "a plan cannot be read: invalid type: null, expected struct Meant"),
    ];
    for (plan, why) in refusals {
        assert_eq!(with(&begun, plan).unwrap_err(), why);
    }
    let mut elsewhere = plan(FIRST, "kim");
    elsewhere["account"] = Value::from("210987654321");
    assert_eq!(with(&begun, elsewhere).unwrap_err(), "the plan is for another account");
    let undoing =
        state(&[forward(1), started("one/one"), RecordKind::UndoStarted { action: path("one/one"), attempt: 1 }]);
    assert_eq!(with(&undoing, plan(FIRST, "kim")).unwrap_err(), "`one/one` is being undone");
}

const TAGGED: &str = r#"
runbook: tagged
title: make and look
about: for tests
region: us-east-1
tags: { Owner: "${{ inputs.owner }}" }
inputs:
  owner: { type: string, about: whose it is }
  word: { type: secret, about: a password }
steps:
  - id: make
    title: make
    why: because
    actions:
      - { id: group, do: security-group.create, with: { name: a-group, description: of a test, vpc: vpc-0123456789abcdef0 } }
  - id: look
    title: look
    why: because
    actions:
      - { id: site, do: nextcloud.check, with: { fqdn: cloud.example.org, user: kim, password: "${{ inputs.word }}" } }
"#;

/// The tags are part of what makes something; where a secret is kept is part of nothing.
#[test]
fn tags_are_meant_and_places_of_secrets_are_not() {
    let plan = |owner: &str, vault: &str| {
        let runbook = runbook::validate::parse_runbook("tagged", TAGGED).unwrap();
        let word = format!("{{\"command\": [\"cat\", \"{vault}\"]}}");
        let sets = [("owner".to_owned(), owner.to_owned()), ("word".to_owned(), word)];
        let inputs: Values = runbook::validate::parse_inputs(&runbook, None, &sets).unwrap();
        Plan::make(runbook, inputs, Some("123456789012".into()), Order::Article).unwrap().to_value().unwrap()
    };
    let begun = |action: &str| {
        let records: Vec<Record> = (1..)
            .zip([opened(plan("kim", "one")), forward(1), started(action)])
            .map(|(seq, it)| record(seq, it))
            .collect();
        RunState::fold(&records).unwrap().unwrap()
    };
    let refused = with(&begun("make/group"), plan("otto", "one")).unwrap_err();
    assert_eq!(refused, "the plan changes what has begun: `make/group`");
    with(&begun("make/group"), plan("kim", "two")).unwrap();
    with(&begun("look/site"), plan("otto", "two")).unwrap();
}

/// Every kind that may tag what it makes is one whose tags are meant.
#[test]
fn every_kind_that_tags_is_known() {
    let tags = |permission: &&&str| ["CreateTags", "AddTags"].iter().any(|word| permission.contains(word));
    for kind in ActionKind::ALL {
        let (run, undo) = runbook::action::permissions(*kind);
        let may = run.iter().chain(undo).any(|permission| tags(&permission));
        assert_eq!(kind.gives_tags(), may, "{kind}");
    }
}

/// Judged when it is made: a version that judges otherwise reads it all the same.
#[test]
fn what_is_stored_was_judged_by_who_stored_it() {
    let begun = state(&[forward(1), started("one/one")]);
    let other = plan(["other", FIRST[1], "c"], "kim");
    assert!(with(&begun, other.clone()).is_err());
    let read = begun.apply(&record(begun.seq + 1, replanned(other))).unwrap();
    assert_eq!(read.opened.document, "new");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever has happened and whatever is planned: a replan that is taken leaves every action's state and, of those that
    /// have begun, the meaning.
    #[test]
    fn a_replan_touches_nothing_that_has_begun(
        begun in prop::collection::btree_set(prop::sample::select(vec!["one/one", "two/two", "three/three"]), 0..4),
        undone in prop::sample::select(vec![None, Some("one/one"), Some("two/two")]),
        words in [prop::sample::select(vec!["a", "x", ""]), prop::sample::select(vec!["b ${{ inputs.who }}", "x", ""]), prop::sample::select(vec!["c", "x", ""])],
        who in prop::sample::select(vec!["kim", "hana"]),
    ) {
        prop_assume!(words.iter().any(|word| !word.is_empty()));
        let mut kinds = vec![forward(1)];
        kinds.extend(begun.iter().map(|action| started(action)));
        if let Some(action) = undone.filter(|action| begun.contains(action)) {
            kinds.push(RecordKind::UndoStarted { action: path(action), attempt: 1 });
            kinds.push(RecordKind::Undone { action: path(action), evidence: String::new() });
        }
        let before = state(&kinds);
        let kept = |action: &str| !matches!(before.action(&path(action)), ActionState::Pending { .. });
        let same = [words[0] == "a", words[1] == FIRST[1] && who == "kim", words[2] == "c"];
        let legal = ["one/one", "two/two", "three/three"].into_iter().zip(same).all(|(action, same)| same || !kept(action));
        let after = with(&before, plan(words, who));
        prop_assert_eq!(after.is_ok(), legal, "{:?}", after.as_ref().err());
        if let Ok(after) = after {
            prop_assert_eq!(after.actions, before.actions);
            prop_assert_eq!(after.mode, before.mode);
        }
    }
}
