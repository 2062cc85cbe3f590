//! A property: a runbook with conditions, lists of inputs, groups of targets, loops and pieces, and the same one written out by hand, are
//! the same plan. The hand is this generator, which knows nothing of how the tool does it.

use proptest::prelude::*;
use runbook::model::{Runbook, Values};
use runbook::plan::{Order, Plan};
use runbook::validate::parse_runbook_with;
use serde_json::json;
use std::fmt::Write;

/// What decides: the values of three inputs.
#[derive(Debug, Clone)]
struct Given {
    on: bool,
    env: &'static str,
    nodes: Vec<String>,
}

/// A condition as it is written, and as it is meant.
#[derive(Debug, Clone, Copy)]
enum Condition {
    None,
    On,
    NotOn,
    Prod,
    OneOf,
    Both,
    Either,
}

impl Condition {
    fn written(self) -> Option<&'static str> {
        Some(match self {
            Condition::None => return None,
            Condition::On => "inputs.on",
            Condition::NotOn => "not inputs.on",
            Condition::Prod => "inputs.env == \"prod\"",
            Condition::OneOf => "inputs.env in [\"prod\", \"stage\"]",
            Condition::Both => "inputs.on and inputs.env != \"prod\"",
            Condition::Either => "(inputs.on or inputs.env == \"prod\") and true",
        })
    }

    fn holds(self, given: &Given) -> bool {
        match self {
            Condition::None => true,
            Condition::On => given.on,
            Condition::NotOn => !given.on,
            Condition::Prod => given.env == "prod",
            Condition::OneOf => given.env == "prod" || given.env == "stage",
            Condition::Both => given.on && given.env != "prod",
            Condition::Either => given.on || given.env == "prod",
        }
    }
}

/// What a step or an action goes through.
#[derive(Debug, Clone, Copy)]
enum Loop {
    None,
    Nodes,
    Group,
    Written,
}

#[derive(Debug, Clone)]
struct Action {
    when: Condition,
    over: Loop,
    kind: usize,
}

/// Where a step stands.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Place {
    Runbook,
    /// In a piece that is given the runbook's inputs.
    Piece,
    /// In a piece that is given values.
    OwnPiece,
}

#[derive(Debug, Clone)]
struct Step {
    place: Place,
    when: Condition,
    over: Loop,
    actions: Vec<Action>,
}

/// An action of each kind, about an item (ITEM), on a target (TARGET) where it has one. `local.run` and `ssh.run` come twice: what only
/// looks is another deed.
const BODIES: &[(&str, &str)] = &[
    ("local.run", "argv: [echo, \"ITEM\"], reads: true"),
    ("local.run", "shell: echo, env: { OF: \"ITEM\" }, undo: echo"),
    ("ssh.run", "on: TARGET, argv: [echo, \"ITEM\"], undo: [echo, \"ITEM\"]"),
    ("ssh.run", "on: TARGET, argv: [echo, \"ITEM\"], reads: true"),
    ("file.write", "on: TARGET, path: \"/etc/ITEM\", content: \"ITEM\""),
    ("file.write", "on: TARGET, path: \"/etc/ITEM\", template: \"{{ name }}\", values: { name: \"ITEM\" }"),
    ("file.rename", "on: TARGET, from: \"/etc/ITEM\", to: \"/etc/.ITEM\""),
    ("file.edit", "on: TARGET, path: \"/etc/ITEM\", replace: [{ text: a, with: b }]"),
    ("file.link", "on: TARGET, path: \"/etc/ITEM\", to: \"ITEM\""),
    ("archive.unpack", "on: TARGET, archive: \"/srv/ITEM.tar\", to: \"/srv/ITEM\""),
    ("process.wait-gone", "on: TARGET, command: \"ITEM\""),
    ("service.stop", "on: TARGET, service: \"ITEM\""),
    ("service.restart", "on: TARGET, service: \"ITEM\""),
    ("service.start", "on: TARGET, service: \"ITEM\""),
    ("service.reload", "on: TARGET, service: \"ITEM\""),
    ("nginx.offload-tls", "on: TARGET, file: \"/etc/ITEM\", fqdn: a.example.org"),
    ("nginx.drop-in", "on: TARGET, file: \"/etc/ITEM.conf\", site: \"/etc/ITEM\", fqdn: a.example.org"),
    ("php.set-config", "on: TARGET, file: \"/etc/ITEM\", set: { a: b }"),
    ("cron.verify-single", "active_on: fixed, quiet_on: [other], file: \"/etc/cron.d/ITEM\", command: \"ITEM\""),
    ("ssh.pin-host-key", "on: TARGET, by: known-hosts"),
    ("host.claim", "on: TARGET"),
    ("host.release", "on: TARGET"),
    ("wait.for", "port: { host: \"ITEM\", port: 80 }"),
    ("http.request", "url: \"http://a.example.org/ITEM\", undo: { url: \"http://a.example.org/ITEM\" }"),
    ("gate.approve", "prompt: \"ITEM\""),
    ("instance.look-up", "instance: i-0123456789abcdef0"),
    ("instance.claim", "instance: i-0123456789abcdef0"),
    ("instance.release", "instance: i-0123456789abcdef0"),
    ("instance.shut-down", "on: machine"),
    ("instance.stop", "instance: i-0123456789abcdef0"),
    ("instance.start", "instance: i-0123456789abcdef0"),
    ("instance.start-as", "instance: i-0123456789abcdef0, instance_type: t3.small"),
    ("instance.wait-checked", "instance: i-0123456789abcdef0"),
    ("image.create", "instance: i-0123456789abcdef0, name: \"nc-ITEM\""),
    ("image.wait-available", "image: ami-0123456789abcdef0"),
    (
        "instance.clone",
        "image: ami-0123456789abcdef0, like: i-0123456789abcdef0, subnet: subnet-0123456789abcdef0, instance_type: t3.small, name: \"ITEM\"",
    ),
    ("rds.set-multi-az", "db: shop, multi_az: true"),
    ("rds.snapshot", "db: shop, name: \"shop-ITEM\""),
    ("security-group.create", "name: \"of-ITEM\", description: d, vpc: vpc-0123456789abcdef0"),
    ("security-group.admit", "group: sg-0123456789abcdef0, port: 80, ranges: [10.0.0.0/8]"),
    ("target-group.create", "name: \"of-ITEM\", vpc: vpc-0123456789abcdef0, port: 80, health_path: /"),
    ("target-group.register", "target_group: GROUP, instance: i-0123456789abcdef0"),
    ("target-group.deregister", "target_group: GROUP, instance: i-0123456789abcdef0"),
    ("target-group.delete", "target_group: GROUP"),
    ("listener.split", "listener: BALANCER, from: GROUP, to: GROUP, percent: 10, sticky_s: 60"),
    ("listener.add-rule", "listener: BALANCER, priority: 10, header: X-Trial, value: \"of-ITEM\", target_group: GROUP"),
    ("listener.remove-rule", "listener: BALANCER, priority: 10"),
    ("dns.lower-ttl", "zone: Z0123456789ABCDEFGHIJ, fqdn: cloud.example.org, ttl: 60"),
    ("target-group.wait-healthy", "target_group: GROUP, instances: [i-0123456789abcdef0]"),
    ("target-group.wait-out", "target_group: GROUP, instance: i-0123456789abcdef0"),
    (
        "load-balancer.create",
        "name: \"of-ITEM\", subnets: [subnet-0123456789abcdef0, subnet-0123456789abcdef1], groups: [sg-0123456789abcdef0]",
    ),
    (
        "listener.create-https",
        "load_balancer: BALANCER, port: 443, certificate: \"arn:aws:acm:eu-west-1:123456789012:certificate/a\", target_group: GROUP",
    ),
    ("listener.create-redirect", "load_balancer: BALANCER, port: 80, to_port: 443"),
    ("certificate.request", "fqdn: a.example.org, name: \"ITEM\""),
    ("dns.put-cname", "zone: Z0123456789ABCDEFGHIJ, name: \"ITEM.example.org\", value: b.example.org"),
    ("certificate.wait-issued", "certificate: \"arn:aws:acm:eu-west-1:123456789012:certificate/a\""),
    (
        "dns.point-at-balancer",
        "zone: Z0123456789ABCDEFGHIJ, fqdn: a.example.org, dns_name: b.example.org, dns_zone: Z0123456789ABCDEFGHIJ",
    ),
    ("http.expect", "url: \"http://a.example.org/ITEM\", status: 200"),
    ("nextcloud.check", "fqdn: a.example.org, user: u, password: { env: PASSWORD }"),
    ("file.upload", "on: TARGET, path: \"/etc/ITEM\", secret: { env: PASSWORD }"),
];

/// An action of one of the kinds, about this item.
fn body(kind: usize, item: &str, target: &str) -> String {
    let (kind, with) = BODIES[kind];
    let arn = |what: &str| format!("\"arn:aws:elasticloadbalancing:eu-west-1:123456789012:{what}/a/0123456789abcdef\"");
    let with = with.replace("GROUP", &arn("targetgroup")).replace("BALANCER", &arn("loadbalancer/app"));
    format!("do: {kind}, with: {{ {} }}", with.replace("ITEM", item).replace("TARGET", target))
}

/// The generator knows every action there is.
#[test]
fn all_actions_are_tried() {
    for kind in runbook::model::ActionKind::ALL {
        assert!(BODIES.iter().any(|(name, _)| *name == kind.as_str()), "{kind} is not among the bodies");
    }
}

/// The items of a loop: name, what `each` is, and the target that the loop's actions work on.
fn items(over: Loop, given: &Given) -> Vec<(String, String, String)> {
    match over {
        Loop::None => Vec::new(),
        Loop::Nodes => given.nodes.iter().map(|node| (node.clone(), node.clone(), "fixed".to_owned())).collect(),
        Loop::Written => ["x", "y"].map(|it| (it.to_owned(), it.to_owned(), "fixed".to_owned())).to_vec(),
        Loop::Group => {
            (1..=given.nodes.len()).map(|n| format!("web-{n}")).map(|it| (it.clone(), it.clone(), it)).collect()
        }
    }
}

fn list(over: Loop) -> Option<&'static str> {
    match over {
        Loop::None => None,
        Loop::Nodes => Some("\"${{ inputs.nodes }}\""),
        Loop::Written => Some("[x, y]"),
        Loop::Group => Some("\"${{ targets.web }}\""),
    }
}

const HEAD: &str = "runbook: made\ntitle: t\nabout: a\nregion: eu-west-1\ninputs:\n  on: { type: bool, about: o }\n  env: { type: string, about: e }\n  \
                    nodes: { type: list(string), about: n }\n";

/// As an author writes it.
fn written(steps: &[Step], given: &Given) -> String {
    let mut pieces = Vec::new();
    let mut main = format!(
        "{HEAD}targets:\n  fixed: {{ host: fixed }}\n  other: {{ host: other }}\n  machine: {{ instance: i-0123456789abcdef0 }}\n  web: {{ hosts: \"${{{{ inputs.nodes }}}}\" }}\nsteps:\n"
    );
    for (s, step) in steps.iter().enumerate() {
        let mut text = format!("  - id: s{s}\n    title: t\n    why: w\n");
        step.when.written().into_iter().for_each(|when| text.push_str(&format!("    when: '{when}'\n")));
        list(step.over).into_iter().for_each(|list| text.push_str(&format!("    for_each: {list}\n")));
        text.push_str("    actions:\n");
        for (a, action) in step.actions.iter().enumerate() {
            let _ = write!(text, "      - {{ id: s{s}a{a}, ");
            action.when.written().into_iter().for_each(|when| text.push_str(&format!("when: '{when}', ")));
            let over = if matches!(step.over, Loop::None) { action.over } else { Loop::None };
            list(over).into_iter().for_each(|list| text.push_str(&format!("for_each: {list}, ")));
            let of = if matches!(step.over, Loop::None) { over } else { step.over };
            let (item, target) = match of {
                Loop::None => ("one", "fixed"),
                Loop::Group => ("${{ each }}", "\"${{ each }}\""),
                _ => ("${{ each }}", "fixed"),
            };
            let _ = writeln!(text, "{} }}", body(action.kind, item, target));
        }
        let with = match step.place {
            Place::Runbook => {
                main.push_str(&text);
                continue;
            }
            Place::Piece => {
                "on: \"${{ inputs.on }}\", env: \"${{ inputs.env }}\", nodes: \"${{ inputs.nodes }}\"".to_owned()
            }
            Place::OwnPiece => {
                format!("on: {}, env: {}, nodes: [{}]", given.on, given.env, given.nodes.join(", "))
            }
        };
        let _ = writeln!(main, "  - {{ include: p{s}.yaml, with: {{ {with} }} }}");
        let head = HEAD.replace("runbook: made\ntitle: t\n", "piece: made\n").replace("region: eu-west-1\n", "");
        pieces.push((format!("p{s}.yaml"), format!("{head}steps:\n{text}")));
    }
    runbook::document::whole(&main, &pieces)
}

/// As it is meant, nothing left to be decided.
fn by_hand(steps: &[Step], given: &Given) -> Option<String> {
    let mut text = format!(
        "{HEAD}targets:\n  fixed: {{ host: fixed }}\n  other: {{ host: other }}\n  machine: {{ instance: i-0123456789abcdef0 }}\n"
    );
    for (n, node) in given.nodes.iter().enumerate() {
        let _ = writeln!(text, "  web-{}: {{ host: {node} }}", n + 1);
    }
    text.push_str("steps:\n");
    let mut any = false;
    for (s, step) in steps.iter().enumerate().filter(|(_, step)| step.when.holds(given)) {
        let kept: Vec<(usize, &Action)> =
            step.actions.iter().enumerate().filter(|(_, action)| action.when.holds(given)).collect();
        if kept.is_empty() {
            continue;
        }
        any = true;
        let _ = write!(text, "  - id: s{s}\n    title: t\n    why: w\n    actions:\n");
        let mut one = |a: usize, action: &Action, item: Option<&(String, String, String)>| {
            let (id, each, target) = match item {
                None => (format!("s{s}a{a}"), "one", "fixed"),
                Some((name, each, target)) => (format!("s{s}a{a}-at-{name}"), each.as_str(), target.as_str()),
            };
            let _ = writeln!(text, "      - {{ id: {id}, {} }}", body(action.kind, each, target));
        };
        match step.over {
            Loop::None => {
                for (a, action) in kept {
                    match action.over {
                        Loop::None => one(a, action, None),
                        over => items(over, given).iter().for_each(|item| one(a, action, Some(item))),
                    }
                }
            }
            over => {
                for item in items(over, given) {
                    kept.iter().for_each(|(a, action)| one(*a, action, Some(&item)));
                }
            }
        }
    }
    any.then_some(text)
}

/// What a plan is, however its actions are named: `@` is what no author can write.
fn picture(runbook: Runbook, given: &Values, order: Order) -> Vec<String> {
    let plan = Plan::make(runbook, given.clone(), None, order).unwrap();
    let plain = |name: String| name.replace('@', "-at-");
    let mut all = Vec::new();
    for planned in &plan.actions {
        let definition = plan.definition(&planned.action).unwrap();
        let needs: Vec<String> = planned.needs.iter().map(|it| plain(it.to_string())).collect();
        let after: Vec<String> = planned.after.iter().map(|it| plain(it.to_string())).collect();
        let with = serde_json::to_string(&definition.with).unwrap();
        all.push(format!("{} {} {needs:?} {after:?} {with}", plain(planned.action.to_string()), definition.kind));
    }
    all
}

fn condition() -> impl Strategy<Value = Condition> {
    prop_oneof![
        4 => Just(Condition::None),
        1 => Just(Condition::On),
        1 => Just(Condition::NotOn),
        1 => Just(Condition::Prod),
        1 => Just(Condition::OneOf),
        1 => Just(Condition::Both),
        1 => Just(Condition::Either),
    ]
}

fn over() -> impl Strategy<Value = Loop> {
    prop_oneof![3 => Just(Loop::None), 1 => Just(Loop::Nodes), 1 => Just(Loop::Group), 1 => Just(Loop::Written)]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let action = (condition(), over(), 0..BODIES.len()).prop_map(|(when, over, kind)| Action { when, over, kind });
    let place = prop_oneof![3 => Just(Place::Runbook), 1 => Just(Place::Piece), 1 => Just(Place::OwnPiece)];
    let step = (condition(), over(), prop::collection::vec(action, 1..4), place)
        .prop_map(|(when, over, actions, place)| Step { place, when, over, actions });
    prop::collection::vec(step, 1..5)
}

fn given() -> impl Strategy<Value = Given> {
    let env = prop_oneof![Just("prod"), Just("stage"), Just("test")];
    (any::<bool>(), env, 1..4usize).prop_map(|(on, env, nodes)| Given {
        on,
        env,
        nodes: (1..=nodes).map(|n| format!("n{n}")).collect(),
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_decided_by_inputs_is_the_same_as_written_by_hand(steps in steps(), given in given()) {
        let values: Values =
            serde_json::from_value(json!({ "on": given.on, "env": given.env, "nodes": given.nodes })).unwrap();
        let text = written(&steps, &given);
        let Some(by_hand) = by_hand(&steps, &given) else {
            prop_assert!(parse_runbook_with("x", &text, &values).is_err(), "nothing is to be done");
            return Ok(());
        };
        let read = |text: &str| parse_runbook_with("x", text, &values).unwrap_or_else(|it| panic!("{}\n{text}", it.render(false)));
        for order in [Order::Article, Order::LeastDowntime] {
            prop_assert_eq!(picture(read(&text), &values, order), picture(read(&by_hand), &values, order), "{}\n{}", text, by_hand);
        }
        // Judged without values, it is whole; where a piece is given values, conditions on those are decided only with the others.
        let judged = runbook::validate::parse_runbook("x", &text);
        prop_assert!(judged.is_ok(), "{}\n{}", judged.unwrap_err().render(false), text);
    }
}
