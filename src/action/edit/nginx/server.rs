//! A `server` block as far as the edit asks: its names, where it listens, whether it speaks TLS.
//!
//! What it does not handle: `listen` and `server_name` lines that come from an included file
//! ([`Server::hides_listens`] says where that is possible).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

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

    /// Whether it has the old `ssl on;`.
    pub(super) fn has_ssl_on(&self) -> bool {
        self.ssl_on
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

/// Where a `listen` line listens, as nginx compares it: by address, not by how it is written. `80`, `*:80` and
/// `0.0.0.0:80` are one (`ngx_parse_inet_url`, `ngx_cmp_sockaddr`), so that the second of them in one server is a
/// "duplicate listen".
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Address {
    Ip(IpAddr),
    /// A name, a Unix socket, or what nginx would not accept; in lower case.
    Other(Vec<u8>),
}

impl Address {
    /// Every IPv4 address.
    pub(super) const ANY4: Self = Self::Ip(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    /// Every IPv6 address.
    pub(super) const ANY6: Self = Self::Ip(IpAddr::V6(Ipv6Addr::UNSPECIFIED));

    fn read(text: &[u8]) -> Self {
        let text = text.to_ascii_lowercase();
        if text == b"*" {
            return Self::ANY4;
        }
        let inner = text.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]")).unwrap_or(&text);
        match std::str::from_utf8(inner).ok().and_then(|inner| inner.parse().ok()) {
            Some(ip) => Self::Ip(ip),
            None => Self::Other(text),
        }
    }

    /// Whether it means every address of its family, this one included.
    pub(super) fn covers(&self, other: &Self) -> bool {
        self == other
            || match other {
                Self::Ip(IpAddr::V4(_)) => *self == Self::ANY4,
                Self::Ip(IpAddr::V6(_)) => *self == Self::ANY6,
                Self::Other(_) => false,
            }
    }

    /// Whether it is reached from this machine only.
    pub(super) fn is_loopback(&self) -> bool {
        match self {
            Self::Ip(ip) => ip.is_loopback(),
            Self::Other(name) => name == b"localhost" || name.starts_with(b"unix:"),
        }
    }
}

/// A `listen` line.
#[derive(Debug)]
pub(super) struct Listen<'t> {
    pub(super) directive: &'t Directive,
    pub(super) address: Address,
    pub(super) port: Port,
    /// How much of its first argument is the address; nothing where only a port is given.
    address_length: usize,
}

impl<'t> Listen<'t> {
    fn read(directive: &'t Directive) -> Self {
        let argument = directive.argument(0);
        let (address, port) = address_and_port(argument);
        let is_port_alone = !argument.is_empty() && argument.iter().all(u8::is_ascii_digit);
        let address_length = if is_port_alone { 0 } else { address.len() };
        Self { directive, address: Address::read(address), port, address_length }
    }

    /// The address as it is written; empty where only a port is given.
    pub(super) fn address_text(&self) -> &'t [u8] {
        &self.directive.argument(0)[..self.address_length]
    }

    /// Whether its IPv6 socket takes IPv4 connections too.
    pub(super) fn takes_both_families(&self) -> bool {
        self.has("ipv6only=off") && matches!(self.address, Address::Ip(IpAddr::V6(_)))
    }

    /// Its options, without the one that is the server's and not the socket's: whether it is the default.
    pub(super) fn options(&self) -> impl Iterator<Item = &'t [u8]> {
        let words = self.directive.arguments().iter().skip(1).map(|word| word.value.as_slice());
        words.filter(|word| !matches!(*word, b"default_server" | b"default"))
    }

    /// Whether the line has this flag.
    pub(super) fn has(&self, flag: &str) -> bool {
        self.directive.arguments().iter().skip(1).any(|word| word.value == flag.as_bytes())
    }

    /// Whether it is a Unix socket.
    pub(super) fn is_unix(&self) -> bool {
        self.directive.argument(0).starts_with(b"unix:")
    }

    /// Whether it makes its server the default one of the socket.
    pub(super) fn is_default(&self) -> bool {
        self.has("default_server") || self.has("default")
    }

    /// Whether it names one address of this machine, which a clone does not have.
    pub(super) fn names_this_machine(&self) -> bool {
        !self.address.is_loopback() && self.address != Address::ANY4 && self.address != Address::ANY6
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
    fn addresses_are_compared_as_nginx_compares_them() {
        let of = |text: &str| Address::read(address_and_port(text.as_bytes()).0);
        for any in ["80", "*", "*:443", "0.0.0.0", "0.0.0.0:80", ""] {
            let any = if any.is_empty() { "*" } else { any };
            assert_eq!(of(any), Address::ANY4, "{any}");
        }
        for any in ["[::]", "[::]:80", "[0:0::0]:443"] {
            assert_eq!(of(any), Address::ANY6, "{any}");
        }
        assert_eq!(of("[2001:DB8::1]:80"), of("[2001:db8:0::1]"));
        assert!(Address::ANY4.covers(&of("10.0.0.5:80")) && !of("10.0.0.5").covers(&Address::ANY4));
        assert!(!Address::ANY4.covers(&Address::ANY6) && !Address::ANY4.covers(&of("localhost:80")));
        assert!(of("127.0.0.2:80").is_loopback() && of("localhost").is_loopback() && of("[::1]:80").is_loopback());
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
