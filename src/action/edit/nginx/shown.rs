//! A site's text as it may be shown to whoever reads a plan.
//!
//! What it promises: the same lines, with what plainly holds a secret masked: the values of directives, blocks and
//! comments whose name speaks of one (`proxy_set_header Authorization`, `fastcgi_param DB_PASSWORD`, `set $api_token`),
//! credentials of a URL, and `Basic` and `Bearer` credentials anywhere. It masks too much rather than too little.
//!
//! What it does not handle: a secret that nothing around it gives away. nginx reads it from a file that every user of a
//! site's host may often read, so it should not be there.

use super::super::Refusal;
use super::super::span::{self, Patch};
use super::tree::{Directive, Tree, Word};
use std::ops::Range;

/// What stands in a secret's place.
pub(super) const MASK: &str = "(masked)";

/// What gives a secret away in the name of a header, a parameter or a variable.
const NAMES: &[&str] =
    &["authorization", "passw", "secret", "token", "api_key", "api-key", "apikey", "credential", "private_key"];

/// Directives whose values are secrets although their names do not say so. `secure_link_md5` hashes one.
const SECRETIVE: &[&str] = &["secure_link_md5", "secure_link_secret"];

/// Directives whose names speak of a secret while their values are none.
const HARMLESS: &[&str] = &["server_tokens", "fastcgi_pass_header", "proxy_pass_header", "proxy_hide_header"];

/// The text with secrets masked; bytes that are not UTF-8 become U+FFFD.
///
/// # Errors
///
/// The first place where the file is not what nginx reads: what comes after cannot be judged.
pub fn shown(bytes: &[u8]) -> Result<String, Refusal> {
    let tree = Tree::read(bytes).map_err(Refusal::from)?;
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
        if names_one(text) || holds_one(text) {
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
pub(super) fn masked_words(directive: &Directive) -> impl Iterator<Item = &Word> {
    let name = String::from_utf8_lossy(directive.name()).to_ascii_lowercase();
    let is_path = name.ends_with("_file") || HARMLESS.contains(&name.as_str());
    // Only `if` has a variable elsewhere than in front of what it is to hold.
    let heads = if name == "if" { directive.arguments().len() } else { 1 };
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
    !word.contains(&b'/') && names_one(word)
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
    let lower = text.to_ascii_lowercase();
    let after = |mark: &str| lower.match_indices(mark).map(|(at, _)| at + mark.len()).collect::<Vec<_>>();
    let is_value = |at: &usize| lower[*at..].trim_start().starts_with(|c: char| c.is_ascii_alphanumeric() || c == '"');
    let credentials = ["basic ", "bearer "].iter().flat_map(|mark| after(mark)).any(|at| {
        lower[at..].trim_start().chars().take_while(|c| c.is_ascii_alphanumeric() || "+/=._-".contains(*c)).count() > 7
    });
    let assigned = NAMES.iter().flat_map(|name| after(name)).any(|at| {
        let rest = lower[at..].trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-');
        rest.strip_prefix(['=', ':']).is_some_and(|value| is_value(&(lower.len() - value.len())))
    });
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
        ] {
            assert_eq!(shown(line.as_bytes()).unwrap(), line);
        }
        assert!(shown(b"a {").is_err());
    }
}
