//! What a document may say of a guard, and where it holds in each order.

use crate::support::desk::Desk;
use runbook::document::whole;
use runbook::model::{Runbook, Values};
use runbook::plan::{Order, Plan, PlanError};
use runbook::validate::{parse_runbook, parse_runbook_with};
use serde_json::json;

fn step(id: &str, more: &str) -> String {
    let stop = format!("{{ id: it, do: service.stop, with: {{ on: host, service: {id} }} }}");
    format!("  - id: {id}\n    title: t\n    why: w\n{more}    actions:\n      - {stop}\n")
}

const HEAD: &str = "runbook: made\ntitle: t\nabout: a\nregion: eu-central-1\ninputs:\n  url: { type: url, about: u, default: \"http://a.example/\" }\n  \
                    on: { type: bool, about: o, default: true }\ntargets:\n  host: { host: h }\n";

fn text(guards: &[&str], steps: &[String]) -> String {
    let guards: String = guards.iter().map(|guard| format!("  - {{ {guard} }}\n")).collect();
    format!("{HEAD}guards:\n{guards}steps:\n{}", steps.concat())
}

fn three() -> [String; 3] {
    ["one", "two", "three"].map(|id| step(id, ""))
}

const UP: &str = "id: up, do: http.answers, with: { url: \"${{ inputs.url }}\" }";

fn read(text: &str) -> Runbook {
    parse_runbook("x.yaml", text).unwrap_or_else(|problems| panic!("{}", problems.render(false)))
}

fn told(guard: &str) -> String {
    match parse_runbook("x.yaml", &text(&[guard], &three())) {
        Ok(_) => String::new(),
        Err(problems) => problems.render(false),
    }
}

fn plan(runbook: Runbook, order: Order) -> Result<Plan, PlanError> {
    let inputs = runbook::validate::parse_inputs(&runbook, None, &[]).unwrap();
    Plan::make(runbook, inputs, None, order)
}

#[test]
fn little_has_to_be_said() {
    let runbook = read(&text(&[UP], &three()));
    let guard = &runbook.guards[0];
    assert_eq!((guard.every_ms, guard.times, &guard.from, &guard.until), (10_000, 3, &None, &None));
    assert_eq!(runbook.unused_inputs(), ["on"], "what a guard uses is used");
}

/// A probe on a host, as a check has it.
#[test]
fn it_may_look_on_a_target() {
    assert_eq!(told("id: port, do: probe.holds, with: { on: host, port: { port: 22 } }"), "");
    assert_eq!(told("id: file, do: probe.holds, with: { on: host, shell: test -e /x, sudo: true }"), "");
    let unknown = told("id: port, do: probe.holds, with: { on: hots, port: { port: 22 } }");
    assert!(unknown.contains("hots") && unknown.contains("host"), "{unknown}");
    let shape = told("id: port, do: probe.holds, with: { on: host, port: 22 }");
    assert!(shape.contains("`port` of guard `port`: found `22`, expected named values"), "{shape}");
}

#[test]
fn what_cannot_be_meant_is_told_with_what_might_be() {
    let with = |more: &str| told(&format!("{UP}, {more}"));
    let unknown = with("from: tow");
    assert!(
        unknown.contains("`from` of guard `up`: there is no step `tow`") && unknown.contains("did you mean `two`?"),
        "{unknown}"
    );
    let turned = with("from: two, until: one");
    assert!(turned.contains("step `one` is written before `two`, from which it holds"), "{turned}");
    assert!(with("every: 500ms").contains("`every` of guard `up` is shorter than a second"));
    assert!(with("times: 0").contains("expected a whole number from 1 to 20"));
    let waits = told("id: up, do: wait.for, with: { port: { port: 80 } }");
    assert!(waits.contains("`wait.for` is an action") && waits.contains("by `probe.holds`"), "{waits}");
    let acts = told("id: up, do: service.stop, with: { on: host, service: x }");
    assert!(acts.contains("`service.stop` is an action, and no probe"), "{acts}");
    let check = told("id: up, do: dns.name, with: {}");
    assert!(check.contains("asks what is so before a run, and is no probe"), "{check}");
    let typo = told("id: up, do: http.answer, with: { url: \"http://a.example/\" }");
    assert!(
        typo.contains("there is no probe `http.answer`") && typo.contains("did you mean `http.answers`?"),
        "{typo}"
    );
    let verdict = told("id: up, do: probe.holds, with: { port: { port: 80 }, verdict: warn }");
    assert!(verdict.contains("unknown field `verdict`"), "{verdict}");
    let nothing = told("id: up, do: probe.holds, with: {}");
    assert!(nothing.contains("says nothing that is to be so"), "{nothing}");
    assert!(
        told("id: up, do: http.answers, with: { url: \"http://${{ run.id }}/\" }").contains("`run.id` says nothing")
    );
    let twice = parse_runbook(
        "x.yaml",
        &text(&[UP], &three()).replace("guards:", &format!("preflight:\n  - {{ {UP} }}\nguards:")),
    );
    assert!(twice.unwrap_err().render(false).contains("the id `up` is given twice in the runbook"));
}

/// A step that gives something, and one that has nothing to do with it.
fn giving(needs: &str, guard: &str) -> Result<Runbook, String> {
    let gives = "  - id: gives\n    title: t\n    why: w\n    actions:\n      - { id: it, do: local.run, with: { argv: [hostname], reads: true } }\n";
    let steps =
        [gives.to_owned(), step("apart", "    needs: []\n"), step("uses", needs), step("last", "    needs: [uses]\n")];
    parse_runbook("x.yaml", &text(&[guard], &steps)).map_err(|problems| problems.render(false))
}

#[test]
fn what_it_uses_is_given_before_its_first_step() {
    let uses = "id: up, do: http.answers, with: { url: \"http://${{ steps.gives.it.stdout }}/\" }";
    let early = giving("    needs: [gives]\n", uses).unwrap_err();
    assert!(
        early.contains("holds from the beginning, when nothing has run") && early.contains("`from: STEP`"),
        "{early}"
    );
    let apart = giving("    needs: []\n", &format!("{uses}, from: uses")).unwrap_err();
    assert!(
        apart.contains("is not known when `uses/it` begins") && apart.contains("let step `uses` need step `gives`"),
        "{apart}"
    );
    let itself = giving("    needs: [gives]\n", &format!("{uses}, from: gives")).unwrap_err();
    assert!(itself.contains("is not known when `gives/it` begins"), "{itself}");
    let runbook = giving("    needs: [gives]\n", &format!("{uses}, from: uses")).unwrap();
    for order in [Order::Article, Order::Overlap, Order::LeastDowntime] {
        plan(runbook.clone(), order).unwrap();
    }
    // Where an order puts something between that does not wait for it, there is no plan; one by one there is.
    let runbook = giving("    needs: [gives]\n", &format!("{uses}, from: uses, until: last")).unwrap();
    let mut between = runbook.clone();
    let apart = between.steps.remove(1);
    between.steps.insert(2, apart);
    plan(between.clone(), Order::Article).unwrap();
    let error = plan(between, Order::Overlap).unwrap_err();
    assert_eq!(
        error.to_string(),
        "guard `up` uses what `gives/it` gives, and `apart/it`, which it holds for, may begin before that in this order"
    );
}

#[test]
fn where_it_holds_follows_from_the_places_of_its_steps_in_each_order() {
    let down = |id: &str, needs: &str, downtime: &str| {
        step(id, needs).replace("{ id: it,", &format!("{{ id: it, downtime: {downtime},"))
    };
    let steps = [
        down("down", "    needs: []\n", "begins"),
        step("apart", "    needs: []\n"),
        down("up", "    needs: [down]\n", "ends"),
        step("after", "    needs: [up]\n"),
    ];
    let guard = format!("{UP}, from: down, until: up").replace("id: up,", "id: guard,");
    let effects = |order| plan(read(&text(&[&guard], &steps)), order).unwrap().guarded()[0].1;
    // `apart` is done before the site goes down where that is possible.
    assert_eq!([Order::Article, Order::Overlap, Order::LeastDowntime].map(effects), [3, 3, 2]);
    let from_the_start = |more: &str, order| {
        let guard = format!("{UP}{more}").replace("id: up,", "id: guard,");
        !plan(read(&text(&[&guard], &steps)), order).unwrap().guards_from_the_start().is_empty()
    };
    assert!(from_the_start("", Order::Article) && from_the_start(", from: down", Order::Article));
    // What only looks before it is no effect.
    let look = "  - id: look\n    title: t\n    why: w\n    actions:\n      - { id: it, do: local.run, with: { argv: [hostname], reads: true } }\n";
    let looks_first = text(&[&format!("{UP}, from: one")], &[look.to_owned(), step("one", "")]);
    assert_eq!(plan(read(&looks_first), Order::Article).unwrap().guards_from_the_start().len(), 1);
    assert!(!from_the_start(", from: down", Order::LeastDowntime) && !from_the_start(", from: up", Order::Article));
}

#[test]
fn steps_that_are_left_out_or_included_are_counted_as_what_they_are() {
    let with = |guard: &str, on: bool| {
        let steps = [step("one", ""), step("two", "    when: inputs.on\n"), step("three", "")];
        let inputs: Values = serde_json::from_value(json!({ "url": "http://a.example/", "on": on })).unwrap();
        parse_runbook_with("x.yaml", &text(&[guard], &steps), &inputs).unwrap_or_else(|p| panic!("{}", p.render(false)))
    };
    let ends = |runbook: &Runbook| {
        let name = |step: &Option<runbook::model::StepId>| step.as_ref().map_or("-".to_owned(), ToString::to_string);
        runbook.guards.iter().map(|guard| [name(&guard.from), name(&guard.until)].join(" ")).collect::<Vec<_>>()
    };
    assert_eq!(ends(&with(&format!("{UP}, from: two"), true)), ["two -"]);
    assert_eq!(ends(&with(&format!("{UP}, from: two"), false)), ["three -"]);
    assert_eq!(ends(&with(&format!("{UP}, until: two"), false)), ["- one"]);
    assert!(ends(&with(&format!("{UP}, from: two, until: two"), false)).is_empty());
    let piece =
        format!("piece: p\nabout: a\nsteps:\n{}{}", step("a", ""), step("b", "")).replace("on: host", "on: host");
    let main = text(
        &[&format!("{UP}, from: first, until: first")],
        &["  - include: p.yaml\n    id: first\n".to_owned(), step("last", "")],
    );
    let runbook = parse_runbook("x.yaml", &whole(&main, &[("p.yaml".to_owned(), piece)]));
    match runbook {
        Ok(runbook) => assert_eq!(ends(&runbook), ["first-a first-b"]),
        Err(problems) => panic!("{}", problems.render(false)),
    }
}

#[test]
fn what_it_asks_of_aws_is_part_of_the_runs_policy() {
    let desk = Desk::new();
    let guard = "id: runs, do: instance.running, with: { instance: i-0123456789abcdef0 }";
    let aws = "  - id: aws\n    title: t\n    why: w\n    actions:\n      - { id: it, do: certificate.wait-issued, with: { certificate: \"arn:aws:acm:eu-central-1:123456789012:certificate/0123\" } }\n";
    desk.write("x.yaml", &text(&[guard], &[aws.to_owned()]));
    desk.types("hana", &["iam-policy", "x.yaml", "--for", "run"]).exits(0).says("ec2:DescribeInstanceStatus");
    let back = desk.types("hana", &["iam-policy", "x.yaml", "--for", "rollback"]).exits(0);
    assert!(!back.stdout.contains("ec2:DescribeInstanceStatus"), "{}", back.stdout);
    desk.write("x.yaml", &text(&[guard], &three()).replace("region: eu-central-1\n", ""));
    desk.types("hana", &["validate", "x.yaml"]).exits(2).says("guard `runs` (`instance.running`) asks AWS");
}
