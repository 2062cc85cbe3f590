//! What php on the host says of a configuration file. No value of the file leaves the host, not even in an error:
//! php's own words may quote the file, so only line numbers are taken from them. Nor is a value that is to be set in the
//! process list there.

use super::place::Hand;
use crate::access::RemoteCommand;
use crate::action::Context;
use crate::model::quoted;
use crate::model::{Failure, Target, Value, hex};

const JUDGE: &str = include_str!("config_judge.php");

/// A cache of compiled files must not take the new content for the old: both have one path and one time.
const NO_CACHE: &str = "opcache.enable_cli=0";

/// `$1` php, `$2` the file. By standard input: what is wanted and the new content, a line of hexadecimal each, then the judge.
/// The file is read by a process of its own, and so is the new content: each may define functions and constants.
const CHANGE: &str = r#"
cd /
read -r wanted
read -r after
judge=$(cat)
given="<?php const PHASE = '%s', WANTED = '%s', BEFORE = '%s', AFTER = '%s'; ?>%s"
before=$(printf "$given" values "$wanted" '' '' "$judge" | "$1" -d opcache.enable_cli=0 -- "$2")
case $before in '' | *[!0-9a-f]*) exit 8;; esac
printf "$given" change "$wanted" "$before" "$after" "$judge" | "$1" -d opcache.enable_cli=0 -- "$2"
"#;

/// The php of a host.
pub(super) struct Php<'a> {
    /// The phase's context.
    pub(super) cx: &'a Context<'a>,
    /// The host.
    pub(super) host: &'a Target,
    /// The program.
    pub(super) program: &'a str,
    /// As whom it runs: a configuration file is a program, so never as root.
    pub(super) hand: Hand,
}

impl Php<'_> {
    /// Whether php can parse a file.
    ///
    /// # Errors
    /// When it cannot, with the line; or when there is no answer.
    pub(super) async fn lint(&self, path: &str) -> Result<(), Failure> {
        let arguments = [self.program, "-d", "display_errors=1", "-l", "--", path];
        let output = self.cx.run(self.host, self.hand.program(arguments)).await?;
        if output.ok() {
            return Ok(());
        }
        if output.status == 127 {
            return Err(Failure::refused(format!("`{}` is not on {}, or `setpriv` is not", self.program, self.host))
                .cause(output.stderr)
                .advise("install PHP's command line (`php-cli`), or give its path as `php`")
                .lacking(&self.host.name, format!("program {}", self.program)));
        }
        let said = format!("{}\n{}", output.text(), output.stderr);
        Err(Failure::permanent(format!("`{} -l` does not accept `{path}` on {}", self.program, self.host)).cause(
            match line_of(&said) {
                Some(line) => format!("line {line}; php's words are not shown, for they may quote the file"),
                None => format!("exit status {}; see `{} -l {path}` on the host", output.status, self.program),
            },
        ))
    }

    /// Whether php can parse a text: it comes by standard input, and lies nowhere on the host.
    ///
    /// # Errors
    /// When it cannot, with the line; or when there is no answer.
    pub(super) async fn lint_text(&self, path: &str, bytes: &[u8]) -> Result<(), Failure> {
        let command = self.hand.program([self.program, "-d", "display_errors=1", "-l"]).stdin(bytes);
        let output = self.cx.run(self.host, command).await?;
        if output.ok() {
            return Ok(());
        }
        let said = format!("{}\n{}", output.text(), output.stderr);
        let line = line_of(&said).map_or_else(String::new, |line| format!("line {line}; "));
        Err(Failure::permanent(format!("`{} -l` does not accept the new `{path}` on {}", self.program, self.host))
            .cause(format!("{line}php's words are not shown, for they may quote the file")))
    }

    /// What is wrong with making `path` hold `after`, one text each; `wanted` as `config_judge.php` says. Nothing is
    /// written on the host: php reads the new content by standard input, and takes it for the file.
    pub(super) async fn judge(&self, path: &str, after: &[u8], wanted: &Value) -> Result<Vec<Told>, Failure> {
        let stdin = format!("{}\n{}\n{JUDGE}", hex(wanted.to_string().as_bytes()), hex(after));
        self.told(path, self.hand.script(CHANGE, [self.program, path]).stdin(stdin)).await
    }

    /// What of `wanted` the file at `path` sets, and what of it keeps the wanted settings from their effect.
    pub(super) async fn keys(&self, path: &str, wanted: &Value) -> Result<Vec<Told>, Failure> {
        self.told(path, self.phase("keys", path, wanted)).await
    }

    /// Files that are read after this one and set some of the same keys, or keep them from their effect.
    pub(super) async fn overriding(&self, path: &str, wanted: &Value) -> Result<Vec<(String, Vec<Told>)>, Failure> {
        let listed = self.lines(path, self.phase("siblings", path, wanted)).await?;
        let mut found = Vec::new();
        // Read as Nextcloud reads them: by the user that reads the main file, whoever owns them.
        for path in listed {
            let told = self.keys(&path, wanted).await?;
            if !told.is_empty() {
                found.push((path, told));
            }
        }
        Ok(found)
    }

    fn phase(&self, phase: &str, path: &str, wanted: &Value) -> RemoteCommand {
        let wanted = hex(wanted.to_string().as_bytes());
        let head = format!("<?php const PHASE = '{phase}', WANTED = '{wanted}', BEFORE = '', AFTER = ''; ?>");
        self.hand.program([self.program, "-d", NO_CACHE, "--", path]).stdin(head + JUDGE)
    }

    async fn told(&self, path: &str, command: RemoteCommand) -> Result<Vec<Told>, Failure> {
        Ok(self.lines(path, command).await?.iter().map(|line| Told::parse(line)).collect())
    }

    async fn lines(&self, path: &str, command: RemoteCommand) -> Result<Vec<String>, Failure> {
        let output = self.cx.run(self.host, command).await?;
        let text = output.text();
        // A fatal error in an included file ends php without the last word, whatever its exit status.
        match text.strip_suffix("judged") {
            Some(told) if output.ok() => Ok(told.lines().map(str::to_owned).collect()),
            _ => Err(Failure::permanent(format!("`{}` on {} cannot judge `{path}`", self.program, self.host))
                .cause(format!("exit status {}", output.status))
                .advise(format!("see what `{} {}` says on the host", self.program, quoted(path)))),
        }
    }
}

/// One thing that php told of a configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Told {
    /// It sets this key.
    Sets(String),
    /// Another setting keeps the wanted ones from their effect: why, and what helps.
    Against {
        /// Which setting, and how.
        why: String,
        /// What the operator can do.
        advice: &'static str,
    },
    /// The file, or the change, is wrong: how.
    Wrong(String),
}

impl Told {
    fn parse(line: &str) -> Self {
        match line.split_once(' ') {
            Some(("sets", key)) => Told::Sets(key.to_owned()),
            Some(("against", told)) => match told.split_once(": ") {
                Some(("condition", why)) => Told::Against {
                    why: format!(
                        "`overwritecondaddr`: {why}. Nextcloud overwrites only for addresses that it matches: behind the \
                         balancer the site would answer 400, or send visitors round in circles"
                    ),
                    advice: "take `overwritecondaddr` out, or let it match all addresses that are trusted as the balancer's",
                },
                Some((_, why)) => Told::Against {
                    why: format!(
                        "`forwarded_for_headers`: {why}. The balancer sets `X-Forwarded-For` alone; what else it names a \
                         visitor can send, and be whoever he likes"
                    ),
                    advice: "take `forwarded_for_headers` out: without it Nextcloud reads `X-Forwarded-For`",
                },
                None => Told::Wrong(told.to_owned()),
            },
            Some(("failed", why)) => Told::Wrong(why.to_owned()),
            _ => Told::Wrong(line.to_owned()),
        }
    }
}

/// The line number in php's message.
fn line_of(said: &str) -> Option<u32> {
    let (_, rest) = said.rsplit_once("on line ")?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_php_tells_is_told_apart() {
        assert_eq!(Told::parse("sets overwritehost"), Told::Sets("overwritehost".into()));
        assert_eq!(Told::parse("`a` would change too"), Told::Wrong("`a` would change too".into()));
        assert_eq!(
            Told::parse("failed php cannot parse it, line 3"),
            Told::Wrong("php cannot parse it, line 3".into())
        );
        let Told::Against { why, advice } = Told::parse("against condition: it does not match 10.0.0.0/8") else {
            panic!("a condition")
        };
        assert!(
            why.starts_with("`overwritecondaddr`: it does not match 10.0.0.0/8. ") && advice.contains("take `over")
        );
    }

    #[test]
    fn only_the_line_is_taken_from_phps_words() {
        let said =
            "PHP Parse error:  syntax error, unexpected identifier \"hunter2\", expecting \")\" in /c.php on line 12\n";
        assert_eq!(line_of(said), Some(12));
        assert_eq!(line_of("Could not open input file"), None);
    }
}
