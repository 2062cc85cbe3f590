//! The edits of nginx sites and of `config.php`: real shapes of files against golden text, and
//! generated ones against what must hold for every file.
//!
//! A golden file says what `diff` finds between the file and its edit, and the notes; or the
//! refusal. `BLESS=1` writes them anew.

mod configurations;
mod features;
mod generated_config;
mod generated_site;
mod hosts;
mod noise;

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use runbook::action::edit::php::{Previous, Setting};
use runbook::action::edit::{Edit, EditRefusal, nginx, php};
use serde_json::json;

const FQDN: &str = "cloud.nextcloud.example";

fn data(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(folder)
}

/// Every file with this extension directly in the folder, by name.
fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(data(folder)).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|found| found == extension));
    paths.sort();
    assert!(!paths.is_empty(), "no {extension} files in {folder}");
    paths
}

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What the program `diff` says about the file and `after`.
fn diff(path: &Path, after: &[u8]) -> String {
    let mut child = Command::new("diff")
        .args([path.as_os_str(), "-".as_ref()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(after).unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
}

/// The lines of a diff that say where it differs.
fn hunks(diff: &str) -> Vec<&str> {
    diff.lines().filter(|line| line.starts_with(|first: char| first.is_ascii_digit())).collect()
}

fn transcript(path: &Path, result: Result<Edit, EditRefusal>) -> String {
    let mut text = String::new();
    match result {
        Ok(edit) => {
            let diff = diff(path, &edit.bytes);
            assert_eq!(edit.changed, !diff.is_empty());
            text.push_str(&diff);
            for note in edit.notes {
                writeln!(text, "{:?}: {note}", note.weight).unwrap();
            }
        }
        Err(refusal) => writeln!(text, "{refusal}").unwrap(),
    }
    text
}

/// What php says of the file becoming `after`, by the judge that the action sends to a host.
fn judged(path: &Path, after: &[u8]) -> String {
    let hex = |bytes: &[u8]| bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    let judge = read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/action/host/config_judge.php"));
    let (mut set, mut append) = (serde_json::Map::new(), serde_json::Map::new());
    for (key, setting) in config_settings() {
        match setting {
            Setting::Value(value) => set.insert(key, value),
            Setting::Append(texts) => append.insert(key, json!(texts)),
        };
    }
    let wanted = hex(json!({"set": set, "append": append}).to_string().as_bytes());
    let php = |phase: &str, before: &str| {
        let mut child = Command::new("php")
            .arg("--")
            .arg(path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("php, which judges these files");
        let mut stdin = child.stdin.take().unwrap();
        let after = hex(after);
        write!(stdin, "<?php const PHASE = '{phase}', WANTED = '{wanted}', BEFORE = '{before}', AFTER = '{after}'; ?>")
            .unwrap();
        stdin.write_all(&judge).unwrap();
        drop(stdin);
        String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
    };
    let told = php("change", &php("values", ""));
    let told = told.strip_suffix("judged\n").unwrap_or_else(|| panic!("{}: {told}", path.display()));
    if told.is_empty() {
        return "php: only what was asked for changes\n".to_owned();
    }
    told.lines().map(|line| format!("php: {line}\n")).collect()
}

fn assert_golden(path: &Path, result: Result<Edit, EditRefusal>) {
    let edited = result.as_ref().ok().map(|edit| edit.bytes.clone());
    let is_config = path.extension().is_some_and(|extension| extension == "php");
    let mut found = transcript(path, result);
    if let Some(after) = edited.filter(|_| is_config) {
        found.push_str(&judged(path, &after));
    }
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path.with_extension("txt"), &found).unwrap();
    }
    let golden = String::from_utf8(read(&path.with_extension("txt"))).unwrap();
    assert!(found == golden, "{}: found\n{found}\nexpected\n{golden}", path.display());
}

fn config_settings() -> Vec<(String, Setting)> {
    vec![
        ("trusted_proxies".into(), Setting::Append(vec!["172.31.0.0/16".into()])),
        ("overwriteprotocol".into(), Setting::Value(json!("https"))),
        ("overwritehost".into(), Setting::Value(json!(FQDN))),
    ]
}

/// Whether the bytes are among those of the other, in their order.
fn is_within(some: &[u8], all: &[u8]) -> bool {
    let mut rest = all.iter();
    some.iter().all(|byte| rest.any(|other| other == byte))
}

fn with_crlf(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(bytes.len() * 2);
    for byte in bytes {
        if *byte == b'\n' {
            text.push(b'\r');
        }
        text.push(*byte);
    }
    text
}

#[test]
fn the_articles_site_is_edited_as_the_article_does() {
    let path = data("nginx").join("article.conf");
    let edit = nginx::offload_tls(&read(&path), FQDN).unwrap();
    let diff = diff(&path, &edit.bytes);
    assert_eq!(hunks(&diff), ["10,23d9", "65c51", "68c54"]);
    let redirect = format!(">       return 301 https://{FQDN}/remote.php/dav;");
    assert_eq!(diff.lines().filter(|line| **line == redirect).count(), 2, "{diff}");
}

/// What the edit makes of a file.
fn offloaded(text: &str) -> String {
    String::from_utf8(nginx::offload_tls(text.as_bytes(), FQDN).unwrap().bytes).unwrap()
}

#[test]
fn a_comment_in_front_of_a_name_swallows_nothing() {
    let site = format!("server {{ listen 443 ssl; server_name {FQDN}; root /srv; }}\n");
    let redirect = |names: &str| {
        format!("server {{\n    listen 80;\n    server_name {names};\n    return 301 https://$host$request_uri;\n}}\n")
    };
    for (before, after) in [
        (format!("x.example # main\n        {FQDN}"), "x.example # main\n        ".to_owned()),
        (
            format!("x.example # main\n        # more\n        {FQDN}\n        "),
            "x.example # main\n        # more\n        \n        ".to_owned(),
        ),
        (format!("x.example\n        {FQDN}"), "x.example".to_owned()),
        (format!("{FQDN} # ours\n        x.example"), " # ours\n        x.example".to_owned()),
    ] {
        let found = offloaded(&(redirect(&before) + &site));
        let kept = found.lines().filter(|line| line.contains("return 301")).count();
        assert!(found.starts_with(&redirect(&after).replace("server_name  ", "server_name ")) && kept == 1, "{found}");
    }
}

#[test]
fn the_listen_lines_are_those_that_nginx_can_bind() {
    let site = |listens: &str| format!("server {{ {listens} server_name {FQDN}; root /srv; }}");
    let redirect =
        |listens: &str| format!("server {{ {listens} server_name {FQDN}; return 301 https://{FQDN}$request_uri; }}\n");
    let listens = |text: String| {
        let found = offloaded(&text);
        let inner = found.rsplit("server { ").next().unwrap();
        inner[..inner.find(" server_name").unwrap()].to_owned()
    };
    for (before, after) in [
        // `ipv6only=off` beside anybody's `listen 80` cannot be bound.
        ("listen [::]:443 ssl ipv6only=off;", "listen 80; listen [::]:80;"),
        ("listen 80; listen [::]:443 ssl ipv6only=off;", "listen 80; listen [::]:80;"),
        ("listen [::]:80 ipv6only=off; listen 443 ssl; listen [::]:443 ssl;", "listen [::]:80 ipv6only=off;"),
        // One address, however it is written.
        ("listen 80; listen 0.0.0.0:443 ssl;", "listen 80;"),
        ("listen *:80; listen 443 ssl;", "listen *:80;"),
        ("listen 0.0.0.0:443 ssl; listen *:443 ssl;", "listen 0.0.0.0:80;"),
        ("listen [::]:443 ssl; listen [0::0]:443 ssl;", "listen [::]:80;"),
        ("listen 443 ssl default_server; listen [::]:443 ssl;", "listen 80 default_server; listen [::]:80;"),
    ] {
        assert_eq!(listens(site(before)), after, "{before}");
    }
    for (of_redirect, of_site, after) in [
        // Every address that was answered, by either.
        ("listen [::]:80;", "listen 443 ssl; listen [::]:443 ssl;", "listen [::]:80; listen 80;"),
        ("listen 80;", "listen 443 ssl; listen [::]:443 ssl;", "listen 80; listen [::]:80;"),
        ("listen 80;", "listen 10.0.0.5:443 ssl;", "listen 80;"),
        ("listen [::]:80 ipv6only=off;", "listen 443 ssl; listen [::]:443 ssl;", "listen [::]:80 ipv6only=off;"),
        ("", "listen [::]:443 ssl;", "listen 80; listen [::]:80;"),
    ] {
        let both = redirect(of_redirect) + &site(of_site);
        assert_eq!(listens(both), after, "{of_redirect} {of_site}");
    }
    let elsewhere = nginx::Elsewhere { default_on_80: true, ..nginx::Elsewhere::default() };
    let text = site("listen 443 ssl default_server;");
    let edit = nginx::offload_tls_beside(text.as_bytes(), FQDN, elsewhere).unwrap();
    assert_eq!(
        String::from_utf8(edit.bytes).unwrap(),
        site("listen 80;"),
        "a second default server is refused by nginx"
    );
}

#[test]
fn the_articles_config_is_edited_as_the_article_does() {
    let path = data("php").join("article.php");
    let edit = php::set_config(&read(&path), &config_settings()).unwrap();
    let expected = "31a32,37\n\
                    >   'trusted_proxies' => \n\
                    >   array (\n\
                    >     0 => '172.31.0.0/16',\n\
                    >   ),\n\
                    >   'overwriteprotocol' => 'https',\n\
                    >   'overwritehost' => 'cloud.nextcloud.example',\n";
    assert_eq!(diff(&path, &edit.bytes), expected);
}

#[test]
fn sites_are_edited_or_refused_as_the_golden_files_say() {
    for folder in ["nginx", "nginx/refused"] {
        for path in files(folder, "conf") {
            let result = nginx::offload_tls(&read(&path), FQDN);
            assert_eq!(result.is_err(), folder.ends_with("refused"), "{}", path.display());
            assert_golden(&path, result);
        }
    }
}

#[test]
fn configs_are_edited_or_refused_as_the_golden_files_say() {
    for folder in ["php", "php/refused"] {
        for path in files(folder, "php") {
            let result = php::set_config(&read(&path), &config_settings());
            assert_eq!(result.is_err(), folder.ends_with("refused"), "{}", path.display());
            assert_golden(&path, result);
        }
    }
}

#[test]
fn a_second_edit_changes_nothing() {
    for path in files("nginx", "conf") {
        let once = nginx::offload_tls(&read(&path), FQDN).unwrap();
        let twice = nginx::offload_tls(&once.bytes, FQDN).unwrap();
        assert!(!twice.changed && twice.bytes == once.bytes, "{}", path.display());
    }
    for path in files("php", "php") {
        let once = php::set_config(&read(&path), &config_settings()).unwrap();
        let twice = php::set_config(&once.bytes, &config_settings()).unwrap();
        assert!(!twice.changed && twice.bytes == once.bytes, "{}", path.display());
    }
}

#[test]
fn line_endings_and_a_byte_order_mark_survive() {
    let bom = |bytes: &[u8]| [b"\xef\xbb\xbf", bytes].concat();
    for path in files("nginx", "conf") {
        let before = read(&path);
        let after = nginx::offload_tls(&before, FQDN).unwrap().bytes;
        let crlf = nginx::offload_tls(&with_crlf(&before), FQDN).unwrap();
        assert!(crlf.bytes == with_crlf(&after), "{}", path.display());
        let marked = nginx::offload_tls(&bom(&before), FQDN).unwrap();
        assert!(marked.bytes == bom(&after), "{}", path.display());
    }
    for path in files("php", "php") {
        let before = read(&path);
        let after = php::set_config(&before, &config_settings()).unwrap().bytes;
        let crlf = php::set_config(&with_crlf(&before), &config_settings()).unwrap();
        // A file of one line shows no line ending to go by.
        if before.iter().filter(|byte| **byte == b'\n').count() > 0 {
            assert!(crlf.bytes == with_crlf(&after), "{}", path.display());
        }
        if !before.starts_with(&bom(b"")) {
            let marked = php::set_config(&bom(&before), &config_settings()).unwrap();
            assert!(marked.bytes == bom(&after), "{}", path.display());
        }
    }
}

#[test]
fn what_was_set_is_taken_back() {
    let keys: Vec<String> = config_settings().into_iter().map(|(key, _)| key).collect();
    let mut wrong = Vec::new();
    for path in files("php", "php") {
        let before = read(&path);
        let raw = php::read_raw(&before, &keys).unwrap();
        let previous = |key: &String| match raw[key].clone() {
            Some(raw) => Previous::Was(raw),
            None => Previous::Absent,
        };
        let previous: Vec<_> = keys.iter().map(|key| (key.clone(), previous(key))).collect();
        let after = php::set_config(&before, &config_settings()).unwrap().bytes;
        assert!(php::read_raw(&after, &keys).unwrap().values().all(Option::is_some));
        let back = php::unset_config(&after, &previous).unwrap();
        assert_eq!(php::read_raw(&back.bytes, &keys).unwrap(), raw, "{}", path.display());
        let left = diff(&path, &back.bytes);
        let name = path.file_name().unwrap().to_str().unwrap();
        let expected: &[&str] = match name {
            "existing.php" => &["10c10"], // a blank after `=>`
            "empty.php" => &["2c2,3"],    // the brackets stay on two lines
            _ => &[],
        };
        if hunks(&left) != expected {
            wrong.push(format!("{name}\n{left}"));
        }
        assert!(!php::unset_config(&back.bytes, &previous).unwrap().changed, "{name}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn undo_leaves_alone_what_somebody_else_changed() {
    let before = b"<?php\n$CONFIG = array (\n  'a' => 1,\n);\n";
    let after = php::set_config(before, &config_settings()).unwrap().bytes;
    let text = String::from_utf8(after).unwrap();
    let upgraded = text.replace("'a' => 1,", "'a' => 2, // upgraded").replace(");\n", "  'b' => 3,\n);\n");
    let previous = [
        ("trusted_proxies".to_owned(), Previous::Was(b"array (\n    0 => '10.0.0.1',\n  )".to_vec())),
        ("overwriteprotocol".to_owned(), Previous::Absent),
        ("overwritehost".to_owned(), Previous::Absent),
    ];
    let back = php::unset_config(upgraded.as_bytes(), &previous).unwrap();
    assert_eq!(
        String::from_utf8(back.bytes).unwrap(),
        "<?php\n$CONFIG = array (\n  'a' => 2, // upgraded\n  'trusted_proxies' => \n  array (\n    \
         0 => '10.0.0.1',\n  ),\n  'b' => 3,\n);\n"
    );
}

#[test]
fn nothing_but_one_expression_is_put_back() {
    let file = b"<?php $CONFIG = ['a' => 1];";
    for raw in ["", "1, 'b' => 2", "1; exit", "1 ?>", "[1", "1 // c", " 1", "'a", "(1]"] {
        let previous = [("a".to_owned(), Previous::Was(raw.into()))];
        let refusal = php::unset_config(file, &previous).unwrap_err().to_string();
        assert!(refusal.contains("not one expression"), "{raw}: {refusal}");
    }
    let previous = [("c".to_owned(), Previous::Was(b"f(1, [2])".to_vec()))];
    let back = php::unset_config(file, &previous).unwrap().bytes;
    assert_eq!(back, b"<?php $CONFIG = ['a' => 1, 'c' => f(1, [2])];");
}

#[test]
fn values_of_every_kind_are_written_as_the_file_writes_them() {
    let wanted = [
        ("t".to_owned(), Setting::Value(json!("it's a \\ and a $"))),
        ("n".to_owned(), Setting::Value(json!([true, null, -1, 0.5, []]))),
        ("m".to_owned(), Setting::Value(json!({"a b": {"c": 1}}))),
    ];
    let set = |file: &str| String::from_utf8(php::set_config(file.as_bytes(), &wanted).unwrap().bytes).unwrap();
    assert_eq!(
        set("<?php\n$CONFIG = array (\n);\n"),
        "<?php\n$CONFIG = array (\n  't' => 'it\\'s a \\\\ and a $',\n  'n' => \n  array (\n    0 => true,\n    \
         1 => NULL,\n    2 => -1,\n    3 => 0.5,\n    4 => \n    array (\n    ),\n  ),\n  'm' => \n  array (\n    \
         'a b' => \n    array (\n      'c' => 1,\n    ),\n  ),\n);\n"
    );
    assert_eq!(
        set("<?php\n$CONFIG = [\n\t'x' => 1\n];\n"),
        "<?php\n$CONFIG = [\n\t'x' => 1,\n\t't' => 'it\\'s a \\\\ and a $',\n\t'n' => [\n\t\ttrue,\n\t\tnull,\n\t\t\
         -1,\n\t\t0.5,\n\t\t[],\n\t],\n\t'm' => [\n\t\t'a b' => [\n\t\t\t'c' => 1,\n\t\t],\n\t]\n];\n"
    );
    assert_eq!(
        set("<?php $CONFIG = array('x' => 1,);"),
        "<?php $CONFIG = array('x' => 1, 't' => 'it\\'s a \\\\ and a $', 'n' => array(true, null, -1, 0.5, array()), \
         'm' => array('a b' => array('c' => 1)),);"
    );
}

#[test]
fn no_secret_is_in_what_is_shown() {
    const SECRET: &str = "hunter2";
    let file = format!("<?php\n$CONFIG = [\n 'overwritehost' => '{SECRET}',\n 'dbpassword' => '{SECRET}'\n];\n");
    let edit = php::set_config(file.as_bytes(), &config_settings()).unwrap();
    assert!(edit.changed && !format!("{edit:?}").contains(SECRET));
    let previous = Previous::Was(SECRET.into());
    assert_eq!(format!("{previous:?}"), "Was(<7 bytes>)");
    let broken = file.replace("];", "] + f();").replace("',\n", "' . x(),\n");
    let refusal = php::set_config(broken.as_bytes(), &config_settings()).unwrap_err();
    assert!(!format!("{refusal} {refusal:?}").contains(SECRET));
}

#[test]
fn bad_requests_are_refused() {
    let site = read(&data("nginx").join("article.conf"));
    for fqdn in ["", "a b", "a;b", "cloud.nextcloud.example\n"] {
        let refusal = nginx::offload_tls(&site, fqdn).unwrap_err().to_string();
        assert!(refusal.contains("is not a host name"), "{refusal}");
    }
    assert!(nginx::offload_tls(&site, "CLOUD.nextcloud.EXAMPLE").unwrap().changed);
    let twice = [("a".to_owned(), Setting::Value(json!(1))), ("a".to_owned(), Setting::Value(json!(2)))];
    let refusal = php::set_config(b"<?php $CONFIG = [];", &twice).unwrap_err().to_string();
    assert!(refusal.contains("`a` is asked for twice"), "{refusal}");
}
