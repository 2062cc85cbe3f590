//! AWS clients.
//!
//! Two sets: `read` retries by itself (throttling, lost answers), for a read can be repeated; `write` never does, for
//! the answer to a write may be lost after the deed, and a blind second one makes a second image or group. Failed writes
//! come back to the engine, which observes before it tries again.
//!
//! Endpoint, credentials and profile come from the SDK's ordinary sources (environment, profile, instance role).

use super::Names;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_smithy_http_client::tls;
use std::time::Duration;

/// How long one attempt of a call may take.
pub(super) const ANSWER_WITHIN: Duration = Duration::from_secs(60);

/// The clients of one region.
#[derive(Debug, Clone)]
pub struct Aws {
    /// The region.
    pub region: String,
    /// For Describe, Get and List calls.
    pub read: Clients,
    /// For calls that change something: one attempt.
    pub write: Clients,
    /// What resources are called, as far as looking has shown.
    pub names: Names,
    credentials: Option<SharedCredentialsProvider>,
}

/// How long credentials last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lasting {
    /// They are long-term keys.
    Always,
    /// Their source gives new ones when they end, as long as it may itself: a role, single sign-on, an instance profile, a
    /// program.
    Renewed,
    /// They end then, and are not renewed.
    Until(jiff::Timestamp),
    /// They are temporary, and nothing tells until when.
    Untold,
}

/// Until when credentials in the environment are good, as tools write it that put them there (`aws configure
/// export-credentials --format env`).
const EXPIRATION: &str = "AWS_CREDENTIAL_EXPIRATION";

/// One client a service.
#[derive(Debug, Clone)]
pub struct Clients {
    /// EC2.
    pub ec2: aws_sdk_ec2::Client,
    /// RDS.
    pub rds: aws_sdk_rds::Client,
    /// Elastic Load Balancing v2.
    pub elb: aws_sdk_elasticloadbalancingv2::Client,
    /// Certificate Manager.
    pub acm: aws_sdk_acm::Client,
    /// Route 53.
    pub route53: aws_sdk_route53::Client,
    /// Identity and Access Management.
    pub iam: aws_sdk_iam::Client,
    /// Key Management Service.
    pub kms: aws_sdk_kms::Client,
    /// Service Quotas.
    pub quotas: aws_sdk_servicequotas::Client,
    /// Security Token Service.
    pub sts: aws_sdk_sts::Client,
}

impl Aws {
    /// Clients for a region; no call is made yet.
    pub async fn connect(region: &str) -> Self {
        let http = aws_smithy_http_client::Builder::new()
            .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring))
            .build_https();
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(5))
            .operation_attempt_timeout(ANSWER_WITHIN)
            .build();
        let base = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new(region.to_owned()))
            .http_client(http)
            .timeout_config(timeouts)
            .retry_config(RetryConfig::standard().with_max_attempts(8))
            .load()
            .await;
        let once = base.clone().into_builder().retry_config(RetryConfig::disabled()).build();
        Self {
            region: region.to_owned(),
            read: Clients::new(&base),
            write: Clients::new(&once),
            names: Names::default(),
            credentials: base.credentials_provider(),
        }
    }

    /// How long the credentials last that calls are made with now.
    ///
    /// # Errors
    /// When there are none, as a sentence of the SDK's.
    pub async fn credentials_last(&self) -> Result<Lasting, String> {
        let provider = self.credentials.as_ref().ok_or("no credentials are set")?;
        let found = provider.provide_credentials().await.map_err(|e| e.to_string())?;
        let told = std::env::var(EXPIRATION).ok().filter(|_| std::env::var_os("AWS_SESSION_TOKEN").is_some());
        Ok(lasting(found.session_token().is_some(), found.expiry().is_some(), told.as_deref()))
    }
}

/// Only sources that renew what they give tell the SDK when it ends.
fn lasting(temporary: bool, renewed: bool, told: Option<&str>) -> Lasting {
    match (temporary, renewed, told.and_then(|text| text.parse().ok())) {
        (false, _, _) => Lasting::Always,
        (true, true, _) => Lasting::Renewed,
        (true, false, Some(end)) => Lasting::Until(end),
        (true, false, None) => Lasting::Untold,
    }
}

impl Clients {
    fn new(config: &SdkConfig) -> Self {
        Self {
            ec2: aws_sdk_ec2::Client::new(config),
            rds: aws_sdk_rds::Client::new(config),
            elb: aws_sdk_elasticloadbalancingv2::Client::new(config),
            acm: aws_sdk_acm::Client::new(config),
            route53: aws_sdk_route53::Client::new(config),
            iam: aws_sdk_iam::Client::new(config),
            kms: aws_sdk_kms::Client::new(config),
            quotas: aws_sdk_servicequotas::Client::new(config),
            sts: aws_sdk_sts::Client::new(config),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_not_renewed_ends() {
        let end: jiff::Timestamp = "2026-11-26T05:00:00Z".parse().unwrap();
        assert_eq!(lasting(false, false, Some("2026-11-26T05:00:00Z")), Lasting::Always);
        assert_eq!(lasting(true, true, None), Lasting::Renewed);
        assert_eq!(lasting(true, false, Some("2026-11-26T06:00:00+01:00")), Lasting::Until(end));
        assert_eq!(lasting(true, false, None), Lasting::Untold);
        assert_eq!(lasting(true, false, Some("soon")), Lasting::Untold);
    }
}
