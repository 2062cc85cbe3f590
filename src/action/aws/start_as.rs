//! `instance.start-as`: gives a stopped instance another type and starts it. It is done when the instance runs: whether its guest
//! is well is for `instance.wait-checked` and the balancer's own check.
//!
//! Promise: a site does not stay down for a resize. When EC2 refuses the type, for whatever reason, the old one is put back
//! and started with, and the run rests. ModifyInstanceAttribute accepts much of what StartInstances then refuses. The same when EC2 accepts the start and gives up on it later (`pending` -> `stopped`): verify
//! reports that as passing, and from the third attempt on apply does not insist.

use super::claim::not_anothers;
use super::instance_checks::{Age, launch_ran_out, wait_running};
use super::instance_state::{cannot_start, described, is_lack, live, start, state, stop, type_of, zone_of};
use super::instance_stopped::wait_stopped;
use super::lack::CapacityLack;
use super::power::{power, running, starting, stopping};
use super::preview::{self, request, shown};
use crate::access::{Aws, AwsError};
use crate::action::{Applied, Context, Glance, Perform, Stop, Verified, wait_until};
use crate::model::{
    Advice, Change, Failure, FailureKind, Finding, Found, InstanceStartAs, Recourse, Resolution, Text, Values, tell,
};
use aws_sdk_ec2::types::{AttributeValue, Instance, InstanceStateName as State};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// How often a start is tried again when there is no capacity, one poll interval apart, before the old type is put back.
const CAPACITY_TRIES: u32 = 3;

/// Attempt from which a start that EC2 gave up on later is answered with the old type.
const LAST_ASYNC_ATTEMPT: u32 = 3;

#[derive(Debug, Serialize, Deserialize)]
struct Before {
    instance_type: String,
    state: String,
}

/// Why it does not run as wanted.
enum Trouble {
    /// This type cannot be had: the old one can.
    Type(AwsError),
    /// Something else.
    Other(Failure),
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Trouble::Other(failure)
    }
}

impl InstanceStartAs {
    fn id(&self) -> &str {
        self.instance.as_str()
    }

    /// The call that gives the stopped instance its type.
    fn resizing(&self) -> Change {
        let wanted = json!({"Value": self.instance_type});
        request("ec2:ModifyInstanceAttribute", [("InstanceId", shown(&self.instance)), ("InstanceType", wanted.into())])
    }

    /// The calls that are needed as things are.
    fn needed(&self, instance: &Instance) -> Vec<Change> {
        let mut calls = Vec::new();
        if type_of(instance) != self.instance_type.as_str() {
            if matches!(state(instance), State::Pending | State::Running) {
                calls.push(stopping(&self.instance));
            }
            calls.push(self.resizing());
        }
        calls.push(starting(&self.instance));
        calls
    }

    /// The type, once it is set on the stopped instance and reads back.
    async fn set_type(&self, cx: &Context<'_>, aws: &Aws, wanted: &str) -> Result<(), Trouble> {
        let id = self.id();
        if type_of(&live(aws, id).await?) == wanted {
            return Ok(());
        }
        let value = AttributeValue::builder().value(wanted).build();
        let answer = aws.write.ec2.modify_instance_attribute().instance_id(id).instance_type(value).send().await;
        if let Err(e) = answer {
            let error = AwsError::from(e);
            if CapacityLack::is_told_by(&error) {
                return Err(Trouble::Type(error));
            }
            let mut failure = error.failure(format!("cannot give instance `{id}` the type `{wanted}`"));
            if error.is(&["IncorrectInstanceState"]) {
                failure.kind = FailureKind::Busy;
            }
            return Err(failure.into());
        }
        wait_until(cx, &format!("instance `{id}` of type `{wanted}`"), async || {
            let instance = live(aws, id).await?;
            match type_of(&instance) {
                now if now == wanted => Ok(Glance::Done(())),
                now => Ok(Glance::NotYet(format!("`{id}` still reads `{now}`"))),
            }
        })
        .await?;
        Ok(())
    }

    /// Sets the type and starts; a lack of capacity is met with a few more tries.
    async fn start_as(&self, cx: &Context<'_>, aws: &Aws, wanted: &str) -> Result<(), Trouble> {
        self.set_type(cx, aws, wanted).await?;
        let mut tries = 0;
        loop {
            let error = match start(aws, self.id()).await {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            tries += 1;
            if !CapacityLack::is_told_by(&error) {
                return Err(cannot_start(&error, self.id()).into());
            }
            if !is_lack(&error) || tries > CAPACITY_TRIES || cx.time_left().is_zero() {
                return Err(Trouble::Type(error));
            }
            let code = error.code.as_deref().unwrap_or_default();
            cx.beat().beat(format!("no capacity for `{wanted}` ({code}), trying again"))?;
            cx.pause().await;
        }
    }

    /// Puts the old type back and starts with it; the failure that tells how that went.
    async fn fall_back(&self, cx: &Context<'_>, aws: &Aws, old: &str, lack: CapacityLack) -> Failure {
        let (id, wanted) = (self.id(), &self.instance_type);
        let back = async {
            self.set_type(cx, aws, old).await?;
            start(aws, id).await.map_err(Trouble::Type)?;
            Ok::<_, Trouble>(wait_running(cx, aws, id, Age::Known).await?)
        };
        let told = lack.told(id, wanted.as_str());
        let again = lack.advice(id, wanted.as_str());
        match back.await {
            Ok(_) => Failure::permanent(format!("{told}: `{id}` runs again as `{old}`"))
                .cause(lack.said())
                .advise(again)
                .advise(
                    Advice::way(Recourse::Resolve(cx.call().action.clone(), Resolution::Done))
                        .then(Recourse::Resume)
                        .which(format!("goes on with `{old}`")),
                )
                .advise(Advice::way(Recourse::TakeBack(None)).which("takes it back")),
            Err(trouble) => {
                let failure = match trouble {
                    Trouble::Type(error) => cannot_start(&error, id),
                    Trouble::Other(failure) => failure,
                };
                // While the site is down it is worth another attempt, unless the operator said stop.
                let kind = match failure.kind {
                    FailureKind::Deadline | FailureKind::Permanent | FailureKind::Refused => FailureKind::Permanent,
                    again => again,
                };
                let told = format!("{told}, and `{id}` does not run as `{old}` either yet");
                let told =
                    Failure::new(kind, told).cause(lack.said()).cause(failure.message).advise(Advice::then_resume(
                        format!("look at it (`aws ec2 describe-instances --instance-ids {id}`) and start it by hand"),
                    ));
                let told = failure.causes.into_iter().fold(told, Failure::cause);
                failure.advice.into_iter().fold(told, Failure::advise)
            }
        }
    }

    /// The instance, stopped: one that runs as another type is stopped for it.
    async fn stopped(&self, cx: &Context<'_>, aws: &Aws) -> Result<Instance, Failure> {
        let mut instance = live(aws, self.id()).await?;
        not_anothers(cx, aws, &instance).await?;
        if state(&instance) == State::Pending {
            instance = wait_running(cx, aws, self.id(), Age::Known).await?;
        }
        if state(&instance) == State::Running {
            stop(aws, self.id()).await?;
        }
        if state(&instance) != State::Stopped {
            instance = wait_stopped(cx, aws, self.id()).await?;
        }
        Ok(instance)
    }

    fn outputs(&self, before: &Before) -> Values {
        Values::from([("previous_type".into(), json!(before.instance_type))])
    }
}

impl Perform for InstanceStartAs {
    const OBSERVE_PERMISSIONS: &'static [&'static str] = &["ec2:DescribeInstances"];
    const PERMISSIONS: &'static [&'static str] = &[
        "ec2:DescribeInstances",
        "ec2:DescribeSecurityGroups",
        "ec2:ModifyInstanceAttribute",
        "ec2:StartInstances",
        "ec2:StopInstances",
    ];
    const UNDO_PERMISSIONS: &'static [&'static str] =
        &["ec2:DescribeSecurityGroups", "ec2:ModifyInstanceAttribute", "ec2:StopInstances"];

    fn sentence(&self) -> Text {
        tell!("start instance `{}` as `{}`", self.instance, self.instance_type)
    }

    fn undo_sentence(&self) -> Option<Text> {
        Some(tell!("stop instance `{}` and give its old type back; it stays stopped", self.instance))
    }

    fn changes(&self) -> Vec<Change> {
        vec![self.resizing(), starting(&self.instance)]
    }

    async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        let aws = cx.aws().await?;
        let instance = live(&aws, self.id()).await?;
        let as_wanted = type_of(&instance) == self.instance_type.as_str();
        let found = match state(&instance) {
            State::Pending if as_wanted => Found::InProgress,
            State::Running if as_wanted => Found::Holds,
            State::Pending | State::Running | State::Stopping | State::Stopped => Found::Otherwise,
            _ => Found::Unknown,
        };
        let before = Before { instance_type: type_of(&instance).to_owned(), state: state(&instance).to_string() };
        let evidence = format!("a {}; {}", before.instance_type, described(&instance));
        let mut facts = power(&instance);
        facts.insert(preview::type_of(self.id()), before.instance_type.clone());
        Ok(Finding {
            outputs: self.outputs(&before),
            before: json!(before),
            changes: if found == Found::Otherwise { self.needed(&instance) } else { Vec::new() },
            facts,
            ..Finding::new(found, false, evidence)
        })
    }

    async fn apply(&self, cx: &Context<'_>) -> Result<Applied, Stop> {
        let aws = cx.aws().await?;
        let before: Before = cx.before()?;
        let wanted = self.instance_type.as_str();
        let now = live(&aws, self.id()).await?;
        if type_of(&now) == wanted && matches!(state(&now), State::Pending | State::Running) {
            return Ok(self.outputs(&before));
        }
        let instance = self.stopped(cx, &aws).await?;
        let old = match type_of(&instance) {
            now if now == wanted => before.instance_type.as_str(),
            now => now,
        };
        let gave_up = type_of(&instance) == wanted && launch_ran_out(&instance);
        if gave_up && old != wanted && cx.call().attempt >= LAST_ASYNC_ATTEMPT {
            return Err(self
                .fall_back(
                    cx,
                    &aws,
                    old,
                    CapacityLack::Capacity { said: described(&instance), zone: zone_of(&instance).to_owned() },
                )
                .await
                .into());
        }
        match self.start_as(cx, &aws, wanted).await {
            Ok(()) => Ok(self.outputs(&before)),
            Err(Trouble::Other(failure)) => Err(failure.into()),
            Err(Trouble::Type(error)) if old == wanted => Err(cannot_start(&error, self.id()).into()),
            Err(Trouble::Type(error)) => {
                Err(self.fall_back(cx, &aws, old, CapacityLack::of(&error, zone_of(&instance))).await.into())
            }
        }
    }

    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        let aws = cx.aws().await?;
        // Without one it was joined on its way up, and this run changed nothing.
        let before: Option<Before> = if cx.call().before.is_null() { None } else { Some(cx.before()?) };
        let instance = wait_running(cx, &aws, self.id(), Age::Known).await.map_err(|failure| {
            // Accepted and given up on later: the next attempts try again, then put the old type back.
            match failure.kind {
                kind if kind.may_pass() => failure.advise(Advice::resume(format!(
                    "tries again, and puts the old type back when there is still no capacity for `{}`",
                    self.instance_type
                ))),
                _ => failure,
            }
        })?;
        if type_of(&instance) != self.instance_type.as_str() {
            return Err(Failure::permanent(format!(
                "`{}` runs as `{}`, not as `{}`",
                self.instance,
                type_of(&instance),
                self.instance_type
            ))
            .advise(Advice::resume("stops it for a moment and tries again"))
            .into());
        }
        let evidence = format!("{}, a {}", running(&instance), type_of(&instance));
        let outputs = before.map(|before| self.outputs(&before)).unwrap_or_default();
        Ok(Verified { outputs, evidence })
    }

    async fn undo(&self, cx: &Context<'_>) -> Result<String, Stop> {
        let aws = cx.aws().await?;
        let before: Before = cx.before()?;
        let old = before.instance_type.as_str();
        if old == self.instance_type.as_str() && before.state != State::Stopped.as_str() {
            return Ok(format!("`{}` was a {old} and up before: left as it is", self.instance));
        }
        let now = live(&aws, self.id()).await?;
        if ![old, self.instance_type.as_str()].contains(&type_of(&now)) {
            return Err(Failure::refused(format!("`{}` is a {} now", self.instance, type_of(&now)))
                .cause(format!("this run made it a {} out of a {old}; somebody changed it since", self.instance_type))
                .advise(Advice::then_resume(format!("give it the type `{old}` by hand if that is meant")))
                .into());
        }
        self.stopped(cx, &aws).await?;
        self.set_type(cx, &aws, old).await.map_err(|trouble| match trouble {
            Trouble::Other(failure) => failure,
            Trouble::Type(error) => error.failure(format!("cannot give instance `{}` its old type", self.instance)),
        })?;
        Ok(format!("`{}` is stopped and a {old} again", self.instance))
    }
}
