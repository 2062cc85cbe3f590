//! A trial on a host: one command sees some files with other content in their place, and nobody else ever does.
//!
//! So a daemon's own test (`nginx -t`, `nginx -T`) judges an edit while a plan is made, with all that the configuration
//! includes, and nothing of the host is changed. The new content lies in a folder of the trial's own, `/run/runbook-trial-…`,
//! which only root can enter, and is mounted over the files in a mount namespace of that one command (unshare(1)); both are
//! gone when the command has ended, in whatever way. What a process left that was killed outright is removed by the next trial
//! after an hour, or by the next boot.
//!
//! A file that is not there yet is tried too: its directory is then covered by a copy of it that has the file.
//!
//! Not handled: a host where root may not make mount namespaces (a container without `CAP_SYS_ADMIN`): the trial says so. Files
//! that somebody but root can replace are refused: root's daemon must not read such a configuration in the first place.

use super::place::HostPlace;
use crate::access::{RemoteCommand, RemoteOutput};
use crate::action::Context;
use crate::model::{Failure, Target};

/// The exit status of a trial that did not come to its command; no other program's is likely to be the same.
const NOT_TRIED: i32 = 97;

/// `$1` a script, `$2` how many files, their paths, then the script's arguments. By standard input: for each file a line that
/// says how many bytes, and the bytes. Exit status 97: the script was not run.
///
/// dd reads no byte more than it is told (`iflag=fullblock`), so that the next file's line is still there to be read.
const TRIAL: &str = r#"
umask 077
find /run -maxdepth 1 -type d -user 0 -name 'runbook-trial-*' -mmin +60 -exec rm -rf -- {} +
dir=$(mktemp -d /run/runbook-trial-XXXXXXXXXX) || exit 97
trap 'rm -rf -- "$dir"' EXIT
trap 'exit 129' HUP INT TERM PIPE
script=$1 count=$2 at=0
shift 2
while [ $at -lt "$count" ]; do
  read -r size
  : >"$dir/$at"
  [ "$size" = 0 ] || dd of="$dir/$at" bs="$size" count=1 iflag=fullblock status=none
  [ "$(stat -c %s -- "$dir/$at")" = "$size" ] || { echo 'not everything arrived' >&2; exit 97; }
  at=$((at + 1))
done
status=0
unshare --mount --propagation private -- sh -euc '
  dir=$1 script=$2 count=$3 at=0 covered=
  shift 3
  while [ $at -lt "$count" ]; do
    case $1 in */*) parent=${1%/*};; esac
    if [ -e "$1" ]; then
      cp --attributes-only --preserve=all -- "$1" "$dir/$at"
      mount --bind -- "$dir/$at" "$1"
    else
      case " $covered " in
        *" $parent/ "*) ;;
        *)
          cp -a -- "$parent" "$dir/dir.$at"
          mount --bind -- "$dir/dir.$at" "$parent"
          covered="$covered $parent/";;
      esac
      cp -- "$dir/$at" "$1"
      chmod 644 -- "$1"
    fi
    shift
    at=$((at + 1))
  done
  : >"$dir/ready"
  exec sh -euc "$script" runbook "$@" </dev/null
' runbook "$dir" "$script" "$count" "$@" || status=$?
[ -e "$dir/ready" ] || exit 97
exit $status
"#;

/// Runs a constant script for `sh` as root with other content in the place of these files, for that script alone.
/// Nothing of the host is changed. `files` are paths without links, each with what is to be found there.
///
/// # Errors
/// When there is no answer; refused when root cannot work at a path safely, or cannot make the trial.
pub(super) async fn tried(
    cx: &Context<'_>,
    host: &Target,
    files: &[(&str, &[u8])],
    script: &'static str,
    arguments: &[&str],
) -> Result<RemoteOutput, Failure> {
    let mut stdin = Vec::new();
    for (path, bytes) in files {
        HostPlace::must_be_roots(&cx.lines(), host, path).await?;
        stdin.extend(format!("{}\n", bytes.len()).into_bytes());
        stdin.extend_from_slice(bytes);
    }
    let count = files.len().to_string();
    let all = [script, &count].into_iter().chain(files.iter().map(|(path, _)| *path)).chain(arguments.iter().copied());
    let output = cx.run(host, RemoteCommand::root_script(TRIAL, all).stdin(stdin)).await?;
    if output.status == NOT_TRIED {
        return Err(Failure::refused(format!("the edit cannot be tried on {host} before it is made"))
            .cause(output.stderr)
            .advise("root must be able to make a mount namespace there: see `sudo unshare --mount true`"));
    }
    Ok(output)
}

#[cfg(test)]
mod tests {
    use super::super::attacks::{is_root, root};
    use super::*;
    use std::fs;
    use std::path::Path;
    use std::process::Output;

    fn tried(script: &str, files: &[(&Path, &str)], arguments: &[&str]) -> Output {
        let stdin: String = files.iter().map(|(_, text)| format!("{}\n{text}", text.len())).collect();
        let mut argv = ["sh", "-euc", TRIAL, "runbook", script].map(str::to_owned).to_vec();
        argv.push(files.len().to_string());
        argv.extend(files.iter().map(|(path, _)| path.display().to_string()));
        argv.extend(arguments.iter().map(|&word| word.to_owned()));
        root(&argv, stdin.as_bytes())
    }

    #[test]
    fn one_command_sees_it_and_nothing_of_it_is_left() {
        if !is_root("action::host::scratch::tests::one_command_sees_it_and_nothing_of_it_is_left") {
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::create_dir(at("a b")).unwrap();
        for (name, text) in [("a b/old.conf", "old"), ("a b/other.conf", "other"), ("main.conf", "main")] {
            fs::write(at(name), text).unwrap();
        }
        let files = [
            (at("a b/old.conf"), "new\nof it"),
            (at("a b/none.conf"), "was not there"),
            (at("a b/also none.conf"), ""),
            (at("main.conf"), "new main\n"),
        ];
        let files: Vec<(&Path, &str)> = files.iter().map(|(path, text)| (path.as_path(), *text)).collect();
        let script = r#"cd "$1"; for f in */*.conf *.conf; do echo "[$f: $(cat "$f")]"; done
                        grep -o '/run/runbook-trial-[A-Za-z0-9]*' /proc/self/mountinfo | head -1; exit 7"#;
        let output = tried(script, &files, &[&dir.path().display().to_string()]);
        let told = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(7), "{}", String::from_utf8_lossy(&output.stderr));
        let (seen, folder) = told.trim_end().rsplit_once('\n').unwrap();
        assert_eq!(
            seen,
            "[a b/also none.conf: ]\n[a b/none.conf: was not there]\n[a b/old.conf: new\nof it]\n[a b/other.conf: other]\n\
             [main.conf: new main]"
        );
        assert!(folder.starts_with("/run/runbook-trial-") && !Path::new(folder).exists(), "{folder}");
        assert_eq!(fs::read_to_string(at("a b/old.conf")).unwrap(), "old");
        assert_eq!(fs::read_to_string(at("main.conf")).unwrap(), "main");
        assert_eq!(fs::read_dir(at("a b")).unwrap().count(), 2);
    }

    #[test]
    fn what_does_not_arrive_whole_is_not_tried() {
        if !is_root("action::host::scratch::tests::what_does_not_arrive_whole_is_not_tried") {
            return;
        }
        let file = tempfile::NamedTempFile::new().unwrap();
        let argv = ["sh", "-euc", TRIAL, "runbook", "echo tried", "1", &file.path().display().to_string()];
        let output = root(&argv.map(str::to_owned), b"10\nshort");
        assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(NOT_TRIED), b"".as_slice()));
        assert!(String::from_utf8_lossy(&output.stderr).contains("not everything arrived"));
    }
}
