//! What people say of runs, as they type it: given up, ended, allowed, begun again.

use crate::support::desk::{Desk, RUNBOOK};
use runbook::journal::{Holder, Journal, RecordKind};
use runbook::model::{ActionPath, RunId, Value, Values};
use runbook::plan::{Order, Plan};

const BY_HAND: &str = "we finish it by hand";

impl Desk {
    fn only_run(&self) -> String {
        let runs = self.runs();
        assert_eq!(runs.as_array().unwrap().len(), 1, "{runs}");
        runs[0]["run"].as_str().unwrap().to_owned()
    }

    fn json(&self, words: &[&str]) -> Value {
        let ran = self.types("hana", &[&["--format", "json"], words].concat()).exits(0);
        serde_json::from_str(&ran.stdout).unwrap()
    }

    /// A run whose first question is answered, and that waits at the second.
    fn has_asked_twice(&self) -> String {
        self.types("hana", &["run", "ask.yaml", "--yes"]).exits(4);
        let run = self.only_run();
        self.types("kim", &["approve", &run, "kim"]).exits(0);
        self.types("hana", &["resume"]).exits(4);
        run
    }

    /// A run that was killed before it began anything.
    fn has_begun_nothing(&self) -> String {
        self.has_a_run_of(RUNBOOK, &[])
    }

    /// A run of which this is recorded.
    fn has_a_run_of(&self, text: &str, more: &[RecordKind]) -> String {
        let runbook = runbook::validate::parse_runbook("ask", text).unwrap();
        let inputs = runbook::validate::parse_inputs(&runbook, None, &[]).unwrap();
        let opened = RecordKind::RunOpened {
            runbook: "ask".into(),
            document: text.into(),
            fingerprint: runbook::validate::fingerprint(text),
            plan: Plan::make(runbook, inputs, None, Order::Article).unwrap().to_value().unwrap(),
            by: "hana".into(),
            tool: "test".into(),
            source: None,
            inputs_from: None,
            plan_file: None,
            until: None,
        };
        let run: RunId = "r20260101-000000-dead".parse().unwrap();
        let mut journal = Journal::open(&self.path("state")).unwrap();
        let mut state = journal.open_run(&run, 1, opened).unwrap();
        for kind in more {
            (_, state) = journal.append(&state, None, 1, kind.clone()).unwrap();
        }
        run.to_string()
    }
}

#[test]
fn a_run_is_given_up_for_a_reason() {
    let desk = Desk::new();
    let run = desk.has_asked_twice();
    desk.types("otto", &["abandon", &run]).exits(2).says("--reason");
    desk.types("otto", &["abandon", &run, "--reason", " ", "--yes"]).exits(2).says("say why");
    let asked = desk.types("otto", &["abandon", &run, "--reason", BY_HAND]).exits(3).says("there is nobody to ask");
    asked.says("1 of 2 actions are done").says("second/otto");
    desk.types("otto", &["abandon", &run, "--reason", BY_HAND, "--yes"])
        .exits(0)
        .says(&format!("run {run} was abandoned"));

    let told = format!("was abandoned by otto: {BY_HAND}");
    desk.types("hana", &["status", &run]).exits(0).says(&told);
    desk.types("hana", &["log", &run]).exits(0).says(&format!("abandoned: by otto: {BY_HAND}"));
    desk.types("hana", &["log", &run, "--verify"]).exits(0);
    assert_eq!(desk.runs()[0]["condition"], "abandoned");
    assert_eq!(desk.json(&["status", &run])["next"], serde_json::json!([]));
    for words in [
        &["resume", &run][..],
        &["resume", &run, "--dry-run"],
        &["rollback", &run, "--to", "start", "--yes"],
        &["rollback", &run, "--to", "first", "--dry-run"],
        &["approve", &run, "otto"],
        &["resolve", &run, "second/otto", "--as", "done", "--reason", "seen"],
        &["abandon", &run, "--reason", "again", "--yes"],
    ] {
        desk.types("hana", words).exits(3).says(&told);
    }
    // Who names no run does not mean this one.
    desk.types("hana", &["resume"]).exits(2).says("every run has come to an end");
    desk.types("hana", &["run", "ask.yaml", "--yes"]).exits(4);
    desk.types("hana", &["status"]).exits(0).says("first");
    desk.types("hana", &["rollback", "--to", "start", "--yes"]).exits(0);
}

#[test]
fn a_run_that_is_executed_is_not_given_up() {
    let desk = Desk::new();
    let run = desk.has_asked_twice();
    let mut journal = Journal::open(&desk.path("state")).unwrap();
    let holder = Holder { by: "kim".into(), host: "here".into(), pid: std::process::id() };
    let lease = journal.lease(&run.parse().unwrap(), &holder, 1).unwrap();
    desk.types("otto", &["abandon", &run, "--reason", BY_HAND, "--yes"]).exits(3).says("is being executed by kim");
    drop(lease);
    desk.types("otto", &["abandon", &run, "--reason", BY_HAND, "--yes"]).exits(0);
}

/// What was not shown is not given up.
#[test]
fn a_run_that_goes_on_meanwhile_is_not_given_up() {
    let desk = Desk::new();
    let run = desk.has_asked_twice();
    let asked = desk.types_at_a_terminal("kim", &["abandon", &run, "--reason", "late"]).shows("Type `yes`");
    desk.types("otto", &["approve", &run, "otto"]).exits(0);
    asked.answers("yes").exits(3).says("has gone on since this was shown");
    desk.types("otto", &["resume"]).exits(0);
    desk.types("otto", &["abandon", &run, "--reason", BY_HAND, "--yes"]).exits(3).says("is finished");
}

/// Killed before it began anything: it can be ended, and is in nobody's way.
#[test]
fn a_run_in_which_nothing_was_done_can_be_ended() {
    let desk = Desk::new();
    let dead = desk.has_begun_nothing();
    desk.types("hana", &["status"]).exits(0).says(&format!("runbook rollback {dead} --to start"));
    desk.types("hana", &["run", "ask.yaml", "--yes"]).exits(4);
    desk.types("hana", &["status"]).exits(2).says("2 runs have not come to an end").says("runbook abandon RUN");
    desk.types("hana", &["rollback", &dead, "--to", "first", "--yes"]).exits(3).says("it has not come there");
    desk.types("hana", &["rollback", &dead, "--to", "start", "--dry-run"]).exits(0).says("nothing is to be undone");
    desk.types("hana", &["rollback", &dead, "--to", "start"]).exits(3).says("there is nobody to ask");
    desk.types("hana", &["rollback", &dead, "--to", "start", "--yes"]).exits(0).says("is rolled back");
    desk.types("hana", &["status"]).exits(0).says("waits for a person");
    desk.types("hana", &["rollback", &dead, "--to", "start", "--yes"]).exits(3).says("nothing is to be undone");
}

/// A run with a command that cannot be undone, and what came before and after it.
fn beyond_recall(desk: &Desk) -> String {
    let step = |id: &str, more: &str| {
        let with = "with: { on: here, argv: [\"true\"]";
        format!(
            "  - id: {id}\n    title: x\n    why: x\n    actions:\n      - {{ id: it, do: ssh.run, {with}{more} }}\n"
        )
    };
    let text = "runbook: ask\ntitle: x\nabout: x\ntargets:\n  here: { host: here }\nsteps:\n".to_owned()
        + &step("before", ", undo: [\"true\"] }")
        + &step("purge", " }, irreversible: the old files are of no use")
        + &step("after", ", undo: [\"true\"] }");
    let done = |step: &str| {
        let action: ActionPath = format!("{step}/it").parse().unwrap();
        let (outputs, evidence, token) = (Values::new(), "x".to_owned(), "t".to_owned());
        let before = Value::from("b");
        [
            RecordKind::Started { action: action.clone(), attempt: 1, token, before, evidence: evidence.clone() },
            RecordKind::Applied { action: action.clone(), outputs: outputs.clone() },
            RecordKind::Done { action, outputs, evidence },
        ]
    };
    desk.has_a_run_of(&text, &["before", "purge", "after"].map(done).concat())
}

#[test]
fn a_way_back_that_would_end_at_what_cannot_be_undone_is_refused_before_anything_is_undone() {
    let desk = Desk::new();
    let run = beyond_recall(&desk);
    let back = |more: &[&str]| desk.types("hana", &[&["rollback", &run, "--to", "start", "--yes"], more].concat());
    back(&[])
        .exits(3)
        .says("nothing was changed")
        .says("`purge/it` cannot be undone: the old files are of no use")
        .says(&format!("runbook rollback {run} --to purge"))
        .says(&format!("runbook rollback {run} --to start --leave purge/it"));
    back(&["--leave", "no/such"]).exits(2).says("has no action `no/such`");
    let dry = back(&["--leave", "purge/it", "--dry-run"]).exits(0);
    assert!(dry.stdout.contains("after/it") && dry.stdout.contains("before/it"), "{}", dry.stdout);
    assert!(!dry.stdout.contains("purge/it:"), "{}", dry.stdout);
    desk.types("hana", &["rollback", &run, "--to", "purge", "--dry-run"]).exits(0).says("after/it");
    desk.types("hana", &["rollback", &run, "--to", "no-such", "--yes"]).exits(2);
}

#[test]
fn what_waits_is_no_doubt_and_what_is_approved_waits_for_nobody() {
    let desk = Desk::new();
    desk.types("hana", &["run", "ask.yaml", "--yes"]).exits(4);
    let run = desk.only_run();
    let words = || {
        let status = desk.json(&["status"]);
        let step = &status["steps"][0];
        let word = |of: &Value| of["state"].as_str().unwrap().to_owned();
        let next = status["next"].as_array().unwrap().iter().map(|it| it["command"].as_str().unwrap().to_owned());
        (
            word(step),
            word(&step["actions"][0]),
            status["condition"].as_str().unwrap().to_owned(),
            next.collect::<Vec<_>>(),
        )
    };
    let (step, action, condition, next) = words();
    assert_eq!((step.as_str(), action.as_str(), condition.as_str()), ("waits", "waits", "waits for a person"));
    assert_eq!(next[0], format!("runbook approve {run} kim"));
    let text = desk.types("otto", &["status"]).exits(0).stdout;
    assert!(!text.contains("in doubt"), "{text}");

    desk.types("otto", &["approve", &run, "kim", "--reject"]).exits(0);
    assert_eq!(words().0, "waits");
    desk.types("otto", &["approve", &run, "kim"]).exits(0);
    let (step, action, condition, next) = words();
    assert_eq!((step.as_str(), action.as_str(), condition.as_str()), ("approved", "approved", "approved"));
    assert_eq!(next[0], format!("runbook resume {run}"));
    let text = desk.types("otto", &["status"]).exits(0).stdout;
    assert!(!text.contains("in doubt") && !text.contains("runbook approve"), "{text}");
    assert_eq!(desk.runs()[0]["condition"], "approved");
}

/// Runs a command on a host that nobody reaches, and asks what it said.
const SAYS: &str = "runbook: says\ntitle: ask what a command said\nabout: It asks.\ntargets:\n  away: { host: no-such-host.invalid }\n\
                    steps:\n  - id: first\n    title: run\n    why: To know.\n    actions:\n      - id: run\n        do: ssh.run\n        \
                    with: { on: away, argv: [hostname], check: [\"true\"], undo: [\"true\"] }\n  - id: second\n    \
                    title: ask\n    why: To be sure.\n    actions:\n      - id: otto\n        do: gate.approve\n        \
                    with: { prompt: \"is it ${{ steps.first.run.stdout }}?\" }\n";

#[test]
fn a_command_that_may_still_run_is_told_when_its_run_is_given_up() {
    let desk = Desk::new();
    desk.write("ask.yaml", SAYS);
    let action: ActionPath = "first/run".parse().unwrap();
    let (token, before, evidence) = ("t".to_owned(), serde_json::json!({"settled": 0}), String::new());
    let run = desk.has_a_run_of(
        SAYS,
        &[
            RecordKind::Started { action: action.clone(), attempt: 1, token, before, evidence },
            RecordKind::Applied { action, outputs: Values::new() },
        ],
    );
    desk.types("otto", &["abandon", &run, "--reason", BY_HAND])
        .exits(3)
        .says("may still run: on away")
        .says("[ -e $c/status ] || kill -- -$(cut -d' ' -f1 $c/group); done");
}

/// What is done by a person's word gives what later actions need, or it is not done.
#[test]
fn what_is_said_to_be_done_gives_what_is_needed() {
    let desk = Desk::new();
    desk.write("ask.yaml", SAYS);
    let action: ActionPath = "first/run".parse().unwrap();
    let (token, before, evidence) = ("t".to_owned(), Value::Null, String::new());
    let started = RecordKind::Started { action, attempt: 1, token, before, evidence };
    let run = desk.has_a_run_of(SAYS, &[started]);
    let resolve =
        |more: &[&str]| desk.types("kim", &[&["resolve", &run, "first/run", "--reason", "seen"], more].concat());
    let refused = resolve(&["--as", "done"]).exits(3).says("`stdout` is not known, and is used by `second/otto`");
    refused.says(&format!("runbook resolve {run} first/run --as done --reason \"...\" --output stdout=STRING"));
    resolve(&["--as", "done", "--output", "stdin=it"]).exits(2).says("it gives: stdout");
    resolve(&["--as", "not-done", "--output", "stdout=it"]).exits(2).says("only what is done gives something");
    resolve(&["--as", "done", "--output", "stdout=web-1"]).exits(0).says("and gives stdout = web-1");
    desk.types("hana", &["log", &run]).exits(0).says("stdout = web-1");
    desk.types("hana", &["resume", &run]).exits(4).says("is it web-1?");
}

/// Asks three people.
fn three() -> String {
    let third = "  - id: third\n    title: ask the third\n    why: To end.\n    actions:\n      - id: ida\n        \
                 do: gate.approve\n        with:\n          prompt: is it at last?\n";
    format!("{RUNBOOK}{third}")
}

#[test]
fn a_nearer_place_to_rest_takes_no_bound_away() {
    let desk = Desk::new();
    desk.write("ask.yaml", &three());
    desk.types("hana", &["plan", "ask.yaml", "--until", "second", "--out", "plan.json"]).exits(0);
    desk.types("hana", &["run", "--plan", "plan.json", "--yes"]).exits(4).says("rests after step 2, second");
    let run = desk.only_run();
    desk.types("kim", &["approve", &run, "kim"]).exits(0);
    desk.types("hana", &["resume", "--until", "first"]).exits(0).says("rests after step 2, second");
    desk.types("hana", &["resume"]).exits(4).says("rests after step 2, second");
    desk.types("otto", &["approve", &run, "otto"]).exits(0);
    desk.types("hana", &["resume"]).exits(0).says("rests after step 2, second");
    // It has come there.
    desk.types("hana", &["resume"]).exits(4).says("is it at last?");
    // Taken back to before it, it is bound again.
    desk.types("hana", &["rollback", "--to", "first", "--yes"]).exits(0);
    desk.types("hana", &["resume"]).exits(4).says("rests after step 2, second");
    // Further is as far as it is said.
    desk.types("hana", &["resume", "--until", "third"]).exits(4).says("rests after step 3, third");
}

/// Taken back wholly, a run begins again as a new one does: shown, and asked for.
#[test]
fn what_was_taken_back_wholly_is_shown_and_asked_for_again() {
    let desk = Desk::new();
    let run = desk.has_asked_twice();
    desk.types("hana", &["rollback", "--to", "start", "--yes"]).exits(0).says("looks at the world, asks");
    let records = || desk.types("hana", &["log", &run]).exits(0).stdout;
    let before = records();
    desk.types("hana", &["resume"])
        .exits(2)
        .says("every run has come to an end")
        .says(&format!("runbook resume {run}"));
    let asked = desk.types("hana", &["resume", &run]).exits(3);
    asked.says("plan of `ask`").says("step 1 of 2").says("there is nobody to ask");
    desk.types("hana", &["resume", &run, "--dry-run"]).exits(0).says("plan of `ask`");
    assert_eq!(records(), before, "nothing was recorded");
    desk.types("hana", &["resume", &run, "--yes"]).exits(4).says("plan of `ask`").says("is the weather good?");
    desk.types("hana", &["rollback", "--to", "start", "--yes"]).exits(0);
    desk.types("hana", &["resume", &run, "--replan", "--yes"]).exits(4);
    desk.types("hana", &["rollback", "--to", "start", "--yes"]).exits(0);
    let asked = desk.types_at_a_terminal("hana", &["resume", &run]).shows("Type `yes`");
    asked.answers("yes").exits(4);
}

/// Somebody answers while a new plan is read: the new plan holds, and so does the answer.
#[test]
fn an_answer_does_not_spoil_a_new_plan() {
    let desk = Desk::new();
    desk.types("hana", &["run", "ask.yaml", "--yes"]).exits(4);
    let run = desk.only_run();
    desk.write("ask.yaml", &RUNBOOK.replace("is it?", "is it not?"));
    let asked = desk.types_at_a_terminal("hana", &["resume", "--replan"]).shows("Type `yes`");
    desk.types("kim", &["approve", &run, "kim"]).exits(0);
    asked.answers("yes").exits(4).says("is it not?");
}

#[test]
fn what_is_to_be_typed_finds_the_run_again() {
    let desk = Desk::new();
    let elsewhere = desk.path("else where");
    let elsewhere = elsewhere.to_str().unwrap();
    let rested = desk.types("hana", &["run", "ask.yaml", "--yes", "--state", "else where"]).exits(4);
    let typed = |stdout: &str, word: &str| {
        let line = stdout.lines().find(|line| line.starts_with(&format!("  runbook {word} "))).unwrap_or_else(|| {
            panic!("no `{word}` in what was said:\n{stdout}");
        });
        let words = line.trim().strip_prefix("runbook ").unwrap().replace(&format!("'{elsewhere}'"), "FOLDER");
        words.split(' ').map(|word| word.replace("FOLDER", elsewhere)).collect::<Vec<_>>()
    };
    for (word, code) in [("approve", 0), ("resume", 4)] {
        let words = typed(&rested.stdout, word);
        assert!(words.contains(&elsewhere.to_owned()), "{words:?}");
        desk.types("hana", &words.iter().map(String::as_str).collect::<Vec<_>>()).exits(code);
    }
    let status = desk.types("hana", &["status", "--state", elsewhere]).exits(0);
    assert!(typed(&status.stdout, "resume").contains(&elsewhere.to_owned()));
    // From the environment it comes to the next command by itself.
    let known = desk.types("hana", &["run", "ask.yaml", "--yes"]).exits(4);
    assert!(!typed(&known.stdout, "resume").contains(&"--state".to_owned()));
}

#[test]
fn a_run_need_not_be_named_in_full() {
    let desk = Desk::new();
    let asked = || desk.types("hana", &["run", "ask.yaml", "--yes"]).exits(4);
    asked();
    // The only one is meant, by its questions too.
    desk.types("kim", &["approve", "kim"]).exits(0);
    desk.types("hana", &["resume"]).exits(4);
    desk.types("kim", &["resolve", "second/otto", "--as", "done", "--reason", "by phone"]).exits(0);
    desk.types("hana", &["resume"]).exits(0);
    asked();
    let runs = desk.runs();
    let name = |n: usize| runs[n]["run"].as_str().unwrap().to_owned();
    let (newer, older) = (name(0), name(1));
    let end = |run: &str| run.rsplit('-').next().unwrap().to_owned();
    desk.types("hana", &["status", &end(&older)]).exits(0).says(&older);
    desk.types("hana", &["log", &end(&newer)]).exits(0);
    desk.types("kim", &["approve", &end(&newer), "kim"]).exits(0);
    desk.types("hana", &["abandon", &end(&newer), "--reason", "a try", "--yes"]).exits(0);
    // Both have come to an end: who only looks means the newest.
    desk.types("hana", &["status"]).exits(0).says(&newer);
    desk.types("hana", &["log"]).exits(0);
    desk.types("hana", &["rollback", "--to", "start", "--yes"]).exits(2).says("every run has come to an end");
    desk.types("hana", &["status", "nothing"]).exits(2).says("there is no run `nothing`");
    desk.types("kim", &["approve"]).exits(2).says("[RUN] GATE");
}

#[test]
fn a_yes_that_is_none_is_asked_for_again() {
    let desk = Desk::planned();
    desk.types_at_a_terminal("otto", &["sign", "plan.json"])
        .shows("Type `yes`")
        .types("y")
        .shows("in full")
        .answers("yes")
        .exits(0);
    let desk = Desk::planned();
    desk.types_at_a_terminal("otto", &["sign", "plan.json"]).shows("Type `yes`").answers("no").exits(3);
}
