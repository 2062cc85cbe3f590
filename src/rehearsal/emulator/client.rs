//! The control side of the emulated account: what exists in it, and what its bodies report back.
//!
//! The emulator answers AWS calls from its own memory; this client reads that memory as one picture and tells
//! it what happened to the hosts, images and targets behind it. It speaks plain HTTP on the region's network.

use std::time::Duration;

use serde_json::{Value, json};

use crate::rehearsal::emulator::account::{AccountState, SeededAccount};
use crate::rehearsal::error::RehearsalError;
use crate::rehearsal::region::network::REGION_ADDRESS;

/// The emulated API's port.
pub(in crate::rehearsal) const API_PORT: u16 = 5000;
/// The emulator answers in milliseconds; longer means that it hangs.
const CALL_DEADLINE: Duration = Duration::from_secs(20);

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
    /// The DB instance answers.
    DatabaseUp {
        /// The DB instance.
        id: &'a str,
        /// The number of the start after which it answers.
        boots: u64,
    },
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
    pub(in crate::rehearsal) fn new() -> Result<Self, RehearsalError> {
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

    /// Makes in the account what it has at first.
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
            Self::DatabaseUp { id, boots } => json!({"event": "database-up", "id": id, "boots": boots}),
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
