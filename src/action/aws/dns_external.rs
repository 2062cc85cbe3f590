//! DNS that a person keeps elsewhere: what is to be done is shown at a gate, and afterwards DNS itself is asked until it is
//! so.

use crate::access::Dns;
use crate::action::{Context, Stop};
use crate::model::{Failure, dns_gate, dns_undo_gate};
use std::collections::BTreeSet;
use std::net::IpAddr;

/// Stops until a person has approved that the record is there, with what is to be done as the gate's prompt.
pub(super) fn ask(cx: &Context<'_>, prompt: impl FnOnce() -> String) -> Result<(), Stop> {
    at(cx, dns_gate(cx.call().action.name()), prompt)
}

/// The same on the way back.
pub(super) fn ask_back(cx: &Context<'_>, prompt: impl FnOnce() -> String) -> Result<(), Stop> {
    at(cx, dns_undo_gate(cx.call().action.name()), prompt)
}

fn at(cx: &Context<'_>, gate: String, prompt: impl FnOnce() -> String) -> Result<(), Stop> {
    if cx.call().approved.contains(&gate) { Ok(()) } else { Err(Stop::Waiting { gate, prompt: prompt() }) }
}

/// Whether a name is a zone's own: there are the zone's NS and SOA records, and no CNAME may stand beside them (RFC 1034, 3.6.2).
pub(in crate::action) async fn is_apex(dns: Dns, name: &str) -> Result<bool, Failure> {
    Ok(!dns.name_servers(name).await?.is_empty())
}

/// What to ask for so that a name leads to a balancer for good.
pub(super) fn wanted(name: &str, balancer: &str, apex: bool) -> String {
    if apex {
        return format!(
            "at your DNS provider, point the site at the balancer. `{name}` is its zone's own name, where no CNAME may stand:\n\n  \
             {name} ALIAS {balancer}\n\n(your provider calls it ALIAS, ANAME or a flattened CNAME), and remove its A and AAAA \
             records. No A records with the balancer's addresses: AWS changes them"
        );
    }
    format!(
        "at your DNS provider, point the site at the balancer:\n\n  {name} CNAME {balancer}\n\nand remove its A and AAAA records. No A \
         records with the balancer's addresses: AWS changes them"
    )
}

/// What of the way in which a name leads to a balancer will not last; nothing where it is a CNAME, or may be a record that the
/// provider keeps up to date.
pub(super) async fn will_not_last(
    dns: Dns,
    name: &str,
    site: &BTreeSet<IpAddr>,
    balancer: &BTreeSet<IpAddr>,
) -> Result<Option<String>, Failure> {
    if dns.cname(name).await?.is_some() {
        return Ok(None);
    }
    let missing = balancer.difference(site).next().is_some();
    let apex = is_apex(dns, name).await?;
    Ok((missing || !apex).then(|| {
        let seen = if missing {
            "some of the balancer's addresses, and by no CNAME"
        } else {
            "its addresses, and by no CNAME"
        };
        let right = if apex { "an ALIAS, ANAME or flattened CNAME record" } else { "a CNAME record" };
        format!("it leads there by {seen}: where they are A records, they end when AWS changes them; make it {right}")
    }))
}
