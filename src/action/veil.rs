//! Secrets that something outside is given, and what keeps them out of all that is shown of what it answers.
//!
//! Not handled: a secret that comes back in another form (escaped, encoded).

use crate::access::{RemoteOutput, reveal, without};
use crate::model::{Failure, Secret, SecretRef, Text, TextOrSecret};

/// The secrets that were given, to be blotted out of what comes back.
#[derive(Default)]
pub(crate) struct Veil(Vec<Secret>);

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
    /// A value as it is to be sent; a secret is fetched now, and blotted out from then on.
    ///
    /// # Errors
    /// When a secret cannot be had; `what` says for what it was to be.
    pub(crate) async fn reveal(&mut self, value: &TextOrSecret, what: &str) -> Result<String, Failure> {
        match value {
            TextOrSecret::Text(text) => Ok(Text::as_str(text).to_owned()),
            TextOrSecret::Secret(reference) => {
                let secret = secret(reference, what).await?;
                let value = secret.expose().to_owned();
                self.0.push(secret);
                Ok(value)
            }
        }
    }

    /// A text without the secrets, and without any line of them that tells something.
    pub(crate) fn over(&self, text: &str) -> String {
        /// A shorter line of a secret of several lines may be anything.
        const TELLS: usize = 4;
        let secrets = || self.0.iter().map(Secret::expose);
        let of_several = secrets().filter(|secret| secret.contains('\n'));
        let lines = of_several.flat_map(str::lines).map(str::trim).filter(|line| line.len() >= TELLS);
        without(text, secrets().chain(lines))
    }

    /// How a command ended, and the last line of what it printed, or else of what it said.
    pub(crate) fn over_end(&self, output: &RemoteOutput) -> String {
        let printed = self.over(&output.text());
        let said = if printed.is_empty() { self.over(output.stderr.trim()) } else { printed };
        let last = said.lines().last().map_or_else(String::new, |line| format!(": {}", line.trim()));
        format!("{}{last}", output.ended())
    }

    /// A failure whose causes may be what a command said.
    pub(crate) fn over_failure(&self, mut failure: Failure) -> Failure {
        failure.causes.iter_mut().for_each(|cause| *cause = self.over(cause));
        failure
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
