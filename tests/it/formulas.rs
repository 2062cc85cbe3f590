//! Values by key and functions of them: judged before anything runs, put in where they are used.

use runbook::model::{Runbook, Values};
use runbook::plan::{Order, Plan};
use runbook::validate::{inputs, parse_runbook, parse_runbook_with};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const HEAD: &str = "runbook: made\ntitle: t\nabout: a\ninputs:\n  ports: { type: map, about: p }\n  \
                    nodes: { type: list(string), about: n }\n  names: { type: string, about: n, default: 'Web-1, Web-2' }\n  \
                    tls: { type: bool, about: t, default: true }\n  \
                    port: { type: int, about: p, default: 22 }\n  key: { type: secret, about: k }\n";

/// A runbook whose only action echoes this.
fn text(argument: &str) -> String {
    let argument = argument.replace('\'', "''");
    format!(
        "{HEAD}steps:\n  - id: one\n    title: o\n    why: w\n    actions:\n      \
         - {{ id: say, do: local.run, with: {{ argv: [echo, '{argument}'], reads: true, outputs: {{ all: {{ json: '', type: map }} }} }} }}\n"
    )
}

fn values() -> Values {
    let all = json!({
        "ports": { "web": 80, "db.main": { "at": "h", "all": [1, 2] } }, "nodes": ["a", "b"], "names": "Web-1, Web-2", "port": 22, "tls": true,
        "key": { "env": "K" }
    });
    serde_json::from_value(all).unwrap()
}

fn said(argument: &str) -> Value {
    let runbook = parse_runbook_with("x.yaml", &text(argument), &values())
        .unwrap_or_else(|problems| panic!("{argument}: {}", problems.render(false)));
    let plan = Plan::make(runbook.clone(), values(), None, Order::Overlap).unwrap();
    let action = runbook.actions().next().unwrap();
    plan.foretell(&action.with["argv"], None, &BTreeMap::new()).shown()[1].clone()
}

fn problem(argument: &str) -> String {
    parse_runbook("x.yaml", &text(argument)).unwrap_err().render(false)
}

#[test]
fn parts_and_functions_stand_where_values_stand() {
    assert_eq!(said("${{ inputs.ports.web }}"), json!(80));
    assert_eq!(said("${{ inputs.ports[\"db.main\"].at }}:${{ inputs.nodes[1] }}"), json!("h:b"));
    assert_eq!(said("${{ inputs.ports['db.main'].all[1] }}"), json!(2));
    assert_eq!(said("${{ default(inputs.ports.admin, 8080) }}"), json!(8080));
    assert_eq!(said("${{ default(inputs.ports.web, 8080) }}"), json!(80));
    assert_eq!(said("x ${{ join(split(lower(inputs.names), ','), '+') }} y"), json!("x web-1+web-2 y"));
    assert_eq!(said("${{ format('{}:{}', inputs.nodes[0], inputs.port) }}"), json!("a:22"));
    assert_eq!(said("${{ if(inputs.tls, 6380, inputs.port) }}"), json!(6380));
    assert_eq!(
        said("redis${{ if(inputs.tls, 's', '') }}://${{ if(false, 'x', inputs.names) }}"),
        json!("rediss://Web-1, Web-2")
    );
}

#[test]
fn what_cannot_be_is_told_with_its_place() {
    for (argument, says) in [
        ("${{ inputs.port.web }}", "`inputs.port` is of type `int` and has no such part"),
        ("${{ inputs.nodes.first }}", "an item of a list is named by its number"),
        ("${{ inputs.ports[0] }}", "a named value is named by its key"),
        ("${{ inputs.prots.web }}", "there is no input `prots`"),
        ("${{ inputs.key.env }}", "`inputs.key` is of type `secret` and has no such part"),
        ("${{ lower(inputs.key) }}", "is given a secret"),
        ("${{ lower(inputs.port) }}", "`lower` takes a text, and `inputs.port` is of type `int`"),
        ("${{ join(inputs.names, ',') }}", "`join` takes a list of texts or numbers"),
        ("${{ split(inputs.names, '') }}", "a text at which it splits"),
        ("${{ format('{}', inputs.port, inputs.port) }}", "has 1 `{}` and 2 value(s)"),
        ("${{ format(inputs.names, inputs.port) }}", "a text in quotes first"),
        ("${{ format('{}', inputs.nodes) }}", "`format` takes texts and numbers"),
        ("${{ if(inputs.port, 1, 2) }}", "`if` takes `true` or `false` first, and `inputs.port` is of type `int`"),
        (
            "${{ if(inputs.tls, 1, 'two') }}",
            "`if` gives values of one type: `1` is of type `int`, and `\"two\"` is of type `string`",
        ),
        ("${{ if(inputs.tls, 1) }}", "`if` does not take 2 value(s)"),
        ("${{ if(inputs.tls, inputs.key, 'x') }}", "is given a secret"),
        ("${{ default(inputs.port, 1) }}", "always has a value"),
        ("${{ default(inputs.nodes[3], 1) }}", "`1` in its place is of type `int`"),
        ("${{ upper(inputs.names) }}", "there is no function `upper`"),
        ("${{ split(inputs.names, ',') }}", "expected a text, a number or a boolean"),
        ("a ${{ split(inputs.names, ',') }}", "cannot be part of a text"),
        ("${{ steps.one.say.all.x }}", "an output of this same action"),
    ] {
        let told = problem(argument);
        assert!(told.contains(says), "{argument}: {told}");
    }
}

/// What is wrong with values for the inputs.
fn misfit(argument: &str, ports: &Value) -> String {
    let sets = [("ports".to_owned(), ports.to_string()), ("nodes".to_owned(), "a".to_owned())];
    let secret = ("key".to_owned(), json!({"env": "K"}).to_string());
    let runbook: Runbook = parse_runbook("x.yaml", &text(argument)).unwrap();
    let all: Vec<_> = sets.into_iter().chain([secret]).collect();
    inputs(&runbook, None, &all).unwrap_err().render(false)
}

#[test]
fn values_without_the_part_are_refused_before_anything_runs() {
    let told = misfit("${{ inputs.ports.web }}", &json!({ "wbe": 80 }));
    assert!(told.contains("there is no `inputs.ports.web`, and `argv` of `one/say` uses it"), "{told}");
    let told = misfit("${{ inputs.ports.web }}", &json!({ "web": null }));
    assert!(told.contains("there is no `inputs.ports.web`"), "{told}");
    let told = misfit("${{ inputs.nodes[1] }}", &json!({}));
    assert!(told.contains("there is no `inputs.nodes[1]`"), "{told}");
    let told = misfit("${{ lower(inputs.ports.web) }}", &json!({ "web": 80 }));
    assert!(told.contains("`inputs.ports.web` is not what a function there can be made of"), "{told}");
}

#[test]
fn a_default_that_cannot_be_used_is_told_when_the_runbook_is_read() {
    let told = |argument: &str, default: &str| {
        let text = text(argument).replace(
            "ports: { type: map, about: p }",
            &format!("ports: {{ type: map, about: p, default: {default} }}"),
        );
        parse_runbook("x.yaml", &text).map_or_else(|problems| problems.render(false), |_| String::new())
    };
    assert_eq!(told("${{ inputs.ports.web }}", "{ web: 80 }"), "");
    let wrong = told("${{ inputs.ports.web }}", "{ wbe: 80 }");
    assert!(
        wrong.contains("`default` of input `ports`: there is no `inputs.ports.web`") && wrong.contains(":5:"),
        "{wrong}"
    );
}

#[test]
fn a_part_of_an_output_is_told_and_comes_later() {
    let text = text("x").replace("{ argv: [echo, 'x']", "{ argv: [cat, /x]")
        + "      - { id: more, do: local.run, with: { argv: [echo, '${{ steps.one.say.all.id }}', \
           '${{ default(steps.one.say.all.kind, \"none\") }}', 'at-${{ lower(steps.one.say.all.id) }}'], reads: true } }\n";
    let runbook = parse_runbook_with("x.yaml", &text, &values()).unwrap();
    let plan = Plan::make(runbook.clone(), values(), None, Order::Overlap).unwrap();
    let more = runbook.actions().nth(1).unwrap();
    let argv = |outputs: &Value| {
        let given = serde_json::from_value(json!({ "all": outputs })).unwrap();
        plan.foretell(&more.with["argv"], None, &BTreeMap::from([("one/say".parse().unwrap(), given)]))
    };
    let before = plan.foretell(&more.with["argv"], None, &BTreeMap::new());
    let later = "(known after step-1)";
    assert_eq!(before.shown(), json!(["echo", later, later, format!("at-{later}")]));
    assert!(before.waits());
    assert_eq!(argv(&json!({ "id": "X" })).into_known().unwrap(), json!(["echo", "X", "none", "at-x"]));
    let told = argv(&json!({})).into_known().unwrap_err().to_string();
    assert_eq!(told, "the value of `steps.one.say.all.id` is not known");
}

#[test]
fn a_round_finds_its_own_by_key() {
    let steps = "steps:\n  - id: one\n    title: o\n    why: w\n    for_each: '${{ split(inputs.names, \",\") }}'\n    actions:\n      \
                 - { id: say, do: local.run, with: { argv: [echo, '${{ inputs.ports[each] }}', '${{ lower(each) }}'], reads: true } }\n";
    let given = json!({ "ports": { "Web-1": 80, "Web-2": 81 }, "nodes": ["a"], "names": "Web-1, Web-2", "port": 22, "key": { "env": "K" } });
    let given: Values = serde_json::from_value(given).unwrap();
    let runbook = parse_runbook_with("x.yaml", &format!("{HEAD}{steps}"), &given)
        .unwrap_or_else(|problems| panic!("{}", problems.render(false)));
    let plan = Plan::make(runbook.clone(), given, None, Order::Overlap).unwrap();
    let argv = |it: &runbook::model::StepAction| {
        (it.path.to_string(), plan.foretell(&it.with["argv"], None, &BTreeMap::new()).shown())
    };
    let all: Vec<_> = runbook.actions().map(argv).collect();
    let wanted = [("one/say@web-1", json!(["echo", 80, "web-1"])), ("one/say@web-2", json!(["echo", 81, "web-2"]))];
    assert_eq!(all, wanted.map(|(path, argv)| (path.to_owned(), argv)));
    // Without values the same is judged by an example.
    assert_eq!(parse_runbook("x.yaml", &format!("{HEAD}{steps}")).unwrap().actions().count(), 2);
}
