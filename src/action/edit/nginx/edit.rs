//! The changes that turn a site with TLS into a plain one on port 80.

use super::super::span::{self, Patch};
use super::super::{Note, Reason};
use super::choose::ChosenSite;
use super::guard::is_for_http_on_tls_port;
use super::listen::new_listens;
use super::redirect::{self, SchemeNeed};
use super::removal::Removal;
use super::server::Server;
use super::tree::{Directive, Tree};
use super::variables::Tainted;

/// `listen` and TLS lines of the site, and the redirecting servers it takes the place of.
pub(super) fn move_to_port_80(
    tree: &Tree<'_>,
    site: &ChosenSite<'_, '_>,
    servers: &[Server<'_>],
    default_is_elsewhere: bool,
    patch: &mut Patch,
) {
    let app = site.app;
    let mut tls = app.listens.iter().filter(|listen| app.is_tls(listen));
    let Some(first) = tls.next() else { return };
    let mut removal = Removal::default();
    removal.exchange(first.directive, new_listens(tree.bytes, site, servers, default_is_elsewhere));
    tls.for_each(|listen| removal.block(listen.directive));
    tree.children(app.block)
        .filter(|child| is_tls_setting(child))
        .chain(tree.within(app.block).filter(|inner| is_for_http_on_tls_port(inner)))
        .for_each(|setting| removal.setting(setting));
    for redirect in &site.redirects {
        if redirect.is_shared {
            take_names_out(tree, redirect.server, app, &mut removal, patch);
        } else {
            removal.block(redirect.server.block);
        }
    }
    removal.add_to(patch, tree);
}

fn is_tls_setting(directive: &Directive) -> bool {
    let starts = ["ssl_", "http3_", "quic_"];
    let name = directive.name();
    starts.iter().any(|start| name.starts_with(start.as_bytes()))
        || matches!(name, b"ssl" | b"http2" | b"http3")
        || is_tls_include(directive)
}

/// Whether the included file is one of those known to hold nothing but TLS settings: certbot's,
/// and that of Debian's `ssl-cert`.
pub(super) fn is_tls_include(directive: &Directive) -> bool {
    let known: [&[u8]; 2] = [b"options-ssl-nginx.conf", b"snakeoil.conf"];
    let path = directive.argument(0);
    let file = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    directive.is("include") && known.contains(&file)
}

/// The site's names go from a redirecting server that stays for others.
fn take_names_out(tree: &Tree<'_>, server: &Server<'_>, app: &Server<'_>, removal: &mut Removal, patch: &mut Patch) {
    let goes = |name: &&super::server::Name<'_>| app.is_named(&name.text);
    for directive in tree.children(server.block).filter(|child| child.is("server_name")) {
        let of_directive = || server.names.iter().filter(|name| name.directive.span == directive.span);
        if of_directive().all(|name| goes(&name)) {
            removal.setting(directive);
            continue;
        }
        for name in of_directive().filter(goes) {
            patch.cut(with_blanks_before(tree, &name.word.span));
        }
    }
}

/// The word with the white space before it, unless that ends a comment: the rest of the directive would become a part
/// of the comment.
fn with_blanks_before(tree: &Tree<'_>, word: &std::ops::Range<usize>) -> std::ops::Range<usize> {
    let blanks = tree.bytes[..word.start].iter().rev().take_while(|byte| byte.is_ascii_whitespace()).count();
    let start = word.start - blanks;
    if tree.is_in_comment(start.saturating_sub(1)) { word.clone() } else { start..word.end }
}

/// Redirects of the site that depend on the scheme of the connection.
///
/// # Errors
///
/// `absolute_redirect on` where a redirect would need it off.
pub(super) fn keep_redirects_on_https(
    tree: &Tree<'_>,
    site: &ChosenSite<'_, '_>,
    fqdn: &str,
    tainted: &Tainted,
    patch: &mut Patch,
) -> Result<Vec<Note>, Vec<Reason>> {
    let mut first_relative = None;
    let mut reasons = Vec::new();
    for directive in tree.within(site.app.block) {
        let Some(target) = redirect::target(directive) else { continue };
        if is_for_http_on_tls_port(directive) && site.app.speaks_tls() {
            continue;
        }
        match redirect::need(&target.value, fqdn, tainted) {
            SchemeNeed::NewStart { length, with } => {
                if let Some(start) = redirect::raw_start(tree.bytes, target, length) {
                    patch.replace(start, with);
                }
            }
            SchemeNeed::Completion if redirect::is_seen_by_client(directive) => {
                match absolute_redirect(tree, directive) {
                    Some(setting) if setting.has_argument("off") => {}
                    Some(setting) => reasons.push(tree.reason(
                        setting,
                        format!(
                            "`{}` makes nginx send clients of `{}` to http",
                            tree.quote(setting),
                            tree.quote(directive)
                        ),
                        "write `absolute_redirect off;`",
                    )),
                    None => first_relative = first_relative.or(Some(directive)),
                }
            }
            SchemeNeed::Completion | SchemeNeed::Nothing | SchemeNeed::Unknown => {}
        }
    }
    if !reasons.is_empty() {
        return Err(reasons);
    }
    let Some(relative) = first_relative else { return Ok(Vec::new()) };
    insert_absolute_redirect(tree, site.app, patch);
    let message = format!("`absolute_redirect off;` is added: `{}` would send clients to http", tree.quote(relative));
    Ok(vec![Note::remark(Some(tree.line(relative)), message)])
}

/// The `absolute_redirect` in force at the directive, as far as this file tells.
fn absolute_redirect<'t>(tree: &'t Tree<'_>, directive: &'t Directive) -> Option<&'t Directive> {
    let mut inner = directive;
    while let Some(outer) = tree.parent(inner) {
        if let Some(found) = tree.children(outer).find(|child| child.is("absolute_redirect")) {
            return Some(found);
        }
        inner = outer;
    }
    let mut top = tree.all().filter(|one| tree.parent(one).is_none());
    top.find(|one| one.is("absolute_redirect"))
}

fn insert_absolute_redirect(tree: &Tree<'_>, app: &Server<'_>, patch: &mut Patch) {
    const TEXT: &[u8] = b"absolute_redirect off;";
    let Some(names) = app.names.last() else { return };
    let names = &names.directive.span;
    let line_end = span::line_end(tree.bytes, names.end);
    let rest = tree.bytes[names.end..line_end].trim_ascii();
    let is_alone = span::is_first_in_line(tree.bytes, names.start)
        && (rest.is_empty() || rest.starts_with(b"#"))
        && line_end < tree.bytes.len();
    if is_alone {
        let indent = span::indent(tree.bytes, names.start);
        let ending = span::line_ending(tree.bytes, names.start);
        patch.insert(line_end, [indent, TEXT, ending].concat());
    } else {
        patch.insert(names.end, [b" ", TEXT].concat());
    }
}
