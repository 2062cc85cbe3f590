//! What the checks of a site share: errors of requests in words, and URLs that are compared.

use crate::access::why_unanswered;
use crate::model::{Failure, FailureKind};
use reqwest::Url;

/// A request without an answer: it may be different the next time.
pub(super) fn unanswered(what: &str, error: reqwest::Error) -> Failure {
    Failure::new(FailureKind::Transient, format!("{what}: no answer")).cause(why_unanswered(error))
}

/// A URL to compare: scheme and host in lower case, the scheme's own port left out (a real balancer writes
/// `https://host:443/`), an empty path as `/`.
pub(super) fn normal(url: &str) -> Result<Url, Failure> {
    Url::parse(url).map_err(|e| Failure::refused(format!("`{url}` is no URL")).cause(e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_that_mean_the_same_are_equal() {
        for same in ["https://Cloud.Example:443/", "HTTPS://cloud.example", "https://cloud.example/"] {
            assert_eq!(normal(same).unwrap().as_str(), "https://cloud.example/");
        }
        assert_ne!(normal("https://cloud.example:8443/").unwrap(), normal("https://cloud.example/").unwrap());
        assert_ne!(normal("http://cloud.example/").unwrap(), normal("https://cloud.example/").unwrap());
    }
}
