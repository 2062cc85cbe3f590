//! The actions on instances, images and databases, against the emulated API: done twice is done once, a lost answer makes
//! no second one, undone twice is undone once, with and without outputs.

mod claim;
mod clone;
mod db_snapshot;
mod image;
mod look_up;
mod permissions;
mod power;
mod rds;
mod shut_down;
mod start_as;
mod waits;

use crate::support::emulator::{Emulator, REGION};
use crate::support::sent::Told;
use crate::support::stage::{Deed, Stage};
use aws_sdk_ec2::types::{Instance, Tag};
use runbook::access::Aws;
use runbook::model::{ActionKind, Failure, Finding, Found, Outcome, Phase, Value};
use serde_json::json;
use std::rc::Rc;

/// The account of before the cutover, a process at work on it, and a hand in it that is not the run's.
struct Account {
    lab: Emulator,
    seed: Value,
    aws: Aws,
    stage: Rc<Stage>,
}

/// An action under way.
struct Work {
    stage: Rc<Stage>,
    deed: Deed,
}

impl Account {
    /// The account with everything up; from then on every transitional state lasts a few looks.
    async fn new() -> Self {
        let lab = Emulator::here();
        lab.post("config", &json!({"ticks": 0}));
        let seed = lab.seed();
        lab.post("config", &json!({"ticks": 2}));
        let account = Self { lab, seed, aws: Aws::connect(REGION).await, stage: Rc::new(Stage::new()) };
        account.tag(&account.web(), "Team", "cloud").await;
        account
    }

    /// An action of run `r1`.
    fn work(&self, kind: ActionKind, path: &str, parameters: Value) -> Work {
        Work { stage: Rc::clone(&self.stage), deed: Deed::new(path, kind, parameters) }
    }

    /// An id of the seed.
    fn id(&self, name: &str) -> String {
        self.seed[name].as_str().unwrap_or_else(|| panic!("{name} in {}", self.seed)).to_owned()
    }

    /// The web server's id.
    fn web(&self) -> String {
        self.id("instance")
    }

    /// The next `times` calls of this action are refused.
    fn refuse(&self, (service, action): (&str, &str), code: &str, times: u32) {
        let fault = json!({"service": service, "action": action, "code": code, "times": times});
        self.lab.post("fault", &fault);
    }

    /// The next `times` calls of this action are refused for want of capacity, in AWS's way: as HTTP 500.
    fn no_room(&self, action: &str, times: u32) {
        let code = "InsufficientInstanceCapacity";
        let fault = json!({"service": "ec2", "action": action, "code": code, "times": times, "status": 500});
        self.lab.post("fault", &fault);
    }

    /// The next call of this action is carried out, and its answer lost.
    fn lose(&self, (service, action): (&str, &str)) {
        let code = "InternalError";
        let fault =
            json!({"service": service, "action": action, "code": code, "times": 1, "after": true, "status": 500});
        self.lab.post("fault", &fault);
    }

    /// An instance as the API shows it.
    async fn instance(&self, id: &str) -> Instance {
        let answer = self.aws.read.ec2.describe_instances().instance_ids(id).send().await.unwrap();
        answer.reservations()[0].instances()[0].clone()
    }

    /// An instance's state.
    async fn state(&self, id: &str) -> String {
        self.instance(id).await.state().unwrap().name().unwrap().to_string()
    }

    /// Stops the instance and waits until it is.
    async fn stop(&self, id: &str) {
        self.aws.write.ec2.stop_instances().instance_ids(id).send().await.unwrap();
        self.settle(id, "stopped").await;
    }

    /// Looks until the instance is in this state.
    async fn settle(&self, id: &str, state: &str) {
        for _ in 0..100 {
            if self.state(id).await == state {
                return;
            }
        }
        panic!("`{id}` did not become `{state}`");
    }

    /// Tags a resource as somebody else would.
    async fn tag(&self, id: &str, key: &str, value: &str) {
        let tag = Tag::builder().key(key).value(value).build();
        self.aws.write.ec2.create_tags().resources(id).tags(tag).send().await.unwrap();
    }
}

/// The value of a tag.
fn tag<'t>(tags: &'t [Tag], key: &str) -> Option<&'t str> {
    tags.iter().find(|t| t.key() == Some(key)).and_then(|t| t.value())
}

impl Work {
    /// The same action in another run.
    fn of_another_run(&self) -> Self {
        Self { stage: Rc::clone(&self.stage), deed: self.deed.of_another_run() }
    }

    /// Observes; the first before-image is kept, as an engine keeps it.
    async fn observe(&mut self) -> Finding {
        self.stage.look(&mut self.deed).await;
        self.stage.observe(&self.deed).await.unwrap()
    }

    async fn apply(&mut self) {
        self.stage.apply(&mut self.deed).await.unwrap();
    }

    async fn verify(&mut self) -> String {
        self.stage.verify(&mut self.deed).await.unwrap()
    }

    async fn undo(&mut self) -> String {
        self.stage.undo(&self.deed).await.unwrap()
    }

    /// Expects a phase to fail.
    async fn failure(&mut self, phase: Phase) -> Failure {
        match self.stage.perform(&self.deed, phase).await.0 {
            Outcome::Failed(failure) => failure,
            other => panic!("{phase:?} did not fail: {other:?}"),
        }
    }

    /// From nothing to verified, and found to hold.
    async fn forward(&mut self) -> String {
        let evidence = self.stage.carry_out(&mut self.deed).await;
        assert_eq!(self.observe().await.found, Found::Holds);
        evidence
    }

    /// The same on a smooth way, with exactly the requests that were told beforehand.
    async fn forward_as_told(&mut self) {
        let told = Told::of(&self.stage, &self.deed).await;
        self.forward().await;
        told.was_sent();
    }

    fn output(&self, name: &str) -> String {
        self.deed.output(name)
    }

    /// Forgets the outputs, as when the process died before they were recorded.
    fn forget_outputs(&mut self) {
        self.deed = self.deed.without_outputs();
    }
}
