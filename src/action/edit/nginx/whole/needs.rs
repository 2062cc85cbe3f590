//! What a plain site still needs behind a balancer, besides its own file.

use super::super::server::Server;
use super::super::tree::{Directive, Tree};
use super::flat::Flat;
use super::health::Answer;

/// nginx's default (ngx_http_core_module, `keepalive_timeout`).
const DEFAULT_S: u64 = 75;

/// What the site has, and what it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needs {
    /// How long nginx keeps a connection of the balancer's.
    pub keep_alive: KeepAlive,
    /// How it completes redirects to paths, of its own making (a missing slash) or not.
    pub redirects: Redirects,
    /// Who answers the balancer's health check.
    pub health: Answer,
}

/// How long nginx keeps a connection on which nothing comes. It must be longer than the balancer keeps it, or the balancer
/// sends a request into a connection that is just being closed, and the visitor gets a 502 (AWS: "Application Load
/// Balancers", connection idle timeout).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeepAlive {
    /// As long as this, in seconds, by what the configuration says.
    Said(u64),
    /// Nothing says anything: nginx's own default, in seconds. One line at the `http` level changes it.
    Default(u64),
    /// A line says too little, and a second line for the same level would be a duplicate.
    Short {
        /// What it says, in seconds.
        seconds: u64,
        /// Where it is.
        place: String,
    },
}

/// How nginx completes a redirect to a path: with `http://` and the Host, or not at all (`absolute_redirect off`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Redirects {
    /// They stay paths: the visitor's own scheme stays.
    Relative,
    /// Nothing says anything: nginx makes `http://` of them. One line at the `http` level changes it.
    Default,
    /// A line says that nginx completes them.
    Absolute {
        /// Where it is.
        place: String,
    },
}

/// The directives of the name that are in force in the server, or in a location of it.
fn in_force<'t>(tree: &'t Tree<'_>, server: &'t Server<'_>, name: &str) -> (Vec<&'t Directive>, Option<&'t Directive>) {
    let inner: Vec<_> = tree.within(server.block).filter(|one| one.is(name)).collect();
    let is_own = |one: &&&Directive| one.depth == server.block.depth + 1;
    let own = inner.iter().find(is_own).copied();
    let http = || tree.outer().find(|one| one.is(name) && tree.parent(one).is_some_and(|parent| parent.is("http")));
    (inner.into_iter().filter(|one| one.depth > server.block.depth + 1).collect(), own.or_else(http))
}

pub(super) fn keep_alive(flat: &Flat<'_>, tree: &Tree<'_>, site: &Server<'_>, wanted_s: u64) -> KeepAlive {
    let (inner, outer) = in_force(tree, site, "keepalive_timeout");
    let of = |one: &Directive| seconds(one.argument(0)).unwrap_or(0);
    let short = inner.into_iter().chain(outer).find(|one| of(one) < wanted_s);
    match (short, outer) {
        (Some(short), _) => KeepAlive::Short { seconds: of(short), place: flat.told(short) },
        (None, Some(said)) => KeepAlive::Said(of(said)),
        (None, None) if DEFAULT_S >= wanted_s => KeepAlive::Said(DEFAULT_S),
        (None, None) => KeepAlive::Default(DEFAULT_S),
    }
}

pub(super) fn redirects(flat: &Flat<'_>, tree: &Tree<'_>, site: &Server<'_>) -> Redirects {
    let (inner, outer) = in_force(tree, site, "absolute_redirect");
    let on = inner.into_iter().chain(outer).find(|one| !one.has_argument("off"));
    match (on, outer) {
        (Some(on), _) => Redirects::Absolute { place: flat.told(on) },
        (None, Some(_)) => Redirects::Relative,
        (None, None) => Redirects::Default,
    }
}

/// A time as nginx writes it: `65`, `65s`, `1m 30s` is one word without blanks (`1m30s`); whole seconds.
fn seconds(text: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(text).ok()?;
    let (mut total, mut number) = (0_u64, String::new());
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        if character.is_ascii_digit() {
            number.push(character);
            continue;
        }
        let is_milli = character == 'm' && rest.peek() == Some(&'s');
        let value: u64 = std::mem::take(&mut number).parse().ok()?;
        let unit = match character {
            'm' if is_milli => {
                rest.next();
                total += value / 1000;
                continue;
            }
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            'w' => 604_800,
            'M' => 2_592_000,
            'y' => 31_536_000,
            _ => return None,
        };
        total = total.checked_add(value.checked_mul(unit)?)?;
    }
    if !number.is_empty() {
        total = total.checked_add(number.parse().ok()?)?;
    }
    (!text.is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_nginx_reads_them() {
        for (text, expected) in
            [("65", 65), ("0", 0), ("620s", 620), ("11m", 660), ("1h30m", 5400), ("75000ms", 75), ("1d", 86_400)]
        {
            assert_eq!(seconds(text.as_bytes()), Some(expected), "{text}");
        }
        for text in ["", "x", "5x", "s", "-5"] {
            assert_eq!(seconds(text.as_bytes()), None, "{text}");
        }
    }
}
