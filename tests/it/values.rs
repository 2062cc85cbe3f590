//! One value on its way, from a document, an input or an output to what is shown and done: whether it is known is never read
//! from its text.

use crate::support::desk::Desk;
use proptest::prelude::*;
use runbook::action::{describe, looks_ahead};
use runbook::display::plan_markdown;
use runbook::engine::preview_parameters;
use runbook::journal::{Journal, RecordKind};
use runbook::model::{ActionKind, ActionPath, Expr, Foretold, Reference, Scope, Text, Value, Values};
use runbook::plan::{Order, Plan};
use serde_json::json;
use std::collections::BTreeMap;

/// What a plan shows for a value that the sixth step brings.
const WORDS: &str = "(known after step-6)";

const NOTE: &str = "runbook: note\ntitle: note\nabout: It only asks.\ninputs:\n  \
                    note: { type: string, about: what is judged }\nsteps:\n  - id: one\n    title: one\n    why: To know.\n    \
                    actions:\n      - { id: alone, do: gate.approve, with: { prompt: \"${{ inputs.note }}\" } }\n      \
                    - { id: among, do: gate.approve, with: { prompt: \"judge ${{ inputs.note }} now\" } }\n";

const LOG: &str = "runbook: log\ntitle: log\nabout: It asks about what a command says.\ntargets:\n  web: { host: web-1 }\n\
                   steps:\n  - id: one\n    title: one\n    why: To know.\n    actions:\n      \
                   - { id: say, do: ssh.run, with: { on: web, argv: [date] }, irreversible: it only reads }\n  - id: two\n    title: two\n    why: To judge.\n    \
                   actions:\n      - { id: ask, do: gate.approve, with: { prompt: \"${{ steps.one.say.stdout }}\" } }\n      \
                   - { id: file, do: ssh.run, with: { on: web, argv: [\"touch\", \"app-${{ steps.one.say.stdout }}.log\"] }, irreversible: it is wanted }\n";

fn path(text: &str) -> ActionPath {
    text.parse().unwrap()
}

fn plan(text: &str) -> Plan {
    let runbook = runbook::validate::parse_runbook("values", text).unwrap();
    Plan::make(runbook, Values::new(), None, Order::Article).unwrap()
}

/// A command has printed this.
fn printed(text: &str) -> BTreeMap<ActionPath, Values> {
    BTreeMap::from([(path("one/say"), Values::from([("stdout".to_owned(), json!(text))]))])
}

#[test]
fn an_input_with_the_words_is_planned_shown_and_done_as_that_text() {
    let desk = Desk::new();
    desk.write("note.yaml", NOTE);
    let set = format!("note={WORDS}");
    let planned = desk.types("hana", &["plan", "note.yaml", "--set", &set, "--html", "plan.html"]).exits(0);
    planned
        .says(&format!("approval: {WORDS}, usually"))
        .says(&format!("approval: judge {WORDS} now, usually"))
        .says("nothing speaks against beginning");
    assert!(desk.read("plan.html").contains(WORDS));
    assert!(!desk.read("plan.html").contains("class=\"later\""), "it is known");
    let markdown = desk.types("hana", &["--format", "markdown", "plan", "note.yaml", "--set", &set]).exits(0);
    assert!(markdown.stdout.contains(WORDS) && !markdown.stdout.contains("*(known"), "{}", markdown.stdout);
    let json = desk.types("hana", &["--format", "json", "plan", "note.yaml", "--set", &set]).exits(0);
    let json: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["steps"][0]["actions"][1]["pending"], json!([]));

    desk.types("hana", &["run", "note.yaml", "--set", &set, "--yes"]).exits(4).says(WORDS);
    let run = desk.runs()[0]["run"].as_str().unwrap().to_owned();
    desk.types("kim", &["approve", &run, "alone"]).exits(0);
    desk.types("hana", &["resume"]).exits(4).says(&format!("judge {WORDS} now"));
}

#[test]
fn an_output_with_the_words_is_given_on_as_that_text() {
    let desk = Desk::new();
    let opened = RecordKind::RunOpened {
        runbook: "log".into(),
        document: LOG.into(),
        fingerprint: runbook::validate::fingerprint(LOG),
        plan: plan(LOG).to_value().unwrap(),
        by: "hana".into(),
        tool: "test".into(),
        source: None,
        inputs_from: None,
        plan_file: None,
        until: None,
    };
    let outputs = Values::from([("stdout".to_owned(), json!(WORDS))]);
    let said = RecordKind::Adopted { action: path("one/say"), outputs, evidence: "it has said so".into() };
    let mut journal = Journal::open(&desk.path("state")).unwrap();
    let state = journal.open_run(&"r20260101-000000-word".parse().unwrap(), 1, opened).unwrap();
    journal.append(&state, None, 1, said).unwrap();
    drop(journal);
    desk.types("hana", &["resume", "--yes"]).exits(4).says(&format!("gate ask of two/ask {WORDS}"));
}

#[test]
fn the_words_are_no_name_and_no_address() {
    let desk = Desk::new();
    let runbook = |inputs: &str, host: &str, action: &str| {
        format!(
            "runbook: typed\ntitle: typed\nabout: typed\ninputs:\n  {inputs}\ntargets:\n  web: {{ host: \"{host}\" }}\nsteps:\n  \
             - id: one\n    title: one\n    why: because\n    actions:\n      - {action}\n"
        )
    };
    let expect = "{ id: it, do: http.expect, with: { url: \"https://${{ inputs.fqdn }}/\", status: 200 } }";
    desk.write("typed.yaml", &runbook("fqdn: { type: fqdn, about: the name }", "web-1", expect));
    let refused = desk.types("hana", &["plan", "typed.yaml", "--set", &format!("fqdn={WORDS}")]).exits(2);
    refused.says("a fully qualified domain name");
    let stop = "{ id: it, do: service.stop, with: { on: web, service: nginx } }";
    desk.write("typed.yaml", &runbook("host: { type: string, about: where }", "${{ inputs.host }}", stop));
    desk.types("hana", &["plan", "typed.yaml", "--set", &format!("host={WORDS}")])
        .exits(2)
        .says("`host` of target `web`");
    desk.write("typed.yaml", &runbook("host: { type: string, about: where, default: web-1 }", WORDS, stop));
    desk.types("hana", &["plan", "typed.yaml"]).exits(2).says("a host's name or address");
}

#[test]
fn a_text_of_known_and_unknown_parts_is_told_and_then_filled_in() {
    let plan = plan(LOG);
    let file = plan.definition(&path("two/file")).unwrap();
    let before = preview_parameters(&plan, None, &BTreeMap::new(), file);
    let told = describe(file.kind, &before).unwrap();
    assert_eq!(told.does.as_str(), "run `touch app-(known after step-1).log` on web");
    assert_eq!((before.waits(), told.does.waits(), told.does.is_output()), (true, true, false));

    let after = preview_parameters(&plan, None, &printed(WORDS), file);
    let told = describe(file.kind, &after).unwrap();
    assert_eq!(told.does.known(), Some("run `touch 'app-(known after step-6).log'` on web"));
    assert_eq!(after.into_known().unwrap()["argv"], json!(["touch", "app-(known after step-6).log"]));
}

/// A kind is looked at ahead for what is not known, never for what a text says.
#[test]
fn the_words_make_no_look_ahead() {
    let kind = ActionKind::InstanceClone;
    let given = json!({"image": WORDS, "like": "i-0123456789abcdef0", "subnet": "subnet-0123456789abcdef0",
        "instance_type": "t3.small", "name": WORDS});
    assert!(!looks_ahead(kind, &given.clone().into()));
    let with = |name: &str| -> Foretold {
        let fields = given.as_object().unwrap().clone().into_iter().map(|(name, it)| (name, it.into()));
        let later = Reference::parse("steps.one.say.stdout").unwrap().unknown(WORDS.to_owned());
        fields.chain([(name.to_owned(), later)]).collect()
    };
    assert!(looks_ahead(kind, &with("image")) && !looks_ahead(kind, &with("subnet")));
    assert!(describe(kind, &with("image")).unwrap().does.waits());
    assert!(describe(kind, &given.into()).is_err(), "the words are no image's id");
}

/// In one sentence both the words and a value that is not known: only that is emphasised.
#[test]
fn what_is_not_known_yet_is_emphasised_and_the_words_are_not() {
    let text = LOG.replace("prompt: \"", &format!("prompt: \"{} or ", WORDS.replace('6', "1")));
    let plan = plan(&text);
    let sentences = |action: &ActionPath| {
        let action = plan.definition(action)?;
        describe(action.kind, &preview_parameters(&plan, None, &BTreeMap::new(), action)).ok()
    };
    let markdown = plan_markdown(&plan, &crate::display::fixture::origin(), &sentences, &[]);
    assert!(markdown.contains("approval: (known after step-1) or *(known after step-1)*"), "{markdown}");
}

/// Any JSON, among it the words, and fields that are called like those of what is not known.
fn any_json() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        Just(WORDS.to_owned()),
        Just("(the run's id)".to_owned()),
        Just(format!("app-{WORDS}.log")),
        Just("steps.one.say.stdout".to_owned()),
        ".{0,12}",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    let names =
        prop::sample::select(vec!["shown", "gaps", "from", "to", "reference", "Text", "Known", "later", "output"]);
    leaf.prop_recursive(3, 16, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((names.clone(), inner), 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().map(|(name, it)| (name.to_owned(), it)).collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    /// Wherever a JSON value comes from, it is known, and is what it is.
    #[test]
    fn no_json_is_ever_taken_for_unknown(value in any_json()) {
        let inputs = Values::from([("it".to_owned(), value.clone())]);
        let outputs = BTreeMap::from([(path("one/say"), Values::from([("stdout".to_owned(), value.clone())]))]);
        let scope = Scope { run: None, inputs: &inputs, outputs: &outputs };
        let unknown = |reference: &Reference| reference.unknown(WORDS.to_owned());
        let alone = ["${{ inputs.it }}", "${{ steps.one.say.stdout }}"].map(|text| Expr::parse_text(text).unwrap());
        for expr in alone.into_iter().chain([Expr::Literal(value.clone())]) {
            let got = expr.foretell(&scope, &unknown);
            prop_assert!(got.is_known() && !got.waits());
            prop_assert_eq!(got.into_known().unwrap(), value.clone());
        }
        let among = Expr::parse_text("a ${{ inputs.it }} b").unwrap().foretell(&scope, &unknown);
        prop_assert!(among.is_known());
        prop_assert!(!Foretold::from(value.clone()).waits());
        // As a text of an action, too.
        if let Ok(text) = <Text as runbook::model::Decode>::decode(&value.clone().into()) {
            prop_assert_eq!(text.known(), value.as_str());
        }
        if let Ok(text) = serde_json::from_value::<Text>(value.clone()) {
            prop_assert_eq!(text.known(), value.as_str());
        }
    }
}
