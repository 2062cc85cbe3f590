//! Pieces: steps of another file in the place of an `include`, the same as if they stood there.

use crate::support::desk::Desk;
use runbook::document::whole;
use runbook::model::{Runbook, Values};
use runbook::validate::{parse_runbook, parse_runbook_with};
use serde_json::json;

const HEAD: &str = "runbook: made\ntitle: t\nabout: a\ninputs:\n  on: { type: bool, about: o, default: true }\n  \
                    ports: { type: map, about: p, default: { web: 80 } }\n  word: { type: string, about: w, default: it }\n\
                    targets:\n  web-1: { host: a }\n  web-2: { host: b }\nsteps:\n";

const PIECE: &str = "piece: work\nabout: a\ninputs:\n  node: { type: target, about: n }\n  word: { type: string, about: w }\n  \
                     ports: { type: map, about: p, default: { web: 22 } }\n  deep: { type: bool, about: d, default: false }\nsteps:\n  \
                     - id: look\n    title: look\n    why: w\n    actions:\n      \
                     - { id: see, do: ssh.run, with: { on: \"${{ inputs.node }}\", argv: [echo, \"${{ inputs.word }}\"], reads: true } }\n  \
                     - id: do\n    title: do\n    why: w\n    needs: [look]\n    when: inputs.deep\n    actions:\n      \
                     - { id: so, do: ssh.run, needs: [look/see], with: { on: \"${{ inputs.node }}\", undo: \":\", \
                     argv: [\"${{ steps.look.see.stdout }}\", \"p-${{ inputs.ports.web }}\", \"${{ lower(inputs.word) }}\"] } }\n";

fn text(steps: &str, pieces: &[(&str, &str)]) -> String {
    let pieces: Vec<_> = pieces.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    whole(&format!("{HEAD}{steps}"), &pieces)
}

fn read(text: &str) -> Runbook {
    parse_runbook("main.yaml", text).unwrap_or_else(|problems| panic!("{}", problems.render(false)))
}

fn told(steps: &str, pieces: &[(&str, &str)]) -> String {
    parse_runbook("main.yaml", &text(steps, pieces)).unwrap_err().render(false)
}

#[test]
fn it_is_the_same_as_written_there() {
    let included = "  - include: work.yaml\n    id: a\n    with: { node: web-1, word: \"${{ inputs.word }}\", deep: true }\n  \
                    - include: work.yaml\n    id: b\n    needs: [a]\n    when: inputs.on\n    \
                    with: { node: web-2, word: X, ports: \"${{ inputs.ports }}\", deep: \"${{ inputs.on }}\" }\n";
    let by_hand = "  - id: a-look\n    title: look\n    why: w\n    actions:\n      \
                   - { id: see, do: ssh.run, with: { on: web-1, argv: [echo, \"${{ inputs.word }}\"], reads: true } }\n  \
                   - id: a-do\n    title: do\n    why: w\n    needs: [a-look]\n    when: true\n    actions:\n      \
                   - { id: so, do: ssh.run, needs: [a-look/see], with: { on: web-1, undo: \":\", \
                   argv: [\"${{ steps.a-look.see.stdout }}\", \"p-22\", \"${{ lower(inputs.word) }}\"] } }\n  \
                   - id: b-look\n    title: look\n    why: w\n    needs: [a-look, a-do]\n    when: inputs.on\n    actions:\n      \
                   - { id: see, do: ssh.run, with: { on: web-2, argv: [echo, X], reads: true } }\n  \
                   - id: b-do\n    title: do\n    why: w\n    needs: [b-look]\n    when: (inputs.on) and (inputs.on)\n    actions:\n      \
                   - { id: so, do: ssh.run, needs: [b-look/see], with: { on: web-2, undo: \":\", \
                   argv: [\"${{ steps.b-look.see.stdout }}\", \"p-${{ inputs.ports.web }}\", \"${{ lower(\\\"X\\\") }}\"] } }\n";
    let (included, by_hand) = (text(included, &[("work.yaml", PIECE)]), text(by_hand, &[]));
    assert_eq!(read(&included), read(&by_hand));
    for on in [true, false] {
        let given: Values = serde_json::from_value(json!({ "on": on, "ports": { "web": 80 }, "word": "w" })).unwrap();
        let with = |text: &str| parse_runbook_with("main.yaml", text, &given).unwrap();
        assert_eq!(with(&included), with(&by_hand));
        assert_eq!(with(&included).steps.len(), if on { 4 } else { 2 });
    }
}

#[test]
fn pieces_include_pieces_beside_them() {
    let outer = "piece: outer\nabout: a\ninputs:\n  node: { type: target, about: n }\nsteps:\n  \
                 - { include: work.yaml, id: in, with: { node: \"${{ inputs.node }}\", word: x } }\n";
    let pieces = [("parts/outer.yaml", outer), ("parts/work.yaml", PIECE)];
    let runbook = read(&text("  - { include: parts/outer.yaml, id: o, with: { node: web-1 } }\n", &pieces));
    let ids: Vec<&str> = runbook.steps.iter().map(|step| step.id.as_str()).collect();
    assert_eq!(ids, ["o-in-look", "o-in-do"]);
}

#[test]
fn what_is_wrong_is_told_where_it_is() {
    let work = [("work.yaml", PIECE)];
    for (steps, says) in [
        ("  - { include: wrok.yaml }\n", "there is no piece `wrok.yaml`"),
        ("  - { include: ../work.yaml }\n", "is not below the folder"),
        ("  - { include: work.yaml, with: { node: web-1 } }\n", "has no `word`: w"),
        ("  - { include: work.yaml, with: { node: web-1, word: x, wrod: y } }\n", "the piece has no input `wrod`"),
        ("  - { include: work.yaml, with: { node: web-1, word: [x] } }\n", "input `word` of the piece"),
        ("  - { include: work.yaml, with: { node: web-9, word: x } }\n", "there is no target `web-9`"),
        ("  - { include: work.yaml, title: x, with: { node: web-1, word: x } }\n", "unknown field `title`"),
        ("  - { include: work.yaml, id: A, with: { node: web-1, word: x } }\n", "expected an id"),
    ] {
        let told = told(steps, &work);
        assert!(told.contains(says), "{steps}: {told}");
    }
    // In the piece, with its own lines.
    let used = "  - { include: work.yaml, with: { node: web-1, word: x } }\n";
    let broken = PIECE.replace(
        "do: ssh.run, with: { on: \"${{ inputs.node }}\", argv: [echo",
        "do: ssh.rnu, with: { on: \"${{ inputs.node }}\", argv: [echo",
    );
    let inside = told(used, &[("work.yaml", &broken)]);
    assert!(inside.contains("--> work.yaml:13:") && inside.contains("did you mean `ssh.run`?"), "{inside}");
    let leaks = PIECE.replace("${{ lower(inputs.word) }}", "${{ lower(inputs.on) }}");
    let leaks = told(used, &[("work.yaml", &leaks)]);
    assert!(leaks.contains("the piece has no input `on`") && leaks.contains("--> work.yaml:"), "{leaks}");
    // Nothing is pasted into a script, a value that is written out neither.
    let script = "{ on: \"${{ inputs.node }}\", undo: \":\", shell: \"echo ${{ inputs.word }}\" }";
    let head = "{ id: so, do: ssh.run, needs: [look/see], with: ";
    let pasted = format!("{}{head}{script} }}\n", PIECE.split(head).next().unwrap());
    let pasted = told(
        "  - { include: work.yaml, with: { node: web-1, word: \"$(reboot)\", deep: true } }\n",
        &[("work.yaml", &pasted)],
    );
    assert!(pasted.contains("`shell` of action `do/so`") && pasted.contains("--> work.yaml:"), "{pasted}");
    let alone = parse_runbook("work.yaml", PIECE).unwrap_err();
    assert!(alone.count() == 1 && alone.render(false).contains("this is a piece"), "{}", alone.render(false));
    let circle = "piece: c\nabout: a\nsteps: [{ include: c.yaml }]\n";
    assert!(told("  - { include: c.yaml }\n", &[("c.yaml", circle)]).contains("in a circle"));
}

const MAIN: &str = "runbook: main\ntitle: t\nabout: a\nsteps:\n  - include: parts/say.yaml\n    id: one\n    with: { word: hello }\n  \
                    - include: parts/say.yaml\n    id: two\n    with: { word: again }\n";
const SAY: &str = "piece: say\nabout: a\ninputs:\n  word: { type: string, about: w }\nsteps:\n  - id: say\n    title: say\n    why: w\n    \
                   actions:\n      - { id: say, do: local.run, with: { shell: 'echo \"$WORD\" >>said', cwd: FOLDER, \
                   env: { WORD: \"${{ inputs.word }}\" }, undo: rm -f said } }\n";

fn desk() -> Desk {
    let desk = Desk::new();
    std::fs::create_dir(desk.path("parts")).unwrap();
    desk.write("main.yaml", MAIN);
    desk.write("parts/say.yaml", &SAY.replace("FOLDER", desk.path("").display().to_string().trim_end_matches('/')));
    desk
}

#[test]
fn a_run_has_its_pieces_in_its_journal_and_notices_when_one_changes() {
    let desk = desk();
    desk.types("hana", &["validate", "main.yaml"]).exits(0);
    desk.types("hana", &["run", "main.yaml", "--until", "one-say", "--yes"]).exits(0);
    assert_eq!(desk.read("said"), "hello\n");
    // A changed piece is a changed runbook.
    let changed = desk.read("parts/say.yaml").replace("title: say", "title: say it");
    desk.write("parts/say.yaml", &changed);
    let resumed = desk.types("hana", &["resume", "--yes"]).exits(3);
    assert!(resumed.stderr.contains("changed"), "{}", resumed.stderr);
    // Without the files the run goes on from its journal.
    std::fs::remove_file(desk.path("main.yaml")).unwrap();
    std::fs::remove_dir_all(desk.path("parts")).unwrap();
    desk.types("hana", &["resume", "--yes"]).exits(0);
    assert_eq!(desk.read("said"), "hello\nagain\n");
}

#[test]
fn a_piece_is_read_from_the_runbooks_folder_only() {
    let desk = desk();
    let elsewhere = tempfile::tempdir().unwrap();
    std::fs::rename(desk.path("parts/say.yaml"), elsewhere.path().join("say.yaml")).unwrap();
    let missing = desk.types("hana", &["validate", "main.yaml"]).exits(2);
    assert!(missing.stderr.contains("cannot read the piece `parts/say.yaml`"), "{}", missing.stderr);
    std::os::unix::fs::symlink(elsewhere.path().join("say.yaml"), desk.path("parts/say.yaml")).unwrap();
    let led = desk.types("hana", &["validate", "main.yaml"]).exits(2);
    assert!(led.stderr.contains("it leads to"), "{}", led.stderr);
    desk.write("main.yaml", &MAIN.replace("parts/say.yaml", "/etc/hostname"));
    let outside = desk.types("hana", &["validate", "main.yaml"]).exits(2);
    assert!(outside.stderr.contains("its path leads elsewhere"), "{}", outside.stderr);
}

/// A piece knows no inputs but its own, whatever the runbook's are called: lists and maps that are written out for it, too.
#[test]
fn what_is_written_out_for_a_piece_is_what_it_has() {
    let piece = "piece: work\nabout: a\ninputs:\n  list: { type: list(string), about: l }\n  cmd: { type: map, about: c }\n  \
                 word: { type: string, about: w }\nsteps:\n  - id: look\n    title: t\n    why: w\n    when: inputs.cmd.a == 'right'\n    actions:\n      \
                 - id: see\n        do: local.run\n        with:\n          reads: true\n          argv:\n            \
                 - \"${{ inputs.list[1] }}\"\n            - \"${{ join(inputs.list, ' ') }}\"\n            \
                 - \"${{ inputs.cmd['a'] }}\"\n            - \"p-${{ inputs.cmd.deep.er }}\"\n            \
                 - \"${{ default(inputs.cmd.a, 'other') }}\"\n            - \"${{ default(inputs.cmd.none, 'other') }}\"\n            \
                 - \"${{ lower(inputs.word) }}\"\n      \
                 - { id: \"each\", do: local.run, for_each: [a, b], with: { reads: true, argv: [\"${{ inputs.cmd[each] }}\"] } }\n";
    let head = "runbook: made\ntitle: t\nabout: a\ninputs:\n  list: { type: list(string), about: l, default: [wrong, wrong] }\n  \
                cmd: { type: map, about: c, default: { a: wrong, b: wrong, deep: { er: wrong } } }\n  word: { type: string, about: w, default: wrong }\n  \
                other: { type: string, about: o, default: RIGHT }\nsteps:\n";
    let literal = "{ list: [x, \"r-${{ inputs.other }}\"], cmd: { a: right, b: 7, deep: { er: it's \\\"so\\\" } }, word: \"It's \\\"q\\\"\" }";
    let steps = format!(
        "  - {{ include: work.yaml, id: i, with: {} }}\n",
        literal.replace("it's \\\"so\\\"", "\"it's \\\"so\\\"\"")
    );
    let pieces = [("work.yaml".to_owned(), piece.to_owned())];
    let runbook = read(&whole(&format!("{head}{steps}"), &pieces));
    let inputs = runbook::validate::parse_inputs(&runbook, None, &[]).unwrap();
    let outputs = std::collections::BTreeMap::new();
    let scope = runbook::model::Scope { run: None, inputs: &inputs, outputs: &outputs };
    let said: Vec<String> = runbook
        .actions()
        .map(|action| serde_json::to_string(&action.with["argv"].resolve(&scope).unwrap()).unwrap())
        .collect();
    let first = json!(["r-RIGHT", "x r-RIGHT", "right", "p-it's \"so\"", "right", "other", "it's \"q\""]).to_string();
    assert_eq!(said, [first.as_str(), "[\"right\"]", "[7]"]);
    // What cannot stand in a formula is told, and nothing of another name is taken in its place.
    for (given, says) in [
        ("word: \"a }} b\"", "a text with `}}` in it cannot stand in a formula"),
        ("word: \"a {} ${{ inputs.other }}\"", "a text with `{}` and with references"),
    ] {
        let steps = format!(
            "  - {{ include: work.yaml, with: {{ list: [x, y], cmd: {{ a: right, b: b, deep: {{ er: e }} }}, {given} }} }}\n"
        );
        let told = parse_runbook("main.yaml", &whole(&format!("{head}{steps}"), &pieces)).unwrap_err().render(false);
        assert!(told.contains(says), "{given}: {told}");
    }
    let steps = "  - { include: work.yaml, with: { list: [x], cmd: { a: right, b: b, deep: { er: e } }, word: w } }\n";
    let told = parse_runbook("main.yaml", &whole(&format!("{head}{steps}"), &pieces)).unwrap_err().render(false);
    assert!(told.contains("`[\"x\"]` has no item 1"), "{told}");
}
