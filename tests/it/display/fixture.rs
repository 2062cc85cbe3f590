//! A small cutover with fixed ids and times, and what may happen to it.

use runbook::display::PlanOrigin;
use runbook::event::Event;
use runbook::journal::{ExecutorId, Holder, Record, RecordKind, Rest, RollbackTo, RunState};
use runbook::model::{
    ActionKind, ActionPath, Description, Expr, Failure, FailureKind, InputSpec, Millis, OnOverrun, Phase, Runbook,
    Step, StepAction, StepId, Value, ValueType, Values,
};
use runbook::plan::{Order, Plan};
use serde_json::json;
use std::collections::BTreeMap;

/// 2026-11-23 17:45:01 UTC.
pub(crate) const BEGIN: Millis = 1_795_455_901_000;

pub(crate) fn path(text: &str) -> ActionPath {
    text.parse().unwrap()
}

pub(crate) fn step_id(text: &str) -> StepId {
    text.parse().unwrap()
}

fn action(text: &str, kind: ActionKind, with: &[(&str, Expr)]) -> StepAction {
    let with = with.iter().map(|(name, it)| ((*name).to_owned(), it.clone())).collect();
    StepAction {
        path: path(text),
        kind,
        title: None,
        with,
        retry: Default::default(),
        deadline_s: None,
        usual_s: None,
        irreversible: None,
        needs: None,
        downtime: None,
    }
}

fn text(text: &str) -> Expr {
    Expr::parse_text(text).unwrap()
}

fn step(id: &str, title: &str, why: &str, site_down: bool, actions: Vec<StepAction>) -> Step {
    let order = ["stop-cron", "shut-down", "rds-multi-az", "clone-server", "check"];
    let number = 1 + order.iter().position(|known| *known == id).unwrap();
    let id = step_id(id);
    let needs = match number {
        1 => Vec::new(),
        2 | 3 => vec![step_id("stop-cron")],
        4 => vec![step_id("shut-down")],
        _ => vec![step_id("clone-server"), step_id("rds-multi-az")],
    };
    Step {
        id,
        number,
        title: title.into(),
        why: why.into(),
        site_down,
        needs,
        on_failure: runbook::model::OnFailure::Pause,
        actions,
    }
}

fn input(name: &str, value_type: ValueType) -> InputSpec {
    InputSpec { name: name.into(), value_type, about: String::new(), default: None }
}

pub(crate) fn runbook() -> Runbook {
    use ActionKind as K;
    let steps = vec![
        step(
            "stop-cron",
            "Stop the site's cron job",
            "A job that runs while the server is copied would be cut in \
             half, and would run twice once there are two servers.",
            false,
            vec![
                action(
                    "stop-cron/hide",
                    K::FileRename,
                    &[
                        ("on", text("web-1")),
                        ("from", text("/etc/cron.d/nextcloud-cron-php")),
                        ("to", text("/etc/cron.d/.nextcloud-cron-php")),
                    ],
                ),
                action(
                    "stop-cron/wait-gone",
                    K::ProcessWaitGone,
                    &[("on", text("web-1")), ("command", text("cron.php"))],
                ),
            ],
        ),
        step(
            "shut-down",
            "Shut the server down",
            "Its disk must not change while it is copied.",
            true,
            vec![action("shut-down/guest", K::InstanceShutDown, &[("on", text("web-1"))])],
        ),
        step(
            "rds-multi-az",
            "Make the database Multi-AZ",
            "",
            true,
            vec![action(
                "rds-multi-az/modify",
                K::RdsSetMultiAz,
                &[("db", text("${{ inputs.db }}")), ("multi_az", Expr::Literal(json!(true)))],
            )],
        ),
        step(
            "clone-server",
            "Clone the server",
            "The second server is the first one's copy in another zone.",
            false,
            vec![
                action(
                    "clone-server/create-image",
                    K::ImageCreate,
                    &[("instance", text("${{ inputs.instance }}")), ("name", text("nc-${{ run.id }}"))],
                ),
                action(
                    "clone-server/run",
                    K::InstanceClone,
                    &[
                        ("image", text("${{ steps.clone-server.create-image.image }}")),
                        ("like", text("${{ inputs.instance }}")),
                        ("subnet", text("subnet-0c1d2e3f")),
                        ("instance_type", text("t3.small")),
                        ("name", text("web-2")),
                    ],
                ),
                action(
                    "clone-server/start",
                    K::InstanceStartAs,
                    &[("instance", text("${{ inputs.instance }}")), ("instance_type", text("t3.small"))],
                ),
            ],
        ),
        step(
            "check",
            "Use the site as a user does",
            "",
            false,
            vec![
                action(
                    "check/record",
                    K::DnsPutCname,
                    &[
                        ("zone", text("external")),
                        ("name", text("_x.cloud.example.org")),
                        ("value", text("_y.acm.example")),
                    ],
                ),
                action(
                    "check/site",
                    K::NextcloudCheck,
                    &[
                        ("fqdn", text("${{ inputs.fqdn }}")),
                        ("user", text("check")),
                        ("password", text("${{ inputs.password }}")),
                    ],
                ),
            ],
        ),
    ];
    Runbook {
        name: "single-to-pair".into(),
        title: "One server becomes two".into(),
        about: "Makes of one web server a pair in two zones, and of its database a Multi-AZ one.".into(),
        region: Some(text("ap-northeast-1")),
        tags: None,
        site: None,
        guards: Vec::new(),
        on_overrun: OnOverrun::Pause,
        inputs: vec![
            input("db", ValueType::DbId),
            input("fqdn", ValueType::Fqdn),
            input("instance", ValueType::InstanceId),
            input("password", ValueType::Secret),
            input("ranges", ValueType::List(Box::new(ValueType::Cidr))),
        ],
        targets: Vec::new(),
        left_out: Vec::new(),
        decided_by: Default::default(),
        preflight: Vec::new(),
        steps,
    }
}

pub(crate) fn plan(order: Order) -> Plan {
    let inputs = Values::from([
        ("db".to_owned(), json!("nextcloud")),
        ("fqdn".to_owned(), json!("cloud.example.org")),
        ("instance".to_owned(), json!("i-0123456789abcdef0")),
        ("password".to_owned(), json!({"env": "CHECK_PASSWORD"})),
        ("ranges".to_owned(), json!(["10.0.0.0/16", "10.1.0.0/16"])),
    ]);
    Plan::make(runbook(), inputs, Some("123456789012".into()), order).unwrap()
}

pub(crate) fn sentences(action: &ActionPath) -> Option<Description> {
    let (does, undo): (&str, &str) = match action.name() {
        "hide" => {
            ("rename `/etc/cron.d/nextcloud-cron-php` to `/etc/cron.d/.nextcloud-cron-php` on web-1", "rename it back")
        }
        "create-image" => ("make an image of `i-0123456789abcdef0`", "deregister the image and delete its snapshots"),
        "modify" => ("make `nextcloud` Multi-AZ", "make it single-AZ again"),
        "guest" => ("shut web-1 down", "start it, and wait for both status checks"),
        _ => return None,
    };
    Some(Description {
        parameters: Value::Null.into(),
        does: does.into(),
        undo: Some(undo.into()),
        changes: Vec::new(),
    })
}

pub(crate) fn executor() -> ExecutorId {
    ExecutorId { fence: 1, by: "hana".into(), host: "bastion".into(), pid: 4711 }
}

pub(crate) fn holder() -> Holder {
    Holder { by: "hana".into(), host: "bastion".into(), pid: 4711 }
}

/// Where the plan comes from.
pub(crate) fn origin() -> PlanOrigin {
    PlanOrigin {
        at: BEGIN,
        by: "hana".into(),
        fingerprint: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".into(),
        tool: "0.1.0".into(),
        until: None,
        permissions: None,
        file: None,
    }
}

/// The records of a run, made one after the other; each must be able to follow.
pub(crate) struct Story {
    pub(crate) records: Vec<Record>,
    pub(crate) events: Vec<Event>,
    pub(crate) state: RunState,
    pub(crate) now: Millis,
}

impl Story {
    pub(crate) fn open() -> Self {
        let kind = RecordKind::RunOpened {
            runbook: "single-to-pair".into(),
            document: "document".into(),
            fingerprint: "f1".into(),
            plan: Value::Null,
            by: "hana".into(),
            tool: "0.1.0".into(),
            source: None,
            inputs_from: None,
            plan_file: None,
            until: None,
        };
        let record = Record { run: "r20261123-174501-k3f9".parse().unwrap(), seq: 1, at: BEGIN, kind };
        let state = RunState::open(&record).unwrap();
        Self { events: vec![Event::Recorded(Box::new(record.clone()))], records: vec![record], state, now: BEGIN }
    }

    pub(crate) fn add(&mut self, after_ms: Millis, kind: RecordKind) -> &mut Self {
        self.now += after_ms;
        let record = Record { run: self.state.run.clone(), seq: self.state.seq + 1, at: self.now, kind };
        self.state = self.state.apply(&record).unwrap();
        self.events.push(Event::Recorded(Box::new(record.clone())));
        self.records.push(record);
        self
    }

    pub(crate) fn forward(&mut self) -> &mut Self {
        self.add(1_000, RecordKind::ForwardBegan { until: None, executor: executor() })
    }

    pub(crate) fn back(&mut self, to: RollbackTo) -> &mut Self {
        self.add(
            1_000,
            RecordKind::RollbackBegan { to, keeps: None, failed: Vec::new(), late: None, executor: executor() },
        )
    }

    pub(crate) fn note(&mut self, after_ms: Millis, action: &str, note: &str) -> &mut Self {
        self.now += after_ms;
        self.events.push(Event::Progress { action: path(action), note: note.into(), at: self.now });
        self
    }

    pub(crate) fn start(&mut self, action: &str) -> &mut Self {
        self.now += 400;
        let (at, action) = (self.now, path(action));
        self.events.push(Event::Working { action: action.clone(), phase: Phase::Observe, at });
        let attempt = self.state.action(&action).attempt() + 1;
        let (token, before, evidence) = ("t".into(), Value::Null, "it is not so yet".into());
        self.add(0, RecordKind::Started { action, attempt, token, before, evidence })
    }

    pub(crate) fn applied(&mut self, action: &str) -> &mut Self {
        self.add(600, RecordKind::Applied { action: path(action), outputs: Values::new() });
        self.events.push(Event::Working { action: path(action), phase: Phase::Verify, at: self.now });
        self
    }

    pub(crate) fn done(&mut self, after_ms: Millis, action: &str, evidence: &str) -> &mut Self {
        let (action, outputs, evidence) = (path(action), BTreeMap::new(), evidence.into());
        self.add(after_ms, RecordKind::Done { action, outputs, evidence })
    }

    pub(crate) fn whole(&mut self, action: &str, after_ms: Millis, evidence: &str) -> &mut Self {
        self.start(action).applied(action).done(after_ms, action, evidence)
    }

    pub(crate) fn fail(&mut self, action: &str, failure: Failure, again_ms: Option<Millis>) -> &mut Self {
        let retry_at = again_ms.map(|ms| self.now + ms);
        self.add(0, RecordKind::Failed { action: path(action), phase: Phase::Apply, failure, retry_at })
    }

    pub(crate) fn rest(&mut self, rest: Rest) -> &mut Self {
        self.add(10, RecordKind::Rested { rest })
    }

    /// As far as the clone's image: three steps done.
    pub(crate) fn three_steps() -> Self {
        let mut story = Self::open();
        story.forward().whole("stop-cron/hide", 20, "`/etc/cron.d/.nextcloud-cron-php` is there, the old name is not");
        story.whole("stop-cron/wait-gone", 30_000, "no process has `cron.php` in its command line");
        story.whole("shut-down/guest", 35_000, "EC2 says `stopped`").start("rds-multi-az/modify");
        story.applied("rds-multi-az/modify").note(2_000, "rds-multi-az/modify", "status modifying");
        story.note(10_000, "rds-multi-az/modify", "status modifying");
        story.note(10_000, "rds-multi-az/modify", "status available, Multi-AZ pending");
        story.note(1_000, "rds-multi-az/modify", "status modifying");
        story.done(618_000, "rds-multi-az/modify", "Multi-AZ, `available`, nothing pending");
        story
    }
}

pub(crate) fn throttled() -> Failure {
    Failure::transient("EC2 did not answer `CreateImage`").cause("connection reset by peer")
}

pub(crate) fn no_capacity() -> Failure {
    let message = "there is no capacity for `t3.small` in ap-northeast-1a";
    Failure::new(FailureKind::Permanent, message)
        .cause("InsufficientInstanceCapacity: we currently do not have sufficient t3.small capacity")
        .cause("InsufficientInstanceCapacity: we currently do not have sufficient t3.small capacity")
        .advise("`i-0123456789abcdef0` runs again with its old type, `t3.medium`; the site is not back yet")
        .advise("wait and `runbook resume`, or begin a run with another `instance_type`")
}
