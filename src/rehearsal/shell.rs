//! A shell of the operator's inside the lab.

use super::error::RehearsalError;
use super::region::Region;
use super::spec::write;
use super::under_test::own_program;

/// What the shell reads when it starts: the prompt, and what can be typed first.
const START: &str = r#"PS1='lab:\w\$ '
PROMPT_DIRTRIM=2
cat <<'HELP'

You are the operator of a site on one server; this shell has its credentials, its SSH key and `runbook`.

  runbook plan single-to-ha --inputs site.yaml     what would be done
  runbook run single-to-ha --inputs site.yaml      do it (Ctrl-C once: it rests after the running action)
  runbook status | resume | rollback --to step-5 | log
  ssh 10.77.1.4                                     look at the server itself

`exit` ends the lab.

HELP
"#;

/// Opens it, and returns when it ends.
pub(super) async fn open(region: &Region, say: &(dyn Fn(&str) + Sync)) -> Result<(), RehearsalError> {
    let own = own_program()?;
    let folder = own.parent().map(|p| p.display().to_string()).unwrap_or_default();
    let path = format!("{folder}:{}", region.environment().get("PATH").cloned().unwrap_or_default());
    let start = region.folder().join("home/.bashrc");
    write(&start, START)?;
    say("a shell inside the lab");
    let mut shell = region.command(&["bash", "--rcfile", &start.display().to_string(), "-i"]);
    let unstartable = |source| RehearsalError::ProgramUnstartable { program: "bash".into(), source };
    shell.env("PATH", path).status().await.map_err(unstartable)?;
    Ok(())
}
