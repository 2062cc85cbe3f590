//! Checks of a host before a run.

use super::bench::Host;
use runbook::action::examine;
use runbook::model::CheckVerdict::{NotCheckable, Pass, Refuse, Warn};
use runbook::model::{CheckCall, CheckRow, CheckVerdict, Value};
use serde_json::json;
use std::fs;

pub(super) async fn check(host: &Host, kind: &str, parameters: Value) -> Vec<CheckRow> {
    let kind = serde_json::from_value(Value::from(kind)).unwrap();
    examine(
        &CheckCall {
            id: "it".into(),
            kind,
            parameters: parameters.into(),
            region: None,
            ahead: runbook::model::Foresight::WithCommands,
        },
        &host.access,
    )
    .await
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

/// Files of cron must be root's.
fn as_root(path: &std::path::Path, text: &str) {
    fs::write(path, text).unwrap();
    if !rustix::process::geteuid().is_root() {
        let done = std::process::Command::new("sudo").args(["-n", "chown", "root:root"]).arg(path).status().unwrap();
        assert!(done.success());
    }
}

#[tokio::test]
async fn every_source_of_background_jobs_is_told_before_the_site_goes_down() {
    let host = Host::start();
    fs::create_dir_all(host.path("nextcloud/config")).unwrap();
    fs::write(host.path("nextcloud/config/config.php"), "<?php $CONFIG = array();\n").unwrap();
    fs::write(host.path("nextcloud/occ"), "<?php echo \"cron\\n\";\n").unwrap();
    let line = format!("*/5 * * * * www-data php -f {}\n", host.text("nextcloud/cron.php"));
    let (file, hidden) = ("cron.d/nextcloud-cron-php", "cron.d/.nextcloud-cron-php");
    let look = async |command: &str| {
        let with = json!({
            "on": host.target(), "file": "/etc/cron.d/nextcloud-cron-php", "hidden": "/etc/cron.d/.nextcloud-cron-php",
            "command": command, "config": host.text("nextcloud/config/config.php"),
        });
        check(&host, "cron.sources", with).await
    };
    as_root(&host.path(file), &line);
    let rows = look("nextcloud/cron.php").await;
    assert_eq!(verdicts(&rows)[..3], [Pass, Pass, Pass], "{rows:?}");

    // A second source, of each kind.
    let crontab = host.path("spool/cron/crontabs/www-data");
    fs::write(&crontab, &line).unwrap();
    let rows = look("nextcloud/cron.php").await;
    assert!(rows[1].verdict == Refuse && rows[1].evidence.contains("crontabs/www-data"), "{rows:?}");
    fs::write(&crontab, format!("# {line}")).unwrap();
    assert_eq!(look("nextcloud/cron.php").await[1].verdict, Pass, "a comment starts nothing");
    host.unit("nextcloudcron.timer", &["enabled", "active"]);
    host.unit("nextcloudcron.service", &[]);
    fs::write(host.path("units/nextcloudcron.service/unit"), "[Service]\nExecStart=php -f /srv/nextcloud/cron.php\n")
        .unwrap();
    let rows = look("nextcloud/cron.php").await;
    assert!(rows[1].verdict == Refuse && rows[1].evidence.contains("nextcloudcron.timer"), "{rows:?}");
    fs::write(
        host.path("units/nextcloudcron.service/unit"),
        "[Service]\nWorkingDirectory=/srv\nExecStart=php cron.php\n",
    )
    .unwrap();
    assert_eq!(look("nextcloud/cron.php").await[1].verdict, Warn, "it may be another one's");

    // They come from there alone.
    fs::remove_file(host.path(file)).unwrap();
    let rows = look("nextcloud/cron.php").await;
    assert!(rows[0].verdict == Refuse && rows[0].evidence.contains("nextcloudcron.timer"), "{rows:?}");
    fs::remove_dir_all(host.path("units/nextcloudcron.timer")).unwrap();
    fs::write(host.path("nextcloud/occ"), "<?php exit(1);\n").unwrap();
    let rows = look("nextcloud/cron.php").await;
    assert!(rows[0].verdict == Refuse && rows[0].evidence.contains("`ajax`"), "{rows:?}");
    assert_eq!(rows[2].verdict, Warn, "nothing is set: {rows:?}");
    as_root(&host.path(hidden), &line);
    assert_eq!(look("nextcloud/cron.php").await[0].verdict, Warn, "hidden by an earlier run");

    // A path that is not the whole one, and a name that cron ignores.
    as_root(&host.path(file), "*/5 * * * * www-data cd /var/www/html/nextcloud && php -f cron.php\n");
    let rows = look("nextcloud/cron.php").await;
    assert!(rows[0].verdict == Refuse && rows[0].advice[0].contains("`cron_command: cron.php`"), "{rows:?}");
    assert_eq!(look("cron.php").await[0].verdict, Pass);
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o664);
    if rustix::process::geteuid().is_root() {
        fs::set_permissions(host.path(file), open).unwrap();
        assert_eq!(look("cron.php").await[0].verdict, Refuse, "cron ignores what others may write");
    }
    fs::remove_file(host.path("nextcloud/occ")).unwrap();
    assert_eq!(look("cron.php").await[2].verdict, NotCheckable, "there is no `occ`");
}

#[tokio::test]
async fn whatever_renews_certificates_is_told_before_the_site_file_is_touched() {
    let host = Host::start();
    let look = async || {
        let with = json!({"on": host.target(), "timer": "certbot.timer", "fqdn": "cloud.nextcloud.example"});
        check(&host, "certificate.renewal", with).await.remove(0)
    };
    assert_eq!(look().await.verdict, Pass);
    let timer = |name: &str, starts: &str| {
        host.unit(&format!("{name}.timer"), &["enabled", "active"]);
        host.unit(&format!("{name}.service"), &[]);
        fs::write(host.path(&format!("units/{name}.service/unit")), format!("[Service]\nExecStart={starts}\n"))
            .unwrap();
    };
    timer("certbot", "/usr/bin/certbot -q renew");
    let known = look().await;
    assert!(known.verdict == Pass && known.evidence.contains("`certbot.timer`"), "{known:?}");
    fs::remove_dir_all(host.path("units/certbot.timer")).unwrap();
    timer("snap.certbot.renew", "/usr/bin/snap run --timer=\"00:00~24:00/2\" certbot.renew");
    let snap = look().await;
    assert!(snap.verdict == Refuse && snap.acceptable, "{snap:?}");
    assert!(snap.advice[0].contains("`renewal_timer: snap.certbot.renew.timer`"), "{snap:?}");
    fs::remove_dir_all(host.path("units/snap.certbot.renew.timer")).unwrap();
    fs::write(host.path("spool/cron/crontabs/root"), "7 3 * * * \"/root/.acme.sh\"/acme.sh --cron >/dev/null\n")
        .unwrap();
    let acme = look().await;
    assert!(acme.verdict == Refuse && acme.evidence.contains("crontabs/root"), "{acme:?}");
    assert!(!acme.evidence.contains("--cron"), "the line stays on the host");
}

#[tokio::test]
async fn caches_of_one_server_alone_refuse_and_their_passwords_stay_there() {
    let host = Host::start();
    fs::create_dir_all(host.path("nextcloud/config")).unwrap();
    let look = async |more: &str| {
        let file = host.path("nextcloud/config/config.php");
        fs::write(file, format!("<?php\n$CONFIG = array('dbtype' => 'mysql', 'dbhost' => 'db.example', {more});\n"))
            .unwrap();
        let with = json!({"on": host.target(), "file": host.text("nextcloud/config/config.php"), "db": "nextcloud-db"});
        let rows = check(&host, "nextcloud.config", with).await;
        assert!(!format!("{rows:?}").contains("hunter2"), "{rows:?}");
        rows.into_iter().find(|row| row.id == "it.caches").unwrap()
    };
    let redis = |host: &str| {
        format!(
            "'memcache.locking' => '\\\\OC\\\\Memcache\\\\Redis', 'redis' => array('host' => '{host}', 'password' => 'hunter2')"
        )
    };
    assert_eq!(look("").await.verdict, Pass);
    for here in ["/run/redis/redis.sock", "localhost", "127.0.0.1", "tls://127.0.0.1"] {
        let seen = look(&redis(here)).await;
        assert!(
            seen.verdict == Refuse && seen.acceptable && seen.evidence.contains("on this server only"),
            "{here}: {seen:?}"
        );
    }
    assert_eq!(look(&redis("192.0.2.77")).await.verdict, Pass);
    assert_eq!(look("'memcache.distributed' => '\\\\OC\\\\Memcache\\\\APCu'").await.verdict, Refuse);
    assert_eq!(
        look("'memcache.local' => '\\\\OC\\\\Memcache\\\\APCu'").await.verdict,
        Pass,
        "that one is meant to be local"
    );
    let cluster = "'memcache.locking' => 'Redis', 'redis.cluster' => array('seeds' => array('127.0.0.1:7000'))";
    assert_eq!(look(cluster).await.verdict, Refuse);
    let memcached = "'memcache.distributed' => '\\\\OC\\\\Memcache\\\\Memcached', 'memcached_servers' => array(array('192.0.2.7', 11211))";
    assert_eq!(look(memcached).await.verdict, Pass);
}
