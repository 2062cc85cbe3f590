//! Processes of a service's program that systemd knows nothing of.
//!
//! `certbot --nginx` and `certbot renew` start nginx themselves when they find it stopped (`certbot-nginx`, `nginx_restart` in
//! configurator.py: `nginx -s reload`, and `nginx` where that fails). systemd then calls the service inactive while it serves. What
//! does not run for systemd is therefore looked for among the processes: by the file that they run (/proc/PID/exe, same device
//! and inode), so that a container's program of the same name is none.
//!
//! What is in the service's own control group is a leftover of the service itself (cron's jobs, whose unit has
//! `KillMode=process`), not a stray. Not found: strays of a service whose program is an interpreter, for all its scripts look alike.

use super::systemd::Unit;
use crate::access::RemoteCommand;
use crate::action::Context;
use crate::model::{Failure, Service, Target};

/// `$1` the unit. Prints the program, then of each of its processes outside the unit: its id, its user's id and its control group's last name.
const STRAYS: &str = r#"
told=$(systemctl show -p Id -p ExecStart -- "$1")
unit= path=
while IFS= read -r line; do
  case $line in
    Id=*) unit=${line#Id=};;
    ExecStart=*path=*) path=${line#*path=} path=${path%% *};;
  esac
done <<TOLD
$told
TOLD
if [ ! "$path" ] || [ ! -x "$path" ]; then exit 0; fi
real=$(readlink -f -- "$path")
case ${real##*/} in
  sh | dash | bash | busybox | env | python* | perl* | ruby* | node* | java | php | php[0-9] | php[0-9].[0-9]) exit 0;;
esac
echo "$path"
file=$(stat -L -c %d:%i -- "$path")
{ stat -L -c '%d:%i %n' /proc/[0-9]*/exe 2>/dev/null || true; } | while read -r it name; do
  [ "$it" = "$file" ] || continue
  process=${name%/exe}
  group=$(cat "$process/cgroup" 2>/dev/null) || continue
  case $group/ in */"$unit"/*) continue;; esac
  group=${group%%
*}
  echo "${process#/proc/} $(stat -c %u "$process") ${group##*/}"
done
"#;

/// What runs of a service that does not run for systemd.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Strays {
    program: String,
    /// Process id, user's id, control group.
    processes: Vec<(u32, u32, String)>,
}

impl Strays {
    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let program = lines.next()?.to_owned();
        let processes: Vec<_> = lines
            .filter_map(|line| {
                let mut words = line.splitn(3, ' ');
                let (pid, user) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
                Some((pid, user, words.next().unwrap_or_default().to_owned()))
            })
            .collect();
        (!processes.is_empty()).then_some(Self { program, processes })
    }

    fn refusal(&self, service: &Service, host: &Target) -> Failure {
        let failure = Failure::refused(format!(
            "`{service}` on {host} runs, though systemd calls it stopped: systemd did not start it and cannot stop it"
        ));
        let shown = self.processes.iter().take(3).map(|(pid, user, group)| {
            let group = if group.is_empty() { String::new() } else { format!(", in `{group}`") };
            format!("process {pid} runs `{}` as user {user}{group}", self.program)
        });
        let pids: Vec<String> = self.processes.iter().map(|(pid, ..)| pid.to_string()).collect();
        shown.fold(failure, Failure::cause).advise(format!(
            "see what started it (`certbot` does, when it renews); end it and let systemd start it on {}: `sudo kill -QUIT {}`, \
             then `sudo systemctl start {service}`",
            host.name,
            pids.join(" ")
        ))
    }
}

/// That a unit which is stopped for systemd does not run all the same.
///
/// # Errors
/// Refused with the processes, or when there is no answer.
pub(super) async fn must_be_none(
    cx: &Context<'_>,
    host: &Target,
    service: &Service,
    unit: &Unit,
) -> Result<(), Failure> {
    if !unit.exists || !unit.is_stopped() {
        return Ok(());
    }
    let command = RemoteCommand::root_script(STRAYS, [service.as_str()]);
    let told = cx.run_ok(host, command, &format!("looking for processes of `{service}`")).await?;
    Strays::parse(&told).map_or(Ok(()), |strays| Err(strays.refusal(service, host)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Decode;

    #[test]
    fn strays_are_told_with_what_ends_them() {
        assert_eq!(Strays::parse(""), None);
        assert_eq!(Strays::parse("/usr/sbin/nginx\n"), None);
        let strays = Strays::parse("/usr/sbin/nginx\n77 0 certbot.service\n78 33 certbot.service\n79 0 \n").unwrap();
        let host: Target = Target::decode(&serde_json::json!({"name": "web-1", "host": "127.0.0.1"}).into()).unwrap();
        let failure = strays.refusal(&Service::try_from("nginx".to_owned()).unwrap(), &host);
        assert_eq!(failure.causes[0], "process 77 runs `/usr/sbin/nginx` as user 0, in `certbot.service`");
        assert_eq!(failure.causes[2], "process 79 runs `/usr/sbin/nginx` as user 0");
        assert!(failure.by_hand()[0].contains("`sudo kill -QUIT 77 78 79`, then `sudo systemctl start nginx`"));
    }
}
