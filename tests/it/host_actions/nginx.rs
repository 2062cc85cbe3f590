//! nginx's whole configuration: judged and tried before anything is changed, and a drop-in that is made and removed.

use super::bench::{Deed, Host};
use super::files::{host_with_site, offload};
use runbook::model::{Change, FailureKind, Found, Phase};
use serde_json::json;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

const DROP_IN: &str = "nginx/conf.d/runbook-r20260101-000000-test.conf";
const DEFAULT: &str = "server {\n    listen 80 default_server;\n    server_name _;\n    return 404;\n}\n";

fn drop_in(host: &Host) -> Deed<'_> {
    let parameters = json!({
        "on": host.target(), "file": format!("/etc/{DROP_IN}"), "site": "/etc/nginx/conf.d/nextcloud.conf",
        "fqdn": "cloud.nextcloud.example", "idle_timeout_s": 600,
    });
    host.deed("nginx.drop-in", parameters)
}

/// Every file under nginx's folder, and what a trial would leave in /run.
fn everything(host: &Host) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    let mut folders = vec![host.path("nginx")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                all.insert(path.display().to_string(), fs::read(&path).unwrap());
            }
        }
    }
    let trials = fs::read_dir("/run").unwrap().map(|entry| entry.unwrap().path().display().to_string());
    all.extend(trials.filter(|path| path.contains("runbook-trial")).map(|path| (path, Vec::new())));
    all
}

fn causes(failure: &runbook::model::Failure) -> String {
    failure.causes.join("\n")
}

#[tokio::test]
async fn another_file_that_stands_in_the_way_is_told_of_while_the_site_is_up() {
    let host = host_with_site();
    for (name, text, said) in [
        (
            "00-redirect.conf",
            "server { listen 80; server_name cloud.nextcloud.example; return 301 https://$host; }\n",
            "`/etc/nginx/conf.d/00-redirect.conf` line 1: `cloud.nextcloud.example` redirects",
        ),
        (
            "other.conf",
            "# one\nserver { listen [::]:80 ipv6only=off; server_name other.example; return 404; }\n",
            "`/etc/nginx/conf.d/other.conf` line 2: `ipv6only=off` takes IPv4 too",
        ),
    ] {
        let place = host.path("nginx/conf.d").join(name);
        fs::write(&place, text).unwrap();
        // The site as it was when the redirect was in another file.
        let before = everything(&host);
        let failure = offload(&host).fails(Phase::Observe).await;
        assert_eq!(failure.kind, FailureKind::Refused, "{failure:?}");
        assert!(causes(&failure).contains(said), "{failure:?}");
        assert_eq!(everything(&host), before, "looking changes nothing");
        fs::remove_file(place).unwrap();
    }
}

/// An nginx of somebody's own that insists on TLS in the site's file, and says who looked at what.
const PICKY: &str = r#"#!/bin/sh
case "$*" in
  *-t*) grep -q ssl /etc/nginx/conf.d/nextcloud.conf || { echo 'nginx: [emerg] this one wants TLS' >&2; exit 1; };;
esac
exec /usr/sbin/nginx "$@"
"#;

#[tokio::test]
async fn what_only_nginx_knows_is_found_out_before_anything_is_changed() {
    let host = host_with_site();
    host.unit("nginx", &["active"]);
    fs::create_dir(host.path("own")).unwrap();
    fs::write(host.path("own/nginx"), PICKY).unwrap();
    fs::set_permissions(host.path("own/nginx"), fs::Permissions::from_mode(0o755)).unwrap();
    let exec = "ExecStart={ path=PROGRAM ; argv[]=PROGRAM -g daemon on; ; ignore_errors=no ; pid=0 }\n";
    fs::write(host.path("units/nginx/exec"), exec.replace("PROGRAM", &host.text("own/nginx"))).unwrap();
    let before = everything(&host);
    let failure = offload(&host).fails(Phase::Observe).await;
    assert!(failure.message.contains("would not accept the edited"), "{failure:?}");
    assert!(causes(&failure).contains("this one wants TLS"), "{failure:?}");
    assert_eq!(everything(&host), before, "nothing is changed, and nothing of the trial is left");
    let failure = drop_in(&host).fails(Phase::Observe).await;
    assert!(causes(&failure).contains("this one wants TLS"), "{failure:?}");
    assert_eq!(everything(&host), before);
}

#[tokio::test]
async fn a_conflicting_name_that_nginx_only_warns_of_is_taken_back() {
    let host = host_with_site();
    let site = host.path("nginx/conf.d/nextcloud.conf");
    let before = fs::read(&site).unwrap();
    let mut deed = offload(&host);
    deed.observe().await;
    let rival = "server { listen 80; server_name cloud.nextcloud.example; root /srv; }\n";
    fs::write(host.path("nginx/conf.d/00.conf"), rival).unwrap();
    let failure = deed.fails(Phase::Apply).await;
    assert!(causes(&failure).contains("conflicting server name"), "{failure:?}");
    assert_eq!(fs::read(&site).unwrap(), before);
}

#[tokio::test]
async fn a_running_nginx_is_reloaded_under_its_own_name() {
    let host = host_with_site();
    host.unit("web", &["active"]);
    let parameters = json!({
        "on": host.target(), "file": "/etc/nginx/conf.d/nextcloud.conf", "fqdn": "cloud.nextcloud.example", "service": "web",
    });
    let mut deed = host.deed("nginx.offload-tls", parameters);
    deed.observe().await;
    assert_eq!(host.systemctl_log(), Vec::<String>::new());
    deed.apply().await;
    assert_eq!(host.systemctl_log(), ["reload web"]);
    deed.undo().await;
    assert_eq!(host.systemctl_log(), ["reload web", "reload web"]);
}

#[tokio::test]
async fn the_nginx_that_the_unit_starts_is_asked() {
    let host = host_with_site();
    host.unit("nginx", &["active"]);
    let main = fs::read_to_string(host.path("nginx/nginx.conf")).unwrap().replace("conf.d/*.conf", "elsewhere/*.conf");
    fs::write(host.path("own.conf"), main).unwrap();
    let exec = format!(
        "ExecStart={{ path=/usr/sbin/nginx ; argv[]=/usr/sbin/nginx -g daemon on; -c ${{CONF}} ; ignore_errors=no ; pid=0 }}\n\
         Environment=\nEnvironmentFiles={} (ignore_errors=yes)\n",
        host.text("environment")
    );
    fs::write(host.path("units/nginx/exec"), exec).unwrap();
    fs::write(host.path("environment"), format!("CONF=\"{}\"\n", host.text("own.conf"))).unwrap();
    let failure = offload(&host).fails(Phase::Observe).await;
    assert!(causes(&failure).contains("nginx does not read this file"), "{failure:?}");
    assert!(failure.by_hand().iter().any(|advice| advice.contains("/etc/nginx/elsewhere/*.conf")), "{failure:?}");
    fs::create_dir(host.path("nginx/elsewhere")).unwrap();
    std::os::unix::fs::symlink("/etc/nginx/conf.d/nextcloud.conf", host.path("nginx/elsewhere/a.conf")).unwrap();
    assert_eq!(offload(&host).observe().await.found, Found::Absent);
}

#[tokio::test]
async fn a_drop_in_is_made_once_and_removed_once() {
    let host = host_with_site();
    host.unit("nginx", &["active"]);
    fs::write(host.path("nginx/conf.d/default.conf"), DEFAULT).unwrap();
    let before = everything(&host);
    let mut deed = drop_in(&host);
    // Of the site as it will be, while it still has its TLS.
    let finding = deed.observe().await;
    assert_eq!(finding.found, Found::Absent);
    assert!(
        finding.evidence.contains("`_` (`/etc/nginx/conf.d/default.conf` line 1) would answer the health check"),
        "{finding:?}"
    );
    let [Change::File { path, diff, .. }] = finding.changes.as_slice() else { panic!("{finding:?}") };
    assert!(path == &format!("/etc/{DROP_IN}") && diff.contains("+keepalive_timeout 620s;"), "{diff}");
    assert_eq!(everything(&host), before);

    offload(&host).phase(Phase::Observe).await;
    deed.apply().await;
    let verified = deed.verify().await;
    assert!(verified.contains("hands the balancer's health check to the site"), "{verified}");
    let made = host.path(DROP_IN);
    assert_eq!(fs::metadata(&made).unwrap().permissions().mode() & 0o777, 0o644);
    assert_eq!(host.systemctl_log(), ["reload nginx"]);
    deed.apply().await;
    let again = deed.observe().await;
    assert!(again.found == Found::Holds && again.ours && again.changes.is_empty(), "{again:?}");
    deed.undo().await;
    deed.undo().await;
    assert_eq!(everything(&host), before);
}

#[tokio::test]
async fn a_drop_in_is_removed_though_nobody_recorded_what_it_was() {
    let host = host_with_site();
    let before = everything(&host);
    let mut deed = drop_in(&host);
    deed.observe().await;
    deed.apply().await;
    deed.call.outputs.clear();
    deed.undo().await;
    assert_eq!(everything(&host), before);
    // What somebody else has put there, or made of it, stays.
    deed.observe().await;
    deed.apply().await;
    let made = host.path(DROP_IN);
    fs::write(&made, fs::read_to_string(&made).unwrap() + "# theirs\n").unwrap();
    assert_eq!(deed.fails(Phase::Undo).await.kind, FailureKind::Refused);
    fs::write(&made, "# somebody's\n").unwrap();
    deed.call.outputs.clear();
    assert_eq!(deed.fails(Phase::Undo).await.kind, FailureKind::Refused);
    assert_eq!(drop_in(&host).fails(Phase::Observe).await.kind, FailureKind::Refused);
    assert_eq!(fs::read_to_string(&made).unwrap(), "# somebody's\n");
}

#[tokio::test]
async fn nothing_is_made_where_nothing_is_needed() {
    let host = host_with_site();
    fs::write(host.path("nginx/conf.d/all.conf"), "keepalive_timeout 20m;\nabsolute_redirect off;\n").unwrap();
    let before = everything(&host);
    let mut deed = drop_in(&host);
    let finding = deed.observe().await;
    assert!(finding.found == Found::Holds && !finding.ours, "{finding:?}");
    deed.undo().await;
    assert_eq!(everything(&host), before);
    fs::write(host.path("nginx/conf.d/all.conf"), "keepalive_timeout 65;\n").unwrap();
    let finding = drop_in(&host).observe().await;
    assert!(
        finding.evidence.contains("`/etc/nginx/conf.d/all.conf` line 1 keeps connections for 65 s only"),
        "{finding:?}"
    );
}

#[tokio::test]
async fn a_health_check_by_address_is_answered_by_the_real_nginx() {
    let host = host_with_site();
    fs::write(host.path("nginx/conf.d/default.conf"), DEFAULT).unwrap();
    let site = host.path("nginx/conf.d/nextcloud.conf");
    let text = fs::read_to_string(&site).unwrap();
    fs::write(
        &site,
        text.replace(
            "    location = /.well-known",
            "    location = /status.php { return 200; }\n    location = /.well-known",
        ),
    )
    .unwrap();
    let (mut offload, mut drop_in) = (offload(&host), drop_in(&host));
    offload.observe().await;
    offload.apply().await;
    let asked = || ask(&host.path("nginx"), &host.text("asked"));
    assert_eq!(asked(), "404", "Debian's default site answers");
    drop_in.observe().await;
    drop_in.apply().await;
    assert_eq!(asked(), "200");
}

/// What the real nginx answers with a folder as /etc/nginx, asked for its address.
fn ask(folder: &Path, work: &str) -> String {
    const SCRIPT: &str = r#"
mkdir -p "$2"
mount --bind "$1" /etc/nginx
ip link set lo up
ip address add 10.0.0.5/32 dev lo
sed "s#pid .*;#pid $2/pid;#; s#error_log .*;#error_log $2/log;#" /etc/nginx/nginx.conf >"$2/nginx.conf"
nginx -c "$2/nginx.conf"
curl -s -m 5 -o /dev/null -w '%{http_code}' http://10.0.0.5/status.php
kill "$(cat "$2/pid")"
"#;
    let mut command = match rustix::process::geteuid().is_root() {
        true => Command::new("unshare"),
        false => Command::new("sudo"),
    };
    if !rustix::process::geteuid().is_root() {
        command.args(["-n", "unshare"]);
    }
    let output = command.args([
        "--net",
        "--mount",
        "--pid",
        "--fork",
        "--kill-child",
        "--mount-proc",
        "sh",
        "-euc",
        SCRIPT,
        "ask",
    ]);
    let output = output.arg(folder).arg(work).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}
