//! A site, used as its users use it: the lab's stand-in of a Nextcloud under real php, behind real nginx with TLS.

use super::checks::check;
use super::stand_in::{APP_PASSWORD, NAME, PASSWORD, StandIn};
use runbook::model::{CheckVerdict, Failure, FailureKind, Found, Phase, Value};
use serde_json::json;
use std::fs;

const FILE: &str = "runbook-check-r20260101-000000-test-deed";

#[tokio::test]
async fn a_site_is_used_from_login_to_logout() {
    let site = StandIn::start(77, true);
    let through = || json!({"through": [site.host.target()]});
    // One logs in by an address of e-mail; the files are under the id.
    let mut good = site.check("anna@example.org", PASSWORD, &through());
    assert_eq!(good.observe().await.found, Found::Absent);
    let evidence = good.verify().await;
    assert!(
        evidence.contains("also through web-1") && evidence.contains("`anna@example.org` (id `anna`)"),
        "{evidence}"
    );
    let log = site.log();
    for (deed, path) in [("PUT", ".txt"), ("DELETE", ".txt"), ("PUT", "-in-chunks.txt")] {
        let seen = log.contains(&format!("{deed} /remote.php/dav/files/anna/{FILE}{path} {NAME}"));
        assert_eq!(seen, path == ".txt", "{deed} {path}: {log}");
    }
    assert_eq!(log.matches(&format!("GET /remote.php/dav/files/anna/{FILE}.txt ")).count(), 2, "{log}");
    let mib = 1024 * 1024;
    for request in [
        format!("PUT /remote.php/dav/files/anna/{FILE}.txt {NAME} {}\n", 2 * mib),
        format!("MKCOL /remote.php/dav/uploads/anna/{FILE} {NAME} 0\n"),
        format!("PUT /remote.php/dav/uploads/anna/{FILE}/1 {NAME} {}\n", 5 * mib),
        format!("PUT /remote.php/dav/uploads/anna/{FILE}/2 {NAME} {mib}\n"),
        format!("MOVE /remote.php/dav/uploads/anna/{FILE}/.file {NAME} 0\n"),
    ] {
        assert!(log.contains(&request), "{request} in {log}");
    }
    assert_eq!(site.kept_files(), [""; 0], "nothing stays, in the trash bin neither");

    // What an earlier attempt left is replaced and removed.
    for left in
        [format!("files/anna/{FILE}.txt"), format!("uploads/anna/{FILE}/.begun"), format!("uploads/anna/{FILE}/7")]
    {
        let path = site.host.path("site/data/store").join(left);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "left").unwrap();
    }
    site.faults(&[json!({"status": 503, "times": 2})]);
    good.verify().await;
    assert_eq!(site.kept_files(), [""; 0]);

    site.faults(&[json!({"method": "GET", "basic": true, "status": 200, "body": "old"})]);
    let failure = good.fails(Phase::Verify).await;
    assert!(failure.message.contains("through web-1"), "{failure:?}");
    assert_eq!(site.kept_files(), [""; 0], "removed although the check failed");

    site.faults(&[json!({"status": 503})]);
    let failure = good.fails(Phase::Verify).await;
    assert!(failure.message.contains("503") && failure.kind == FailureKind::Transient, "{failure:?}");
    site.faults(&[]);

    // WebDAV may refuse what the form takes.
    site.configure("'token_auth_enforced' => true");
    let failure = good.fails(Phase::Verify).await;
    assert!(
        failure.message.contains("through web-1") && failure.by_hand()[0].contains("token_auth_enforced"),
        "{failure:?}"
    );
    site.configure("");
    let mut colon = site.check("an:na", PASSWORD, &through());
    assert_eq!(colon.fails(Phase::Observe).await.kind, FailureKind::Refused, "told before anything begins");

    site.configure("'standin.trashbin' => false");
    good.verify().await;
    assert_eq!(site.kept_files(), [""; 0]);
    expectations(&site).await;
}

/// What each of them says, and what helps; and that the password is sent once and told to nobody.
#[tokio::test]
async fn what_keeps_a_user_out_is_told_by_its_own_name() {
    let site = StandIn::start(78, false);
    let sso = "'standin.sso' => 'https://idp.nextcloud.example/sso'";
    let cases: [(&str, &str, &str, &str, &str); 9] = [
        ("wrong password", "", "anna", "`invalidpassword`", "own password of `anna`"),
        ("app password", "", "anna", "`invalidpassword`", "no app password"),
        ("disabled", "", "bert", "`userdisabled`", "user:enable bert"),
        ("second factor", "", "carl", "/login/selectchallenge", "two-factor"),
        ("unknown name", "'trusted_domains' => array('other.example')", "anna", "answered 400", "trusted_domains"),
        (
            "other name",
            "'overwritehost' => 'old.nextcloud.example'",
            "anna",
            "https://old.nextcloud.example/",
            "overwritehost",
        ),
        ("plain http", "'overwriteprotocol' => 'http'", "anna", "sent to `http://", "overwriteprotocol"),
        ("maintenance", "'maintenance' => true", "anna", "answered 503", "maintenance:mode --off"),
        ("form shown beside single sign-on", sso, "anna", "", ""),
    ];
    for (case, config, user, message, advice) in cases {
        site.configure(config);
        let password = match case {
            "wrong password" => "hunter2",
            "app password" => APP_PASSWORD,
            _ => PASSWORD,
        };
        let before = site.log().matches("POST ").count();
        let mut deed = site.check(user, password, &json!({}));
        let with = json!({
            "fqdn": NAME, "via": site.address, "user": user, "password": {"command": ["printf", "%s", password]},
        });
        if message.is_empty() {
            deed.verify().await;
            let rows = check(&site.host, "nextcloud.login", with).await;
            assert!(rows.iter().all(|row| row.verdict == CheckVerdict::Pass), "{case}: {rows:?}");
            continue;
        }
        let failure = deed.fails(Phase::Verify).await;
        assert!(failure.message.contains(message), "{case}: {failure:?}");
        assert!(failure.by_hand().iter().any(|a| a.contains(advice)), "{case}: {failure:?}");
        assert!(!format!("{failure:?}").contains(password), "{case}: {failure:?}");
        assert!(site.log().matches("POST ").count() - before <= 1, "{case}: sent once");
        site.forgive();
        // The same before a run.
        let rows = check(&site.host, "nextcloud.login", with).await;
        let expected = if case == "maintenance" { CheckVerdict::NotCheckable } else { CheckVerdict::Refuse };
        assert_eq!((rows[0].verdict, rows[1].verdict), (expected, CheckVerdict::NotCheckable), "{case}: {rows:?}");
        assert!(
            rows[0].evidence.contains(message) && rows[0].advice.iter().any(|a| a.contains(advice)),
            "{case}: {rows:?}"
        );
        assert!(!format!("{rows:?}").contains(password), "{case}: {rows:?}");
        site.forgive();
    }
    site.configure("");
    assert_eq!(site.kept_files(), [""; 0], "a look before a run uploads nothing");

    // Sessions that only the node knows that made them, and visitors who are sent to each node in turn.
    site.configure("'standin.sessions' => 'node'");
    site.check("anna", PASSWORD, &json!({})).verify().await;
    let failure = site.check("anna", PASSWORD, &json!({"via": site.two_nodes})).fails(Phase::Verify).await;
    assert!(failure.by_hand().iter().any(|a| a.contains("sticky")), "{failure:?}");
    assert!(!failure.message.contains("password is"), "{failure:?}");

    // Ten refused logins, then one more.
    site.configure("");
    for _ in 0..10 {
        site.check("anna", "hunter2", &json!({})).fails(Phase::Verify).await;
    }
    let failure = site.check("anna", "hunter2", &json!({})).fails(Phase::Verify).await;
    assert!(failure.message.contains("429") && failure.kind == FailureKind::Permanent, "{failure:?}");
    assert!(failure.by_hand()[0].contains("bruteforce:reset"), "{failure:?}");
    site.forgive();
    site.check("Anna", PASSWORD, &json!({})).verify().await;

    // A name and password that WebDAV does not take, known before a run.
    site.configure("'token_auth_enforced' => true");
    let with =
        json!({"fqdn": NAME, "via": site.address, "user": "anna", "password": {"command": ["printf", "%s", PASSWORD]}});
    let rows = check(&site.host, "nextcloud.login", with).await;
    assert_eq!((rows[0].verdict, rows[1].verdict), (CheckVerdict::Pass, CheckVerdict::Refuse), "{rows:?}");
    assert!(rows[1].advice[0].contains("token_auth_enforced"), "{rows:?}");
    let with = json!({"fqdn": NAME, "via": site.address, "user": "anna", "password": {"command": ["false"]}});
    let rows = check(&site.host, "nextcloud.login", with).await;
    assert!(rows.iter().all(|row| row.verdict == CheckVerdict::NotCheckable), "{rows:?}");
}

#[tokio::test]
async fn who_refuses_an_upload_is_told() {
    let site = StandIn::start(79, false);
    let failing = async |via: &str, faults: &[Value]| -> Failure {
        site.faults(faults);
        let failure = site.check("anna", PASSWORD, &json!({"via": via})).fails(Phase::Verify).await;
        site.faults(&[]);
        assert_eq!(site.kept_files(), [""; 0], "{failure:?}");
        failure
    };
    let failure = failing(&site.small, &[]).await;
    assert!(failure.message.contains("upload 2 MiB at once") && failure.message.contains("413"), "{failure:?}");
    assert!(
        failure.message.contains("`Server: nginx/") && failure.by_hand()[0].contains("client_max_body_size"),
        "{failure:?}"
    );

    let waf = json!({"longer": 8192, "status": 403, "server": "awselb/2.0"});
    let failure = failing(&site.address, &[waf]).await;
    assert!(failure.message.contains("403") && failure.message.contains("the balancer itself"), "{failure:?}");
    assert!(failure.by_hand()[0].contains("AWS WAF"), "{failure:?}");

    let chunk = json!({"method": "PUT", "path": "/uploads/", "status": 413});
    let failure = failing(&site.address, &[chunk]).await;
    assert!(failure.message.contains("in 2 chunks, chunk 1 of 5 MiB"), "{failure:?}");

    let methods = json!({"method": "MKCOL", "status": 405, "server": "proxy"});
    assert!(failing(&site.address, &[methods]).await.by_hand()[0].contains("MKCOL"));
    let slow = json!({"method": "MOVE", "status": 504, "server": "awselb/2.0"});
    let failure = failing(&site.address, &[slow]).await;
    assert!(failure.kind == FailureKind::Transient && failure.message.contains("504"), "{failure:?}");
}

async fn expectations(site: &StandIn) {
    let host = &site.host;
    let deed = |more: Value| {
        let mut parameters = json!({"url": "http://127.0.77.1/x", "status": 301});
        parameters.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        host.deed("http.expect", parameters)
    };
    // The balancer writes the port; what is expected need not.
    let mut right = deed(json!({"location": "https://127.0.77.1/x", "also_after_undo": true}));
    assert_eq!(right.observe().await.found, Found::Holds);
    assert!(right.verify().await.contains("301"));
    assert!(right.undo().await.contains("301"));
    let mut wrong = deed(json!({"location": "https://cloud.nextcloud.example/x"}));
    wrong.call.deadline_s = 0;
    assert_eq!(wrong.observe().await.found, Found::Absent);
    let failure = wrong.fails(Phase::Verify).await;
    assert!(failure.kind == FailureKind::Deadline && failure.causes[0].contains("https://127.0.77.1/x"), "{failure:?}");
    // The certificate is for another name.
    let mut untrusted = deed(json!({"url": "https://127.0.77.1/", "status": 200}));
    let seen = untrusted.observe().await;
    assert!(seen.found == Found::Absent && seen.evidence.contains("certificate"), "{}", seen.evidence);
}
