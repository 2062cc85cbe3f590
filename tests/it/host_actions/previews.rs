//! What actions on hosts tell beforehand: the exact commands, the exact difference, and of a file with secrets nothing
//! but what is meant.

use super::bench::{Deed, Host};
use super::files::{host_with_site, offload};
use runbook::action::describe;
use runbook::model::{ActionKind, Change, Facts, Found, Phase, Value};
use serde_json::json;
use std::fs;
use std::process::Command;

fn fact<'a>(facts: &'a Facts, name: &str) -> &'a str {
    facts.get(name).unwrap_or_else(|| panic!("`{name}` is not among {facts:?}"))
}

const CONFIG_PATH: &str = "config/config.php";

/// A host with this `config.php`.
fn host_with_config(text: &str) -> Host {
    let host = Host::start();
    fs::create_dir(host.path("config")).unwrap();
    fs::write(host.path(CONFIG_PATH), text).unwrap();
    host
}

/// The argument vectors that an action tells of itself.
fn told(kind: ActionKind, parameters: &Value) -> Vec<Vec<String>> {
    let changes = describe(kind, &parameters.clone().into()).unwrap().changes;
    let argv = |change| match change {
        Change::Command { on, argv } if on == "web-1" => argv,
        other => panic!("{other:?}"),
    };
    changes.into_iter().map(argv).collect()
}

#[tokio::test]
async fn a_plan_has_the_diff_that_diff_finds_and_masks_credentials() {
    let host = host_with_site();
    let site = host.path("nginx/conf.d/nextcloud.conf");
    let text = fs::read_to_string(&site).unwrap();
    let header = "    proxy_set_header Authorization \"Basic aHVudGVyMg==\"; # token: hunter2\n";
    fs::write(&site, text.replace("    ssl_certificate  ", &format!("{header}    ssl_certificate  "))).unwrap();
    let before = fs::read(&site).unwrap();
    let mut deed = offload(&host);
    let finding = deed.observe().await;
    let [Change::File { on, path, diff }] = finding.changes.as_slice() else { panic!("{finding:?}") };
    assert_eq!((on.as_str(), path.as_str()), ("web-1", "/etc/nginx/conf.d/nextcloud.conf"));
    let name = "`/etc/nginx/conf.d/nextcloud.conf` on web-1";
    let was = fact(&finding.facts, name).to_owned();
    let sha = String::from_utf8(Command::new("sha256sum").arg(&site).output().unwrap().stdout).unwrap();
    assert!(was.starts_with(&format!("sha256 {}, mode 640, owner ", &sha[..12])), "{was}");
    assert_eq!(fs::read(&site).unwrap(), before, "looking changes nothing");

    deed.apply().await;
    fs::write(host.path("before"), &before).unwrap();
    let found = Command::new("diff").arg("-U3").arg(host.path("before")).arg(&site).output().unwrap();
    let found = String::from_utf8(found.stdout).unwrap();
    let body = |text: &str| text.split_inclusive('\n').skip(2).map(str::to_owned).collect::<String>();
    let masked = found.replace("\"Basic aHVudGVyMg==\"; # token: hunter2", "(masked); # (masked)");
    assert_eq!(body(diff), body(&masked));
    assert!(!format!("{finding:?}").contains("hunter2") && !format!("{finding:?}").contains("aHVudGVyMg"));

    let again = deed.observe().await;
    assert!(again.found == Found::Holds && again.changes.is_empty(), "{again:?}");
    assert_ne!(fact(&again.facts, name), was);
}

/// A config with a secret in every place that a file has, and none of them where ours go.
const SECRETS: &str = "<?php // hunter2
/* hunter2 */
$hunter2 = 'hunter2';
$CONFIG = array (
  # hunter2
  'instanceid' => 'hunter2', 'passwordsalt' => 'hunter2',
  'secret' => \"hunter2\", // 'overwritehost' => 'hunter2',
  'trusted_proxies' => array ( /* hunter2 */ 0 => '192.0.2.1', // hunter2
  ), 'dbpassword' => 'hunter2', 'hunter2' => true,
  'overwriteprotocol' => /* hunter2 */ 'http',
  'redis' => array('password' => 'hunter2'),
); # hunter2
// hunter2
";

fn set_config(host: &Host) -> Deed<'_> {
    let parameters = json!({
        "on": host.target(), "file": host.text(CONFIG_PATH), "reload": "php8.2-fpm",
        "set": {"overwritehost": "cloud.nextcloud.example", "overwriteprotocol": "https"},
        "append": {"trusted_proxies": ["172.31.0.0/16"]},
    });
    host.deed("php.set-config", parameters)
}

#[tokio::test]
async fn nothing_of_a_config_leaves_it_but_the_keys_that_are_meant() {
    let host = host_with_config(SECRETS);
    host.unit("php8.2-fpm", &["active"]);
    let mut deed = set_config(&host);
    let finding = deed.observe().await;
    assert_eq!(
        serde_json::to_value(&finding.changes).unwrap(),
        json!([
            {"change": "keys", "on": "web-1", "path": host.text(CONFIG_PATH), "keys": [
                {"key": "overwritehost", "from": null, "to": "'cloud.nextcloud.example'"},
                {"key": "overwriteprotocol", "from": "'http'", "to": "'https'"},
                {"key": "trusted_proxies", "from": "['192.0.2.1']", "to": "['192.0.2.1', '172.31.0.0/16']"},
            ]},
            {"change": "command", "on": "web-1", "argv": ["sudo", "-n", "--", "systemctl", "reload", "php8.2-fpm"]},
        ])
    );
    assert!(fact(&finding.facts, &format!("`{}` on web-1", host.text(CONFIG_PATH))).starts_with("sha256 "));

    let mut said = vec![format!("{finding:?}")];
    for phase in [Phase::Apply, Phase::Verify, Phase::Observe, Phase::Undo] {
        said.push(format!("{:?}", deed.phase(phase).await));
    }
    // Each of these is refused, or php does not accept it: the reason must not quote it.
    for (from, to) in [
        ("'hunter2' => true,", "'hunter2' => f('hunter2') . hunter2(),"),
        (");", ") + hunter2();"),
        ("=> 'hunter2', 'passwordsalt'", "=> 'hunter2' 'passwordsalt'"),
        ("'dbpassword' => 'hunter2'", "'dbpassword' => 'hunter2"),
        ("'dbpassword' =>", "$hunter2 . 'dbpassword' =>"),
        ("/* hunter2 */ 'http'", "'hunter2' . hunter2()"),
        ("0 => '192.0.2.1'", "'hunter2' => $hunter2"),
        ("'redis' =>", "'overwritehost' => 'hunter2', 'overwritehost' =>"),
        ("<?php //", "<?php $CONFIG['hunter2'] = 'hunter2'; //"),
        ("<?php //", "hunter2 <?php //"),
        ("# hunter2\n// hunter2", "?> hunter2 <?php"),
    ] {
        let broken = SECRETS.replacen(from, to, 1);
        assert_ne!(broken, SECRETS, "{from}");
        fs::write(host.path(CONFIG_PATH), broken).unwrap();
        let mut deed = set_config(&host);
        for phase in [Phase::Observe, Phase::Apply, Phase::Verify, Phase::Undo] {
            said.push(format!("{from}: {:?}", deed.phase(phase).await).replacen(from, "", 1));
        }
    }
    assert!(said.iter().filter(|text| text.contains("Failed(")).count() > 8, "{said:#?}");
    for text in &said {
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[tokio::test]
async fn a_key_that_is_a_secret_is_masked_on_both_sides() {
    let host = host_with_config(SECRETS);
    let parameters = json!({"on": host.target(), "file": host.text(CONFIG_PATH), "set": {"dbpassword": "correct horse", "debug": true}});
    let finding = host.deed("php.set-config", parameters).observe().await;
    assert_eq!(
        serde_json::to_value(&finding.changes).unwrap()[0]["keys"],
        json!([
            {"key": "dbpassword", "from": "(masked)", "to": "(masked)"},
            {"key": "debug", "from": null, "to": "true"},
        ])
    );
    assert!(!format!("{finding:?}").contains("horse"), "{finding:?}");
}

#[tokio::test]
async fn commands_are_told_as_they_are_run() {
    let host = Host::start();
    let on = host.target();
    let stop = json!({"on": on, "service": "nginx", "disable": true});
    let sudo = |verb| ["sudo", "-n", "--", "systemctl", verb, "nginx"].map(str::to_owned).to_vec();
    assert_eq!(told(ActionKind::ServiceStop, &stop), [sudo("stop"), sudo("disable")]);
    assert_eq!(told(ActionKind::ServiceRestart, &json!({"on": on, "service": "nginx"})), [sudo("restart")]);
    let run = json!({"on": on, "argv": ["touch", host.text("it's here; $HOME")]});
    let argv = vec!["touch".to_owned(), host.text("it's here; $HOME")];
    assert_eq!(told(ActionKind::SshRun, &run), std::slice::from_ref(&argv));
    let as_root = json!({"on": on, "argv": argv, "sudo": true, "check": ["false"]});
    assert_eq!(told(ActionKind::SshRun, &as_root)[0][..4], ["sudo", "-n", "--", "touch"]);

    // What is told, typed into a shell of the host's, does what the action would.
    fs::write(host.path("cron.d/job"), "x").unwrap();
    let rename = json!({"on": on, "from": host.text("cron.d/job"), "to": host.text("cron.d/.job")});
    let [argv] = told(ActionKind::FileRename, &rename).try_into().unwrap();
    assert!(Command::new(&argv[0]).args(&argv[1..]).status().unwrap().success(), "{argv:?}");
    assert!(host.path("cron.d/.job").exists() && !host.path("cron.d/job").exists());
    let finding = host.deed("file.rename", rename).observe().await;
    assert_eq!(finding.found, Found::Holds);
    assert_eq!(fact(&finding.facts, &format!("`{}` on web-1", host.text("cron.d/job"))), "not there");
    assert!(
        fact(&finding.facts, &format!("`{}` on web-1", host.text("cron.d/.job"))).starts_with("sha256 2d711642b726")
    );
}

#[tokio::test]
async fn services_are_told_as_they_are() {
    let host = Host::start();
    host.unit("nginx", &["active", "enabled"]);
    let facts = async |service: &str, disable: bool| {
        let parameters = json!({"on": host.target(), "service": service, "disable": disable, "missing_ok": true});
        host.deed("service.stop", parameters).observe().await.facts
    };
    assert_eq!(fact(&facts("nginx", true).await, "`nginx` on web-1"), "runs, starts at boot");
    assert_eq!(fact(&facts("nginx", false).await, "`nginx` on web-1"), "runs");
    assert_eq!(fact(&facts("certbot.timer", true).await, "`certbot.timer` on web-1"), "there is none");
}
