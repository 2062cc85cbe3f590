//! What is measured: a runbook of so many steps that do nothing, its plan, and its records.

use runbook::engine::{CallId, Effect, Executor, Input, Intent};
use runbook::journal::{ExecutorId, Record, RecordKind, RunState};
use runbook::model::{ActionCall, Finding, Found, Outcome, Phase, Runbook, Values};
use runbook::plan::{Order, Plan};
use runbook::validate;
use std::fmt::Write;
use std::sync::Arc;

/// How many steps are measured.
pub const STEPS: [usize; 4] = [20, 200, 1_000, 10_000];

/// A document of so many steps, each with one command that does nothing, on one host.
pub fn document(steps: usize, host: &str) -> String {
    let mut text = format!("runbook: costs\ntitle: costs\nabout: costs\ntargets:\n  web: {{ host: {host} }}\nsteps:\n");
    for n in 1..=steps {
        writeln!(text, "  - id: s{n}\n    title: step {n}\n    why: to be measured\n    actions:").unwrap();
        writeln!(text, "      - {{ id: act, do: ssh.run, with: {{ on: web, argv: [\"true\"], undo: [\"true\"] }} }}")
            .unwrap();
    }
    text
}

/// The runbook of such a document.
pub fn runbook(steps: usize) -> Runbook {
    validate::parse_runbook("costs", &document(steps, "web")).unwrap()
}

/// Its plan.
pub fn plan(steps: usize, order: Order) -> Plan {
    Plan::make(runbook(steps), Values::new(), None, order).unwrap()
}

/// A run in memory: all goes well, and each record is durable at once.
#[derive(Clone)]
pub struct Run {
    pub executor: Executor,
    pub records: Vec<Record>,
    calls: Vec<(CallId, ActionCall)>,
    /// How many inputs the executor has had.
    pub events: usize,
}

impl Run {
    /// A run that has begun to go forward.
    pub fn begun(plan: &Arc<Plan>) -> Self {
        let first = Record {
            run: "r20260101-000000-cost".parse().unwrap(),
            seq: 1,
            at: 1,
            kind: RecordKind::RunOpened {
                runbook: plan.runbook.name.clone(),
                document: String::new(),
                fingerprint: String::new(),
                plan: plan.to_value().unwrap(),
                by: "bench".into(),
                tool: "bench".into(),
                source: None,
                inputs_from: None,
                plan_file: None,
                until: None,
            },
        };
        let state = RunState::open(&first).unwrap();
        let executor = Executor::new(Arc::clone(plan), state);
        let mut run = Self { executor, records: vec![first], calls: Vec::new(), events: 0 };
        let by = ExecutorId { fence: 1, by: "bench".into(), host: "here".into(), pid: 1 };
        run.says(Input::Began { intent: Intent::Forward { until: None }, by });
        run
    }

    /// A run of which this many calls have ended well.
    pub fn after(plan: &Arc<Plan>, calls: usize) -> Self {
        let mut run = Self::begun(plan);
        for _ in 0..calls {
            run.goes_on();
        }
        run
    }

    /// Takes the run to its end.
    pub fn ended(mut self) -> Self {
        while self.goes_on() {}
        self
    }

    /// What comes of the call that is on the table, which is taken from there.
    pub fn next_outcome(&mut self) -> Option<Input> {
        let (call, asked) = self.calls.pop()?;
        let (outputs, evidence) = (Values::new(), "`true` exited with 0".to_owned());
        let outcome = match asked.phase {
            Phase::Observe => Outcome::Observed(Finding::new(Found::Absent, false, "it has not been run")),
            Phase::Apply => Outcome::Applied { outputs },
            Phase::Verify => Outcome::Verified { outputs, evidence },
            Phase::Undo => Outcome::Undone { evidence },
        };
        Some(Input::Outcome { call, outcome })
    }

    fn goes_on(&mut self) -> bool {
        let Some(input) = self.next_outcome() else { return false };
        self.says(input);
        true
    }

    /// Tells the executor, and that each record it wants is durable.
    pub fn says(&mut self, input: Input) {
        let mut next = Some(input);
        while let Some(input) = next.take() {
            self.events += 1;
            for effect in self.executor.on(input, 1).unwrap() {
                match effect {
                    Effect::Append { record } => {
                        self.records.push(*record);
                        next = Some(Input::Appended);
                    }
                    Effect::Perform { id, call } => self.calls.push((id, *call)),
                    _ => {}
                }
            }
        }
    }
}
