//! `ssh.console-keys`: whether a clone of a host will show its SSH host keys on its console.
//!
//! cloud-init's module `keys_to_console` prints them, once an instance, unless `ssh: { emit_keys_to_console: false }` is set
//! (cloud-init's reference, module "Keys to Console"). Where it will not, the run would wait for them with the site down.
//! What a clone's own user data says is not known here.

use super::{Examine, Seen};
use crate::access::RemoteCommand;
use crate::action::Lines;
use crate::model::{Failure, SshConsoleKeys};

const ROW: &str = "shown";

/// Says in words what speaks against it, one a line; at the end `looked`. Only words leave the host: user data may hold secrets.
const LOOK: &str = r#"
if [ ! -e /etc/cloud/cloud.cfg ]; then echo absent; echo looked; exit 0; fi
if [ -e /etc/cloud/cloud-init.disabled ] || grep -qs 'cloud-init=disabled' /proc/cmdline; then echo disabled; fi
for file in /etc/cloud/cloud.cfg /etc/cloud/cloud.cfg.d/*.cfg /var/lib/cloud/instance/cloud-config.txt; do
  [ -e "$file" ] || continue
  sed 's/#.*//' "$file"
done | awk '
  tolower($0) ~ /keys[-_]to[-_]console/ && tolower($0) !~ /emit_keys_to_console/ { module = 1 }
  tolower($0) ~ /emit_keys_to_console["\047]?[ \t]*:[ \t]*["\047]?(false|no|off|0)/ { off = 1 }
  END { if (!module) print "no-module"; if (off) print "off" }'
echo looked
"#;

impl Examine for SshConsoleKeys {
    const PERMISSIONS: &'static [&'static str] = &[];

    async fn examine(&self, lines: &Lines<'_>) -> Result<Vec<Seen>, Failure> {
        if self.by.as_str() != "console" {
            return Ok(vec![Seen::pass(ROW, format!("they are learned by `{}`, not from the console", self.by))]);
        }
        let command = RemoteCommand::root_script(LOOK, [""; 0]);
        let told = lines.run_ok(&self.on, command, "looking at cloud-init's configuration").await?;
        Ok(vec![judged(&self.on.name, self.input.as_str(), &told)])
    }
}

fn judged(host: &str, input: &str, told: &str) -> Seen {
    let words: Vec<&str> = told.lines().collect();
    let why = match words.as_slice() {
        ["looked"] => return Seen::pass(ROW, format!("cloud-init on {host} shows host keys on the console")),
        [.., "looked"] if words.contains(&"absent") => "there is no cloud-init".to_owned(),
        [.., "looked"] if words.contains(&"disabled") => "cloud-init is disabled".to_owned(),
        [.., "looked"] if words.contains(&"off") => "cloud-init is told `emit_keys_to_console: false`".to_owned(),
        [.., "looked"] => "cloud-init's module `keys_to_console` is not in its configuration".to_owned(),
        _ => return Seen::not_checkable(ROW, format!("cloud-init's configuration on {host} was not understood")),
    };
    Seen::refuse(ROW, format!("{why} on {host}: a clone of it will not show its SSH host keys on its console"))
        .advise(format!("set the input `{input}` to `approve`: a person then compares the clone's key"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::CheckVerdict::{NotCheckable, Pass, Refuse};
    use std::process::Command;

    #[test]
    fn each_way_to_show_nothing_is_told() {
        assert_eq!(judged("web-1", "key", "looked").verdict, Pass);
        for (told, words) in [
            ("absent\nlooked", "no cloud-init"),
            ("disabled\nlooked", "is disabled"),
            ("off\nlooked", "emit_keys_to_console"),
            ("no-module\nlooked", "keys_to_console"),
        ] {
            let seen = judged("web-1", "key", told);
            assert!(seen.verdict == Refuse && seen.evidence.contains(words), "{seen:?}");
            assert!(seen.advice[0].contains("`key` to `approve`"), "{seen:?}");
        }
        assert_eq!(judged("web-1", "key", "").verdict, NotCheckable);
    }

    /// The look's own script, with its files elsewhere.
    #[test]
    fn the_look_reads_configurations_as_people_write_them() {
        let stock = "cloud_final_modules:\n - ssh_authkey_fingerprints\n - keys_to_console\n";
        for (own, told) in [
            ("", "looked\n"),
            ("ssh:\n  emit_keys_to_console: false\n", "off\nlooked\n"),
            ("ssh: { \"emit_keys_to_console\": 'No' }\n", "off\nlooked\n"),
            ("# ssh: { emit_keys_to_console: false }\n", "looked\n"),
            ("ssh:\n  emit_keys_to_console: true\n", "looked\n"),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let root = folder.path().display().to_string();
            std::fs::create_dir_all(folder.path().join("etc/cloud/cloud.cfg.d")).unwrap();
            std::fs::write(folder.path().join("etc/cloud/cloud.cfg"), stock).unwrap();
            std::fs::write(folder.path().join("etc/cloud/cloud.cfg.d/99-own.cfg"), own).unwrap();
            let script = LOOK.replace("/etc/cloud", &format!("{root}/etc/cloud"));
            let output = Command::new("sh").args(["-euc", &script]).output().unwrap();
            assert_eq!(String::from_utf8_lossy(&output.stdout), told, "{own}");
        }
    }
}
