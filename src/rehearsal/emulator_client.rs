//! The control side of the emulated account: what exists in it, and what its bodies report back.
//!
//! The emulator answers AWS calls from its own memory; this client reads that memory as one picture and tells
//! it what happened to the hosts, images and targets behind it. It speaks plain HTTP on the region's network.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::error::RehearsalError;
use super::network::REGION_ADDRESS;

/// The emulated API's port.
pub(super) const API_PORT: u16 = 5000;
/// The emulator answers in milliseconds; longer means that it hangs.
const CALL_DEADLINE: Duration = Duration::from_secs(20);

/// Everything in the account that has a body in the region.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct AccountState {
    /// Moves when anything changes.
    #[serde(default)]
    pub version: u64,
    /// Instances, terminated ones for a while too.
    #[serde(default)]
    pub instances: Vec<Instance>,
    /// Images owned by the account.
    #[serde(default)]
    pub images: Vec<Image>,
    /// Load balancers with their listeners.
    #[serde(default)]
    pub load_balancers: Vec<LoadBalancer>,
    /// Target groups with their targets.
    #[serde(default)]
    pub target_groups: Vec<TargetGroup>,
    /// Certificates, issued or not.
    #[serde(default)]
    pub certificates: Vec<Certificate>,
    /// Hosted zones with all records.
    #[serde(default)]
    pub zones: Vec<Zone>,
}

/// An instance as EC2 sees it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Instance {
    /// `i-...`
    pub id: String,
    /// `pending`, `running`, `stopping`, `stopped`, `shutting-down`, `terminated`.
    pub state: String,
    /// The image it was launched from.
    pub image_id: String,
    /// Its address for life.
    pub private_ip: Option<Ipv4Addr>,
    /// Its Elastic IP, or the address it happens to have while it runs.
    pub public_ip: Option<Ipv4Addr>,
    /// The Name tag.
    pub name: Option<String>,
}

/// A machine image.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Image {
    /// `ami-...`
    pub id: String,
    /// `pending`, `available`, `failed`.
    pub state: String,
    /// The instance it is made of.
    pub source_instance: Option<String>,
}

/// An Application Load Balancer.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct LoadBalancer {
    /// Its ARN.
    pub arn: String,
    /// The name clients resolve.
    pub dns_name: String,
    /// Attributes by key, e.g. `idle_timeout.timeout_seconds`.
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
    /// What it listens on; none at first.
    #[serde(default)]
    pub listeners: Vec<Listener>,
}

/// A port of a load balancer and what is done with requests to it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Listener {
    /// Its ARN.
    pub arn: String,
    /// The port.
    pub port: u16,
    /// `HTTP` or `HTTPS`.
    pub protocol: String,
    /// ARNs of its certificates, the default one first.
    #[serde(default)]
    pub certificates: Vec<String>,
    /// The default actions in the shape of the ELBv2 API.
    #[serde(default)]
    pub default_actions: Vec<Value>,
}

/// A target group.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct TargetGroup {
    /// Its ARN.
    pub arn: String,
    /// Its name, one of a kind in the account.
    pub name: String,
    /// How targets are spoken to: `HTTP` or `HTTPS`.
    pub protocol: String,
    /// The port of targets that name none.
    pub port: u16,
    /// How targets are checked.
    pub health_check: HealthCheck,
    /// Attributes by key, e.g. `stickiness.enabled`.
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
    /// The registered targets.
    #[serde(default)]
    pub targets: Vec<Target>,
}

/// How a target group checks its targets.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct HealthCheck {
    /// The path asked for.
    pub path: Option<String>,
    /// A port, or `traffic-port`.
    pub port: Option<Value>,
    /// `HTTP` or `HTTPS`.
    pub protocol: Option<String>,
    /// Seconds between checks.
    pub interval: u64,
    /// Seconds until a check has failed.
    pub timeout: u64,
    /// Good checks in a row until a target is healthy again.
    pub healthy: u32,
    /// Bad checks in a row until it is unhealthy.
    pub unhealthy: u32,
    /// The good statuses: `200`, `200-399`, `200,302`.
    pub matcher: Option<String>,
}

/// One registered target.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
pub struct Target {
    /// An instance id.
    pub id: String,
    /// Its port; the group's when there is none.
    pub port: Option<u16>,
}

/// A certificate of ACM.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Certificate {
    /// Its ARN.
    pub arn: String,
    /// The domain it is for.
    pub domain: String,
    /// `PENDING_VALIDATION`, `ISSUED`, ...
    pub status: String,
}

/// A hosted zone.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Zone {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// All its record sets.
    #[serde(default)]
    pub records: Vec<Record>,
}

/// A record set.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Record {
    /// Its name.
    pub name: String,
    /// `A`, `CNAME`, ...
    #[serde(rename = "type")]
    pub kind: String,
    /// Its values; none for an alias.
    #[serde(default)]
    pub values: Vec<String>,
    /// What it is an alias of.
    #[serde(default)]
    pub alias: Option<Alias>,
}

/// The target of an alias record.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Alias {
    /// A load balancer's name, or another record's.
    pub dns_name: String,
}

/// The ids of the before-state, as the emulator made them.
#[derive(Debug, Clone, Deserialize)]
pub struct SeededAccount {
    /// The account's region.
    pub region: String,
    /// The account id.
    pub account: String,
    /// The VPC.
    pub vpc: String,
    /// Its two public subnets, by the last letter of their zone: `a` and `b`.
    pub subnets: BTreeMap<String, String>,
    /// The one web instance.
    pub instance: String,
    /// Its private address.
    pub private_ip: Ipv4Addr,
    /// Its Elastic IP.
    pub public_ip: Ipv4Addr,
    /// The DB instance's identifier.
    pub db: String,
    /// The DB instance's host name.
    pub db_endpoint: String,
    /// The hosted zone's id.
    pub zone: String,
    /// The site's name.
    pub fqdn: String,
    /// The bucket of the site's files.
    pub bucket: String,
    /// The web instances' security group.
    pub web_group: String,
    /// The key pair's name.
    pub key_name: String,
    /// The Elastic IP's allocation id.
    pub allocation_id: String,
}

/// What happened to a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BodyEvent<'a> {
    /// The host answers.
    InstanceRunning(&'a str),
    /// The host is off because it was stopped or terminated.
    InstanceStopped(&'a str),
    /// The guest shut itself down.
    GuestPoweredOff(&'a str),
    /// The image has its layer.
    ImageFrozen(&'a str),
    /// The host wrote to its console.
    Console {
        /// The instance.
        id: &'a str,
        /// What it wrote.
        text: &'a str,
    },
    /// The balancer judged a target.
    TargetHealth {
        /// The target group's ARN.
        target_group: &'a str,
        /// The instance.
        id: &'a str,
        /// The port the target is registered with.
        port: u16,
        /// `healthy`, `unhealthy`, `initial`.
        state: &'a str,
        /// ELBv2's reason code; empty when healthy.
        reason: &'a str,
        /// ELBv2's words for it.
        description: &'a str,
    },
}

/// A client of one emulator.
#[derive(Debug, Clone)]
pub struct EmulatorClient {
    http: reqwest::Client,
    base: String,
}

impl EmulatorClient {
    /// A client of the region's emulator; calls nobody yet.
    pub(super) fn new() -> Result<Self, RehearsalError> {
        // The client never speaks TLS, but its library wants a provider all the same; a second install is refused, rightly.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().timeout(CALL_DEADLINE).build().map_err(|error| {
            RehearsalError::Emulator {
                call: "client".to_owned(),
                why: format!("could not be made: {error}"),
                said: String::new(),
            }
        })?;
        Ok(Self { http, base: format!("http://{REGION_ADDRESS}:{API_PORT}") })
    }

    /// What the AWS SDK is pointed at.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.base
    }

    /// The account as it is now.
    ///
    /// # Errors
    /// When the emulator does not answer, or not in the agreed form.
    pub async fn state(&self) -> Result<AccountState, RehearsalError> {
        let answer = self.call("GET", "/plus/state", None).await?;
        serde_json::from_value(answer)
            .map_err(|error| refused("GET /plus/state", format!("is not understood: {error}")))
    }

    /// Makes the before-state in the account.
    ///
    /// # Errors
    /// As for [`EmulatorClient::state`].
    pub async fn seed(&self, wishes: Value) -> Result<SeededAccount, RehearsalError> {
        let answer = self.call("POST", "/plus/seed", Some(wishes)).await?;
        serde_json::from_value(answer)
            .map_err(|error| refused("POST /plus/seed", format!("is not understood: {error}")))
    }

    /// How the emulator behaves: `ticks` (answers a state in transition lasts) and whether bodies report.
    ///
    /// # Errors
    /// As for [`EmulatorClient::state`].
    pub async fn configure(&self, config: Value) -> Result<(), RehearsalError> {
        self.call("POST", "/plus/config", Some(config)).await.map(drop)
    }

    /// Makes a coming call fail, or succeed with its answer lost; the body is the emulator's own fault format.
    ///
    /// # Errors
    /// As for [`EmulatorClient::state`].
    pub async fn fault(&self, fault: Value) -> Result<(), RehearsalError> {
        self.call("POST", "/plus/fault", Some(fault)).await.map(drop)
    }

    /// Reports what happened to a body.
    ///
    /// # Errors
    /// As for [`EmulatorClient::state`].
    pub async fn report(&self, event: &BodyEvent<'_>) -> Result<(), RehearsalError> {
        self.call("POST", "/plus/body", Some(event.body())).await.map(drop)
    }

    /// Any control call; the answer's JSON, or null when there is none.
    ///
    /// # Errors
    /// As for [`EmulatorClient::state`].
    pub async fn call(&self, method: &str, path: &str, body: Option<Value>) -> Result<Value, RehearsalError> {
        let call = format!("{method} {path}");
        let verb = reqwest::Method::from_bytes(method.as_bytes())
            .map_err(|_| refused(&call, "is not an HTTP method".to_owned()))?;
        let mut request = self.http.request(verb, format!("{}{path}", self.base));
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let failed = |error: &reqwest::Error| refused(&call, format!("got no answer: {error}"));
        let answer = request.send().await.map_err(|error| failed(&error))?;
        let status = answer.status();
        let text = answer.text().await.map_err(|error| failed(&error))?;
        if !status.is_success() {
            let start: String = text.chars().take(400).collect();
            return Err(refused(&call, format!("answered {status}: {start}")));
        }
        if text.trim().is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&text).map_err(|error| refused(&call, format!("answered no JSON: {error}")))
    }
}

impl BodyEvent<'_> {
    fn body(&self) -> Value {
        match self {
            Self::InstanceRunning(id) => json!({"event": "instance-running", "id": id}),
            Self::InstanceStopped(id) => json!({"event": "instance-stopped", "id": id}),
            Self::GuestPoweredOff(id) => json!({"event": "guest-powered-off", "id": id}),
            Self::ImageFrozen(id) => json!({"event": "image-frozen", "id": id}),
            Self::Console { id, text } => json!({"event": "console", "id": id, "text": text}),
            Self::TargetHealth { target_group, id, port, state, reason, description } => json!({
                "event": "target-health", "target_group": target_group, "id": id, "port": port,
                "state": state, "reason": reason, "description": description,
            }),
        }
    }
}

fn refused(call: &str, why: String) -> RehearsalError {
    RehearsalError::Emulator { call: call.to_owned(), why, said: String::new() }
}
