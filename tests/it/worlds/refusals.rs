//! What is refused before anything was changed: exit code 3 (2 for bad inputs), the reason, the resource, what to type.

use super::in_regions;
use super::operator::{RUN, Ran, golden};
use crate::support::region::{Lab, eventually, region};
use aws_sdk_ec2::types::{AttributeBooleanValue, AttributeValue, Tag};
use serde_json::json;
use std::time::Duration;
use tokio::process::Command;

in_regions! {
    "refusals":
    what_is_typed_wrong,
    a_host_that_cannot_be_used,
    a_host_that_is_not_as_expected,
    an_account_with_surprises,
}

/// A region in which nothing may be changed.
struct Watch<'a> {
    lab: &'a Lab,
    files: Option<String>,
}

impl<'a> Watch<'a> {
    /// Remembers how things are; `host` whether the web server can be looked at.
    async fn begin(lab: &'a Lab, host: bool) -> Self {
        lab.forget_calls().await;
        let files = if host { Some(lab.files().await) } else { None };
        Self { lab, files }
    }

    /// Types the command, expects the refusal, compares the words, and looks whether anything was changed.
    async fn refused(&self, name: &str, code: i32, command: Command) -> Ran {
        let ran = self.lab.ends(command).await.exits(code);
        golden(self.lab, name, &ran.stderr);
        let reads = ["Describe", "Get", "List"];
        let changing = |call: &String| {
            let (_, action) = call.split_once(':').unwrap();
            !reads.iter().any(|verb| action.starts_with(verb))
        };
        let changes: Vec<String> = self.lab.calls().await.into_iter().filter(changing).collect();
        assert_eq!(changes, Vec::<String>::new(), "{name}: calls that change the account");
        if let Some(files) = &self.files {
            let now = self.lab.files().await;
            let new: Vec<&str> = now.lines().filter(|line| !files.lines().any(|l| l == *line)).collect();
            let gone: Vec<&str> = files.lines().filter(|line| !now.lines().any(|l| l == *line)).collect();
            assert!(new.is_empty() && gone.is_empty(), "{name}: files of the web server: {new:?}, were {gone:?}");
        }
        let journal = self.lab.types(&["--format", "json", "runs"]).await.exits(0).stdout;
        assert_eq!(journal.trim(), "[]", "{name}: a run was opened");
        ran
    }
}

fn set<'a>(more: &'a [&'a str]) -> Vec<&'a str> {
    RUN.iter().chain(more).copied().collect()
}

mod inside {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "runs inside a region"]
    async fn what_is_typed_wrong() {
        region(async |lab| {
            lab.write_inputs();
            let watch = Watch::begin(lab, true).await;
            let run = |more: &[&str]| lab.runbook(&set(more));
            watch.refused("region-invalid", 2, run(&["--set", "region=Oregon"])).await;
            watch.refused("region-other", 3, run(&["--set", "region=eu-west-1"])).await;
            watch.refused("instance-unknown", 3, run(&["--set", "instance=i-0123456789abcdef0"])).await;
            watch.refused("db-unknown", 3, run(&["--set", "db_instance=other-db"])).await;
            watch.refused("nginx-file-missing", 3, run(&["--set", "nginx_file=/etc/nginx/conf.d/site.conf"])).await;
            let mut no_password = run(&[]);
            no_password.env_remove("NEXTCLOUD_PASSWORD");
            watch.refused("password-not-set", 3, no_password).await;
            // A plan refuses for the same reasons.
            let mut plan =
                lab.runbook(&["plan", "single-to-ha", "--inputs", "site.yaml", "--set", "db_instance=other-db"]);
            plan.stdout(std::process::Stdio::null());
            watch.refused("db-unknown", 3, plan).await;

            lab.configure(json!({ "enforce_iam": true })).await;
            let mut wrong = run(&[]);
            wrong.env("AWS_ACCESS_KEY_ID", "AKIANOBODYKNOWSTHIS0");
            watch.refused("credentials-wrong", 3, wrong).await;
            let mut none = run(&[]);
            none.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
            watch.refused("credentials-missing", 3, none).await;
        })
        .await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "runs inside a region"]
    async fn a_host_that_cannot_be_used() {
        region(async |lab| {
            lab.write_inputs();
            let web = lab.account().instance.clone();
            let watch = Watch::begin(lab, false).await;
            lab.region.cut(&web).await.unwrap();
            // While the neighbour's address is remembered, what is sent to it is lost without a word: whether a connection
            // is refused or times out would depend on when it was last used.
            let forgotten = tokio::process::Command::new("ip").args(["neigh", "flush", "all"]).status().await.unwrap();
            assert!(forgotten.success(), "the neighbour's address is forgotten");
            let ran = watch.refused("host-unreachable", 3, lab.runbook(RUN)).await;
            assert!(ran.took < Duration::from_secs(60), "an operator waited {:?}", ran.took);
            lab.region.uncut(&web).await.unwrap();
            eventually("the cable is in again", || async {
                tokio::net::TcpStream::connect((lab.account().public_ip, 22)).await.ok()
            })
            .await;

            let watch = Watch::begin(lab, true).await;
            let known_hosts = lab.region.folder().join("home/.ssh/known_hosts");
            let right = std::fs::read_to_string(&known_hosts).unwrap();
            std::fs::write(&known_hosts, "").unwrap();
            watch.refused("host-key-unknown", 3, lab.runbook(RUN)).await;
            let other = "AAAAC3NzaC1lZDI1NTE5AAAAIJ0+SiC5+DESuJeK4oB13Rd2n0mq7RzJggqxe0M46Y0c";
            std::fs::write(&known_hosts, format!("{} ssh-ed25519 {other}\n", lab.account().public_ip)).unwrap();
            watch.refused("host-key-wrong", 3, lab.runbook(RUN)).await;
            std::fs::write(&known_hosts, right).unwrap();

            let user = set(&["--set", "ssh_user=nobody-here"]);
            watch.refused("login-refused", 3, lab.runbook(&user)).await;

            lab.on(&web, "sed -i 's/NOPASSWD://' $(grep -rl NOPASSWD /etc/sudoers /etc/sudoers.d)").await;
            let watch = Watch::begin(lab, true).await;
            watch.refused("sudo-asks", 3, lab.runbook(RUN)).await;
        })
        .await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "runs inside a region"]
    async fn a_host_that_is_not_as_expected() {
        region(async |lab| {
            lab.write_inputs();
            let web = lab.account().instance.clone();
            let cases = [
                (
                    "nginx-loops",
                    "sed -i 's|^\\( *\\)root .*|&\\n\\1if ($scheme = http) { return 301 https://$host$request_uri; }|' /etc/nginx/conf.d/nextcloud.conf",
                ),
                ("nginx-broken", "echo 'no_such_directive on;' >>/etc/nginx/conf.d/nextcloud.conf"),
                ("cron-both-names", "cp /etc/cron.d/nextcloud-cron-php /etc/cron.d/.nextcloud-cron-php"),
                ("cron-no-name", "rm /etc/cron.d/nextcloud-cron-php"),
                (
                    "config-overridden",
                    "echo '<?php $CONFIG = array(\"overwritehost\" => \"other.example\");' \
                     >/var/www/html/nextcloud/config/proxy.config.php",
                ),
                (
                    "config-computed",
                    "echo '$CONFIG[\"overwritehost\"] = gethostname();' >>/var/www/html/nextcloud/config/config.php",
                ),
            ];
            for (name, breaks) in cases {
                lab.on(&web, "rm -rf /run/keep; mkdir /run/keep; cp -a --parents /etc/nginx /etc/cron.d /var/www/html/nextcloud/config /run/keep").await;
                // php reads again what it keeps of a file only after a while (opcache.revalidate_freq): by then, not by chance.
                lab.on(&web, &format!("{breaks}; systemctl restart php8.2-fpm")).await;
                let watch = Watch::begin(lab, true).await;
                watch.refused(name, 3, lab.runbook(RUN)).await;
                lab.on(&web, "rm -rf /etc/nginx/conf.d /etc/cron.d /var/www/html/nextcloud/config; cp -a /run/keep/. /").await;
            }
        })
        .await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "runs inside a region"]
    async fn an_account_with_surprises() {
        region(async |lab| {
            lab.write_inputs();
            let id = lab.account().instance.clone();
            let attribute = || lab.aws.ec2.modify_instance_attribute().instance_id(&id);
            let flag = |on| AttributeBooleanValue::builder().value(on).build();
            let behaviour = |text: &str| AttributeValue::builder().value(text).build();
            let tag = |key: &str, value: &str| Tag::builder().key(key).value(value).build();

            attribute().instance_initiated_shutdown_behavior(behaviour("terminate")).send().await.unwrap();
            Watch::begin(lab, true).await.refused("shutdown-terminates", 3, lab.runbook(RUN)).await;
            attribute().instance_initiated_shutdown_behavior(behaviour("stop")).send().await.unwrap();

            attribute().disable_api_stop(flag(true)).send().await.unwrap();
            Watch::begin(lab, true).await.refused("stop-protected", 3, lab.runbook(RUN)).await;
            attribute().disable_api_stop(flag(false)).send().await.unwrap();

            // AWS lets nobody set such a key but itself.
            let fleet = async |name: serde_json::Value| {
                let told = json!({ "id": id, "aws_tags": { "aws:autoscaling:groupName": name } });
                lab.region.emulator().call("POST", "/plus/instance", Some(told)).await.unwrap();
            };
            fleet(json!("web-fleet")).await;
            Watch::begin(lab, true).await.refused("auto-scaling", 3, lab.runbook(RUN)).await;
            fleet(json!(null)).await;

            let claim = tag("runbook:claim", "r20260101-000000-abcd");
            lab.aws.ec2.create_tags().resources(&id).tags(claim.clone()).send().await.unwrap();
            Watch::begin(lab, true).await.refused("claimed", 3, lab.runbook(RUN)).await;
            lab.aws.ec2.delete_tags().resources(&id).tags(claim).send().await.unwrap();

            let db = &lab.account().db;
            let change = lab.aws.rds.modify_db_instance().db_instance_identifier(db).allocated_storage(40);
            change.apply_immediately(false).send().await.unwrap();
            Watch::begin(lab, true).await.refused("db-pending", 3, lab.runbook(RUN)).await;
        })
        .await;
    }
}
