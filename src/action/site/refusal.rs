//! Answers that are no success, as failures: who refused, why as far as it can be told, and what helps. Pure but for
//! reading the answer.
//!
//! Who refused stands in `Server:`. AWS's balancers answer by themselves with `awselb/2.0` (their documentation,
//! "HTTP error codes": 403 is a rule of AWS WAF, 502 and 503 a target that does not answer or none, 504 a target that
//! takes too long); Nextcloud's own refusals come with the web server's name.

use crate::model::{Failure, FailureKind};
use reqwest::header::{HeaderMap, LOCATION, SERVER};
use reqwest::{Response, StatusCode, Url};

/// What was asked for; it decides what a refusal means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// A page, as browsers ask.
    Page,
    /// WebDAV without a body to speak of.
    File,
    /// WebDAV with a body.
    Upload,
}

/// Why it is likely that no session is there any more.
pub(super) const SESSION_LOST: &str = "the session was not kept from one request to the next: PHP's sessions are local to a \
     node, so the balancer must keep a visitor on one (`sticky: true` of the target group), or all nodes share them (Redis)";

/// The failure of an answer that was not the one hoped for.
pub(super) async fn refused(what: &str, asked: Asked, answer: Response) -> Failure {
    let (status, headers) = (answer.status(), answer.headers().clone());
    let said = if asked == Asked::Page { None } else { message(&answer.text().await.unwrap_or_default()) };
    let failure = judged(what, asked, status, &headers);
    match said {
        Some(said) => failure.cause(format!("Nextcloud says: {said}")),
        None => failure,
    }
}

fn judged(what: &str, asked: Asked, status: StatusCode, headers: &HeaderMap) -> Failure {
    let server = headers.get(SERVER).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let own = server.starts_with("awselb");
    let told = match (server, own) {
        ("", _) => String::new(),
        (name, true) => format!(" by the balancer itself (`Server: {name}`)"),
        (name, false) => format!(" (`Server: {name}`)"),
    };
    // What the server answers when it is not well, or busy, or holds a lock, passes.
    let passing = status.is_server_error() || [StatusCode::TOO_MANY_REQUESTS, StatusCode::LOCKED].contains(&status);
    let kind = if passing && status != StatusCode::INSUFFICIENT_STORAGE {
        FailureKind::Transient
    } else {
        FailureKind::Permanent
    };
    let failure = Failure::new(kind, format!("{what}: answered {status}{told}"));
    let maintenance = headers.contains_key("X-Nextcloud-Maintenance-Mode");
    match advice(asked, status.as_u16(), own, maintenance) {
        Some(advice) => failure.advise(advice),
        None => failure,
    }
}

fn advice(asked: Asked, status: u16, own: bool, maintenance: bool) -> Option<&'static str> {
    Some(match (status, asked) {
        (503, _) if maintenance => {
            "Nextcloud is in maintenance mode: `occ maintenance:mode --off` when its work is done"
        }
        (502..=504, _) if own => {
            "no server behind the balancer answered in time: look at its targets' health, and at nginx and php on them"
        }
        (403, _) if own => {
            "a web ACL (AWS WAF) is associated with the balancer and refuses it; the common rule set refuses bodies over 8 KB \
             (`SizeRestrictions_BODY`): look at its sampled requests and exclude the rule"
        }
        (413, _) => {
            "a limit of the body's size refuses uploads: `client_max_body_size` of nginx, or the limit of what stands before it"
        }
        (403, Asked::Upload) => {
            "something before Nextcloud refuses uploads (a web application firewall), or the user may not write"
        }
        (405, Asked::File | Asked::Upload) => {
            "WebDAV's methods (PUT, MKCOL, MOVE, PROPFIND) must reach Nextcloud: does something before it allow GET and POST alone?"
        }
        (400, Asked::Page) => {
            "Nextcloud does not know the name it is asked by: is it in `trusted_domains`, or `overwritehost`, of config.php?"
        }
        (401, Asked::File | Asked::Upload) | (412, Asked::Page) => SESSION_LOST,
        (429, Asked::Page) => "too many requests from this address: wait",
        (504, Asked::Upload) => {
            "it takes longer than something in between waits (`fastcgi_read_timeout` of nginx, the balancer's idle timeout)"
        }
        (507, _) => "the user's quota, or the storage, is full",
        (423, _) => "Nextcloud holds a lock on the file: it ends by itself",
        _ => return None,
    })
}

/// What Nextcloud's WebDAV says in an error's `<s:message>`, in one line.
fn message(body: &str) -> Option<String> {
    let (_, rest) = body.split_once("<s:message>")?;
    let (text, _) = rest.split_once("</s:message>")?;
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let short: String = text.chars().take(200).collect();
    (!short.is_empty()).then_some(short)
}

/// Where an answer would send its client to, when the client has not followed: to another scheme, host or port.
pub(super) fn leads_away(answer: &Response) -> Option<Url> {
    let location = answer.headers().get(LOCATION)?.to_str().ok()?;
    answer.status().is_redirection().then(|| answer.url().join(location).ok()).flatten()
}

/// The failure of being sent away from the site: the client does not follow, for it would take a form along.
pub(super) fn led_away(what: &str, from: &Url, to: &Url) -> Failure {
    let mut shown = to.clone();
    // A query may hold a token.
    shown.set_query(None);
    shown.set_fragment(None);
    let failure = Failure::permanent(format!("{what}: sent to `{shown}`, which was not followed"));
    if from.host_str() != to.host_str() && from.path().contains("/login") | from.path().contains("/apps/") {
        return failure.advise(
            "that looks like single sign-on: the checks log in by Nextcloud's own form, so they need a local user and a form \
             that is shown to it (`/login?direct=1`)",
        );
    }
    failure.advise("the site must keep its visitors on its own name and scheme (`overwritehost`, `overwriteprotocol`)")
}

#[cfg(test)]
mod tests {
    use super::*;
    use FailureKind::{Permanent, Transient};

    fn answer(asked: Asked, status: u16, server: &str) -> Failure {
        let mut headers = HeaderMap::new();
        if !server.is_empty() {
            headers.insert(SERVER, server.parse().unwrap());
        }
        judged("PUT `x`", asked, StatusCode::from_u16(status).unwrap(), &headers)
    }

    #[test]
    fn the_balancers_own_answer_is_told_from_the_sites() {
        let waf = answer(Asked::Upload, 403, "awselb/2.0");
        assert_eq!(waf.message, "PUT `x`: answered 403 Forbidden by the balancer itself (`Server: awselb/2.0`)");
        assert!(waf.by_hand()[0].contains("WAF") && waf.kind == Permanent, "{waf:?}");
        let nginx = answer(Asked::Upload, 413, "nginx/1.22.1");
        assert!(nginx.message.ends_with("413 Payload Too Large (`Server: nginx/1.22.1`)"), "{nginx:?}");
        assert!(nginx.by_hand()[0].contains("client_max_body_size"), "{nginx:?}");
        assert!(answer(Asked::File, 503, "awselb/2.0").by_hand()[0].contains("targets"));
        assert!(answer(Asked::Page, 400, "nginx").by_hand()[0].contains("trusted_domains"));
    }

    #[test]
    fn what_may_pass_is_told_from_what_will_not() {
        for (status, kind) in [(503, Transient), (504, Transient), (423, Transient), (429, Transient), (507, Permanent)]
        {
            assert_eq!(answer(Asked::Upload, status, "").kind, kind, "{status}");
        }
        for status in [400, 401, 403, 404, 405, 409, 413] {
            assert_eq!(answer(Asked::Upload, status, "").kind, Permanent, "{status}");
        }
    }

    #[test]
    fn maintenance_is_named() {
        let mut headers = HeaderMap::new();
        headers.insert("X-Nextcloud-Maintenance-Mode", "1".parse().unwrap());
        let failure = judged("open `x`", Asked::Page, StatusCode::SERVICE_UNAVAILABLE, &headers);
        assert!(failure.by_hand()[0].contains("maintenance:mode --off"), "{failure:?}");
    }

    #[test]
    fn webdavs_own_words_are_shown_in_one_line() {
        let body = "<?xml version=\"1.0\"?>\n<d:error xmlns:s=\"x\"><s:exception>E</s:exception>\n  <s:message>Not\n enough  space</s:message></d:error>";
        assert_eq!(message(body).as_deref(), Some("Not enough space"));
        assert_eq!(message("<html>"), None);
        assert_eq!(message(&format!("<s:message>{}</s:message>", "ü".repeat(999))).unwrap().chars().count(), 200);
    }

    #[test]
    fn single_sign_on_is_told_from_a_wrong_name() {
        let url = |text: &str| Url::parse(text).unwrap();
        let sso = led_away(
            "open",
            &url("https://a.example/index.php/apps/user_saml/saml/login"),
            &url("https://idp.example/?SAMLRequest=x"),
        );
        assert!(sso.by_hand()[0].contains("single sign-on") && !format!("{sso:?}").contains("SAMLRequest"), "{sso:?}");
        for (from, to) in
            [("https://a.example/", "https://old.example/login"), ("https://a.example/login", "http://a.example/login")]
        {
            assert!(led_away("open", &url(from), &url(to)).by_hand()[0].contains("overwritehost"), "{from} {to}");
        }
    }
}
