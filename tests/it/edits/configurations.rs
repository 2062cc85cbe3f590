//! Whole configurations: who answers on port 80 once the site is plain, wherever it stands.

use std::net::IpAddr;

use runbook::action::edit::EditRefusal;
use runbook::action::edit::nginx;
use runbook::action::edit::nginx::whole::{
    Configuration, DropIn, File, Files, JudgedSite, KeepAlive, Redirects, wanted,
};

use super::FQDN;

const MAIN: &str = "/etc/nginx/nginx.conf";
const SITE: &str = "/etc/nginx/conf.d/nextcloud.conf";
const DROP_IN: &str = "/etc/nginx/conf.d/runbook.conf";
const DEFAULT: &str = "server {\n    listen 80 default_server;\n    listen [::]:80 default_server;\n    root /var/www/html;\n    server_name _;\n}\n";
const REDIRECT: &str = "server {\n    listen 80;\n    server_name cloud.nextcloud.example;\n    return 301 https://$host$request_uri;\n}\n";

fn main_file(more: &str) -> String {
    format!(
        "user www-data;\nevents {{ }}\nhttp {{\n    include /etc/nginx/mime.types;\n{more}    include /etc/nginx/conf.d/*.conf;\n    \
         include sites-enabled/*;\n}}\n"
    )
}

fn site(listens: &str, body: &str) -> String {
    format!("server {{\n    {listens}\n    server_name {FQDN};\n    ssl_certificate a;\n    root /srv;\n{body}}}\n")
}

fn configuration(files: &[(&str, &str)]) -> Configuration {
    let file = |(path, text): &(&str, &str)| {
        let real = path.replace("sites-enabled", "sites-available");
        File { path: (*path).into(), real, bytes: text.as_bytes().to_vec() }
    };
    let mut all: Vec<File> = files.iter().map(file).collect();
    for (path, text) in [(MAIN, main_file("").as_str()), ("/etc/nginx/mime.types", "types { text/html html; }\n")] {
        if !files.iter().any(|(known, _)| *known == path) {
            all.push(file(&(path, text)));
        }
    }
    let addresses: Vec<IpAddr> = vec!["10.0.0.5".parse().unwrap()];
    Configuration::new(Files::new(MAIN, all), addresses)
}

/// What comes of the site's edit in a configuration.
fn judged(files: &[(&str, &str)]) -> Result<(JudgedSite, Option<DropIn>), String> {
    let told = |refusal: EditRefusal| refusal.to_string();
    let whole = configuration(files);
    let elsewhere = whole.elsewhere(SITE).map_err(told)?;
    let before = files.iter().find(|(path, _)| *path == SITE).unwrap().1;
    let edit = nginx::offload_tls_beside(before.as_bytes(), FQDN, elsewhere).map_err(told)?;
    let wanted = wanted(FQDN, 600, "/status.php");
    let judged = whole.judge(SITE, &edit.bytes, &wanted).map_err(told)?;
    let drop_in = whole.drop_in(SITE, &edit.bytes, &wanted, DROP_IN).map_err(told)?;
    Ok((judged, drop_in))
}

fn refused(files: &[(&str, &str)]) -> String {
    judged(files).unwrap_err()
}

#[test]
fn a_site_alone_needs_two_lines() {
    let (judged, drop_in) = judged(&[(SITE, &(REDIRECT.to_owned() + &site("listen 443 ssl;", "")))]).unwrap();
    assert_eq!((judged.needs.keep_alive, judged.needs.redirects), (KeepAlive::Default(75), Redirects::Default));
    let drop_in = drop_in.unwrap();
    assert_eq!(drop_in.does, ["`keepalive_timeout 620s`", "`absolute_redirect off`"]);
    assert!(!drop_in.text.contains("server {"), "{}", drop_in.text);
}

#[test]
fn debians_default_site_gets_a_server_beside_it_that_hands_the_health_check_on() {
    let text = site("listen 443 ssl;", "");
    let (_, drop_in) = judged(&[(SITE, &text), ("/etc/nginx/sites-enabled/default", DEFAULT)]).unwrap();
    let text = drop_in.unwrap().text;
    assert_eq!(
        text.split_once("server {").unwrap().1,
        "\n    listen 80;\n    server_name \"~^[0-9.]+$\" \"~^\\[[0-9a-f:.]+\\]$\";\n    access_log off;\n\n    location = /status.php \
         {\n        proxy_pass http://127.0.0.1:80;\n        proxy_set_header Host cloud.nextcloud.example;\n        \
         proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;\n        proxy_set_header X-Forwarded-Proto https;\n    \
         }\n    location / {\n        return 404;\n    }\n}\n"
    );
}

#[test]
fn what_is_said_already_is_not_said_twice() {
    let main = main_file("    keepalive_timeout 900;\n    absolute_redirect off;\n");
    let text = site("listen 443 ssl;", "");
    assert_eq!(judged(&[(MAIN, &main), (SITE, &text)]).unwrap().1, None);
    let main = main_file("    keepalive_timeout 65;\n    absolute_redirect on;\n");
    let (judged, drop_in) = judged(&[(MAIN, &main), (SITE, &text)]).unwrap();
    let place = |line: u8| format!("`{MAIN}` line {line}");
    assert_eq!(judged.needs.keep_alive, KeepAlive::Short { seconds: 65, place: place(5) });
    assert_eq!(judged.needs.redirects, Redirects::Absolute { place: place(6) });
    assert_eq!(drop_in, None);
}

#[test]
fn a_name_that_another_file_has_on_port_80_is_refused_where_it_is() {
    let text = site("listen 443 ssl;", "");
    let beside = refused(&[(SITE, &text), ("/etc/nginx/sites-enabled/00-redirect", REDIRECT)]);
    assert!(
        beside.contains("`/etc/nginx/sites-enabled/00-redirect` line 1: `cloud.nextcloud.example` redirects"),
        "{beside}"
    );
    let plain = site("listen 80;", "");
    let beside = refused(&[(SITE, &plain), ("/etc/nginx/sites-enabled/00-redirect", REDIRECT)]);
    assert!(beside.contains("`/etc/nginx/sites-enabled/00-redirect` line 1"), "{beside}");
    let copy = refused(&[(SITE, &text), ("/etc/nginx/sites-enabled/nextcloud.bak", &text)]);
    assert!(
        copy.contains("`/etc/nginx/sites-enabled/nextcloud.bak` line 1") && copy.contains("one of 2 servers"),
        "{copy}"
    );
}

#[test]
fn a_file_that_nginx_does_not_read_is_refused() {
    let whole = configuration(&[("/etc/nginx/sites-enabled/nextcloud", &site("listen 443 ssl;", ""))]);
    let said = whole.elsewhere("/etc/nginx/elsewhere/nextcloud").unwrap_err().to_string();
    assert!(said.contains("nginx does not read this file") && said.contains("`/etc/nginx/sites-enabled/*`"), "{said}");
    // The file that the link in sites-enabled leads to is read.
    assert!(whole.elsewhere("/etc/nginx/sites-available/nextcloud").is_ok());
}

#[test]
fn one_default_server_is_enough() {
    let default = "server { listen 80 default_server; server_name other.example; return 404; }\n";
    let text = site("listen 443 ssl default_server;", "");
    let whole = configuration(&[(SITE, &text), ("/etc/nginx/conf.d/other.conf", default)]);
    let elsewhere = whole.elsewhere(SITE).unwrap();
    assert!(elsewhere.default_on_80 && elsewhere.is_read && !elsewhere.real_ip);
    let (_, drop_in) = judged(&[(SITE, &text), ("/etc/nginx/conf.d/other.conf", default)]).unwrap();
    assert!(drop_in.unwrap().text.contains("server_name \"~^[0-9.]+$\""));
}

#[test]
fn what_nginx_could_not_bind_or_the_balancer_not_reach_is_refused() {
    let both = "server { listen [::]:80 ipv6only=off; server_name other.example; return 404; }\n";
    let text = site("listen 443 ssl;", "");
    let said = refused(&[(SITE, &text), ("/etc/nginx/conf.d/other.conf", both)]);
    assert!(said.contains("`/etc/nginx/conf.d/other.conf` line 1: `ipv6only=off` takes IPv4 too"), "{said}");
    let said = refused(&[(SITE, &site("listen [::]:443 ssl;", ""))]);
    assert!(said.contains("the balancer asks by IPv4"), "{said}");
    let exact = "server { listen 10.0.0.5:80; server_name other.example; return 404; }\n";
    let said = refused(&[(SITE, &text), ("/etc/nginx/conf.d/other.conf", exact)]);
    assert!(said.contains("`10.0.0.5:80` is an address of this host"), "{said}");
    let not_ours = "server { listen 10.0.0.9:80; server_name other.example; return 404; }\n";
    assert!(judged(&[(SITE, &text), ("/etc/nginx/conf.d/other.conf", not_ours)]).is_ok());
}

#[test]
fn an_option_of_another_server_that_the_balancer_does_not_speak_is_refused() {
    for option in ["ssl", "http2", "proxy_protocol"] {
        let other = format!("server {{ listen 80 {option}; server_name other.example; return 404; }}\n");
        let said = refused(&[(SITE, &site("listen 443 ssl;", "")), ("/etc/nginx/conf.d/other.conf", &other)]);
        assert!(
            said.contains(&format!("`/etc/nginx/conf.d/other.conf` line 1: `{option}` holds for every server")),
            "{said}"
        );
        let elsewhere = other.replace("80", "8080");
        assert!(judged(&[(SITE, &site("listen 443 ssl;", "")), ("/etc/nginx/conf.d/other.conf", &elsewhere)]).is_ok());
    }
}

#[test]
fn an_option_that_a_server_of_another_file_relies_on_is_missed() {
    let other = "server { listen 443; server_name other.example; ssl_certificate b; }\n";
    let said = refused(&[(SITE, &site("listen 443 ssl;", "")), ("/etc/nginx/conf.d/other.conf", other)]);
    assert!(
        said.contains("`/etc/nginx/conf.d/other.conf` line 1") && said.contains("has `ssl` on this socket only"),
        "{said}"
    );
}

#[test]
fn a_backend_that_is_the_site_itself_is_refused() {
    for (body, more) in [
        ("    location / { proxy_pass http://127.0.0.1:80; }\n", ""),
        ("    location / { proxy_pass http://localhost/; }\n", ""),
        ("    location / { proxy_pass http://[::1]/x; }\n", ""),
        ("    location / { proxy_pass http://10.0.0.5; }\n", ""),
        ("    location / { proxy_pass http://cloud.nextcloud.example; }\n", ""),
        ("    location / { proxy_pass http://app; }\n", "    upstream app {\n        server 127.0.0.1:80;\n    }\n"),
        ("    location / { proxy_pass http://app; }\n", "    upstream app { server 127.0.0.1 weight=2; }\n"),
    ] {
        let said = refused(&[(MAIN, &main_file(more)), (SITE, &site("listen 443 ssl;", body))]);
        assert!(said.contains("is port 80 of this host"), "{body}{more}: {said}");
    }
    for body in [
        "    location / { proxy_pass http://127.0.0.1:8080; }\n",
        "    location / { proxy_pass http://unix:/run/a.sock; }\n",
        "    location / { proxy_pass https://127.0.0.1; }\n",
        "    location / { proxy_pass http://10.0.0.9; }\n",
        "    location / { fastcgi_pass 127.0.0.1:9000; }\n",
    ] {
        assert!(judged(&[(SITE, &site("listen 443 ssl;", body))]).is_ok(), "{body}");
    }
    // nginx has a server for that address, and for it alone.
    let status = "server { listen 127.0.0.1:80; server_name status; return 200; }\n";
    let body = "    location /s { proxy_pass http://127.0.0.1; }\n";
    assert!(judged(&[(SITE, &site("listen 443 ssl;", body)), ("/etc/nginx/conf.d/s.conf", status)]).is_ok());
}

#[test]
fn what_the_site_includes_is_judged_in_its_own_file() {
    let body = "    include snippets/dav.conf;\n";
    let dav = "location = /.well-known/carddav {\n    return 301 $scheme://$host:$server_port/remote.php/dav;\n}\n";
    let said = refused(&[(SITE, &site("listen 443 ssl;", body)), ("/etc/nginx/snippets/dav.conf", dav)]);
    assert!(said.contains("`/etc/nginx/snippets/dav.conf` line 2: `return 301 $scheme://"), "{said}");
    assert!(said.contains("write `https://cloud.nextcloud.example/remote.php/dav` there"), "{said}");
    let check = "if ($is_plain) { return 301 https://$host$request_uri; }\n";
    let map = "    map $scheme $is_plain { http 1; default 0; }\n";
    let said = refused(&[
        (MAIN, &main_file(map)),
        (SITE, &site("listen 443 ssl;", body)),
        ("/etc/nginx/snippets/dav.conf", check),
    ]);
    assert!(
        said.contains("`/etc/nginx/snippets/dav.conf` line 1") && said.contains("would go round for ever"),
        "{said}"
    );
    let proxy = "proxy_set_header X-Forwarded-Proto $scheme;\n";
    let (judged, _) =
        judged(&[(SITE, &site("listen 443 ssl;", body)), ("/etc/nginx/snippets/dav.conf", proxy)]).unwrap();
    let notes: Vec<String> = judged.notes.iter().map(ToString::to_string).collect();
    assert!(
        notes[0]
            .starts_with("`/etc/nginx/snippets/dav.conf` line 1: `proxy_set_header X-Forwarded-Proto $scheme` tells"),
        "{notes:?}"
    );
    assert!(notes[0].contains("write `proxy_set_header X-Forwarded-Proto $http_x_forwarded_proto;`"), "{notes:?}");
}

#[test]
fn a_drop_in_that_would_do_something_else_is_refused() {
    let text = site("listen 443 ssl;", "");
    let expression = "server { listen 80; server_name ~^10\\.; return 404; }\n";
    let said = refused(&[(SITE, &text), ("/etc/nginx/conf.d/a.conf", expression)]);
    assert!(
        said.contains("`/etc/nginx/conf.d/a.conf` line 1") && said.contains("answers requests for an address"),
        "{said}"
    );
    // The same read after ours stands in nobody's way.
    assert!(judged(&[(SITE, &text), ("/etc/nginx/conf.d/z.conf", expression)]).is_ok());
    let first = "server { listen 80; server_name other.example; return 404; }\n";
    assert!(judged(&[(SITE, &text), ("/etc/nginx/conf.d/a.conf", first)]).is_ok());
    let loopback = "server { listen 127.0.0.1:80; server_name status; return 200; }\n";
    let said = refused(&[
        (SITE, &text),
        ("/etc/nginx/conf.d/s.conf", loopback),
        ("/etc/nginx/sites-enabled/default", DEFAULT),
    ]);
    assert!(said.contains("has port 80 of the loopback address for itself"), "{said}");
    let by_name = site("listen 443 ssl;", "    if ($host != cloud.nextcloud.example) { return 444; }\n");
    assert!(judged(&[(SITE, &by_name)]).unwrap().1.unwrap().text.contains("location = /status.php"));
}

#[test]
fn a_default_server_by_order_alone_stays_one() {
    let text = site("listen 443 ssl;", "");
    let other = "server { listen 80; server_name other.example; return 404; }\n";
    // Nothing of ours is read before `aaa`, though the site is.
    let said = refused(&[
        (
            MAIN,
            "events { }\nhttp {\n    include /etc/nginx/conf.d/r*.conf;\n    include sites-enabled/*;\n    include /etc/nginx/conf.d/n*.conf;\n}\n",
        ),
        (SITE, &text),
        ("/etc/nginx/sites-enabled/aaa", other),
    ]);
    assert!(said.contains("only because nginx reads it first") && said.contains("write `default_server`"), "{said}");
}

#[test]
fn a_line_that_looks_like_the_dump_of_another_file_is_no_file() {
    let dump = "# configuration file /etc/nginx/nginx.conf:\nhttp {\n# configuration file /etc/shadow:\n}\n\n# configuration file /etc/nginx/nginx.conf:\n";
    assert_eq!(nginx::whole::named_in(dump), ["/etc/nginx/nginx.conf", "/etc/shadow"]);
    let text = site("listen 443 ssl;", "");
    let (judged, _) = judged(&[(SITE, &text), ("/etc/shadow", "root:*:1 {")]).unwrap();
    assert!(judged.notes.is_empty(), "what nothing includes is not read");
}

#[test]
fn a_file_that_includes_itself_ends() {
    let text = site("listen 443 ssl;", "    include /etc/nginx/loop;\n");
    let said = refused(&[(SITE, &text), ("/etc/nginx/loop", "include loop;\n")]);
    assert!(said.contains("is included too deep"), "{said}");
}
