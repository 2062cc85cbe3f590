//! `nginx.behind-balancer`: once a balancer is in front, every request comes from its addresses. Who counts visitors by
//! address then counts the balancer, and who bans addresses bans everybody.

use super::{Examine, Seen};
use crate::access::RemoteCommand;
use crate::action::Lines;
use crate::model::{Failure, NginxBehindBalancer};

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
        Ok(judged(&self.on.name, &told))
    }
}

fn judged(host: &str, told: &str) -> Vec<Seen> {
    let words = |name: &str| -> Vec<&str> {
        told.lines().filter_map(|l| l.split_once(' ')).filter(|(n, _)| *n == name).map(|(_, word)| word).collect()
    };
    let set = "set `set_real_ip_from` to the balancer's ranges and `real_ip_header X-Forwarded-For;`";
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
    fn missing_headers_and_banners_are_warned_of() {
        assert_eq!(verdicts("real-ip yes\n"), [Pass, Pass]);
        assert_eq!(verdicts("real-ip no\nlimits yes\nbans fail2ban\n"), [Warn, Warn]);
        assert_eq!(verdicts("real-ip unknown\n"), [NotCheckable, Pass]);
        assert!(judged("web-1", "real-ip no\nlimits yes\n")[0].evidence.contains("limit_req"));
    }
}
