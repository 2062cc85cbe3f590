//! Sites put together from pieces that say what becomes of them.

use proptest::prelude::*;
use runbook::action::edit::nginx;

use super::{FQDN, with_crlf};

/// Bytes of a site, and what the edit must make of them.
#[derive(Debug, Clone)]
struct Piece {
    before: Vec<u8>,
    after: Vec<u8>,
}

impl Piece {
    fn kept(text: impl Into<Vec<u8>>) -> Self {
        let text = text.into();
        Self { before: text.clone(), after: text }
    }

    fn becomes(before: impl Into<Vec<u8>>, after: impl Into<Vec<u8>>) -> Self {
        Self { before: before.into(), after: after.into() }
    }
}

/// Lines that have nothing to do with TLS, though they may look so.
fn bystander() -> impl Strategy<Value = Piece> {
    let lines: &[&[u8]] = &[
        b"root \"/srv/ssl_certificate x; #y\";\n",
        b"add_header X-A 'listen 443 ssl; }' always;\n",
        b"gzip on; # listen 443 ssl;\n",
        b"# ssl_certificate /etc/a.pem; {\nindex index.php;\n",
        b"# caf\xe9 \xff\xfe\nindex a;\n",
        b"location ~ \\.php(?:$|/) {\n\n\n        rewrite ^ /index.php$request_uri last;\n    }\n",
        b"location = /a { if ($arg_a ~ \"^\\{\") { return 404; } }\n",
        b"fastcgi_param  HTTPS   on;\n",
        b"set $a ${host}; set $b \"$a\";\n",
        b"error_page 404 /404.html;\n",
        b"client_max_body_size\n\t512M\n;\n",
        b"return 301 https://$host:443/a;\n",
    ];
    // A `return` in the middle of the server would make it one that only redirects.
    prop::sample::select(&lines[..lines.len() - 1]).prop_map(Piece::kept)
}

fn blank_between_bystanders() -> impl Strategy<Value = Piece> {
    (bystander(), 1..3_usize, bystander())
        .prop_map(|(one, blanks, other)| Piece::kept([one.before, b"\n".repeat(blanks), other.before].concat()))
}

fn setting() -> impl Strategy<Value = Piece> {
    let lines: &[&[u8]] = &[
        b"    ssl_certificate /etc/a.pem;\n",
        b"ssl_certificate_key \"/etc/a b.key\"; # managed by Certbot\n",
        b"\tssl_protocols\n  TLSv1.2 # and\n TLSv1.3;\n",
        b"    ssl_session_cache shared:a:1m; ssl_session_tickets off;\n",
        b"    include /etc/letsencrypt/options-ssl-nginx.conf;\n",
        b"    http2 on;\n",
        b"    error_page 497 https://$host:$server_port/;\n",
    ];
    let alone = prop::sample::select(lines).prop_map(|line| Piece::becomes(line, ""));
    let shared = Just(Piece::becomes("    gzip on; ssl_stapling on; # both\n", "    gzip on; # both\n"));
    prop_oneof![5 => alone, 1 => shared]
}

fn redirect() -> impl Strategy<Value = Piece> {
    let starts = ["$scheme://$host:$server_port", "${scheme}://$server_name", "https://$http_host:$server_port"];
    let frames: &[(&str, &str)] = &[
        ("    location = /dav { return 301 ", "/dav; } # dav\n"),
        ("location = /dav {\n      return 302 \"", "/dav?a=$arg_a\";\n}\n"),
        ("\trewrite ^/dav ", "/dav permanent;\n"),
    ];
    (prop::sample::select(starts.to_vec()), prop::sample::select(frames)).prop_map(|(start, (before, after))| {
        Piece::becomes(format!("{before}{start}{after}"), format!("{before}https://{FQDN}{after}"))
    })
}

/// What is between the braces of the site, without its name and its `listen` lines.
fn body() -> impl Strategy<Value = Vec<Piece>> {
    let piece = prop_oneof![
        3 => bystander(),
        1 => blank_between_bystanders(),
        2 => setting(),
        1 => redirect(),
    ];
    // A setting is always followed by a line that stays, so that no blank line has to go.
    prop::collection::vec((piece, bystander()), 0..8)
        .prop_map(|pairs| pairs.into_iter().flat_map(|(one, other)| [one, other]).collect())
}

fn listens() -> impl Strategy<Value = Piece> {
    let indent = prop::sample::select(vec!["", "    ", "\t"]);
    let comment = prop::sample::select(vec!["", " # managed by Certbot"]);
    (indent, comment, any::<bool>()).prop_map(|(indent, comment, is_one_line)| {
        let after = format!("{indent}listen 80;\n{indent}listen [::]:80;\n");
        let before = if is_one_line {
            format!("{indent}listen 443 ssl http2; listen [::]:443 ssl ipv6only=on;{comment}\n")
        } else {
            format!("{indent}listen 443 ssl http2;{comment}\n{indent}listen [::]:443 ssl;\n")
        };
        Piece::becomes(before, after)
    })
}

fn other_server() -> impl Strategy<Value = Piece> {
    let servers = [
        "server {\n    listen 443 ssl http2;\n    server_name other.example;\n    ssl_certificate b;\n}\n",
        "server { listen 80; server_name other.example; return 301 $scheme://a.example; }\n",
        "upstream php {\n    server 127.0.0.1:9000;\n}\n\n\n",
        "map $arg_v $v {\n    \"\" \"\";\n    default \", immutable\";\n}\n",
        "# a comment { of its own\n",
    ];
    prop::sample::select(servers.to_vec()).prop_map(Piece::kept)
}

/// Every order of the pieces of a file with one site.
fn site() -> impl Strategy<Value = Vec<Piece>> {
    let redirecting = prop::sample::select(vec!["", "    # https only\n", "\n"]).prop_map(|more| {
        let text = format!(
            "server {{\n    listen 80;\n    listen [::]:80;\n    server_name {FQDN};\n{more}    \
             return 301 https://$host$request_uri;\n}}\n"
        );
        vec![Piece::becomes(text, ""), Piece::kept("# after the redirect\n")]
    });
    let app = (listens(), body(), bystander()).prop_map(|(listens, body, last)| {
        let mut app = vec![Piece::kept("server {\n"), listens, Piece::kept(format!("    server_name {FQDN};\n"))];
        app.extend(body);
        app.extend([last, Piece::kept("}\n")]);
        app
    });
    let others = || prop::collection::vec(other_server(), 0..3);
    (others(), redirecting, others(), app, others(), any::<bool>()).prop_map(
        |(first, redirecting, second, app, third, redirects_first)| {
            let (one, two) = if redirects_first { (redirecting, app) } else { (app, redirecting) };
            [first, one, second, two, third].concat()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn only_what_has_to_change_changes(pieces in site(), has_mark in any::<bool>()) {
        let mark: &[u8] = if has_mark { b"\xef\xbb\xbf" } else { b"" };
        let joined = |part: fn(&Piece) -> &[u8]| [mark, &pieces.iter().map(part).collect::<Vec<_>>().concat()].concat();
        let before = joined(|piece| &piece.before);
        let after = joined(|piece| &piece.after);

        let edit = nginx::offload_tls(&before, FQDN).unwrap();
        prop_assert!(
            edit.bytes == after,
            "{}\nexpected\n{}",
            String::from_utf8_lossy(&edit.bytes),
            String::from_utf8_lossy(&after)
        );
        prop_assert!(!nginx::offload_tls(&after, FQDN).unwrap().changed);
        prop_assert!(nginx::offload_tls(&with_crlf(&before), FQDN).unwrap().bytes == with_crlf(&after));
    }
}
