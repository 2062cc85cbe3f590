//! The lab's stand-in of a Nextcloud on a host of the bench: its own files under real php, behind real nginx with TLS.

use super::bench::{Deed, Host, free_port};
use runbook::model::{Value, sha256};
use serde_json::json;
use std::fs;
use std::process::Command;

pub(super) const NAME: &str = "cloud.nextcloud.example";
pub(super) const PASSWORD: &str = "p w\"&\\1";
pub(super) const APP_PASSWORD: &str = "aaaaa-bbbbb-ccccc";
const FILES: [(&str, &str); 9] = [
    ("router.php", include_str!("router.php")),
    ("index.php", include_str!("../../../src/rehearsal/site/index.php")),
    ("remote.php", include_str!("../../../src/rehearsal/site/remote.php")),
    ("status.php", include_str!("../../../src/rehearsal/site/status.php")),
    ("lib/site.php", include_str!("../../../src/rehearsal/site/lib/site.php")),
    ("lib/session.php", include_str!("../../../src/rehearsal/site/lib/session.php")),
    ("lib/store.php", include_str!("../../../src/rehearsal/site/lib/store.php")),
    ("lib/users.php", include_str!("../../../src/rehearsal/site/lib/users.php")),
    ("lib/database.php", include_str!("../../../src/rehearsal/site/lib/database.php")),
];
/// The second server is a site whose uploads nobody has provided for.
const NGINX: &str =
    "upstream one { server 127.0.0.1:PHP1; } upstream both { server 127.0.0.1:PHP1; server 127.0.0.1:PHP2; }
proxy_set_header Host $host; proxy_set_header X-Forwarded-Proto https; proxy_set_header X-Forwarded-For $remote_addr;
proxy_pass_header Server; proxy_request_buffering on;
ssl_certificate DIR/site.pem; ssl_certificate_key DIR/site.key;
server { listen ADDRESS:443 ssl; client_max_body_size 64m; location / { proxy_pass http://one; } }
server { listen ADDRESS:80; return 301 https://$host:443$request_uri; }
server { listen SMALL:443 ssl; location / { proxy_pass http://one; } }
server { listen TWO:443 ssl; client_max_body_size 64m; location / { proxy_pass http://both; } }
";
const ON_THE_HOST: &str = "server { listen 127.0.0.1:80; location / { proxy_pass http://one; } }\n";

/// A site of its own.
pub(super) struct StandIn {
    pub(super) host: Host,
    /// Where it is met.
    pub(super) address: String,
    /// Where uploads of more than 1 MiB are refused by nginx.
    pub(super) small: String,
    /// Where two nodes serve in turn.
    pub(super) two_nodes: String,
}

fn openssl(arguments: &[&str]) {
    let output = Command::new("openssl").args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn certificate(host: &Host) {
    let file = |name: &str| host.text(name);
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    let (ca, ca_key, site, site_key, csr) =
        (file("ca.pem"), file("ca.key"), file("site.pem"), file("site.key"), file("site.csr"));
    let root = ["req", "-x509", "-days", "2", "-subj", "/CN=test CA", "-keyout", &ca_key, "-out", &ca];
    openssl(&[&root[..], &key[..]].concat());
    let subject = format!("/CN={NAME}");
    let request = ["req", "-subj", &subject, "-keyout", &site_key, "-out", &csr];
    openssl(&[&request[..], &key[..]].concat());
    fs::write(host.path("names"), format!("subjectAltName=DNS:{NAME}")).unwrap();
    let names = file("names");
    let sign = ["x509", "-req", "-in", &csr, "-CA", &ca, "-CAkey", &ca_key, "-CAcreateserial", "-days", "2"];
    openssl(&[&sign[..], &["-extfile", &names, "-out", &site]].concat());
}

/// A secret as the stand-in keeps it.
fn kept(secret: &str) -> String {
    format!("salt:{}", sha256(format!("salt{secret}")))
}

impl StandIn {
    /// Starts one in a part of the loopback network that no other test uses; `on_the_host` takes port 80 of 127.0.0.1 too.
    pub(super) fn start(part: u8, on_the_host: bool) -> Self {
        let mut host = Host::start();
        certificate(&host);
        for folder in ["site/lib", "site/config", "site/data", "sessions-1", "sessions-2"] {
            fs::create_dir_all(host.path(folder)).unwrap();
        }
        for (name, content) in FILES {
            fs::write(host.path("site").join(name), content).unwrap();
        }
        let address = |n: u8| format!("127.0.{part}.{n}");
        let ports = [free_port(), free_port()];
        let nginx = NGINX.replace("ADDRESS", &address(1)).replace("SMALL", &address(2)).replace("TWO", &address(3));
        let nginx = nginx.replace("PHP1", &ports[0].to_string()).replace("PHP2", &ports[1].to_string());
        let nginx = nginx.replace("DIR", &host.text("")) + if on_the_host { ON_THE_HOST } else { "" };
        fs::write(host.path("nginx/conf.d/site.conf"), nginx).unwrap();
        let it = {
            for (n, port) in ports.iter().enumerate() {
                let (listen, router) = (format!("127.0.0.1:{port}"), host.text("site/router.php"));
                let sessions = format!("session.save_path={}", host.text(&format!("sessions-{}", n + 1)));
                host.serve(&["php", "-d", "opcache.enable=0", "-d", &sessions, "-S", &listen, &router], &listen);
            }
            host.serve(&["nginx", "-g", "daemon off;"], &format!("{}:443", address(1)));
            host.trust(host.path("ca.pem"));
            Self { host, address: address(1), small: address(2), two_nodes: address(3) }
        };
        it.configure("");
        it.users(&json!({
            "anna": { "password": kept(PASSWORD), "email": "anna@example.org", "apps": [kept(APP_PASSWORD)] },
            "bert": { "password": kept(PASSWORD), "disabled": true },
            "carl": { "password": kept(PASSWORD), "twofactor": true, "apps": [kept(APP_PASSWORD)] },
        }));
        it
    }

    /// Writes config.php, with more keys after the usual ones.
    pub(super) fn configure(&self, more: &str) {
        let data = self.host.text("site/data");
        let config = format!(
            "<?php\n$CONFIG = array('instanceid' => 'oc12345', 'secret' => 'x', 'trusted_domains' => array('{NAME}'),\n\
             'trusted_proxies' => array('127.0.0.0/8'), 'datadirectory' => '{data}', 'installed' => true,\n\
             'version' => '17.0.2.1', 'standin.throttle' => 0.0001, {more});\n"
        );
        fs::write(self.host.path("site/config/config.php"), config).unwrap();
    }

    fn users(&self, users: &Value) {
        fs::write(self.host.path("site/data/users.json"), users.to_string()).unwrap();
    }

    /// Lets go wrong what the lines say.
    pub(super) fn faults(&self, faults: &[Value]) {
        let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
        fs::write(self.host.path("site/faults"), lines.join("\n")).unwrap();
    }

    /// Forgets the failed logins.
    pub(super) fn forgive(&self) {
        let _ = fs::remove_dir_all(self.host.path("site/data/store/bruteforce"));
    }

    /// The requests until now: method, path, host and length.
    pub(super) fn log(&self) -> String {
        fs::read_to_string(self.host.path("site/log")).unwrap_or_default()
    }

    /// What lies in the store, in any folder of users.
    pub(super) fn kept_files(&self) -> Vec<String> {
        let store = self.host.path("site/data/store");
        let mut found = Vec::new();
        let mut folders = vec![store.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    found.push(path.strip_prefix(&store).unwrap().display().to_string());
                }
            }
        }
        found.retain(|name| !name.starts_with("bruteforce/"));
        found.sort();
        found
    }

    /// A check of the site.
    pub(super) fn check(&self, user: &str, password: &str, more: &Value) -> Deed<'_> {
        let mut parameters = json!({
            "fqdn": NAME, "via": self.address, "user": user, "password": {"command": ["printf", "%s", password]},
        });
        parameters.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let mut deed = self.host.deed("nextcloud.check", parameters);
        deed.call.deadline_s = 120;
        deed
    }
}
