//! Moves the TLS of a site from nginx to a balancer.
//!
//! What it is: [`offload_tls`] makes the site's TLS server answer in the clear on port 80, takes
//! the place of the server that redirected port 80 to https, and keeps the site's own redirects
//! on https, although nginx now sees plain connections only.
//!
//! What it promises: only spans of understood directives change; every other byte stays. What
//! would go wrong behind a balancer without nginx noticing (a redirect that goes round for ever,
//! client certificates) is refused. Each directive outside the change is looked for in the result, and the result is
//! edited once more in thought: if one is missing, or that would change it again, the file is refused.
//!
//! What it does not handle: other files of the configuration (they are noted; [`whole`] judges them), and whether nginx
//! accepts the file before or after (`nginx -t` tells).

mod address;
mod choose;
mod edit;
mod elsewhere;
mod guard;
mod kept;
mod listen;
mod notes;
mod redirect;
mod removal;
mod scan;
mod server;
mod shown;
mod sockets;
mod tree;
mod variables;
pub mod whole;

pub use elsewhere::Elsewhere;
pub use shown::shown;

use super::span::Patch;
use super::{Edit, EditRefusal, Note, Reason};
use notes::ReadFile;
use server::Server;
use tree::Tree;
use variables::Tainted;

/// Turns the TLS server of the site `fqdn` into a plain one on port 80 behind a balancer.
///
/// A site that is one already, and whose redirects need nothing, is left as it is.
///
/// # Errors
///
/// Every place of the file that keeps it from being edited safely.
pub fn offload_tls(bytes: &[u8], fqdn: &str) -> Result<Edit, EditRefusal> {
    offload_tls_beside(bytes, fqdn, Elsewhere::default())
}

/// The same for a file that is one of several.
///
/// # Errors
///
/// Every place of the file that keeps it from being edited safely.
pub fn offload_tls_beside(bytes: &[u8], fqdn: &str, elsewhere: Elsewhere) -> Result<Edit, EditRefusal> {
    let fqdn = fqdn.to_ascii_lowercase();
    let (after, notes) = edited(bytes, &fqdn, elsewhere)?;
    let is_settled = after == bytes || edited(&after, &fqdn, elsewhere).is_ok_and(|(again, _)| again == after);
    if !is_settled {
        let message = "the edited file would not be understood as the plain site it should be";
        return Err(Reason::whole(message, "edit the site by hand").into());
    }
    Ok(Edit::new(bytes, after, notes))
}

fn edited(bytes: &[u8], fqdn: &str, elsewhere: Elsewhere) -> Result<(Vec<u8>, Vec<Note>), EditRefusal> {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"-.".contains(&byte);
    if fqdn.is_empty() || !fqdn.bytes().all(is_part) {
        let message = format!("`{}` is not a host name", fqdn.escape_debug());
        return Err(Reason::whole(message, "give the site's full name").into());
    }
    let tree = Tree::read(bytes)?;
    let servers = Server::all(&tree);
    let tainted = Tainted::of(&tree);
    let site = choose::choose(&tree, &servers, fqdn).map_err(EditRefusal::new)?;

    let mut patch = Patch::default();
    let mut reasons = guard::obstacles(&tree, &site, &tainted, fqdn);
    let mut notes =
        notes::notes(&ReadFile { tree: &tree, servers: &servers, tainted: &tainted }, &site, fqdn, elsewhere);
    match edit::keep_redirects_on_https(&tree, &site, fqdn, &tainted, &mut patch) {
        Ok(more) => notes.extend(more),
        Err(more) => reasons.extend(more),
    }
    reasons.extend(sockets::relied_on(&tree, &site, &servers));
    if !reasons.is_empty() {
        return Err(EditRefusal::new(reasons));
    }
    edit::move_to_port_80(&tree, &site, &servers, elsewhere.default_on_80, &mut patch);
    notes.sort_by_key(|note| (note.line.is_none(), note.line));
    let after = patch.apply(bytes);
    kept::untouched(&tree, &patch, &after)?;
    Ok((after, notes))
}
