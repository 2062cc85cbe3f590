//! Groups and their rules: made once, and only ours taken away.

use super::*;
use runbook::model::{Found, Phase};

both_halves! {
    "aws_network::security_groups":
    a_group_is_made_once_and_found_by_its_tag,
    a_group_is_deleted_when_the_balancers_interfaces_are_gone,
    a_rule_that_was_there_stays_and_the_others_go,
    a_rule_that_comes_into_being_meanwhile_is_no_obstacle,
    nobody_to_admit_is_refused_and_a_full_group_says_what_to_do,
}

/// The ranges a group admits on a port.
fn admitted(world: &World, group: &str, port: u16) -> Vec<String> {
    let groups = world.all("security_groups");
    let group = groups.iter().find(|g| g["id"] == group).unwrap();
    let rules = group["ingress"].as_array().unwrap().iter().filter(|rule| rule["from"] == port);
    let mut all: Vec<String> = rules
        .flat_map(|rule| [&rule["cidrs"], &rule["groups"]].map(|l| l.as_array().unwrap().clone()).concat())
        .map(|range| range.as_str().unwrap().to_owned())
        .collect();
    all.sort();
    all
}

mod inside {
    use super::*;

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn a_group_is_made_once_and_found_by_its_tag() {
        let world = World::new();
        let mut group = world.group();
        assert_eq!(world.stage.look(&mut group).await, Found::Absent);
        world.emulator.lose_answer("ec2", "CreateSecurityGroup");
        world.stage.apply(&mut group).await.unwrap_err();
        let found = world.stage.observe(&group).await.unwrap();
        assert_eq!((found.found, found.ours), (Found::Holds, true));
        world.stage.apply(&mut group).await.unwrap();
        world.stage.verify(&mut group).await.unwrap();
        assert_eq!(world.named("security_groups", "lb").len(), 1);
        assert_eq!(world.emulator.calls("CreateSecurityGroup"), 1);
        let tags = &world.named("security_groups", "lb")[0]["tags"];
        assert_eq!(
            (&tags["runbook:run"], &tags["Name"], &tags["Owner"]),
            (&json!("r1"), &json!("lb"), &json!("tests"))
        );

        let stranger = group.of_another_run();
        assert_refused(world.stage.observe(&stranger).await, "not this run's");
        world.stage.undo(&stranger).await.unwrap();
        assert_eq!(world.named("security_groups", "lb").len(), 1, "another run's undo leaves it");

        world.stage.undo(&group.without_outputs()).await.unwrap();
        world.stage.undo(&group).await.unwrap();
        assert_eq!(world.named("security_groups", "lb").len(), 0);
        group.call.generation = 1;
        assert_eq!(world.stage.look(&mut group).await, Found::Absent);
        world.stage.apply(&mut group).await.unwrap();
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn a_group_is_deleted_when_the_balancers_interfaces_are_gone() {
        let world = World::new();
        world.emulator.post("config", &json!({"eni_ticks": 6}));
        let mut group = world.group();
        world.stage.carry_out(&mut group).await;
        let mut balancer = world.balancer(&group.output("group"));
        world.stage.carry_out(&mut balancer).await;
        world.stage.undo(&balancer).await.unwrap();
        let (undone, notes) = world.stage.perform(&group, Phase::Undo).await;
        assert!(format!("{undone:?}").contains("is deleted"), "{undone:?}");
        assert!(
            notes.iter().any(|note| note.contains("still held by `eni-") && note.contains("ELB app/site")),
            "{notes:?}"
        );
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn a_rule_that_was_there_stays_and_the_others_go() {
        let world = World::new();
        let web = world.id("web_group");
        assert_eq!(admitted(&world, &web, 443), ["0.0.0.0/0"]);
        let mut admit = world.admit(&web, &json!({"ranges": ["0.0.0.0/0", "10.9.0.0/16", "2001:db8::/32"]}));
        let first = world.stage.observe(&admit).await.unwrap();
        assert_eq!((first.found, first.ours), (Found::Absent, false));
        world.stage.look(&mut admit).await;
        world.emulator.lose_answer("ec2", "AuthorizeSecurityGroupIngress");
        world.stage.apply(&mut admit).await.unwrap_err();
        let again = world.stage.observe(&admit).await.unwrap();
        assert_eq!((again.found, again.ours), (Found::Holds, true));
        assert_eq!(again.before, first.before, "the before-image is the same before and after");
        world.stage.apply(&mut admit).await.unwrap();
        world.stage.verify(&mut admit).await.unwrap();
        assert_eq!(admitted(&world, &web, 443), ["0.0.0.0/0", "10.9.0.0/16", "2001:db8::/32"]);
        assert_eq!(world.emulator.calls("AuthorizeSecurityGroupIngress"), 1);

        let mut same = admit.clone();
        same.call.action = "balance/admit-again".parse().unwrap();
        let found = world.stage.observe(&same).await.unwrap();
        assert_eq!((found.found, found.ours), (Found::Holds, false), "another action's rules are not this one's");
        world.stage.undo(&same).await.unwrap();
        assert_eq!(admitted(&world, &web, 443).len(), 3);

        world.stage.undo(&admit.without_outputs()).await.unwrap();
        world.stage.undo(&admit).await.unwrap();
        assert_eq!(admitted(&world, &web, 443), ["0.0.0.0/0"]);
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn a_rule_that_comes_into_being_meanwhile_is_no_obstacle() {
        let world = World::new();
        let web = world.id("web_group");
        let mut admit = world.admit(&web, &json!({"port": 8080, "ranges": ["10.8.0.0/16", "10.9.0.0/16"]}));
        world.stage.look(&mut admit).await;
        world.emulator.refuse("ec2", "AuthorizeSecurityGroupIngress", "InvalidPermission.Duplicate", 1);
        world.stage.apply(&mut admit).await.unwrap();
        assert_eq!(admitted(&world, &web, 8080), ["10.8.0.0/16", "10.9.0.0/16"]);
        world.emulator.refuse("ec2", "RevokeSecurityGroupIngress", "InvalidPermission.NotFound", 2);
        world.stage.undo(&admit).await.unwrap();
        assert_eq!(admitted(&world, &web, 8080), Vec::<String>::new());
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn nobody_to_admit_is_refused_and_a_full_group_says_what_to_do() {
        let world = World::new();
        let web = world.id("web_group");
        assert_refused(world.stage.observe(&world.admit(&web, &json!({"ranges": []}))).await, "nobody to admit");
        let mut admit = world.admit(&web, &json!({"ranges": ["10.9.0.0/16"]}));
        world.stage.look(&mut admit).await;
        world.emulator.refuse("ec2", "AuthorizeSecurityGroupIngress", "RulesPerSecurityGroupLimitExceeded", 1);
        let failure = world.stage.apply(&mut admit).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Permanent);
        assert!(failure.by_hand().join(" ").contains("quota"), "{failure:?}");
    }
}
