//! A claim on a host: of several runs one has it, it is found again, and given back by its own run alone.

use super::bench::{Deed, Host};
use runbook::model::{FailureKind, Found, Phase};
use serde_json::json;
use std::process::Command;

fn claim(host: &Host) -> Deed<'_> {
    host.deed("host.claim", json!({ "on": host.target() }))
}

fn release(host: &Host) -> Deed<'_> {
    let mut release = host.deed("host.release", json!({ "on": host.target() }));
    release.call.action = "step-nine/release".parse().unwrap();
    release
}

fn of_another_run<'a>(mut deed: Deed<'a>) -> Deed<'a> {
    deed.call.run = "r20260202-000000-othr".parse().unwrap();
    deed.call.by = "otto".into();
    deed
}

#[tokio::test]
async fn one_run_has_it_and_the_other_is_told_who() {
    let host = Host::start();
    let mut ours = claim(&host);
    let seen = ours.observe().await;
    assert_eq!((seen.found, seen.facts["`the claim` on web-1"].as_str()), (Found::Absent, "none"));
    ours.apply().await;
    assert!(ours.verify().await.contains("is claimed by this run, in /"));
    let again = ours.observe().await;
    assert_eq!((again.found, again.ours), (Found::Holds, true), "{again:?}");
    ours.apply().await;

    let mut theirs = of_another_run(claim(&host));
    for phase in [Phase::Observe, Phase::Apply] {
        let refused = theirs.fails(phase).await;
        assert_eq!(refused.kind, FailureKind::Refused, "{refused:?}");
        assert!(refused.message.contains("is being worked on by run `r20260101-000000-test`"), "{refused:?}");
        let cause = &refused.causes[0];
        assert!(
            cause.starts_with("of runbook `move`, opened by hana on ") && cause.contains("; claimed since 20"),
            "{cause}"
        );
        assert!(format!("{:?}", refused.advice).contains("rm /var/lib/runbook/claim"), "{refused:?}");
    }
    let told = theirs.undo().await;
    assert!(told.contains("is claimed by run `r20260101-000000-test` now"), "{told}");
    assert_eq!(claim(&host).observe().await.found, Found::Holds, "somebody else's undo takes nothing away");

    for _ in 0..2 {
        assert_eq!(ours.undo().await, "web-1 is claimed by nobody");
    }
    theirs.call.generation = 1;
    theirs.apply().await;
    assert!(claim(&host).fails(Phase::Observe).await.message.contains("r20260202-000000-othr"));
}

#[tokio::test]
async fn it_is_given_back_and_claimed_again_by_its_own_run() {
    let host = Host::start();
    claim(&host).apply().await;
    let mut release = release(&host);
    assert_eq!(release.observe().await.found, Found::Absent);
    release.apply().await;
    assert_eq!(release.verify().await, "web-1 is claimed by nobody");
    // The executor died before it knew: what is to be undone is in the before-image.
    let mut dead = self::release(&host);
    dead.call.before = json!({ "ours": true });
    assert_eq!(dead.phase(Phase::Undo).await, dead.phase(Phase::Undo).await);
    assert_eq!(claim(&host).observe().await.found, Found::Holds);
    release.apply().await;
    let mut never = self::release(&host);
    assert_eq!(never.observe().await.found, Found::Holds, "nothing is to be given back");
    assert!(never.undo().await.contains("was not claimed by this run before"));

    of_another_run(claim(&host)).apply().await;
    let taken_over = self::release(&host).fails(Phase::Observe).await;
    assert!(taken_over.causes[1].contains("somebody has taken it over"), "{taken_over:?}");
    dead.call.before = json!({ "ours": true });
    assert_eq!(dead.fails(Phase::Undo).await.kind, FailureKind::Refused);
}

#[tokio::test]
async fn what_comes_late_of_a_claim_that_was_taken_back_leaves_nothing() {
    let host = Host::start();
    let mut late = claim(&host);
    late.observe().await;
    late.undo().await;
    let refused = late.fails(Phase::Apply).await;
    assert_eq!(refused.kind, FailureKind::Transient, "{refused:?}");
    assert_eq!(claim(&host).observe().await.found, Found::Absent);
    // The deed after the undo is another.
    late.call.generation = 1;
    late.apply().await;
    assert_eq!(claim(&host).observe().await.found, Found::Holds);
}

/// The folder of a user: what others could put there is no claim.
#[test]
fn a_users_claim_lies_in_a_folder_that_is_theirs_alone() {
    let script =
        concat!(include_str!("../../../src/action/kept_folder.sh"), include_str!("../../../src/action/host/claim.sh"));
    for shell in [&["dash"][..], &["bash", "--posix"], &["busybox", "sh"]] {
        let home = tempfile::tempdir().unwrap();
        let place = home.path().join("runbook").display().to_string();
        let ask = |words: &[&str]| {
            let mut command = Command::new(shell[0]);
            let output = command.args(&shell[1..]).args(["-c", script, &place]).args(words).output().unwrap();
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
            (output.status.code(), text(&output.stdout), text(&output.stderr))
        };
        assert_eq!(ask(&["look"]), (Some(0), place.clone(), String::new()), "{shell:?}");
        // Of many one has it, and each is told which.
        let told: Vec<String> = std::thread::scope(|scope| {
            let ask = &ask;
            let all: Vec<_> = (0..12)
                .map(|n| {
                    scope.spawn(move || {
                        let (run, text) = (format!("r{n}"), format!("run=r{n} by=hana"));
                        ask(&["take", &run, &text, &format!("t{n}")]).1
                    })
                })
                .collect();
            all.into_iter().map(|it| it.join().unwrap()).collect()
        });
        assert!(told.iter().all(|it| *it == told[0]) && told[0].contains("run=r"), "{shell:?}: {told:?}");
        let holder = told[0].split("run=").nth(1).unwrap().split(' ').next().unwrap().to_owned();
        let other = if holder == "r1" { "r2" } else { "r1" };
        assert_eq!(ask(&["give", other, "x"]).1, told[0], "another's stays");

        // Killed with another's claim moved aside: the next question of that run puts it back.
        let folder = home.path().join("runbook");
        std::fs::rename(folder.join("claim"), folder.join(format!("claim.{other}.7"))).unwrap();
        assert_eq!(ask(&["give", other, "x"]).1, told[0], "{shell:?}");
        // Killed with one's own moved aside: it is given back.
        std::fs::rename(folder.join("claim"), folder.join(format!("claim.{holder}.7"))).unwrap();
        assert_eq!(ask(&["give", &holder, "y"]).1, place, "{shell:?}");
        assert!(
            !std::fs::read_dir(&folder).unwrap().any(|it| it
                .unwrap()
                .file_name()
                .to_string_lossy()
                .starts_with("claim"))
        );

        // A folder into which others can put names proves nothing.
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o777);
        std::fs::set_permissions(&folder, open).unwrap();
        let refused = ask(&["take", "r1", "run=r1", "z"]);
        assert!(refused.0 == Some(70) && refused.2.contains("others can put names"), "{refused:?}");
    }
}
