//! `host.own-name`: whether a server will still reach the site by its name once a balancer answers for it. Programs there ask
//! for it (push and office servers, `occ setupchecks`).
//!
//! A line of `/etc/hosts` goes before DNS (nsswitch.conf, `files` first, on all distributions meant), and leads to a server
//! that no longer listens on 443.

use super::group::contains;
use super::{Examine, Seen};
use crate::access::RemoteCommand;
use crate::action::Lines;
use crate::model::{Cidr, Failure, HostOwnName, Text};
use std::net::Ipv4Addr;

impl Examine for HostOwnName {
    const PERMISSIONS: &'static [&'static str] = &[];

    async fn examine(&self, lines: &Lines<'_>) -> Result<Vec<Seen>, Failure> {
        let told = lines.run_ok(&self.on, RemoteCommand::new(["cat", "/etc/hosts"]), "reading `/etc/hosts`").await;
        let hosts = told.map(|text| hosts_file(self, &text));
        Ok(vec![Seen::of("hosts-file", hosts), admitted(self)])
    }
}

fn hosts_file(check: &HostOwnName, text: &str) -> Seen {
    const ROW: &str = "hosts-file";
    let (host, fqdn) = (&check.on.name, check.fqdn.as_str());
    let named = |line: &str| {
        let line = line.split('#').next().unwrap_or_default();
        let mut words = line.split_whitespace();
        let address = words.next()?;
        words.any(|name| name.trim_end_matches('.').eq_ignore_ascii_case(fqdn)).then(|| address.to_owned())
    };
    let found: Vec<String> = (1..)
        .zip(text.lines())
        .filter_map(|(number, line)| named(line).map(|address| format!("line {number} gives it {address}")))
        .collect();
    if found.is_empty() {
        return Seen::pass(ROW, format!("`/etc/hosts` on {host} does not name `{fqdn}`"));
    }
    Seen::warn(ROW, format!("`/etc/hosts` on {host} names `{fqdn}`: {}", found.join(", "))).advise(
        "what asks for the site on the server itself would meet port 443 of the old server, where nothing listens then: take \
         the name out of the line, which the second server gets too",
    )
}

/// Whether the balancer lets the server in, by the address that it has outside.
fn admitted(check: &HostOwnName) -> Seen {
    const ROW: &str = "admitted";
    let (host, fqdn) = (&check.on.name, check.fqdn.as_str());
    let sources = || check.sources.iter().map(Cidr::as_str).collect::<Vec<_>>().join(", ");
    let Some(address) =
        check.address.as_ref().and_then(Text::known).and_then(|address| address.parse::<Ipv4Addr>().ok())
    else {
        return match check.sources.iter().any(|range| range.as_str().ends_with("/0")) {
            true => Seen::pass(ROW, "the balancer is open to every address"),
            false => Seen::not_checkable(
                ROW,
                format!("{host} has no public address of its own; the balancer is open to {}", sources()),
            ),
        };
    };
    let own = format!("{address}/32");
    if check.sources.iter().any(|range| contains(range.as_str(), &own)) {
        return Seen::pass(ROW, format!("the balancer will let {host} in, which asks from {address}"));
    }
    Seen::warn(
        ROW,
        format!("the balancer will be open to {}, not to {address}, from which {host} asks for `{fqdn}`", sources()),
    )
    .advise(
        "add the servers' addresses to `alb_sources` where programs on them ask for the site (push, office servers)",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::CheckVerdict::{NotCheckable, Pass, Warn};
    use crate::model::Decode;
    use serde_json::json;

    fn check(sources: &[&str], address: Option<&str>) -> HostOwnName {
        HostOwnName::decode(&json!({
            "on": {"name": "web-1", "host": "a"}, "fqdn": "cloud.example.org", "sources": sources, "address": address,
        }).into())
        .unwrap()
    }

    #[test]
    fn a_line_that_names_the_site_is_warned_of() {
        let seen = |text: &str| hosts_file(&check(&["0.0.0.0/0"], None), text);
        for text in ["127.0.0.1 localhost\n127.0.1.1\tCloud.Example.org web-1\n", "::1 x cloud.example.org. # own\n"] {
            assert_eq!(seen(text).verdict, Warn, "{text}");
        }
        assert!(seen("\n127.0.0.1 cloud.example.org\n").evidence.contains("line 2 gives it 127.0.0.1"));
        for text in
            ["", "127.0.0.1 localhost # cloud.example.org\n", "10.0.0.1 www.cloud.example.org\n", "cloud.example.org\n"]
        {
            assert_eq!(seen(text).verdict, Pass, "{text}");
        }
    }

    #[test]
    fn a_balancer_that_shuts_the_servers_out_is_warned_of() {
        let seen = |sources: &[&str], address| admitted(&check(sources, address)).verdict;
        assert_eq!(seen(&["0.0.0.0/0"], Some("198.51.100.7")), Pass);
        assert_eq!(seen(&["203.0.113.0/24"], Some("198.51.100.7")), Warn);
        assert_eq!(seen(&["203.0.113.0/24", "198.51.100.0/25"], Some("198.51.100.7")), Pass);
        assert_eq!(seen(&["203.0.113.0/24"], None), NotCheckable);
        assert_eq!(seen(&["0.0.0.0/0"], None), Pass);
    }
}
