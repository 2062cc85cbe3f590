//! What a plan says of the caller's permissions, in its forms.

use super::fixture::{origin, path, plan, sentences};
use super::golden;
use runbook::display::{PlanOrigin, permissions_json, permissions_text, plan_html, plan_markdown};
use runbook::model::{Judged, Lack, Need, NeedFor, Permissions};
use runbook::plan::Order;
use std::collections::BTreeSet;

fn lack(permission: &str, why: &str, purpose: NeedFor) -> Lack {
    let need = Need { action: path("shut-down/guest"), purpose };
    let on = BTreeSet::from(["arn:aws:ec2:eu-west-1:111122223333:instance/i-0123456789abcdef0".to_owned()]);
    Lack { permission: permission.into(), on, why: why.into(), needed_by: BTreeSet::from([need]) }
}

fn told(judged: Judged) -> Permissions {
    Permissions {
        caller: "arn:aws:iam::111122223333:user/hana".into(),
        judged,
        allowed: ["ec2:DescribeInstances", "ec2:StopInstances"].map(str::to_owned).into(),
        missing: Vec::new(),
        unchecked: Vec::new(),
        only_plans: false,
    }
}

fn missing() -> Vec<Lack> {
    let no = "no policy allows it";
    vec![lack("ec2:StartInstances", no, NeedFor::Back), lack("rds:ModifyDBInstance", no, NeedFor::Forward)]
}

fn blind() -> Permissions {
    let needs = "iam:SimulatePrincipalPolicy` on `arn:aws:iam::111122223333:user/hana`";
    let why = format!("the caller may not ask IAM: it needs `{needs}");
    Permissions { unchecked: missing(), ..told(Judged::DryRuns { why }) }
}

#[test]
fn each_way_it_can_end() {
    let source = "it depends on `aws:SourceIp`, which only the call itself shows";
    let ends = [
        told(Judged::Simulation),
        told(Judged::Root),
        Permissions { missing: missing(), ..told(Judged::Simulation) },
        Permissions { missing: missing(), only_plans: true, ..told(Judged::Simulation) },
        Permissions { unchecked: vec![lack("ec2:StartInstances", source, NeedFor::Back)], ..told(Judged::Simulation) },
        blind(),
    ];
    golden("permissions", &ends.iter().map(permissions_text).collect::<String>());
}

#[test]
fn a_warning_is_in_page_and_markdown() {
    let origin = PlanOrigin { permissions: Some(blind()), ..origin() };
    let page = plan_html(&plan(Order::Article), &origin, &sentences, &[]);
    let markdown = plan_markdown(&plan(Order::Article), &origin, &sentences, &[]);
    for form in [page, markdown] {
        for wanted in
            ["not checkable before the run", "iam:SimulatePrincipalPolicy", "rds: ModifyDBInstance", "user/hana"]
        {
            assert!(form.contains(wanted), "no `{wanted}`: {form}");
        }
    }
}

#[test]
fn programs_read_who_needs_what() {
    let json = permissions_json(&Permissions { missing: missing(), ..told(Judged::Simulation) });
    assert_eq!(json["judged"]["by"], "simulation");
    assert_eq!(json["missing"][0]["permission"], "ec2:StartInstances");
    assert_eq!(json["missing"][0]["needed_by"][0]["action"], "shut-down/guest");
    assert_eq!(json["missing"][0]["needed_by"][0]["for"], "back");
}
