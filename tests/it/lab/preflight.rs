//! What a host starts by itself is told before a run.

use crate::support::region::{LIMIT, in_a_region, region};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_host_starts_by_itself_is_told_before_a_run() {
    in_a_region("lab::preflight::inside::what_a_host_starts_by_itself_is_told_before_a_run", LIMIT).await;
}

mod inside {
    use super::*;
    use runbook::access::{Access, Settings};
    use runbook::action::examine;
    use runbook::model::CheckVerdict::{Pass, Refuse, Warn};
    use runbook::model::{CheckCall, CheckKind, CheckRow, Value};
    use serde_json::json;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "runs inside a region"]
    async fn what_a_host_starts_by_itself_is_told_before_a_run() {
        region(async |lab| {
            let account = lab.account();
            let (web, fqdn) = (account.instance.as_str(), account.fqdn.as_str());
            let environment = lab.region.environment();
            let access = Access::new(Settings {
                ssh_config: Some(environment["RUNBOOK_SSH_CONFIG"].clone().into()),
                trust: None,
                poll: Settings::POLL, pace: runbook::model::Pace::USUAL,
                work_dir: lab.region.folder().into(),
                kept_dir: std::env::temp_dir(),
            });
            let on = json!({"name": "web-1", "host": account.public_ip.to_string(), "user": "ubuntu"});
            let look = async |kind: CheckKind, more: Value| {
                let mut parameters = json!({"on": on.clone()});
                parameters.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
                examine(&CheckCall { id: "it".into(), kind, parameters: parameters.into(), region: None, ahead: runbook::model::Foresight::WithCommands }, &access).await
            };
            let jobs = json!({
                "file": "/etc/cron.d/nextcloud-cron-php", "command": "nextcloud/cron.php",
                "config": "/var/www/html/nextcloud/config/config.php",
            });
            let renewal = json!({"timer": "certbot.timer", "fqdn": fqdn});
            let name = json!({"fqdn": fqdn, "sources": ["203.0.113.0/24"], "address": account.public_ip.to_string()});
            let verdicts = |rows: &[CheckRow]| rows.iter().map(|row| row.verdict).collect::<Vec<_>>();

            let rows = look(CheckKind::CronSources, jobs.clone()).await;
            assert_eq!((rows[0].verdict, rows[1].verdict, rows[3].verdict), (Pass, Pass, Pass), "{rows:?}");
            let rows = look(CheckKind::CertificateRenewal, renewal.clone()).await;
            assert_eq!(verdicts(&rows), [Pass, Pass], "{rows:?}");
            assert!(rows[0].evidence.contains("`certbot.timer`"), "{rows:?}");
            let rows = look(CheckKind::HostOwnName, name.clone()).await;
            assert_eq!(verdicts(&rows), [Pass, Warn], "{rows:?}");

            let plant = format!(
                "mkdir -p /etc/letsencrypt/renewal /root/.acme.sh/shop.example_ecc /var/lib/systemd/linger
                 touch /etc/letsencrypt/renewal/{{{fqdn},{fqdn}-0001,www.example}}.conf /root/.acme.sh/shop.example_ecc/fullchain.cer
                 echo '0 3 * * * /root/.acme.sh/acme.sh --cron' >/var/spool/cron/crontabs/root
                 echo '*/5 * * * * php -f /var/www/html/nextcloud/cron.php' >/var/spool/cron/crontabs/www-data
                 echo '127.0.0.1 {fqdn}' >>/etc/hosts
                 printf '[Service]\nExecStart=/usr/bin/php occ background-job:worker\n' >/etc/systemd/system/nextcloud-ai-worker@.service
                 ln -s ../nextcloud-ai-worker@.service /etc/systemd/system/multi-user.target.wants/nextcloud-ai-worker@1.service"
            );
            lab.on(web, &plant).await;
            let rows = look(CheckKind::CronSources, jobs).await;
            assert_eq!((rows[0].verdict, rows[1].verdict, rows[3].verdict), (Pass, Refuse, Warn), "{rows:?}");
            assert!(rows[1].evidence.contains("crontabs/www-data"), "{rows:?}");
            assert!(rows[3].evidence.contains("nextcloud-ai-worker@1.service"), "{rows:?}");
            let rows = look(CheckKind::CertificateRenewal, renewal).await;
            assert_eq!(verdicts(&rows), [Refuse, Warn], "{rows:?}");
            assert!(rows[0].evidence.contains("crontabs/root"), "{rows:?}");
            assert!(rows[1].evidence.contains("of `shop.example`, `www.example` too"), "{rows:?}");
            let rows = look(CheckKind::HostOwnName, name).await;
            assert!(rows[0].verdict == Warn && rows[0].evidence.contains("127.0.0.1"), "{rows:?}");
        })
        .await;
    }
}
