//! From a call to the action that carries it out.

use super::{Context, Perform, Stop};
use crate::access::{Access, Beat};
use crate::model::{Action, ActionCall, ActionKind, Description, Failure, Outcome, Phase, Value, is_unknown};

macro_rules! dispatch {
    ($($kind:ident),+ $(,)?) => {
        // Boxed, one by one: the futures of AWS calls are large, and all kinds in one would not fit a thread's stack.
        async fn run(action: &Action, cx: &Context<'_>) -> Outcome {
            match action { $(Action::$kind(it) => Box::pin(phase(it, cx)).await,)+ }
        }

        fn description(action: &Action, parameters: Value) -> Description {
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
    SshRun,
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
    SecurityGroupCreate,
    SecurityGroupAdmit,
    TargetGroupCreate,
    TargetGroupRegister,
    TargetGroupDeregister,
    TargetGroupWaitHealthy,
    TargetGroupWaitOut,
    LoadBalancerCreate,
    ListenerCreateHttps,
    ListenerCreateRedirect,
    CertificateRequest,
    DnsPutCname,
    CertificateWaitIssued,
    DnsPointAtBalancer,
    HttpExpect,
    NextcloudCheck,
}

/// Carries out one phase of one action.
pub async fn perform(call: &ActionCall, access: &Access, beat: &Beat) -> Outcome {
    let ahead = call.phase == Phase::Observe && looks_ahead(call.kind, &call.parameters);
    if is_unknown(&call.parameters) && !ahead {
        return Failure::permanent(format!("a parameter of `{}` is not known yet", call.action)).into();
    }
    let action = match Action::decode(call.kind, &call.parameters) {
        Ok(action) => action,
        Err(e) => {
            return Failure::permanent(format!("the parameters of `{}` cannot be used", call.action))
                .cause(e.to_string())
                .into();
        }
    };
    run(&action, &Context::new(call, access, beat)).await
}

/// Describes an action. Parameters that only the run will bring may be stand-ins.
///
/// # Errors
/// When the parameters do not fit the kind.
pub fn describe(kind: ActionKind, parameters: &Value) -> Result<Description, serde_json::Error> {
    Action::decode(kind, parameters).map(|action| description(&action, parameters.clone()))
}

/// Whether an action can be observed although the parameters that are stand-ins are not known yet.
#[must_use]
pub fn looks_ahead(kind: ActionKind, parameters: &Value) -> bool {
    let fields = parameters.as_object().into_iter().flatten();
    let mut unknown = fields.filter(|(_, value)| is_unknown(value)).map(|(name, _)| name.as_str()).peekable();
    unknown.peek().is_some() && unknown.all(|name| may_be_unknown(kind).contains(&name))
}

async fn phase<P: Perform>(it: &P, cx: &Context<'_>) -> Outcome {
    let stopped = |stop| match stop {
        Stop::Failed(failure) => Outcome::Failed(failure),
        Stop::Waiting { gate, prompt } => Outcome::Waiting { gate, prompt },
    };
    match cx.call().phase {
        Phase::Observe => it.observe(cx).await.map_or_else(Outcome::Failed, Outcome::Observed),
        Phase::Apply => it.apply(cx).await.map_or_else(stopped, |outputs| Outcome::Applied { outputs }),
        Phase::Verify => {
            it.verify(cx).await.map_or_else(stopped, |v| Outcome::Verified { outputs: v.outputs, evidence: v.evidence })
        }
        Phase::Undo => it.undo(cx).await.map_or_else(stopped, |evidence| Outcome::Undone { evidence }),
    }
}
