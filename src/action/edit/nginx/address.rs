//! Directives that look at the client's address, which is the balancer's once a balancer is in front.
//!
//! What it does not handle: code in Lua, Perl or JavaScript, and a variable that is made of the address twice removed.

use super::tree::Directive;
use super::variables;

/// Whether what the directive does depends on the client's address.
pub(super) fn is_looked_at(directive: &Directive) -> bool {
    let uses = |first: usize| {
        let names = ["remote_addr", "binary_remote_addr"];
        let mut words = directive.arguments().iter().take(first);
        words.any(|word| names.iter().any(|name| variables::has_prefix(&word.value, name)))
    };
    let all = directive.arguments().len();
    match directive.name() {
        b"allow" | b"deny" => !matches!(directive.argument(0), b"all" | b"unix:"),
        // `geo $x { }` looks at `$remote_addr` unless it is given another variable.
        b"geo" => directive.is_block && (all == 1 || uses(all)),
        b"geoip_country" | b"geoip_city" | b"geoip_org" => true,
        b"map" | b"split_clients" => uses(1),
        b"if" | b"hash" | b"limit_req_zone" | b"limit_conn_zone" => uses(all),
        b"limit_req" | b"limit_conn" => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

    use super::super::tree::Tree;
    use super::*;

    #[test]
    fn what_looks_at_the_address_is_known() {
        let judged = |text: &str| {
            let tree = Tree::read(text.as_bytes()).unwrap();
            tree.all().next().is_some_and(is_looked_at)
        };
        for text in [
            "allow 10.0.0.0/8;",
            "deny 192.0.2.1;",
            "geo $office { }",
            "geo $remote_addr $office { }",
            "geoip_country /usr/share/GeoIP.dat;",
            "map $remote_addr $blocked { }",
            "map \"$remote_addr$uri\" $blocked { }",
            "if ($remote_addr ~ ^10) { }",
            "limit_req_zone $binary_remote_addr zone=a:1m rate=1r/s;",
            "limit_conn_zone ${binary_remote_addr} zone=a:1m;",
            "limit_req zone=a;",
        ] {
            assert!(judged(text), "{text}");
        }
        for text in [
            "allow all;",
            "deny all;",
            "geo $http_x_forwarded_for $office { }",
            "map $uri $blocked { }",
            "if ($remote_user) { }",
            "limit_req_zone $http_x_forwarded_for zone=a:1m rate=1r/s;",
            "log_format a $remote_addr;",
        ] {
            assert!(!judged(text), "{text}");
        }
    }
}
