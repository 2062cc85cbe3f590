//! Security groups, balancers, targets, certificates and DNS, against an emulated account that is as slow and as strict as
//! AWS where a cutover can tell.

mod balancing;
mod certificates;
mod external_dns;
mod hosted_dns;
mod security_groups;
mod targets;
mod there_and_back;
mod traffic;

use crate::support::emulator::{Emulator, REGION};
use crate::support::names::Names;
use crate::support::stage::{Deed, Stage};
use runbook::access::Aws;
use runbook::model::{ActionKind, Failure, FailureKind, Value};
use serde_json::json;

/// The seeded account with a process working on it.
struct World {
    emulator: Emulator,
    names: Names,
    stage: Stage,
    seed: Value,
}

impl World {
    fn new() -> Self {
        let emulator = Emulator::here();
        emulator.post("config", &json!({"start_ticks": 0}));
        let seed = emulator.seed();
        let names = Names::of(&emulator);
        let stage = Stage::new().asking(names.place);
        Self { emulator, names, stage, seed }
    }

    /// A part of the account, such as `security_groups`.
    fn all(&self, part: &str) -> Vec<Value> {
        self.emulator.state()[part].as_array().unwrap().clone()
    }

    /// The things of this name in a part of the account.
    fn named(&self, part: &str, name: &str) -> Vec<Value> {
        self.all(part).into_iter().filter(|it| it["name"] == name).collect()
    }

    /// An operator's own hands.
    async fn aws(&self) -> Aws {
        Aws::connect(REGION).await
    }

    fn id(&self, name: &str) -> String {
        self.seed[name].as_str().unwrap().to_owned()
    }

    fn group(&self) -> Deed {
        let with = json!({"name": "lb", "description": "the balancer", "vpc": self.id("vpc")});
        Deed::new("balance/group", ActionKind::SecurityGroupCreate, with)
    }

    fn admit(&self, group: &str, more: &Value) -> Deed {
        let mut with = json!({"group": group, "port": 443});
        with.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Deed::new("balance/admit", ActionKind::SecurityGroupAdmit, with)
    }

    fn target_group(&self) -> Deed {
        let with =
            json!({"name": "web", "vpc": self.id("vpc"), "port": 80, "health_path": "/status.php", "sticky": true});
        Deed::new("balance/targets", ActionKind::TargetGroupCreate, with)
    }

    fn register(&self, target_group: &str) -> Deed {
        let with = json!({"target_group": target_group, "instance": self.id("instance")});
        Deed::new("balance/register", ActionKind::TargetGroupRegister, with)
    }

    fn balancer(&self, group: &str) -> Deed {
        let subnets = [self.seed["subnets"]["a"].clone(), self.seed["subnets"]["b"].clone()];
        let with = json!({"name": "site", "subnets": subnets, "groups": [group], "idle_timeout_s": 600});
        Deed::new("balance/balancer", ActionKind::LoadBalancerCreate, with)
    }

    fn https(&self, balancer: &Deed, certificate: &Deed, targets: &Deed) -> Deed {
        let with = json!({
            "load_balancer": balancer.output("load_balancer"), "port": 443,
            "certificate": certificate.output("certificate"), "target_group": targets.output("target_group"),
        });
        Deed::new("certify/https", ActionKind::ListenerCreateHttps, with)
    }

    fn redirect(&self, balancer: &Deed) -> Deed {
        let with = json!({"load_balancer": balancer.output("load_balancer"), "port": 80, "to_port": 443});
        Deed::new("redirect/listener", ActionKind::ListenerCreateRedirect, with)
    }

    fn certificate(&self) -> Deed {
        let with = json!({"fqdn": self.id("fqdn"), "name": "site"});
        Deed::new("certify/request", ActionKind::CertificateRequest, with)
    }

    fn record(&self, zone: &str, certificate: &Deed) -> Deed {
        let (name, value) = (certificate.output("record_name"), certificate.output("record_value"));
        Deed::new("certify/record", ActionKind::DnsPutCname, json!({"zone": zone, "name": name, "value": value}))
    }

    fn point(&self, zone: &str, balancer: &Deed) -> Deed {
        let with = json!({
            "zone": zone, "fqdn": self.id("fqdn"), "instance": self.id("instance"),
            "dns_name": balancer.output("dns_name"), "dns_zone": balancer.output("dns_zone"),
        });
        Deed::new("certify/point", ActionKind::DnsPointAtBalancer, with)
    }
}

/// The failure is a refusal that says this.
fn assert_refused<T: std::fmt::Debug>(outcome: Result<T, Failure>, said: &str) {
    let failure = outcome.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Refused, "{failure:?}");
    assert!(format!("{failure:?}").contains(said), "{failure:?}");
    assert!(!failure.advice.is_empty(), "a refusal says what to do: {failure:?}");
}
