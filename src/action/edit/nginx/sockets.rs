//! What servers of one socket owe to each other: nginx takes the options of a socket (`ssl`, `http2`, `backlog`,
//! `reuseport`, ...) from any one `listen` line and applies them to all servers that listen there
//! (`ngx_http_add_addresses`). When that line goes, the others lose the option, and `nginx -t` still passes.

use super::super::Reason;
use super::choose::ChosenSite;
use super::server::{Listen, Server};
use super::tree::Tree;

/// Every line of a server that stays and that gets an option only from a line of the site that goes.
pub(super) fn relied_on(tree: &Tree<'_>, site: &ChosenSite<'_, '_>, servers: &[Server<'_>]) -> Vec<Reason> {
    let goes = |server: &Server<'_>| {
        std::ptr::eq(server, site.app)
            || site.redirects.iter().any(|one| !one.is_shared && std::ptr::eq(one.server, server))
    };
    let staying = || servers.iter().filter(|server| !goes(server));
    let leaving = site.app.listens.iter().filter(|listen| site.app.is_tls(listen));
    let mut reasons = Vec::new();
    for gone in leaving {
        let same = |listen: &&Listen<'_>| listen.address == gone.address && listen.port == gone.port;
        let Some((heir, first)) =
            staying().find_map(|server| server.listens.iter().find(same).map(|listen| (server, listen)))
        else {
            continue;
        };
        let is_said = |option: &[u8]| {
            staying().any(|server| {
                let own_tls = option == b"ssl" && server.has_ssl_on();
                own_tls || server.listens.iter().filter(same).any(|listen| listen.options().any(|one| one == option))
            })
        };
        let lost: Vec<_> = gone
            .options()
            .filter(|option| !matches!(*option, b"ipv6only=on" | b"bind") && !is_said(option))
            .map(|option| String::from_utf8_lossy(option).into_owned())
            .collect();
        if lost.is_empty() {
            continue;
        }
        let options = lost.join(" ");
        reasons.push(tree.reason(
            first.directive,
            format!(
                "{} has `{options}` on this socket only through `{}` of the site, which goes",
                heir.title(),
                tree.quote(gone.directive)
            ),
            format!("write `{} {options};` here too", tree.quote(first.directive)),
        ));
    }
    reasons
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

    use super::super::choose::choose;
    use super::*;

    fn judged(other: &str) -> String {
        let site = "server { listen 443 ssl http2 backlog=64 default_server; server_name a.example; root /; }\n";
        let text = format!("{site}server {{ server_name b.example; {other} }}");
        let tree = Tree::read(text.as_bytes()).unwrap();
        let servers = Server::all(&tree);
        let site = choose(&tree, &servers, "a.example").unwrap();
        relied_on(&tree, &site, &servers).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_option_said_on_the_sites_line_only_is_missed() {
        assert_eq!(
            judged("listen *:443;"),
            "line 2, column 33: `b.example` has `ssl http2 backlog=64` on this socket only through `listen 443 ssl http2 \
             backlog=64 default_server` of the site, which goes (advice: write `listen *:443 ssl http2 backlog=64;` here too)"
        );
        assert!(judged("listen 443 ssl;").contains("has `http2 backlog=64`"));
        assert!(judged("listen 443 http2 backlog=64;").contains("has `ssl`"));
        assert!(judged("listen 443 http2 backlog=64; ssl on;").is_empty());
        assert!(judged("listen 443 ssl http2 backlog=64;").is_empty());
        assert!(judged("listen 10.0.0.5:443; listen 80;").is_empty(), "other sockets");
    }
}
