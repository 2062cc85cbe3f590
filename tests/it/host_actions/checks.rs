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
async fn nginx_that_is_not_ready_for_a_balancer_is_told_of() {
    let host = Host::start();
    let site = host.path("nginx/conf.d/site.conf");
    let look = async |more: &str, body: &str| {
        let text = format!("{more}server {{\n  listen 80;\n  server_name cloud.nextcloud.example;\n{body}}}\n");
        fs::write(&site, text).unwrap();
        let with = json!({
            "on": host.target(), "site": "/etc/nginx/conf.d/site.conf", "fqdn": "cloud.nextcloud.example",
            "idle_timeout_s": 600, "balancer_ranges": ["172.31.0.0/16"],
        });
        check(&host, "nginx.behind-balancer", with).await
    };
    host.unit("fail2ban", &["active"]);
    let rows = look("", "").await;
    assert_eq!(verdicts(&rows), [Pass, Pass, Pass, Pass, Pass, Warn, Warn], "{rows:?}");
    assert!(
        rows[2].evidence.contains("75 s by default, the balancer for 600 s") && rows[6].evidence.contains("fail2ban")
    );
    fs::remove_file(host.path("units/fail2ban/active")).unwrap();

    let real_ip = "  set_real_ip_from 172.31.0.0/16;\n  keepalive_timeout 900;\n  allow 172.16.0.0/12;\n";
    assert_eq!(verdicts(&look("", real_ip).await), [Pass; 7]);
    let said = look("keepalive_timeout 65;\nabsolute_redirect on;\n", "  allow 172.16.0.0/12;\n  deny all;\n").await;
    assert_eq!(verdicts(&said), [Pass, Pass, Refuse, Refuse, Refuse, Warn, Pass], "{said:?}");
    assert!(said[2].evidence.contains("`/etc/nginx/conf.d/site.conf` line 1 keeps connections for 65 s"), "{said:?}");
    assert!(said[2].advice[0].contains("write `keepalive_timeout 620s;` there"), "{said:?}");
    assert!(
        said[4].evidence.contains("would let everybody in")
            && said.iter().all(|row| row.acceptable || row.verdict != Refuse)
    );

    let default = "server { listen 80 default_server; server_name _; return 404; }\n";
    let rows = look(default, "  deny 198.51.100.7;\n").await;
    assert_eq!(verdicts(&rows), [Pass, Warn, Pass, Pass, Warn, Warn, Pass], "{rows:?}");
    assert!(rows[1].evidence.contains("it is the `default_server` of port 80"), "{rows:?}");

    fs::write(
        host.path("nginx/conf.d/00.conf"),
        "server { server_name cloud.nextcloud.example; return 301 https://$host; }\n",
    )
    .unwrap();
    let rows = look("", "").await;
    assert_eq!(verdicts(&rows)[..5], [Refuse, NotCheckable, NotCheckable, NotCheckable, NotCheckable], "{rows:?}");
    assert!(rows[0].evidence.contains("`/etc/nginx/conf.d/00.conf` line 1"), "{rows:?}");
    fs::write(host.path("nginx/conf.d/00.conf"), "server { broken\n").unwrap();
    assert_eq!(verdicts(&look("", "").await)[..6], [NotCheckable; 6]);
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
