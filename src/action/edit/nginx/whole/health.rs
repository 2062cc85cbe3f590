//! Who answers the balancer's health check: a request to port 80 whose Host is the machine's own address.
//!
//! nginx chooses in two steps (ngx_http_request, `ngx_http_find_virtual_server`): by the address and port the connection
//! came to, of which the most exact `listen` counts; then by name: exact, with a `*`, the first regular expression that
//! matches, else the socket's default server, which is the first one read when none says `default_server`.

use std::net::IpAddr;

use super::super::server::{Address, HTTP, Listen, Port, Server};
use super::super::tree::{Directive, Tree};
use super::super::variables;
use super::flat::Flat;

/// Addresses as a balancer writes them into the Host: some of each private range.
const SAMPLES: [&str; 4] = ["10.0.0.5", "10.123.45.67", "172.31.200.9", "192.168.1.20"];

/// Who answers the health check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The site.
    Site,
    /// Another server, whose place and name these are, because of this.
    Other {
        /// How it is called.
        server: String,
        /// Where it is.
        place: String,
        /// Why it is the one.
        why: &'static str,
    },
    /// The site, but it asks for the name that the visitor used, at this place.
    SiteByName {
        /// Where it asks.
        place: String,
    },
}

/// A server with the reason why it is the one.
pub(super) struct Chosen<'s, 't> {
    pub(super) server: &'s Server<'t>,
    pub(super) why: &'static str,
}

/// Whether the server answers on port 80 of every IPv4 address.
pub(super) fn is_on_any(server: &Server<'_>) -> bool {
    let is_any = |listen: &Listen<'_>| listen.address == Address::ANY4 || listen.takes_both_families();
    server.listens.is_empty() || server.plain_listens().any(is_any)
}

/// The lines for port 80, TLS or not, of one IPv4 address that is not this machine's alone.
pub(super) fn exact_listens<'s, 't>(server: &'s Server<'t>) -> impl Iterator<Item = &'s Listen<'t>> {
    server.listens.iter().filter(|listen| {
        listen.port == Port::Number(HTTP)
            && listen.address != Address::ANY4
            && matches!(listen.address, Address::Ip(IpAddr::V4(_)))
            && !listen.address.is_loopback()
    })
}

/// Whether the server is one of those that the balancer's connections to the site's address come to: those of every IPv4
/// address, or, where the site names an address of the host, those that name it too.
fn is_beside(server: &Server<'_>, site: &Server<'_>) -> bool {
    if is_on_any(site) {
        return is_on_any(server);
    }
    exact_listens(site).any(|own| exact_listens(server).any(|listen| listen.address == own.address))
}

/// The server that answers a request for an address where the site listens.
pub(super) fn chosen<'s, 't>(servers: &'s [Server<'t>], site: &Server<'_>) -> Option<Chosen<'s, 't>> {
    let beside = || servers.iter().filter(|server| is_beside(server, site));
    let by_expression = beside().find(|server| server.names.iter().any(|name| may_match(&name.text)));
    if let Some(server) = by_expression {
        return Some(Chosen { server, why: "its name is a regular expression that matches an address" });
    }
    default_beside(servers, site)
}

/// The default server for port 80 where the site listens.
pub(super) fn default_beside<'s, 't>(servers: &'s [Server<'t>], site: &Server<'_>) -> Option<Chosen<'s, 't>> {
    let beside = || servers.iter().filter(|server| is_beside(server, site));
    let says_so = |server: &&Server<'_>| {
        let is_meant = |one: &Listen<'_>| match is_on_any(site) {
            true => one.address == Address::ANY4 || one.takes_both_families(),
            false => exact_listens(site).any(|own| own.address == one.address),
        };
        server.plain_listens().any(|one| is_meant(one) && one.is_default())
    };
    if let Some(server) = beside().find(says_so) {
        return Some(Chosen { server, why: "it is the `default_server` of port 80" });
    }
    beside().next().map(|server| Chosen { server, why: "it is the first one for port 80, none being `default_server`" })
}

/// Whether a name is a regular expression that may match an address; one that cannot be judged may.
fn may_match(name: &str) -> bool {
    let Some(expression) = name.strip_prefix('~') else { return false };
    match regex_lite::RegexBuilder::new(expression).case_insensitive(true).build() {
        Ok(expression) => SAMPLES.iter().any(|sample| expression.is_match(sample)),
        Err(_) => true,
    }
}

pub(super) fn answer(flat: &Flat<'_>, tree: &Tree<'_>, servers: &[Server<'_>], site: &Server<'_>) -> Answer {
    let Some(chosen) = chosen(servers, site) else {
        let place = flat.told(site.block);
        return Answer::Other { server: site.title(), place, why: "no server answers port 80 of every IPv4 address" };
    };
    // A drop-in of this or an earlier run hands it on to the site.
    if flat.place(chosen.server.block.span.start).is_some_and(|(file, _)| file.is_ours()) {
        return Answer::Site;
    }
    if !std::ptr::eq(chosen.server, site) {
        let (server, place) = (chosen.server.title(), flat.told(chosen.server.block));
        return Answer::Other { server, place, why: chosen.why };
    }
    match tree.within(site.block).find(|one| asks_for_the_name(one)) {
        Some(condition) => Answer::SiteByName { place: flat.told(condition) },
        None => Answer::Site,
    }
}

fn asks_for_the_name(directive: &Directive) -> bool {
    let names = ["host", "http_host"];
    let is_so =
        |word: &[u8]| names.iter().any(|name| variables::at_start(word).is_some_and(|it| it.name == name.as_bytes()));
    directive.is("if")
        && directive.arguments().iter().any(|word| is_so(word.value.strip_prefix(b"(").unwrap_or(&word.value)))
}
