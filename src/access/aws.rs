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
}

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
        }
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
            quotas: aws_sdk_servicequotas::Client::new(config),
            sts: aws_sdk_sts::Client::new(config),
        }
    }
}
