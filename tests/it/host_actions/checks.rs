//! Checks of a host before a run.

use super::bench::Host;
use runbook::action::examine;
use runbook::model::CheckVerdict::{NotCheckable, Pass, Refuse, Warn};
use runbook::model::{CheckCall, CheckRow, CheckVerdict, Value};
use serde_json::json;
use std::fs;

pub(super) async fn check(host: &Host, kind: &str, parameters: Value) -> Vec<CheckRow> {
    let kind = serde_json::from_value(Value::from(kind)).unwrap();
    examine(&CheckCall { id: "it".into(), kind, parameters, region: None }, &host.access).await
}

fn verdicts(rows: &[CheckRow]) -> Vec<CheckVerdict> {
    rows.iter().map(|row| row.verdict).collect()
}

#[tokio::test]
async fn a_host_that_lets_us_in_and_one_that_does_not() {
    let host = Host::start();
    let rows = check(&host, "ssh.login", json!({"on": host.target()})).await;
    assert_eq!(verdicts(&rows), [Pass, Pass], "{rows:?}");
    assert!(rows[0].evidence.contains("127.0.0.1"));
    let other = fs::read_to_string(host.path("other.pub")).unwrap();
    let mut stranger = host.target();
    stranger["host_key"] = other.split_whitespace().take(2).collect::<Vec<_>>().join(" ").into();
    let rows = check(&host, "ssh.login", json!({"on": stranger})).await;
    assert_eq!(verdicts(&rows), [Refuse, NotCheckable], "another host key: {rows:?}");
}

#[tokio::test]
async fn services_that_do_not_start_at_boot_refuse() {
    let host = Host::start();
    for (unit, flags) in
        [("nginx", &["enabled"][..]), ("cron", &["active"]), ("ssh", &[]), ("ssh.socket", &["enabled"])]
    {
        host.unit(unit, flags);
    }
    let with = |names: &[&str]| json!({"on": host.target(), "services": names});
    assert_eq!(verdicts(&check(&host, "service.at-boot", with(&["nginx", "ssh"])).await), [Pass], "ssh by its socket");
    let rows = check(&host, "service.at-boot", with(&["nginx", "cron"])).await;
    assert_eq!(verdicts(&rows), [Refuse]);
    assert!(rows[0].evidence.contains("`cron` is `disabled`") && !rows[0].evidence.contains("nginx"), "{rows:?}");
    assert_eq!(host.systemctl_log(), Vec::<String>::new(), "it only looks");
}

#[tokio::test]
async fn room_is_measured_on_the_host() {
    let host = Host::start();
    let with = |mb: u32| json!({"on": host.target(), "paths": ["/etc/nginx", host.text("work")], "mb": mb});
    let rows = check(&host, "host.free-disk", with(1)).await;
    assert_eq!(verdicts(&rows), [Pass], "{rows:?}");
    assert!(rows[0].evidence.contains("MiB at `/etc/nginx`"), "{rows:?}");
    assert_eq!(verdicts(&check(&host, "host.free-disk", with(u32::MAX)).await), [Refuse]);
    let nowhere = json!({"on": host.target(), "paths": ["/no/such/place"]});
    assert_eq!(verdicts(&check(&host, "host.free-disk", nowhere).await), [NotCheckable]);
}

#[tokio::test]
async fn nginx_that_would_see_only_the_balancer_is_warned_of() {
    let host = Host::start();
    let with = || json!({"on": host.target()});
    let site = host.path("nginx/conf.d/site.conf");
    fs::write(&site, "server { listen 127.0.0.1:18080; # set_real_ip_from 10.0.0.0/8;\n}\n").unwrap();
    host.unit("fail2ban", &["active"]);
    let rows = check(&host, "nginx.behind-balancer", with()).await;
    assert_eq!(verdicts(&rows), [Warn, Warn], "{rows:?}");
    assert!(rows[1].evidence.contains("fail2ban"));
    fs::remove_file(host.path("units/fail2ban/active")).unwrap();
    fs::write(&site, "server {\n  listen 127.0.0.1:18080;\n  set_real_ip_from 10.0.0.0/8;\n}\n").unwrap();
    assert_eq!(verdicts(&check(&host, "nginx.behind-balancer", with()).await), [Pass, Pass]);
    fs::write(&site, "server { broken\n").unwrap();
    assert_eq!(verdicts(&check(&host, "nginx.behind-balancer", with()).await), [NotCheckable, Pass]);
}

#[tokio::test]
async fn a_data_directory_of_the_servers_own_refuses_and_no_secret_leaves_the_host() {
    let host = Host::start();
    let config = |more: &str| {
        format!(
            "<?php\n$CONFIG = array (\n  'passwordsalt' => 'hunter2', 'dbpassword' => 'hunter2',\n  'dbtype' => 'mysql',\n  \
             'dbhost' => 'db.example:3306',\n  'datadirectory' => '{}',\n{more});\n",
            host.text("work")
        )
    };
    fs::create_dir_all(host.path("site/config")).unwrap();
    let file = host.path("site/config/config.php");
    let look = async || {
        let with = json!({"on": host.target(), "file": host.text("site/config/config.php"), "db": "nextcloud-db"});
        let rows = check(&host, "nextcloud.config", with).await;
        assert!(!format!("{rows:?}").contains("hunter2"), "{rows:?}");
        rows.into_iter().find(|row| row.id == "it.data-directory").unwrap()
    };
    fs::write(&file, config("")).unwrap();
    let own = look().await;
    assert!(own.verdict == Refuse && own.acceptable, "{own:?}");
    assert!(own.evidence.contains(&host.text("work")), "{own:?}");
    // A file that Nextcloud reads after it.
    let store = "<?php $CONFIG = ['objectstore' => ['class' => '\\\\OC\\\\Files\\\\ObjectStore\\\\S3', 'arguments' => ['secret' => 'hunter2']]];\n";
    fs::write(host.path("site/config/s3.config.php"), store).unwrap();
    let shared = look().await;
    assert!(shared.verdict == Pass && shared.evidence.contains("`S3`"), "{shared:?}");
    fs::remove_file(host.path("site/config/s3.config.php")).unwrap();
    fs::write(&file, "<?php $CONFIG = array('dbpassword' => 'hunter2', ;\n").unwrap();
    assert_eq!(look().await.verdict, NotCheckable, "php cannot read it");
}
