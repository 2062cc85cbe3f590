//! A site's text as it may be shown to whoever reads a plan.
//!
//! What it promises: the same lines, with what plainly holds a secret masked: the values of directives, blocks and
//! comments whose name speaks of one (`proxy_set_header Authorization`, `fastcgi_param DB_PASSWORD`, `set $api_token`),
//! credentials of a URL, and `Basic` and `Bearer` credentials anywhere. It masks too much rather than too little.
//!
//! What it does not handle: a secret that nothing around it gives away. nginx reads it from a file that every user of a
//! site's host may often read, so it should not be there.

use super::super::EditRefusal;
use super::super::span::{self, Patch};
use super::tree::{Directive, Tree, Word};
use std::ops::Range;

/// What stands in a secret's place.
const MASK: &str = "(masked)";

/// What gives a secret away in a name, wherever it stands, and in prose.
const NAMES: &[&str] =
    &["authorization", "passw", "secret", "token", "api_key", "api-key", "apikey", "credential", "private_key"];

/// What gives a secret away in the name of a header, a parameter or a variable (`DB_PASS`, `MYSQL_PWD`, `X-Auth-Key`,
/// `$pass`, `Cookie`), where a name is certain to stand. In nginx's own names and in prose these words are common.
const NAME_PARTS: &[&str] = &["pass", "pwd", "key", "cookie", "salt"];

/// Directives whose first argument is no name of a value: what follows is shown.
const LISTS: &[&str] = &[
    "server_name",
    "listen",
    "server",
    "upstream",
    "location",
    "index",
    "try_files",
    "rewrite",
    "return",
    "error_page",
    "include",
    "log_format",
    "access_log",
    "hash",
    "limit_req_zone",
    "limit_conn_zone",
    "js_set",
    "js_content",
    "perl_set",
    "proxy_pass",
    "fastcgi_pass",
    "uwsgi_pass",
    "scgi_pass",
    "grpc_pass",
    "valid_referers",
];

/// Directives whose values are secrets although their names do not say so. `secure_link_md5` hashes one.
const SECRETIVE: &[&str] = &["secure_link_md5", "secure_link_secret"];

/// Directives whose names speak of a secret while their values are none.
const HARMLESS: &[&str] = &["server_tokens", "fastcgi_pass_header", "proxy_pass_header", "proxy_hide_header"];

impl Tree<'_> {
    /// The directive as it stands in the file up to its end or its block, on one line, for a
    /// message: without what plainly is a secret.
    pub(super) fn quote(&self, directive: &Directive) -> String {
        const LONGEST: usize = 80;
        let (Some(first), Some(last)) = (directive.words().first(), directive.words().last()) else {
            return String::new();
        };
        let mut patch = Patch::default();
        let start = first.span.start;
        for word in masked_words(directive) {
            patch.replace(word.span.start - start..word.span.end - start, MASK);
        }
        let text = patch.apply(&self.bytes[start..last.span.end]);
        let text = String::from_utf8_lossy(&text);
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut short: String = text.chars().filter(|c| !c.is_control()).take(LONGEST).collect();
        if short.len() < text.len() {
            short.push_str("...");
        }
        short
    }
}

/// The text with secrets masked; bytes that are not UTF-8 become U+FFFD.
///
/// # Errors
///
/// The first place where the file is not what nginx reads: what comes after cannot be judged.
pub fn shown(bytes: &[u8]) -> Result<String, EditRefusal> {
    let tree = Tree::read(bytes).map_err(EditRefusal::from)?;
    let mut patch = Patch::default();
    for directive in tree.all() {
        for word in masked_words(directive) {
            mask(bytes, word.span.clone(), &mut patch);
        }
        if directive.is_block && directive.arguments().iter().any(|word| speaks_of_one(&word.value)) {
            entries(&tree, directive, &mut patch);
        }
    }
    for at in tree.comments() {
        let span = at + 1..span::line_end(bytes, at);
        let text = &bytes[span.clone()];
        if names_one(text) || holds_one(text) || disables_one(text) {
            let length = text.trim_ascii_end().len();
            patch.replace(span.start..span.start + length, format!(" {MASK}"));
        }
    }
    Ok(String::from_utf8_lossy(&patch.apply(bytes)).into_owned())
}

/// What a `map` or the like makes of a secret: each of its lines may be one.
fn entries(tree: &Tree<'_>, block: &Directive, patch: &mut Patch) {
    if !(block.is("map") || block.is("geo") || block.is("split_clients")) {
        return;
    }
    for entry in tree.children(block).filter(|entry| !entry.is("default") && !entry.is("include")) {
        let end = entry.span.end - 1;
        mask(tree.bytes, entry.span.start..end, patch);
    }
}

/// The words of a directive that may not be shown.
fn masked_words(directive: &Directive) -> impl Iterator<Item = &Word> {
    let name = String::from_utf8_lossy(directive.name()).to_ascii_lowercase();
    let is_path = name.ends_with("_file") || HARMLESS.contains(&name.as_str());
    // Only `if` has a variable elsewhere than in front of what it is to hold.
    let heads = match name.as_str() {
        "if" => directive.arguments().len(),
        list if LISTS.contains(&list) => 0,
        _ => 1,
    };
    let speaks = SECRETIVE.contains(&name.as_str())
        || names_one(directive.name())
        || directive.arguments().iter().take(heads).any(|word| speaks_of_one(&word.value));
    let whole = speaks && !is_path;
    directive
        .arguments()
        .iter()
        .filter(move |word| holds_one(&word.value) || (whole && !speaks_of_one(&word.value) && !is_plain(&word.value)))
}

/// Whether it is a name or a variable that speaks of a secret; a path may well have such a word.
fn speaks_of_one(word: &[u8]) -> bool {
    let text = String::from_utf8_lossy(word).to_ascii_lowercase();
    !word.contains(&b'/') && (names_one(word) || NAME_PARTS.iter().any(|part| text.contains(part)))
}

/// Whether a comment is a directive that was taken out of use, or has the name of a parameter that holds a secret.
fn disables_one(comment: &[u8]) -> bool {
    let as_directives = Tree::read(comment).is_ok_and(|tree| tree.all().any(|one| masked_words(one).next().is_some()));
    let is_identifier = |word: &&[u8]| {
        word.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_-$:".contains(byte))
            && word.iter().any(|byte| b"_-$".contains(byte))
    };
    let words = comment.split(u8::is_ascii_whitespace).filter(is_identifier);
    let own = |word: &[u8]| word.ends_with(b"_pass") || word.starts_with(b"ssl_") || word.starts_with(b"proxy_");
    as_directives || words.filter(|word| !own(word)).any(speaks_of_one)
}

fn names_one(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text).to_ascii_lowercase();
    NAMES.iter().any(|name| text.contains(name))
}

/// A variable, an operator of `if`, or a word of nginx's own.
fn is_plain(word: &[u8]) -> bool {
    let word = word.strip_prefix(b"(").unwrap_or(word);
    let is_variable = word.first() == Some(&b'$')
        && word[1..].iter().all(|byte| byte.is_ascii_alphanumeric() || b"_{})".contains(byte));
    is_variable
        || matches!(word, b"=" | b"!=" | b"~" | b"~*" | b"!~" | b"!~*" | b")" | b"" | b"always" | b"if_not_empty")
}

/// Whether a text has a secret in it, whatever it is the value of.
fn holds_one(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text);
    // nginx's own word for where a cache keeps its keys.
    let lower = text.to_ascii_lowercase().replace("keys_zone", "zone");
    let after = |mark: &str| lower.match_indices(mark).map(|(at, _)| at + mark.len()).collect::<Vec<_>>();
    let is_value = |at: &usize| lower[*at..].trim_start().starts_with(|c: char| c.is_ascii_alphanumeric() || c == '"');
    let credentials = ["basic ", "bearer "].iter().flat_map(|mark| after(mark)).any(|at| {
        lower[at..].trim_start().chars().take_while(|c| c.is_ascii_alphanumeric() || "+/=._-".contains(*c)).count() > 7
    });
    let assigned = |name: &&str, marks: &[&str]| {
        after(name).into_iter().any(|at| {
            let rest = lower[at..].trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-');
            let value = marks.iter().find_map(|mark| rest.strip_prefix(mark));
            value.is_some_and(|value| is_value(&(lower.len() - value.len())))
        })
    };
    // `keycloak:8080` is a host with a port.
    let assigned = NAMES.iter().any(|name| assigned(name, &["=", ":"]))
        || NAME_PARTS.iter().any(|name| assigned(name, &["=", ": "]));
    let user = after("://").into_iter().any(|at| {
        let host = lower[at..].split(['/', '?', ' ']).next().unwrap_or_default();
        host.split_once('@').is_some_and(|(user, _)| user.contains(':') && !user.contains(":$"))
    });
    credentials || assigned || user
}

/// Masks a span; the line breaks in it stay, so that lines keep their numbers.
fn mask(bytes: &[u8], span: Range<usize>, patch: &mut Patch) {
    let breaks = bytes[span.clone()].iter().filter(|byte| **byte == b'\n').count();
    patch.replace(span, format!("{MASK}{}", "\n".repeat(breaks)));
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

    use super::*;

    #[test]
    fn secrets_are_masked_and_lines_stay() {
        for (line, masked) in [
            (r#"proxy_set_header Authorization "Basic aHVudGVyMg==";"#, "proxy_set_header Authorization (masked);"),
            ("fastcgi_param DB_PASSWORD hunter2;", "fastcgi_param DB_PASSWORD (masked);"),
            ("fastcgi_param\n  DB_PASSWORD\n  'hun\nter2';", "fastcgi_param\n  DB_PASSWORD\n  (masked)\n;"),
            ("set $api_token hunter2;", "set $api_token (masked);"),
            ("env DB_PASSWORD=hunter2;", "env (masked);"),
            ("proxy_pass http://me:hunter2@127.0.0.1/;", "proxy_pass (masked);"),
            ("add_header X-A \"Bearer hunter2hunter2\";", "add_header X-A (masked);"),
            ("more_set_input_headers 'X-Token: hunter2';", "more_set_input_headers (masked);"),
            ("secure_link_md5 \"$uri hunter2\";", "secure_link_md5 (masked);"),
            ("if ($http_x_token != \"hunter2\") { return 403; }", "if ($http_x_token != (masked)) { return 403; }"),
            ("map $arg_token $ok { default 0; hunter2 1; }", "map $arg_token $ok { default 0; (masked); }"),
            ("# fastcgi_param DB_PASSWORD hunter2;\na;", "# (masked)\na;"),
            ("fastcgi_param DB_PASS hunter2;", "fastcgi_param DB_PASS (masked);"),
            ("uwsgi_param MYSQL_PWD hunter2;", "uwsgi_param MYSQL_PWD (masked);"),
            ("proxy_set_header X-Auth-Key hunter2;", "proxy_set_header X-Auth-Key (masked);"),
            ("proxy_set_header Cookie \"sid=hunter2\";", "proxy_set_header Cookie (masked);"),
            ("set $pass hunter2;", "set $pass (masked);"),
            ("env MYSQL_PWD=hunter2;", "env (masked);"),
            ("proxy_pass http://a/?key=hunter2;", "proxy_pass (masked);"),
            ("more_set_headers 'X-Auth-Key: hunter2';", "more_set_headers (masked);"),
            ("map $cookie_admin $ok { default 0; hunter2 1; }", "map $cookie_admin $ok { default 0; (masked); }"),
            ("#fastcgi_param DB_PASS hunter2;\na;", "# (masked)\na;"),
            ("# X-Auth-Key is hunter2\na;", "# (masked)\na;"),
            ("# fastcgi_param HTTPS on; set $pwd hunter2;\na;", "# (masked)\na;"),
            ("a; # http://me:hunter2@host\r\nb;", "a; # (masked)\r\nb;"),
        ] {
            let shown = shown(line.as_bytes()).unwrap();
            assert_eq!(shown, masked);
            assert_eq!(shown.lines().count(), line.lines().count(), "{line}");
        }
    }

    #[test]
    fn a_message_quotes_no_secret() {
        let tree = Tree::read(b"a {} fastcgi_param DB_PASSWORD\n 'hunter2' if_not_empty;").unwrap();
        let quotes: Vec<String> = tree.all().map(|directive| tree.quote(directive)).collect();
        assert_eq!(quotes, ["a", "fastcgi_param DB_PASSWORD (masked) if_not_empty"]);
    }

    #[test]
    fn what_is_no_secret_is_shown() {
        for line in [
            "server_tokens off;",
            "ssl_certificate_key /etc/letsencrypt/live/x/privkey.pem;",
            "ssl_password_file /etc/ssl/passwords;",
            "auth_basic \"members only\";",
            "auth_basic_user_file /etc/nginx/passwd;",
            "proxy_set_header Authorization $http_authorization;",
            "fastcgi_pass_header Authorization;",
            "add_header Access-Control-Allow-Headers \"Authorization, Range\" always;",
            "location ^~ /token/secret { deny all; }",
            "rewrite ^/password/(.*)$ /reset?token=$1 last;",
            "return 301 https://$host:443/a;",
            "# enforce https, see https://a.example/@b:c\na;",
            "server_name keys.example pass.example;",
            "proxy_pass http://keycloak:8080;",
            "location /passkeys { proxy_pass http://127.0.0.1:8080; }",
            "fastcgi_cache_path /var/cache/a levels=1:2 keys_zone=a:10m;",
            "proxy_cache_key \"$scheme$host$uri\";",
            "index key.php index.php;",
            "# pass PHP scripts to the FastCGI server\n#\n# fastcgi_pass php-handler;\na;",
            "# ssl_certificate_key /etc/ssl/a.key;\na;",
            "keepalive_timeout 65;",
        ] {
            assert_eq!(shown(line.as_bytes()).unwrap(), line);
        }
        assert!(shown(b"a {").is_err());
    }
}
