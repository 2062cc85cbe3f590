//! From answers to what is told: an IAM action each, with all that needs it.

use super::super::policy::{IamQuestion, is_read};
use super::answer::IamAnswer;
use crate::model::{Judged, Lack, NeedFor, Permissions};
use std::collections::{BTreeMap, BTreeSet};

/// Sums the answers up. There is one for each question, in their order.
pub(super) fn of(caller: &str, judged: Judged, questions: &[IamQuestion], answers: Vec<IamAnswer>) -> Permissions {
    let mut by_name: BTreeMap<&str, Vec<(&IamQuestion, IamAnswer)>> = BTreeMap::new();
    for (question, answer) in questions.iter().zip(answers) {
        by_name.entry(question.permission).or_default().push((question, answer));
    }
    let mut told = Permissions {
        caller: caller.to_owned(),
        judged,
        allowed: BTreeSet::new(),
        missing: Vec::new(),
        unchecked: Vec::new(),
        only_plans: false,
    };
    for (name, answered) in by_name {
        let (mut denied, mut open) = (Vec::new(), Vec::new());
        for (question, answer) in answered {
            match answer {
                IamAnswer::Allowed => {}
                IamAnswer::Denied(why) if question.sure => denied.push((question, why)),
                IamAnswer::Denied(_) => {
                    open.push((question, "not on every resource, and which one it is turns out later".to_owned()));
                }
                IamAnswer::Open(why) => open.push((question, why)),
            }
        }
        match (denied.is_empty(), open.is_empty()) {
            (false, _) => told.missing.push(lack(name, &denied)),
            (true, false) => told.unchecked.push(lack(name, &open)),
            (true, true) => {
                told.allowed.insert(name.to_owned());
            }
        }
    }
    told.only_plans = only_plans(&told);
    told
}

fn lack(name: &str, because: &[(&IamQuestion, String)]) -> Lack {
    let whys: BTreeSet<&str> = because.iter().map(|(_, why)| why.as_str()).collect();
    Lack {
        permission: name.to_owned(),
        on: because.iter().map(|(q, _)| q.resource.clone()).filter(|r| r != "*").collect(),
        why: whys.into_iter().collect::<Vec<_>>().join("; "),
        needed_by: because.iter().flat_map(|(q, _)| q.needed_by.iter().cloned()).collect(),
    }
}

/// Somebody who may look and is allowed no change at all has been given the plan's policy, not a part of the run's.
fn only_plans(told: &Permissions) -> bool {
    let looks = |lack: &Lack| lack.needed_by.iter().any(|need| need.purpose == NeedFor::Look);
    let changes = |name: &str| !is_read(name);
    told.missing.iter().any(|lack| changes(&lack.permission))
        && !told.missing.iter().any(looks)
        && !told.allowed.iter().any(|name| changes(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::policy::Entries;
    use crate::model::Need;

    fn question(permission: &'static str, resource: &str, sure: bool, purpose: NeedFor) -> IamQuestion {
        let need = Need { action: "some/action".parse().unwrap(), purpose };
        IamQuestion {
            permission,
            resource: resource.into(),
            sure,
            exists: sure,
            context: Entries::new(),
            needed_by: BTreeSet::from([need]),
        }
    }

    fn denied() -> IamAnswer {
        IamAnswer::Denied("no policy allows it".into())
    }

    fn sum(all: Vec<(IamQuestion, IamAnswer)>) -> Permissions {
        let (questions, answers): (Vec<_>, Vec<_>) = all.into_iter().unzip();
        of("arn:aws:iam::111122223333:user/hana", Judged::Simulation, &questions, answers)
    }

    #[test]
    fn one_denial_is_enough_unless_it_is_not_sure() {
        let told = sum(vec![
            (question("ec2:RunInstances", "arn:instance", true, NeedFor::Forward), IamAnswer::Allowed),
            (question("ec2:RunInstances", "arn:key-pair", false, NeedFor::Forward), denied()),
            (question("ec2:StopInstances", "arn:a", true, NeedFor::Forward), IamAnswer::Allowed),
            (question("ec2:StopInstances", "arn:b", true, NeedFor::Back), denied()),
        ]);
        assert_eq!(told.missing.iter().map(|l| l.permission.as_str()).collect::<Vec<_>>(), ["ec2:StopInstances"]);
        assert_eq!(told.missing[0].on, BTreeSet::from(["arn:b".to_owned()]));
        assert_eq!(told.unchecked[0].permission, "ec2:RunInstances");
        assert!(told.allowed.is_empty());
    }

    #[test]
    fn who_may_change_nothing_only_plans() {
        let look = |answer| (question("ec2:DescribeInstances", "*", true, NeedFor::Look), answer);
        let change = |name, answer| (question(name, "arn:a", true, NeedFor::Forward), answer);
        assert!(sum(vec![look(IamAnswer::Allowed), change("ec2:StopInstances", denied())]).only_plans);
        assert!(!sum(vec![look(denied()), change("ec2:StopInstances", denied())]).only_plans);
        let one_of_two = [change("ec2:StopInstances", denied()), change("ec2:StartInstances", IamAnswer::Allowed)];
        assert!(!sum(one_of_two.to_vec()).only_plans);
        assert!(!sum(vec![look(IamAnswer::Allowed), change("ec2:StopInstances", IamAnswer::Allowed)]).only_plans);
    }
}
