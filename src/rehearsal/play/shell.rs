//! A shell of the operator's inside the lab, for typing `runbook ...` oneself.

use crate::rehearsal::error::RehearsalError;
use crate::rehearsal::file::write;
use crate::rehearsal::play::under_test::own_program;
use crate::rehearsal::region::Region;

/// What the shell reads when it starts: the prompt, ssh with the operator's configuration (it would take the home from the
/// user database), completions, and what can be typed first.
fn start(region: &Region, commands: &str) -> String {
    let ssh = format!("ssh {}", region.account().public_ip);
    let curl = format!("curl -skI https://{}/", region.account().fqdn);
    format!(
        r#"PS1='lab:\w\$ '
PROMPT_DIRTRIM=2
HISTFILE=
ssh() {{ command ssh -F "$RUNBOOK_SSH_CONFIG" "$@"; }}
source <(runbook completions bash)
cat <<'HELP'

You are the operator of a site on one server. This shell has the account's
credentials, an SSH key, the inputs of the cutover (site.yaml) and `runbook`:

{commands}  {ssh:<46}  the server itself
  {curl:<46}  the site as its users see it

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
    let own = own_program()?;
    let folder = own.parent().map(|p| p.display().to_string()).unwrap_or_default();
    let path = format!("{folder}:{}", region.environment().get("PATH").cloned().unwrap_or_default());
    let file = region.folder().join("home/.bashrc");
    write(&file, start(region, commands))?;
    say("the lab is ready");
    let mut shell = region.command(&["bash", "--rcfile", &file.display().to_string(), "-i"]);
    let unstartable = |source| RehearsalError::ProgramUnstartable { program: "bash".into(), source };
    shell.env("PATH", path).status().await.map_err(unstartable)?;
    Ok(())
}
