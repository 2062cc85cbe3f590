//! A `server` block as far as the edit asks: its names, where it listens, whether it speaks TLS.
//!
//! What it does not handle: `listen` and `server_name` lines that come from an included file
//! ([`Server::hides_listens`] says where that is possible).

use super::tree::{Directive, Tree, Word};

/// The port of a site in the clear.
pub(super) const HTTP: u16 = 80;
/// The port of a site with TLS.
pub(super) const HTTPS: u16 = 443;

/// A `server` block of a site (not of `stream` or `mail`).
#[derive(Debug)]
pub(super) struct Server<'t> {
    pub(super) block: &'t Directive,
    pub(super) names: Vec<Name<'t>>,
    pub(super) listens: Vec<Listen<'t>>,
    /// Whether a server-level `include` could hold what is not seen here.
    includes: bool,
    ssl_on: bool,
}

/// One name of a `server_name` directive.
#[derive(Debug)]
pub(super) struct Name<'t> {
    pub(super) directive: &'t Directive,
    pub(super) word: &'t Word,
    /// In lower case.
    pub(super) text: String,
}

impl<'t> Server<'t> {
    /// All servers of the file, in its order.
    pub(super) fn all(tree: &'t Tree<'_>) -> Vec<Self> {
        let blocks = tree.outer().filter(|directive| directive.is("server") && directive.is_block);
        blocks.map(|block| Self::read(tree, block)).collect()
    }

    fn read(tree: &'t Tree<'_>, block: &'t Directive) -> Self {
        let children = || tree.children(block);
        let names = children().filter(|child| child.is("server_name")).flat_map(|directive| {
            directive.arguments().iter().map(move |word| Name {
                directive,
                word,
                text: String::from_utf8_lossy(&word.value).to_lowercase(),
            })
        });
        Self {
            block,
            names: names.collect(),
            listens: children().filter(|child| child.is("listen")).map(Listen::read).collect(),
            includes: children().any(|child| child.is("include")),
            ssl_on: children().any(|child| child.is("ssl") && child.has_argument("on")),
        }
    }

    /// Whether `fqdn`, in lower case, is one of its names as such, not through a pattern.
    pub(super) fn is_named(&self, fqdn: &str) -> bool {
        self.names.iter().any(|name| name.text == fqdn)
    }

    /// Whether the name stands in both servers.
    pub(super) fn shares_a_name_with(&self, other: &Server<'_>) -> bool {
        self.names.iter().any(|name| other.is_named(&name.text))
    }

    /// Whether it answers with TLS anywhere.
    pub(super) fn speaks_tls(&self) -> bool {
        self.listens.iter().any(|listen| self.is_tls(listen))
    }

    /// Whether the `listen` line is one for TLS. A port 443 without a word about it counts: the
    /// flag may be on another server's line for the same socket.
    pub(super) fn is_tls(&self, listen: &Listen<'_>) -> bool {
        listen.has("ssl") || listen.has("quic") || self.ssl_on || listen.port == Port::Number(HTTPS)
    }

    /// Whether it answers in the clear on port 80, which nginx also does without any `listen`.
    pub(super) fn answers_on_80(&self) -> bool {
        self.plain_listens().next().is_some() || self.listens.is_empty()
    }

    /// Its `listen` lines for port 80 without TLS.
    pub(super) fn plain_listens(&self) -> impl Iterator<Item = &Listen<'t>> {
        self.listens.iter().filter(|listen| listen.port == Port::Number(HTTP) && !self.is_tls(listen))
    }

    /// Whether its `listen` lines must be in an included file.
    pub(super) fn hides_listens(&self) -> bool {
        self.listens.is_empty() && self.includes
    }

    /// Its names for a message.
    pub(super) fn title(&self) -> String {
        if self.names.is_empty() {
            return String::from("a server without a name");
        }
        let names = self.names.iter().map(|name| name.text.as_str());
        format!("`{}`", names.collect::<Vec<_>>().join(" "))
    }
}

/// What a `listen` line says about the port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Port {
    Number(u16),
    /// A Unix socket, a range of ports, or what nginx would not accept.
    Other,
}

/// A `listen` line.
#[derive(Debug)]
pub(super) struct Listen<'t> {
    pub(super) directive: &'t Directive,
    /// The address without the port; `*` if none is given.
    pub(super) address: Vec<u8>,
    pub(super) port: Port,
}

impl<'t> Listen<'t> {
    fn read(directive: &'t Directive) -> Self {
        let (address, port) = address_and_port(directive.argument(0));
        Self { directive, address: address.to_ascii_lowercase(), port }
    }

    /// Whether the line has this flag.
    pub(super) fn has(&self, flag: &str) -> bool {
        self.directive.arguments().iter().skip(1).any(|word| word.value == flag.as_bytes())
    }

    /// Whether it makes its server the default one of the socket.
    pub(super) fn is_default(&self) -> bool {
        self.has("default_server") || self.has("default")
    }

    /// Whether it names one address of this machine, which a clone does not have.
    pub(super) fn names_this_machine(&self) -> bool {
        let everywhere: [&[u8]; 4] = [b"*", b"0.0.0.0", b"[::]", b"localhost"];
        let loopback = self.address.starts_with(b"127.") || self.address == b"[::1]";
        !everywhere.contains(&self.address.as_slice()) && !loopback && !self.address.starts_with(b"unix:")
    }
}

/// Splits the first argument of `listen`: `80`, `addr`, `addr:80`, `[::]:80`, `unix:...`.
fn address_and_port(argument: &[u8]) -> (&[u8], Port) {
    if argument.starts_with(b"unix:") {
        return (argument, Port::Other);
    }
    if !argument.is_empty() && argument.iter().all(u8::is_ascii_digit) {
        return (b"*", number(argument));
    }
    let after_brackets = argument.iter().rposition(|byte| *byte == b']').map_or(0, |at| at + 1);
    match argument[after_brackets..].iter().rposition(|byte| *byte == b':') {
        Some(colon) => {
            let (address, port) = argument.split_at(after_brackets + colon);
            (address, number(&port[1..]))
        }
        None => (argument, Port::Number(HTTP)),
    }
}

fn number(digits: &[u8]) -> Port {
    let text = std::str::from_utf8(digits).ok();
    text.and_then(|text| text.parse().ok()).map_or(Port::Other, Port::Number)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

    use super::*;

    #[test]
    fn every_form_of_listen_is_split() {
        let split = |text: &'static str| {
            let (address, port) = address_and_port(text.as_bytes());
            (std::str::from_utf8(address).unwrap(), port)
        };
        assert_eq!(split("80"), ("*", Port::Number(80)));
        assert_eq!(split("*:443"), ("*", Port::Number(443)));
        assert_eq!(split("10.0.0.5"), ("10.0.0.5", Port::Number(80)));
        assert_eq!(split("10.0.0.5:443"), ("10.0.0.5", Port::Number(443)));
        assert_eq!(split("[::]:443"), ("[::]", Port::Number(443)));
        assert_eq!(split("[::1]"), ("[::1]", Port::Number(80)));
        assert_eq!(split("localhost:8080"), ("localhost", Port::Number(8080)));
        assert_eq!(split("8080-8090").1, Port::Number(80), "an address, as far as nginx knows");
        assert_eq!(split("*:8080-8090").1, Port::Other);
        assert_eq!(split("unix:/run/a.sock").1, Port::Other);
        assert_eq!(split("99999").1, Port::Other);
        assert_eq!(split("").1, Port::Number(80));
    }

    #[test]
    fn a_server_knows_its_names_and_its_tls() {
        let text = b"server { listen 443 ssl; listen 8080; server_name A.example b.example; }
                     server { listen 443; ssl on; } server { listen 80; } server { }
                     server { include x; } stream { server { listen 443 ssl; } }
                     upstream u { server a; }";
        let tree = Tree::read(text).unwrap();
        let servers = Server::all(&tree);
        assert_eq!(servers.len(), 5);
        assert!(servers[0].is_named("a.example") && servers[0].is_named("b.example"));
        let tls: Vec<_> = servers.iter().map(Server::speaks_tls).collect();
        assert_eq!(tls, [true, true, false, false, false]);
        let plain: Vec<_> = servers.iter().map(Server::answers_on_80).collect();
        assert_eq!(plain, [false, false, true, true, true]);
        assert!(servers[4].hides_listens() && !servers[3].hides_listens());
    }

    #[test]
    fn an_address_of_this_machine_is_told_from_any() {
        let tree = Tree::read(
            b"server { listen 80; listen [::]:80; listen 127.0.0.1:80;
            listen 10.0.0.5:80; listen [2001:db8::1]:443 ssl; listen unix:/a; }",
        )
        .unwrap();
        let servers = Server::all(&tree);
        let found: Vec<_> = servers[0].listens.iter().map(Listen::names_this_machine).collect();
        assert_eq!(found, [false, false, false, true, true, false]);
    }
}
