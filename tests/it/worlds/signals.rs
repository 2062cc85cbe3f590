//! Signals to the real process while it waits, and a cable that is pulled.

use super::in_regions;
use super::operator::{RUN, Ran};
use crate::support::region::{Lab, eventually, region};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::process::Child;

in_regions! { "signals": an_operator_interrupts, a_cable_is_pulled }

fn send(child: &Child, signal: Signal) {
    kill_process(Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap()).unwrap(), signal).unwrap();
}

/// Lets the command come to its wait, sends the signals, and answers what it said; `release` lets the wait end.
async fn interrupted(lab: &Lab, child: Child, signals: &[Signal], release: bool) -> (Ran, Duration) {
    lab.waits_for_the_database().await;
    let began = Instant::now();
    for signal in signals {
        send(&child, *signal);
        tokio::time::sleep(Duration::from_millis(400)).await;
    }
    if release {
        lab.end_conversions().await;
    }
    let ran = lab.end_of(child).await.exits(130).says("runbook resume");
    (ran, began.elapsed())
}

mod inside {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "runs inside a region"]
    async fn an_operator_interrupts() {
        region(async |lab| {
            lab.write_inputs();
            lab.configure(json!({ "rds_ticks": 600 })).await;
            let child = lab.begins(RUN);
            eventually("the database is being converted", || async {
                (lab.count("rds:ModifyDBInstance").await > 0).then_some(())
            })
            .await;
            // Twice: it stops waiting, and says what is not finished.
            let (ran, took) = interrupted(lab, child, &[Signal::INT, Signal::INT], false).await;
            assert!(took < Duration::from_secs(30), "{took:?}");
            ran.says("rds-multi-az/multi-az");
            lab.types(&["status"]).await.exits(0).says("interrupted");

            // Once: the running action ends first, and nothing after it is begun.
            for (at, signal) in [Signal::TERM, Signal::HUP].into_iter().enumerate() {
                let child = lab.begins(&["resume"]);
                let release = at == 1;
                if !release {
                    // A terminal that goes away says nothing twice; the second signal makes it stop waiting.
                    let (ran, _) = interrupted(lab, child, &[signal, Signal::INT], false).await;
                    ran.says("rds-multi-az/multi-az");
                    continue;
                }
                let (ran, _) = interrupted(lab, child, &[signal], release).await;
                assert!(!ran.said().contains("rds-multi-az/multi-az is not"), "{}", ran.said());
                assert_eq!(lab.count("ec2:CreateImage").await, 0, "nothing further was begun");
            }
            // SIGINT once, in the wait for the image.
            let child = lab.begins(&["resume"]);
            eventually("the image is being made", || async { (lab.count("ec2:CreateImage").await > 0).then_some(()) })
                .await;
            send(&child, Signal::INT);
            lab.end_of(child).await.exits(130).says("runbook resume");
            assert_eq!(lab.count("ec2:RunInstances").await, 0, "nothing further was begun");

            // SIGTERM once, while the clone comes up.
            let child = lab.begins(&["resume"]);
            eventually("the clone comes up", || async { (lab.count("ec2:RunInstances").await > 0).then_some(()) })
                .await;
            send(&child, Signal::TERM);
            lab.end_of(child).await.exits(130).says("runbook resume");
            assert_eq!(lab.count("elbv2:CreateLoadBalancer").await, 0, "nothing further was begun");

            lab.types(&["resume"]).await.exits(0).says("finished");
            for call in ["rds:ModifyDBInstance", "ec2:CreateImage", "ec2:RunInstances", "elbv2:CreateLoadBalancer"] {
                assert_eq!(lab.count(call).await, 1, "{call}");
            }
        })
        .await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "runs inside a region"]
    async fn a_cable_is_pulled() {
        region(async |lab| {
            lab.write_inputs();
            let web = lab.account().instance.clone();
            // A job that holds step-1 up.
            lab.on(&web, "setsid -f sh -c 'exec -a nextcloud/cron.php sleep 60' >/dev/null 2>&1 </dev/null || true").await;
            lab.on(&web, "(exec -a /var/www/html/nextcloud/cron.php sleep 60 >/dev/null 2>&1 </dev/null &)").await;
            let child = lab.begins(RUN);
            eventually("the cron file is hidden", || async {
                let host = lab.region.host(&web)?;
                host.disk("/etc/cron.d/.nextcloud-cron-php").exists().then_some(())
            })
            .await;
            tokio::time::sleep(Duration::from_millis(1500)).await;
            lab.region.cut(&web).await.unwrap();
            tokio::time::sleep(Duration::from_secs(20)).await;
            lab.region.uncut(&web).await.unwrap();
            lab.on(&web, "for d in /proc/[0-9]*; do if tr '\\0' ' ' <$d/cmdline 2>/dev/null | grep -q '^[^ ]*nextcloud/cron.php'; then kill ${d#/proc/}; fi; done; true").await;
            let ran = lab.end_of(child).await;
            if ran.code != Some(0) {
                let ran = ran.exits(1);
                assert!(ran.said().contains("runbook resume"), "{}", ran.said());
                lab.types(&["resume"]).await.exits(0);
            }
            for call in ["ec2:CreateImage", "ec2:RunInstances", "elbv2:CreateLoadBalancer"] {
                assert_eq!(lab.count(call).await, 1, "{call}");
            }
        })
        .await;
    }
}
