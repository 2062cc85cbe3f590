//! What the program has for those who write a runbook of their own: the vocabulary, a first runbook, and what validation says of
//! what is hardly meant.

use crate::support::desk::Desk;
use runbook::display::{kind_text, kinds_text};
use runbook::model::{ActionKind, CheckKind};

#[test]
fn the_vocabulary_is_told_whole() {
    let all = kinds_text();
    for kind in ActionKind::ALL {
        let text = kind_text(kind.as_str()).unwrap();
        assert!(all.contains(&format!("\n  {} ", kind.as_str())), "{kind:?}");
        for param in kind.spec().params {
            assert!(text.contains(&format!("\n  {} ", param.name)), "{}\n{text}", param.name);
            let shown = text.contains(&format!("          {}: ", param.name));
            let usual = param.required || ["argv", "undo"].contains(&param.name);
            assert_eq!(shown, usual, "what must be given stands in the example: {}\n{text}", param.name);
        }
    }
    for kind in CheckKind::ALL {
        let text = kind_text(kind.as_str()).unwrap();
        assert!(kind.spec().rows.iter().all(|row| text.contains(row.about)), "{text}");
    }
}

#[test]
fn one_of_the_vocabulary_is_found_by_its_name_or_one_like_it() {
    let desk = Desk::new();
    desk.types("hana", &["actions", "file.rename"])
        .exits(0)
        .says("do: file.rename with: on: TARGET from: PATH to: PATH");
    desk.types("hana", &["actions", "dns.name"]).exits(0).says("a person may accept it");
    desk.types("hana", &["actions", "file.renam"]).exits(2).says("did you mean `file.rename`?");
    desk.types("hana", &["actions", "?"]).exits(2).says("`runbook actions` lists them all");
    let told = desk.types("hana", &["--format", "json", "actions", "ssh.run"]).exits(0);
    let told: serde_json::Value = serde_json::from_str(&told.stdout).unwrap();
    assert_eq!(told["name"], "ssh.run");
    assert!(told["with"].as_array().unwrap().iter().any(|it| it["name"] == "on" && it["required"] == true), "{told}");
}

#[test]
fn a_first_runbook_is_valid_and_overwrites_nothing() {
    let desk = Desk::new();
    desk.types("hana", &["init", "move.yaml", "--host", "web-1.example.org", "--host", "10.0.0.7"]).exits(0);
    desk.types("hana", &["validate", "move.yaml"]).exits(0).says("`move` is valid: 3 steps, 5 actions");
    let text = desk.read("move.yaml");
    assert!(
        text.contains("default: \"web-1.example.org\" }")
            && text.contains("host-2: { host: \"${{ inputs.host_2 }}\" }"),
        "{text}"
    );
    assert!(desk.read("move.world.yaml").contains("  host_2: host-2\n"));
    desk.types("hana", &["init", "move.yaml", "--host", "x"]).exits(2).says("is there already");
    assert_eq!(desk.read("move.yaml"), text);
    desk.types("hana", &["init", "Move.yaml", "--host", "x"]).exits(2).says("a name like `move-database.yaml`");
    desk.types("hana", &["init", "other.yaml", "--host", "root@x"]).exits(2).says("is no host");
    desk.types("hana", &["init", "other.yaml"]).exits(2).says("`--host web-1.example.org`");
    desk.types_at_a_terminal("hana", &["init", "asked.yaml"]).shows("Which hosts").answers("db-1 db-2").exits(0);
    assert!(desk.read("asked.yaml").contains("about: \"the host db-2\", default: \"db-2\" }\n"));
}

#[test]
fn what_nothing_uses_is_told_and_holds_nothing_up() {
    let desk = Desk::new();
    let more = "inputs:\n  password: { type: secret, about: not used, default: { env: NOBODY_SET_THIS } }\n";
    desk.write(
        "ask.yaml",
        &desk.read("ask.yaml").replacen("inputs:\n", more, 1).replacen(
            "steps:\n",
            "targets:\n  spare: { host: spare }\nsteps:\n",
            1,
        ),
    );
    let told = desk.types("hana", &["validate", "ask.yaml"]).exits(0);
    told.says("nothing uses the input `password`").says("nothing is done on the target `spare`");
    desk.types("hana", &["run", "ask.yaml", "--yes"]).exits(4);
}

/// How many there are only inputs tell; the document names the third of them all the same.
#[test]
fn a_target_of_a_group_that_inputs_make_can_be_named() {
    let desk = Desk::new();
    let text = "runbook: grp\ntitle: x\nabout: x\ninputs:\n  nodes: { type: list(string), about: the nodes }\ntargets:\n  web: { hosts: \
                \"${{ inputs.nodes }}\" }\nsteps:\n  - id: a\n    title: x\n    why: x\n    actions:\n      - { id: one, do: \
                service.restart, with: { on: web-3, service: nginx } }\n";
    desk.write("grp.yaml", text);
    desk.types("hana", &["validate", "grp.yaml"]).exits(0);
    desk.types("hana", &["validate", "grp.yaml", "--set", "nodes=a,b,c"]).exits(0);
    desk.types("hana", &["validate", "grp.yaml", "--set", "nodes=a,b"]).exits(2).says("there is no target `web-3`");
}
