//! Redirects: servers that do nothing else, and targets that name the scheme of the connection.
//!
//! Behind a balancer the connection to nginx is plain, so `$scheme` is `http` and `$server_port`
//! is 80, whatever the client used. A target built from them has to say `https://` itself.

use std::ops::Range;

use super::server::Server;
use super::tree::{Directive, Tree, Word};
use super::variables::{self, Tainted};

/// What a redirecting server may hold besides its redirect.
const HARMLESS: [&str; 12] = [
    "listen",
    "server_name",
    "server_tokens",
    "access_log",
    "error_log",
    "log_not_found",
    "root",
    "index",
    "charset",
    "set",
    "add_header",
    "http2",
];

/// Whether the server answers every request by sending the client to https, but for what
/// certificate renewal asks for and names it does not know.
pub(super) fn only_redirects(tree: &Tree<'_>, server: &Server<'_>) -> bool {
    let mut redirects = false;
    let mut answers_all = false;
    let mut returns = false;
    let mut more = false;
    for child in tree.children(server.block) {
        if sends_to_https(child) {
            redirects = true;
            answers_all |= child.is("return") || takes_everything(child);
            returns |= child.is("return");
        } else if child.is("return") && matches!(child.argument(0), b"403" | b"404" | b"444") {
            answers_all = true;
        } else if child.is("if") && all_send_to_https(tree, child) {
            redirects = true;
        } else if matches!(child.name(), b"if" | b"rewrite" | b"break" | b"return") {
            return false;
        } else if child.is("location") && tree.children(child).any(sends_to_https) {
            redirects = true;
            answers_all |= child.arguments().len() == 1 && child.argument(0) == b"/";
        } else if !is_for_renewal(child) && !HARMLESS.iter().any(|name| child.is(name)) {
            more = true;
        }
    }
    // A server-level `return` comes before any location is looked at.
    redirects && (returns || (answers_all && !more))
}

/// Whether the directive serves the challenges of certificate renewal.
pub(super) fn is_for_renewal(directive: &Directive) -> bool {
    let words: &[&str] = match directive.name() {
        b"location" => &["/.well-known"],
        b"include" => &["acme", "letsencrypt", "certbot", "well-known"],
        _ => return false,
    };
    directive.arguments().iter().any(|argument| {
        let text = String::from_utf8_lossy(&argument.value).to_lowercase();
        words.iter().any(|word| text.contains(word))
    })
}

/// Whether the block does nothing but send clients to https.
pub(super) fn all_send_to_https(tree: &Tree<'_>, block: &Directive) -> bool {
    let mut children = tree.children(block).peekable();
    children.peek().is_some() && children.all(sends_to_https)
}

fn sends_to_https(directive: &Directive) -> bool {
    target(directive).is_some_and(|word| word.value.starts_with(b"https://"))
}

fn takes_everything(rewrite: &Directive) -> bool {
    let all: [&[u8]; 7] = [b"^", b".*", b"^.*", b"(.*)", b"^(.*)$", b"^/(.*)$", b"^.*$"];
    all.contains(&rewrite.argument(0))
}

/// Where a `return`, a `rewrite` or an `error_page` sends the client or the request to.
pub(super) fn target(directive: &Directive) -> Option<&Word> {
    let arguments = directive.arguments();
    match directive.name() {
        b"return" if arguments.len() == 1 => {
            arguments.first().filter(|word| !word.value.iter().all(u8::is_ascii_digit))
        }
        b"return" if matches!(directive.argument(0), b"301" | b"302" | b"303" | b"307" | b"308") => arguments.get(1),
        b"rewrite" => arguments.get(1),
        b"error_page" => arguments.last(),
        _ => None,
    }
}

/// Whether the client is told of the target, rather than nginx going on with it by itself.
pub(super) fn is_seen_by_client(directive: &Directive) -> bool {
    match directive.name() {
        b"rewrite" => directive.has_argument("redirect") || directive.has_argument("permanent"),
        name => name == b"return",
    }
}

/// Where the first `length` bytes of the word's value stand in the file, if they stand there as
/// they are, without escapes.
pub(super) fn raw_start(bytes: &[u8], word: &Word, length: usize) -> Option<Range<usize>> {
    let raw = &bytes[word.span.clone()];
    let quote = usize::from(matches!(raw.first(), Some(b'"' | b'\'')));
    let start = word.span.start + quote..word.span.start + quote + length;
    (bytes.get(start.clone()) == word.value.get(..length)).then_some(start)
}

/// What a target needs when the connection becomes plain.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum SchemeNeed {
    /// Nothing: it is the same for plain and TLS connections.
    Nothing,
    /// It is a path: nginx completes it with the scheme of the connection unless
    /// `absolute_redirect` is off.
    Completion,
    /// Its first `length` bytes become `with`.
    NewStart { length: usize, with: String },
    /// It depends on the connection in a way that is not understood.
    Unknown,
}

/// Judges a target.
pub(super) fn need(target: &[u8], fqdn: &str, tainted: &Tainted) -> SchemeNeed {
    if !tainted.is_in(target) {
        return if target.starts_with(b"/") { SchemeNeed::Completion } else { SchemeNeed::Nothing };
    }
    let understood = start_of_url(target, fqdn).filter(|(length, _)| {
        let tail = &target[*length..];
        matches!(tail.first(), None | Some(b'/' | b'?' | b'$')) && !tainted.is_in(tail)
    });
    match understood {
        Some((length, with)) => SchemeNeed::NewStart { length, with },
        None => SchemeNeed::Unknown,
    }
}

/// The scheme, host and port a target begins with: how long they are, and what stands for them
/// behind the balancer.
fn start_of_url(target: &[u8], fqdn: &str) -> Option<(usize, String)> {
    let scheme = match variables::at_start(target) {
        Some(variable) if variable.name == b"scheme" => variable.length,
        Some(_) => return None,
        None => target.starts_with(b"https").then_some(b"https".len())?,
    };
    let mut length = scheme + target[scheme..].starts_with(b"://").then_some(b"://".len())?;
    let host = match variables::at_start(&target[length..]) {
        Some(variable) => {
            let ours: [&[u8]; 3] = [b"host", b"server_name", b"http_host"];
            length += ours.contains(&variable.name).then_some(variable.length)?;
            fqdn.to_owned()
        }
        None => {
            let is_host = |byte: &&u8| byte.is_ascii_alphanumeric() || b"-.".contains(byte);
            let host = target[length..].iter().take_while(is_host).count();
            let text = &target[length..length + host];
            length += (host > 0).then_some(host)?;
            String::from_utf8_lossy(text).into_owned()
        }
    };
    let mut with = format!("https://{host}");
    if target[length..].starts_with(b":") {
        let port = &target[length + 1..];
        match variables::at_start(port) {
            Some(variable) if variable.name == b"server_port" => length += 1 + variable.length,
            Some(_) => return None,
            None => {
                let digits = port.iter().take_while(|byte| byte.is_ascii_digit()).count();
                if &port[..digits] != b"443" {
                    with.push_str(&String::from_utf8_lossy(&target[length..=length + digits]));
                }
                length += 1 + digits;
            }
        }
    }
    Some((length, with))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

    use super::*;

    fn judged(target: &str) -> SchemeNeed {
        need(target.as_bytes(), "site.example", &Tainted::default())
    }

    fn rewritten(target: &str) -> String {
        match judged(target) {
            SchemeNeed::NewStart { length, with } => with + &target[length..],
            other => panic!("{target}: {other:?}"),
        }
    }

    #[test]
    fn targets_of_the_connection_become_https() {
        for (target, expected) in [
            ("$scheme://$host:$server_port/remote.php/dav", "https://site.example/remote.php/dav"),
            ("${scheme}://${host}:${server_port}/dav", "https://site.example/dav"),
            ("$scheme://$http_host$request_uri", "https://site.example$request_uri"),
            ("$scheme://$server_name:443/dav", "https://site.example/dav"),
            ("https://$host:$server_port/dav", "https://site.example/dav"),
            ("$scheme://other.example/a", "https://other.example/a"),
            ("$scheme://other.example:8443/a", "https://other.example:8443/a"),
            ("$scheme://$host", "https://site.example"),
        ] {
            assert_eq!(rewritten(target), expected);
        }
    }

    #[test]
    fn what_does_not_depend_on_the_connection_stays() {
        for target in ["https://$host/a", "https://$server_name:443/a", "http://b.example/", "@x"] {
            assert_eq!(judged(target), SchemeNeed::Nothing, "{target}");
        }
        assert_eq!(judged("/remote.php/dav"), SchemeNeed::Completion);
        assert_eq!(judged("/index.php$request_uri"), SchemeNeed::Completion);
    }

    #[test]
    fn other_uses_of_the_connection_are_not_understood() {
        for target in [
            "$scheme$host",
            "$scheme://$hostname/a",
            "$scheme://$host.example/a",
            "$scheme://$host$server_port/a",
            "$scheme://$host/?back=$scheme",
            "$https",
            "/a?scheme=$scheme",
            "http://$host:$server_port/",
            "$scheme://user@other.example/",
            "$scheme://",
            "$scheme:/",
            "$",
        ] {
            let expected = if target == "$" { SchemeNeed::Nothing } else { SchemeNeed::Unknown };
            assert_eq!(judged(target), expected, "{target}");
        }
    }

    fn redirects(body: &str) -> bool {
        let text = format!("server {{ listen 80; server_name a.example; {body} }}");
        let tree = Tree::read(text.as_bytes()).unwrap();
        only_redirects(&tree, &Server::all(&tree)[0])
    }

    #[test]
    fn servers_that_only_redirect_are_known() {
        for body in [
            "return 301 https://$host$request_uri;",
            "return 301 https://$host$request_uri; root /srv; location / { proxy_pass http://a; }",
            "return https://a.example;",
            "rewrite ^ https://a.example$request_uri? permanent;",
            "if ($host = a.example) { return 301 https://$host$request_uri; } return 404;",
            "location / { return 301 https://a.example$request_uri; }
             location ^~ /.well-known/acme-challenge/ { root /var/www/acme; }",
            "include snippets/letsencrypt.conf; location / { return 308 https://a.example; }",
        ] {
            assert!(redirects(body), "{body}");
        }
    }

    #[test]
    fn servers_that_do_more_are_not() {
        for body in [
            "",
            "return 404;",
            "location / { proxy_pass http://a; }",
            "location /old { return 301 https://a.example; } root /srv;",
            "if ($host = a.example) { return 301 https://$host$request_uri; }",
            "if ($a) { set $b 1; } return 301 https://a.example;",
            "location / { return 301 https://a.example; } location /x { proxy_pass http://a; }",
            "return 301 http://b.example;",
            "rewrite ^/a https://a.example permanent; return 301 /b;",
        ] {
            assert!(!redirects(body), "{body}");
        }
    }
}
