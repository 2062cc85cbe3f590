//! What a site may hold that does not survive the move of TLS to a balancer.
//!
//! What it does not handle: what an included file holds, and Lua or Perl in files of their own.

use super::super::Reason;
use super::choose::ChosenSite;
use super::redirect::{self, SchemeNeed};
use super::server::{HTTPS, Listen, Port};
use super::tree::{Directive, Tree};
use super::variables::{self, Tainted};

const BY_HAND: &str =
    "write `https` where it has `$scheme`, and no port where it has `$server_port`, or edit the site by hand";

/// Every reason why the site cannot do without TLS of its own.
pub(super) fn obstacles(tree: &Tree<'_>, site: &ChosenSite<'_, '_>, tainted: &Tainted, fqdn: &str) -> Vec<Reason> {
    let listens = site.app.listens.iter().filter_map(|listen| {
        let what = of_listen(listen, site.app.is_tls(listen))?;
        Some(listen_reason(tree, listen, what))
    });
    let of_redirects = site.redirects.iter().flat_map(|redirect| {
        redirect.server.plain_listens().filter_map(|listen| {
            let what = of_listen(listen, false)?;
            Some(listen_reason(tree, listen, what))
        })
    });
    let outside = tree.outer().filter_map(|directive| of_client_certificates(tree, directive));
    let inside = tree.within(site.app.block).filter_map(|directive| {
        of_client_certificates(tree, directive)
            .or_else(|| of_code(tree, directive))
            .or_else(|| of_connection(tree, directive, tainted, fqdn))
    });
    listens.chain(of_redirects).chain(outside).chain(inside).collect()
}

fn listen_reason(tree: &Tree<'_>, listen: &Listen<'_>, (what, advice): (&str, &str)) -> Reason {
    let message = format!("`{}` {what}", tree.quote(listen.directive));
    tree.reason(listen.directive, message, advice)
}

/// What is wrong with a `listen` line, and what to do about it.
fn of_listen(listen: &Listen<'_>, is_tls: bool) -> Option<(&'static str, &'static str)> {
    if listen.has("quic") {
        let what = "serves HTTP/3, which a balancer does not pass on";
        return Some((what, "take HTTP/3 out of the site first, and let clients forget it"));
    }
    if listen.has("proxy_protocol") {
        let what = "expects the PROXY protocol, which this kind of balancer does not speak";
        return Some((what, "find out what connects to it, and edit the site by hand"));
    }
    if is_tls && listen.port != Port::Number(HTTPS) {
        let what = "has TLS on another port than 443: what uses it would be cut off";
        return Some((what, "move it to a server of its own, or take it out"));
    }
    if !is_tls && listen.port == Port::Number(super::server::HTTP) && listen.has("http2") {
        let what = "speaks HTTP/2 in the clear, where the balancer speaks HTTP/1.1";
        return Some((what, "take `http2` out of the line"));
    }
    None
}

fn of_client_certificates(tree: &Tree<'_>, directive: &Directive) -> Option<Reason> {
    let asks = directive.is("ssl_verify_client") && directive.argument(0) != b"off";
    let uses = directive.arguments().iter().any(|word| variables::has_prefix(&word.value, "ssl_client_"));
    // At the top level a log format or a map may name them without harm to the site.
    let matters = asks || (uses && tree.parent(directive).is_some_and(|p| !p.is("http")));
    matters.then(|| {
        tree.reason(
            directive,
            format!("`{}` needs the client's certificate, which ends at the balancer", tree.quote(directive)),
            "do without client certificates, or keep TLS in nginx",
        )
    })
}

fn of_code(tree: &Tree<'_>, directive: &Directive) -> Option<Reason> {
    let name = String::from_utf8_lossy(directive.name());
    name.contains("_by_lua").then(|| {
        tree.reason(
            directive,
            format!("`{name}` runs Lua in the site: whether it asks for the scheme is not known"),
            "look through the code, and edit the site by hand",
        )
    })
}

/// Decisions that look at the connection, which is always plain from now on.
fn of_connection(tree: &Tree<'_>, directive: &Directive, tainted: &Tainted, fqdn: &str) -> Option<Reason> {
    let quote = || tree.quote(directive);
    let is_tainted = directive.arguments().iter().any(|word| tainted.is_in(&word.value));
    if directive.is("if") && is_tainted {
        let message = format!(
            "`{}` asks for the connection's scheme, which is always `http` behind a balancer: a \
             redirect here would go round for ever",
            quote()
        );
        return Some(tree.reason(directive, message, loop_advice(tree, directive)));
    }
    if directive.is("proxy_redirect") && is_tainted {
        let message = format!("`{}` would make redirects to http", quote());
        return Some(tree.reason(directive, message, "write `https` instead of the variable"));
    }
    if is_for_http_on_tls_port(directive) {
        return None;
    }
    let target = redirect::target(directive)?;
    let length = match redirect::need(&target.value, fqdn, tainted) {
        SchemeNeed::Unknown => None,
        SchemeNeed::NewStart { length, .. } => redirect::raw_start(tree.bytes, target, length),
        SchemeNeed::Nothing | SchemeNeed::Completion => return None,
    };
    if length.is_some() {
        return None;
    }
    let message = format!("`{}` builds its target from the connection in a way not understood", quote());
    Some(tree.reason(directive, message, BY_HAND))
}

/// What to take out: the whole block where it does nothing but redirect.
fn loop_advice(tree: &Tree<'_>, condition: &Directive) -> String {
    let quote = tree.quote(condition);
    if redirect::all_send_to_https(tree, condition) {
        return format!(
            "take the whole `{quote} {{ ... }}` out: it only redirects, and the balancer's listener on port 80 does that"
        );
    }
    format!("write what `{quote} {{ ... }}` does without the scheme: the balancer redirects port 80 to https by itself")
}

/// Whether the directive is about plain requests to a port with TLS (nginx's status 497), of
/// which there are none without TLS.
pub(super) fn is_for_http_on_tls_port(directive: &Directive) -> bool {
    directive.is("error_page")
        && directive.argument(0) == b"497"
        && !directive.argument(1).iter().all(u8::is_ascii_digit)
}
