//! Files: renamed, edited, put back to the byte and the nanosecond; never over somebody else's work.

use super::bench::{Deed, Host};
use runbook::model::{FailureKind, Found, Phase, Value};
use serde_json::json;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Command;

const SITE: &str = "server {
    listen 80;
    listen [::]:80;
    server_name cloud.nextcloud.example;
    # enforce https
    return 301 https://$server_name:443$request_uri;
}

server {
    listen 443 ssl http2;
    listen [::]:443 ssl http2;
    server_name cloud.nextcloud.example;

    ssl_certificate     DIR/site.pem;
    ssl_certificate_key DIR/site.key;

    location = /.well-known/carddav {
      return 301 $scheme://$host:$server_port/remote.php/dav;
    }
}
";

const CONFIG: &str = "<?php
$CONFIG = array (
  'secret' => 'hunter2',
  'trusted_proxies' => array ( 0 => '192.0.2.1' ),
  'overwriteprotocol' => 'http',
  'apps_paths' => array ( 0 => array ( 'path' => OC::$SERVERROOT . '/apps' ) ),
);
";

/// Content and everything else that must come back.
fn picture(path: &Path) -> (Vec<u8>, u32, u32, u32, i64, i64) {
    let meta = fs::metadata(path).unwrap();
    (fs::read(path).unwrap(), meta.uid(), meta.gid(), meta.mode(), meta.mtime(), meta.mtime_nsec())
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

pub(super) fn host_with_site() -> Host {
    let host = Host::start();
    let subject = "/CN=cloud.nextcloud.example";
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"])
        .args(["-subj", subject, "-keyout", &host.text("site.key"), "-out", &host.text("site.pem")])
        .output()
        .unwrap();
    assert!(made.status.success());
    let site = host.path("nginx/conf.d/nextcloud.conf");
    fs::write(&site, SITE.replace("DIR", &host.text(""))).unwrap();
    fs::set_permissions(&site, fs::Permissions::from_mode(0o640)).unwrap();
    host
}

pub(super) fn offload(host: &Host) -> Deed<'_> {
    let parameters =
        json!({"on": host.target(), "file": "/etc/nginx/conf.d/nextcloud.conf", "fqdn": "cloud.nextcloud.example"});
    host.deed("nginx.offload-tls", parameters)
}

const COPY: &str = ".nextcloud.conf.runbook-r20260101-000000-test";

#[tokio::test]
async fn a_rename_is_made_once_and_taken_back_once() {
    let host = Host::start();
    fs::write(host.path("cron.d/nextcloud-cron-php"), "x").unwrap();
    let parameters =
        json!({"on": host.target(), "from": "/etc/cron.d/nextcloud-cron-php", "to": "/etc/cron.d/.nextcloud-cron-php"});
    let mut deed = host.deed("file.rename", parameters);
    assert_eq!(deed.observe().await.found, Found::Absent);
    deed.apply().await;
    deed.verify().await;
    assert_eq!(deed.observe().await.found, Found::Holds);
    assert_eq!(names(&host.path("cron.d")), [".nextcloud-cron-php"]);
    deed.undo().await;
    deed.undo().await;
    assert_eq!(names(&host.path("cron.d")), ["nextcloud-cron-php"]);
    fs::write(host.path("cron.d/.nextcloud-cron-php"), "somebody's").unwrap();
    assert_eq!(deed.observe().await.found, Found::Unknown);
    assert_eq!(deed.fails(Phase::Apply).await.kind, FailureKind::Refused);
}

#[tokio::test]
async fn a_site_is_edited_once_and_comes_back_to_the_nanosecond() {
    let host = host_with_site();
    host.unit("nginx", &["active"]);
    let site = host.path("nginx/conf.d/nextcloud.conf");
    let before = picture(&site);
    let mut deed = offload(&host);
    assert_eq!(deed.observe().await.found, Found::Absent);
    assert!(!deed.call.before.to_string().contains("listen"), "no content in the before-image");
    deed.apply().await;
    deed.verify().await;
    let edited = fs::read_to_string(&site).unwrap();
    assert!(!edited.contains("ssl") && edited.contains("https://cloud.nextcloud.example"), "{edited}");
    assert_eq!(fs::metadata(&site).unwrap().mode() & 0o777, 0o640);
    assert_eq!(picture(&host.path("nginx/conf.d").join(COPY)), before, "the copy keeps everything");

    // Again, as after a lost answer: nothing more happens.
    deed.apply().await;
    assert_eq!(fs::read_to_string(&site).unwrap(), edited);
    let again = deed.observe().await;
    assert!(again.found == Found::Holds && again.ours, "{again:?}");
    assert_eq!(again.before["sha256"], deed.call.before["sha256"]);

    deed.undo().await;
    assert_eq!(picture(&site), before);
    deed.undo().await;
    assert_eq!(picture(&site), before);
    assert_eq!(names(&host.path("nginx/conf.d")), ["nextcloud.conf"]);
    assert!(host.systemctl_log().iter().all(|l| l == "reload nginx"), "{:?}", host.systemctl_log());
}

#[tokio::test]
async fn a_kill_between_any_two_commands_is_undone() {
    let host = host_with_site();
    let site = host.path("nginx/conf.d/nextcloud.conf");
    let copy = host.path("nginx/conf.d").join(COPY);
    let before = picture(&site);
    let mut deed = offload(&host);

    // Killed before anything, and after the copy was begun, made, and the new content staged.
    deed.observe().await;
    deed.undo().await;
    for left in ["part", "copy", "new"] {
        match left {
            "part" => fs::write(host.text(&format!("nginx/conf.d/{COPY}.part")), "ser").unwrap(),
            "copy" => {
                let done = Command::new("cp").arg("-p").args([&site, &copy]).status().unwrap();
                assert!(done.success());
            }
            _ => fs::write(host.text(&format!("nginx/conf.d/{COPY}.new")), "half").unwrap(),
        }
        assert_eq!(deed.observe().await.found, Found::Absent, "{left}");
        deed.apply().await;
        deed.undo().await;
        assert_eq!(picture(&site), before, "{left}");
        assert_eq!(names(&host.path("nginx/conf.d")), ["nextcloud.conf"], "{left}");
    }

    // Killed when all was done but nothing recorded: the outputs are missing.
    deed.observe().await;
    deed.apply().await;
    deed.call.outputs.clear();
    deed.undo().await;
    assert_eq!(picture(&site), before);
    assert_eq!(names(&host.path("nginx/conf.d")), ["nextcloud.conf"]);
}

#[tokio::test]
async fn somebodys_work_is_never_overwritten() {
    let host = host_with_site();
    let (site, copy) = (host.path("nginx/conf.d/nextcloud.conf"), host.path("nginx/conf.d").join(COPY));
    let mut deed = offload(&host);
    deed.observe().await;

    // A file of the copy's name is there already.
    fs::write(&copy, "somebody's").unwrap();
    assert_eq!(deed.fails(Phase::Apply).await.kind, FailureKind::Refused);
    assert_eq!(fs::read_to_string(&copy).unwrap(), "somebody's");
    fs::remove_file(&copy).unwrap();
    assert_eq!(names(&host.path("nginx/conf.d")), ["nextcloud.conf"]);

    // The site changed after the edit.
    deed.call.before = Value::Null;
    deed.observe().await;
    deed.apply().await;
    let theirs = format!("# theirs\n{}", fs::read_to_string(&site).unwrap());
    fs::write(&site, &theirs).unwrap();
    let failure = deed.fails(Phase::Undo).await;
    assert!(
        failure.kind == FailureKind::Refused && failure.by_hand().iter().any(|a| a.contains("diff")),
        "{failure:?}"
    );
    assert_eq!(fs::read_to_string(&site).unwrap(), theirs);
    assert!(copy.exists());
}

#[tokio::test]
async fn a_file_that_is_not_understood_is_refused_with_every_reason() {
    let host = host_with_site();
    let site = host.path("nginx/conf.d/nextcloud.conf");
    let text = fs::read_to_string(&site).unwrap().replace(
        "    location = /.well-known",
        "    if ($scheme = http) { return 301 https://$host$request_uri; }\n    location = /.well-known",
    );
    fs::write(&site, text).unwrap();
    let failure = offload(&host).fails(Phase::Observe).await;
    assert_eq!(failure.kind, FailureKind::Refused);
    assert!(failure.causes.iter().any(|c| c.starts_with("line 17: ")), "{failure:?}");
    assert!(!failure.advice.is_empty());
}

#[tokio::test]
async fn what_nginx_refuses_is_taken_back_at_once() {
    let host = host_with_site();
    let site = host.path("nginx/conf.d/nextcloud.conf");
    let before = picture(&site);
    let mut deed = offload(&host);
    deed.observe().await;
    fs::write(host.path("nginx/conf.d/other.conf"), "nonsense;\n").unwrap();
    let failure = deed.fails(Phase::Apply).await;
    assert!(failure.causes.iter().any(|c| c.contains("nonsense")), "{failure:?}");
    assert_eq!(picture(&site), before);
    assert_eq!(names(&host.path("nginx/conf.d")), [&format!("{COPY}.aside"), "nextcloud.conf", "other.conf"]);

    // Rolled back as it is, nothing of the run is left.
    fs::remove_file(host.path("nginx/conf.d/other.conf")).unwrap();
    deed.undo().await;
    assert_eq!(picture(&site), before);
    assert_eq!(names(&host.path("nginx/conf.d")), ["nextcloud.conf"]);
}

/// A site whose edit nginx rejected in a first attempt: the deed has that attempt's before-image.
async fn rejected_once(host: &Host) -> Deed<'_> {
    let mut deed = offload(host);
    deed.observe().await;
    fs::write(host.path("nginx/conf.d/other.conf"), "nonsense;\n").unwrap();
    deed.fails(Phase::Apply).await;
    fs::remove_file(host.path("nginx/conf.d/other.conf")).unwrap();
    deed
}

#[tokio::test]
async fn a_site_that_was_mended_after_a_rejection_is_edited_as_it_is_now() {
    let host = host_with_site();
    let site = host.path("nginx/conf.d/nextcloud.conf");
    let mut deed = rejected_once(&host).await;
    let mended = format!("# mended\n{}", fs::read_to_string(&site).unwrap());
    fs::write(&site, &mended).unwrap();
    let before = picture(&site);
    assert_eq!(deed.observe().await.found, Found::Absent);
    deed.apply().await;
    deed.verify().await;
    assert_eq!(names(&host.path("nginx/conf.d")), [COPY, "nextcloud.conf"]);
    deed.undo().await;
    assert_eq!(picture(&site), before, "what was mended stays");
    assert_eq!(names(&host.path("nginx/conf.d")), ["nextcloud.conf"]);

    // Rolled back without another attempt.
    let mut deed = rejected_once(&host).await;
    let again = format!("# again\n{mended}");
    fs::write(&site, &again).unwrap();
    let told = deed.undo().await;
    assert!(told.contains("without this run's edit"), "{told}");
    assert_eq!(fs::read_to_string(&site).unwrap(), again);
    assert_eq!(names(&host.path("nginx/conf.d")), ["nextcloud.conf"]);
}

#[tokio::test]
async fn an_edit_made_by_hand_after_a_rejection_is_taken_back_too() {
    let host = host_with_site();
    let site = host.path("nginx/conf.d/nextcloud.conf");
    let before = picture(&site);
    let mut deed = rejected_once(&host).await;
    let by_hand = "server {\n    listen 80;\n    server_name cloud.nextcloud.example;\n}\n";
    fs::write(&site, by_hand).unwrap();
    assert_eq!(deed.observe().await.found, Found::Holds);
    deed.verify().await;
    deed.undo().await;
    assert_eq!(picture(&site), before, "HTTPS is back");
    assert_eq!(names(&host.path("nginx/conf.d")), ["nextcloud.conf"]);
}

#[tokio::test]
async fn a_copy_that_somebody_changed_is_not_put_back() {
    let host = host_with_site();
    let (site, copy) = (host.path("nginx/conf.d/nextcloud.conf"), host.path("nginx/conf.d").join(COPY));
    let mut deed = offload(&host);
    deed.observe().await;
    deed.apply().await;
    let edited = fs::read_to_string(&site).unwrap();
    fs::write(&copy, "somebody's").unwrap();
    let failure = deed.fails(Phase::Undo).await;
    assert!(failure.message.contains("is not what it was"), "{failure:?}");
    assert_eq!(fs::read_to_string(&site).unwrap(), edited);
}

#[tokio::test]
async fn a_link_is_followed_to_the_file_that_is_edited() {
    let host = host_with_site();
    fs::create_dir(host.path("nginx/sites")).unwrap();
    fs::rename(host.path("nginx/conf.d/nextcloud.conf"), host.path("nginx/sites/nextcloud")).unwrap();
    std::os::unix::fs::symlink("../sites/nextcloud", host.path("nginx/conf.d/nextcloud.conf")).unwrap();
    let before = picture(&host.path("nginx/sites/nextcloud"));
    let mut deed = offload(&host);
    let finding = deed.observe().await;
    assert!(finding.evidence.contains("is a link to it"), "{}", finding.evidence);
    assert_eq!(deed.call.before["path"], "/etc/nginx/sites/nextcloud");
    deed.apply().await;
    deed.verify().await;
    assert!(fs::symlink_metadata(host.path("nginx/conf.d/nextcloud.conf")).unwrap().is_symlink());
    deed.undo().await;
    assert_eq!(picture(&host.path("nginx/sites/nextcloud")), before);
}

fn host_with_config() -> Host {
    let host = Host::start();
    fs::create_dir(host.path("config")).unwrap();
    fs::write(host.path("config/config.php"), CONFIG).unwrap();
    host
}

fn set_config(host: &Host) -> Deed<'_> {
    let parameters = json!({
        "on": host.target(), "file": host.text("config/config.php"), "reload": "php8.2-fpm",
        "set": {"overwriteprotocol": "https", "overwritehost": "cloud.nextcloud.example"},
        "append": {"trusted_proxies": ["10.77.0.0/16"]},
    });
    host.deed("php.set-config", parameters)
}

/// What php reads from the file.
fn php_reads(host: &Host) -> Value {
    let code = "class OC { public static $SERVERROOT = '/r'; } include $argv[1]; echo json_encode($CONFIG);";
    let output = Command::new("php").args(["-r", code, "--", &host.text("config/config.php")]).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test]
async fn config_keys_are_set_and_the_file_comes_back() {
    let host = host_with_config();
    host.unit("php8.2-fpm", &["active"]);
    let config = host.path("config/config.php");
    let before = picture(&config);
    let mut deed = set_config(&host);
    let finding = deed.observe().await;
    assert_eq!(finding.found, Found::Absent);
    deed.apply().await;
    deed.verify().await;
    let read = php_reads(&host);
    assert_eq!(read["trusted_proxies"], json!(["192.0.2.1", "10.77.0.0/16"]));
    assert_eq!(read["overwriteprotocol"], "https");
    assert_eq!(read["overwritehost"], "cloud.nextcloud.example");
    assert_eq!(read["secret"], "hunter2");
    assert!(host.systemctl_log().contains(&"reload php8.2-fpm".to_owned()));
    assert_eq!(deed.observe().await.found, Found::Holds);
    assert!(!serde_json::to_string(&deed.call).unwrap().contains("hunter2"));
    deed.call.outputs.clear();
    deed.undo().await;
    assert_eq!(picture(&config), before);
    deed.undo().await;
    assert_eq!(picture(&config), before);
    assert_eq!(names(&host.path("config")), ["config.php"]);
}

#[tokio::test]
async fn no_value_that_is_set_is_in_an_argument() {
    let host = host_with_config();
    let (program, log) = (host.path("opt/lab/php"), host.path("work/arguments"));
    fs::write(&log, "").unwrap();
    fs::set_permissions(&log, fs::Permissions::from_mode(0o666)).unwrap();
    fs::set_permissions(host.path("work"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(&program, format!("#!/bin/sh\necho \"$@\" >>{}\nexec php \"$@\"\n", log.display())).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let mut deed = set_config(&host);
    deed.call.parameters["php"] = json!("/opt/lab/php");
    deed.call.parameters["set"] = json!({"dbpassword": "hunter3"});
    deed.observe().await;
    deed.apply().await;
    deed.verify().await;
    assert_eq!(php_reads(&host)["dbpassword"], "hunter3");
    let arguments = fs::read_to_string(&log).unwrap();
    assert!(arguments.contains("config.php") && !arguments.contains("hunter3"), "{arguments}");
}

#[tokio::test]
async fn a_config_that_was_rewritten_after_a_failed_attempt_is_edited_as_it_is_now() {
    let host = host_with_config();
    let config = host.path("config/config.php");
    let mut deed = set_config(&host);
    deed.observe().await;
    let rewritten = CONFIG.replace("'secret'", "'version' => '18.0.0',\n  'secret'");
    fs::write(&config, &rewritten).unwrap();
    let before = picture(&config);
    assert_eq!(deed.observe().await.found, Found::Absent);
    deed.apply().await;
    deed.verify().await;
    deed.undo().await;
    assert_eq!(picture(&config), before, "what Nextcloud wrote stays");
    assert_eq!(names(&host.path("config")), ["config.php"]);
}

#[tokio::test]
async fn only_our_keys_are_taken_from_a_config_that_changed() {
    let host = host_with_config();
    let config = host.path("config/config.php");
    let mut deed = set_config(&host);
    deed.observe().await;
    deed.apply().await;
    let upgraded = fs::read_to_string(&config).unwrap().replace("'secret'", "'version' => '18.0.0',\n  'secret'");
    fs::write(&config, upgraded).unwrap();
    let told = deed.undo().await;
    assert!(told.contains("only our keys"), "{told}");
    let read = php_reads(&host);
    assert_eq!(read["version"], "18.0.0");
    assert_eq!(read["trusted_proxies"], json!(["192.0.2.1"]));
    assert_eq!(read["overwriteprotocol"], "http");
    assert_eq!(read.get("overwritehost"), None);
    deed.undo().await;
    assert_eq!(php_reads(&host), read);
    assert_eq!(names(&host.path("config")), ["config.php"]);
}

#[tokio::test]
async fn a_key_that_somebody_changed_since_stays() {
    let host = host_with_config();
    let config = host.path("config/config.php");
    let mut deed = set_config(&host);
    deed.observe().await;
    deed.apply().await;
    let theirs = fs::read_to_string(&config).unwrap().replace("cloud.nextcloud.example", "other.nextcloud.example");
    fs::write(&config, &theirs).unwrap();
    let failure = deed.fails(Phase::Undo).await;
    assert!(failure.causes.iter().any(|c| c.contains("`overwritehost`")), "{failure:?}");
    assert_eq!(fs::read_to_string(&config).unwrap(), theirs);
}

#[tokio::test]
async fn a_later_file_that_sets_our_keys_is_told() {
    let host = host_with_config();
    let extra = "<?php\n$CONFIG = array('overwritehost' => 'x', 'memcache.local' => 'y');\n";
    fs::write(host.path("config/proxy.config.php"), extra).unwrap();
    let failure = set_config(&host).fails(Phase::Observe).await;
    assert_eq!(failure.kind, FailureKind::Refused);
    assert!(failure.causes.iter().any(|c| c.contains("proxy.config.php` sets `overwritehost`")), "{failure:?}");
}

#[tokio::test]
async fn a_broken_config_is_told_without_quoting_it() {
    let host = host_with_config();
    fs::write(host.path("config/config.php"), CONFIG.replace("'hunter2'", "'hun'ter2'")).unwrap();
    let failure = set_config(&host).fails(Phase::Observe).await;
    let told = format!("{failure:?}");
    assert!(told.contains("line ") && !told.contains("ter2"), "{told}");
}
