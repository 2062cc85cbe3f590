//! Variables of nginx that change when TLS moves to a balancer.

use super::tree::{Directive, Tree};

/// A variable in a word.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Variable<'a> {
    /// Without `$` and braces.
    pub(super) name: &'a [u8],
    /// How many bytes it takes, with `$` and braces.
    pub(super) length: usize,
}

/// The variable the text begins with.
pub(super) fn at_start(text: &[u8]) -> Option<Variable<'_>> {
    let rest = text.strip_prefix(b"$")?;
    let (inner, around) = match rest.strip_prefix(b"{") {
        Some(inner) => (inner, b"${}".len()),
        None => (rest, b"$".len()),
    };
    let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_';
    let length = inner.iter().take_while(is_name).count();
    let closed = around == 1 || inner.get(length) == Some(&b'}');
    (length > 0 && closed).then(|| Variable { name: &inner[..length], length: length + around })
}

fn all_in(text: &[u8]) -> impl Iterator<Item = Variable<'_>> {
    (0..text.len()).filter_map(|at| at_start(&text[at..]))
}

/// Whether the text has a variable whose name begins so.
pub(super) fn has_prefix(text: &[u8], prefix: &str) -> bool {
    all_in(text).any(|variable| variable.name.starts_with(prefix.as_bytes()))
}

/// The variables that tell of the connection: nginx's own, and those the file derives from them.
#[derive(Debug, Default)]
pub(super) struct Tainted {
    derived: Vec<Vec<u8>>,
}

impl Tainted {
    /// Looks for `map` and `set` that derive a variable from the connection.
    pub(super) fn of(tree: &Tree<'_>) -> Self {
        let mut tainted = Self::default();
        loop {
            let found = tree.all().filter_map(|directive| tainted.derivation(directive));
            let new: Vec<Vec<u8>> = found.map(<[u8]>::to_vec).collect();
            if new.is_empty() {
                return tainted;
            }
            tainted.derived.extend(new);
        }
    }

    /// The variable the directive derives from the connection, if that was not known yet.
    fn derivation<'d>(&self, directive: &'d Directive) -> Option<&'d [u8]> {
        let (source, target) = match directive.name() {
            b"map" => (directive.argument(0), directive.argument(1)),
            b"set" => (directive.argument(1), directive.argument(0)),
            _ => return None,
        };
        let variable = at_start(target)?;
        (self.is_in(source) && !self.holds(variable.name)).then_some(variable.name)
    }

    /// Whether the text depends on the connection.
    pub(super) fn is_in(&self, text: &[u8]) -> bool {
        all_in(text).any(|variable| self.holds(variable.name))
    }

    fn holds(&self, name: &[u8]) -> bool {
        let own: [&[u8]; 6] = [b"scheme", b"https", b"server_port", b"http2", b"http3", b"quic"];
        own.contains(&name) || name.starts_with(b"ssl_") || self.derived.iter().any(|derived| derived == name)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

    use super::*;

    #[test]
    fn variables_are_found_with_and_without_braces() {
        let names = |text: &'static [u8]| all_in(text).map(|found| found.name).collect::<Vec<_>>();
        assert_eq!(names(b"$a-${b}c$_d1"), [b"a".as_slice(), b"b", b"_d1"]);
        assert!(names(b"$ ${} ${a $1").iter().all(|name| *name == b"1"));
    }

    #[test]
    fn what_is_derived_from_the_connection_is_tainted_too() {
        let text = b"map $late $last { default 1; } map $scheme $early { http 1; }
                     server { set $late \"x$early\"; set $host_copy $host; }";
        let tainted = Tainted::of(&Tree::read(text).unwrap());
        for name in ["$scheme", "$https", "$ssl_protocol", "$early", "$late", "a${last}b"] {
            assert!(tainted.is_in(name.as_bytes()), "{name}");
        }
        for name in ["$host", "$host_copy", "$schemes", "scheme", "$ssl"] {
            assert!(!tainted.is_in(name.as_bytes()), "{name}");
        }
    }
}
