//! Going on and going back as operators type it: what a later command keeps of what an earlier one was told.

use crate::support::desk::{Desk, RUNBOOK};
use runbook::journal::{ExecutorId, Journal, RecordKind, RollbackTo};
use runbook::model::{RunId, Value, Values};
use runbook::plan::{Order, Plan};

impl Desk {
    /// The only run's id.
    fn run(&self) -> String {
        self.runs()[0]["run"].as_str().unwrap().to_owned()
    }

    /// `resume` goes on and rests when the first step is done, and after that it asks the second person.
    fn rests_after_the_first_step(&self) {
        let run = self.run();
        self.types("otto", &["status"]).exits(0).says("; rests after step 1, first");
        self.types("kim", &["approve", &run, "kim"]).exits(0);
        self.types("otto", &["resume"]).exits(0).says("rests after step 1, first");
        self.types("otto", &["resume"]).exits(4).says("is it?");
        // It has come there: the bound is no bound any more.
        self.types("otto", &["resume"]).exits(4).says("is it?");
    }
}

#[test]
fn a_run_rests_where_it_was_told_to_whoever_resumes_it() {
    let desk = Desk::new();
    let begun = desk.types("hana", &["run", "ask.yaml", "--until", "first", "--yes"]).exits(4);
    begun.says("goes on once that is answered; rests after step 1, first");
    desk.types("otto", &["resume", "--dry-run"]).exits(0).says("rests after step 1, first");
    desk.rests_after_the_first_step();
}

#[test]
fn what_was_signed_to_rest_rests_there() {
    let desk = Desk::new();
    desk.types("hana", &["plan", "ask.yaml", "--until", "first", "--out", "plan.json"]).exits(0);
    desk.types("hana", &["run", "--plan", "plan.json", "--yes"]).exits(4);
    desk.rests_after_the_first_step();
}

#[test]
fn another_place_to_rest_takes_the_place_of_the_first() {
    let desk = Desk::new();
    desk.types("hana", &["run", "ask.yaml", "--until", "first", "--yes"]).exits(4);
    desk.types("hana", &["resume", "--until", "second"]).exits(4).says("rests after step 2, second");
    desk.types("kim", &["approve", &desk.run(), "kim"]).exits(0);
    desk.types("hana", &["resume"]).exits(4).says("is it?");
}

/// Where only another text of the runbook helps, `resume` alone is not all that is offered.
#[test]
fn a_runbook_that_must_be_changed_is_said_to_be_planned_anew() {
    let desk = Desk::new();
    let text = |shell: &str| {
        format!(
            "runbook: own\ntitle: t\nabout: a\nsteps:\n  - id: one\n    title: t\n    why: w\n    actions:\n      \
             - {{ id: it, do: local.run, with: {{ shell: \"{shell}\", undo: ':' }} }}\n"
        )
    };
    desk.write("own.yaml", &text("exit 3"));
    let failed = desk.types("hana", &["run", "own.yaml", "--allow-commands", "--yes"]).exits(1);
    failed.says("resolve").says("--as not-done").says("`resume --replan` as a changed runbook says it");
    let run = desk.run();
    desk.write("own.yaml", &text("true"));
    desk.types("hana", &["resolve", &run, "one/it", "--as", "not-done", "--reason", "it was a typo"]).exits(0);
    desk.types("hana", &["resume", "--replan", "--yes"]).exits(0).says("is finished");
    // What refuses before it begins anything needs no decision.
    let desk = Desk::new();
    let expects = |shell: &str| {
        format!(
            "runbook: own\ntitle: t\nabout: a\nsteps:\n  - id: one\n    title: t\n    why: w\n    actions:\n      \
             - {{ id: it, do: wait.for, deadline: 1s, with: {{ shell: \"{shell}\" }} }}\n"
        )
    };
    desk.write("own.yaml", &expects("false"));
    let failed = desk.types("hana", &["run", "own.yaml", "--allow-commands", "--yes"]).exits(1);
    failed.says("--replan").says("when the runbook must be changed");
    desk.write("own.yaml", &expects("true"));
    desk.types("hana", &["resume", "--replan", "--yes"]).exits(0).says("is finished");
}

/// A new runbook without the step at which the run was to rest does not make it run to the end, nor rest at once.
#[test]
fn a_place_to_rest_that_is_gone_is_asked_for() {
    let desk = Desk::new();
    desk.types("hana", &["run", "ask.yaml", "--until", "second", "--yes"]).exits(4);
    desk.write("ask.yaml", &desk.read("ask.yaml").replace("id: second", "id: other"));
    let gone = desk.types("hana", &["resume", "--replan", "--yes"]).exits(3);
    gone.says("was to rest after `second`, and the runbook has no such step now").says("--replan --until STEP");
    desk.types("hana", &["resume", "--replan", "--until", "other", "--yes"]).exits(4);
    // The new place stands for the one that is gone.
    let run = desk.run();
    desk.types("kim", &["approve", &run, "kim"]).exits(0);
    desk.types("hana", &["resume"]).exits(4).says("rests after step 2, other");
    desk.types("otto", &["approve", &run, "otto"]).exits(0);
    desk.types("hana", &["resume"]).exits(0).says("rests after step 2, other");
    desk.types("hana", &["resume"]).exits(0).says("is finished");
}

#[test]
fn a_run_that_was_planned_anew_with_other_inputs_keeps_them() {
    let desk = Desk::new();
    // Asks the second person with the input, so that something that has not begun can be planned anew.
    desk.write("ask.yaml", &desk.read("ask.yaml").replace("is ${{ inputs.what }} good?", "is all good?"));
    desk.write("ask.yaml", &desk.read("ask.yaml").replace("is it?", "is ${{ inputs.what }} good?"));
    desk.write("site.yaml", "what: the weather\n");
    for given in [&["--inputs", "site.yaml"][..], &["--set", "what=the weather"], &[]] {
        desk.types("hana", &[&["run", "ask.yaml", "--yes"], given].concat()).exits(4);
        let run = desk.run();
        let refused = desk.types("hana", &["resume", &run, "--set", "what=kim's sea"]).exits(3);
        refused
            .says("input `what` was \"the weather\", and is \"kim's sea\"")
            .says(&format!("`runbook resume {run} --replan --set 'what=kim'\\''s sea'` shows the new plan"));
        desk.types("hana", &["resume", &run, "--replan", "--set", "what=the sea", "--yes"]).exits(4);
        desk.types("hana", &["approve", &run, "kim"]).exits(0);
        desk.types("hana", &["resume", &run]).exits(4).says("is the sea good?");
        desk.types("hana", &["resume", &run, "--set", "what=the weather"]).exits(3).says("input `what` was");
    }
}

/// While a person reads what will be undone, somebody else goes on: what was not shown is not undone.
#[test]
fn a_rollback_undoes_what_was_shown_and_nothing_else() {
    let desk = Desk::new();
    desk.types("hana", &["run", "ask.yaml", "--yes"]).exits(4);
    let run = desk.run();
    let asked = desk.types_at_a_terminal("kim", &["rollback", "--to", "start"]).shows("Undo these 1 actions now?");
    desk.types("otto", &["approve", &run, "kim"]).exits(0);
    desk.types("otto", &["resume"]).exits(4).says("is it?");
    let refused = asked.answers("yes").exits(3).says("has gone on since this was shown");
    refused.says("now to be undone too: `second/otto`").says(&format!("runbook rollback {run} --to start"));
    desk.types("otto", &["status"]).exits(0).says("1 of 2 actions are done");
    // Nobody goes on: it is undone.
    let asked = desk.types_at_a_terminal("kim", &["rollback", "--to", "start"]).shows("Undo these 2 actions now?");
    asked.answers("yes").exits(0);
}

#[test]
fn a_rollback_follows_no_plan_that_was_replaced_meanwhile() {
    let desk = Desk::new();
    desk.types("hana", &["run", "ask.yaml", "--until", "first", "--yes"]).exits(4);
    let run = desk.run();
    desk.types("otto", &["approve", &run, "kim"]).exits(0);
    desk.types("otto", &["resume"]).exits(0);
    let asked = desk.types_at_a_terminal("kim", &["rollback", "--to", "start"]).shows("Undo these 1 actions now?");
    desk.write("ask.yaml", &desk.read("ask.yaml").replace("is it?", "is it not?"));
    desk.types("otto", &["resume", "--replan", "--until", "first", "--yes"]).exits(0);
    asked.answers("yes").exits(3).says("what had not run was planned anew");
    desk.types("otto", &["status"]).exits(0).says("1 of 2 actions are done");
}

/// What an executor that is at work needs, and what another look needs, is left to them.
#[test]
fn who_only_looks_takes_nothing_away_from_others() {
    let desk = Desk::new();
    desk.types("hana", &["run", "ask.yaml", "--yes"]).exits(4);
    let others = [desk.run(), "run-id-not-known-yet".to_owned()].map(|name| desk.path("state/work").join(name));
    for folder in &others {
        std::fs::create_dir_all(folder).unwrap();
    }
    desk.types("otto", &["resume", "--dry-run"]).exits(0);
    desk.types("otto", &["plan", "ask.yaml"]).exits(0);
    let left: usize = std::fs::read_dir(desk.path("state/work")).unwrap().count();
    assert!(others.iter().all(|folder| folder.exists()) && left == 2);
}

/// Asks one person, then two things of sites, each with a password of its own.
const WITH_PASSWORDS: &str = "runbook: ask\ntitle: ask and look\nabout: It only looks.\ninputs:\n  \
    early: { type: secret, about: a password }\n  late: { type: secret, about: another }\nsteps:\n  - id: first\n    \
    title: ask\n    why: To know.\n    actions:\n      - id: kim\n        do: gate.approve\n        with: { prompt: is it? }\n\
    \u{20}     - id: early\n        do: nextcloud.check\n        \
    with: { fqdn: cloud.example.org, via: 127.0.0.1, user: kim, password: \"${{ inputs.early }}\" }\n  - id: second\n    \
    title: look\n    why: To be sure.\n    actions:\n      - id: late\n        do: nextcloud.check\n        \
    with: { fqdn: cloud.example.org, via: 127.0.0.1, user: kim, password: \"${{ inputs.late }}\" }\n";

/// A password that is not there is told before anything is done, not when it is needed; one that is not needed is not asked for.
#[test]
fn a_resume_asks_for_the_secrets_it_will_need() {
    let desk = Desk::new();
    desk.write("ask.yaml", WITH_PASSWORDS);
    let secret = |name: &str| format!("{name}={{\"command\": [\"cat\", \"{name}.secret\"]}}");
    for name in ["early.secret", "late.secret"] {
        desk.write(name, "a word\n");
    }
    let sets = [secret("early"), secret("late")];
    desk.types("hana", &["run", "ask.yaml", "--set", &sets[0], "--set", &sets[1], "--until", "first", "--yes"])
        .exits(4);
    let no = "late={\"command\": [\"false\", \"/vault/of/kim\"]}";
    let other = desk.types("hana", &["run", "ask.yaml", "--set", &sets[0], "--set", no, "--yes"]).exits(3);
    assert!(!other.stderr.contains("/vault/of/kim"), "{}", other.stderr);
    other.says("see why there is no output of `false`");
    std::fs::remove_file(desk.path("late.secret")).unwrap();
    desk.types("hana", &["resume"]).exits(4);
    for words in [&["resume", "--until", "second"][..], &["resume", "--until", "second", "--dry-run"]] {
        desk.types("hana", words).exits(3).says("nothing was changed: input `late` cannot be had");
    }
    std::fs::remove_file(desk.path("early.secret")).unwrap();
    let records = desk.types("hana", &["log"]).exits(0).stdout;
    desk.types("hana", &["resume"]).exits(3).says("input `early` cannot be had");
    assert_eq!(desk.types("hana", &["log"]).exits(0).stdout, records, "nothing was recorded");
    // The way back needs none.
    desk.types("hana", &["rollback", "--to", "start", "--yes"]).exits(0);
}

#[test]
fn a_resume_that_would_be_refused_is_not_said_to_go_on() {
    let desk = Desk::new();
    desk.types("hana", &["run", "ask.yaml", "--yes"]).exits(4);
    let look = |words: &[&str]| desk.types("otto", &[&["resume", "--dry-run"], words].concat());
    look(&[]).exits(0).says("goes on like this");
    look(&["--set", "what=the sea"]).exits(3).says("the inputs have changed since run");
    desk.write("ask.yaml", &desk.read("ask.yaml").replace("is it?", "is it not?"));
    look(&[]).exits(3).says("has changed since run");
}

/// How long things took is a comfort: it keeps nobody from what must be done now.
#[test]
fn a_run_that_cannot_be_read_stands_in_nobodys_way() {
    let desk = Desk::new();
    desk.types("hana", &["run", "ask.yaml", "--yes"]).exits(4);
    let broken = desk.run();
    let raw = rusqlite::Connection::open(desk.path("state/journal.db")).unwrap();
    raw.execute_batch("DROP TRIGGER records_are_not_changed; UPDATE records SET body = '{}' WHERE seq = 2").unwrap();
    drop(raw);
    desk.types("hana", &["status", &broken]).exits(1).says("cannot be understood");
    desk.types("hana", &["plan", "ask.yaml"]).exits(0);
    desk.types("hana", &["run", "ask.yaml", "--yes"]).exits(4);
    let run = desk.run();
    assert_ne!(run, broken);
    // Which of the two is meant, a person says.
    let unnamed = desk.types("hana", &["resume"]).exits(2);
    unnamed.says(&format!("{run} (ask)")).says(&format!("{broken} (it cannot be read)"));
    desk.types("hana", &["rollback", &run, "--to", "start", "--yes"]).exits(0);
}

/// What cannot count on the way back is refused, not left aside.
#[test]
fn the_way_back_takes_nothing_that_is_for_the_way_forward() {
    let desk = Desk::new();
    desk.types("hana", &["run", "ask.yaml", "--yes"]).exits(4);
    let run = desk.run();
    let mut journal = Journal::open(&desk.path("state")).unwrap();
    let state = journal.state(&run.parse().unwrap()).unwrap();
    let executor = ExecutorId { fence: 9, by: "hana".into(), host: "desk".into(), pid: 1 };
    let began =
        RecordKind::RollbackBegan { to: RollbackTo::Start, keeps: None, failed: Vec::new(), late: None, executor };
    journal.append(&state, None, 0, began).unwrap();
    drop(journal);
    for given in [&["--until", "first"][..], &["--set", "who=otto"], &["--inputs", "i.yaml"], &["--replan"]] {
        for command in [&["resume", &run][..], &["resume", &run, "--dry-run"]] {
            let typed = [command, given].concat();
            if typed.contains(&"--dry-run") && typed.contains(&"--replan") {
                continue;
            }
            desk.types("hana", &typed).exits(2).says(&format!("`{}` is for the way forward", given[0]));
        }
    }
    desk.types("hana", &["resume", &run]).exits(0).says("everything is undone");
}

/// What a resume would do has every form that a plan has; on its way back it is the rollback's.
#[test]
fn what_a_resume_would_do_has_every_form() {
    let desk = Desk::new();
    desk.types("hana", &["run", "ask.yaml", "--yes"]).exits(4);
    let run = desk.run();
    let form = |form: &str, words: &[&str]| desk.types("otto", &[&["--format", form], words].concat());
    form("markdown", &["resume", "--dry-run"]).exits(0).says("# ");
    form("markdown", &["resume"]).exits(2).says("`resume --dry-run`");
    let mut journal = Journal::open(&desk.path("state")).unwrap();
    let state = journal.state(&run.parse().unwrap()).unwrap();
    let executor = ExecutorId { fence: 9, by: "hana".into(), host: "desk".into(), pid: 1 };
    journal
        .append(
            &state,
            None,
            0,
            RecordKind::RollbackBegan { to: RollbackTo::Start, keeps: None, failed: Vec::new(), late: None, executor },
        )
        .unwrap();
    drop(journal);
    form("markdown", &["resume", "--dry-run"]).exits(0).says("# ");
    let resume = form("json", &["resume", "--dry-run"]).exits(0).stdout;
    assert_eq!(resume, form("json", &["rollback", "--to", "start", "--dry-run"]).exits(0).stdout);
}

fn plan_of(text: &str) -> Value {
    let runbook = runbook::validate::parse_runbook("ask", text).unwrap();
    let inputs = runbook::validate::parse_inputs(&runbook, None, &[]).unwrap();
    Plan::make(runbook, inputs, None, Order::Article).unwrap().to_value().unwrap()
}

impl Desk {
    /// Keeps a run in the journal whose second question was planned in its middle, and answered after seven seconds.
    fn has_answered_in_seven_seconds(&self) {
        let mut journal = Journal::open(&self.path("state")).unwrap();
        let (by, document, fingerprint) = ("hana".to_owned(), String::new(), String::new());
        let opened = RecordKind::RunOpened {
            runbook: "ask".into(),
            document: document.clone(),
            fingerprint: fingerprint.clone(),
            plan: plan_of(RUNBOOK.split("  - id: second").next().unwrap()),
            by: by.clone(),
            tool: "test".into(),
            source: None,
            inputs_from: None,
            plan_file: None,
            until: None,
        };
        let run: RunId = "r20260101-000000-test".parse().unwrap();
        let mut state = journal.open_run(&run, 1, opened).unwrap();
        let plan = plan_of(RUNBOOK);
        let replanned =
            RecordKind::Replanned { document, fingerprint, plan, by, source: None, inputs_from: None, until: None };
        let action = || "second/otto".parse().unwrap();
        let token = "t".to_owned();
        let started =
            RecordKind::Started { action: action(), attempt: 1, token, before: Value::Null, evidence: String::new() };
        let applied = RecordKind::Applied { action: action(), outputs: Values::new() };
        let done = RecordKind::Done { action: action(), outputs: Values::new(), evidence: String::new() };
        for (at, kind) in [(2, replanned), (1_000, started), (1_000, applied), (8_000, done)] {
            (_, state) = journal.append(&state, None, at, kind).unwrap();
        }
    }
}

#[test]
fn a_new_plan_has_the_durations_of_this_journal() {
    let desk = Desk::new();
    desk.has_answered_in_seven_seconds();
    desk.types("hana", &["run", "ask.yaml", "--yes"]).exits(4).says("usually 7 s (from 1 run here)");
    desk.write("ask.yaml", &RUNBOOK.replace("is it?", "is it not?"));
    let run = desk.run();
    desk.types("hana", &["resume", &run, "--replan", "--yes"]).exits(4).says("usually 7 s (from 1 run here)");
}

/// Who says no is told what that means, and how it is turned into a yes.
#[test]
fn a_refused_gate_is_not_said_to_go_on() {
    let desk = Desk::new();
    desk.types("hana", &["run", "ask.yaml", "--yes"]).exits(4);
    let run = desk.run();
    let refused = desk.types("otto", &["approve", &run, "kim", "--reject"]).exits(0);
    assert!(!refused.stdout.contains("resume"), "{}", refused.stdout);
    refused
        .says("gate `kim` is refused: `first/kim` is not done, and the run rests there")
        .says(&format!("runbook approve {run} kim allows it after all"))
        .says(&format!("runbook rollback {run} --to start"));
    let commands = |words: &[&str]| {
        let ran = desk.types("otto", &[&["--format", "json", "approve", &run, "kim"], words].concat()).exits(0);
        let told: Value = serde_json::from_str(&ran.stdout).unwrap();
        let next = told["next"].as_array().unwrap().iter().map(|next| next["command"].as_str().unwrap().to_owned());
        (told["answer"].as_str().unwrap().to_owned(), next.collect::<Vec<_>>())
    };
    let no = [format!("runbook approve {run} kim"), format!("runbook rollback {run} --to start")];
    assert_eq!(commands(&["--reject"]), ("refused".to_owned(), no.to_vec()));
    assert_eq!(commands(&[]), ("approved".to_owned(), vec![format!("runbook resume {run}")]));
}
