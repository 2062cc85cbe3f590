//! The rules as text: who is let through to whom.

use super::*;
use serde_json::json;

fn account(web_rules: &serde_json::Value) -> AccountState {
    serde_json::from_value(json!({
        "instances": [
            {"id": "i-1", "state": "running", "image_id": "ami-1", "private_ip": "10.77.1.4", "public_ip": "198.51.100.11",
             "name": "web-1", "security_groups": ["sg-web", "sg-admin"]},
            {"id": "i-2", "state": "terminated", "image_id": "ami-1", "private_ip": "10.77.1.5", "public_ip": null,
             "name": "old", "security_groups": ["sg-web"]},
        ],
        "load_balancers": [{"arn": "lb", "dns_name": "lb.example", "security_groups": ["sg-lb"]}],
        "security_groups": [
            {"id": "sg-web", "ingress": web_rules},
            {"id": "sg-admin", "ingress": [
                {"protocol": "tcp", "from": 22, "to": 22, "cidrs": ["203.0.113.0/24", "2001:db8::/32"], "groups": []},
            ]},
            {"id": "sg-lb", "ingress": [{"protocol": "tcp", "from": 443, "to": 443, "cidrs": ["0.0.0.0/0"], "groups": []}]},
        ],
    }))
    .unwrap()
}

fn rules(account: &AccountState) -> String {
    let balancers =
        BTreeMap::from([("lb".to_owned(), vec![Ipv4Addr::new(10, 77, 200, 10), Ipv4Addr::new(10, 77, 200, 11)])]);
    ruleset(&guarded(account, &balancers), &account.security_groups)
}

/// The lines of a chain.
fn chain<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    let (_, rest) = text.split_once(&format!("  chain {name} {{\n")).unwrap_or_else(|| panic!("no {name} in {text}"));
    rest.split_once("  }").unwrap().0.lines().map(str::trim).collect()
}

#[test]
fn the_rules_of_all_groups_count_together_and_a_group_is_its_members() {
    let text = rules(&account(&json!([
        {"protocol": "tcp", "from": 80, "to": 80, "cidrs": [], "groups": ["sg-lb"]},
        {"protocol": "tcp", "from": 8000, "to": 8100, "cidrs": ["10.77.0.0/16", "10.77.1.0/24"], "groups": []},
        {"protocol": "-1", "from": null, "to": null, "cidrs": [], "groups": ["sg-web"]},
        {"protocol": "udp", "from": 53, "to": 53, "cidrs": [], "groups": ["sg-nobody"]},
        {"protocol": "icmp", "from": -1, "to": -1, "cidrs": ["192.0.2.0/24"], "groups": []},
    ])));
    let wanted = [
        "ip saddr 10.77.0.0/16 tcp dport 8000-8100 accept",
        "ip saddr 10.77.1.0/24 tcp dport 8000-8100 accept",
        "ip saddr 10.77.1.4 accept",
        "ip saddr 10.77.200.10 tcp dport 80 accept",
        "ip saddr 10.77.200.11 tcp dport 80 accept",
        "ip saddr 192.0.2.0/24 meta l4proto icmp accept",
        "ip saddr 203.0.113.0/24 tcp dport 22 accept",
        "drop",
    ];
    assert_eq!(chain(&text, "guarded0"), wanted);
    assert_eq!(chain(&text, "guarded1"), ["ip saddr 0.0.0.0/0 tcp dport 443 accept", "drop"]);
    let doors = "ip daddr vmap { 10.77.1.4 : jump guarded0, 198.51.100.11 : jump guarded0, 10.77.200.10 : jump guarded1, \
                 10.77.200.11 : jump guarded1 }";
    assert_eq!(chain(&text, "guarded"), ["ct state established,related accept", "ip saddr 10.77.0.2 accept", doors]);
    for hook in ["forward", "input", "output"] {
        assert!(chain(&text, hook).contains(&"jump guarded"), "{text}");
    }
}

#[test]
fn without_rules_nothing_is_admitted() {
    assert_eq!(
        chain(&rules(&account(&json!([]))), "guarded0"),
        ["ip saddr 203.0.113.0/24 tcp dport 22 accept", "drop"]
    );
    assert!(!ruleset(&[], &[]).contains("vmap"), "an empty map is refused");
}
