//! Actions performed without an engine: one phase at a time, with what an engine would remember.

use runbook::access::{Access, Beat, BeatLine, Settings};
use runbook::action::{examine, perform};
use runbook::model::{
    ActionCall, ActionKind, ActionPath, CheckCall, CheckKind, CheckRow, Failure, Finding, Found, Outcome, Phase, Value,
    Values,
};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::rc::Rc;

/// A process with its connections.
pub(crate) struct Stage {
    access: Access,
    folder: tempfile::TempDir,
}

/// An action with what is remembered of it.
#[derive(Clone)]
pub(crate) struct Deed {
    pub(crate) call: ActionCall,
    looked: bool,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings {
            ssh_config: None,
            trust: None,
            poll: Settings::POLL,
            pace: runbook::model::Pace::times(1_000).unwrap(),
            work_dir: folder.path().to_path_buf(),
            kept_dir: std::env::temp_dir(),
        };
        Self { access: Access::new(settings), folder }
    }

    /// The same, with this ssh configuration for the operator's.
    pub(crate) fn with_ssh(self, config: &std::path::Path) -> Self {
        let settings = Settings { ssh_config: Some(config.to_path_buf()), ..self.access.settings().clone() };
        Self { access: Access::new(settings), folder: self.folder }
    }

    /// The same, asking this name server.
    pub(crate) fn asking(self, server: SocketAddr) -> Self {
        Self { access: self.access.with_name_server(server), folder: self.folder }
    }

    /// Performs one phase; answers the outcome and the notes that were shown.
    pub(crate) async fn perform(&self, deed: &Deed, phase: Phase) -> (Outcome, Vec<String>) {
        let mut call = deed.call.clone();
        call.phase = phase;
        let told = Rc::new(Told::default());
        let beat = Beat::new(call.action.clone(), Rc::clone(&told) as _);
        let outcome = perform(&call, &self.access, &beat).await;
        (outcome, told.0.take())
    }

    /// Makes one check, with the id `it`.
    pub(crate) async fn check(&self, kind: CheckKind, parameters: Value) -> Vec<CheckRow> {
        let region = Some(super::emulator::REGION.to_owned());
        examine(
            &CheckCall {
                id: "it".into(),
                kind,
                parameters: parameters.into(),
                region,
                ahead: runbook::model::Foresight::WithCommands,
            },
            &self.access,
        )
        .await
    }

    pub(crate) async fn observe(&self, deed: &Deed) -> Result<Finding, Failure> {
        match self.perform(deed, Phase::Observe).await.0 {
            Outcome::Observed(finding) => Ok(finding),
            Outcome::Failed(failure) => Err(failure),
            other => panic!("{other:?}"),
        }
    }

    /// Applies; remembers the outputs.
    pub(crate) async fn apply(&self, deed: &mut Deed) -> Result<(), Failure> {
        match self.perform(deed, Phase::Apply).await.0 {
            Outcome::Applied { outputs } => deed.call.outputs.extend(outputs),
            Outcome::Failed(failure) => return Err(failure),
            other => panic!("{other:?}"),
        }
        Ok(())
    }

    /// Verifies; remembers the outputs and answers the evidence.
    pub(crate) async fn verify(&self, deed: &mut Deed) -> Result<String, Failure> {
        match self.perform(deed, Phase::Verify).await.0 {
            Outcome::Verified { outputs, evidence } => {
                deed.call.outputs.extend(outputs);
                Ok(evidence)
            }
            Outcome::Failed(failure) => Err(failure),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn undo(&self, deed: &Deed) -> Result<String, Failure> {
        match self.perform(deed, Phase::Undo).await.0 {
            Outcome::Undone { evidence } | Outcome::UndoneAnew { evidence, .. } => Ok(evidence),
            Outcome::Failed(failure) => Err(failure),
            other => panic!("{other:?}"),
        }
    }

    /// Looks, and remembers the before-image as an engine does: that of the first look before an effect.
    pub(crate) async fn look(&self, deed: &mut Deed) -> Found {
        let finding = self.observe(deed).await.unwrap_or_else(|failure| panic!("{}: {failure:?}", deed.call.action));
        if !std::mem::replace(&mut deed.looked, true) {
            deed.call.before = finding.before;
        }
        finding.found
    }

    /// From nothing to verified.
    pub(crate) async fn carry_out(&self, deed: &mut Deed) -> String {
        let found = self.look(deed).await;
        assert!(matches!(found, Found::Absent | Found::Otherwise), "{}: {found:?}", deed.call.action);
        self.apply(deed).await.unwrap_or_else(|failure| panic!("apply {}: {failure:?}", deed.call.action));
        self.verify(deed).await.unwrap_or_else(|failure| panic!("verify {}: {failure:?}", deed.call.action))
    }
}

impl Deed {
    /// An action of run `r1`.
    pub(crate) fn new(path: &str, kind: ActionKind, parameters: Value) -> Self {
        let call = ActionCall {
            run: "r1".parse().unwrap(),
            runbook: "move".into(),
            by: "hana".into(),
            action: path.parse().unwrap(),
            kind,
            phase: Phase::Observe,
            attempt: 1,
            generation: 0,
            parameters,
            before: Value::Null,
            outputs: Values::new(),
            tags: BTreeMap::from([("Owner".to_owned(), "tests".to_owned())]),
            region: Some(super::emulator::REGION.to_owned()),
            deadline_s: 20,
            approved: Vec::new(),
            ahead: None,
        };
        Self { call, looked: false }
    }

    /// The same action in another run: a stranger to ours.
    pub(crate) fn of_another_run(&self) -> Self {
        let mut call = self.call.clone();
        call.run = "r2".parse().unwrap();
        call.outputs = Values::new();
        call.before = Value::Null;
        Self { call, looked: false }
    }

    /// The same action after its process died before it could say what came of it.
    pub(crate) fn without_outputs(&self) -> Self {
        let mut call = self.call.clone();
        call.outputs = Values::new();
        Self { call, looked: self.looked }
    }

    pub(crate) fn output(&self, name: &str) -> String {
        let found = self.call.outputs.get(name).and_then(Value::as_str);
        found.unwrap_or_else(|| panic!("{} gave no `{name}`", self.call.action)).to_owned()
    }
}

/// What an action says while it waits.
#[derive(Default)]
struct Told(RefCell<Vec<String>>);

impl BeatLine for Told {
    fn note(&self, _action: &ActionPath, note: String) {
        self.0.borrow_mut().push(note);
    }

    fn is_cancelled(&self) -> bool {
        false
    }
}
