//! What actions work on.
//!
//! Promises: told from the document and the inputs alone, before anything is looked at. A command works on its whole host unless it says
//! what it touches, and so does who stops or starts it; an edit on its file; what reads works on nothing. Two values that are known only later are the same when the
//! document says the same of them.
//! Not handled: what a command touches elsewhere, and two names for one thing.

use super::{Plan, Resource};
use crate::model::{ActionKind, Expr, Scope, StepAction, Value};
use std::collections::BTreeMap;

/// What the undo of an action works on.
pub(super) fn touched_by_undo(plan: &Plan, action: &StepAction) -> Vec<Resource> {
    match action.kind {
        // Made of a host that is off, and removed wherever that host is.
        ActionKind::ImageCreate => Vec::new(),
        _ => touched(plan, action),
    }
}

/// What an action works on.
pub(super) fn touched(plan: &Plan, action: &StepAction) -> Vec<Resource> {
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
        _ if action.only_reads() => Vec::new(),
        K::FileRename => on_host("file", &["from", "to"]),
        K::ArchiveUnpack => on_host("file", &["to"]),
        K::FileWrite | K::FileEdit | K::FileUpload | K::FileLink => on_host("file", &["path"]),
        K::ServiceStop | K::ServiceRestart | K::ServiceStart | K::ServiceReload => on_host("service", &["service"]),
        // Each is judged with all that nginx reads.
        K::NginxOffloadTls | K::NginxDropIn => vec![on("the configuration of nginx".into())],
        K::PhpSetConfig => on_host("file", &["file"]),
        K::SshRun => told.touches().map_or_else(|| vec![host("on")], |all| all.into_iter().map(on).collect()),
        K::LocalRun => {
            let all = told.touches().unwrap_or_else(|| vec!["the machine where this tool runs".to_owned()]);
            all.into_iter().map(Resource::Thing).collect()
        }
        K::HttpRequest => {
            told.touches().unwrap_or_else(|| vec![told.server("url")]).into_iter().map(Resource::Thing).collect()
        }
        K::HostClaim | K::HostRelease => vec![on("the claim".into())],
        K::InstanceShutDown => vec![host("on")],
        K::InstanceStop | K::InstanceStart | K::InstanceStartAs | K::ImageCreate => {
            vec![Resource::Host { host: told.value("instance") }]
        }
        K::InstanceClaim | K::InstanceRelease => thing("the mark of", "instance"),
        K::InstanceClone => thing("the instance's name", "name"),
        K::RdsSetMultiAz => thing("database", "db"),
        K::RdsSnapshot => [thing("database", "db"), thing("database snapshot", "name")].concat(),
        K::SecurityGroupCreate => thing("security group", "name"),
        K::SecurityGroupAdmit => pair("port", "port", "group"),
        K::TargetGroupCreate => vec![
            Resource::Thing(told.named("target group", "name")),
            Resource::Thing(told.given("target group", "target_group")),
        ],
        K::TargetGroupRegister | K::TargetGroupDeregister => pair("target", "instance", "target_group"),
        K::TargetGroupDelete => thing("target group", "target_group"),
        K::LoadBalancerCreate => thing("balancer", "name"),
        K::ListenerCreateHttps | K::ListenerCreateRedirect => {
            let forwards = Resource::Thing(told.given("what is forwarded by", "listener"));
            [pair("listener", "port", "load_balancer"), vec![forwards]].concat()
        }
        K::ListenerSplit => thing("what is forwarded by", "listener"),
        K::ListenerAddRule | K::ListenerRemoveRule => pair("rule", "priority", "listener"),
        K::CertificateRequest => thing("the certificate of", "fqdn"),
        K::DnsPutCname => thing("the records of", "name"),
        K::DnsLowerTtl | K::DnsPointAtBalancer => thing("the records of", "fqdn"),
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
        | K::WaitFor
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

    /// What the action gives, as others name it.
    fn given(&self, what: &str, output: &str) -> String {
        format!("{what} `steps.{}.{}.{output}`", self.action.path.step(), self.action.path.name())
    }

    /// What a command says that it touches; a path is a file.
    fn touches(&self) -> Option<Vec<String>> {
        let nothing = BTreeMap::new();
        let scope = Scope { run: None, inputs: &self.plan.inputs, outputs: &nothing };
        let said = self.action.with.get("touches")?;
        let said = said.foretell(&scope, &|reference| reference.unknown(format!("`{reference}`")));
        let text = |value: Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let what = |text: String| if text.starts_with('/') { format!("file {text}") } else { text };
        Some(said.items().into_iter().map(|item| what(text(item.shown()))).collect())
    }

    /// The server of a URL.
    fn server(&self, name: &str) -> String {
        let url = self.value(name);
        let place = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
        format!("server {}", place.split('/').next().unwrap_or(place))
    }

    /// A target's instance or host.
    fn host(&self, name: &str) -> String {
        place_of(self.plan, &self.value(name))
    }

    fn text(&self, expr: &Expr) -> String {
        text(self.plan, expr)
    }
}

/// The instance or the host of a target.
pub(super) fn place_of(plan: &Plan, target: &str) -> String {
    let spec = plan.runbook.targets.iter().find(|spec| spec.name == target);
    let place = spec.and_then(|spec| spec.fields.get("instance").or_else(|| spec.fields.get("host")));
    place.map_or_else(|| target.to_owned(), |expr| text(plan, expr))
}

fn text(plan: &Plan, expr: &Expr) -> String {
    let nothing = BTreeMap::new();
    let scope = Scope { run: None, inputs: &plan.inputs, outputs: &nothing };
    match expr.foretell(&scope, &|reference| reference.unknown(format!("`{reference}`"))).shown() {
        Value::String(text) => text,
        other => other.to_string(),
    }
}
