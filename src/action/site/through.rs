//! A download through one host of the site, asked on that host: past the balancer, so that a node that is broken
//! cannot hide behind one that is not.
//!
//! The password goes to the host's curl by standard input, never into an argument: process lists show arguments.

use super::dav::file_path;
use crate::access::RemoteCommand;
use crate::action::Context;
use crate::model::{Failure, FailureKind, Secret, Target};

/// Who asks: the name one logs in with, and the id that paths have.
pub(super) struct Login<'a> {
    pub(super) user: &'a str,
    pub(super) id: &'a str,
    pub(super) password: &'a Secret,
}

/// The file as curl gets it from the web server on the host itself.
pub(super) async fn download(
    cx: &Context<'_>,
    host: &Target,
    fqdn: &str,
    login: &Login<'_>,
    name: &str,
) -> Result<Vec<u8>, Failure> {
    let url = format!("http://127.0.0.1{}", file_path(login.id, name));
    let what = format!("download the file through {host}: GET `{url}`");
    let mut config = String::new();
    for (option, value) in [
        ("url", url.as_str()),
        ("user", &format!("{}:{}", login.user, login.password.expose())),
        ("header", &format!("Host: {fqdn}")),
        ("header", "X-Forwarded-Proto: https"),
        ("noproxy", "*"),
        ("write-out", "\n%{http_code}"),
    ] {
        config.push_str(&format!("{option} = \"{}\"\n", quoted(value)));
    }
    let command = RemoteCommand::new(["curl", "-q", "-sS", "--max-time", "50", "-K", "-"]).stdin(config);
    let output = cx.run(host, command).await?;
    if !output.ok() {
        let failure = Failure::new(FailureKind::Transient, format!("{what}: no answer")).cause(output.stderr);
        return Err(if output.status == 127 { failure.advise("install `curl` on the host") } else { failure });
    }
    let end = output.stdout.iter().rposition(|b| *b == b'\n').unwrap_or(0);
    let status = String::from_utf8_lossy(&output.stdout[end..]).trim().to_owned();
    if status == "200" {
        return Ok(output.stdout[..end].to_vec());
    }
    let kind = if status.starts_with('5') { FailureKind::Transient } else { FailureKind::Permanent };
    let failure = Failure::new(kind, format!("{what}: answered {status}"));
    Err(match status.as_str() {
        "401" => failure.advise(CLIENT_REFUSED),
        "301" | "302" => failure.advise("does nginx on the host still send plain HTTP elsewhere?"),
        _ => failure,
    })
}

/// Why WebDAV may refuse name and password that the login form takes.
pub(in crate::action) const CLIENT_REFUSED: &str = "WebDAV refuses with each request what the login form takes: a user with a second factor, or `token_auth_enforced` in config.php?";

/// A value in curl's configuration language, inside double quotes.
fn quoted(value: &str) -> String {
    value
        .chars()
        .map(|c| match c {
            '\\' => "\\\\".to_owned(),
            '"' => "\\\"".to_owned(),
            '\n' => "\\n".to_owned(),
            '\r' => "\\r".to_owned(),
            '\t' => "\\t".to_owned(),
            other => other.to_string(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_cannot_leave_its_quotes() {
        assert_eq!(quoted("a\"\nurl = \"http://x"), "a\\\"\\nurl = \\\"http://x");
        assert_eq!(quoted("back\\slash"), "back\\\\slash");
    }
}
