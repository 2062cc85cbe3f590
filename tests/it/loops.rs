//! Loops: what is done for each of a list means what the same runbook written out means.

use crate::support::desk::Desk;
use runbook::model::Runbook;
use runbook::validate::parse_runbook;

const HEAD: &str = "runbook: roll\ntitle: roll\nabout: It rolls.\ninputs:\n  service: { type: service, about: what, default: nginx }\n\
                    targets:\n  web-1: { host: a }\n  web-2: { host: b }\n  web-3: { host: c }\nsteps:\n  - id: first\n    title: look\n    \
                    why: To know.\n    actions:\n      - { id: ask, do: gate.approve, with: { prompt: go? } }\n";

fn read(steps: &str) -> Runbook {
    let text = format!("{HEAD}{steps}");
    parse_runbook("roll.yaml", &text).unwrap_or_else(|problems| panic!("{problems}\n{text}"))
}

/// The same, with an id for each round as an author can write it.
fn told(runbook: &Runbook) -> String {
    serde_json::to_string_pretty(runbook).unwrap().replace('@', "-at-")
}

#[track_caller]
fn same(with_loop: &str, written_out: &str) {
    assert_eq!(told(&read(with_loop)), told(&read(written_out)));
}

#[test]
fn a_step_for_each_is_done_for_one_after_the_other() {
    same(
        "  - id: roll
    title: one node after the other
    why: Never all at once.
    for_each: [web-1, web-2]
    actions:
      - id: say
        title: stop it on ${{ each }}
        do: ssh.run
        with: { on: \"${{ each }}\", argv: [echo, \"${{each}} of ${{ inputs.service }}\"], undo: [\"true\"] }
      - id: restart
        do: service.restart
        with: { on: \"${{ each }}\", service: \"${{ inputs.service }}\" }
      - id: tell
        do: ssh.run
        needs: [roll/say]
        with: { on: \"${{ each }}\", argv: [echo, \"${{ steps.roll.say.stdout }}\"], undo: [\"true\"] }
",
        "  - id: roll
    title: one node after the other
    why: Never all at once.
    actions:
      - { id: say-at-web-1, title: stop it on web-1, do: ssh.run, with: { on: web-1, argv: [echo, \"web-1 of ${{ inputs.service }}\"], undo: [\"true\"] } }
      - { id: restart-at-web-1, do: service.restart, with: { on: web-1, service: \"${{ inputs.service }}\" } }
      - { id: tell-at-web-1, do: ssh.run, needs: [roll/say-at-web-1], with: { on: web-1, argv: [echo, \"${{ steps.roll.say-at-web-1.stdout }}\"], undo: [\"true\"] } }
      - { id: say-at-web-2, title: stop it on web-2, do: ssh.run, with: { on: web-2, argv: [echo, \"web-2 of ${{ inputs.service }}\"], undo: [\"true\"] } }
      - { id: restart-at-web-2, do: service.restart, with: { on: web-2, service: \"${{ inputs.service }}\" } }
      - { id: tell-at-web-2, do: ssh.run, needs: [roll/say-at-web-2], with: { on: web-2, argv: [echo, \"${{ steps.roll.say-at-web-2.stdout }}\"], undo: [\"true\"] } }
",
    );
}

#[test]
fn two_at_once_wait_for_what_was_begun_before_them() {
    let restart = |needs: &str, node: &str| {
        format!(
            "      - {{ id: restart-at-{node}, do: service.restart, {needs}with: {{ on: {node}, service: nginx }} }}\n"
        )
    };
    let head = "  - id: roll\n    title: two at once\n    why: Quicker.\n";
    let action =
        "    actions:\n      - { id: restart, do: service.restart, with: { on: \"${{ each }}\", service: nginx } }\n";
    let nodes = "    for_each: [web-1, web-2, web-3]\n";
    let out = |second: &str, third: &str| {
        format!("{head}    actions:\n{}{}{}", restart("", "web-1"), restart(second, "web-2"), restart(third, "web-3"))
    };
    same(&format!("{head}{nodes}{action}"), &out("", ""));
    same(
        &format!("{head}{nodes}    at_once: 2\n{action}"),
        &out("needs: [first], ", "needs: [roll/restart-at-web-1], "),
    );
    same(&format!("{head}{nodes}    at_once: true\n{action}"), &out("needs: [first], ", "needs: [first], "));
}

#[test]
fn an_action_for_each_is_waited_for_whole() {
    let steps = |actions: &str| format!("  - id: roll\n    title: roll\n    why: So.\n    actions:\n{actions}");
    let ask = |id: &str, more: &str| {
        format!("      - {{ id: {id}, do: gate.approve, {more}with: {{ prompt: \"{id}?\" }} }}\n")
    };
    let restart = |id: &str, more: &str, node: &str| {
        format!("      - {{ id: {id}, do: service.restart, {more}with: {{ on: {node}, service: nginx }} }}\n")
    };
    same(
        &steps(
            &[
                ask("before", ""),
                restart("restart", "for_each: [web-1, web-2], at_once: true, ", "\"${{ each }}\""),
                ask("after", ""),
                ask("last", "needs: [roll/restart], "),
            ]
            .concat(),
        ),
        &steps(
            &[
                ask("before", ""),
                restart("restart-at-web-1", "", "web-1"),
                restart("restart-at-web-2", "needs: [roll/before], ", "web-2"),
                ask("after", "needs: [roll/restart-at-web-1, roll/restart-at-web-2], "),
                ask("last", "needs: [roll/restart-at-web-1, roll/restart-at-web-2], "),
            ]
            .concat(),
        ),
    );
}

#[test]
fn named_values_keep_their_types() {
    let runbook = read(
        "  - id: look
    title: look
    why: To know.
    actions:
      - id: expect
        for_each:
          - { id: site, url: \"http://a/\", status: 200 }
          - { url: \"http://b/\", status: 301 }
        do: http.expect
        with: { url: \"${{ each.url }}\", status: \"${{ each.status }}\" }
",
    );
    let actions: Vec<_> =
        runbook.steps[1].actions.iter().map(|action| (action.path.to_string(), &action.with)).collect();
    assert_eq!([&actions[0].0, &actions[1].0], ["look/expect@site", "look/expect@2"]);
    assert_eq!(serde_json::to_value(&actions[1].1["status"]).unwrap(), serde_json::json!({ "literal": 301 }));
}

#[test]
fn a_loop_that_is_none_is_told_at_its_place() {
    let problems = |of_step: &str, of_action: &str| {
        let steps = format!(
            "  - id: roll\n    title: roll\n    why: So.\n{of_step}    actions:\n      - id: ask\n{of_action}        do: gate.approve\n        \
             with: {{ prompt: \"${{{{ each.name }}}}?\" }}\n"
        );
        parse_runbook("roll.yaml", &format!("{HEAD}{steps}")).unwrap_err().to_string()
    };
    let step = |line: &str| problems(&format!("    {line}\n"), "");
    for (line, told) in [
        ("for_each: web-1", "expected a list"),
        ("for_each: \"${{ inputs.nodes }}\"", "there is no input `nodes`"),
        ("for_each: []", "0 items, expected 1 to 100"),
        ("for_each: [[a]]", "found a list, expected a text"),
        ("for_each: [a, A]", "two items called `a`, at 1 and 2"),
        ("for_each: [a]", "it is one value: `${{ each }}`"),
        ("for_each: [{ nam: a }]", "did you mean `nam`?"),
        ("at_once: 2", "`at_once` is for a step with `for_each`"),
        ("{ for_each: [a] }", "for_each"),
    ] {
        let said = step(line);
        assert!(said.contains(told), "{line}\n{said}");
    }
    let said = problems("    for_each: [{ name: a }]\n    at_once: 0\n", "");
    assert!(said.contains("`at_once`: found `0`"), "{said}");
    let said = problems("    for_each: [{ name: a }]\n", "        for_each: [{ name: b }]\n");
    assert!(said.contains("a loop in a loop is not possible"), "{said}");
    let said = problems("", "");
    assert!(said.contains("`each.name` is not a reference"), "{said}");
    let marked = HEAD.replace("id: ask", "id: ask@web-1");
    let said = parse_runbook("roll.yaml", &marked).unwrap_err().to_string();
    assert!(said.contains("`for_each` makes such ids"), "{said}");
    let outside = "  - id: roll\n    title: roll\n    why: So.\n    for_each: [web-1, web-2]\n    actions:\n      - { id: say, do: ssh.run, with: { on: \"${{ each }}\", argv: [echo], undo: [echo] } }\n  - id: end\n    title: end\n    why: So.\n    \
                   actions:\n      - { id: ask, do: gate.approve, with: { prompt: \"${{ steps.roll.say.stdout }}\" } }\n";
    let said = parse_runbook("roll.yaml", &format!("{HEAD}{outside}")).unwrap_err().to_string();
    assert!(said.contains("`say@web-1`"), "which there are is told: {said}");
}

#[test]
fn each_round_is_answered_decided_and_taken_back_by_its_name() {
    let desk = Desk::new();
    desk.write(
        "roll.yaml",
        "runbook: roll\ntitle: ask all\nabout: It asks.\nsteps:\n  - id: ask\n    title: ask them\n    why: To know.\n    \
         for_each: [kim, otto]\n    actions:\n      - { id: agree, do: gate.approve, with: { prompt: \"does ${{ each }} agree?\" } }\n",
    );
    desk.types("hana", &["validate", "roll.yaml"]).exits(0).says("1 step, 2 actions");
    desk.types("hana", &["run", "roll.yaml", "--yes"]).exits(4).says("does kim agree?").says("agree@kim");
    let run = desk.runs()[0]["run"].as_str().unwrap().to_owned();
    desk.types("kim", &["approve", &run, "agree@kim"]).exits(0);
    desk.types("hana", &["resume"]).exits(4).says("does otto agree?");
    desk.types("hana", &["resolve", &run, "ask/agree@otto", "--as", "done", "--reason", "by phone"]).exits(0);
    desk.types("hana", &["resume"]).exits(0);
    desk.types("hana", &["log", &run]).exits(0).says("ask/agree@otto");
    desk.types("hana", &["rollback", &run, "--to", "start", "--yes"]).exits(0);
}

/// A part of an input that a round asks for and that is not there is told before anything runs.
#[test]
fn a_part_that_a_round_lacks_is_told_before_anything_runs() {
    let desk = Desk::new();
    desk.write(
        "each.yaml",
        "runbook: each\ntitle: t\nabout: a\ninputs:\n  nodes: { type: list(string), about: n }\n  sites: { type: map, about: s }\nsteps:\n  \
         - id: one\n    title: t\n    why: w\n    actions:\n      - { id: say, do: local.run, for_each: \"${{ inputs.nodes }}\", with: { argv: \
         [echo, \"${{ inputs.sites[each] }}\"], reads: true } }\n",
    );
    let with =
        |nodes: &str| ["plan", "each.yaml", "--set", nodes, "--set", r#"sites={"a":"x","b":"y"}"#].map(str::to_owned);
    let types = |nodes: &str| {
        let words = with(nodes);
        desk.types("hana", &words.iter().map(String::as_str).collect::<Vec<_>>())
    };
    types(r#"nodes=["a","b"]"#).exits(0);
    let said = types(r#"nodes=["a","c"]"#).exits(2);
    said.says("input `sites`").says("sites.c").says("one/say@c");
}
