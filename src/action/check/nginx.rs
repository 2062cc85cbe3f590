//! `nginx.behind-balancer`: all files that nginx reads, judged with the site as it will be: in the clear on port 80, asked by
//! a balancer. Once one is in front, every request comes from its addresses: who counts visitors by address then counts the
//! balancer, and who bans addresses bans everybody.

use super::{Examine, Seen};
use crate::access::RemoteCommand;
use crate::action::Lines;
use crate::action::edit::nginx::whole::{
    Answer, ByAddress, Configuration, JudgedSite, KeepAlive, Redirects, Wanted, wanted,
};
use crate::action::edit::{EditRefusal, nginx};
use crate::action::host::{Nginx, Read, nginx_service};
use crate::model::{Cidr, Failure, NginxBehindBalancer};
use std::net::IpAddr;

/// How long an Application Load Balancer keeps a connection unless told otherwise, in seconds.
const IDLE_S: u32 = 60;
/// How much longer nginx should keep it.
const LONGER_S: u32 = 20;

/// The configuration stays on the host; only whether it holds the directives is told.
const LOOK: &str = r#"
if config=$(nginx -T 2>/dev/null); then
  if printf '%s\n' "$config" | grep -Eq '^[[:space:]]*set_real_ip_from[[:space:]]'; then echo real-ip yes; else echo real-ip no; fi
  if printf '%s\n' "$config" | grep -Eq '^[[:space:]]*limit_(req|conn)[[:space:]]'; then echo limits yes; fi
else
  echo real-ip unknown
fi
for unit in fail2ban crowdsec sshguard denyhosts; do
  if systemctl is-active --quiet -- "$unit" 2>/dev/null; then echo "bans $unit"; fi
done
"#;

impl Examine for NginxBehindBalancer {
    const PERMISSIONS: &'static [&'static str] = &[];

    async fn examine(&self, lines: &Lines<'_>) -> Result<Vec<Seen>, Failure> {
        let none: [&str; 0] = [];
        let told = lines.run_ok(&self.on, RemoteCommand::root_script(LOOK, none), "looking at nginx").await?;
        let mut seen = match self.configuration(lines).await? {
            Ok((site, whole)) => self.site(&site, &whole),
            Err(said) => {
                let first = Seen::not_checkable(ROWS[0], format!("`nginx -T` fails on {}: {said}", self.on.name));
                std::iter::once(first).chain(see_first()).collect()
            }
        };
        seen.extend(judged(&self.on.name, &told));
        Ok(seen)
    }
}

/// The rows that rest on nginx's whole configuration.
const ROWS: [&str; 5] = ["port-80", "health-check", "keep-alive", "slash-redirects", "allow-lists"];

/// The other rows, when the first says why nothing can be told.
fn see_first() -> impl Iterator<Item = Seen> {
    ROWS[1..].iter().map(|row| Seen::not_checkable(row, format!("the site cannot be judged, see `{}`", ROWS[0])))
}

const REAL_IP: &str = "set `set_real_ip_from` to the balancer's ranges and `real_ip_header X-Forwarded-For;`";

impl NginxBehindBalancer {
    /// The site's real path and all files that nginx reads, or what nginx says against them.
    async fn configuration(&self, lines: &Lines<'_>) -> Result<Result<(String, Configuration), String>, Failure> {
        let real = RemoteCommand::sudo(["readlink", "-e", "--", self.site.as_str()]);
        let site = lines.run_ok(&self.on, real, &format!("looking for `{}`", self.site)).await?;
        let nginx = Nginx::of(lines, &self.on, &nginx_service(self.service.as_ref())).await?;
        Ok(match nginx.read(lines, &self.on).await? {
            Read::Accepted(whole) => Ok((site, *whole)),
            Read::Rejected(said) => Err(said),
        })
    }

    fn site(&self, site: &str, whole: &Configuration) -> Vec<Seen> {
        match self.plain(site, whole) {
            Ok(judged) => self.needs(&judged),
            Err(refusal) => {
                let mut port_80 = Seen::refuse("port-80", refusal_told(&refusal));
                for reason in refusal.reasons {
                    if !port_80.advice.contains(&reason.advice) {
                        port_80 = port_80.advise(reason.advice);
                    }
                }
                std::iter::once(port_80).chain(see_first()).collect()
            }
        }
    }

    fn wanted(&self) -> Wanted {
        wanted(self.fqdn.as_str(), self.idle_timeout_s.unwrap_or(IDLE_S).into(), "/")
    }

    fn plain(&self, site: &str, whole: &Configuration) -> Result<JudgedSite, EditRefusal> {
        let elsewhere = whole.elsewhere(site)?;
        let bytes = whole.content(site).unwrap_or_default();
        let edit = nginx::offload_tls_beside(bytes, self.fqdn.as_str(), elsewhere)?;
        whole.judge(site, &edit.bytes, &self.wanted())
    }

    fn needs(&self, judged: &JudgedSite) -> Vec<Seen> {
        let host = &self.on.name;
        let port_80 = Seen::pass("port-80", format!("nothing on {host} is in the site's way on port 80"));
        let health = match &judged.needs.health {
            Answer::Site => Seen::pass("health-check", "the site answers a request for the server's address"),
            Answer::SiteByName { place } => Seen::warn(
                "health-check",
                format!("the site asks for its name at {place}, and the health check asks for the address"),
            )
            .advise("`nginx.drop-in` hands the health check on to the site by its name"),
            Answer::Other { server, place, why } => Seen::warn(
                "health-check",
                format!("{server} ({place}) answers a request for the server's address: {why}"),
            )
            .advise("`nginx.drop-in` hands the health check on to the site"),
        };
        let idle_s = self.idle_timeout_s.unwrap_or(IDLE_S);
        let keep_alive = match &judged.needs.keep_alive {
            KeepAlive::Said(seconds) => {
                Seen::pass("keep-alive", format!("nginx keeps connections for {seconds} s, the balancer for {idle_s} s"))
            }
            KeepAlive::Default(seconds) => Seen::pass(
                "keep-alive",
                format!("nginx keeps connections for {seconds} s by default, the balancer for {idle_s} s: `nginx.drop-in` sets it"),
            ),
            KeepAlive::Short { seconds, place } => Seen::refuse(
                "keep-alive",
                format!(
                    "{place} keeps connections for {seconds} s, the balancer for {idle_s} s: visitors would see a 502 now and \
                     then, and a second line in another file would be a duplicate"
                ),
            )
            .advise(format!("write `keepalive_timeout {}s;` there and reload nginx, which harms nobody", idle_s + LONGER_S)),
        };
        let slash = match &judged.needs.redirects {
            Redirects::Relative => {
                Seen::pass("slash-redirects", "`absolute_redirect off`: redirects to paths stay on https")
            }
            Redirects::Default => Seen::pass(
                "slash-redirects",
                "nginx completes redirects to paths with the connection's scheme: `nginx.drop-in` sets `absolute_redirect off`",
            ),
            Redirects::Absolute { place } => Seen::refuse(
                "slash-redirects",
                format!(
                    "{place} makes nginx complete redirects to paths with http, and a second line would be a duplicate"
                ),
            )
            .advise("write `absolute_redirect off;` there and reload nginx: browsers complete a path themselves"),
        };
        vec![port_80, health, keep_alive, slash, self.allow_lists(judged)]
    }

    /// Who is let in, or counted, by an address that is the balancer's from now on.
    fn allow_lists(&self, judged: &JudgedSite) -> Seen {
        let ranges = self.balancer_ranges.as_deref().unwrap_or_default();
        let lets_in = |one: &&ByAddress| one.allows.as_deref().is_some_and(|allowed| meets_any(allowed, ranges));
        let told = |one: &ByAddress| format!("`{}` ({})", one.text, one.place);
        if let Some(open) = judged.by_address.iter().find(lets_in) {
            return Seen::refuse(
                "allow-lists",
                format!("{} would let everybody in: the balancer's own address is in that range", told(open)),
            )
            .advise(REAL_IP);
        }
        match judged.by_address.as_slice() {
            [] => Seen::pass(
                "allow-lists",
                "nothing of the site decides by the client's address, or the visitor's is restored",
            ),
            some => {
                let all: Vec<String> = some.iter().map(told).collect();
                Seen::warn("allow-lists", format!("these see the balancer's address from now on: {}", all.join(", ")))
                    .advise(REAL_IP)
            }
        }
    }
}

fn refusal_told(refusal: &EditRefusal) -> String {
    let reasons = refusal.reasons.iter().map(|reason| format!("{}: {}", reason.place(), reason.message));
    reasons.collect::<Vec<_>>().join("; ")
}

/// Whether an address or a range, as nginx's `allow` takes it, has an address of one of the ranges. Without ranges every
/// private one counts: a balancer's address is one of its VPC's.
fn meets_any(allowed: &str, ranges: &[Cidr]) -> bool {
    const PRIVATE: [&str; 4] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"];
    let Some(allowed) = Range::read(allowed) else { return false };
    let own: Vec<&str> = ranges.iter().map(Cidr::as_str).collect();
    let all = if own.is_empty() { PRIVATE.to_vec() } else { own };
    all.into_iter().filter_map(Range::read).any(|range| allowed.meets(&range))
}

/// An address range: the address as a number of 128 bits, and how many of its bits count.
struct Range {
    is_v4: bool,
    bits: u128,
    prefix: u32,
}

impl Range {
    fn read(text: &str) -> Option<Self> {
        let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let address: IpAddr = address.parse().ok()?;
        let (is_v4, bits, width) = match address {
            IpAddr::V4(v4) => (true, u128::from(v4.to_bits()) << 96, 32),
            IpAddr::V6(v6) => (false, v6.to_bits(), 128),
        };
        let prefix = prefix.map_or(Some(width), |prefix| prefix.parse().ok().filter(|prefix| *prefix <= width))?;
        Some(Self { is_v4, bits, prefix })
    }

    /// Whether one holds the other.
    fn meets(&self, other: &Self) -> bool {
        let prefix = self.prefix.min(other.prefix);
        let mask = if prefix == 0 { 0 } else { u128::MAX << (128 - prefix) };
        self.is_v4 == other.is_v4 && self.bits & mask == other.bits & mask
    }
}

fn judged(host: &str, told: &str) -> Vec<Seen> {
    let words = |name: &str| -> Vec<&str> {
        told.lines().filter_map(|l| l.split_once(' ')).filter(|(n, _)| *n == name).map(|(_, word)| word).collect()
    };
    let set = REAL_IP;
    let real_ip = match words("real-ip").first() {
        Some(&"yes") => Seen::pass("real-ip", format!("nginx on {host} has `set_real_ip_from`")),
        Some(&"no") => {
            let limits =
                if words("limits").is_empty() { "" } else { ", and its `limit_req` or `limit_conn` will count it" };
            Seen::warn(
                "real-ip",
                format!("nginx on {host} has no `set_real_ip_from`: its log will show the balancer's address{limits}"),
            )
            .advise(set)
        }
        _ => Seen::not_checkable("real-ip", format!("`nginx -T` fails on {host}")),
    };
    let bans = words("bans");
    let bans = match bans.is_empty() {
        true => Seen::pass("bans", format!("nothing that bans addresses runs on {host}")),
        false => Seen::warn(
            "bans",
            format!("{} runs on {host}: what it reads from nginx's log it may ban, the balancer too", bans.join(", ")),
        )
        .advise(format!("let it ignore the balancer's ranges before the cutover; {set}")),
    };
    vec![real_ip, bans]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::CheckVerdict::{NotCheckable, Pass, Warn};

    fn verdicts(told: &str) -> Vec<crate::model::CheckVerdict> {
        judged("web-1", told).iter().map(|seen| seen.verdict).collect()
    }

    #[test]
    fn a_range_meets_what_it_holds_and_what_holds_it() {
        let Ok(range) = Cidr::try_from("172.31.0.0/16".to_owned()) else { panic!("a range") };
        let vpc = [range];
        for allowed in ["172.31.4.7", "172.31.0.0/20", "172.16.0.0/12", "0.0.0.0/0"] {
            assert!(meets_any(allowed, &vpc), "{allowed}");
        }
        for allowed in ["10.0.0.0/8", "198.51.100.0/24", "::/0", "all", "unix:", "172.31.0.0/40"] {
            assert!(!meets_any(allowed, &vpc), "{allowed}");
        }
        assert!(meets_any("10.0.0.0/8", &[]) && meets_any("fd00::1", &[]) && !meets_any("198.51.100.7", &[]));
    }

    #[test]
    fn missing_headers_and_banners_are_warned_of() {
        assert_eq!(verdicts("real-ip yes\n"), [Pass, Pass]);
        assert_eq!(verdicts("real-ip no\nlimits yes\nbans fail2ban\n"), [Warn, Warn]);
        assert_eq!(verdicts("real-ip unknown\n"), [NotCheckable, Pass]);
        assert!(judged("web-1", "real-ip no\nlimits yes\n")[0].evidence.contains("limit_req"));
    }
}
