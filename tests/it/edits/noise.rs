//! Files that are no files: whatever the bytes, an edit ends, and what it accepts it settles.

use proptest::prelude::*;
use proptest::sample::Index;
use runbook::action::edit::php::{Previous, Setting};
use runbook::action::edit::{nginx, php};
use serde_json::json;

use super::{FQDN, config_settings, files, is_within, read};

const SITE_PIECES: &[&[u8]] = &[
    b"server",
    b"server_name cloud.nextcloud.example;",
    b"server_name",
    b"listen 443 ssl;",
    b"listen 80;",
    b"listen [::",
    b"return 301 $scheme://$host:$server_port/a;",
    b"return 301 /a;",
    b"return 301 https://$host;",
    b"ssl_certificate a;",
    b"location / ",
    b"if ($host) ",
    b"http ",
    b"include a;",
    b"{",
    b"}",
    b";",
    b" ",
    b"\n",
    b"\r\n",
    b"\n\n",
    b"# c\n",
    b"#",
    b"\"",
    b"'",
    b"\\",
    b"$",
    b"${",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\0",
];

const CONFIG_PIECES: &[&[u8]] = &[
    b"<?php ",
    b"<?php\n$CONFIG = array (\n",
    b"<?php $CONFIG = [",
    b"$CONFIG",
    b"=",
    b"'trusted_proxies' => ",
    b"\"overwritehost\" => ",
    b"'a'",
    b"\"b\"",
    b"1",
    b"-",
    b"true",
    b"array(",
    b"array",
    b"(",
    b")",
    b"[",
    b"]",
    b"{",
    b"}",
    b",",
    b"=>",
    b"...",
    b";",
    b"?>",
    b"// c\n",
    b"/* c */",
    b"/*",
    b"#",
    b"<<<A\n",
    b"`",
    b"'",
    b"\"",
    b"\\",
    b"$",
    b"\n",
    b"\r\n",
    b" ",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\0",
];

fn soup(pieces: &'static [&'static [u8]]) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop::sample::select(pieces), 0..60).prop_map(|chosen| chosen.concat())
}

/// A good file with pieces put in, and bytes taken out, at some places.
fn damaged(
    folder: &'static str,
    extension: &'static str,
    pieces: &'static [&'static [u8]],
) -> impl Strategy<Value = Vec<u8>> {
    let good: Vec<_> = files(folder, extension).iter().map(|path| read(path)).collect();
    let damage = (any::<Index>(), 0..20_usize, prop::sample::select(pieces));
    (prop::sample::select(good), prop::collection::vec(damage, 1..5)).prop_map(|(mut file, damages)| {
        for (at, length, piece) in damages {
            let at = at.index(file.len() + 1);
            let end = file.len().min(at + length);
            file.splice(at..end, piece.iter().copied());
        }
        file
    })
}

fn bytes(
    folder: &'static str,
    extension: &'static str,
    pieces: &'static [&'static [u8]],
) -> impl Strategy<Value = Vec<u8>> {
    let any = prop::collection::vec(any::<u8>(), 0..200);
    prop_oneof![1 => any, 3 => soup(pieces), 3 => damaged(folder, extension, pieces)]
}

/// Whether the edited site is what is left of the site when parts of it go, but for the lines that the edit is for.
fn only_intended(before: &[u8], after: &[u8]) -> bool {
    let words = ["listen", FQDN, "https://", "absolute_redirect", "server_name"];
    // A directive may go on in the lines below it.
    let mut goes_on = false;
    let is_meant = |line: &&[u8]| {
        let text = String::from_utf8_lossy(line);
        let meant = goes_on || words.iter().any(|word| text.contains(word));
        goes_on = (goes_on || text.contains("listen")) && !text.contains(';');
        meant
    };
    let (_, left): (Vec<&[u8]>, Vec<&[u8]>) = after.split_inclusive(|byte| *byte == b'\n').partition(is_meant);
    is_within(&left.concat(), before)
}

#[test]
fn a_directive_of_several_lines_is_moved_whole() {
    let site =
        b"server {\n    listen 80;\n    listen\nlocalhost;\n    server_name cloud.nextcloud.example;\n    return 308 \
        https://$host$request_uri;\n}\n\nserver {\n    listen 443 ssl;\n    server_name cloud.nextcloud.example;\n    \
        ssl_certificate /a.pem;\n    root /var/www;\n}\n";
    let edit = nginx::offload_tls(site, FQDN).unwrap();
    assert!(only_intended(site, &edit.bytes), "{}", String::from_utf8_lossy(&edit.bytes));
    assert!(String::from_utf8_lossy(&edit.bytes).contains("listen\nlocalhost;"));
    assert!(!only_intended(site, &[edit.bytes.as_slice(), b"# more\n"].concat()));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_no_harm_to_the_edit_of_a_site(file in bytes("nginx", "conf", SITE_PIECES)) {
        match nginx::offload_tls(&file, FQDN) {
            Ok(edit) => {
                prop_assert_eq!(edit.changed, edit.bytes != file);
                let again = nginx::offload_tls(&edit.bytes, FQDN).unwrap();
                prop_assert!(!again.changed);
                prop_assert!(only_intended(&file, &edit.bytes), "{}", String::from_utf8_lossy(&edit.bytes));
                let lines = |text: &str| text.split('\n').count();
                let shown = nginx::shown(&edit.bytes).unwrap();
                prop_assert_eq!(lines(&shown), lines(&String::from_utf8_lossy(&edit.bytes)));
            }
            Err(refusal) => {
                let lines = file.iter().filter(|byte| **byte == b'\n').count() + 1;
                prop_assert!(!refusal.reasons.is_empty());
                prop_assert!(refusal.reasons.iter().all(|reason| (1..=lines).contains(&reason.line)));
            }
        }
    }

    #[test]
    fn any_bytes_are_no_harm_to_the_edit_of_a_config(
        file in bytes("php", "php", CONFIG_PIECES),
        raw in soup(CONFIG_PIECES),
    ) {
        let settings = config_settings();
        let keys: Vec<String> = settings.iter().map(|(key, _)| key.clone()).collect();
        let before = php::read_raw(&file, &keys);
        match php::set_config(&file, &settings) {
            Ok(edit) => {
                prop_assert_eq!(edit.changed, edit.bytes != file);
                let again = php::set_config(&edit.bytes, &settings).unwrap();
                prop_assert!(!again.changed);
                let before = before.unwrap();
                if before.values().all(Option::is_none) {
                    // White space between empty brackets may go; nothing else does.
                    let solid: Vec<u8> = file.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
                    prop_assert!(is_within(&solid, &edit.bytes), "{}", String::from_utf8_lossy(&edit.bytes));
                }
                let previous = |key: &String| before[key].clone().map_or(Previous::Absent, Previous::Was);
                let previous: Vec<_> = keys.iter().map(|key| (key.clone(), previous(key))).collect();
                let back = php::unset_config(&edit.bytes, &previous).unwrap();
                prop_assert_eq!(php::read_raw(&back.bytes, &keys).unwrap(), before);
            }
            Err(refusal) => prop_assert!(!refusal.reasons.is_empty()),
        }
        let odd = [("overwritehost".to_owned(), Previous::Was(raw)), ("trusted_proxies".to_owned(), Previous::Absent)];
        if let Ok(edit) = php::unset_config(&file, &odd) {
            prop_assert!(!php::unset_config(&edit.bytes, &odd).unwrap().changed);
        }
        let odd = [("'\\\n".to_owned(), Setting::Value(json!({"'": [1.5, u64::MAX, i64::MIN, "\\'\u{0}"]})))];
        if let Ok(edit) = php::set_config(&file, &odd) {
            prop_assert!(!php::set_config(&edit.bytes, &odd).unwrap().changed);
        }
    }
}
