//! HTTP as a user of a site: certificates checked against the system's roots (and the operator's own), no redirects
//! followed unless asked and never to another scheme, host or port (a 307 or 308 sends the form along, password and all),
//! every request limited in time.

use super::Settings;
use crate::model::Failure;
use reqwest::redirect::{Action, Attempt, Policy};
use std::net::SocketAddr;
use std::time::Duration;

/// For how long a connection is waited for.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// How a client is to behave.
#[derive(Debug, Clone, Default)]
pub struct HttpOptions {
    /// Connect here for the given host name, whatever DNS says.
    pub resolve: Option<(String, Vec<SocketAddr>)>,
    /// Keep cookies between requests.
    pub cookies: bool,
    /// Keep connections between requests, as a browser does.
    pub connections: bool,
    /// Follow up to this many redirects within one origin; one that leads elsewhere is the answer.
    pub redirects: usize,
    /// A header that every request has: its name, and what it is.
    pub header: Option<(String, String)>,
    /// How long a request may take in all; 30 s when nothing is said. A connection is given up before, so that what was never sent is
    /// told apart from what was not answered.
    pub limit: Option<Duration>,
}

/// How long a request may take.
const LIMIT: Duration = Duration::from_secs(30);

/// A client. Unless connections are kept every request meets DNS and the balancer anew.
///
/// # Errors
/// When the operator's extra certificates cannot be read.
pub fn http_client(settings: &Settings, options: &HttpOptions) -> Result<reqwest::Client, Failure> {
    // Another part of the process may have installed the same provider before: both are ring.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let limit = options.limit.unwrap_or(LIMIT);
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("runbook/", env!("CARGO_PKG_VERSION")))
        .timeout(limit)
        .connect_timeout(CONNECT_LIMIT.min(limit / 2))
        .pool_max_idle_per_host(usize::from(options.connections))
        .no_proxy()
        .cookie_store(options.cookies)
        .redirect(match options.redirects {
            0 => Policy::none(),
            most => Policy::custom(move |attempt| within_origin(attempt, most)),
        });
    if let Some(path) = &settings.trust {
        let told = |e: &dyn std::error::Error| {
            Failure::refused(format!("cannot use the certificates in `{}`", path.display())).cause(e.to_string())
        };
        let pem = std::fs::read(path).map_err(|e| told(&e))?;
        let certificates = reqwest::Certificate::from_pem_bundle(&pem).map_err(|e| told(&e))?;
        builder = builder.tls_certs_merge(certificates);
    }
    if let Some((name, value)) = &options.header {
        let told = |e: &dyn std::error::Error| Failure::refused(format!("`{name}` is no header")).cause(e.to_string());
        let name = reqwest::header::HeaderName::try_from(name).map_err(|e| told(&e))?;
        let value = reqwest::header::HeaderValue::try_from(value).map_err(|e| told(&e))?;
        builder = builder.default_headers([(name, value)].into_iter().collect());
    }
    if let Some((host, addresses)) = &options.resolve {
        builder = builder.resolve_to_addrs(host, addresses);
    }
    builder.build().map_err(|e| Failure::permanent("cannot set up an HTTP client").cause(e.to_string()))
}

/// Whether it is certain that nothing of a request was sent: there was no connection, to the end of TLS's handshake.
#[must_use]
pub fn was_never_sent(error: &reqwest::Error) -> bool {
    error.is_connect() || error.is_builder()
}

/// Why a request has no answer: the chain of causes, without the URL (whoever tells it has it, or it is a secret). That no
/// connection came about in time is told in one way: two limits of the same length end it, and which one comes first is chance.
#[must_use]
pub fn why_unanswered(error: reqwest::Error) -> String {
    if error.is_connect() && error.is_timeout() {
        return "no connection in its time".to_owned();
    }
    let error = error.without_url();
    let mut parts = vec![error.to_string()];
    let mut next = std::error::Error::source(&error);
    while let Some(cause) = next {
        parts.push(cause.to_string());
        next = cause.source();
    }
    parts.dedup();
    parts.join(": ")
}

fn within_origin(attempt: Attempt<'_>, most: usize) -> Action {
    let from = attempt.previous().first().map(|url| url.origin());
    if from.is_none_or(|from| from != attempt.url().origin()) {
        return attempt.stop();
    }
    if attempt.previous().len() > most {
        attempt.error(format!("more than {most} redirects"))
    } else {
        attempt.follow()
    }
}
