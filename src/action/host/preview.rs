//! What the actions on hosts tell beforehand: commands as they are run, differences of files, facts of files.

use super::file::{FileImage, Sight};
use crate::access::RemoteCommand;
use crate::model::{Change, Target};

/// How much of a SHA-256 is told: enough to know a file again, short enough to compare by eye.
const DIGITS: usize = 12;

/// A command that would be run on a host, exactly as it would be. What it would read on standard input is not told.
pub(super) fn command_of(on: &Target, command: &RemoteCommand) -> Change {
    Change::Command { on: on.name.clone(), argv: command.argv().to_vec() }
}

/// What a fact of something on a host is called.
pub(super) fn fact_name(what: &str, on: &Target) -> String {
    format!("`{what}` on {}", on.name)
}

/// What is at a path: of a file how it can be known again, never what is in it.
pub(super) fn fact_of_file(on: &Target, path: &str, sight: &Sight) -> (String, String) {
    let told = match sight {
        Sight::File(FileImage { sha256, mode, owner, group, .. }) => {
            format!("sha256 {}, mode {mode}, owner {owner}:{group}", sha256.get(..DIGITS).unwrap_or(sha256))
        }
        Sight::Missing => "not there".to_owned(),
        Sight::Other(kind) => kind.clone(),
    };
    (fact_name(path, on), told)
}

/// The unified diff of two texts of a file, with three lines of context.
pub(super) fn unified(path: &str, before: &str, after: &str) -> String {
    similar::TextDiff::from_lines(before, after).unified_diff().context_radius(3).header(path, path).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Decode;

    fn host() -> Target {
        Target::decode(&serde_json::json!({ "name": "web-1", "host": "127.0.0.1" }).into()).unwrap()
    }

    #[test]
    fn facts_are_short_and_told_by_their_host() {
        let image = FileImage {
            path: "/f".into(),
            sha256: "0123456789abcdef0123".into(),
            owner: 0,
            group: 33,
            mode: "640".into(),
            mtime: "1.0".into(),
        };
        let (name, told) = fact_of_file(&host(), "/f", &Sight::File(image));
        assert_eq!((name.as_str(), told.as_str()), ("`/f` on web-1", "sha256 0123456789ab, mode 640, owner 0:33"));
        assert_eq!(fact_of_file(&host(), "/f", &Sight::Missing).1, "not there");
    }

    #[test]
    fn a_diff_has_three_lines_of_context() {
        let diff = unified("/f", "1\n2\n3\n4\n5\n6\n", "1\n2\n3\n4\nfive\n6\n");
        assert_eq!(diff, "--- /f\n+++ /f\n@@ -2,5 +2,5 @@\n 2\n 3\n 4\n-5\n+five\n 6\n");
    }
}
