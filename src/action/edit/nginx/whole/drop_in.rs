//! What a file of ours can add for the site, without a change to any file that is there.
//!
//! What a file that is included in `http` can do was tried with nginx 1.22 and stands in its source: a directive that is at
//! the `http` level already is "duplicate" and nginx does not start; one that a server says itself stays as it says. So
//! `keepalive_timeout` and `absolute_redirect` are added only where nothing says them. A server of our own whose name is a
//! regular expression for addresses comes before any default server (`ngx_http_find_virtual_server`), without being one:
//! it takes the balancer's health check, and nothing else changes for anybody.

use std::fmt::Write as _;

use super::super::server::{HTTP, Server};
use super::files::MARK;
use super::health::Answer;
use super::needs::{KeepAlive, Needs, Redirects};

/// How much longer than the balancer nginx keeps a connection, in seconds.
const LONGER_S: u64 = 20;

/// What the site is to have behind the balancer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The site's name, in lower case.
    pub fqdn: String,
    /// How long the balancer keeps a connection on which nothing comes, in seconds.
    pub idle_s: u64,
    /// What the balancer's health check asks for.
    pub health_path: String,
}

impl Wanted {
    /// How long nginx has to keep a connection at least, in seconds.
    #[must_use]
    pub fn keep_alive_s(&self) -> u64 {
        self.idle_s + 1
    }
}

/// What is wanted of a site.
#[must_use]
pub fn wanted(fqdn: &str, idle_s: u64, health_path: &str) -> Wanted {
    Wanted { fqdn: fqdn.to_ascii_lowercase(), idle_s, health_path: health_path.to_owned() }
}

/// The file, and what it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DropIn {
    /// Its whole text.
    pub text: String,
    /// What it does, in words.
    pub does: Vec<String>,
}

/// The addresses the site listens at on port 80, and which of them a request of our own can be sent to.
pub(super) struct Listening {
    pub(super) listens: Vec<String>,
    pub(super) own: String,
}

impl Listening {
    pub(super) fn of(site: &Server<'_>) -> Self {
        let mut listens: Vec<String> = Vec::new();
        let mut own = None;
        for listen in site.plain_listens() {
            let address = String::from_utf8_lossy(listen.address_text()).into_owned();
            let text = if address.is_empty() { HTTP.to_string() } else { format!("{address}:{HTTP}") };
            if !listens.contains(&text) {
                listens.push(text);
            }
        }
        if !super::health::is_on_any(site) {
            own = super::health::exact_listens(site)
                .next()
                .map(|one| String::from_utf8_lossy(one.address_text()).into_owned());
        }
        if listens.is_empty() {
            listens.push(HTTP.to_string());
        }
        Self { listens, own: own.unwrap_or_else(|| String::from("127.0.0.1")) }
    }
}

/// The file that gives the site what it needs; nothing when it needs nothing that a file of ours can give.
pub(super) fn of(needs: &Needs, place: &Listening, wanted: &Wanted) -> Option<DropIn> {
    let Wanted { fqdn, idle_s, health_path } = wanted;
    let mut text = format!("{MARK}{fqdn} behind a load balancer.\n");
    let mut does = Vec::new();
    if let KeepAlive::Default(seconds) = needs.keep_alive {
        let keep_s = idle_s + LONGER_S;
        let _ = write!(
            text,
            "\n# The balancer keeps connections for {idle_s} s. A server that closes them first (nginx: after {seconds} s)\n\
             # makes visitors see a 502 now and then.\nkeepalive_timeout {keep_s}s;\n"
        );
        does.push(format!("`keepalive_timeout {keep_s}s`"));
    }
    if needs.redirects == Redirects::Default {
        text.push_str(
            "\n# nginx would complete redirects to paths with the scheme of the connection, which is http from now on.\n\
             absolute_redirect off;\n",
        );
        does.push(String::from("`absolute_redirect off`"));
    }
    if needs.health != Answer::Site {
        let listens: String = place.listens.iter().map(|listen| format!("    listen {listen};\n")).collect();
        let own = &place.own;
        let _ = write!(
            text,
            "\n# The balancer's health check asks for the server's address, not for the site's name. Another server of\n\
             # this nginx would answer that; this one asks the site.\n\
             server {{\n{listens}    server_name \"~^[0-9.]+$\" \"~^\\[[0-9a-f:.]+\\]$\";\n    access_log off;\n\n    \
             location = {health_path} {{\n        proxy_pass http://{own}:{HTTP};\n        proxy_set_header Host {fqdn};\n        \
             proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;\n        proxy_set_header X-Forwarded-Proto https;\n    \
             }}\n    location / {{\n        return 404;\n    }}\n}}\n"
        );
        does.push(String::from("a server that hands the balancer's health check to the site"));
    }
    (!does.is_empty()).then_some(DropIn { text, does })
}
