//! A file on the machine where the tool runs.

use super::decode::{field, known};
use super::{Decode, Foretold, Tell, Text, TextError};
use serde::{Deserialize, Serialize};

/// A file on the machine where the tool runs: one that the operator names, or one that the runbook names below its own folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct LocalFile {
    /// Where it must be, links followed; nothing for one that the operator named.
    pub below: Option<String>,
    /// Its path: absolute, or in that folder.
    pub path: Text,
}

impl LocalFile {
    /// What is accepted, as an error message says it.
    pub const EXPECTED: &'static str = "a file on the machine where the tool runs";

    /// Whether `text` can be a file's path.
    #[must_use]
    pub fn fits(text: &str) -> bool {
        !text.trim().is_empty() && !text.ends_with('/') && !text.chars().any(char::is_control)
    }

    /// Whether a path that a runbook names stays in the runbook's folder, as far as it is written.
    #[must_use]
    pub fn is_inside(path: &str) -> bool {
        Self::fits(path)
            && !path.starts_with(['/', '~'])
            && path.split('/').all(|part| !part.is_empty() && part != "..")
    }

    /// A file that the runbook in this folder names, as a parameter.
    #[must_use]
    pub fn of_runbook(folder: Option<&str>, path: &str) -> Foretold {
        let named = |text: &str| Foretold::Known(text.into());
        [("below".to_owned(), named(folder.unwrap_or_default())), ("path".to_owned(), named(path))]
            .into_iter()
            .collect()
    }
}

impl TryFrom<String> for LocalFile {
    type Error = TextError;
    fn try_from(text: String) -> Result<Self, TextError> {
        if Self::fits(&text) {
            Ok(Self { below: None, path: text.into() })
        } else {
            Err(TextError { found: text, expected: Self::EXPECTED })
        }
    }
}

impl Decode for LocalFile {
    fn decode(given: &Foretold) -> Result<Self, serde_json::Error> {
        match given {
            Foretold::Text(text) => Ok(Self { below: None, path: text.clone() }),
            given if given.get("path").is_some() => {
                Ok(Self { below: Some(field(given, "below")?), path: field(given, "path")? })
            }
            given => known(given),
        }
    }
}

impl Tell for LocalFile {
    fn tell(&self, into: &mut Text) {
        into.push(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_runbooks_file_is_below_its_folder() {
        assert!(LocalFile::is_inside("files/app.tgz") && LocalFile::is_inside(".env"));
        for outside in ["/etc/passwd", "../x", "a/../../x", "~/x", "a//b", "", "a/"] {
            assert!(!LocalFile::is_inside(outside), "{outside}");
        }
        let of_runbook = LocalFile::decode(&LocalFile::of_runbook(Some("/srv"), "a.tgz")).unwrap();
        assert_eq!((of_runbook.below.as_deref(), of_runbook.path.as_str()), (Some("/srv"), "a.tgz"));
        // What stands in a call is JSON.
        let as_json = LocalFile::of_runbook(None, "a").into_known().unwrap();
        assert_eq!(LocalFile::decode(&as_json.into()).unwrap().below.as_deref(), Some(""));
        assert_eq!(LocalFile::decode(&json!("/tmp/a").into()).unwrap().below, None);
    }
}
