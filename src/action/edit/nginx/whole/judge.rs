//! Judges a site in the whole configuration, before and after its edit.

use std::net::IpAddr;

use super::super::super::{EditRefusal, Note, Reason, Weight};
use super::super::choose::{self, ChosenSite};
use super::super::notes::ReadFile;
use super::super::redirect::{self, SchemeNeed};
use super::super::server::{Address, Server};
use super::super::tree::{Directive, Tree};
use super::super::variables::Tainted;
use super::super::{Elsewhere, address, guard, listen, notes, sockets};
use super::drop_in::{self, DropIn, Listening, Wanted};
use super::files::Files;
use super::flat::Flat;
use super::health::{self, Answer};
use super::needs::{self, Needs};
use super::upstream::Own;
use super::{rivals, upstream};

/// A configuration, and the host it is on.
#[derive(Debug, Clone)]
pub struct Configuration {
    files: Files,
    /// The host's own addresses.
    addresses: Vec<IpAddr>,
}

/// What came of looking at a site in its configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgedSite {
    /// What the operator should know of other files than the site's.
    pub notes: Vec<Note>,
    /// What the plain site needs besides its own file.
    pub needs: Needs,
    /// What decides by the client's address, when nothing makes it the visitor's again (`set_real_ip_from`).
    pub by_address: Vec<ByAddress>,
}

/// A directive that decides by the client's address, which is the balancer's from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByAddress {
    /// Where it is.
    pub place: String,
    /// The directive, without what plainly is a secret.
    pub text: String,
    /// The addresses that it lets in, where it is an `allow`.
    pub allows: Option<String>,
}

impl Configuration {
    /// A configuration of these files on a host with these addresses.
    #[must_use]
    pub fn new(files: Files, addresses: Vec<IpAddr>) -> Self {
        Self { files, addresses }
    }

    /// Its files.
    #[must_use]
    pub fn files(&self) -> &Files {
        &self.files
    }

    /// The content of the file that is `real`; nothing when nginx reads no such file.
    #[must_use]
    pub fn content(&self, real: &str) -> Option<&[u8]> {
        self.files.of_real(real).map(|file| file.bytes.as_slice())
    }

    /// The same without the file that is `real`.
    #[must_use]
    pub fn without(&self, real: &str) -> Self {
        Self { files: self.files.without(real), addresses: self.addresses.clone() }
    }

    /// What the other files hold, as far as it decides what is written into the site's.
    ///
    /// # Errors
    /// A file that is not understood; that nginx does not read the site's file.
    pub fn elsewhere(&self, site: &str) -> Result<Elsewhere, EditRefusal> {
        let flat = Flat::of(&self.files)?;
        let tree = Tree::read(flat.text()).map_err(|reason| flat.translated(reason).0)?;
        let servers = Server::all(&tree);
        if !tree.all().any(|one| flat.is_in(one, site)) {
            return Err(self.not_read(&flat, site).into());
        }
        let others = || servers.iter().filter(|server| !flat.is_in(server.block, site));
        let real_ip = tree.outer().any(|one| one.is("set_real_ip_from"));
        Ok(Elsewhere { default_on_80: others().any(listen::is_default_on_80), is_read: true, real_ip })
    }

    fn not_read(&self, flat: &Flat<'_>, site: &str) -> Reason {
        let message =
            format!("nginx does not read this file: `{}` and what it includes do without it", self.files.main());
        let patterns = include_patterns(flat, &self.files);
        let advice = format!(
            "give the file that nginx reads (`nginx -T` lists them; it includes {}), or link `{site}` there",
            patterns.join(", ")
        );
        Reason::whole(message, advice)
    }

    /// Judges the site as it is, in the file whose real path is `site`, and as it will be with the file's `edited` content.
    ///
    /// # Errors
    /// Every reason why the site would not be answered, or nginx not start, once it is plain.
    pub fn judge(&self, site: &str, edited: &[u8], wanted: &Wanted) -> Result<JudgedSite, EditRefusal> {
        let (mut reasons, notes) = self.before(site, wanted)?;
        let after = self.files.with(site, edited);
        let flat = self.after(&after, site, edited)?;
        let tree = Tree::read(flat.text()).map_err(|reason| flat.translated(reason).0)?;
        let servers = Server::all(&tree);
        let Some(app) = plain_site(&flat, &servers, site, &wanted.fqdn) else {
            reasons.push(Reason::whole(
                format!("no server for `{}` on port 80 would be read from this file", wanted.fqdn),
                "edit the site by hand",
            ));
            return Err(EditRefusal::new(reasons));
        };
        let host = Own { servers: &servers, site: app, fqdn: &wanted.fqdn, addresses: &self.addresses };
        let rivals = rivals::reasons(&flat, &tree, &host);
        let is_told = |rival: &Reason| reasons.iter().any(|one| (&one.file, one.line) == (&rival.file, rival.line));
        let rivals: Vec<Reason> = rivals.into_iter().filter(|rival| !is_told(rival)).collect();
        reasons.extend(rivals);
        reasons.extend(upstream::loops(&flat, &tree, &host));
        reasons.extend(redirects_of_includes(&flat, &tree, app, site, &wanted.fqdn));
        if !reasons.is_empty() {
            return Err(EditRefusal::new(reasons.into_iter().map(|reason| own(reason, &flat, site)).collect()));
        }
        let needs = Needs {
            keep_alive: needs::keep_alive(&flat, &tree, app, wanted.keep_alive_s()),
            redirects: needs::redirects(&flat, &tree, app),
            health: health::answer(&flat, &tree, &servers, app),
        };
        Ok(JudgedSite { notes, needs, by_address: by_address(&flat, &tree, app) })
    }

    /// The configuration with the edit, told by the lines of the site's file as it is.
    fn after<'f>(&self, files: &'f Files, site: &str, edited: &[u8]) -> Result<Flat<'f>, EditRefusal> {
        let flat = Flat::of(files)?;
        Ok(match self.files.of_real(site) {
            Some(file) => flat.renumbered_from(site, &file.bytes, edited),
            None => flat,
        })
    }

    /// What other files hold that matters to the site as it is.
    fn before(&self, site: &str, wanted: &Wanted) -> Result<(Vec<Reason>, Vec<Note>), EditRefusal> {
        let flat = Flat::of(&self.files)?;
        let tree = Tree::read(flat.text()).map_err(|reason| flat.translated(reason).0)?;
        let servers = Server::all(&tree);
        let tainted = Tainted::of(&tree);
        let translated = |reasons: Vec<Reason>| -> Vec<Reason> {
            reasons.into_iter().map(|reason| own(flat.translated(reason).0, &flat, site)).collect()
        };
        let chosen =
            choose::choose(&tree, &servers, &wanted.fqdn).map_err(|reasons| EditRefusal::new(translated(reasons)))?;
        let mut reasons = Vec::new();
        for redirect in chosen.redirects.iter().filter(|one| !flat.is_in(one.server.block, site)) {
            let message = format!(
                "{} redirects the site's name from port 80 in another file: it would stand beside the plain site, and \
                 redirect the balancer's requests for ever",
                redirect.server.title()
            );
            let advice = format!(
                "take `{}` out of it, or the file out of nginx's configuration, and reload nginx: the balancer's listener \
                 on port 80 redirects",
                wanted.fqdn
            );
            reasons.push(flat.reason(redirect.server.block, message, advice));
        }
        let here = ChosenSite {
            app: chosen.app,
            redirects: chosen.redirects.into_iter().filter(|one| flat.is_in(one.server.block, site)).collect(),
        };
        let mut found = sockets::relied_on(&tree, &here, &servers);
        found.extend(guard::obstacles(&tree, &here, &tainted, &wanted.fqdn));
        // The site's own file was judged alone: what is found in it now rests on another file.
        reasons.extend(translated(found));
        let elsewhere = |real: &str| real != site;
        let read = ReadFile { tree: &tree, servers: &servers, tainted: &tainted };
        let all = notes::notes(&read, &here, &wanted.fqdn, Elsewhere { is_read: true, ..Elsewhere::default() });
        let all = all.into_iter().filter(|note| note.line.is_some()).map(|note| flat.translated_note(note));
        let all = all.filter(|(_, file)| file.is_some_and(|file| elsewhere(&file.real))).map(|(note, _)| note);
        let is_known = |note: &Note| {
            note.weight == Weight::Remark && note.file.as_deref().is_some_and(|file| notes::is_known(file.as_bytes()))
        };
        let unread = flat.unread().iter().map(|reason| {
            let message = format!("{}: the file is judged by nobody", reason.message);
            Note { file: reason.file.clone(), ..Note::warning(Some(reason.line), message) }
        });
        Ok((reasons, all.filter(|note| !is_known(note)).chain(unread).collect()))
    }

    /// The drop-in that gives the site what it needs, at the path `file`; nothing when none is needed.
    ///
    /// # Errors
    /// nginx would not read it there, or would not do with it what is meant.
    pub fn drop_in(
        &self,
        site: &str,
        edited: &[u8],
        wanted: &Wanted,
        file: &str,
    ) -> Result<Option<DropIn>, EditRefusal> {
        let judged = self.judge(site, edited, wanted)?;
        let after = self.files.with(site, edited);
        let flat = self.after(&after, site, edited)?;
        let tree = Tree::read(flat.text()).map_err(|reason| flat.translated(reason).0)?;
        let servers = Server::all(&tree);
        let Some(app) = plain_site(&flat, &servers, site, &wanted.fqdn) else { return Ok(None) };
        let Some(drop_in) = drop_in::of(&judged.needs, &Listening::of(app), wanted) else { return Ok(None) };
        if let Some(reason) = own_address_is_taken(&flat, &servers, app).filter(|_| judged.needs.health != Answer::Site)
        {
            return Err(EditRefusal::new(vec![reason]));
        }
        let default = health::default_beside(&servers, app);
        let default =
            default.filter(|one| !std::ptr::eq(one.server, app)).map(|one| (flat.told(one.server.block), one));

        let with = after.with(file, drop_in.text.as_bytes());
        let flat = Flat::of(&with)?;
        let tree = Tree::read(flat.text()).map_err(|reason| flat.translated(reason).0)?;
        let is_ours = |one: &Directive| flat.is_in(one, file);
        let first = tree.all().find(|one| is_ours(one));
        if !first.is_some_and(|one| tree.parent(one).is_some_and(|parent| parent.is("http"))) {
            let message = format!("nginx would not read `{file}` in its `http` block");
            let patterns = include_patterns(&flat, &self.files).join(", ");
            return Err(Reason::whole(message, format!("give a path that it includes: {patterns}"))
                .of_file(file)
                .into());
        }
        if judged.needs.health == Answer::Site {
            return Ok(Some(drop_in));
        }
        let servers = Server::all(&tree);
        let Some(app) = plain_site(&flat, &servers, site, &wanted.fqdn) else { return Ok(None) };
        let mut reasons = Vec::new();
        if let Some(chosen) = health::chosen(&servers, app).filter(|one| !is_ours(one.server.block)) {
            let message = format!(
                "{} answers requests for an address before a server of ours could: {}",
                chosen.server.title(),
                chosen.why
            );
            let advice = format!("take it out of port 80, or give a drop-in that nginx reads before it than `{file}`");
            reasons.push(flat.reason(chosen.server.block, message, advice));
        }
        if let Some((place, before)) = default
            && health::default_beside(&servers, app).is_some_and(|one| is_ours(one.server.block))
        {
            let message = format!(
                "{} is the default server of port 80 only because nginx reads it first, and it would read `{file}` before it",
                before.server.title()
            );
            let advice =
                format!("write `default_server` on its `listen` line ({place}), or give a drop-in that is read later");
            let reason = Reason::whole(message, advice);
            reasons.push(reason);
        }
        if reasons.is_empty() { Ok(Some(drop_in)) } else { Err(EditRefusal::new(reasons)) }
    }
}

/// What of the site, or of all sites, decides by the client's address.
fn by_address(flat: &Flat<'_>, tree: &Tree<'_>, app: &Server<'_>) -> Vec<ByAddress> {
    let meant = || tree.outer().filter(|one| !one.is("server")).chain(tree.within(app.block));
    if meant().any(|one| one.is("set_real_ip_from")) {
        return Vec::new();
    }
    let users = meant().filter(|one| address::is_looked_at(one));
    let told = users.map(|one| ByAddress {
        place: flat.told(one),
        text: tree.quote(one),
        allows: one.is("allow").then(|| String::from_utf8_lossy(one.argument(0)).into_owned()),
    });
    told.collect()
}

/// A reason in the site's own file needs no name of the file.
fn own(reason: Reason, flat: &Flat<'_>, site: &str) -> Reason {
    let is_own = reason.file.as_deref().is_some_and(|path| flat.is_real(path, site));
    if is_own { Reason { file: None, ..reason } } else { reason }
}

fn plain_site<'s, 't>(flat: &Flat<'_>, servers: &'s [Server<'t>], site: &str, fqdn: &str) -> Option<&'s Server<'t>> {
    let mut of_site = servers.iter().filter(|server| flat.is_in(server.block, site) && server.is_named(fqdn));
    of_site.find(|server| server.answers_on_80())
}

/// Targets in files that the site includes: the edit changes the site's own file only.
fn redirects_of_includes(flat: &Flat<'_>, tree: &Tree<'_>, app: &Server<'_>, site: &str, fqdn: &str) -> Vec<Reason> {
    let tainted = Tainted::of(tree);
    let of_includes = tree.within(app.block).filter(|one| !flat.is_in(one, site));
    let reasons = of_includes.filter_map(|directive| {
        let target = redirect::target(directive)?;
        let advice = match redirect::need(&target.value, fqdn, &tainted) {
            SchemeNeed::NewStart { length, with } => {
                let tail = String::from_utf8_lossy(&target.value[length..]);
                format!("write `{with}{tail}` there, which is right without a balancer too, and reload nginx")
            }
            SchemeNeed::Unknown => String::from("write `https` where it has `$scheme`, and reload nginx"),
            SchemeNeed::Nothing | SchemeNeed::Completion => return None,
        };
        let message = format!(
            "`{}` takes the scheme or the port from the connection, which is plain from now on: clients would be sent to \
             http",
            tree.quote(directive)
        );
        Some(flat.reason(directive, message, advice))
    });
    reasons.collect()
}

/// A server that has the loopback address of port 80 for itself would get what our server asks the site.
fn own_address_is_taken(flat: &Flat<'_>, servers: &[Server<'_>], app: &Server<'_>) -> Option<Reason> {
    if !health::is_on_any(app) {
        return None;
    }
    let v4 = |address: &Address| address.is_loopback() && !matches!(address, Address::Ip(IpAddr::V6(_)));
    let others = servers.iter().filter(|server| !std::ptr::eq(*server, app));
    let mut lines = others.flat_map(Server::plain_listens);
    let taken = lines.find(|listen| v4(&listen.address) && !listen.is_unix())?;
    Some(flat.reason(
        taken.directive,
        "it has port 80 of the loopback address for itself: a server of ours that hands the health check to the site could \
         not reach the site there",
        "let it listen on another port",
    ))
}

/// What the configuration includes in `http`, as full patterns.
fn include_patterns(flat: &Flat<'_>, files: &Files) -> Vec<String> {
    let patterns = flat.includes_of_http().iter().map(|pattern| format!("`{}`", files.full(pattern)));
    let mut patterns: Vec<_> = patterns.filter(|pattern| pattern.contains('*')).collect();
    patterns.dedup();
    patterns
}
