//! What inputs decide of a runbook: conditions, lists that are gone through, groups of targets.

use crate::support::desk::Desk;
use runbook::model::{Runbook, Values};
use runbook::validate::{parse_runbook, parse_runbook_with};
use serde_json::{Value, json};

const HEAD: &str = "runbook: choose\ntitle: choose\nabout: Tries.\ninputs:\n  env: { type: string, about: which, default: test }\n  \
                    nodes: { type: list(string), about: hosts }\n  tls: { type: bool, about: with tls, default: false }\n";

fn text(targets: &str, steps: &str) -> String {
    format!("{HEAD}targets:\n{targets}steps:\n{steps}")
}

fn step(id: &str, more: &str, actions: &[&str]) -> String {
    let actions: String = actions.iter().map(|action| format!("      - {{ {action} }}\n")).collect();
    format!("  - id: {id}\n    title: {id}\n    why: So.\n{more}    actions:\n{actions}")
}

const LOOK: &str = "id: look, do: local.run, with: { argv: [echo, x], reads: true }";

fn given(values: &Value) -> Values {
    let mut all = json!({ "env": "test", "nodes": ["a"], "tls": false });
    all.as_object_mut().unwrap().extend(values.as_object().unwrap().clone());
    serde_json::from_value(all).unwrap()
}

fn with(text: &str, values: &Value) -> Runbook {
    parse_runbook_with("x.yaml", text, &given(values)).unwrap_or_else(|problems| panic!("{}", problems.render(false)))
}

fn problems(text: &str, values: Option<Value>) -> String {
    match values {
        Some(values) => parse_runbook_with("x.yaml", text, &given(&values)),
        None => parse_runbook("x.yaml", text),
    }
    .unwrap_err()
    .render(false)
}

fn needs(runbook: &Runbook) -> Vec<(String, Vec<String>)> {
    let plan =
        runbook::plan::Plan::make(runbook.clone(), given(&json!({})), None, runbook::plan::Order::Overlap).unwrap();
    plan.actions.iter().map(|it| (it.action.to_string(), it.needs.iter().map(ToString::to_string).collect())).collect()
}

#[test]
fn what_is_left_out_leaves_numbers_and_order_as_they_are() {
    let steps = [
        step("one", "", &[LOOK]),
        step("two", "    when: inputs.tls\n", &[LOOK]),
        step(
            "three",
            "    needs: [two]\n",
            &["id: a, when: 'inputs.env == \"prod\"', do: local.run, with: { argv: [a], reads: true }", LOOK],
        ),
        step("four", "", &["id: b, needs: [three/a, two], do: local.run, with: { argv: [b], reads: true }"]),
    ]
    .concat();
    let text = text("  x: { host: x }\n", &steps);
    let all = parse_runbook("x.yaml", &text).unwrap();
    assert_eq!((all.steps.len(), all.left_out.len()), (4, 0), "without values everything is judged");
    assert!(all.decided_by.contains("tls") && all.decided_by.contains("env") && !all.decided_by.contains("nodes"));
    let some = with(&text, &json!({}));
    assert_eq!(some.steps.iter().map(|step| step.number).collect::<Vec<_>>(), [1, 3, 4]);
    assert_eq!(some.left_out.iter().map(|it| it.name()).collect::<Vec<_>>(), ["two", "three/a"]);
    assert!(some.left_out[0].why.contains("`inputs.tls` is `false`"), "{:?}", some.left_out);
    // Whoever needs what is left out needs what that would have waited for.
    let path = |it: &str| it.to_owned();
    assert_eq!(
        needs(&some),
        [
            (path("one/look"), vec![]),
            (path("three/look"), vec![path("one/look")]),
            (path("four/b"), vec![path("one/look")]),
        ]
    );
    // With all of it, it is the same as without conditions.
    let full = with(&text, &json!({ "tls": true, "env": "prod" }));
    let plain = text.replace("    when: inputs.tls\n", "").replace("when: 'inputs.env == \"prod\"', ", "");
    let plain = with(&plain, &json!({}));
    assert_eq!((full.steps, full.left_out), (plain.steps, vec![]));
}

#[test]
fn a_list_of_the_inputs_is_gone_through_like_one_that_is_written() {
    let on = "id: look, do: ssh.run, with: { on: \"${{ each }}\", argv: [echo, \"${{ each }}\"], reads: true }";
    let group = text(
        "  web: { hosts: \"${{ inputs.nodes }}\", user: admin }\n",
        &step("one", "    for_each: ${{ targets.web }}\n    at_once: 2\n", &[on]),
    );
    let written = text(
        "  web-1: { host: a.example.org, user: admin }\n  web-2: { host: b, user: admin }\n",
        &step("one", "    for_each: [web-1, web-2]\n    at_once: 2\n", &[on]),
    );
    let (group, written) = (with(&group, &json!({ "nodes": ["a.example.org", "b"] })), with(&written, &json!({})));
    assert_eq!((&group.steps, &group.targets), (&written.steps, &written.targets));
    assert!(group.decided_by.contains("nodes"));
    let name = "id: look, do: local.run, with: { argv: [echo, \"${{ each }}\"], reads: true }";
    let list = text("  x: { host: x }\n", &step("one", "    for_each: ${{ inputs.nodes }}\n", &[name]));
    let written = text("  x: { host: x }\n", &step("one", "    for_each: [n1, n2, n3]\n", &[name]));
    assert_eq!(with(&list, &json!({ "nodes": ["n1", "n2", "n3"] })).steps, with(&written, &json!({})).steps);
}

#[test]
fn what_cannot_be_meant_is_told_with_its_place() {
    let one =
        |more: &str, action: &str| text("  x: { host: x }\n  web: { hosts: [a] }\n", &step("one", more, &[action]));
    for (text, values, says) in [
        (one("    when: inputs.tsl\n", LOOK), None, "did you mean `tls`?"),
        (one("    when: inputs.env\n", LOOK), None, "alone only `bool`"),
        (one("    when: inputs.env = 3\n", LOOK), None, "write it like"),
        (one("    when: [a]\n", LOOK), None, "expected a condition"),
        (one("    when: inputs.tls\n", LOOK), Some(json!({})), "every step is left out"),
        (one("    for_each: ${{ inputs.env }}\n", LOOK), None, "is of type `string`, expected a list"),
        (one("    for_each: ${{ inputs.nods }}\n", LOOK), None, "no input `nods`"),
        (one("    for_each: ${{ targets.wep }}\n", LOOK), None, "no group of targets `wep`"),
        (one("    for_each: ${{ inputs.nodes }}\n", LOOK), Some(json!({ "nodes": [] })), "has 0 items"),
        (
            one("    for_each: ${{ inputs.nodes }}\n", LOOK),
            Some(json!({ "nodes": ["a", "A"] })),
            "two items called `a`",
        ),
        (
            one(
                "    for_each: ${{ inputs.nodes }}\n",
                "id: look, do: local.run, with: { shell: \"echo ${{ each }}\", reads: true }",
            ),
            None,
            "give the value by `env: { NAME: ... }`",
        ),
    ] {
        let told = problems(&text, values);
        assert!(told.contains(says) && told.contains("x.yaml:"), "{says}: {told}");
    }
    // What uses what is left out is told at the reference.
    let steps = [
        step("one", "    when: inputs.tls\n", &[LOOK]),
        step(
            "two",
            "",
            &["id: a, do: local.run, with: { argv: [echo, \"${{ steps.one.look.stdout }}\"], reads: true }"],
        ),
    ];
    let text = text("  x: { host: x }\n", &steps.concat());
    parse_runbook("x.yaml", &text).unwrap();
    let told = problems(&text, Some(json!({})));
    assert!(told.contains("`one/look` is left out") && told.contains("needs the same `when`"), "{told}");
}

#[test]
fn a_run_stays_what_its_inputs_made_it() {
    let desk = Desk::new();
    let folder = desk.path("").display().to_string();
    let say = format!(
        "id: say, do: local.run, with: {{ shell: 'echo \"$N\" >>said; test -e go', env: {{ N: \"${{{{ each }}}}\" }}, cwd: {}, undo: [\"true\"], repeatable: true }}",
        folder.trim_end_matches('/')
    );
    let steps = [
        step("one", "    for_each: ${{ inputs.nodes }}\n", &[&say]),
        step("two", "    when: inputs.tls\n", &[LOOK]),
        step("three", "", &[LOOK]),
    ];
    desk.write("choose.yaml", &text("  x: { host: x }\n", &steps.concat()));
    let plan = desk.types("hana", &["plan", "choose.yaml", "--set", "nodes=b,a", "--out", "plan.json"]).exits(0);
    assert!(plan.stdout.contains("left out  two: `inputs.tls` does not hold"), "{}", plan.stdout);
    assert!(plan.stdout.contains("step 3 of 3"), "{}", plan.stdout);
    desk.types("hana", &["run", "--plan", "plan.json", "--yes"]).exits(1);
    desk.write("go", "");
    // Other inputs are another plan; the same are the same run.
    desk.types("hana", &["resume", "--yes", "--set", "nodes=b,a,c"]).exits(3).says("the inputs have changed");
    desk.types("hana", &["resume", "--yes"]).exits(0);
    assert_eq!(desk.read("said"), "b\nb\na\n");
    let log = desk.types("hana", &["log"]).exits(0);
    assert!(log.stdout.contains("one/say@b") && !log.stdout.contains("two/look"), "{}", log.stdout);
}

#[test]
fn a_condition_counts_however_its_key_is_written() {
    let desk = Desk::new();
    for key in ["when:", "when :", "\"when\":", "'when' :", "\"w\\x68en\":", "? when\n    :"] {
        let steps = [step("one", "", &[LOOK]), step("two", &format!("    {key} inputs.tls\n"), &[LOOK])];
        desk.write("choose.yaml", &text("  x: { host: x }\n", &steps.concat()));
        let plan = |tls: &str| {
            let set = format!("tls={tls}");
            desk.types("hana", &["plan", "choose.yaml", "--set", "nodes=a", "--set", &set]).exits(0).stdout
        };
        assert!(plan("false").contains("left out  two: `inputs.tls` does not hold"), "{key}: {}", plan("false"));
        assert!(!plan("true").contains("left out"), "{key}: {}", plan("true"));
    }
}

#[test]
fn a_round_of_a_group_knows_what_is_said_of_its_target() {
    let steps = step(
        "one",
        "    for_each: ${{ targets.web }}\n",
        &[
            "id: look, do: local.run, with: { argv: [echo, '${{ each }}', '${{ each.host }}', 'as-${{ each.user }}'], reads: true }",
        ],
    );
    let text = text("  web: { hosts: '${{ inputs.nodes }}', user: admin }\n", &steps);
    let runbook = with(&text, &json!({ "nodes": ["a", "b"] }));
    let said: Vec<_> = runbook.actions().map(|it| format!("{:?}", it.with["argv"])).collect();
    assert!(said[1].contains("web-2") && said[1].contains("\"b\"") && said[1].contains("as-admin"), "{said:?}");
    let odd = text.replace("each.host", "each.port");
    let told = problems(&odd, Some(json!({ "nodes": ["a"] })));
    assert!(told.contains("`each.port` is not known"), "{told}");
}
