//! The world changes after the plan was signed: told all at once before the run, and one by one just before each effect.

use super::in_regions;
use super::operator::Ran;
use crate::support::region::{Lab, region};
use aws_sdk_ec2::types::AttributeValue;
use aws_sdk_route53::types::{Change, ChangeAction, ChangeBatch, ResourceRecord, ResourceRecordSet, RrType};

in_regions! { "drift": what_was_signed_is_what_runs }

const NGINX: &str = "/etc/nginx/conf.d/nextcloud.conf";
const CONFIG: &str = "/var/www/html/nextcloud/config/config.php";

/// One thing that somebody changes by hand after the plan was signed.
#[derive(Debug, Clone, Copy)]
enum Hand {
    Nginx,
    Config,
    DbClass,
    InstanceType,
    Group,
    Record,
    /// Whom the site is open to, which only looking tells.
    Visitors,
}

impl Hand {
    /// In the order in which the run comes to them: the step that stops, and the step before it.
    const ALL: [(Hand, &'static str, &'static str); 6] = [
        (Hand::Nginx, "edit-nginx/offload-tls", "step-2"),
        (Hand::Config, "patch-config-php/set-config", "step-3"),
        (Hand::DbClass, "rds-multi-az/multi-az", "step-5"),
        (Hand::InstanceType, "clone-server/start-original", "step-6"),
        (Hand::Group, "load-balancer/admit-balancer", "step-7"),
        (Hand::Record, "certificate/point-name", "step-8"),
    ];

    /// Makes the change, or takes it back.
    async fn moves(self, lab: &Lab, away: bool) {
        let account = lab.account();
        let file = async |path: &str, line: &str| {
            let script = match away {
                true => format!("cp -a {path} /root/kept; echo '{line}' >>{path}"),
                false => format!("cp -a /root/kept {path}"),
            };
            lab.on(&account.instance, &script).await;
        };
        match self {
            Hand::Nginx => file(NGINX, "# somebody was here").await,
            Hand::Config => file(CONFIG, "// somebody was here").await,
            Hand::DbClass => {
                let class = if away { "db.t3.large" } else { "db.t3.medium" };
                let change = lab.aws.rds.modify_db_instance().db_instance_identifier(&account.db);
                change.db_instance_class(class).apply_immediately(true).send().await.unwrap();
                for _ in 0..50 {
                    lab.aws.rds.describe_db_instances().db_instance_identifier(&account.db).send().await.unwrap();
                }
            }
            Hand::InstanceType => {
                let kind = AttributeValue::builder().value(if away { "m5.large" } else { "t3.medium" }).build();
                let change = lab.aws.ec2.modify_instance_attribute().instance_id(&account.instance);
                change.instance_type(kind).send().await.unwrap();
            }
            Hand::Group | Hand::Visitors => {
                let (group, range) = (&account.web_group, "192.0.2.0/24");
                let port = if matches!(self, Hand::Group) { 80 } else { 443 };
                let ec2 = &lab.aws.ec2;
                if away {
                    let add = ec2.authorize_security_group_ingress().group_id(group).ip_protocol("tcp");
                    add.from_port(port).to_port(port).cidr_ip(range).send().await.unwrap();
                } else {
                    let remove = ec2.revoke_security_group_ingress().group_id(group).ip_protocol("tcp");
                    remove.from_port(port).to_port(port).cidr_ip(range).send().await.unwrap();
                }
            }
            Hand::Record => {
                let public_ip = account.public_ip.to_string();
                let address = if away { "192.0.2.1" } else { public_ip.as_str() };
                let set = ResourceRecordSet::builder()
                    .name(&account.fqdn)
                    .r#type(RrType::A)
                    .ttl(60)
                    .resource_records(ResourceRecord::builder().value(address).build().unwrap())
                    .build()
                    .unwrap();
                let change = Change::builder().action(ChangeAction::Upsert).resource_record_set(set).build().unwrap();
                let batch = ChangeBatch::builder().changes(change).build().unwrap();
                let zone = lab.aws.route53.change_resource_record_sets().hosted_zone_id(&account.zone);
                zone.change_batch(batch).send().await.unwrap();
            }
        }
    }

    /// What is said of it: the fact, what was, what is.
    fn words(self, lab: &Lab) -> Vec<String> {
        let account = lab.account();
        let told = |what: String, was: &str, is: &str| vec![format!("{what} was: {was} is: {is}")];
        match self {
            Hand::Nginx => vec![format!("`{NGINX}` on web-1 was: sha256 "), "the change as planned".to_owned()],
            Hand::Config => vec![format!("`{CONFIG}` on web-1 was: sha256 ")],
            Hand::DbClass => told(format!("class of DB instance `{}`", account.db), "db.t3.medium", "db.t3.large"),
            Hand::InstanceType => told(format!("type of `{}`", account.instance), "t3.medium", "m5.large"),
            Hand::Group => vec![format!("rules of `{}` for port 80 was:", account.web_group), "192.0.2.0/24".into()],
            Hand::Record => vec!["is: 192.0.2.1".to_owned()],
            Hand::Visitors => {
                let all = "0.0.0.0/0";
                told(format!("rules of `{}` for port 443", account.web_group), all, &format!("{all}, 192.0.2.0/24"))
            }
        }
    }
}

fn says_all(ran: Ran, words: &[String]) -> Ran {
    words.iter().fold(ran, |ran, word| ran.says(word))
}

mod inside {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "runs inside a region"]
    async fn what_was_signed_is_what_runs() {
        region(async |lab| {
            lab.write_inputs();
            let plan = ["plan", "single-to-ha", "--inputs", "site.yaml", "--until", "step-1", "--out", "plan.json"];
            lab.types(&plan).await.exits(0).says("sha256: ");
            let mut sign = lab.runbook(&["sign", "plan.json", "--yes"]);
            sign.env("USER", "otto");
            lab.ends(sign).await.exits(0).says("signed by otto");
            let run = ["run", "--plan", "plan.json", "--require-signed", "--yes"];

            // Everything that can be changed without harm to the run's beginning, told at once; no run is opened.
            let early = [Hand::Nginx, Hand::DbClass, Hand::Group, Hand::Record, Hand::Visitors];
            for hand in early {
                hand.moves(lab, true).await;
            }
            let before = lab.files().await;
            let mut refused = lab.types(&run).await.exits(3).says("the world is not the one this plan was made on");
            for hand in early {
                refused = says_all(refused, &hand.words(lab));
            }
            assert_eq!(lab.files().await, before, "nothing was changed");
            assert_eq!(lab.types(&["--format", "json", "runs"]).await.exits(0).stdout.trim(), "[]");
            for hand in early {
                hand.moves(lab, false).await;
            }

            // One by one: it stops before the effect concerned, and goes on when the world is put back.
            let other = [&run[..], &["--until", "step-2"]].concat();
            lab.types(&other).await.exits(3).says("goes to `stop-cron`, not to `edit-nginx`");
            lab.types(&run).await.exits(0).says("rests after step 1");
            lab.types(&["status"]).await.exits(0).says("signed by otto");
            for (hand, action, step) in Hand::ALL {
                hand.moves(lab, true).await;
                let resume = ["resume", "--until", step];
                let told = lab.types(&[&resume[..], &["--dry-run"]].concat()).await.exits(3);
                says_all(told, &hand.words(lab)).says("does not go on as things are").says("--replan");
                let stopped = lab.types(&resume).await.exits(1).says(&format!("`{action}` finds another world"));
                says_all(stopped, &hand.words(lab)).says("--replan");
                if let Hand::Group = hand {
                    // Somebody's rule may stay: the new plan is made on the world as it is.
                    let anew = lab.types(&["resume", "--replan", "--until", step, "--yes"]).await.exits(0);
                    anew.says("what has not run of").says("step 7 of 11");
                    hand.moves(lab, false).await;
                } else {
                    hand.moves(lab, false).await;
                    lab.types(&resume).await.exits(0);
                }
            }
            nothing_in_another_account(lab).await;
            lab.types(&["rollback", "--to", "start", "--yes"]).await.exits(0).says("everything is undone");
        })
        .await;
    }

    /// With credentials of another account nothing goes on and nothing goes back.
    async fn nothing_in_another_account(lab: &Lab) {
        let role = "arn:aws:iam::210987654321:role/operator";
        let role = lab.aws.sts.assume_role().role_arn(role).role_session_name("otto").send().await.unwrap();
        let other = role.credentials().unwrap();
        lab.forget_calls().await;
        for words in [
            &["resume"][..],
            &["resume", "--dry-run"],
            &["rollback", "--to", "start", "--yes"],
            &["run", "--plan", "plan.json", "--yes"],
        ] {
            let mut command = lab.runbook(words);
            command
                .env("AWS_ACCESS_KEY_ID", other.access_key_id())
                .env("AWS_SECRET_ACCESS_KEY", other.secret_access_key())
                .env("AWS_SESSION_TOKEN", other.session_token());
            let refused = lab.ends(command).await.exits(3);
            let account = &lab.account().account;
            refused
                .says(&format!("nothing was changed: the plan is for account {account}"))
                .says("account 210987654321");
        }
        let calls = lab.calls().await;
        assert!(calls.iter().all(|call| call == "sts:GetCallerIdentity"), "{calls:?}");
    }
}
