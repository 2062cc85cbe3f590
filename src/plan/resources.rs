//! What actions work on, and which two would work on the same thing at the same time.
//!
//! Promises: told from the document and the inputs alone, before anything is looked at. A command works on its whole host, and so does
//! who stops or starts it; an edit on its file; what reads works on nothing. Two values that are known only later are the same when the
//! document says the same of them.
//! Not handled: what a command touches elsewhere, and two names for one thing.

use super::{Order, Plan, Sequence};
use crate::model::{ActionKind, ActionPath, Expr, Runbook, Scope, StepAction, Value};
use std::collections::BTreeMap;
use std::fmt;

/// Something that actions work on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resource {
    /// A whole host.
    Host {
        /// Its instance, or its name.
        host: String,
    },
    /// Something on a host.
    OnHost {
        /// The host's instance, or its name.
        host: String,
        /// What it is.
        what: String,
    },
    /// Something in the account, or a name in DNS.
    Thing(String),
}

/// Two actions of which neither waits for the other, and that work on the same.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{earlier}` and `{later}` would run at the same time, and both work on {resource}")]
pub struct Conflict {
    /// The one written first.
    pub earlier: ActionPath,
    /// The other one.
    pub later: ActionPath,
    /// What they work on.
    pub resource: Resource,
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host { host } => write!(f, "host {host}"),
            Self::OnHost { host, what } => write!(f, "{what} on host {host}"),
            Self::Thing(what) => f.write_str(what),
        }
    }
}

/// Who works on a host, in the plan's sequence: all of it, or something on it.
type OnHost = BTreeMap<String, Vec<(usize, bool)>>;

/// The first conflict of a plan; none where one action runs at a time.
pub(super) fn conflict(plan: &Plan) -> Option<Conflict> {
    if plan.order == Order::Article {
        return None;
    }
    let sequence = Sequence::of(plan);
    let (mut on_hosts, mut alike): (OnHost, BTreeMap<Resource, Vec<usize>>) = Default::default();
    for (place, planned) in plan.actions.iter().enumerate() {
        let Some(action) = plan.definition(&planned.action) else { continue };
        for resource in touched(plan, action) {
            match &resource {
                Resource::Host { host } => on_hosts.entry(host.clone()).or_default().push((place, true)),
                Resource::OnHost { host, .. } => {
                    on_hosts.entry(host.clone()).or_default().push((place, false));
                    alike.entry(resource).or_default().push(place);
                }
                Resource::Thing(_) => alike.entry(resource).or_default().push(place),
            }
        }
    }
    // In sequence: if each leads to the next, each leads to every later one.
    let alike = alike.into_iter().map(|(resource, places)| (resource, neighbours(&places)));
    let on_hosts = on_hosts.into_iter().map(|(host, places)| (Resource::Host { host }, beside_the_whole(&places)));
    let all: Vec<(Resource, Vec<(usize, usize)>)> = alike.chain(on_hosts).collect();
    let pairs: Vec<(usize, usize)> = all.iter().flat_map(|(_, pairs)| pairs.iter().copied()).collect();
    let unordered = sequence.lead(&pairs).into_iter().position(|leads| !leads)?;
    let (earlier, later) = *pairs.get(unordered)?;
    let mut counted = 0;
    let resource = all.into_iter().find_map(|(resource, pairs)| {
        counted += pairs.len();
        (unordered < counted).then_some(resource)
    })?;
    let path = |place: usize| plan.actions.get(place).map(|planned| planned.action.clone());
    Some(Conflict { earlier: path(earlier)?, later: path(later)?, resource })
}

/// Each place with the next one, but for one that comes twice.
fn neighbours(places: &[usize]) -> Vec<(usize, usize)> {
    places.iter().copied().zip(places.iter().copied().skip(1)).filter(|(earlier, later)| earlier != later).collect()
}

/// The pairs of which one works on all of a host while the other works on it, as far as the others do not follow from them.
fn beside_the_whole(places: &[(usize, bool)]) -> Vec<(usize, usize)> {
    let (mut whole, mut parts): (Option<usize>, Vec<usize>) = (None, Vec::new());
    let mut pairs = Vec::new();
    for (place, is_whole) in places {
        let before =
            if *is_whole && !parts.is_empty() { std::mem::take(&mut parts) } else { whole.into_iter().collect() };
        pairs.extend(before.into_iter().filter(|earlier| earlier != place).map(|earlier| (earlier, *place)));
        if *is_whole {
            whole = Some(*place);
        } else {
            parts.push(*place);
        }
    }
    pairs
}

/// What the undo of an action works on.
pub(super) fn touched_by_undo(plan: &Plan, action: &StepAction) -> Vec<Resource> {
    match action.kind {
        // Made of a host that is off, and removed wherever that host is.
        ActionKind::ImageCreate => Vec::new(),
        _ => touched(plan, action),
    }
}

/// What an action works on.
fn touched(plan: &Plan, action: &StepAction) -> Vec<Resource> {
    use ActionKind as K;
    let told = Told { plan, action };
    let host = |name: &str| Resource::Host { host: told.host(name) };
    let on = |what: String| Resource::OnHost { host: told.host("on"), what };
    let on_host = |what: &str, names: &[&str]| {
        names.iter().filter(|name| action.with.contains_key(**name)).map(|name| on(told.named(what, name))).collect()
    };
    let thing = |what: &str, name: &str| vec![Resource::Thing(told.named(what, name))];
    let pair = |what: &str, of: &str, name: &str| {
        vec![Resource::Thing(format!("{what} {} of {}", told.value(of), told.value(name)))]
    };
    match action.kind {
        K::FileRename => on_host("file", &["from", "to"]),
        K::ServiceStop | K::ServiceRestart => on_host("service", &["service"]),
        // Each is judged with all that nginx reads.
        K::NginxOffloadTls | K::NginxDropIn => vec![on("the configuration of nginx".into())],
        K::PhpSetConfig => on_host("file", &["file"]),
        K::SshRun => vec![host("on")],
        K::InstanceShutDown => vec![host("on")],
        K::InstanceStop | K::InstanceStart | K::InstanceStartAs | K::ImageCreate => {
            vec![Resource::Host { host: told.value("instance") }]
        }
        K::InstanceClaim | K::InstanceRelease => thing("the mark of", "instance"),
        K::InstanceClone => thing("the instance's name", "name"),
        K::RdsSetMultiAz => thing("database", "db"),
        K::SecurityGroupCreate => thing("security group", "name"),
        K::SecurityGroupAdmit => pair("port", "port", "group"),
        K::TargetGroupCreate => thing("target group", "name"),
        K::TargetGroupRegister | K::TargetGroupDeregister => pair("target", "instance", "target_group"),
        K::LoadBalancerCreate => thing("balancer", "name"),
        K::ListenerCreateHttps | K::ListenerCreateRedirect => pair("listener", "port", "load_balancer"),
        K::CertificateRequest => thing("the certificate of", "fqdn"),
        K::DnsPutCname => thing("the records of", "name"),
        K::DnsPointAtBalancer => thing("the records of", "fqdn"),
        K::ProcessWaitGone
        | K::CronVerifySingle
        | K::SshPinHostKey
        | K::GateApprove
        | K::InstanceLookUp
        | K::InstanceWaitChecked
        | K::ImageWaitAvailable
        | K::TargetGroupWaitHealthy
        | K::TargetGroupWaitOut
        | K::CertificateWaitIssued
        | K::HttpExpect
        | K::NextcloudCheck => Vec::new(),
    }
}

/// An action's parameters as the inputs tell them.
struct Told<'a> {
    plan: &'a Plan,
    action: &'a StepAction,
}

impl Told<'_> {
    fn named(&self, what: &str, name: &str) -> String {
        format!("{what} {}", self.value(name))
    }

    fn value(&self, name: &str) -> String {
        self.action.with.get(name).map_or_else(|| "?".into(), |expr| self.text(expr))
    }

    /// A target's instance or host.
    fn host(&self, name: &str) -> String {
        let target = self.value(name);
        let runbook: &Runbook = &self.plan.runbook;
        let spec = runbook.targets.iter().find(|spec| spec.name == target);
        let place = spec.and_then(|spec| spec.fields.get("instance").or_else(|| spec.fields.get("host")));
        place.map_or(target, |expr| self.text(expr))
    }

    fn text(&self, expr: &Expr) -> String {
        let nothing = BTreeMap::new();
        let scope = Scope { run: "RUN", inputs: &self.plan.inputs, outputs: &nothing };
        match expr.preview(&scope, &|reference| Value::from(format!("`{reference}`"))) {
            Value::String(text) => text,
            other => other.to_string(),
        }
    }
}
