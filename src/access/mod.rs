//! The connections to the world: SSH sessions, AWS clients, HTTP, secrets, the clock, and the line to the operator.
//!
//! Promise: everything that leaves this process goes through here, with time limits; a lost connection is told apart
//! from a refusal, for only the second says that nothing happened. It does not know what an action is for.

mod aws;
mod aws_failure;
mod beat;
mod dns;
mod here;
mod http;
mod names;
mod principal;
mod program;
mod secret;
mod settings;
mod ssh;

pub use aws::{Aws, Clients, Lasting};
pub use aws_failure::{AwsError, code_of};
pub use beat::{Beat, BeatLine};
pub use dns::{Dns, Issuers};
pub use here::{run_here, this_machine};
pub use http::{HttpOptions, http_client, was_never_sent, why_unanswered};
pub use names::Names;
pub use principal::{Principal, role_name};
pub use program::apart;
pub use secret::{SecretError, blotted, reveal, without};
pub use settings::Settings;
pub use ssh::{RemoteCommand, RemoteOutput, Ssh, SshError, SshTrouble};

use crate::model::Failure;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use tokio::sync::Mutex;

/// Who the credentials are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The account's number.
    pub account: String,
    /// The user's or role's ARN.
    pub arn: String,
}

/// Every connection of one process, made when first needed and kept.
#[derive(Debug)]
pub struct Access {
    settings: Settings,
    ssh: Ssh,
    dns: Dns,
    names: Names,
    aws: Mutex<BTreeMap<String, Arc<Aws>>>,
    http: OnceLock<reqwest::Client>,
}

impl Access {
    /// Connections by these settings; nothing is connected yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let ssh = Ssh::new(settings.clone());
        let (dns, names, aws) = (Dns::default(), Names::default(), Mutex::new(BTreeMap::new()));
        Self { settings, ssh, dns, names, aws, http: OnceLock::new() }
    }

    /// The same connections, with DNS questions put to this name server instead of the system's.
    #[must_use]
    pub fn with_name_server(self, server: SocketAddr) -> Self {
        Self { dns: Dns::asking(Some(server)), ..self }
    }

    /// The operator's settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// DNS questions.
    #[must_use]
    pub fn dns(&self) -> Dns {
        self.dns
    }

    /// HTTP as a user of a site without any cookie. The client is made once, for that takes the system's certificates to be read; it keeps no
    /// connection, so that every request meets DNS and the balancer anew.
    ///
    /// # Errors
    /// When the operator's extra certificates cannot be read.
    pub fn http(&self) -> Result<reqwest::Client, Failure> {
        if let Some(client) = self.http.get() {
            return Ok(client.clone());
        }
        let client = http_client(&self.settings, &HttpOptions::default())?;
        Ok(self.http.get_or_init(|| client).clone())
    }

    /// What resources are called, as far as looking has shown.
    #[must_use]
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// SSH sessions.
    #[must_use]
    pub fn ssh(&self) -> &Ssh {
        &self.ssh
    }

    /// Who the credentials are: account and ARN, as STS says.
    ///
    /// # Errors
    /// When the credentials are not accepted or STS does not answer.
    pub async fn caller(&self, region: &str) -> Result<Caller, AwsError> {
        let answer = self.aws(region).await.read.sts.get_caller_identity().send().await?;
        // An account that is not told is none that a plan could be for.
        let text = |told: Option<&str>| {
            let cut_off = "STS's answer does not say whose the credentials are: it was cut off on its way";
            told.map(str::to_owned).ok_or_else(|| AwsError { code: None, message: cut_off.into(), lost: false })
        };
        Ok(Caller { account: text(answer.account())?, arn: text(answer.arn())? })
    }

    /// The AWS clients of a region.
    pub async fn aws(&self, region: &str) -> Arc<Aws> {
        let mut regions = self.aws.lock().await;
        match regions.get(region) {
            Some(aws) => Arc::clone(aws),
            None => {
                let mut aws = Aws::connect(region).await;
                aws.names = self.names.clone();
                let aws = Arc::new(aws);
                regions.insert(region.to_owned(), Arc::clone(&aws));
                aws
            }
        }
    }
}
