//! What a command is given besides its arguments, made ready to be sent; and the veil over what of it is secret.

use crate::action::Veil;
use crate::model::{Environment, Failure, HostPath, TextOrSecret, quoted};
use std::fmt::Write;

/// What a command is given.
#[derive(Default)]
pub(super) struct Given {
    /// The folder it runs in; nothing for the usual one.
    pub(super) cwd: Option<HostPath>,
    /// Assignments for a shell.
    assignments: String,
    stdin: Vec<u8>,
    veil: Veil,
}

impl Given {
    /// Fetches what a command is given, its secrets too.
    ///
    /// # Errors
    /// When a secret cannot be had.
    pub(super) async fn of(
        cwd: Option<&HostPath>,
        env: Option<&Environment>,
        stdin: Option<&TextOrSecret>,
    ) -> Result<Self, Failure> {
        let mut it = Self { cwd: cwd.cloned(), ..Self::default() };
        for (name, value) in env.iter().flat_map(|env| &env.0) {
            let value = it.veil.reveal(value, &format!("environment variable `{name}` of the command")).await?;
            // Writing into a text does not fail.
            let _ = writeln!(it.assignments, "{name}={}\nexport {name}", quoted(&value));
        }
        if let Some(stdin) = stdin {
            it.stdin = it.veil.reveal(stdin, "the standard input of the command").await?.into_bytes();
        }
        Ok(it)
    }

    /// Whether there is nothing besides the arguments.
    pub(super) fn is_nothing(&self) -> bool {
        self.cwd.is_none() && self.assignments.is_empty() && self.stdin.is_empty()
    }

    /// As `enter.sh` reads it.
    pub(super) fn input(&self) -> Vec<u8> {
        if self.assignments.is_empty() && self.stdin.is_empty() {
            return Vec::new();
        }
        let length = format!("{}\n", self.assignments.len());
        [length.as_bytes(), self.assignments.as_bytes(), &self.stdin].concat()
    }

    /// The veil over its secrets.
    pub(super) fn veil(&self) -> &Veil {
        &self.veil
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Decode;
    use serde_json::json;

    #[tokio::test]
    async fn values_come_out_of_a_shell_as_they_went_in() {
        let odd = "it's $HOME `id` \\ \"x\"\nsecond";
        let env = Environment::decode(&json!({ "A": odd, "B": 5 }).into()).unwrap();
        let stdin = TextOrSecret::decode(&json!("read this\n").into()).unwrap();
        let given = Given::of(None, Some(&env), Some(&stdin)).await.unwrap();
        for shell in [&["dash"][..], &["bash", "--posix"], &["busybox", "sh"]] {
            let script = include_str!("enter.sh");
            let body = r#"printf '%s|%s|' "$A" "$B"; cat"#;
            let mut child = std::process::Command::new(shell[0])
                .args(&shell[1..])
                .args(["-c", script, "enter", ".", "sh", "-c", body])
                .stdin(std::process::Stdio::piped())
                .stdout(std::process::Stdio::piped())
                .spawn()
                .unwrap();
            std::io::Write::write_all(&mut child.stdin.take().unwrap(), &given.input()).unwrap();
            let output = child.wait_with_output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("{odd}|5|read this\n"), "{shell:?}");
        }
    }
}
