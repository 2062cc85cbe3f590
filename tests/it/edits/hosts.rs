//! Hosts with everything that is known to be in nginx's files: each is edited with what its drop-in adds, or refused, as its
//! golden text says; each that is edited is started with the real nginx and asked what a balancer and its visitors ask.
//!
//! A file `tests/data/nginx/hosts/NAME.conf` holds one host: lines `#: WORD ...` say what it shows, after which public file it
//! was written, which file is the site's, and where each file begins (`PATH`, or `PATH -> REAL` for a link). What is not
//! among them is as Debian has it (`base`). `BLESS=1` writes the golden texts anew.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::IpAddr;
use std::path::Path;
use std::process::Command;

use runbook::action::edit::nginx;
use runbook::action::edit::nginx::whole::{Configuration, File, Files, Redirects, wanted};
use runbook::action::edit::{Edit, EditRefusal};

use super::{FQDN, data, files, read};

const MAIN: &str = "/etc/nginx/nginx.conf";
const SITE: &str = "/etc/nginx/conf.d/nextcloud.conf";
const DROP_IN: &str = "/etc/nginx/conf.d/runbook-test.conf";

/// Everything that hosts were seen to have, or reported to have, and the host that shows it.
const FEATURES: &[(&str, &str)] = &[
    ("default-site", "default-site"),
    ("default-by-order", "nginx-org-default"),
    ("redirect-elsewhere", "redirect-in-second-file"),
    ("redirect-for-all", "redirect-for-all"),
    ("second-default-server", "two-defaults"),
    ("listen-443-default-server", "site-is-default"),
    ("comment-swallows-semicolon", "comment-in-names"),
    ("ipv6only-off", "ipv6only-off-beside-default"),
    ("address-forms", "three-ways-to-say-any"),
    ("options-said-once", "ssl-said-once"),
    ("two-tls-sites", "options-said-by-both"),
    ("ipv4-kept", "redirect-on-ipv6"),
    ("ipv4-missing", "ipv6-alone"),
    ("forwarded-proto", "forwarded-proto"),
    ("forwarded-proto-included", "proxy-params"),
    ("link-in-sites-enabled", "linked-site"),
    ("not-read-by-nginx", "copied-site"),
    ("secret-names", "secrets"),
    ("slash-redirect", "slash-redirects"),
    ("redirect-in-include", "included-dav"),
    ("loop-in-include", "included-loop"),
    ("derived-variable-elsewhere", "map-in-main"),
    ("health-check-by-name", "asks-for-the-name"),
    ("health-check-regex", "regex-catches-addresses"),
    ("backend-is-port-80", "upstream-on-80"),
    ("keep-alive-said", "keepalive-in-main"),
    ("keep-alive-long", "keepalive-long"),
    ("absolute-redirect-on", "absolute-in-main"),
    ("allow-deny", "allow-and-deny"),
    ("map-geo-limit", "limits"),
    ("real-ip-set", "real-ip"),
    ("one-server-80-443", "one-server-for-both"),
    ("redirects-a-path", "redirects-a-path-only"),
    ("scheme-in-query", "scheme-in-a-query"),
    ("nameless-only-server", "nameless-server"),
    ("regex-name", "regex-name"),
    ("other-tls-port", "other-tls-port"),
    ("client-certificates", "client-certificates"),
    ("proxy-protocol", "proxy-protocol"),
    ("host-address", "address-of-the-host"),
    ("loopback-taken", "status-on-loopback"),
    ("acme-challenge", "renewal-through-80"),
    ("certbot", "certbot-made"),
    ("nextcloud-manual", "manual-webroot"),
    ("subdirectory", "manual-subdirectory"),
    ("rewrite-redirect", "old-owncloud-manual"),
    ("implicit-listen", "redirect-without-listen"),
    ("port-443-in-the-clear", "homelab-443-without-ssl"),
    ("tls-settings", "two-spaces-and-ocsp"),
    ("one-file-for-all", "everything-in-nginx-conf"),
    ("hidden-listens", "includes-of-listen"),
    ("alt-svc", "alt-svc"),
    ("windows-line-ends", "crlf"),
    ("plain-already", "plain-already"),
    ("plain-site-beside", "wordpress-beside"),
    ("lua", "lua-elsewhere"),
];

struct Host {
    name: String,
    shows: Vec<String>,
    after: Option<String>,
    /// Why it cannot be started here.
    not_started: Option<String>,
    site: String,
    files: Vec<File>,
}

impl Host {
    fn read(path: &Path) -> Self {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let mut host =
            Self { name, shows: Vec::new(), after: None, not_started: None, site: SITE.into(), files: Vec::new() };
        for line in String::from_utf8(read(path)).unwrap().split_inclusive('\n') {
            let Some(words) = line.strip_prefix("#: ") else {
                host.files.last_mut().unwrap().bytes.extend_from_slice(line.as_bytes());
                continue;
            };
            let (word, rest) = words.trim_end().split_once(' ').unwrap();
            match word {
                "about" => {}
                "shows" => host.shows = rest.split(", ").map(str::to_owned).collect(),
                "after" => host.after = Some(rest.to_owned()),
                "not-started" => host.not_started = Some(rest.to_owned()),
                "site" => rest.clone_into(&mut host.site),
                "file" => {
                    let (path, real) = rest.split_once(" -> ").unwrap_or((rest, rest));
                    host.files.push(File { path: path.into(), real: real.into(), bytes: Vec::new() });
                }
                other => panic!("{}: `{other}`", host.name),
            }
        }
        host
    }

    fn all() -> Vec<Self> {
        files("nginx/hosts", "conf").iter().map(|path| Self::read(path)).collect()
    }

    /// Its files and those that Debian has besides.
    fn configuration(&self) -> Configuration {
        let mut all = self.files.clone();
        for path in std::fs::read_dir(data("nginx/hosts/base")).unwrap().map(|entry| entry.unwrap().path()) {
            let name = format!("/etc/nginx/{}", path.file_name().unwrap().to_str().unwrap());
            if !all.iter().any(|file| file.path == name) {
                all.push(File { path: name.clone(), real: name, bytes: read(&path) });
            }
        }
        let addresses: Vec<IpAddr> = vec!["10.0.0.5".parse().unwrap()];
        Configuration::new(Files::new(MAIN, all), addresses)
    }

    fn before(&self) -> &[u8] {
        &self.files.iter().find(|file| file.real == self.site).expect("the site's file").bytes
    }

    /// The edit, the drop-in, and whether nginx goes on completing redirects with http.
    fn edited(&self) -> Result<(Edit, String, bool), EditRefusal> {
        let whole = self.configuration();
        let edit = nginx::offload_tls_beside(self.before(), FQDN, whole.elsewhere(&self.site)?)?;
        let wanted = wanted(FQDN, 600, "/status.php");
        let judged = whole.judge(&self.site, &edit.bytes, &wanted)?;
        let drop_in = whole.drop_in(&self.site, &edit.bytes, &wanted, DROP_IN)?;
        let mut edit = edit;
        edit.notes.extend(judged.notes);
        let is_absolute = matches!(judged.needs.redirects, Redirects::Absolute { .. });
        let mut needs =
            format!("needs: {:?}, {:?}, {:?}\n", judged.needs.keep_alive, judged.needs.redirects, judged.needs.health);
        if let Some(drop_in) = &drop_in {
            writeln!(needs, "drop-in: {}", drop_in.does.join(", ")).unwrap();
        }
        let text = drop_in.map(|drop_in| drop_in.text).unwrap_or_default();
        edit.notes.sort_by_key(|note| (note.file.clone(), note.line.is_none(), note.line));
        let shown = similar(self.before(), &edit.bytes);
        let notes: String = edit.notes.iter().map(|note| format!("{:?}: {note}\n", note.weight)).collect();
        Ok((Edit { notes: edit.notes, ..edit }, format!("{shown}{notes}{needs}\u{0}{text}"), is_absolute))
    }

    /// Writes its files with the edit and the drop-in into a folder, as /etc/nginx.
    fn write(&self, folder: &Path, site: &[u8], drop_in: &str) {
        let place = |path: &str| folder.join(path.strip_prefix("/etc/nginx/").expect("a path of nginx's"));
        let write = |path: &str, bytes: &[u8]| {
            let place = place(path);
            std::fs::create_dir_all(place.parent().unwrap()).unwrap();
            std::fs::write(place, bytes).unwrap();
        };
        for file in &self.files {
            let bytes = if file.real == self.site { site } else { &file.bytes };
            write(&file.real, bytes);
        }
        if !drop_in.is_empty() {
            write(DROP_IN, drop_in.as_bytes());
        }
        for link in self.files.iter().filter(|file| file.path != file.real) {
            let place = place(&link.path);
            std::fs::create_dir_all(place.parent().unwrap()).unwrap();
            std::os::unix::fs::symlink(&link.real, place).unwrap();
        }
    }
}

/// The lines that differ, as `diff` tells them, with secrets masked as a plan masks them.
fn similar(before: &[u8], after: &[u8]) -> String {
    let shown = |bytes: &[u8]| nginx::shown(bytes).unwrap();
    let (before, after) = (shown(before), shown(after));
    let diff = similar::TextDiff::from_lines(before.as_str(), after.as_str());
    diff.unified_diff().context_radius(0).to_string().replace("\r\n", "\n")
}

#[test]
fn every_feature_has_a_host_that_shows_it() {
    let hosts: BTreeMap<String, Host> = Host::all().into_iter().map(|host| (host.name.clone(), host)).collect();
    assert!(hosts.len() >= 40, "{}", hosts.len());
    for (feature, name) in FEATURES {
        let host = hosts.get(*name).unwrap_or_else(|| panic!("no host `{name}` for `{feature}`"));
        assert!(host.shows.iter().any(|shown| shown == feature), "`{name}` does not show `{feature}`");
    }
    let told = |feature: &String| FEATURES.iter().any(|(known, _)| known == feature);
    for host in hosts.values() {
        assert!(!host.shows.is_empty() && host.shows.iter().all(told), "`{}` shows {:?}", host.name, host.shows);
    }
    let with_source = hosts.values().filter(|host| host.after.is_some()).count();
    assert!(with_source >= 15, "{with_source}");
}

#[test]
fn hosts_are_edited_and_answer_as_the_golden_files_say() {
    let work = tempfile::Builder::new().prefix("runbook-nginx-").tempdir().unwrap();
    let cases = work.path().join("cases");
    let tls = work.path().join("tls");
    std::fs::create_dir_all(&tls).unwrap();
    for name in ["cloud", "other"] {
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"])
            .args(["-subj", "/CN=test.example", "-keyout"])
            .arg(tls.join(format!("{name}.key")))
            .arg("-out")
            .arg(tls.join(format!("{name}.pem")))
            .output()
            .unwrap();
        assert!(made.status.success());
    }
    let mut texts = BTreeMap::new();
    for host in Host::all() {
        let text = match host.edited() {
            Err(refusal) => (format!("{refusal}\n"), false),
            Ok((edit, text, is_absolute)) => {
                let (text, drop_in) = text.split_once('\u{0}').unwrap();
                if host.not_started.is_none() {
                    host.write(&cases.join(&host.name).join("nginx"), &edit.bytes, drop_in);
                }
                (text.to_owned(), is_absolute)
            }
        };
        texts.insert(host.name, text);
    }
    let mut ask = if rustix::process::geteuid().is_root() { Command::new("unshare") } else { Command::new("sudo") };
    if !rustix::process::geteuid().is_root() {
        ask.args(["-n", "unshare"]);
    }
    let base = data("nginx/hosts");
    ask.args(["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh"]);
    let asked = ask.arg(base.join("ask.sh")).arg(&cases).arg(&base).arg(FQDN).output().unwrap();
    assert!(asked.status.success(), "{asked:?}");

    let mut wrong = String::new();
    for (name, (mut text, is_absolute)) in texts {
        let case = cases.join(&name);
        if case.is_dir() {
            let answers = String::from_utf8(read(&case.join("answers"))).unwrap();
            let is_ok = |how: &str| answers.lines().any(|line| line == format!("/status.php {how}: 200"));
            if !is_ok("by address") || !is_ok("by its name") || (answers.contains(" http://") && !is_absolute) {
                writeln!(wrong, "{name}: what a balancer or a visitor gets is wrong:\n{answers}").unwrap();
            }
            text.push_str(&answers);
        }
        let path = data("nginx/hosts").join(format!("{name}.txt"));
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        let golden = std::fs::read_to_string(&path).unwrap_or_default();
        if golden != text {
            writeln!(wrong, "{name}: found\n{text}\nexpected\n{golden}").unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
