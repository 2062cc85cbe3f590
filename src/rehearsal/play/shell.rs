//! A shell of the operator's inside the lab, for typing `runbook ...` oneself.

use crate::rehearsal::error::RehearsalError;
use crate::rehearsal::file::write;
use crate::rehearsal::region::Region;

/// What the shell reads when it starts: the prompt, ssh with the operator's configuration (it would take the home from the
/// user database), completions, and what can be typed first.
fn start(region: &Region, commands: &str) -> String {
    let hosts = region.world().hosts.keys();
    let hosts: String = hosts.map(|name| format!("  {:<46}  a shell on {name}\n", format!("ssh {name}"))).collect();
    let site = region.world().site.as_ref().map(|site| format!("curl -sI {}", region.names().fill(&site.url)));
    let site = site.map(|typed| format!("  {typed:<46}  the site as its users see it\n")).unwrap_or_default();
    format!(
        r#"PS1='lab:\w\$ '
PROMPT_DIRTRIM=2
HISTFILE=
ssh() {{ command ssh -F "$RUNBOOK_SSH_CONFIG" "$@"; }}
source <(runbook completions bash)
cat <<'HELP'

You are the operator. This shell has the account's credentials, an SSH key,
the runbook's inputs (inputs.yaml) and `runbook`:

{commands}{hosts}{site}
`exit` ends the lab and all that is in it.

HELP
"#
    )
}

/// Opens it, and returns when it ends. `commands` says what can be typed, a line each.
pub(in crate::rehearsal) async fn open(
    region: &Region,
    commands: &str,
    say: &(dyn Fn(&str) + Sync),
) -> Result<(), RehearsalError> {
    let file = region.folder().join("home/.bashrc");
    write(&file, start(region, commands))?;
    say("the lab is ready");
    let mut shell = region.command(&["bash", "--rcfile", &file.display().to_string(), "-i"]);
    let unstartable = |source| RehearsalError::ProgramUnstartable { program: "bash".into(), source };
    shell.status().await.map_err(unstartable)?;
    Ok(())
}
