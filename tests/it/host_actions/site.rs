//! A site, used as its users use it: real TLS in nginx, a small Nextcloud in php behind it.

use super::bench::{Deed, Host, free_port};
use runbook::model::{FailureKind, Found, Phase, Value};
use serde_json::json;
use std::fs;
use std::process::Command;

const SITE: &str = "server { listen 127.0.77.1:443 ssl; server_name cloud.nextcloud.example;
  ssl_certificate DIR/site.pem; ssl_certificate_key DIR/site.key;
  location / { proxy_pass http://127.0.0.1:PHP; proxy_set_header Host $host; } }
server { listen 127.0.77.1:80; return 301 https://$host:443$request_uri; }
server { listen 127.0.0.1:80; location / { proxy_pass http://127.0.0.1:PHP; proxy_set_header Host $host; } }
";

fn openssl(arguments: &[&str]) {
    let output = Command::new("openssl").args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A host with the site on 127.0.77.1, and on 127.0.0.1:80 for what is asked on the host itself.
fn host_with_site() -> Host {
    let mut host = Host::start();
    let file = |name: &str| host.text(name);
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    let (ca, ca_key, site, site_key, csr) =
        (file("ca.pem"), file("ca.key"), file("site.pem"), file("site.key"), file("site.csr"));
    let root = ["req", "-x509", "-days", "2", "-subj", "/CN=test CA", "-keyout", &ca_key, "-out", &ca];
    openssl(&[&root[..], &key[..]].concat());
    let request = ["req", "-subj", "/CN=cloud.nextcloud.example", "-keyout", &site_key, "-out", &csr];
    openssl(&[&request[..], &key[..]].concat());
    fs::write(host.path("names"), "subjectAltName=DNS:cloud.nextcloud.example").unwrap();
    let names = file("names");
    openssl(&[
        "x509",
        "-req",
        "-in",
        &csr,
        "-CA",
        &ca,
        "-CAkey",
        &ca_key,
        "-CAcreateserial",
        "-days",
        "2",
        "-extfile",
        &names,
        "-out",
        &site,
    ]);
    fs::write(host.path("site.php"), include_str!("site.php")).unwrap();
    let php = free_port();
    let conf = SITE.replace("DIR", &host.text("")).replace("PHP", &php.to_string());
    fs::write(host.path("nginx/conf.d/site.conf"), conf).unwrap();
    let (address, script) = (format!("127.0.0.1:{php}"), host.text("site.php"));
    host.serve(&["php", "-S", &address, &script], &address);
    host.serve(&["nginx", "-g", "daemon off;"], "127.0.77.1:443");
    host.trust(ca.into());
    host
}

fn check<'a>(host: &'a Host, password: &str) -> Deed<'a> {
    let parameters = json!({
        "fqdn": "cloud.nextcloud.example", "via": "127.0.77.1", "user": "anna",
        "password": {"command": ["printf", "%s", password]}, "through": [host.target()],
    });
    host.deed("nextcloud.check", parameters)
}

fn log(host: &Host) -> String {
    fs::read_to_string(host.path("site-data/log")).unwrap_or_default()
}

/// One test for all: the site takes a fixed port of the loopback network.
#[tokio::test]
async fn a_site_is_used_from_login_to_logout() {
    let host = host_with_site();
    let password = "p w\"&\\1";
    let mut good = check(&host, password);
    assert_eq!(good.observe().await.found, Found::Absent);
    good.verify().await;
    let log_of_good = log(&host);
    let file = "/remote.php/dav/files/anna/runbook-check-r20260101-000000-test-deed.txt cloud.nextcloud.example";
    for deed in ["PUT", "GET", "DELETE"] {
        assert!(log_of_good.contains(&format!("{deed} {file}")), "{log_of_good}");
    }
    assert_eq!(log_of_good.matches(&format!("GET {file}")).count(), 2, "from the site and through the host");

    // A file that an earlier attempt left is replaced and removed.
    let left = host.path("site-data/file-runbook-check-r20260101-000000-test-deed.txt");
    fs::write(&left, "left").unwrap();
    fs::write(host.path("site-data/faults"), "busy:2").unwrap();
    good.verify().await;
    assert!(!left.exists());

    let failure = check(&host, "wr0ng").fails(Phase::Verify).await;
    assert!(failure.message.contains("log in as `anna`") && failure.kind == FailureKind::Permanent, "{failure:?}");
    assert!(!format!("{failure:?}").contains("wr0ng"));

    fs::write(host.path("site-data/faults"), "stale").unwrap();
    let failure = good.fails(Phase::Verify).await;
    assert!(failure.message.contains("through web-1"), "{failure:?}");
    assert!(!left.exists(), "removed although the check failed");

    fs::write(host.path("site-data/faults"), "busy:99").unwrap();
    let failure = good.fails(Phase::Verify).await;
    assert!(failure.message.contains("503") && failure.kind == FailureKind::Transient, "{failure:?}");
    fs::remove_file(host.path("site-data/faults")).unwrap();

    expectations(&host).await;
}

async fn expectations(host: &Host) {
    let deed = |more: Value| {
        let mut parameters = json!({"url": "http://127.0.77.1/x", "status": 301});
        parameters.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        host.deed("http.expect", parameters)
    };
    // The balancer writes the port; what is expected need not.
    let mut right = deed(json!({"location": "https://127.0.77.1/x", "also_after_undo": true}));
    assert_eq!(right.observe().await.found, Found::Holds);
    assert!(right.verify().await.contains("301"));
    assert!(right.undo().await.contains("301"));
    let mut wrong = deed(json!({"location": "https://cloud.nextcloud.example/x"}));
    wrong.call.deadline_s = 0;
    assert_eq!(wrong.observe().await.found, Found::Absent);
    let failure = wrong.fails(Phase::Verify).await;
    assert!(failure.kind == FailureKind::Deadline && failure.causes[0].contains("https://127.0.77.1/x"), "{failure:?}");
    // The certificate is for another name.
    let mut untrusted = deed(json!({"url": "https://127.0.77.1/", "status": 200}));
    let seen = untrusted.observe().await;
    assert!(seen.found == Found::Absent && seen.evidence.contains("certificate"), "{}", seen.evidence);
}
