//! What the actions say they need of IAM is what they call: nothing undeclared, forward and undo apart.

use super::{Account, Work, image, waits};
use runbook::action::{observe_permissions, permissions};
use runbook::model::ActionKind;
use serde_json::{Value, json};
use std::collections::BTreeSet;

both_halves! {
    "aws_compute::permissions":
    every_call_is_declared,
}

/// Calls that were made since the last time, as IAM actions.
struct Watch {
    seen: usize,
}

impl Watch {
    fn since(&mut self, account: &Account) -> BTreeSet<String> {
        let calls = account.lab.get("calls");
        let calls = calls.as_array().unwrap();
        let name = |call: &Value| format!("{}:{}", call[0].as_str().unwrap(), call[1].as_str().unwrap());
        let fresh = calls[self.seen..].iter().map(name).collect();
        self.seen = calls.len();
        fresh
    }
}

/// Carries the action out, by looking at every phase's calls; `undo` too when asked.
async fn check(account: &Account, watch: &mut Watch, work: &mut Work, undo: bool) {
    let kind = work.deed.call.kind;
    let (forward, beside) = permissions(kind);
    let mut declared: BTreeSet<&str> = observe_permissions(kind).iter().copied().collect();
    assert!(
        declared.iter().all(|action| forward.contains(action)),
        "{kind} observes with more than it goes forward with"
    );
    let mut undeclared = |declared: &BTreeSet<&str>, phase: &str| {
        let calls = watch.since(account).into_iter();
        let more: Vec<String> = calls.filter(|call| !declared.contains(call.as_str())).collect();
        assert!(more.is_empty(), "{kind} ({phase}) also calls {more:?}");
    };
    if undo {
        declared.extend(beside);
        work.undo().await;
        return undeclared(&declared, "undo");
    }
    work.observe().await;
    undeclared(&declared, "observe");
    declared.extend(forward);
    work.apply().await;
    work.verify().await;
    undeclared(&declared, "forward");
}

mod inside {
    use super::*;

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn every_call_is_declared() {
        let account = Account::new().await;
        let on_web = |kind| account.work(kind, "some/action", json!({"instance": account.web()}));
        let mut image = image::deed(&account);
        let resize = json!({"instance": account.web(), "instance_type": "t3.small"});
        let convert = json!({"db": account.id("db"), "multi_az": true});
        let keep = json!({"db": account.id("db"), "name": "before-move"});
        let mut works = vec![
            on_web(ActionKind::InstanceLookUp),
            on_web(ActionKind::InstanceClaim),
            on_web(ActionKind::InstanceStop),
        ];
        let mut watch = Watch { seen: 0 };
        watch.since(&account);
        for work in &mut works {
            check(&account, &mut watch, work, false).await;
        }
        check(&account, &mut watch, &mut image, false).await;
        let like = json!({
            "image": image.output("image"), "like": account.web(), "subnet": account.seed["subnets"]["b"],
            "instance_type": "t3.small", "name": "nextcloud-web-2",
        });
        let available = waits::available(&account, &image.output("image"));
        let mut later = vec![
            image,
            available,
            account.work(ActionKind::InstanceClone, "clone/launch", like),
            account.work(ActionKind::InstanceStartAs, "clone/resize", resize),
            on_web(ActionKind::InstanceWaitChecked),
            account.work(ActionKind::RdsSnapshot, "rds/keep", keep),
            account.work(ActionKind::RdsSetMultiAz, "rds/convert", convert),
            on_web(ActionKind::InstanceRelease),
        ];
        for work in &mut later[1..] {
            check(&account, &mut watch, work, false).await;
        }
        works.extend(later);
        for work in works.iter_mut().rev() {
            check(&account, &mut watch, work, true).await;
        }
        account.stop(&account.web()).await;
        watch.since(&account);
        let mut start = on_web(ActionKind::InstanceStart);
        check(&account, &mut watch, &mut start, false).await;
        check(&account, &mut watch, &mut start, true).await;
    }
}
