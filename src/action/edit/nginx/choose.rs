//! Which servers of the file make up the site.
//!
//! What it promises: one server that is the site, and the redirecting servers on port 80 that
//! would stand in its way there; or every reason why that cannot be said for certain.

use super::super::Reason;
use super::redirect::only_redirects;
use super::server::Server;
use super::tree::Tree;
use super::variables;

/// The servers that matter to the edit.
#[derive(Debug)]
pub(super) struct ChosenSite<'s, 't> {
    /// The server with the site's content.
    pub(super) app: &'s Server<'t>,
    pub(super) redirects: Vec<Redirect<'s, 't>>,
}

/// A server on port 80 that sends clients of the site to https.
#[derive(Debug)]
pub(super) struct Redirect<'s, 't> {
    pub(super) server: &'s Server<'t>,
    /// Whether it does that for names that are not the site's too, and so has to stay.
    pub(super) is_shared: bool,
}

/// Finds the servers of the site `fqdn`, which is in lower case.
///
/// # Errors
///
/// Every reason why there is not one clear choice.
pub(super) fn choose<'s, 't>(
    tree: &Tree<'_>,
    servers: &'s [Server<'t>],
    fqdn: &str,
) -> Result<ChosenSite<'s, 't>, Vec<Reason>> {
    let named: Vec<_> = servers.iter().filter(|server| server.is_named(fqdn)).collect();
    let hidden: Vec<_> = named.iter().filter(|server| server.hides_listens()).collect();
    if !hidden.is_empty() {
        let reasons = hidden.iter().map(|server| {
            tree.reason(
                server.block,
                "this server has no `listen` line of its own: an included file must hold it",
                "write the `listen` lines into the server block itself",
            )
        });
        return Err(reasons.collect());
    }
    let tls: Vec<_> = named.iter().copied().filter(|server| server.speaks_tls()).collect();
    match tls.as_slice() {
        [] => plain_site(tree, servers, &named, fqdn),
        [app] => tls_site(tree, servers, app, fqdn),
        several => Err(several_servers(tree, several, fqdn, "with TLS")),
    }
}

fn tls_site<'s, 't>(
    tree: &Tree<'_>,
    servers: &'s [Server<'t>],
    app: &'s Server<'t>,
    fqdn: &str,
) -> Result<ChosenSite<'s, 't>, Vec<Reason>> {
    let mut reasons = Vec::new();
    let mut redirects = Vec::new();
    if only_redirects(tree, app) {
        reasons.push(tree.reason(
            app.block,
            format!("the only server with TLS for `{fqdn}` just redirects"),
            "give the name of the site that it redirects to",
        ));
    }
    let rivals = servers
        .iter()
        .filter(|server| !server.speaks_tls() && server.answers_on_80() && server.shares_a_name_with(app));
    for server in rivals {
        if only_redirects(tree, server) {
            let is_shared = server.names.iter().any(|name| !app.is_named(&name.text));
            reasons.extend(lost_server_name(tree, server, app, is_shared));
            redirects.push(Redirect { server, is_shared });
        } else {
            reasons.push(tree.reason(
                server.block,
                format!(
                    "{} on port 80 is neither a mere redirect to https nor the site itself: the \
                     site cannot take its place there",
                    server.title()
                ),
                "merge the two servers by hand, or take the name out of this one",
            ));
        }
    }
    if reasons.is_empty() { Ok(ChosenSite { app, redirects }) } else { Err(reasons) }
}

/// `$server_name` is the first name of a server: taking that out of a redirect that stays would
/// send the other names' clients elsewhere.
fn lost_server_name(tree: &Tree<'_>, server: &Server<'_>, app: &Server<'_>, is_shared: bool) -> Option<Reason> {
    let goes = is_shared && server.names.first().is_some_and(|first| app.is_named(&first.text));
    let user = tree.within(server.block).find(|directive| {
        let mut arguments = directive.arguments().iter();
        arguments.any(|word| variables::has_prefix(&word.value, "server_name"))
    });
    let user = user.filter(|_| goes)?;
    Some(tree.reason(
        user,
        format!(
            "`{}` means the first name of a server that also redirects other names than the \
             site's",
            tree.quote(user)
        ),
        "use `$host` there, or give the other names a server of their own",
    ))
}

fn plain_site<'s, 't>(
    tree: &Tree<'_>,
    servers: &[Server<'_>],
    named: &[&'s Server<'t>],
    fqdn: &str,
) -> Result<ChosenSite<'s, 't>, Vec<Reason>> {
    let on_80 = named.iter().copied().filter(|server| server.answers_on_80());
    let (redirects, sites): (Vec<_>, Vec<_>) = on_80.partition(|server| only_redirects(tree, server));
    match (sites.as_slice(), redirects.as_slice()) {
        ([app], []) => Ok(ChosenSite { app, redirects: Vec::new() }),
        ([_], _) => Err(several_servers(tree, named, fqdn, "on port 80")),
        ([], []) => Err(vec![nobody(tree, servers, named, fqdn)]),
        ([], [redirect, ..]) => Err(vec![tree.reason(
            redirect.block,
            format!("this file only redirects `{fqdn}` to https: no server here holds the site"),
            "give the file with the site's TLS server",
        )]),
        (several, _) => Err(several_servers(tree, several, fqdn, "on port 80")),
    }
}

fn several_servers(tree: &Tree<'_>, servers: &[&Server<'_>], fqdn: &str, which: &str) -> Vec<Reason> {
    let reasons = servers.iter().map(|server| {
        tree.reason(
            server.block,
            format!("one of {} servers {which} for `{fqdn}`", servers.len()),
            "leave one server for the name",
        )
    });
    reasons.collect()
}

/// No server names the site on the ports in question: say what comes nearest.
fn nobody(tree: &Tree<'_>, servers: &[Server<'_>], named: &[&Server<'_>], fqdn: &str) -> Reason {
    if let Some(server) = named.first() {
        return tree.reason(
            server.block,
            format!("the server for `{fqdn}` answers neither with TLS nor on port 80"),
            "give the file with the site's TLS server",
        );
    }
    let message = format!("no server of this file names `{fqdn}`");
    let may_serve = |server: &&Server<'_>| {
        server.speaks_tls()
            && (server.names.is_empty() || server.names.iter().any(|name| is_pattern_for(&name.text, fqdn)))
    };
    match servers.iter().find(may_serve) {
        Some(server) => tree.reason(
            server.block,
            format!("{message}; this one may answer for it, but for others too"),
            format!("write `{fqdn}` into the `server_name` line of the site's server"),
        ),
        None => Reason::whole(message, "check the name, and the path of the site file"),
    }
}

fn is_pattern_for(name: &str, fqdn: &str) -> bool {
    let suffix = name.strip_prefix('*').unwrap_or(name);
    let prefix = name.strip_suffix(".*");
    name == "_"
        || name == "\"\""
        || name.starts_with('~')
        || (suffix.starts_with('.') && (fqdn.ends_with(suffix) || fqdn == &suffix[1..]))
        || prefix.is_some_and(|prefix| fqdn.starts_with(&format!("{prefix}.")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

    use super::*;

    const APP: &str = "server { listen 443 ssl; server_name a.example b.example; root /srv; }\n";

    /// The line of the site, then line and sharing of each redirect.
    type Chosen = (usize, Vec<(usize, bool)>);

    fn chosen(text: &str) -> Result<Chosen, Vec<String>> {
        let tree = Tree::read(text.as_bytes()).unwrap();
        let servers = Server::all(&tree);
        match choose(&tree, &servers, "a.example") {
            Ok(site) => {
                let line = |server: &Server<'_>| tree.line(server.block);
                let redirects = site.redirects.iter();
                let redirects = redirects.map(|found| (line(found.server), found.is_shared));
                Ok((line(site.app), redirects.collect()))
            }
            Err(reasons) => Err(reasons.iter().map(ToString::to_string).collect()),
        }
    }

    fn refused(text: &str) -> String {
        chosen(text).unwrap_err().join("\n")
    }

    #[test]
    fn a_site_is_its_tls_server_and_its_redirects() {
        let own = "server { server_name b.example; return 301 https://$host; }\n";
        let shared = "server { listen 80; server_name x.example a.example;
                      return 301 https://$host; }\n";
        let other = "server { server_name x.example; return 301 https://$host; }\n";
        let text = [APP, own, shared, other].concat();
        assert_eq!(chosen(&text), Ok((1, vec![(2, false), (3, true)])));
    }

    #[test]
    fn a_plain_site_is_its_server_on_80() {
        assert_eq!(chosen("server { server_name a.example; root /srv; }"), Ok((1, vec![])));
    }

    #[test]
    fn what_is_not_one_clear_choice_is_refused() {
        let plain = "server { server_name a.example; root /srv; }\n";
        let redirect = "server { server_name a.example; return 301 https://$host; }\n";
        for (text, expected) in [
            ([APP, APP].concat(), "line 2, column 1: one of 2 servers with TLS"),
            ([APP, plain].concat(), "line 2, column 1: `a.example` on port 80 is neither"),
            ([plain, plain].concat(), "one of 2 servers on port 80 for `a.example`"),
            ([redirect, plain].concat(), "one of 2 servers on port 80 for `a.example`"),
            (redirect.to_owned(), "this file only redirects `a.example`"),
            (String::new(), "no server of this file names `a.example`"),
            (
                "server { listen 443 ssl; server_name *.example; }".to_owned(),
                "this one may answer for it, but for others too",
            ),
            ("server { listen 8080; server_name a.example; }".to_owned(), "answers neither with TLS nor on port 80"),
            ("server { include listens.conf; server_name a.example; }".to_owned(), "an included file must hold it"),
            (redirect.replace("server_name", "listen 443 ssl; server_name"), "just redirects"),
            (
                APP.to_owned()
                    + "server { server_name a.example x.example;
                       return 301 https://$server_name; }",
                "means the first name of a server that also redirects other names",
            ),
        ] {
            let reasons = refused(&text);
            assert!(reasons.contains(expected), "{text}\n{reasons}");
        }
    }
}
