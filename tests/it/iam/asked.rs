//! What is asked of IAM about a caller, against the emulator's simulator: resources and conditions count.

use crate::support::emulator::{Emulator, REGION};
use runbook::access::{Access, Aws, Caller, Settings};
use runbook::action::check_permissions;
use runbook::action::policy::Deed;
use runbook::model::{ActionKind, Judged, Permissions};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const ACCOUNT: &str = "123456789012";

both_halves!(
    "iam::asked":
    resources_and_conditions_count,
    a_role_is_found_by_its_path,
    a_denial_for_want_of_what_only_the_call_shows_is_left_open,
    a_launch_is_judged_by_what_the_original_has,
    a_balancers_own_role_is_created_once,
);

fn deeds(instance: &str) -> Vec<Deed> {
    let deed = |path: &str, kind, parameters: Value| Deed {
        path: path.into(),
        kind,
        parameters: parameters.into(),
        origins: BTreeMap::new(),
    };
    let group = json!({"name": "web", "vpc": "vpc-0123456789abcdef0"});
    vec![
        deed("halt/stop", ActionKind::InstanceStop, json!({"instance": instance})),
        deed("open/group", ActionKind::SecurityGroupCreate, group),
    ]
}

async fn asked(arn: &str, deeds: &[Deed]) -> Permissions {
    let work_dir = tempfile::tempdir().unwrap();
    let (poll, pace) = (Settings::POLL, runbook::model::Pace::USUAL);
    let work_dir = work_dir.path().to_path_buf();
    let access =
        Access::new(Settings { ssh_config: None, trust: None, poll, pace, kept_dir: work_dir.clone(), work_dir });
    let caller = Caller { account: ACCOUNT.into(), arn: arn.into() };
    check_permissions(&access, &caller, REGION, deeds).await
}

/// A statement that allows these actions, for everything unless `more` says else.
fn allow(actions: &[&str], more: &Value) -> Value {
    let mut statement = json!({"Effect": "Allow", "Action": actions, "Resource": "*"});
    statement.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
    statement
}

mod inside {
    use super::*;

    #[tokio::test]
    #[ignore = "runs beside an emulator"]
    async fn resources_and_conditions_count() {
        let emulator = Emulator::here();
        let instance = emulator.seed()["instance"].as_str().unwrap().to_owned();
        let user = format!("arn:aws:iam::{ACCOUNT}:user/hana");
        let of = async |statements: &[Value]| {
            let document = json!({"Version": "2012-10-17", "Statement": statements});
            emulator.post("user", &json!({"name": "hana", "documents": [document]}));
            asked(&user, &deeds(&instance)).await
        };
        let missing =
            |told: &Permissions| -> Vec<String> { told.missing.iter().map(|l| l.permission.clone()).collect() };
        let others = ["ec2:Describe*", "ec2:StartInstances", "ec2:CreateSecurityGroup", "ec2:DeleteSecurityGroup"];
        let (rest, stop, tags) = (allow(&others, &json!({})), ["ec2:StopInstances"], ["ec2:CreateTags"]);
        let on = |id: &str| json!({"Resource": format!("arn:aws:ec2:{REGION}:{ACCOUNT}:instance/{id}")});
        let under = |condition: Value| json!({ "Condition": condition });

        let creating = |name: &str| under(json!({"StringEquals": {"ec2:CreateAction": name}}));
        let good_tags = allow(&tags, &creating("CreateSecurityGroup"));
        let good = of(&[rest.clone(), allow(&stop, &on(&instance)), good_tags.clone()]).await;
        assert_eq!((missing(&good), good.unchecked.len(), &good.judged), (vec![], 0, &Judged::Simulation));

        let told = of(&[rest.clone(), allow(&stop, &on("i-0fedcba9876543210")), good_tags.clone()]).await;
        assert_eq!(missing(&told), stop, "another instance's");
        assert!(told.missing[0].on.iter().next().unwrap().ends_with(&instance));

        let told = of(&[rest.clone(), allow(&stop, &json!({})), allow(&tags, &creating("RunInstances"))]).await;
        assert_eq!(missing(&told), tags, "tags only at another creation");

        let away = under(json!({"StringEquals": {"aws:RequestedRegion": "ap-northeast-1"}}));
        let told = of(&[rest.clone(), allow(&stop, &away), good_tags.clone()]).await;
        assert_eq!(missing(&told), stop, "another region's");

        let deny = json!({"Effect": "Deny", "Action": "ec2:Stop*", "Resource": "*"});
        let told = of(&[rest.clone(), allow(&stop, &json!({})), good_tags.clone(), deny]).await;
        assert_eq!(
            (missing(&told), told.missing[0].why.as_str()),
            (stop.map(str::to_owned).into(), "a policy denies it")
        );

        let network = under(json!({"StringEquals": {"aws:SourceVpc": "vpc-1"}}));
        let told = of(&[rest, allow(&stop, &network), good_tags]).await;
        assert_eq!(missing(&told), Vec::<String>::new());
        assert_eq!(told.unchecked[0].permission, stop[0]);
        assert!(told.unchecked[0].why.contains("`aws:SourceVpc`"), "{}", told.unchecked[0].why);
    }

    /// The policies that many accounts have: everything is denied but with MFA, or but from the office. The real call is allowed.
    #[tokio::test]
    #[ignore = "runs beside an emulator"]
    async fn a_denial_for_want_of_what_only_the_call_shows_is_left_open() {
        let emulator = Emulator::here();
        let instance = emulator.seed()["instance"].as_str().unwrap().to_owned();
        for (operator, key, value) in [
            ("BoolIfExists", "aws:MultiFactorAuthPresent", "false"),
            ("NotIpAddress", "aws:SourceIp", "192.0.2.0/24"),
            ("StringNotEquals", "ec2:MetadataHttpTokens", "required"),
        ] {
            let deny =
                json!({"Effect": "Deny", "NotAction": "iam:*", "Resource": "*", "Condition": {operator: {key: value}}});
            let allow = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
            let document = json!({"Version": "2012-10-17", "Statement": [allow, deny]});
            emulator.post("user", &json!({"name": "hana", "documents": [document]}));
            let told = asked(&format!("arn:aws:iam::{ACCOUNT}:user/hana"), &deeds(&instance)).await;
            assert!(told.missing.is_empty(), "{operator}: {told:?}");
            let stop = told.unchecked.iter().find(|lack| lack.permission == "ec2:StopInstances").unwrap();
            assert!(stop.why.contains(key) && stop.why.contains("only the call itself shows"), "{}", stop.why);
        }
        let deny = json!({"Effect": "Deny", "Action": "ec2:StopInstances", "Resource": "*"});
        let allow = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
        let document = json!({"Version": "2012-10-17", "Statement": [allow, deny]});
        emulator.post("user", &json!({"name": "hana", "documents": [document]}));
        let told = asked(&format!("arn:aws:iam::{ACCOUNT}:user/hana"), &deeds(&instance)).await;
        assert_eq!(told.missing.len(), 1, "a denial of its own is one");
    }

    /// Of the clone everything is known that its original has: a policy about it is judged, not left open.
    #[tokio::test]
    #[ignore = "runs beside an emulator"]
    async fn a_launch_is_judged_by_what_the_original_has() {
        let emulator = Emulator::here();
        let seed = emulator.seed();
        let instance = seed["instance"].as_str().unwrap().to_owned();
        let ec2 = Aws::connect(REGION).await.write.ec2;
        let clone = json!({
            "like": instance, "image": "ami-0123456789abcdef0", "instance_type": "t3.small", "name": "web-2",
            "subnet": seed["subnets"]["b"],
        });
        let mut deeds = deeds(&instance);
        deeds.push(Deed {
            path: "clone-server/clone".into(),
            kind: ActionKind::InstanceClone,
            parameters: clone.into(),
            origins: BTreeMap::new(),
        });
        let with = async |action: &str, operator: &str, key: &str, value: &str| -> Permissions {
            let condition = json!({operator: {key: value}});
            let deny = json!({"Effect": "Deny", "Action": action, "Resource": "*", "Condition": condition});
            let allow = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
            let document = json!({"Version": "2012-10-17", "Statement": [allow, deny]});
            emulator.post("user", &json!({"name": "hana", "documents": [document]}));
            asked(&format!("arn:aws:iam::{ACCOUNT}:user/hana"), &deeds).await
        };
        let tokens = async |to: &str| {
            let change = ec2.modify_instance_metadata_options().instance_id(&instance).http_tokens(to.into());
            change.send().await.unwrap();
        };
        let old = ("ec2:RunInstances", "StringEquals", "ec2:MetadataHttpTokens", "optional");
        tokens("optional").await;
        let told = with(old.0, old.1, old.2, old.3).await;
        assert_eq!(told.missing.iter().map(|lack| lack.permission.as_str()).collect::<Vec<_>>(), [old.0], "{told:?}");
        tokens("required").await;
        let told = with(old.0, old.1, old.2, old.3).await;
        assert!(told.missing.is_empty(), "{told:?}");
        let told = with("ec2:RunInstances", "StringNotEquals", "ec2:InstanceType", "t3.small").await;
        assert!(told.missing.is_empty(), "{told:?}");
        assert!(with("ec2:RunInstances", "StringEquals", "ec2:InstanceType", "t3.small").await.missing.len() == 1);

        // A stop is of an instance that is there: nobody gave its type, and the call has it.
        let told = with("ec2:StopInstances", "StringNotEquals", "ec2:InstanceType", "t3.small").await;
        assert!(told.missing.is_empty(), "{told:?}");
        assert!(told.unchecked.iter().any(|lack| lack.permission == "ec2:StopInstances"), "{told:?}");
    }

    #[tokio::test]
    #[ignore = "runs beside an emulator"]
    async fn a_role_is_found_by_its_path() {
        let instance = Emulator::here().seed()["instance"].as_str().unwrap().to_owned();
        let aws = runbook::access::Aws::connect(REGION).await;
        let trust = json!({"Version": "2012-10-17", "Statement": []}).to_string();
        let role = aws.write.iam.create_role().role_name("deploy").path("/ops/").assume_role_policy_document(trust);
        role.send().await.unwrap();
        let caller = format!("arn:aws:sts::{ACCOUNT}:assumed-role/deploy/ci-7");
        let told = asked(&caller, &deeds(&instance)).await;
        assert_eq!(told.judged, Judged::Simulation);
        assert!(told.missing.iter().any(|lack| lack.permission == "ec2:StopInstances"));

        let nobody = asked(&format!("arn:aws:sts::{ACCOUNT}:assumed-role/nobody/ci-7"), &deeds(&instance)).await;
        let Judged::DryRuns { why } = &nobody.judged else { panic!("{:?}", nobody.judged) };
        assert!(why.contains("role/nobody") && why.contains("iam:GetRole"), "{why}");

        let root = asked(&format!("arn:aws:iam::{ACCOUNT}:root"), &deeds(&instance)).await;
        assert_eq!((root.judged, root.missing.len(), root.unchecked.len()), (Judged::Root, 0, 0));
    }

    #[tokio::test]
    #[ignore = "runs beside an emulator"]
    async fn a_balancers_own_role_is_created_once() {
        let emulator = Emulator::here();
        let everything_else = allow(&["ec2:*", "elasticloadbalancing:*"], &json!({}));
        let document = json!({"Version": "2012-10-17", "Statement": [everything_else]});
        emulator.post("user", &json!({"name": "hana", "documents": [document]}));
        let balancer = Deed {
            path: "site/balancer".into(),
            kind: ActionKind::LoadBalancerCreate,
            parameters: json!({"name": "site", "subnets": ["subnet-1"], "groups": ["sg-1"]}).into(),
            origins: BTreeMap::new(),
        };
        let told = async || asked(&format!("arn:aws:iam::{ACCOUNT}:user/hana"), std::slice::from_ref(&balancer)).await;

        let first = told().await;
        let missing: Vec<&str> = first.missing.iter().map(|lack| lack.permission.as_str()).collect();
        assert_eq!(missing, ["iam:CreateServiceLinkedRole"]);
        assert!(first.missing[0].why.contains("does not have the role yet"), "{}", first.missing[0].why);

        let aws = runbook::access::Aws::connect(REGION).await;
        let trust = json!({"Version": "2012-10-17", "Statement": []}).to_string();
        let role = aws.write.iam.create_role().role_name("AWSServiceRoleForElasticLoadBalancing");
        role.assume_role_policy_document(trust).send().await.unwrap();
        let later = told().await;
        assert_eq!((later.missing.len(), later.unchecked.len()), (0, 0), "{later:?}");
        assert!(!later.allowed.contains("iam:CreateServiceLinkedRole"), "nobody says that it is allowed");
    }
}
