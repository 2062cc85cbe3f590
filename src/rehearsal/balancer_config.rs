//! The balancer's configuration, written from the account's load balancers: a pure function, so that a changed
//! text is exactly a changed balancer.
//!
//! What it takes over from the real Application Load Balancer: nothing listens without a listener; the health
//! check's Host header is the target's address; a group without a healthy target fails open; a redirect names the
//! port; `X-Forwarded-*` are set; the configured idle timeout and cookie stickiness. What it does not: listener
//! rules beside the default action, more than one target group an action, weights, the 503 page's look.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use super::account::{AccountState, Listener, LoadBalancer, TargetGroup};

/// The lab's clock: a check every 10 s becomes one every 500 ms.
const FASTER: u64 = 20;
const SHORTEST_INTERVAL_MS: u64 = 300;
/// A check on a loaded machine needs a second, however short the real timeout would become.
const SHORTEST_TIMEOUT_MS: u64 = 1000;
const DEFAULT_IDLE_SECONDS: &str = "60";

/// What is needed beside the account to write a configuration.
pub(super) struct Surroundings<'a> {
    /// The addresses of each load balancer, by ARN.
    pub(super) addresses: &'a BTreeMap<String, [Ipv4Addr; 2]>,
    /// The file of each issued certificate, by ARN.
    pub(super) certificates: &'a BTreeMap<String, PathBuf>,
    pub(super) stats_socket: &'a Path,
}

/// One target as the configuration names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TargetPlace {
    pub(super) target_group: String,
    pub(super) id: String,
    pub(super) port: u16,
    pub(super) backend: String,
    pub(super) server: String,
    /// How long it may fail its checks at first before it counts as unhealthy.
    pub(super) patience: Duration,
}

/// A configuration: its text, and which target is which server in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Configuration {
    /// Empty when there is nothing to listen on.
    pub(super) text: String,
    pub(super) targets: Vec<TargetPlace>,
}

/// Writes the configuration for an account.
pub(super) fn configuration(account: &AccountState, around: &Surroundings<'_>) -> Configuration {
    let mut out = Configuration::default();
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
            if let Some(group) = answer.group
                && !written.contains(&&group.arn)
            {
                written.push(&group.arn);
                backend(&mut backends, &mut out.targets, account, balancer, group, addresses[0]);
            }
        }
    }
    if !frontends.is_empty() {
        out.text = format!("{}{frontends}{backends}", head(around.stats_socket));
    }
    out
}

fn head(socket: &Path) -> String {
    format!(
        "global\n  stats socket {} mode 600 level admin expose-fd listeners\n  maxconn 2000\n  nbthread 1\n  \
         hard-stop-after 30s\n  log stderr format raw local0 notice\n\
         defaults\n  mode http\n  log global\n  timeout connect 2s\n  timeout client 60s\n  timeout server 60s\n  \
         option redispatch\n  retries 2\n",
        socket.display()
    )
}

/// What stands after the address of a `bind`; none when the listener cannot answer yet.
fn bind(listener: &Listener, around: &Surroundings<'_>) -> Option<String> {
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
    group: Option<&'a TargetGroup>,
}

fn answer<'a>(listener: &Listener, account: &'a AccountState) -> Option<Answer<'a>> {
    let action = listener.default_actions.last()?;
    match action["Type"].as_str()? {
        "forward" => {
            let arn = action["TargetGroupArn"]
                .as_str()
                .or_else(|| action["ForwardConfig"]["TargetGroups"][0]["TargetGroupArn"].as_str())?;
            let group = account.target_groups.iter().find(|group| group.arn == arn)?;
            let name = backend_name(group);
            let lines = format!(
                "  option forwardfor\n  http-request set-header X-Forwarded-Proto {}\n  \
                 http-request set-header X-Forwarded-Port {}\n  \
                 use_backend {name}_open if {{ nbsrv({name}) eq 0 }}\n  default_backend {name}\n",
                if listener.protocol == "HTTPS" { "https" } else { "http" },
                listener.port
            );
            Some(Answer { lines, group: Some(group) })
        }
        "redirect" => Some(Answer { lines: redirect(&action["RedirectConfig"], listener), group: None }),
        "fixed-response" => {
            let config = &action["FixedResponseConfig"];
            let status = text(&config["StatusCode"]).unwrap_or_else(|| "503".to_owned());
            let kind = config["ContentType"].as_str().unwrap_or("text/plain");
            let body = config["MessageBody"].as_str().unwrap_or_default().replace(['"', '\n', '\\'], " ");
            let lines = format!("  http-request return status {status} content-type {kind} string \"{body}\"\n");
            Some(Answer { lines, group: None })
        }
        _ => None,
    }
}

/// A redirect as the real one writes it: `https://HOST:443/path?query`, the port always there.
fn redirect(config: &Value, listener: &Listener) -> String {
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

fn backend(
    out: &mut String,
    places: &mut Vec<TargetPlace>,
    account: &AccountState,
    balancer: &LoadBalancer,
    group: &TargetGroup,
    source: Ipv4Addr,
) {
    let check = &group.health_check;
    let name = backend_name(group);
    let interval = (check.interval * 1000 / FASTER).max(SHORTEST_INTERVAL_MS);
    let timeout = (check.timeout * 1000 / FASTER).max(SHORTEST_TIMEOUT_MS);
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
            patience,
        });
    }
    out.push_str(&open);
}

fn idle_seconds(balancer: &LoadBalancer) -> &str {
    let set = balancer.attributes.get("idle_timeout.timeout_seconds").map(String::as_str);
    set.filter(|value| value.parse::<u32>().is_ok()).unwrap_or(DEFAULT_IDLE_SECONDS)
}

fn backend_name(group: &TargetGroup) -> String {
    format!("group_{}", group.name.replace(|letter: char| !letter.is_ascii_alphanumeric(), "_"))
}

/// A JSON string or number as text.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
