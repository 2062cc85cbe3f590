//! The `listen` lines of a site that answers in the clear on port 80.

use super::choose::{Redirect, Site};
use super::server::{HTTP, Listen, Server};

/// The `listen` directives the site needs besides those for port 80 it has: those of the
/// redirecting servers it takes the place of, as they stand; without such servers, those for TLS
/// turned into plain ones.
pub(super) fn new_listens(bytes: &[u8], site: &Site<'_, '_>, servers: &[Server<'_>]) -> Vec<Vec<u8>> {
    let mut taken: Vec<&[u8]> = Vec::new();
    taken.extend(site.app.plain_listens().map(|listen| listen.address.as_slice()));
    let has_any = !taken.is_empty();

    let may_be_default = !servers.iter().any(is_default_on_80);
    let of_redirects = site.redirects.iter().flat_map(|Redirect { server, is_shared }| {
        server.plain_listens().map(|listen| {
            let as_it_stands = || bytes[listen.directive.span.clone()].to_vec();
            (listen, if *is_shared { plain(listen, false) } else { as_it_stands() })
        })
    });
    let of_tls = site.app.listens.iter().filter(|listen| site.app.is_tls(listen));
    let of_tls = of_tls.map(|listen| (listen, plain(listen, may_be_default)));
    let wanted: Vec<_> = if site.redirects.is_empty() { of_tls.collect() } else { of_redirects.collect() };

    let mut texts = Vec::new();
    for (listen, text) in wanted {
        if !taken.contains(&listen.address.as_slice()) {
            taken.push(&listen.address);
            texts.push(text);
        }
    }
    if texts.is_empty() && !has_any {
        texts.push(format!("listen {HTTP};").into_bytes());
    }
    texts
}

/// Whether the server claims to be the default one for port 80.
pub(super) fn is_default_on_80(server: &Server<'_>) -> bool {
    server.plain_listens().any(Listen::is_default)
}

/// The line with port 80 and without what belongs to TLS. Options of the socket (`backlog` and
/// the like) are left out: nginx wants them on one server's line only, and that for port 80 may
/// be in another file.
fn plain(listen: &Listen<'_>, may_be_default: bool) -> Vec<u8> {
    let argument = listen.directive.argument(0);
    let mut text = b"listen ".to_vec();
    if argument.iter().all(u8::is_ascii_digit) {
        text.extend(HTTP.to_string().bytes());
    } else {
        text.extend_from_slice(&argument[..listen.address.len()]);
        text.extend(format!(":{HTTP}").bytes());
    }
    if may_be_default && listen.is_default() {
        text.extend_from_slice(b" default_server");
    }
    if listen.has("ipv6only=off") {
        text.extend_from_slice(b" ipv6only=off");
    }
    text.push(b';');
    text
}
