//! `certificate.renewal`: what renews certificates on a server by itself, and whose. A run stops one timer, for a renewal would
//! edit the site's file again, or start nginx beside systemd's; every other source must be known before that file is
//! touched, and so must certificates of other sites, which nobody would renew any more.
//!
//! Facts: Debian's package has `certbot.timer` and a line in `/etc/cron.d/certbot` that steps aside where systemd runs;
//! the snap has `snap.certbot.renew.timer` (certbot's documentation, "Automated Renewals"); Fedora's and Amazon Linux's
//! package `certbot-renew.timer`; acme.sh writes itself into root's crontab and keeps its certificates in `~/.acme.sh`
//! (its README); lego and dehydrated are started by lines that people write. certbot keeps one file for each certificate
//! in `/etc/letsencrypt/renewal`, named like it.

use super::{Examine, Seen};
use crate::access::RemoteCommand;
use crate::action::Lines;
use crate::action::host::cron_scan::{CronSource, Scan, Words, command};
use crate::model::{CertificateRenewal, Failure};

/// Programs that renew.
const PROGRAMS: [&str; 6] = ["certbot", "acme.sh", "acme-tiny", "lego ", "dehydrated", "getssl"];

/// Names of certificates that are renewed, one a line; `_ecc` is acme.sh's own ending.
const CERTIFICATES: &str = r#"
for f in /etc/letsencrypt/renewal/*.conf; do [ ! -f "$f" ] || basename "$f" .conf; done
for f in /root/.acme.sh/*/fullchain.cer; do
  if [ -f "$f" ]; then f=${f%/*}; f=${f##*/}; printf '%s\n' "${f%_ecc}"; fi
done
for f in /var/lib/dehydrated/certs/*/fullchain.pem; do if [ -f "$f" ]; then f=${f%/*}; printf '%s\n' "${f##*/}"; fi; done
"#;

impl Examine for CertificateRenewal {
    const PERMISSIONS: &'static [&'static str] = &[];

    async fn examine(&self, lines: &Lines<'_>) -> Result<Vec<Seen>, Failure> {
        let words = PROGRAMS.map(|program| Words(program, ""));
        let told = lines.run_ok(&self.on, command("", &words), "looking at what renews certificates").await?;
        let scan = Scan::parse(&told);
        let none: [&str; 0] = [];
        let names = lines.run_ok(&self.on, RemoteCommand::root_script(CERTIFICATES, none), "looking at certificates");
        let others = names.await.map(|names| others(self, &names));
        Ok(vec![sources(self, &scan), Seen::of("others", others)])
    }
}

fn sources(check: &CertificateRenewal, scan: &Scan) -> Seen {
    const ROW: &str = "sources";
    let (host, known) = (&check.on.name, check.timer.as_str());
    let mut all: Vec<&CronSource> = scan.found.iter().map(|(source, _)| source).collect();
    all.dedup();
    let stopped = |source: &&CronSource| matches!(source, CronSource::Timer(timer) if timer == known);
    let others: Vec<&CronSource> = all.iter().copied().filter(|source| !stopped(source)).collect();
    let unsure = if scan.timers { "" } else { " (systemd's timers could not be looked at)" };
    if others.is_empty() {
        return match all.is_empty() {
            true => Seen::pass(ROW, format!("nothing on {host} renews certificates by itself{unsure}")),
            false => Seen::pass(ROW, format!("`{known}` on {host} renews certificates, and is stopped{unsure}")),
        };
    }
    let told: Vec<String> = others
        .iter()
        .map(|source| match source {
            CronSource::Cron(path) => format!("a line of `{path}`"),
            CronSource::Timer(unit) => format!("the timer `{unit}`"),
            CronSource::Service(unit) => format!("the service `{unit}`"),
        })
        .collect();
    let advice = match others.as_slice() {
        [CronSource::Timer(timer)] if all.len() == 1 => format!("give `renewal_timer: {timer}`, and the run stops it and starts it again on the way back"),
        _ => "stop each before the run (`systemctl disable --now UNIT`, the line out of the crontab), or move the certificates of \
              other sites away from here first"
            .to_owned(),
    };
    Seen::refuse(
        ROW,
        format!(
            "on {host} {} renews certificates and is not stopped: it would edit the site's file or start nginx",
            told.join(", ")
        ),
    )
    .advise(advice)
}

/// Whether a certificate's name is the site's: certbot counts on where a name was taken.
fn is_sites(name: &str, fqdn: &str) -> bool {
    let rest = name.strip_prefix(fqdn);
    rest.is_some_and(|rest| {
        rest.is_empty() || rest.strip_prefix('-').is_some_and(|n| n.len() == 4 && n.bytes().all(|b| b.is_ascii_digit()))
    })
}

fn others(check: &CertificateRenewal, names: &str) -> Seen {
    const ROW: &str = "others";
    let host = &check.on.name;
    let fqdn = check.fqdn.as_str();
    let mut others: Vec<&str> =
        names.lines().map(str::trim).filter(|name| !name.is_empty() && !is_sites(name, fqdn)).collect();
    others.sort_unstable();
    others.dedup();
    if others.is_empty() {
        return Seen::pass(ROW, format!("no certificate but the site's is renewed on {host}"));
    }
    let told: Vec<String> = others.iter().map(|name| format!("`{name}`")).collect();
    Seen::warn(
        ROW,
        format!(
            "on {host} certificates are renewed of {} too: with `{}` stopped they run out",
            told.join(", "),
            check.timer
        ),
    )
    .advise("renew them otherwise, or move those sites away; the run leaves the timer stopped, on both servers")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::CheckVerdict::{Pass, Refuse, Warn};
    use crate::model::Decode;
    use serde_json::json;

    fn check() -> CertificateRenewal {
        CertificateRenewal::decode(
            &json!({
                "on": {"name": "web-1", "host": "a"}, "timer": "certbot.timer", "fqdn": "cloud.example.org",
            })
            .into(),
        )
        .unwrap()
    }

    #[test]
    fn the_timer_that_is_stopped_is_fine_and_others_are_not() {
        let seen = |told: &str| sources(&check(), &Scan::parse(told));
        assert_eq!(seen("").verdict, Pass);
        assert_eq!(seen("timer\tcertbot.timer\t0\n").verdict, Pass);
        let snap = seen("timer\tsnap.certbot.renew.timer\t0\n");
        assert!(
            snap.verdict == Refuse && snap.advice[0].contains("`renewal_timer: snap.certbot.renew.timer`"),
            "{snap:?}"
        );
        for told in [
            "timer\tcertbot.timer\t0\ntimer\tcertbot-renew.timer\t0\n",
            "cron\t/var/spool/cron/crontabs/root\t1\n",
            "timer\tcertbot.timer\t0\ncron\t/etc/cron.d/lego\t3\n",
        ] {
            let seen = seen(told);
            assert!(seen.verdict == Refuse && seen.advice[0].contains("stop each"), "{told}: {seen:?}");
        }
    }

    #[test]
    fn certificates_of_other_sites_are_named() {
        assert_eq!(others(&check(), "cloud.example.org\ncloud.example.org-0001\n").verdict, Pass);
        let seen = others(&check(), "cloud.example.org\nwww.example.org\nwww.example.org\ncloud.example.org-test\n");
        assert_eq!(seen.verdict, Warn);
        assert!(seen.evidence.contains("of `cloud.example.org-test`, `www.example.org` too"), "{seen:?}");
    }
}
