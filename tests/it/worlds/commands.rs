//! A command of the author's own, on a host with a real systemd that loses its cable and is started anew: it is begun once.

use super::in_regions;
use crate::support::region::{LIMIT, Lab, WITHOUT_GROUPS, eventually, in_a_region_on, region};
use std::time::Duration;

in_regions! { "commands": a_command_is_begun_once_whatever_is_cut_off, busybox_alone_is_enough_for_that }

/// The same on hosts without systemd.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_is_begun_once_on_a_host_without_systemd_too() {
    let test = "worlds::commands::inside::a_command_is_begun_once_whatever_is_cut_off";
    in_a_region_on(WITHOUT_GROUPS, test, LIMIT).await;
}

const RUNBOOK: &str = "
runbook: NAME
title: one long command
about: Its body and its undo count themselves.
targets:
  web: { host: WEB, user: ubuntu }
steps:
  - id: deed
    title: do something long
    why: Something may be cut off meanwhile.
    actions:
      - id: long
        do: ssh.run
        with:
          on: web
          sudo: true
          argv: [sh, -c, 'readlink /proc/$$/exe >/var/tmp/NAME-shell; echo x >>/var/tmp/NAME; sleep SECONDS; echo end >>/var/tmp/NAME-end']
          undo: [sh, -c, 'echo x >>/var/tmp/NAME-undo; sleep SECONDS']
";

async fn counts(lab: &Lab, web: &str, file: &str) -> usize {
    lab.on(web, &format!("cat /var/tmp/{file} 2>/dev/null || :")).await.lines().count()
}

async fn has_begun(lab: &Lab, file: &str) {
    let web = lab.account().instance.clone();
    eventually("it has begun", || async {
        lab.region.host(&web)?.disk(&format!("/var/tmp/{file}")).exists().then_some(())
    })
    .await;
}

/// A host on which nothing is found over SSH, and through sudo, but busybox's shell and tools.
const BUSYBOX_ALONE: &str = "mkdir /opt/busybox; busybox --install -s /opt/busybox; ln -s /usr/bin/sudo /opt/busybox/
    echo 'SetEnv PATH=/opt/busybox' >/etc/ssh/sshd_config.d/10-busybox.conf
    echo 'Defaults secure_path=/opt/busybox' >/etc/sudoers.d/10-busybox
    systemctl restart ssh";

async fn killed(mut child: tokio::process::Child) {
    child.kill().await.unwrap();
}

mod inside {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "runs inside a region"]
    async fn a_command_is_begun_once_whatever_is_cut_off() {
        region(async |lab| begun_once(lab, "/usr/bin/dash", lab.region.without_systemd().is_none()).await).await;
    }

    /// Without `systemd-run`, among others.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "runs inside a region"]
    async fn busybox_alone_is_enough_for_that() {
        region(async |lab| {
            lab.on(&lab.account().instance, BUSYBOX_ALONE).await;
            begun_once(lab, "/usr/bin/busybox", false).await;
        })
        .await;
    }

    /// With this shell on the host; apart from the login, where there is a systemd to ask for that.
    async fn begun_once(lab: &Lab, shell: &str, apart: bool) {
        let web = lab.account().instance.clone();
        let address = lab.account().public_ip.to_string();
        let book = |name: &str, seconds: &str| {
            let text = RUNBOOK.replace("WEB", &address).replace("NAME", name).replace("SECONDS", seconds);
            lab.write_home(&format!("{name}.yaml"), &text);
        };

        // The cable: nobody is told, and ssh finds out by itself. It runs apart from the login, in a scope of its own.
        book("cable", "15");
        let child = lab.begins(&["run", "cable.yaml", "--yes"]);
        has_begun(lab, "cable").await;
        let groups = lab.on(&web, "cat /proc/$(pgrep -nx sleep)/cgroup").await;
        assert_eq!(groups.contains("/runbook-") && groups.contains(".scope"), apart, "{groups}");
        lab.region.cut(&web).await.unwrap();
        tokio::time::sleep(Duration::from_secs(22)).await;
        lab.region.uncut(&web).await.unwrap();
        lab.end_of(child).await.exits(0).says("finished");
        assert_eq!((counts(lab, &web, "cable").await, counts(lab, &web, "cable-end").await), (1, 1));
        assert_eq!(lab.on(&web, "cat /var/tmp/cable-shell").await.trim(), shell);

        // The executor, in the undo.
        let child = lab.begins(&["rollback", "--to", "start", "--yes"]);
        has_begun(lab, "cable-undo").await;
        killed(child).await;
        lab.types(&["resume"]).await.exits(0);
        assert_eq!(counts(lab, &web, "cable-undo").await, 1);

        // The host, with the executor: its systemd ended the command, which is known, and it is not begun again.
        book("host", "30");
        let child = lab.begins(&["run", "host.yaml", "--yes"]);
        has_begun(lab, "host").await;
        killed(child).await;
        lab.on(&web, "touch /run/before; reboot").await;
        is_up_again(lab, &web).await;
        // A failure where the journal has that it had begun, else a doubt at once.
        let resumed = lab.types(&["resume"]).await;
        if apart {
            resumed.says("exit status 143").says("15 (TERM)");
        }
        lab.types(&["resume"]).await.exits(4).says("the runbook does not call it `repeatable`");
        assert_eq!((counts(lab, &web, "host").await, counts(lab, &web, "host-end").await), (1, 0));
        // Half done as it is, a rollback takes it back.
        lab.types(&["rollback", "--to", "start", "--yes"]).await.exits(0);
        assert_eq!(counts(lab, &web, "host-undo").await, 1);

        // Its power, which leaves nobody the time to write anything down: it is gone without a trace, and not begun again.
        book("power", "30");
        let child = lab.begins(&["run", "power.yaml", "--yes"]);
        has_begun(lab, "power").await;
        reset(lab, &web).await;
        // It may have looked while the host was coming up: then it is not known at all, and looked for once more.
        lab.end_of(child).await;
        lab.types(&["resume"]).await.exits(4).says("the runbook does not call it `repeatable`");
        assert_eq!((counts(lab, &web, "power").await, counts(lab, &web, "power-end").await), (1, 0));
        // In the undo, too, it is not begun again by itself: a person is told, and decides.
        let child = lab.begins(&["rollback", "--to", "start", "--yes"]);
        has_begun(lab, "power-undo").await;
        reset(lab, &web).await;
        let mut told = lab.end_of(child).await;
        if !told.stderr.contains("gone") && !told.stdout.contains("gone") {
            told = lab.types(&["resume"]).await;
        }
        told.exits(1).says("gone").says("runs it once more").says("take it back by hand");
        assert_eq!(counts(lab, &web, "power-undo").await, 1);
        lab.types(&["resume"]).await.exits(0);
        assert_eq!(counts(lab, &web, "power-undo").await, 2);
    }

    async fn reset(lab: &Lab, web: &str) {
        lab.on(web, "touch /run/before").await;
        lab.region.reset(web).unwrap();
        is_up_again(lab, web).await;
    }

    async fn is_up_again(lab: &Lab, web: &str) {
        eventually("the host is up again", || async {
            let look = ["sh", "-c", "[ ! -e /run/before ] && systemctl is-active ssh"];
            let up = lab.region.host(web)?.command(&look)?.output().await.ok()?;
            (up.stdout == b"active\n").then_some(())
        })
        .await;
    }
}
