//! Servers that stand in the way of the plain site on port 80.

use std::net::IpAddr;

use super::super::super::Reason;
use super::super::redirect;
use super::super::server::{Address, HTTP, Listen, Port, Server};
use super::super::tree::Tree;
use super::flat::Flat;
use super::upstream::Own;

/// Every reason why the site, plain on port 80, would not be nginx's choice there, or nginx would not start.
pub(super) fn reasons(flat: &Flat<'_>, tree: &Tree<'_>, own: &Own<'_, '_>) -> Vec<Reason> {
    let Own { servers, site, fqdn, addresses } = *own;
    let others = || servers.iter().filter(|server| !std::ptr::eq(*server, site));
    let mut reasons = Vec::new();
    for rival in others().filter(|server| server.is_named(fqdn) && meets(server, site)) {
        let message = format!(
            "{} has the site's name on port 80 too: nginx would take the one it reads first and only warn of a \
             conflicting server name",
            rival.title()
        );
        let advice = if redirect::only_redirects(tree, rival) {
            format!(
                "take `{fqdn}` out of that server, or its file out of nginx's configuration, and reload nginx: it only \
                 redirects, and the balancer's listener on port 80 does that"
            )
        } else {
            format!("take `{fqdn}` out of that server's `server_name`, and reload nginx")
        };
        reasons.push(flat.reason(rival.block, message, advice));
    }
    reasons.extend(two_defaults(flat, servers));
    reasons.extend(both_families(flat, servers));
    reasons.extend(no_ipv4(flat, site));
    reasons.extend(inherited(flat, servers, site));
    reasons.extend(hidden(flat, servers, site, addresses));
    reasons
}

fn on_80<'s, 't>(server: &'s Server<'t>) -> impl Iterator<Item = &'s Listen<'t>> {
    server.listens.iter().filter(|listen| listen.port == Port::Number(HTTP))
}

/// Whether there is a socket of port 80 on which both answer.
fn meets(one: &Server<'_>, other: &Server<'_>) -> bool {
    let addresses = |server: &Server<'_>| {
        let mut all: Vec<Address> = on_80(server).map(|listen| listen.address.clone()).collect();
        if server.listens.is_empty() {
            all.push(Address::ANY4);
        }
        all
    };
    let there = addresses(other);
    addresses(one).iter().any(|address| there.contains(address))
}

/// nginx refuses two default servers of one socket ("a duplicate default server").
fn two_defaults(flat: &Flat<'_>, servers: &[Server<'_>]) -> Vec<Reason> {
    let defaults = || servers.iter().flat_map(|server| on_80(server).filter(|listen| listen.is_default()));
    let mut seen: Vec<&Address> = Vec::new();
    let mut reasons = Vec::new();
    for listen in defaults() {
        if seen.contains(&&listen.address) {
            let message = "a second `default_server` for port 80: nginx would not start";
            reasons.push(flat.reason(listen.directive, message, "leave one of them"));
        }
        seen.push(&listen.address);
    }
    reasons
}

/// An IPv6 socket that takes IPv4 too, beside one for IPv4: the second cannot be bound, which `nginx -t` does not say.
fn both_families(flat: &Flat<'_>, servers: &[Server<'_>]) -> Option<Reason> {
    let all = || servers.iter().flat_map(on_80);
    let both = all().find(|listen| listen.takes_both_families())?;
    let implicit = servers.iter().find(|server| server.listens.is_empty()).map(|server| server.block);
    let plain =
        all().find(|listen| matches!(listen.address, Address::Ip(IpAddr::V4(_)))).map(|listen| listen.directive);
    let place = flat.told(plain.or(implicit)?);
    let message = format!(
        "`ipv6only=off` takes IPv4 too, and {place} listens on port 80 of IPv4 as well: nginx could not bind both, and \
         would not start (`nginx -t` does not say so)"
    );
    Some(flat.reason(both.directive, message, "write `listen 80;` and `listen [::]:80;` without `ipv6only=off`"))
}

/// What any other line says of a socket holds for the site too (`ngx_http_add_addresses`): the balancer speaks plain HTTP/1.1.
fn inherited(flat: &Flat<'_>, servers: &[Server<'_>], site: &Server<'_>) -> Vec<Reason> {
    const NOT_SPOKEN: [&str; 4] = ["ssl", "http2", "proxy_protocol", "quic"];
    let meets_site = |listen: &&Listen<'_>| {
        let implicit = site.listens.is_empty() && listen.address == Address::ANY4;
        implicit || on_80(site).any(|own| own.address == listen.address)
    };
    let others = servers.iter().filter(|server| !std::ptr::eq(*server, site));
    let mut reasons = Vec::new();
    for listen in others.flat_map(on_80).filter(meets_site) {
        if let Some(option) = NOT_SPOKEN.iter().find(|option| listen.has(option)) {
            let message = format!(
                "`{option}` holds for every server of this socket, the site included, and the balancer speaks plain HTTP/1.1 \
                 without it"
            );
            reasons.push(flat.reason(listen.directive, message, "take it out, or give that server another port"));
        }
    }
    reasons
}

/// The balancer asks its targets by IPv4.
fn no_ipv4(flat: &Flat<'_>, site: &Server<'_>) -> Option<Reason> {
    let is_v4 = |listen: &Listen<'_>| {
        listen.takes_both_families()
            || match &listen.address {
                Address::Ip(ip) => ip.is_ipv4() && !ip.is_loopback(),
                Address::Other(_) => !listen.address.is_loopback(),
            }
    };
    let first = site.listens.first()?;
    let is_reached = on_80(site).any(is_v4);
    (!is_reached).then(|| {
        let message = "the site would listen on port 80 of IPv6, or of this machine, only: the balancer asks by IPv4";
        flat.reason(first.directive, message, "write `listen 443 ssl;` beside it first, for IPv4")
    })
}

/// A connection to an address that any server names is answered by servers that name it, and by no other.
fn hidden(flat: &Flat<'_>, servers: &[Server<'_>], site: &Server<'_>, addresses: &[IpAddr]) -> Vec<Reason> {
    let is_ours = |listen: &&Listen<'_>| matches!(&listen.address, Address::Ip(ip) if addresses.contains(ip));
    let mut reasons = Vec::new();
    for listen in servers.iter().flat_map(super::health::exact_listens).filter(is_ours) {
        if !on_80(site).any(|own| own.address == listen.address) {
            let message = format!(
                "`{}` is an address of this host: what comes to it is answered by servers that name it only, not by the site",
                String::from_utf8_lossy(listen.directive.argument(0))
            );
            reasons.push(flat.reason(listen.directive, message, "write `listen 80;` there, without the address"));
        }
    }
    reasons
}
