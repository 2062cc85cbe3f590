//! What php on the host says of a configuration file. No value of the file leaves the host, not even in an error:
//! php's own words may quote the file, so only line numbers are taken from them. Nor is a value that is to be set in the
//! process list there.

use super::file::HostFile;
use crate::access::RemoteCommand;
use crate::action::Context;
use crate::model::{Failure, Target, Value, hex};

const JUDGE: &str = include_str!("config_judge.php");

/// Runs php as the file's owner; as `nobody` with the file's group when that is root, for a web server must be able to
/// read it too. `$1` the file whose owner counts, `$2` php, the rest its arguments; the script comes by standard input.
pub(in crate::action) const AS_OWNER: &str = r#"
owner=$(stat -c %u -- "$1") group=$(stat -c %g -- "$1"); shift
[ "$owner" != 0 ] || owner=65534
cd /
exec setpriv --reuid="$owner" --regid="$group" --clear-groups --no-new-privs "$@"
"#;

/// The php of a host.
pub(super) struct Php<'a> {
    /// The phase's context.
    pub(super) cx: &'a Context<'a>,
    /// The host.
    pub(super) host: &'a Target,
    /// The program.
    pub(super) program: &'a str,
}

impl Php<'_> {
    /// Whether php can parse a file.
    ///
    /// # Errors
    /// When it cannot, with the line; or when there is no answer.
    pub(super) async fn lint(&self, owner: &str, path: &str) -> Result<(), Failure> {
        let arguments = [owner, self.program, "-d", "display_errors=1", "-l", "--", path];
        let output = self.cx.run(self.host, RemoteCommand::root_script(AS_OWNER, arguments)).await?;
        if output.ok() {
            return Ok(());
        }
        let said = format!("{}\n{}", output.text(), output.stderr);
        Err(Failure::permanent(format!("`{} -l` does not accept `{path}` on {}", self.program, self.host)).cause(
            match line_of(&said) {
                Some(line) => format!("line {line}; php's words are not shown, for they may quote the file"),
                None => format!("exit status {}; see `{} -l {path}` on the host", output.status, self.program),
            },
        ))
    }

    /// What is wrong with a change from `first` to `second`, one text each; `wanted` as `config_judge.php` says.
    pub(super) async fn judge(
        &self,
        owner: &str,
        first: &str,
        second: &str,
        wanted: &Value,
    ) -> Result<Vec<String>, Failure> {
        let wanted = format!("<?php const WANTED = '{}'; ?>", hex(wanted.to_string().as_bytes()));
        let arguments = [owner, self.program, "--", first, second];
        let command = RemoteCommand::root_script(AS_OWNER, arguments).stdin(wanted + JUDGE);
        let output = self.cx.run(self.host, command).await?;
        let text = output.text();
        // A fatal error in an included file ends php without the last word, whatever its exit status.
        match text.strip_suffix("judged") {
            Some(told) if output.ok() => Ok(told.lines().map(str::to_owned).collect()),
            _ => Err(Failure::permanent(format!("`{}` on {} cannot judge `{first}`", self.program, self.host))
                .cause(format!("exit status {}", output.status))
                .advise(format!("see what `{} {first}` says on the host", self.program))),
        }
    }

    /// Files that are read after this one and set some of the same keys: path and keys.
    pub(super) async fn overriding(
        &self,
        file: &HostFile<'_>,
        wanted: &Value,
    ) -> Result<Vec<(String, String)>, Failure> {
        const LIST: &str = r#"for f in "${1%/*}"/*."${1##*/}"; do if [ -f "$f" ]; then printf '%s\n' "$f"; fi; done"#;
        let list = RemoteCommand::root_script(LIST, [&file.path]);
        let listed = self.cx.run_ok(self.host, list, "looking for further configuration files").await?;
        let mut found = Vec::new();
        // Read as Nextcloud reads them: by the user that reads the main file, whoever owns them.
        for path in listed.lines() {
            let told = self.judge(&file.path, path, "", wanted).await?;
            let keys: Vec<String> =
                told.iter().filter_map(|l| l.strip_prefix("sets ")).map(|k| format!("`{k}`")).collect();
            if !keys.is_empty() {
                found.push((path.to_owned(), keys.join(", ")));
            }
        }
        Ok(found)
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
    fn only_the_line_is_taken_from_phps_words() {
        let said =
            "PHP Parse error:  syntax error, unexpected identifier \"hunter2\", expecting \")\" in /c.php on line 12\n";
        assert_eq!(line_of(said), Some(12));
        assert_eq!(line_of("Could not open input file"), None);
    }
}
