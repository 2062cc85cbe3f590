//! The `listen` lines of a site that answers in the clear on port 80.
//!
//! What it promises: every address that the TLS lines and the redirecting servers had is answered on port 80; no address
//! twice, however it is written; no option of a socket that another server may hold (`backlog` and the like), and never
//! `ipv6only=off`: beside any other server's `listen 80` nginx could not bind it, which `nginx -t` does not say
//! (it lets "Address already in use" pass, `ngx_open_listening_sockets`).

use super::choose::{ChosenSite, Redirect};
use super::server::{Address, HTTP, Listen, Server};

/// The `listen` directives the site needs besides those for port 80 it has: those of the redirecting servers it takes the
/// place of, as they stand, and those for TLS turned into plain ones.
pub(super) fn new_listens(
    bytes: &[u8],
    site: &ChosenSite<'_, '_>,
    servers: &[Server<'_>],
    default_is_elsewhere: bool,
) -> Vec<Vec<u8>> {
    let mut taken: Vec<Address> = site.app.plain_listens().flat_map(answered).collect();
    let may_be_default = !default_is_elsewhere && !servers.iter().any(is_default_on_80);
    let mut texts = Vec::new();
    for Redirect { server, is_shared } in &site.redirects {
        for listen in server.plain_listens() {
            if taken.contains(&listen.address) {
                continue;
            }
            texts.extend(if *is_shared {
                vec![plain(listen.address_text(), false)]
            } else {
                vec![bytes[listen.directive.span.clone()].to_vec()]
            });
            taken.extend(answered(listen));
        }
        // nginx gives a server without any `listen` port 80 of every IPv4 address.
        if server.listens.is_empty() && !taken.contains(&Address::ANY4) {
            texts.push(plain(b"", false));
            taken.push(Address::ANY4);
        }
    }
    // What others of the file answer through one socket for both families cannot be bound a second time.
    let both = servers.iter().flat_map(Server::plain_listens).any(Listen::takes_both_families);
    for listen in site.app.listens.iter().filter(|listen| site.app.is_tls(listen)) {
        let is_default = may_be_default && listen.is_default();
        if listen.takes_both_families() && !both && !taken.contains(&Address::ANY4) {
            texts.push(plain(b"", is_default));
            taken.push(Address::ANY4);
        }
        if !taken.iter().any(|taken| covers(taken, &listen.address, &site.redirects)) {
            texts.push(plain(listen.address_text(), is_default));
            taken.push(listen.address.clone());
        }
    }
    texts
}

/// Beside the lines of a redirecting server, an address of a TLS line is only needed where nothing answers it yet.
fn covers(taken: &Address, address: &Address, redirects: &[Redirect<'_, '_>]) -> bool {
    if redirects.is_empty() { taken == address } else { taken.covers(address) }
}

/// The addresses that a line answers.
fn answered(listen: &Listen<'_>) -> Vec<Address> {
    let also = listen.takes_both_families().then_some(Address::ANY4);
    [listen.address.clone()].into_iter().chain(also).collect()
}

/// Whether the server claims to be the default one for port 80.
pub(super) fn is_default_on_80(server: &Server<'_>) -> bool {
    server.plain_listens().any(Listen::is_default)
}

/// A line for port 80 at the address.
fn plain(address: &[u8], is_default: bool) -> Vec<u8> {
    let port = HTTP.to_string();
    let place = if address.is_empty() { port.into_bytes() } else { [address, b":", port.as_bytes()].concat() };
    let default: &[u8] = if is_default { b" default_server" } else { b"" };
    [b"listen ", place.as_slice(), default, b";"].concat()
}
