//! Services, processes and cron.

use super::bench::Host;
use runbook::model::{FailureKind, Found, Phase};
use serde_json::json;
use std::fs;
use std::process::{Command, Stdio};

#[tokio::test]
async fn a_service_is_stopped_and_comes_back_as_it_was() {
    let host = Host::start();
    host.unit("certbot.timer", &["active", "enabled"]);
    let mut deed = host.deed("service.stop", json!({"on": host.target(), "service": "certbot.timer", "disable": true}));
    assert_eq!(deed.observe().await.found, Found::Absent);
    deed.apply().await;
    deed.verify().await;
    // In doubt: it is looked at again, and what was found first stays the before-image.
    let again = deed.observe().await;
    assert!(again.found == Found::Holds && again.ours);
    assert_eq!(again.before, json!({"exists": true, "active": true, "enabled": true}));
    deed.undo().await;
    deed.undo().await;
    assert_eq!(
        host.systemctl_log(),
        [
            "stop certbot.timer",
            "disable certbot.timer",
            "enable certbot.timer",
            "start certbot.timer",
            "start certbot.timer"
        ]
    );
}

#[tokio::test]
async fn an_undone_stop_restarts_what_a_boot_started_already() {
    let host = Host::start();
    host.unit("nginx", &["active", "enabled"]);
    let mut deed = host.deed("service.stop", json!({"on": host.target(), "service": "nginx"}));
    deed.observe().await;
    deed.apply().await;
    host.unit("nginx", &["active"]);
    deed.undo().await;
    assert_eq!(host.systemctl_log(), ["stop nginx", "restart nginx"]);
}

#[tokio::test]
async fn what_runs_without_systemd_is_refused_by_name() {
    let host = Host::start();
    // Its own program file, so that nobody else's process runs it.
    let program = host.path("server");
    fs::copy("/bin/sleep", &program).unwrap();
    host.unit("nginx", &["enabled"]);
    let exec = format!("ExecStart={{ path={0} ; argv[]={0} 60 ; ignore_errors=no ; }}\n", program.display());
    fs::write(host.path("units/nginx/exec"), exec).unwrap();
    let parameters = json!({"on": host.target(), "service": "nginx"});
    assert_eq!(host.deed("service.stop", parameters.clone()).observe().await.found, Found::Holds, "nothing runs");

    let mut stray = Command::new(&program).arg("60").spawn().unwrap();
    for (kind, phase) in
        [("service.stop", Phase::Observe), ("service.stop", Phase::Verify), ("service.restart", Phase::Observe)]
    {
        let failure = host.deed(kind, parameters.clone()).fails(phase).await;
        assert_eq!(failure.kind, FailureKind::Refused, "{kind}: {failure:?}");
        let process = format!("process {} runs `{}` as user", stray.id(), program.display());
        assert!(failure.causes[0].starts_with(&process), "{kind}: {failure:?}");
        assert!(failure.by_hand()[0].contains("systemctl start nginx"), "{kind}: {failure:?}");
    }
    // For systemd it runs: then its processes are no strays.
    host.unit("nginx", &["active"]);
    assert_eq!(host.deed("service.stop", parameters).observe().await.found, Found::Absent);
    stray.kill().unwrap();
    stray.wait().unwrap();
}

#[tokio::test]
async fn a_missing_service_is_fine_only_where_it_may_be_missing() {
    let host = Host::start();
    let mut may = host.deed("service.stop", json!({"on": host.target(), "service": "nothing", "missing_ok": true}));
    let finding = may.observe().await;
    assert_eq!(finding.found, Found::Holds);
    assert!(may.undo().await.contains("no service"));
    let failure =
        host.deed("service.stop", json!({"on": host.target(), "service": "nothing"})).fails(Phase::Observe).await;
    assert_eq!(failure.kind, FailureKind::Refused);
}

#[tokio::test]
async fn a_restart_in_doubt_is_told_by_the_main_process() {
    let host = Host::start();
    host.unit("nginx", &["active"]);
    fs::write(host.path("units/nginx/starts"), "41").unwrap();
    let mut deed = host.deed("service.restart", json!({"on": host.target(), "service": "nginx"}));
    assert_eq!(deed.observe().await.found, Found::Absent);
    assert_eq!(deed.observe().await.found, Found::Absent);
    deed.apply().await;
    let again = deed.observe().await;
    assert!(again.found == Found::Holds && again.ours, "{again:?}");
    deed.verify().await;
}

#[tokio::test]
async fn a_restart_of_what_was_stopped_is_taken_back() {
    let host = Host::start();
    host.unit("nginx", &[]);
    let mut deed = host.deed("service.restart", json!({"on": host.target(), "service": "nginx"}));
    deed.observe().await;
    deed.apply().await;
    deed.verify().await;
    // In doubt: what was found first counts.
    deed.observe().await;
    assert!(deed.undo().await.contains("inactive"));
    deed.undo().await;
    host.unit("php", &["active"]);
    let mut deed = host.deed("service.restart", json!({"on": host.target(), "service": "php"}));
    deed.observe().await;
    deed.apply().await;
    deed.verify().await;
    deed.undo().await;
    assert_eq!(host.systemctl_log(), ["restart nginx", "stop nginx", "restart php"]);
}

#[tokio::test]
async fn a_service_that_is_started_starts_at_boot_where_that_is_asked_for() {
    let host = Host::start();
    let deed =
        |service: &str| host.deed("service.start", json!({"on": host.target(), "service": service, "enable": true}));
    // Neither, only the one, only the other, both.
    for (service, units, found, log) in [
        ("a", &[][..], Found::Absent, &["enable a", "start a", "disable a", "stop a"][..]),
        ("b", &["active"], Found::Absent, &["enable b", "start b", "disable b"]),
        ("c", &["enabled"], Found::Absent, &["enable c", "start c", "stop c"]),
        ("d", &["active", "enabled"], Found::Holds, &[]),
    ] {
        host.unit(service, units);
        let mut deed = deed(service);
        assert_eq!(deed.observe().await.found, found, "{service}");
        if found == Found::Absent {
            deed.apply().await;
        }
        deed.verify().await;
        let again = deed.observe().await;
        assert!(again.found == Found::Holds && again.ours == (found == Found::Absent), "{service}: {again:?}");
        assert_eq!(again.facts[&format!("`{service}` on web-1")], "runs, starts at boot");
        deed.undo().await;
        deed.undo().await;
        let all = host.systemctl_log();
        let its: Vec<&String> = all.iter().filter(|line| line.ends_with(&format!(" {service}"))).collect();
        assert_eq!(its, log, "{service}");
    }
    // What an earlier version has noted: it did not ask whether it starts at boot, and did not change it.
    host.unit("e", &["active", "enabled"]);
    let mut old = deed("e");
    old.call.before = json!({"active": false});
    old.undo().await;
    assert_eq!(host.systemctl_log().last().unwrap(), "stop e");
}

/// A unit whose file has changed is read anew before it is started, restarted or reloaded, and only then.
#[tokio::test]
async fn systemd_reads_a_changed_unit_before_it_starts_it() {
    for (kind, verb, units) in [
        ("service.start", "start", &["stale"][..]),
        ("service.restart", "restart", &["active", "stale"]),
        ("service.reload", "reload", &["active", "stale"]),
    ] {
        let host = Host::start();
        host.unit("redis", units);
        host.unit("nginx", units);
        let deed = |service: &str| host.deed(kind, json!({"on": host.target(), "service": service}));
        for service in ["redis", "nginx"] {
            let mut deed = deed(service);
            deed.observe().await;
            deed.apply().await;
        }
        assert_eq!(host.systemctl_log(), ["daemon-reload ", &format!("{verb} redis"), &format!("{verb} nginx")]);
    }
}

#[tokio::test]
async fn a_service_is_started_and_stopped_again_only_by_who_started_it() {
    let host = Host::start();
    host.unit("nginx", &["active"]);
    host.unit("redis", &[]);
    let deed = |service: &str| host.deed("service.start", json!({"on": host.target(), "service": service}));
    let mut runs = deed("nginx");
    let finding = runs.observe().await;
    assert!(finding.found == Found::Holds && !finding.ours, "{finding:?}");
    runs.verify().await;
    assert!(runs.undo().await.contains("ran before"));

    let mut stopped = deed("redis");
    let finding = stopped.observe().await;
    assert_eq!(finding.found, Found::Absent);
    assert_eq!(finding.facts["`redis` on web-1"], "does not run");
    stopped.apply().await;
    stopped.verify().await;
    let again = stopped.observe().await;
    assert!(again.found == Found::Holds && again.ours, "{again:?}");
    assert_eq!(again.before, json!({"active": false, "enabled": false}));
    stopped.undo().await;
    stopped.undo().await;
    assert_eq!(host.systemctl_log(), ["start redis", "stop redis"]);
    assert_eq!(deed("nothing").fails(Phase::Observe).await.kind, FailureKind::Refused);
}

#[tokio::test]
async fn a_change_is_taken_by_a_restart_once_on_each_way() {
    let host = Host::start();
    host.unit("app", &["active"]);
    fs::create_dir(host.path("2.0")).unwrap();
    let link = json!({"on": host.target(), "path": host.text("current"), "to": "2.0", "restart": "app"});
    let write = json!({"on": host.target(), "path": host.text("app.conf"), "content": "x", "restart": "app"});
    for (generation, (kind, with)) in (0..).zip([("file.link", link), ("file.write", write)]) {
        let restarts = || host.systemctl_log().iter().filter(|line| *line == "restart app").count();
        let before = restarts();
        let mut deed = host.deed(kind, with);
        deed.call.generation = generation;
        let seen = deed.observe().await;
        assert!(format!("{:?}", seen.changes).contains("restart"), "the plan says so: {seen:?}");
        deed.apply().await;
        deed.verify().await;
        assert_eq!(restarts() - before, 1, "{kind}");
        // Died between the change and the restart, as far as anybody knows: once more.
        deed.call.outputs.clear();
        assert_eq!(deed.observe().await.found, Found::Holds);
        deed.verify().await;
        assert_eq!(restarts() - before, 2, "{kind}");
        deed.undo().await;
        assert_eq!(restarts() - before, 3, "{kind}");
    }
}

#[tokio::test]
async fn a_service_is_reloaded_while_it_runs() {
    let host = Host::start();
    host.unit("nginx", &["active"]);
    host.unit("php8.2-fpm", &[]);
    let deed = |service: &str| host.deed("service.reload", json!({"on": host.target(), "service": service}));
    let mut runs = deed("nginx");
    assert_eq!(runs.observe().await.found, Found::Absent);
    runs.apply().await;
    runs.verify().await;
    runs.undo().await;
    assert_eq!(host.systemctl_log(), ["reload nginx"]);

    // One that does not run may be started before its turn comes; not so here.
    let mut stopped = deed("php8.2-fpm");
    assert_eq!(stopped.observe().await.found, Found::Absent);
    let failure = stopped.fails(Phase::Apply).await;
    assert!(failure.by_hand().iter().any(|it| it.contains("journalctl -u php8.2-fpm")), "{failure:?}");

    // One whose unit knows no reload.
    fs::write(host.path("units/nginx/exec"), "CanReload=no\n").unwrap();
    let failure = deed("nginx").fails(Phase::Observe).await;
    assert!(failure.by_hand()[0].contains("service.restart"), "{failure:?}");
    assert_eq!(deed("nothing").fails(Phase::Observe).await.kind, FailureKind::Refused);
}

#[tokio::test]
async fn a_process_is_waited_for_and_the_search_does_not_find_itself() {
    let host = Host::start();
    let text = format!("{}/cron.php", host.text("nextcloud"));
    let mut deed = host.deed("process.wait-gone", json!({"on": host.target(), "command": text}));
    assert_eq!(deed.observe().await.found, Found::Holds);
    // It ends when it is told to, however long the looks take.
    let mut job = Command::new("sh");
    job.args(["-c", "read line; :", &text]).stdin(Stdio::piped()).stdout(Stdio::null());
    let mut job = job.spawn().unwrap();
    assert_eq!(deed.observe().await.found, Found::Absent);
    deed.call.deadline_s = 0;
    let failure = deed.fails(Phase::Verify).await;
    assert!(failure.kind == FailureKind::Deadline && failure.causes[0].contains(&job.id().to_string()), "{failure:?}");
    deed.call.deadline_s = 20;
    let reaper = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(500));
        drop(job.stdin.take());
        job.wait().unwrap()
    });
    deed.verify().await;
    reaper.join().unwrap();
}

#[tokio::test]
async fn cron_is_active_once_or_it_is_told_where_else() {
    let host = Host::start();
    let line = "*/5 * * * * www-data php -f /var/www/html/nextcloud/cron.php\n";
    let parameters = json!({
        "active_on": host.target(), "quiet_on": [], "file": "/etc/cron.d/nextcloud-cron-php", "command": "nextcloud/cron.php",
    });
    let mut deed = host.deed("cron.verify-single", parameters.clone());
    assert!(deed.fails(Phase::Verify).await.causes[0].contains("is not on web-1"));
    fs::write(host.path("cron.d/.nextcloud-cron-php"), line).unwrap();
    fs::write(host.path("cron.d/nextcloud-cron-php"), format!("#{line}")).unwrap();
    assert!(deed.fails(Phase::Verify).await.causes[0].contains("does not start"));
    fs::write(host.path("cron.d/nextcloud-cron-php"), line).unwrap();
    deed.verify().await;
    assert_eq!(deed.observe().await.found, Found::Holds);

    fs::write(host.path("spool/cron/crontabs/www-data"), line).unwrap();
    host.unit("nextcloud.timer", &["enabled"]);
    host.unit("nextcloud.service", &[]);
    fs::write(host.path("units/nextcloud.service/unit"), "[Service]\nExecStart=php /srv/nextcloud/cron.php\n").unwrap();
    let failure = deed.fails(Phase::Verify).await;
    assert_eq!(failure.causes.len(), 2, "{failure:?}");
    assert!(failure.causes[0].contains("crontabs/www-data") && failure.causes[1].contains("nextcloud.timer"));

    let mut quiet = host.deed("cron.verify-single", {
        let mut both = parameters;
        both["quiet_on"] = json!([host.target()]);
        both
    });
    assert!(quiet.fails(Phase::Verify).await.causes.iter().any(|c| c.contains("is active on web-1 too")));
}
