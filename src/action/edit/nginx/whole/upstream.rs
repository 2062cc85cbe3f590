//! Backends that are port 80 of the host itself: once the site answers there, it asks itself.

use std::net::IpAddr;

use super::super::super::Reason;
use super::super::server::{Address, HTTP, Server};
use super::super::tree::{Directive, Tree};
use super::flat::Flat;

const ADVICE: &str = "let the backend listen on another port, or on a Unix socket, and name that here";

/// Every place of the site that passes requests on to port 80 of this host, unless a server of nginx is there for just that
/// address.
pub(super) fn loops(flat: &Flat<'_>, tree: &Tree<'_>, own: &Own<'_, '_>) -> Vec<Reason> {
    let passes = tree.within(own.site.block).filter(|one| is_pass(one));
    let reasons = passes.filter_map(|pass| {
        let place = place_of(pass.argument(0))?;
        if own.is_port_80_of(place) {
            return Some(reason(flat, tree, pass, None));
        }
        let upstream = tree.outer().find(|one| one.is("upstream") && one.argument(0) == place.as_bytes())?;
        let server = tree.children(upstream).find(|one| {
            one.is("server") && std::str::from_utf8(one.argument(0)).is_ok_and(|place| own.is_port_80_of(place))
        })?;
        Some(reason(flat, tree, server, Some(pass)))
    });
    reasons.collect()
}

fn reason(flat: &Flat<'_>, tree: &Tree<'_>, at: &Directive, through: Option<&Directive>) -> Reason {
    let through = through.map_or(String::new(), |pass| format!(" (used by `{}`)", tree.quote(pass)));
    let message = format!(
        "`{}`{through} is port 80 of this host, where the site itself answers once it is plain: every request would go \
         round until nginx gives up",
        tree.quote(at)
    );
    flat.reason(at, message, ADVICE)
}

fn is_pass(directive: &Directive) -> bool {
    matches!(directive.name(), b"proxy_pass" | b"grpc_pass" | b"uwsgi_pass" | b"scgi_pass" | b"fastcgi_pass")
}

/// Host and port of where a request is passed on to; nothing for Unix sockets, variables and TLS.
fn place_of(target: &[u8]) -> Option<&str> {
    let target = std::str::from_utf8(target).ok()?;
    if target.contains('$')
        || target.contains("unix:")
        || target.starts_with("https://")
        || target.starts_with("grpcs://")
    {
        return None;
    }
    let rest = target.split_once("://").map_or(target, |(_, rest)| rest);
    rest.split(['/', '?']).next()
}

/// What is this host's own.
pub(super) struct Own<'s, 't> {
    /// All servers of its nginx.
    pub(super) servers: &'s [Server<'t>],
    /// The site's.
    pub(super) site: &'s Server<'t>,
    /// The site's name.
    pub(super) fqdn: &'s str,
    /// The host's addresses.
    pub(super) addresses: &'s [IpAddr],
}

impl Own<'_, '_> {
    fn is_port_80_of(&self, place: &str) -> bool {
        let (host, port) = match place.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port.parse::<u16>().ok()),
            _ => (place, Some(HTTP)),
        };
        if port != Some(HTTP) {
            return false;
        }
        let inner = host.trim_start_matches('[').trim_end_matches(']');
        let (is_own, address) = match inner.parse::<IpAddr>() {
            Ok(ip) => (ip.is_loopback() || ip.is_unspecified() || self.addresses.contains(&ip), Address::Ip(ip)),
            Err(_) => (inner == "localhost" || inner.eq_ignore_ascii_case(self.fqdn), Address::Other(inner.into())),
        };
        let is_taken = self.servers.iter().any(|server| {
            !std::ptr::eq(server, self.site) && server.plain_listens().any(|listen| listen.address == address)
        });
        is_own && !is_taken
    }
}
