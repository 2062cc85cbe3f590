//! The balancer's configuration, written from the account's load balancers: a pure function, so that a changed
//! text is exactly a changed balancer.
//!
//! What it takes over from the real Application Load Balancer: nothing listens without a listener; the health
//! check's Host header is the target's address; a group without a healthy target fails open; a redirect names the
//! port; `X-Forwarded-*` are set; the configured idle timeout and cookie stickiness; rules and weights (`route.rs`). What
//! it does not: rules that do not forward, the 503 page's look.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use crate::rehearsal::balancer::route::{Route, backend_name, routing};
use crate::rehearsal::emulator::account::{AccountListener, AccountState, LoadBalancer, TargetGroup};

/// The lab's own clock: a check every 10 s becomes one every 500 ms.
pub(in crate::rehearsal) const FASTER: u32 = 20;
const SHORTEST_INTERVAL_MS: u64 = 300;
/// A check on a loaded machine needs a second, however short the real timeout would become.
const SHORTEST_TIMEOUT_MS: u64 = 1000;
const DEFAULT_IDLE_SECONDS: &str = "60";

/// What is needed beside the account to write a configuration.
pub(in crate::rehearsal) struct BalancerSurroundings<'a> {
    /// The addresses of each load balancer, by ARN.
    pub(in crate::rehearsal) addresses: &'a BTreeMap<String, [Ipv4Addr; 2]>,
    /// The file of each issued certificate, by ARN.
    pub(in crate::rehearsal) certificates: &'a BTreeMap<String, PathBuf>,
    pub(in crate::rehearsal) stats_socket: &'a Path,
    /// How many times faster than the account says targets are checked.
    pub(in crate::rehearsal) faster: u32,
}

/// One target as the configuration names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::rehearsal) struct TargetPlace {
    pub(in crate::rehearsal) target_group: String,
    pub(in crate::rehearsal) id: String,
    pub(in crate::rehearsal) port: u16,
    pub(in crate::rehearsal) backend: String,
    pub(in crate::rehearsal) server: String,
    /// Whether it is spoken to by TLS.
    pub(in crate::rehearsal) tls: bool,
    /// Which registration of the target this is: what was found of an earlier one does not count.
    pub(in crate::rehearsal) registration: u32,
    /// How long it may fail its checks at first before it counts as unhealthy.
    pub(in crate::rehearsal) patience: Duration,
}

/// A configuration: its text, and which target is which server in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::rehearsal) struct BalancerConfiguration {
    /// Empty when there is nothing to listen on.
    pub(in crate::rehearsal) text: String,
    pub(in crate::rehearsal) targets: Vec<TargetPlace>,
}

/// Writes the configuration for an account.
pub(in crate::rehearsal) fn configuration(
    account: &AccountState,
    around: &BalancerSurroundings<'_>,
) -> BalancerConfiguration {
    let mut out = BalancerConfiguration::default();
    let mut frontends = String::new();
    let mut backends = String::new();
    let mut written = Vec::new();
    for (number, balancer) in account.load_balancers.iter().enumerate() {
        let Some(addresses) = around.addresses.get(&balancer.arn) else { continue };
        for listener in &balancer.listeners {
            let Some(bind) = bind(listener, around) else { continue };
            let Some(answer) = answer(listener, account) else { continue };
            let _ = writeln!(frontends, "frontend listener{number}_{}", listener.port);
            for address in addresses {
                let _ = writeln!(frontends, "  bind {address}:{}{bind}", listener.port);
            }
            let _ = write!(frontends, "  timeout client {}s\n{}", idle_seconds(balancer), answer.lines);
            for group in answer.groups {
                if written.contains(&&group.arn) {
                    continue;
                }
                written.push(&group.arn);
                let source = (addresses[0], u64::from(around.faster));
                let (text, places) = backend(account, balancer, group, source);
                backends.push_str(&text);
                out.targets.extend(places);
            }
        }
    }
    if !frontends.is_empty() {
        out.text = format!("{}{frontends}{backends}", head(around.stats_socket));
    }
    out
}

/// Where haproxy finds which servers are down already when it begins.
pub(in crate::rehearsal) fn state_file(socket: &Path) -> PathBuf {
    socket.with_extension("state")
}

/// What stands there: a new haproxy believes in every server until its first check, and would send requests to one that the
/// real balancer knows to be unhealthy. ("Server state file" of its manual; what is left open keeps its default.)
pub(in crate::rehearsal) fn server_states<'a>(down: impl IntoIterator<Item = &'a TargetPlace>) -> String {
    let mut out = "1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight \
                   srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state \
                   srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port \
                   srv_check_addr srv_agent_addr srv_agent_port\n"
        .to_owned();
    for (number, place) in (1..).zip(down) {
        let (backend, server) = (&place.backend, &place.server);
        let (address, port) = server.split_once(':').unwrap_or((server, "0"));
        // What is said of TLS here counts, not the configuration.
        let tls = u8::from(place.tls);
        let _ =
            writeln!(out, "1 {backend} {number} {server} {address} 0 0 1 1 0 1 0 0 6 0 0 0 - {port} - {tls} 0 - - 0");
    }
    out
}

fn head(socket: &Path) -> String {
    format!(
        "global\n  stats socket {} mode 600 level admin expose-fd listeners\n  server-state-file {}\n  maxconn 2000\n  \
         nbthread 1\n  hard-stop-after 30s\n  log stderr format raw local0 notice\n\
         defaults\n  mode http\n  log global\n  timeout connect 2s\n  timeout client 60s\n  timeout server 60s\n  \
         option redispatch\n  retries 2\n  load-server-state-from-file global\n",
        socket.display(),
        state_file(socket).display()
    )
}

/// What stands after the address of a `bind`; none when the listener cannot answer yet.
fn bind(listener: &AccountListener, around: &BalancerSurroundings<'_>) -> Option<String> {
    if listener.protocol != "HTTPS" {
        return Some(String::new());
    }
    let files: Vec<String> = listener
        .certificates
        .iter()
        .filter_map(|arn| around.certificates.get(arn))
        .map(|file| format!(" crt {}", file.display()))
        .collect();
    (!files.is_empty()).then(|| format!(" ssl{} alpn h2,http/1.1", files.concat()))
}

struct Answer<'a> {
    lines: String,
    groups: Vec<&'a TargetGroup>,
}

fn answer<'a>(listener: &AccountListener, account: &'a AccountState) -> Option<Answer<'a>> {
    let action = listener.default_actions.last()?;
    match action["Type"].as_str()? {
        "forward" => {
            let routes: Option<Vec<Route<'a>>> =
                listener.rules.iter().map(|rule| Route::of_rule(rule, account)).collect();
            let mut routes = routes?;
            routes.push(Route::otherwise(action, account)?);
            let lines = format!(
                "  option forwardfor\n  http-request set-header X-Forwarded-Proto {}\n  \
                 http-request set-header X-Forwarded-Port {}\n{}",
                if listener.protocol == "HTTPS" { "https" } else { "http" },
                listener.port,
                routing(&routes)
            );
            Some(Answer { lines, groups: routes.iter().flat_map(Route::groups).collect() })
        }
        "redirect" => Some(Answer { lines: redirect(&action["RedirectConfig"], listener), groups: Vec::new() }),
        "fixed-response" => {
            let config = &action["FixedResponseConfig"];
            let status = text(&config["StatusCode"]).unwrap_or_else(|| "503".to_owned());
            let kind = config["ContentType"].as_str().unwrap_or("text/plain");
            let body = config["MessageBody"].as_str().unwrap_or_default().replace(['"', '\n', '\\'], " ");
            let lines = format!("  http-request return status {status} content-type {kind} string \"{body}\"\n");
            Some(Answer { lines, groups: Vec::new() })
        }
        _ => None,
    }
}

/// A redirect as the real one writes it: `https://HOST:443/path?query`, the port always there.
fn redirect(config: &Value, listener: &AccountListener) -> String {
    let or = |key: &str, usual: &str| {
        text(&config[key]).filter(|value| !value.is_empty()).unwrap_or_else(|| usual.to_owned())
    };
    let protocol = or("Protocol", "#{protocol}").replace("#{protocol}", &listener.protocol).to_ascii_lowercase();
    let port = or("Port", "#{port}").replace("#{port}", &listener.port.to_string());
    let host = or("Host", "#{host}").replace("#{host}", "%[req.hdr(host),field(1,:)]");
    let path = or("Path", "/#{path}").replace("/#{path}", "%[path]").replace("#{path}", "%[path,regsub(^/,)]");
    let code = if or("StatusCode", "HTTP_301") == "HTTP_302" { "302" } else { "301" };
    let place = format!("{protocol}://{host}:{port}{path}");
    match or("Query", "#{query}").as_str() {
        "#{query}" => format!(
            "  http-request redirect location {place}?%[query] code {code} if {{ query -m found }}\n  \
             http-request redirect location {place} code {code}\n"
        ),
        query => {
            format!("  http-request redirect location {place}?{} code {code}\n", query.replace("#{query}", "%[query]"))
        }
    }
}

/// A group's backend, and where its targets are in it.
fn backend(
    account: &AccountState,
    balancer: &LoadBalancer,
    group: &TargetGroup,
    (source, faster): (Ipv4Addr, u64),
) -> (String, Vec<TargetPlace>) {
    let (mut out, mut places) = (String::new(), Vec::new());
    let check = &group.health_check;
    let name = backend_name(group);
    let interval = (check.interval * 1000 / faster).max(SHORTEST_INTERVAL_MS);
    let timeout = (check.timeout * 1000 / faster).max(SHORTEST_TIMEOUT_MS);
    let patience = Duration::from_millis((interval + timeout) * u64::from(check.unhealthy));
    let sticky = group.attributes.get("stickiness.enabled").is_some_and(|value| value == "true");
    let common = format!("  balance roundrobin\n  source {source}\n  timeout server {}s\n", idle_seconds(balancer));
    let cookie = if sticky { "  cookie AWSALB insert indirect\n" } else { "" };
    let _ = write!(
        out,
        "backend {name}\n{common}{cookie}  timeout check {timeout}ms\n  option httpchk\n  \
         http-check send meth GET uri {} ver HTTP/1.1 hdr Host %[srv_name] hdr User-Agent ELB-HealthChecker/2.0 hdr Connection close\n  \
         http-check expect status {}\n  default-server inter {interval}ms fall {} rise {}\n",
        check.path.as_deref().unwrap_or("/"),
        check.matcher.as_deref().unwrap_or("200"),
        check.unhealthy.max(1),
        check.healthy.max(1),
    );
    let mut open = format!("backend {name}_open\n{common}{cookie}");
    for target in &group.targets {
        let instance = account.instances.iter().find(|instance| instance.id == target.id);
        let Some(address) = instance.and_then(|instance| instance.private_ip) else { continue };
        let port = target.port.unwrap_or(group.port);
        let server = format!("{address}:{port}");
        let tls = if group.protocol == "HTTPS" { " ssl verify none" } else { "" };
        let sticks = if sticky { format!(" cookie {}-{port}", target.id) } else { String::new() };
        let check_port = check.port.as_ref().and_then(text).and_then(|port| port.parse::<u16>().ok());
        let check_port = check_port.map(|port| format!(" port {port}")).unwrap_or_default();
        let _ = writeln!(out, "  server {server} {server} check{check_port}{tls}{sticks}");
        let _ = writeln!(open, "  server {server} {server}{tls}{sticks}");
        places.push(TargetPlace {
            target_group: group.arn.clone(),
            id: target.id.clone(),
            port,
            backend: name.clone(),
            server,
            tls: !tls.is_empty(),
            registration: target.registration,
            patience,
        });
    }
    out.push_str(&open);
    (out, places)
}

fn idle_seconds(balancer: &LoadBalancer) -> &str {
    let set = balancer.attributes.get("idle_timeout.timeout_seconds").map(String::as_str);
    set.filter(|value| value.parse::<u32>().is_ok()).unwrap_or(DEFAULT_IDLE_SECONDS)
}

/// A JSON string or number as text.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An account with one web server behind a balancer with the listeners given.
    fn account(listeners: &Value) -> AccountState {
        let group = serde_json::json!({
            "arn": "arn:group", "name": "web-1", "protocol": "HTTP", "port": 80, "targets": [{"id": "i-1", "port": 80}],
            "attributes": {"stickiness.enabled": "true"},
            "health_check": {"path": "/status.php", "port": "traffic-port", "protocol": "HTTP", "interval": 10, "timeout": 5,
                             "healthy": 2, "unhealthy": 3, "matcher": "200-299"},
        });
        let instance = serde_json::json!({
            "id": "i-1", "state": "running", "image_id": "ami-1", "private_ip": "10.77.1.4", "public_ip": null, "name": null,
        });
        let balancer = serde_json::json!({
            "arn": "arn:lb", "dns_name": "site.elb.example", "listeners": listeners,
            "attributes": {"idle_timeout.timeout_seconds": "600"},
        });
        let account = serde_json::json!({
            "version": 1, "instances": [instance], "load_balancers": [balancer], "target_groups": [group],
        });
        serde_json::from_value(account).unwrap()
    }

    fn written(listeners: &Value, certificates: &[(&str, &str)]) -> BalancerConfiguration {
        let addresses = [("arn:lb".to_owned(), [Ipv4Addr::new(10, 77, 200, 10), Ipv4Addr::new(10, 77, 200, 11)])];
        let certificates = certificates.iter().map(|(arn, file)| ((*arn).to_owned(), PathBuf::from(file))).collect();
        let around = BalancerSurroundings {
            addresses: &addresses.into(),
            certificates: &certificates,
            stats_socket: Path::new("/run/socket"),
            faster: FASTER,
        };
        configuration(&account(listeners), &around)
    }

    fn https() -> Value {
        serde_json::json!([{
            "arn": "arn:l1", "port": 443, "protocol": "HTTPS", "certificates": ["arn:cert"],
            "default_actions": [{"Type": "forward", "TargetGroupArn": "arn:group"}],
        }])
    }

    #[test]
    fn nothing_is_written_without_a_listener_that_can_answer() {
        assert_eq!(written(&serde_json::json!([]), &[]), BalancerConfiguration::default());
        assert_eq!(written(&https(), &[]), BalancerConfiguration::default(), "its certificate is not issued yet");
    }

    #[test]
    fn a_forwarding_listener_checks_its_targets_as_the_group_says() {
        let written = written(&https(), &[("arn:cert", "/lab/cert.pem")]);
        for line in [
            "  bind 10.77.200.11:443 ssl crt /lab/cert.pem alpn h2,http/1.1",
            "  timeout client 600s",
            "  http-request set-header X-Forwarded-Proto https",
            "  use_backend group_web_1_open if { var(txn.group) -m str group_web_1 } { nbsrv(group_web_1) eq 0 }",
            "  use_backend group_web_1 if { var(txn.group) -m str group_web_1 }",
            "  http-check expect status 200-299",
            "  default-server inter 500ms fall 3 rise 2",
            "  cookie AWSALB insert indirect",
            "  server 10.77.1.4:80 10.77.1.4:80 check cookie i-1-80",
        ] {
            assert!(written.text.lines().any(|found| found == line), "{line}\nnot in\n{}", written.text);
        }
        assert_eq!(written.targets.len(), 1);
        assert_eq!(written.targets[0].patience, Duration::from_millis(4500));
    }

    #[test]
    fn who_is_down_is_down_from_the_beginning() {
        let written = written(&https(), &[("arn:cert", "/lab/cert.pem")]);
        assert!(written.text.contains("\n  server-state-file /run/socket.state\n"), "{}", written.text);
        let states = server_states(&written.targets);
        let lines: Vec<&str> = states.lines().collect();
        assert_eq!(lines[2], "1 group_web_1 1 10.77.1.4:80 10.77.1.4 0 0 1 1 0 1 0 0 6 0 0 0 - 80 - 0 0 - - 0");
        assert_eq!(lines[1].split(' ').skip(1).count(), lines[2].split(' ').count());
        assert_eq!(server_states(&[]).lines().count(), 2);
        let speaks_tls = TargetPlace { tls: true, ..written.targets[0].clone() };
        assert!(server_states([&speaks_tls]).ends_with(" - 80 - 1 0 - - 0\n"));
    }

    #[test]
    fn a_redirect_names_the_port_as_the_real_balancer_does() {
        let listener = serde_json::json!([{
            "arn": "arn:l2", "port": 80, "protocol": "HTTP",
            "default_actions": [{"Type": "redirect", "RedirectConfig": {
                "Protocol": "HTTPS", "Port": "443", "Host": "#{host}", "Path": "/#{path}", "Query": "#{query}",
                "StatusCode": "HTTP_301"}}],
        }]);
        let written = written(&listener, &[]);
        let place = "https://%[req.hdr(host),field(1,:)]:443%[path]";
        assert!(written.text.contains(&format!("redirect location {place}?%[query] code 301 if {{ query -m found }}")));
        assert!(written.text.contains(&format!("redirect location {place} code 301\n")));
        assert!(written.targets.is_empty());
    }
}
