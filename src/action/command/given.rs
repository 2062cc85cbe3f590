//! What a command is given besides its arguments, made ready to be sent; and the veil over what of it is secret.

use crate::access::{RemoteOutput, reveal};
use crate::model::{Environment, Failure, HostPath, Secret, SecretRef, Text, TextOrSecret, quoted};
use std::fmt::Write;

/// What stands for a secret in whatever is shown.
const HIDDEN: &str = "(secret)";

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

/// The secrets that a command was given, to be blotted out of what it says.
#[derive(Default)]
pub(super) struct Veil(Vec<Secret>);

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
            let value = it.value(value, &format!("environment variable `{name}` of the command")).await?;
            // Writing into a text does not fail.
            let _ = writeln!(it.assignments, "{name}={}\nexport {name}", quoted(&value));
        }
        if let Some(stdin) = stdin {
            it.stdin = it.value(stdin, "the standard input of the command").await?.into_bytes();
        }
        Ok(it)
    }

    async fn value(&mut self, value: &TextOrSecret, what: &str) -> Result<String, Failure> {
        match value {
            TextOrSecret::Text(text) => Ok(Text::as_str(text).to_owned()),
            TextOrSecret::Secret(reference) => {
                let secret = secret(reference, what).await?;
                let value = secret.expose().to_owned();
                self.veil.0.push(secret);
                Ok(value)
            }
        }
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

async fn secret(reference: &SecretRef, what: &str) -> Result<Secret, Failure> {
    reveal(reference).await.map_err(|error| {
        let failure = Failure::refused(format!("{what} cannot be had")).cause(error.to_string());
        match reference {
            SecretRef::Env(name) => failure.advise(format!("`read -rs {name} && export {name}`, type it, and go on")),
            SecretRef::Command(_) => failure.advise(format!("see why there is no {reference}")),
        }
    })
}

impl Veil {
    /// A text without the secrets, and without any line of them that tells something.
    pub(super) fn over(&self, text: &str) -> String {
        /// A shorter line of a secret of several lines may be anything.
        const TELLS: usize = 4;
        let mut hidden: Vec<&str> = self.0.iter().map(Secret::expose).collect();
        let of_several = self.0.iter().map(Secret::expose).filter(|secret| secret.contains('\n'));
        hidden.extend(of_several.flat_map(str::lines).map(str::trim).filter(|line| line.len() >= TELLS));
        // What holds another is taken first.
        hidden.sort_by_key(|it| std::cmp::Reverse(it.len()));
        let hidden = hidden.into_iter().filter(|it| !it.is_empty());
        hidden.fold(text.to_owned(), |text, secret| text.replace(secret, HIDDEN))
    }

    /// How a command ended, and the last line of what it printed, or else of what it said.
    pub(super) fn over_end(&self, output: &RemoteOutput) -> String {
        let printed = self.over(&output.text());
        let said = if printed.is_empty() { self.over(output.stderr.trim()) } else { printed };
        let last = said.lines().last().map_or_else(String::new, |line| format!(": {}", line.trim()));
        format!("{}{last}", output.ended())
    }

    /// A failure whose causes may be what a command said.
    pub(super) fn over_failure(&self, mut failure: Failure) -> Failure {
        failure.causes.iter_mut().for_each(|cause| *cause = self.over(cause));
        failure
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

    #[test]
    fn a_secret_is_blotted_out_whole_and_line_by_line() {
        let veil = Veil(vec![Secret::new("hunter2".into()), Secret::new("-----BEGIN\nMIIE\nab\n".into())]);
        assert_eq!(veil.over("pw=hunter2; hunter2"), "pw=(secret); (secret)");
        assert_eq!(veil.over("got -----BEGIN and MIIE, not ab"), "got (secret) and (secret), not ab");
        assert_eq!(Veil::default().over("hunter2"), "hunter2");
    }

    #[test]
    fn the_last_line_of_a_secret_is_one() {
        let veil = Veil(vec![Secret::new("-----BEGIN\nMIIE\nab\n".into()), Secret::new("left\nok".into())]);
        let ended = |stdout: &str, stderr: &str| {
            let (stdout, stderr) = (stdout.as_bytes().to_vec(), stderr.to_owned());
            veil.over_end(&RemoteOutput { status: 3, stdout, stderr })
        };
        assert_eq!(ended("the key is left\nok\n", "never"), "exit status 3: the key is (secret)");
        assert_eq!(ended("\n", "one\nMIIE not taken\n"), "exit status 3: (secret) not taken");
        assert_eq!(ended("", ""), "exit status 3");
        let failure = veil.over_failure(Failure::refused("no").cause("it says MIIE"));
        assert_eq!(failure.causes, ["it says (secret)"]);
    }
}
