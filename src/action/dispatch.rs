//! From a call to the action that carries it out.

use super::{Context, Perform, Stop, blot};
use crate::access::{Access, Beat};
use crate::model::{
    Action, ActionCall, ActionKind, Description, Failure, Finding, Foretold, LookAhead, Outcome, Phase,
};

macro_rules! dispatch {
    ($($kind:ident),+ $(,)?) => {
        // Boxed, one by one: the futures of AWS calls are large, and all kinds in one would not fit a thread's stack.
        async fn run(action: &Action, cx: &Context<'_>) -> Outcome {
            match action { $(Action::$kind(it) => Box::pin(phase(it, cx)).await,)+ }
        }

        async fn observe(action: &Action, cx: &Context<'_>) -> Outcome {
            match action { $(Action::$kind(it) => found(Box::pin(it.observe(cx)).await),)+ }
        }

        async fn given_up(action: &Action, cx: &Context<'_>) -> Result<Option<String>, Failure> {
            match action { $(Action::$kind(it) => Box::pin(it.give_up(cx)).await,)+ }
        }

        async fn cleared(action: &Action, cx: &Context<'_>) -> Result<(), Failure> {
            match action { $(Action::$kind(it) => Box::pin(it.clear(cx)).await,)+ }
        }

        fn description(action: &Action, parameters: Foretold) -> Description {
            match action { $(Action::$kind(it) => Description {
                parameters,
                does: it.sentence(),
                undo: it.undo_sentence(),
                changes: it.changes(),
            },)+ }
        }

        fn may_be_unknown(kind: ActionKind) -> &'static [&'static str] {
            use crate::model as m;
            match kind { $(ActionKind::$kind => <m::$kind as Perform>::MAY_BE_UNKNOWN,)+ }
        }

        /// The IAM actions observing a kind needs; they only read.
        #[must_use]
        pub fn observe_permissions(kind: ActionKind) -> &'static [&'static str] {
            use crate::model as m;
            match kind { $(ActionKind::$kind => <m::$kind as Perform>::OBSERVE_PERMISSIONS,)+ }
        }

        /// The IAM actions a kind needs: to go forward (observing included), and to undo beside observing.
        #[must_use]
        pub fn permissions(kind: ActionKind) -> (&'static [&'static str], &'static [&'static str]) {
            use crate::model as m;
            match kind { $(ActionKind::$kind => (<m::$kind as Perform>::PERMISSIONS, <m::$kind as Perform>::UNDO_PERMISSIONS),)+ }
        }
    };
}

dispatch! {
    FileRename,
    FileWrite,
    FileEdit,
    FileUpload,
    FileLink,
    ArchiveUnpack,
    ProcessWaitGone,
    ServiceStop,
    ServiceRestart,
    ServiceStart,
    ServiceReload,
    NginxOffloadTls,
    NginxDropIn,
    PhpSetConfig,
    CronVerifySingle,
    SshPinHostKey,
    HostClaim,
    HostRelease,
    SshRun,
    LocalRun,
    HttpRequest,
    WaitFor,
    GateApprove,
    InstanceLookUp,
    InstanceClaim,
    InstanceRelease,
    InstanceShutDown,
    InstanceStop,
    InstanceStart,
    InstanceStartAs,
    InstanceWaitChecked,
    ImageCreate,
    ImageWaitAvailable,
    InstanceClone,
    RdsSetMultiAz,
    RdsSnapshot,
    SecurityGroupCreate,
    SecurityGroupAdmit,
    TargetGroupCreate,
    TargetGroupRegister,
    TargetGroupDeregister,
    TargetGroupDelete,
    TargetGroupWaitHealthy,
    TargetGroupWaitOut,
    LoadBalancerCreate,
    ListenerCreateHttps,
    ListenerCreateRedirect,
    ListenerSplit,
    ListenerAddRule,
    ListenerRemoveRule,
    CertificateRequest,
    DnsPutCname,
    CertificateWaitIssued,
    DnsLowerTtl,
    DnsPointAtBalancer,
    HttpExpect,
    NextcloudCheck,
}

/// Carries out one phase of one action. Nothing of a call is unknown: JSON tells no such value.
pub async fn perform(call: &ActionCall, access: &Access, beat: &Beat) -> Outcome {
    match Action::decode(call.kind, &call.parameters.clone().into()) {
        Ok(action) => blot::outcome(run(&action, &Context::new(call, access, beat)).await),
        Err(error) => unusable(call, &error),
    }
}

/// Ends what an action has begun and what runs by itself; what came of that, where there is anything of the kind.
///
/// # Errors
/// When it cannot be ended, or its host cannot be reached.
pub async fn give_up(call: &ActionCall, access: &Access, beat: &Beat) -> Result<Option<String>, Failure> {
    given_up(&decoded(call)?, &Context::new(call, access, beat)).await
}

/// Removes what was kept of an action where it ran, and of its undo in that phase: its run has ended.
///
/// # Errors
/// When it cannot be removed, or its host cannot be reached.
pub async fn clear(call: &ActionCall, access: &Access, beat: &Beat) -> Result<(), Failure> {
    cleared(&decoded(call)?, &Context::new(call, access, beat)).await
}

fn decoded(call: &ActionCall) -> Result<Action, Failure> {
    Action::decode(call.kind, &call.parameters.clone().into()).map_err(|error| unfit(call, &error))
}

/// Observes an action before all of its parameters are known.
pub async fn look_ahead(ahead: &LookAhead, access: &Access, beat: &Beat) -> Outcome {
    let LookAhead { call, parameters } = ahead;
    if !looks_ahead(call.kind, parameters) {
        return Failure::permanent(format!("`{}` cannot be looked at before its parameters are known", call.action))
            .into();
    }
    match Action::decode(call.kind, parameters) {
        Ok(action) => blot::outcome(observe(&action, &Context::new(call, access, beat)).await),
        Err(error) => unusable(call, &error),
    }
}

fn unusable(call: &ActionCall, error: &serde_json::Error) -> Outcome {
    unfit(call, error).into()
}

fn unfit(call: &ActionCall, error: &serde_json::Error) -> Failure {
    Failure::permanent(format!("the parameters of `{}` cannot be used", call.action)).cause(error.to_string())
}

/// Describes an action from its parameters, as far as they are known.
///
/// # Errors
/// When the parameters do not fit the kind.
pub fn describe(kind: ActionKind, parameters: &Foretold) -> Result<Description, serde_json::Error> {
    Action::decode(kind, parameters).map(|action| description(&action, parameters.clone()))
}

/// Whether an action can be observed without those of its parameters that are not known yet.
#[must_use]
pub fn looks_ahead(kind: ActionKind, parameters: &Foretold) -> bool {
    parameters.lacks_only(may_be_unknown(kind))
}

fn found(looked: Result<Finding, Failure>) -> Outcome {
    looked.map_or_else(Outcome::Failed, Outcome::Observed)
}

async fn phase<P: Perform>(it: &P, cx: &Context<'_>) -> Outcome {
    let stopped = |stop| match stop {
        Stop::Failed(failure) => Outcome::Failed(failure),
        Stop::Waiting { gate, prompt } => Outcome::Waiting { gate, prompt },
    };
    match cx.call().phase {
        Phase::Observe => found(it.observe(cx).await),
        Phase::Apply => it.apply(cx).await.map_or_else(stopped, |outputs| Outcome::Applied { outputs }),
        Phase::Verify => {
            it.verify(cx).await.map_or_else(stopped, |v| Outcome::Verified { outputs: v.outputs, evidence: v.evidence })
        }
        Phase::Undo => it.undo(cx).await.map_or_else(stopped, |evidence| match cx.renamed() {
            renamed if renamed.is_empty() => Outcome::Undone { evidence },
            renamed => Outcome::UndoneAnew { evidence, renamed },
        }),
    }
}
