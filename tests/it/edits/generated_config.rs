//! Configs put together from entries in every layout.

use proptest::prelude::*;
use runbook::action::edit::php::{self, Previous};

use super::{FQDN, config_settings, with_crlf};

/// How a file is laid out.
#[derive(Debug, Clone)]
struct Layout {
    open: &'static str,
    close: &'static str,
    indent: &'static str,
    /// What our list looks like in this layout.
    list: [&'static str; 3],
}

fn layout() -> impl Strategy<Value = Layout> {
    prop::sample::select(vec![
        Layout {
            open: "array (",
            close: ")",
            indent: "  ",
            list: [" => \n  array (\n    0 => ", "'172.31.0.0/16'", ",\n  )"],
        },
        Layout {
            open: "array(",
            close: ")",
            indent: "    ",
            list: [" => array(\n        ", "'172.31.0.0/16'", ",\n    )"],
        },
        Layout { open: "[", close: "]", indent: "\t", list: [" => [\n\t\t", "'172.31.0.0/16'", ",\n\t]"] },
    ])
}

/// Entries of other keys, of which some look like ours. The first one shows the file's indentation: in a file without
/// an entry at the start of a line Nextcloud's own would be used.
fn entries() -> impl Strategy<Value = Vec<&'static [u8]>> {
    let entries: &[&[u8]] = &[
        b"'secret' => 'a\\'b\\\\',",
        b"\"dbhost\" => \"localhost\", // 'overwritehost' => 'x',",
        b"'mail' => 'caf\xe9 \xff', /* ] ) ; */",
        b"'trusted_domains' => \n  array (\n    0 => 'overwritehost',\n    1 => 'b',\n  ),",
        b"'debug' => false,\n# 'trusted_proxies' => ['10.0.0.1'],",
        b"'nested' => ['overwritehost' => 1, 'overwriteprotocol' => [2]],",
        b"'port' => 8080 + 1, 'f' => function ($a) { return [$a, 'b' => 1]; },",
        b"'password' => getenv(\"DB\"),",
        b"'list' => array(), 5 => 'five', 'bare',",
        b"'dollar' => \"$x\",\n",
    ];
    prop::collection::vec(prop::sample::select(entries), 1..6)
}

fn frame() -> impl Strategy<Value = (&'static [u8], &'static [u8])> {
    let starts: &[&[u8]] = &[
        b"<?php\n",
        b"<?php // $CONFIG\n/* <?php $CONFIG = []; */\n$x = ['a' => [1]];\n",
        b"\xef\xbb\xbf<?php\n\n",
        b"<?PHP\ndefine('A', 1);\nif (A) { $y = 2; }\n",
    ];
    let ends: &[&[u8]] = &[b";\n", b";", b" ; # end\n?>\n", b"\n?>"];
    (prop::sample::select(starts), prop::sample::select(ends))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn only_our_keys_come_and_go(layout in layout(), entries in entries(), (start, end) in frame()) {
        let Layout { open, close, indent, list: [before_list, element, after_list] } = layout;
        let lines: Vec<_> = entries.iter().map(|entry| [indent.as_bytes(), entry, b"\n"].concat()).collect();
        let head = [start, b"$CONFIG = ", open.as_bytes(), b"\n", &lines.concat()].concat();
        let tail = [close.as_bytes(), end].concat();
        let ours = format!(
            "{indent}'trusted_proxies'{before_list}{element}{after_list},\n{indent}'overwriteprotocol' => 'https',\n\
             {indent}'overwritehost' => '{FQDN}',\n"
        );
        let before = [head.as_slice(), &tail].concat();
        let after = [head.as_slice(), ours.as_bytes(), &tail].concat();

        let edit = php::set_config(&before, &config_settings()).unwrap();
        prop_assert!(
            edit.bytes == after,
            "{}\nexpected\n{}",
            String::from_utf8_lossy(&edit.bytes),
            String::from_utf8_lossy(&after)
        );
        prop_assert!(!php::set_config(&after, &config_settings()).unwrap().changed);
        let crlf = php::set_config(&with_crlf(&before), &config_settings()).unwrap();
        prop_assert!(crlf.bytes == with_crlf(&after));

        let absent: Vec<_> = config_settings().into_iter().map(|(key, _)| (key, Previous::Absent)).collect();
        prop_assert!(php::unset_config(&after, &absent).unwrap().bytes == before);
    }

    #[test]
    fn what_is_added_to_the_last_entry_of_any_layout_is_taken_back(
        separator in prop::sample::select(vec![", ", ",\n  ", ",\n\n\t"]),
        comma in prop::sample::select(vec!["", ","]),
        before_close in prop::sample::select(vec!["", " ", "\n"]),
        first in prop::sample::select(vec!["", " ", "\n  "]),
        count in 1..4_usize,
    ) {
        let entries: Vec<_> = (0..count).map(|at| format!("'k{at}' => [{at}, ['x']]")).collect();
        let before = format!("<?php\n$CONFIG = [{first}{}{comma}{before_close}];\n", entries.join(separator));
        let after = php::set_config(before.as_bytes(), &config_settings()).unwrap();
        prop_assert!(after.changed);
        let absent: Vec<_> = config_settings().into_iter().map(|(key, _)| (key, Previous::Absent)).collect();
        let back = php::unset_config(&after.bytes, &absent).unwrap().bytes;
        prop_assert_eq!(String::from_utf8(back).unwrap(), before, "{}", String::from_utf8_lossy(&after.bytes));
    }
}
