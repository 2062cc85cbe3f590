//! What the operator should know about a site that is edited.
//!
//! Behind a balancer two things change that no edit of the site can hide: every request comes
//! from the balancer's address, and its health check asks for the machine's address instead of
//! the site's name, so that nginx's default server answers it.

use std::net::IpAddr;

use super::super::Note;
use super::choose::ChosenSite;
use super::edit::is_tls_include;
use super::elsewhere::Elsewhere;
use super::listen::is_default_on_80;
use super::server::{Address, HTTP, Listen, Port, Server};
use super::tree::{Directive, Tree};
use super::variables::{self, Tainted};
use super::{address, redirect};

/// Included files that are nginx's own or its packages', which hold nothing of interest here.
const KNOWN_INCLUDES: [&[u8]; 7] = [
    b"fastcgi_params",
    b"fastcgi.conf",
    b"fastcgi-php.conf",
    b"scgi_params",
    b"uwsgi_params",
    b"mime.types",
    b"options-ssl-nginx.conf",
];

/// Whether a file is nginx's own or its packages'.
pub(super) fn is_known(path: &[u8]) -> bool {
    KNOWN_INCLUDES.contains(&path.rsplit(|byte| *byte == b'/').next().unwrap_or_default())
}

/// A file as it was read.
#[derive(Clone, Copy)]
pub(super) struct ReadFile<'a, 't> {
    pub(super) tree: &'a Tree<'t>,
    pub(super) servers: &'a [Server<'t>],
    pub(super) tainted: &'a Tainted,
}

/// Everything worth knowing, in the order of the file.
pub(super) fn notes(read: &ReadFile<'_, '_>, site: &ChosenSite<'_, '_>, fqdn: &str, elsewhere: Elsewhere) -> Vec<Note> {
    let ReadFile { tree, servers, tainted } = *read;
    let mut notes = of_servers(tree, site, servers);
    if !elsewhere.is_read {
        notes.extend(of_health_check(tree, site, servers));
    }
    notes.extend(of_names(tree, site, fqdn));
    let listens = site.app.listens.iter().filter(|listen| listen.names_this_machine());
    notes.extend(listens.map(|listen| of_address(tree, listen)));
    let here = || tree.outer().chain(tree.within(site.app.block)).any(|one| one.is("set_real_ip_from"));
    let has_real_ip = elsewhere.real_ip || here();
    if !has_real_ip {
        let message = match elsewhere.is_read {
            true => "no `set_real_ip_from`: the access log shows the balancer's address",
            false => {
                "no `set_real_ip_from` in this file: unless it is in another, the access log shows the balancer's address"
            }
        };
        notes.push(Note::remark(None, message));
    }
    notes.extend(of_families(tree, site));
    for directive in tree.within(site.app.block) {
        if !(elsewhere.is_read && directive.is("include")) {
            notes.extend(of_directive(tree, directive, tainted, site.app.speaks_tls()));
        }
    }
    if !has_real_ip {
        let outside = tree.outer().filter(|directive| !directive.is("server"));
        let users = outside.chain(tree.within(site.app.block)).filter(|one| address::is_looked_at(one));
        notes.extend(users.map(|directive| {
            let message = format!(
                "`{}` looks at the client's address, which is the balancer's from now on (no \
                 `set_real_ip_from`{})",
                tree.quote(directive),
                if elsewhere.is_read { "" } else { " in this file" }
            );
            Note::warning(Some(tree.line(directive)), message)
        }));
    }
    notes
}

/// A balancer asks its targets by IPv4, unless it was made for both families and told otherwise.
fn of_families(tree: &Tree<'_>, site: &ChosenSite<'_, '_>) -> Option<Note> {
    let redirecting = site.redirects.iter().flat_map(|one| one.server.plain_listens());
    let all = || site.app.listens.iter().filter(|listen| !listen.address.is_loopback());
    let mut lines = all().chain(redirecting);
    let first = all().next()?;
    let is_v6_alone =
        lines.all(|listen| matches!(listen.address, Address::Ip(IpAddr::V6(_))) && !listen.takes_both_families());
    is_v6_alone.then(|| {
        let message = format!(
            "`{}` and its like listen on IPv6 only: the balancer asks by IPv4, write `listen 443 ssl;` beside it first",
            tree.quote(first.directive)
        );
        Note::warning(Some(tree.line(first.directive)), message)
    })
}

fn of_servers(tree: &Tree<'_>, site: &ChosenSite<'_, '_>, servers: &[Server<'_>]) -> Vec<Note> {
    let mut notes = Vec::new();
    let is_app = |server: &Server<'_>| std::ptr::eq(server, site.app);
    for server in servers.iter().filter(|server| !is_app(server) && server.speaks_tls()) {
        let message = format!("{} keeps its TLS: it is another site", server.title());
        notes.push(Note::remark(Some(tree.line(server.block)), message));
    }
    for redirect in &site.redirects {
        let server = redirect.server;
        if redirect.is_shared {
            let message = format!("{} goes on redirecting its other names", server.title());
            notes.push(Note::remark(Some(tree.line(server.block)), message));
            continue;
        }
        for listen in server.listens.iter().filter(|listen| listen.port != Port::Number(HTTP)) {
            let quote = tree.quote(listen.directive);
            let message = format!("`{quote}` goes with the redirecting server: nothing answers there any more");
            notes.push(Note::remark(Some(tree.line(listen.directive)), message));
        }
        if let Some(renewal) = tree.children(server.block).find(|child| redirect::is_for_renewal(child)) {
            let message = format!(
                "`{}` goes with the redirecting server: certificates of this name are no longer \
                 renewed through this machine",
                tree.quote(renewal)
            );
            notes.push(Note::remark(Some(tree.line(renewal)), message));
        }
    }
    notes
}

/// Whether another server of the file is nginx's default one for port 80.
fn of_health_check(tree: &Tree<'_>, site: &ChosenSite<'_, '_>, servers: &[Server<'_>]) -> Option<Note> {
    let is_app = |server: &Server<'_>| std::ptr::eq(server, site.app);
    let goes =
        |server: &Server<'_>| site.redirects.iter().any(|one| !one.is_shared && std::ptr::eq(one.server, server));
    let takes_default = is_default_on_80(site.app)
        || site.redirects.iter().any(|one| !one.is_shared && is_default_on_80(one.server))
        || (!servers.iter().any(is_default_on_80)
            && site.app.listens.iter().any(|listen| site.app.is_tls(listen) && listen.is_default()));
    if takes_default {
        return None;
    }
    let mut staying = servers.iter().filter(|server| !goes(server));
    let default = staying
        .clone()
        .find(|server| is_default_on_80(server))
        .or_else(|| staying.find(|server| is_app(server) || server.answers_on_80()))?;
    if is_app(default) {
        return None;
    }
    let message = format!(
        "{} is the default server for port 80 in this file: it, not the site, answers the \
         balancer's health check, which asks for the machine's address",
        default.title()
    );
    Some(Note::warning(Some(tree.line(default.block)), message))
}

fn of_names(tree: &Tree<'_>, site: &ChosenSite<'_, '_>, fqdn: &str) -> Option<Note> {
    let others: Vec<_> = site.app.names.iter().filter(|name| name.text != fqdn).collect();
    let line = tree.line(others.first()?.directive);
    let names = others.iter().map(|name| format!("`{}`", name.text)).collect::<Vec<_>>();
    let message = format!(
        "the site also answers for {}: without the balancer, and a certificate there, these \
         names have no TLS",
        names.join(", ")
    );
    Some(Note::warning(Some(line), message))
}

fn of_address(tree: &Tree<'_>, listen: &Listen<'_>) -> Note {
    let message = format!(
        "`{}` names one address of this machine: nginx does not start on a clone, which has \
         another",
        tree.quote(listen.directive)
    );
    Note::warning(Some(tree.line(listen.directive)), message)
}

fn of_directive(tree: &Tree<'_>, directive: &Directive, tainted: &Tainted, speaks_tls: bool) -> Option<Note> {
    let quote = || tree.quote(directive);
    let line = Some(tree.line(directive));
    let uses = |prefix: &str| directive.arguments().iter().any(|word| variables::has_prefix(&word.value, prefix));
    if directive.is("if") && (uses("host") || uses("http_host")) {
        let message =
            format!("`{}` asks for the host: the balancer's health check sends the machine's address", quote());
        return Some(Note::warning(line, message));
    }
    if directive.is("include") && directive.argument(0).ends_with(b"proxy_params") {
        let message = format!(
            "`{}` is Debian's, which sends the backend `X-Forwarded-Proto $scheme`: `http` from now on, and a backend \
             that redirects on it redirects for ever; write `proxy_set_header X-Forwarded-Proto \
             $http_x_forwarded_proto;` into a file of your own in its place",
            quote()
        );
        return Some(Note::warning(line, message));
    }
    if directive.is("include") && !(speaks_tls && is_tls_include(directive)) {
        let message = || format!("`{}` is kept and was not looked into", quote());
        return (!is_known(directive.argument(0))).then(|| Note::remark(line, message()));
    }
    if directive.is("add_header") && directive.argument(0).eq_ignore_ascii_case(b"alt-svc") {
        let message = format!("`{}` offers clients what the balancer may not have", quote());
        return Some(Note::warning(line, message));
    }
    if let Some(header) = tells_the_backend_the_scheme(directive, tainted) {
        let message = format!(
            "`{}` tells the backend `http` from now on, and one that redirects on it redirects for ever: write \
             `proxy_set_header {header} $http_x_forwarded_proto;`, which is what the balancer says the visitor used",
            quote()
        );
        return Some(Note::warning(line, message));
    }
    let is_tainted = directive.arguments().iter().any(|word| tainted.is_in(&word.value));
    let is_plain_use = redirect::target(directive).is_none() && !directive.is("set");
    (is_tainted && is_plain_use).then(|| {
        let message = format!("`{}` tells of a plain connection from now on", quote());
        Note::remark(line, message)
    })
}

/// Headers by which a backend learns whether the visitor came by https. An ALB sends `X-Forwarded-Proto` itself
/// (AWS: "HTTP headers and Application Load Balancers").
pub(super) fn tells_the_backend_the_scheme(directive: &Directive, tainted: &Tainted) -> Option<String> {
    const HEADERS: [&str; 6] = [
        "x-forwarded-proto",
        "x-forwarded-protocol",
        "x-forwarded-scheme",
        "x-forwarded-ssl",
        "x-scheme",
        "x-url-scheme",
    ];
    let name = String::from_utf8_lossy(directive.argument(0)).into_owned();
    let is_such = directive.is("proxy_set_header") && HEADERS.contains(&name.to_ascii_lowercase().as_str());
    (is_such && tainted.is_in(directive.argument(1))).then_some(name)
}
