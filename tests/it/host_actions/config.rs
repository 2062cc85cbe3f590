//! `config.php` is judged by the host's own php before anything is stopped: while a plan is made, and without a trace.

use super::bench::{Deed, Host};
use runbook::model::{FailureKind, Found, Phase};
use serde_json::json;
use std::fs;
use std::path::Path;

fn host_with(config: impl AsRef<[u8]>) -> Host {
    let host = Host::start();
    fs::create_dir(host.path("config")).unwrap();
    fs::write(host.path("config/config.php"), config).unwrap();
    host
}

fn set_config<'a>(host: &'a Host, file: &str) -> Deed<'a> {
    let parameters = json!({
        "on": host.target(), "file": host.text(file),
        "set": {"overwriteprotocol": "https", "overwritehost": "cloud.nextcloud.example"},
        "append": {"trusted_proxies": ["10.77.0.0/16"]},
    });
    host.deed("php.set-config", parameters)
}

fn fixture(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/php").join(name)).unwrap()
}

/// What is in a folder, with the times: of reading as well as of writing names.
fn trace(folder: &Path) -> Vec<(String, std::time::SystemTime)> {
    let mut all: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            (entry.file_name().into_string().unwrap(), entry.metadata().unwrap().modified().unwrap())
        })
        .collect();
    all.push((".".into(), fs::metadata(folder).unwrap().modified().unwrap()));
    all.sort();
    all
}

#[tokio::test]
async fn what_nextcloud_reads_is_edited_and_comes_back() {
    for name in [
        "closing-tag.php",
        "byte-order-mark.php",
        "numbers-as-texts.php",
        "folder.php",
        "functions.php",
        "nextcloud-29.php",
    ] {
        let before = fixture(name);
        let host = host_with(&before);
        let was = trace(&host.path("config"));
        let mut deed = set_config(&host, "config/config.php");
        assert_eq!(deed.observe().await.found, Found::Absent, "{name}");
        assert_eq!(trace(&host.path("config")), was, "{name}: looking writes nothing");
        deed.apply().await;
        deed.verify().await;
        assert_eq!(deed.observe().await.found, Found::Holds, "{name}");
        deed.undo().await;
        assert_eq!(fs::read(host.path("config/config.php")).unwrap(), before, "{name}");
    }
}

#[tokio::test]
async fn settings_that_keep_ours_from_their_effect_are_refused_beforehand() {
    for (name, why) in [
        (
            "condition-of-one-proxy.php",
            "`overwritecondaddr`: it does not match all of 10.77.0.0/16, e.g. not 10.77.0.0",
        ),
        ("other-headers.php", "`forwarded_for_headers`: it names others"),
        ("headers-of-a-cdn.php", "`forwarded_for_headers`: it names others"),
    ] {
        let host = host_with(fixture(name));
        let failure = set_config(&host, "config/config.php").fails(Phase::Observe).await;
        assert_eq!(failure.kind, FailureKind::Refused, "{name}");
        assert!(failure.causes.iter().any(|cause| cause.starts_with(why)), "{name}: {failure:?}");
        assert!(failure.by_hand().iter().any(|advice| advice.starts_with("take `")), "{name}: {failure:?}");
    }
    // What matches the balancer's addresses does no harm; nor does a file that holds all of it already keep one that does.
    let host = host_with(fixture("condition-of-private-networks.php"));
    assert_eq!(set_config(&host, "config/config.php").observe().await.found, Found::Absent);
    let all = "<?php\n$CONFIG = ['overwriteprotocol' => 'https', 'overwritehost' => 'cloud.nextcloud.example',\n\
               'trusted_proxies' => ['10.77.0.0/16'], 'overwritecondaddr' => '^192\\.0\\.2\\.1$'];\n";
    fs::write(host.path("config/config.php"), all).unwrap();
    let failure = set_config(&host, "config/config.php").fails(Phase::Observe).await;
    assert!(failure.causes[0].contains("does not match all of 10.77.0.0/16"), "{failure:?}");
}

#[tokio::test]
async fn later_files_are_read_as_nextcloud_reads_them() {
    let plain = "<?php\n$CONFIG = array('installed' => true);\n";
    let host = host_with(plain);
    let put = |name: &str, text: &str| fs::write(host.path("config").join(name), text).unwrap();
    let overriding = "<?php $CONFIG = array('overwritehost' => 'old.nextcloud.example');\n?>\n\nprinted\n";

    // Not read by Nextcloud: hidden, or another ending.
    for name in [".hidden.config.php", "config.php.bak", "xconfig.php", "autoconfig.php"] {
        put(name, overriding);
    }
    assert_eq!(set_config(&host, "config/config.php").observe().await.found, Found::Absent);

    // Read, whatever it prints.
    put("zz.config.php", overriding);
    let failure = set_config(&host, "config/config.php").fails(Phase::Observe).await;
    assert!(failure.causes.iter().any(|cause| cause.ends_with("zz.config.php` sets `overwritehost`")), "{failure:?}");
    put("zz.config.php", "<?php $CONFIG = array('forwarded_for_headers' => array('HTTP_X_REAL_IP'));\n");
    let failure = set_config(&host, "config/config.php").fails(Phase::Observe).await;
    assert!(
        failure.message.contains("zz.config.php") && failure.causes[0].starts_with("`forwarded_for_headers`"),
        "{failure:?}"
    );
    put("zz.config.php", "<?php $CONFIG = array('overwritehost' => );\n");
    let failure = set_config(&host, "config/config.php").fails(Phase::Observe).await;
    assert!(failure.causes[0].contains("php cannot parse it, line 1"), "{failure:?}");

    // Of a file that is itself read late, those after it in natural order.
    put("zz.config.php", plain);
    put("2.config.php", plain);
    put("10.config.php", overriding);
    put("1.config.php", overriding);
    let failure = set_config(&host, "config/2.config.php").fails(Phase::Observe).await;
    assert_eq!(failure.causes.len(), 1, "{failure:?}");
    assert!(failure.causes[0].contains("10.config.php` sets"), "{failure:?}");
    assert_eq!(set_config(&host, "config/10.config.php").fails(Phase::Observe).await.kind, FailureKind::Refused);
    put("10.config.php", plain);
    assert_eq!(set_config(&host, "config/10.config.php").observe().await.found, Found::Absent);
}

#[tokio::test]
async fn an_edit_that_would_change_more_is_refused_without_a_value() {
    // Its own text is part of what it comes to: any edit changes that.
    let host = host_with("<?php\n$CONFIG = array('size' => filesize(__FILE__), 'secret' => 'hunter2');\n");
    let failure = set_config(&host, "config/config.php").fails(Phase::Observe).await;
    assert!(failure.causes.iter().any(|cause| cause == "`size` would change too"), "{failure:?}");
    let host = host_with("<?php\n$CONFIG = array('all' => hash_file('sha256', __FILE__), 'secret' => 'hunter2');\n");
    let failure = set_config(&host, "config/config.php").fails(Phase::Observe).await;
    assert!(failure.causes.iter().any(|cause| cause == "`all` would change too"), "{failure:?}");
    assert!(!format!("{failure:?}").contains("hunter2"));
}
