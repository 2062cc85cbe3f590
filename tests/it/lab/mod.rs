//! The rehearsal lab's own promises: hosts, images, balancer and names follow the emulated account, and what runs
//! on the hosts is real.
//!
//! Each test makes a region and runs its second half inside it: the test program executes itself in new
//! namespaces. It needs what `runbook doctor` lists; where that is missing the test fails and says what to type.

mod names;
mod systemd;

use crate::support::region::{LIMIT, Lab, eventually, in_a_region, in_a_region_on, region};
use aws_sdk_acm::types::{CertificateStatus, ValidationMethod};
use aws_sdk_ec2::types::{self as ec2, InstanceStateName, InstanceType, Tag};
use aws_sdk_elasticloadbalancingv2::types as elb;
use aws_sdk_route53::types as dns;
use runbook::access::{Access, HttpOptions, Settings};
use runbook::action::examine;
use runbook::model::CheckVerdict::{Pass, Refuse, Warn};
use runbook::model::{CheckCall, CheckKind, CheckRow, Value};
use runbook::rehearsal::{Prepared, Region, RegionSpec, before};
use serde_json::json;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_before_state_is_a_working_site() {
    in_a_region("lab::inside::the_before_state_is_a_working_site", LIMIT).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hosts_and_images_follow_the_account() {
    in_a_region("lab::inside::hosts_and_images_follow_the_account", LIMIT).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_balancer_serves_what_the_account_says() {
    in_a_region("lab::inside::the_balancer_serves_what_the_account_says", LIMIT).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn security_groups_are_enforced() {
    in_a_region("lab::inside::security_groups_are_enforced", LIMIT).await;
}

/// As systemd-resolved and resolvconf have it: what the link leads to is covered when the region covers `/run`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_region_starts_where_the_resolvers_file_is_a_link_into_run() {
    const CHANGE: &str = "mount -t tmpfs tmpfs /mnt; mkdir /mnt/upper /mnt/work
        mount -t overlay -o lowerdir=/etc,upperdir=/mnt/upper,workdir=/mnt/work overlay /etc
        mount -t tmpfs tmpfs /run; mkdir -p /run/systemd/resolve
        cp /etc/resolv.conf /run/systemd/resolve/stub-resolv.conf
        rm /etc/resolv.conf; ln -s ../run/systemd/resolve/stub-resolv.conf /etc/resolv.conf";
    in_a_region_on(CHANGE, "lab::inside::a_host_changes_nothing_of_the_machine", LIMIT).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_database_is_one_and_fails_over() {
    in_a_region("lab::inside::the_database_is_one_and_fails_over", LIMIT).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_host_starts_by_itself_is_told_before_a_run() {
    in_a_region("lab::inside::what_a_host_starts_by_itself_is_told_before_a_run", LIMIT).await;
}

#[tokio::test]
async fn a_region_does_not_start_on_the_machine_itself() {
    let folder = tempfile::tempdir().unwrap();
    let place = || folder.path().to_path_buf();
    let machine = Prepared { image: place(), database: place(), venv: place(), rootless: false };
    let spec = RegionSpec::new(place(), machine, before());
    let refused = Region::start(&spec, &|_| ()).await.err().expect("it is refused");
    assert!(refused.to_string().contains("namespaces of its own"), "{refused}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "and nothing was written");
}

/// The halves that run inside. Started directly, as root on a machine, they are refused.
mod inside {
    use super::*;

    impl Lab {
        async fn image_of(&self, instance: &str) -> String {
            let made = self.aws.ec2.create_image().instance_id(instance).name("for-clones").send().await.unwrap();
            let image = made.image_id().unwrap().to_owned();
            eventually("image available", || async {
                let found = self.aws.ec2.describe_images().image_ids(&image).send().await.unwrap();
                (found.images()[0].state()?.as_str() == "available").then_some(())
            })
            .await;
            image
        }

        async fn admit(&self, group: &str, port: i32, range: &str) {
            let rule = permission(port).ip_ranges(ec2::IpRange::builder().cidr_ip(range).build()).build();
            let asked = self.aws.ec2.authorize_security_group_ingress().group_id(group).ip_permissions(rule);
            asked.send().await.unwrap();
        }

        async fn admit_no_longer(&self, group: &str, port: i32, range: &str) {
            let rule = permission(port).ip_ranges(ec2::IpRange::builder().cidr_ip(range).build()).build();
            let asked = self.aws.ec2.revoke_security_group_ingress().group_id(group).ip_permissions(rule);
            asked.send().await.unwrap();
        }

        /// Whether somebody outside gets a connection to the web server; a closed port would refuse, a group says nothing.
        async fn is_open(&self, port: u16) -> Option<bool> {
            let address = (self.region.account().public_ip, port);
            let connect = tokio::net::TcpStream::connect(address);
            match tokio::time::timeout(Duration::from_secs(1), connect).await {
                Ok(Ok(_)) => Some(true),
                Ok(Err(_)) => None,
                Err(_) => Some(false),
            }
        }

        async fn clone_of(&self, image: &str) -> String {
            let account = self.region.account();
            let name = Tag::builder().key("Name").value("nextcloud-web-2").build();
            let tags =
                aws_sdk_ec2::types::TagSpecification::builder().resource_type("instance".into()).tags(name).build();
            let made = self.aws.ec2.run_instances().image_id(image).min_count(1).max_count(1);
            let made = made.instance_type(InstanceType::T3Small).subnet_id(&account.subnets["b"]);
            let made = made.security_group_ids(&account.web_group).tag_specifications(tags);
            let clone = made.send().await.unwrap().instances()[0].instance_id().unwrap().to_owned();
            self.reaches(&clone, InstanceStateName::Running).await;
            clone
        }
    }

    /// Root on a host is not the machine's: no clock, kernel modules, ports or devices, and the kernel's settings are read only.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "runs inside a region"]
    async fn a_host_changes_nothing_of_the_machine() {
        region(async |lab| {
            let config = lab.region.environment()["RUNBOOK_SSH_CONFIG"].as_str();
            let address = lab.region.account().public_ip.to_string();
            // Settings are written as they are: where this is not refused, nothing is changed by it.
            let tries = "sudo sh -c 'grep CapBnd /proc/1/status; cd /proc/sys/vm
                cat swappiness >swappiness && echo written; mknod /tmp/zero c 1 5 && echo made; :' 2>/dev/null; hostname";
            let ssh = lab.region.command(&["ssh", "-F", config, &address, tries]).output().await.unwrap();
            let said = String::from_utf8_lossy(&ssh.stdout).into_owned();
            let bounds = said.lines().next().and_then(|line| line.strip_prefix("CapBnd:")).unwrap().trim();
            let bounds = u64::from_str_radix(bounds, 16).unwrap();
            for (name, bit) in [("SYS_MODULE", 16), ("SYS_RAWIO", 17), ("SYS_TIME", 25), ("MKNOD", 27)] {
                assert_eq!(bounds >> bit & 1, 0, "{name}: {said}");
            }
            assert_eq!(bounds >> 22 & 1, 1, "SYS_BOOT: {said}");
            assert_eq!(said.lines().count(), 2, "nothing was written or made: {said}");
            let names = lab.region.command(&["getent", "hosts", &lab.region.account().fqdn]).output().await.unwrap();
            assert!(String::from_utf8_lossy(&names.stdout).contains(&address), "the region's own names are asked");
        })
        .await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "runs inside a region"]
    async fn the_before_state_is_a_working_site() {
        region(async |lab| {
            let account = lab.region.account();
            let client = lab.client();
            let answer = client.get(lab.site("/status.php")).send().await.unwrap();
            assert_eq!(answer.status(), 200, "with the lab's authority trusted and the name resolved by the lab");
            assert!(answer.text().await.unwrap().contains("\"installed\":true"));
            let plain = client.get(format!("http://{}/", account.fqdn)).send().await.unwrap();
            assert_eq!(plain.headers()["location"], format!("https://{}:443/", account.fqdn));

            let web = account.instance.as_str();
            let config = lab.region.environment()["RUNBOOK_SSH_CONFIG"].as_str();
            let address = account.public_ip.to_string();
            let ssh = lab.region.command(&["ssh", "-F", config, &address, "id -un; sudo -n id -un"]).output().await.unwrap();
            assert_eq!(String::from_utf8_lossy(&ssh.stdout), "ubuntu\nroot\n", "{}", String::from_utf8_lossy(&ssh.stderr));
            let units = "for unit in nginx php8.2-fpm ssh cron certbot.timer; do systemctl is-active $unit; systemctl is-enabled $unit; done | sort | uniq -c";
            assert_eq!(lab.on(web, units).await, "      5 active\n      5 enabled\n");
            assert_eq!(lab.on(web, "systemctl stop nginx; systemctl is-active nginx || echo $?; systemctl is-active nobody || echo $?").await, "inactive\n3\ninactive\n3\n");
            assert!(client.get(lab.site("/status.php")).send().await.is_err(), "a stopped nginx serves nobody");
            lab.on(web, "systemctl disable --now certbot.timer; ! systemctl is-enabled --quiet certbot.timer; systemctl start nginx").await;
            assert_eq!(client.get(lab.site("/status.php")).send().await.unwrap().status(), 200);
            assert_eq!(lab.on(web, "stat -c '%U %a' /var/www/html/nextcloud/config/config.php").await, "www-data 640\n");
            let untrusted = "curl -sk -o /dev/null -w '%{http_code}' https://127.0.0.1/status.php -H 'Host: 10.77.1.4'";
            assert_eq!(lab.on(web, untrusted).await, "400", "what a balancer's check is answered before config.php is patched");

            let password = lab.region.environment()["NEXTCLOUD_PASSWORD"].clone();
            let file = lab.site("/remote.php/dav/files/admin/note.txt");
            let put = client.put(&file).basic_auth("admin", Some(&password)).body("kept in the bucket").send().await.unwrap();
            assert_eq!(put.status(), 201);
            let got = client.get(&file).basic_auth("admin", Some(&password)).send().await.unwrap();
            assert_eq!(got.text().await.unwrap(), "kept in the bucket");
            assert_eq!(client.get(&file).basic_auth("admin", Some("wrong")).send().await.unwrap().status(), 401);
            assert_eq!(client.delete(&file).basic_auth("admin", Some(&password)).send().await.unwrap().status(), 204);
            log_in_and_out(lab, &password).await;
            assert!(client.get("http://192.0.2.1/").send().await.is_err(), "there is no way out");
        })
        .await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "runs inside a region"]
    async fn hosts_and_images_follow_the_account() {
        region(async |lab| {
            lab.consistent().await;
            let web = lab.region.account().instance.clone();
            let keys = lab.region.host_keys(&web).unwrap();
            lab.on(&web, "echo mine >/root/mark; shutdown -h now").await;
            lab.reaches(&web, InstanceStateName::Stopped).await;
            assert!(!lab.region.host(&web).unwrap().is_up());

            let image = lab.image_of(&web).await;
            lab.aws.ec2.start_instances().instance_ids(&web).send().await.unwrap();
            let clone = lab.clone_of(&image).await;
            lab.reaches(&web, InstanceStateName::Running).await;
            assert_eq!(lab.region.host_keys(&web).unwrap(), keys, "a start is not a first boot");
            let other = lab.region.host_keys(&clone).unwrap();
            assert!(other.iter().all(|key| !keys.contains(key)), "a clone has keys of its own");
            let console = lab.aws.ec2.get_console_output().instance_id(&clone).send().await.unwrap();
            let decode = format!("echo '{}' | base64 -d", console.output().unwrap());
            let shown = lab.region.command(&["sh", "-c", &decode]).output().await.unwrap();
            let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
            let listed =
                shown.split("-----BEGIN SSH HOST KEY KEYS-----").nth(1).expect("the console shows the host keys");
            assert!(other.iter().all(|key| listed.contains(key.as_str())), "{shown}");
            assert_eq!(lab.on(&clone, "cat /root/mark; hostname").await, "mine\nnextcloud-web-2\n");
            lab.on(&clone, "echo changed >/root/mark").await;
            assert_eq!(lab.on(&web, "cat /root/mark").await, "mine\n", "the two disks are apart");

            // The clock ticks at which pid 1 was started.
            let started = "cut -d ' ' -f 22 /proc/1/stat";
            let boot = lab.on(&clone, started).await;
            lab.on(&clone, "reboot").await;
            eventually("the clone is up again", || async {
                let host = lab.region.host(&clone)?;
                let output = host.command(&["sh", "-c", started])?.output().await.ok()?;
                (output.status.success() && String::from_utf8_lossy(&output.stdout) != boot).then_some(())
            })
            .await;
            assert_eq!(lab.state(&clone).await, InstanceStateName::Running, "a reboot is no stop");

            lab.region.cut(&clone).await.unwrap();
            let address = (lab.region.host(&clone).unwrap().address, 22);
            let reach = || tokio::time::timeout(Duration::from_secs(1), tokio::net::TcpStream::connect(address));
            assert!(!matches!(reach().await, Ok(Ok(_))), "a cut host is not reached");
            lab.region.uncut(&clone).await.unwrap();
            eventually("the cut is mended", || async { reach().await.ok()?.ok() }).await;

            lab.aws.ec2.terminate_instances().instance_ids(&clone).send().await.unwrap();
            lab.reaches(&clone, InstanceStateName::Terminated).await;
            eventually("its body is gone", || async { lab.region.host(&clone).is_none().then_some(()) }).await;
        })
        .await;
    }

    /// What a statement answers the site on a server, with the values of its own config.php.
    async fn ask_database(lab: &Lab, statement: &str) -> String {
        let script = "include '/var/www/html/nextcloud/config/config.php'; try { \
            $db = new mysqli($CONFIG['dbhost'], $CONFIG['dbuser'], $CONFIG['dbpassword'], $CONFIG['dbname']); \
            $answer = $db->query($argv[1]); echo is_bool($answer) ? 'done' : $answer->fetch_row()[0]; \
            } catch (mysqli_sql_exception $e) { echo $e->getMessage(); }";
        let web = lab.region.host(&lab.region.account().instance).unwrap();
        let output = web.command(&["php", "-r", script, "--", statement]).unwrap().output().await.unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "runs inside a region"]
    async fn the_database_is_one_and_fails_over() {
        region(async |lab| {
            let account = lab.region.account();
            assert_eq!(
                ask_database(lab, "SELECT CURRENT_USER()").await,
                "nextcloud@10.77.%",
                "a grant that names hosts"
            );
            assert!(ask_database(lab, "SELECT @@version").await.contains("MariaDB"));
            assert!(ask_database(lab, "SELECT * FROM mysql.user").await.contains("denied"), "no more than its own");
            assert_eq!(ask_database(lab, "CREATE TABLE kept (word TEXT)").await, "done");
            assert_eq!(ask_database(lab, "INSERT INTO kept VALUES ('before')").await, "done");

            let rds = &lab.aws.rds;
            let shown = || async {
                let found = rds.describe_db_instances().db_instance_identifier(&account.db).send().await.unwrap();
                let db = &found.db_instances()[0];
                let zone = db.availability_zone().unwrap_or_default().to_owned();
                (db.db_instance_status().unwrap_or_default().to_owned(), zone, db.multi_az().unwrap_or_default())
            };
            let address = || async {
                let found = tokio::net::lookup_host((account.db_endpoint.as_str(), 3306)).await.unwrap();
                found.map(|address| address.ip()).collect::<Vec<_>>()
            };
            let before = address().await;
            rds.modify_db_instance()
                .db_instance_identifier(&account.db)
                .multi_az(true)
                .apply_immediately(true)
                .send()
                .await
                .unwrap();
            eventually("the database is Multi-AZ", || async { shown().await.2.then_some(()) }).await;
            rds.reboot_db_instance().db_instance_identifier(&account.db).force_failover(true).send().await.unwrap();
            let (_, zone, _) = eventually("the database is back", || async {
                let now = shown().await;
                (now.0 == "available").then_some(now)
            })
            .await;
            assert_eq!(zone, "us-east-1b");
            let after = address().await;
            assert!(after != before && after.len() == 1, "{before:?} {after:?}");
            assert_eq!(ask_database(lab, "SELECT word FROM kept").await, "before", "what was written is there");

            rds.reboot_db_instance().db_instance_identifier(&account.db).send().await.unwrap();
            eventually("the database is back", || async { (shown().await.0 == "available").then_some(()) }).await;
            assert_eq!(address().await, after, "without a failover it stays");
            assert_eq!(ask_database(lab, "SELECT word FROM kept").await, "before");
        })
        .await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "runs inside a region"]
    async fn the_balancer_serves_what_the_account_says() {
        region(async |lab| {
            lab.consistent().await;
            let account = lab.region.account().clone();
            let web = account.instance.as_str();
            // Port 80 answers the site itself, as after the procedure's step 2.
            lab.on(web, "sed -i 10,23d /etc/nginx/conf.d/nextcloud.conf; nginx -t -q; systemctl restart nginx").await;
            let (balancer, name) = make_balancer(lab).await;
            let group = make_target_group(lab).await;
            let certificate = issue_certificate(lab).await;
            let direct = format!("http://{name}/");
            assert!(lab.client().get(&direct).send().await.is_err(), "nothing listens without a listener");

            let forward = elb::Action::builder().r#type(elb::ActionTypeEnum::Forward).target_group_arn(&group).build();
            let shown = elb::Certificate::builder().certificate_arn(certificate).build();
            let listener = lab.aws.elb.create_listener().load_balancer_arn(&balancer).port(443);
            listener
                .protocol(elb::ProtocolEnum::Https)
                .certificates(shown)
                .default_actions(forward)
                .send()
                .await
                .unwrap();
            let reason = eventually("the target is found unhealthy", || async {
                let (state, reason, text) = health(lab, &group).await?;
                (state == elb::TargetHealthStateEnum::Unhealthy).then_some((reason, text))
            })
            .await;
            assert_eq!(reason.0.as_deref(), Some("Target.ResponseCodeMismatch"));
            let codes = "Health checks failed with these codes: ";
            assert_eq!(reason.1, Some(format!("{codes}[404]")), "Debian's own site answers who asks by address");
            lab.on(web, NO_STOCK_SITE).await;
            eventually("the site itself is asked, which does not trust the address", || async {
                (health(lab, &group).await?.2 == Some(format!("{codes}[400]"))).then_some(())
            })
            .await;

            point_name_at(lab, &name, &balancer).await;
            eventually("the balancer fails open", || async {
                let answer = lab.client().get(lab.site("/status.php")).send().await.ok()?;
                let through = answer.remote_addr()?.ip() != std::net::IpAddr::from(account.public_ip);
                (through && answer.status() == 200).then_some(())
            })
            .await;

            let fqdn = &account.fqdn;
            lab.on(web, &trust_the_balancer(fqdn)).await;
            eventually("the target is healthy", || async {
                (health(lab, &group).await?.0 == elb::TargetHealthStateEnum::Healthy).then_some(())
            })
            .await;
            assert_eq!(lab.region.balancer_health()[0].health.state, "healthy");

            let config = elb::RedirectActionConfig::builder().protocol("HTTPS").port("443");
            let config = config.status_code(elb::RedirectActionStatusCodeEnum::Http301).build();
            let redirect = elb::Action::builder().r#type(elb::ActionTypeEnum::Redirect).redirect_config(config).build();
            let listener = lab.aws.elb.create_listener().load_balancer_arn(&balancer).port(80);
            listener.protocol(elb::ProtocolEnum::Http).default_actions(redirect).send().await.unwrap();
            let location = eventually("the redirect answers", || async {
                let answer = lab.client().get(format!("http://{fqdn}/a?b=c")).send().await.ok()?;
                (answer.status() == 301).then(|| answer.headers()["location"].to_str().unwrap().to_owned())
            })
            .await;
            assert_eq!(location, format!("https://{fqdn}:443/a?b=c"), "as the real balancer writes it");

            lab.region.cut(web).await.unwrap();
            eventually("a cut target leaves service", || async {
                (health(lab, &group).await?.0 == elb::TargetHealthStateEnum::Unhealthy).then_some(())
            })
            .await;
            lab.region.uncut(web).await.unwrap();
            eventually("and comes back", || async {
                (health(lab, &group).await?.0 == elb::TargetHealthStateEnum::Healthy).then_some(())
            })
            .await;
        })
        .await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "runs inside a region"]
    async fn security_groups_are_enforced() {
        region(async |lab| {
            lab.consistent().await;
            assert_eq!(lab.region.unenforced(), None, "`runbook doctor` says why");
            let account = lab.region.account().clone();
            let web = account.instance.as_str();
            lab.on(web, "sed -i 10,23d /etc/nginx/conf.d/nextcloud.conf; nginx -t -q; systemctl restart nginx").await;
            lab.on(web, NO_STOCK_SITE).await;
            lab.on(web, &trust_the_balancer(&account.fqdn)).await;

            assert_eq!(lab.is_open(22).await, Some(true));
            lab.admit_no_longer(&account.web_group, 22, "0.0.0.0/0").await;
            lab.admit(&account.web_group, 22, "192.0.2.0/24").await;
            eventually("SSH is closed: nobody answers", || async {
                (lab.is_open(22).await == Some(false)).then_some(())
            })
            .await;
            let config = lab.region.environment()["RUNBOOK_SSH_CONFIG"].as_str();
            let address = account.public_ip.to_string();
            let argv = ["ssh", "-F", config, "-o", "ConnectTimeout=1", &address, "true"];
            let ssh = lab.region.command(&argv).output().await.unwrap();
            assert!(String::from_utf8_lossy(&ssh.stderr).contains("timed out"), "{ssh:?}");
            let own = group(lab, "operators", &[]).await;
            lab.admit(&own, 22, "203.0.113.0/24").await;
            let both = lab.aws.ec2.modify_instance_attribute().instance_id(web);
            both.groups(&account.web_group).groups(&own).send().await.unwrap();
            eventually("a second group opens it for those who come from there", || async {
                (lab.is_open(22).await == Some(true)).then_some(())
            })
            .await;

            let (balancer, name) = make_balancer(lab).await;
            let targets = make_target_group(lab).await;
            lab.admit_no_longer(&account.web_group, 80, "0.0.0.0/0").await;
            let forward =
                elb::Action::builder().r#type(elb::ActionTypeEnum::Forward).target_group_arn(&targets).build();
            let listener = lab.aws.elb.create_listener().load_balancer_arn(&balancer).port(80);
            listener.protocol(elb::ProtocolEnum::Http).default_actions(forward).send().await.unwrap();
            let reason = eventually("the balancer does not get through", || async {
                let (state, reason, _) = health(lab, &targets).await?;
                (state == elb::TargetHealthStateEnum::Unhealthy).then_some(reason)
            })
            .await;
            assert_eq!(reason.as_deref(), Some("Target.Timeout"));

            let found = lab.aws.elb.describe_load_balancers().load_balancer_arns(&balancer).send().await.unwrap();
            let of_balancer = found.load_balancers()[0].security_groups()[0].clone();
            let pair = ec2::UserIdGroupPair::builder().group_id(&of_balancer).build();
            let admitted = lab.aws.ec2.authorize_security_group_ingress().group_id(&account.web_group);
            admitted.ip_permissions(permission(80).user_id_group_pairs(pair).build()).send().await.unwrap();
            eventually("the balancer's group is admitted", || async {
                (health(lab, &targets).await?.0 == elb::TargetHealthStateEnum::Healthy).then_some(())
            })
            .await;
            assert_eq!(lab.is_open(80).await, Some(false), "and nobody else");

            let through = || lab.client_with(&HttpOptions::default()).get(format!("http://{name}/status.php")).send();
            assert_eq!(through().await.unwrap().status(), 200);
            lab.admit_no_longer(&of_balancer, 80, "0.0.0.0/0").await;
            eventually("the balancer's own group is closed", || async {
                tokio::time::timeout(Duration::from_secs(1), through()).await.is_err().then_some(())
            })
            .await;
        })
        .await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "runs inside a region"]
    async fn what_a_host_starts_by_itself_is_told_before_a_run() {
        region(async |lab| {
            let account = lab.region.account();
            let (web, fqdn) = (account.instance.as_str(), account.fqdn.as_str());
            let environment = lab.region.environment();
            let access = Access::new(Settings {
                ssh_config: Some(environment["RUNBOOK_SSH_CONFIG"].clone().into()),
                trust: None,
                poll: Settings::POLL,
                work_dir: lab.region.folder().into(),
            });
            let on = json!({"name": "web-1", "host": account.public_ip.to_string(), "user": "ubuntu"});
            let look = async |kind: CheckKind, more: Value| {
                let mut parameters = json!({"on": on.clone()});
                parameters.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
                examine(&CheckCall { id: "it".into(), kind, parameters, region: None }, &access).await
            };
            let jobs = json!({
                "file": "/etc/cron.d/nextcloud-cron-php", "command": "nextcloud/cron.php",
                "config": "/var/www/html/nextcloud/config/config.php",
            });
            let renewal = json!({"timer": "certbot.timer", "fqdn": fqdn});
            let name = json!({"fqdn": fqdn, "sources": ["203.0.113.0/24"], "address": account.public_ip.to_string()});
            let verdicts = |rows: &[CheckRow]| rows.iter().map(|row| row.verdict).collect::<Vec<_>>();

            let rows = look(CheckKind::CronSources, jobs.clone()).await;
            assert_eq!((rows[0].verdict, rows[1].verdict, rows[3].verdict), (Pass, Pass, Pass), "{rows:?}");
            let rows = look(CheckKind::CertificateRenewal, renewal.clone()).await;
            assert_eq!(verdicts(&rows), [Pass, Pass], "{rows:?}");
            assert!(rows[0].evidence.contains("`certbot.timer`"), "{rows:?}");
            let rows = look(CheckKind::HostOwnName, name.clone()).await;
            assert_eq!(verdicts(&rows), [Pass, Warn], "{rows:?}");

            let plant = format!(
                "mkdir -p /etc/letsencrypt/renewal /root/.acme.sh/shop.example_ecc /var/lib/systemd/linger
                 touch /etc/letsencrypt/renewal/{{{fqdn},{fqdn}-0001,www.example}}.conf /root/.acme.sh/shop.example_ecc/fullchain.cer
                 echo '0 3 * * * /root/.acme.sh/acme.sh --cron' >/var/spool/cron/crontabs/root
                 echo '*/5 * * * * php -f /var/www/html/nextcloud/cron.php' >/var/spool/cron/crontabs/www-data
                 echo '127.0.0.1 {fqdn}' >>/etc/hosts
                 printf '[Service]\nExecStart=/usr/bin/php occ background-job:worker\n' >/etc/systemd/system/nextcloud-ai-worker@.service
                 ln -s ../nextcloud-ai-worker@.service /etc/systemd/system/multi-user.target.wants/nextcloud-ai-worker@1.service"
            );
            lab.on(web, &plant).await;
            let rows = look(CheckKind::CronSources, jobs).await;
            assert_eq!((rows[0].verdict, rows[1].verdict, rows[3].verdict), (Pass, Refuse, Warn), "{rows:?}");
            assert!(rows[1].evidence.contains("crontabs/www-data"), "{rows:?}");
            assert!(rows[3].evidence.contains("nextcloud-ai-worker@1.service"), "{rows:?}");
            let rows = look(CheckKind::CertificateRenewal, renewal).await;
            assert_eq!(verdicts(&rows), [Refuse, Warn], "{rows:?}");
            assert!(rows[0].evidence.contains("crontabs/root"), "{rows:?}");
            assert!(rows[1].evidence.contains("of `shop.example`, `www.example` too"), "{rows:?}");
            let rows = look(CheckKind::HostOwnName, name).await;
            assert!(rows[0].verdict == Warn && rows[0].evidence.contains("127.0.0.1"), "{rows:?}");
        })
        .await;
    }

    /// Takes away the site that Debian's nginx comes with: the next one answers who asks by address.
    const NO_STOCK_SITE: &str = "rm /etc/nginx/sites-enabled/default; systemctl reload nginx";

    /// What the procedure makes of config.php, so that the balancer's check is answered 200.
    fn trust_the_balancer(fqdn: &str) -> String {
        format!(
            "sed -i \"s#^);#  'overwritehost' => '{fqdn}', 'overwriteprotocol' => 'https', 'trusted_proxies' => array('10.77.0.0/16'));#\" \
             /var/www/html/nextcloud/config/config.php; systemctl reload php8.2-fpm"
        )
    }

    /// As a browser does it: the form's token, the session's cookie, a redirect to where one wanted to go.
    async fn log_in_and_out(lab: &Lab, password: &str) {
        let client = lab.client_with(&HttpOptions { cookies: true, ..HttpOptions::default() });
        let open = async |path: &str| client.get(lab.site(path)).header("accept", "text/html").send().await.unwrap();
        let token =
            |page: &str| page.split("data-requesttoken=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let form = open("/index.php/login").await.text().await.unwrap();
        let log_in = async |password: &str| {
            let encode =
                |text: &str| text.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D").replace(':', "%3A");
            let body = format!("user=admin&password={}&requesttoken={}", encode(password), encode(&token(&form)));
            let post =
                client.post(lab.site("/index.php/login")).header("content-type", "application/x-www-form-urlencoded");
            let answer = post.body(body).send().await.unwrap();
            (answer.status().as_u16(), answer.headers()["location"].to_str().unwrap().to_owned())
        };
        let (status, back) = log_in("wrong").await;
        assert_eq!((status, back.as_str()), (303, "/login?user=admin&direct=1"));
        let told = open("/login?user=admin&direct=1").await.text().await.unwrap();
        assert!(told.contains("initial-state-core-loginErrors"), "{told}");
        assert_eq!(log_in(password).await, (303, lab.site("/apps/dashboard/")));
        let page = open("/index.php/apps/files/").await;
        assert_eq!(page.headers()["x-lab-node"], "nextcloud-web-1");
        let page = page.text().await.unwrap();
        assert!(page.contains("data-user=\"admin\""), "{page}");
        let leave = format!("/index.php/logout?requesttoken={}", token(&page).replace('+', "%2B"));
        assert_eq!(open(&leave).await.status(), 303);
        assert_eq!(open("/index.php/apps/files/").await.status(), 303, "logged out");
        let client = client.get(lab.site("/index.php/apps/files/")).send().await.unwrap();
        assert_eq!(client.status(), 401, "as a client asks");
    }

    async fn make_balancer(lab: &Lab) -> (String, String) {
        let subnets = lab.region.account().subnets.values().cloned().collect();
        let made = lab.aws.elb.create_load_balancer().name("site").set_subnets(Some(subnets));
        let made = made.security_groups(group(lab, "balancer", &[80, 443]).await).send().await.unwrap();
        let balancer = &made.load_balancers()[0];
        (balancer.load_balancer_arn().unwrap().to_owned(), balancer.dns_name().unwrap().to_owned())
    }

    /// A group that admits everybody on some ports.
    async fn group(lab: &Lab, name: &str, ports: &[i32]) -> String {
        let made = lab.aws.ec2.create_security_group().group_name(name).description(name);
        let made = made.vpc_id(&lab.region.account().vpc).send().await.unwrap();
        let group = made.group_id().unwrap().to_owned();
        for port in ports {
            lab.admit(&group, *port, "0.0.0.0/0").await;
        }
        group
    }

    fn permission(port: i32) -> ec2::builders::IpPermissionBuilder {
        ec2::IpPermission::builder().ip_protocol("tcp").from_port(port).to_port(port)
    }

    async fn make_target_group(lab: &Lab) -> String {
        let group = lab.aws.elb.create_target_group().name("web").protocol(elb::ProtocolEnum::Http).port(80);
        let group =
            group.vpc_id(&lab.region.account().vpc).health_check_path("/status.php").health_check_interval_seconds(10);
        let group = group.healthy_threshold_count(2).unhealthy_threshold_count(2).send().await.unwrap();
        let arn = group.target_groups()[0].target_group_arn().unwrap().to_owned();
        let target = elb::TargetDescription::builder().id(&lab.region.account().instance).build();
        lab.aws.elb.register_targets().target_group_arn(&arn).targets(target).send().await.unwrap();
        arn
    }

    async fn health(lab: &Lab, group: &str) -> Option<(elb::TargetHealthStateEnum, Option<String>, Option<String>)> {
        let found = lab.aws.elb.describe_target_health().target_group_arn(group).send().await.ok()?;
        let health = found.target_health_descriptions().first()?.target_health()?.clone();
        let reason = health.reason().map(|reason| reason.as_str().to_owned());
        Some((health.state()?.clone(), reason, health.description().map(str::to_owned)))
    }

    async fn issue_certificate(lab: &Lab) -> String {
        let asked = lab.aws.acm.request_certificate().domain_name(&lab.region.account().fqdn);
        let asked = asked.validation_method(ValidationMethod::Dns).send().await.unwrap();
        let arn = asked.certificate_arn().unwrap().to_owned();
        let look = || lab.aws.acm.describe_certificate().certificate_arn(&arn).send();
        let record = eventually("the validation record is told", || async {
            let found = look().await.unwrap();
            found.certificate()?.domain_validation_options().first()?.resource_record().cloned()
        })
        .await;
        let value = dns::ResourceRecord::builder().value(record.value()).build().unwrap();
        let set = dns::ResourceRecordSet::builder().name(record.name()).r#type(dns::RrType::Cname).ttl(60);
        upsert(lab, set.resource_records(value).build().unwrap()).await;
        eventually("the certificate is issued", || async {
            (look().await.unwrap().certificate()?.status()? == &CertificateStatus::Issued).then_some(())
        })
        .await;
        arn
    }

    async fn point_name_at(lab: &Lab, name: &str, balancer: &str) {
        let found = lab.aws.elb.describe_load_balancers().load_balancer_arns(balancer).send().await.unwrap();
        let zone = found.load_balancers()[0].canonical_hosted_zone_id().unwrap().to_owned();
        let alias = dns::AliasTarget::builder().dns_name(name).hosted_zone_id(zone).evaluate_target_health(false);
        let set = dns::ResourceRecordSet::builder().name(&lab.region.account().fqdn).r#type(dns::RrType::A);
        upsert(lab, set.alias_target(alias.build().unwrap()).build().unwrap()).await;
    }

    async fn upsert(lab: &Lab, set: dns::ResourceRecordSet) {
        let change = dns::Change::builder().action(dns::ChangeAction::Upsert).resource_record_set(set).build().unwrap();
        let batch = dns::ChangeBatch::builder().changes(change).build().unwrap();
        let zone = &lab.region.account().zone;
        lab.aws.route53.change_resource_record_sets().hosted_zone_id(zone).change_batch(batch).send().await.unwrap();
    }
}
