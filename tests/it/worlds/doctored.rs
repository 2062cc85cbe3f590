//! The rows of the flagship's world can fail: the world is made another in one way after the other, and the right row says so.
//! A rehearsal sees by itself that what must hold after the run did not hold before it; here are those that hold at the start.

use super::in_regions;
use crate::support::region::{Lab, region};
use runbook::rehearsal::{VerdictRow, Witness};

in_regions! { "doctored": each_way }

/// Whether exactly these rows fail.
#[track_caller]
fn fail(rows: &[VerdictRow], wanted: &[&str], how: &str) {
    let failed: Vec<&str> = rows.iter().filter(|row| !row.ok).map(|row| row.what.as_str()).collect();
    assert_eq!(failed, wanted, "{how}: {rows:#?}");
}

impl Lab {
    /// Makes the server another, looks, and makes it as it was.
    async fn doctored(&self, witness: &Witness, change: &str, back: &str, wanted: &[&str]) {
        let web = self.account().instance;
        self.on(&web, change).await;
        fail(&witness.rows(&self.region).await.unwrap(), wanted, change);
        self.on(&web, back).await;
    }
}

mod inside {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "runs inside a region"]
    async fn each_way() {
        region(async |lab| {
            let witness = Witness::of(&lab.region).await.unwrap();
            fail(&witness.rows(&lab.region).await.unwrap(), &[], "nothing was done");
            let host = "nextcloud-web-1 is as at the start";
            let (site, nginx) = ("/etc/nginx/conf.d/nextcloud.conf", "nginx's file is as at the start");
            let config = "/var/www/html/nextcloud/config/config.php";
            for (change, back, wanted) in [
                (
                    format!("touch -d 2001-01-01 {site}"),
                    format!("touch -r /root/before/nextcloud.conf {site}"),
                    &[nginx, host][..],
                ),
                (
                    format!("echo '# x' >>{site}; touch -r /root/before/nextcloud.conf {site}"),
                    format!("cp -a /root/before/nextcloud.conf {site}"),
                    &[nginx, host],
                ),
                (
                    format!("chmod 600 {config}; chown root {config}"),
                    format!("cp -a /root/before/config.php {config}"),
                    &["config.php is as at the start", host],
                ),
                ("touch /etc/nginx/conf.d/left".into(), "rm /etc/nginx/conf.d/left".into(), &[host]),
                (
                    "systemctl disable --now certbot.timer".into(),
                    "systemctl enable --now certbot.timer".into(),
                    &[host],
                ),
                (
                    "mv /etc/cron.d/nextcloud-cron-php /etc/cron.d/.nextcloud-cron-php".into(),
                    "mv /etc/cron.d/.nextcloud-cron-php /etc/cron.d/nextcloud-cron-php".into(),
                    &["cron is active on the server", host],
                ),
                (
                    "cp -a /etc/cron.d/nextcloud-cron-php /etc/cron.d/.nextcloud-cron-php".into(),
                    "rm /etc/cron.d/.nextcloud-cron-php".into(),
                    &["cron is active on the server", host],
                ),
                ("systemctl stop nginx".into(), "systemctl start nginx".into(), &["the site answers at its name"]),
            ] {
                lab.doctored(&witness, &change, &back, wanted).await;
            }
            the_account(lab, &witness).await;
            the_end_is_another(lab).await;
        })
        .await;
    }

    async fn the_account(lab: &Lab, witness: &Witness) {
        let account = "the account is as at the start";
        lab.consistent().await;
        let group = lab.aws.ec2.create_security_group().group_name("left").description("left");
        let group = group.vpc_id(lab.account().vpc).send().await.unwrap();
        fail(&witness.rows(&lab.region).await.unwrap(), &[account], "a group is left");
        lab.aws.ec2.delete_security_group().group_id(group.group_id().unwrap()).send().await.unwrap();
        let tag = aws_sdk_ec2::types::Tag::builder().key("runbook:claim").value("r1").build();
        let web = lab.account().instance;
        lab.aws.ec2.create_tags().resources(&web).tags(tag.clone()).send().await.unwrap();
        fail(&witness.rows(&lab.region).await.unwrap(), &[account], "a mark is left");
        lab.aws.ec2.delete_tags().resources(&web).tags(tag).send().await.unwrap();
        let asked = lab.aws.acm.request_certificate().domain_name("left.nextcloud.example").send().await.unwrap();
        fail(&witness.rows(&lab.region).await.unwrap(), &["no certificate", account], "a certificate is left");
        let arn = asked.certificate_arn().unwrap();
        lab.aws.acm.delete_certificate().certificate_arn(arn).send().await.unwrap();
        fail(&witness.rows(&lab.region).await.unwrap(), &[], "all is as it was");
    }

    /// What says of itself that it holds before the run, too, can fail: here in a world in which nothing of that is so.
    async fn the_end_is_another(lab: &Lab) {
        let web = lab.account().instance;
        let script = "systemctl stop nginx; mv /etc/cron.d/nextcloud-cron-php /root; \
            sed -i \"s/'dbpassword' => '/&x/\" /var/www/html/nextcloud/config/config.php";
        lab.on(&web, script).await;
        let rows = Witness::rows_at_the_end(&lab.region).await.unwrap();
        let held: Vec<&str> = rows.iter().filter(|row| row.ok).map(|row| row.what.as_str()).collect();
        assert!(rows.len() > 20, "{rows:#?}");
        assert_eq!(held, ["nothing bears the mark of a run"], "{rows:#?}");
    }
}
