//! `runbook list`: the runbooks that come with the tool.
//!
//! What is shown is written down here: reading the documents takes an unoptimised build longer than anything else this
//! command does. A test keeps it what the documents say.

use crate::cli::args::Format;
use crate::cli::out::out;
use crate::cli::{CommandFailure, Exit};

/// Name, title and number of steps of each.
const SHOWN: &[(&str, &str, usize)] = &[
    ("single-to-ha", "make a Nextcloud on one server highly available behind a load balancer", 11),
    (
        "single-to-ha-online",
        "make a Nextcloud on one server highly available behind a load balancer, while it is used",
        17,
    ),
    ("restart-web-node", "restart a service on one web node without the site noticing", 5),
    ("release", "bring a release of an application to its servers, one after the other", 3),
    ("certificate-rolling", "replace the certificate on several nodes behind a balancer, one after the other", 3),
    ("postgres-move", "move a PostgreSQL database to another server", 6),
    ("central-logs", "collect the logs of several web nodes on one log host", 4),
];

pub(in crate::cli) fn list(format: Format) -> Result<Exit, CommandFailure> {
    let text = if format.is_json() {
        let row = |(name, title, steps): &_| serde_json::json!({ "name": name, "title": title, "steps": steps });
        format!("{}\n", serde_json::Value::from_iter(SHOWN.iter().map(row)))
    } else {
        SHOWN.iter().map(|(name, title, steps)| format!("{name:<20} {title} ({steps} steps)\n")).collect()
    };
    out(&text)?;
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::library::{SHIPPED, find};

    #[test]
    fn what_is_shown_is_what_the_documents_say() {
        let said: Vec<(String, String, usize)> = SHIPPED
            .iter()
            .map(|(name, _)| find(name).unwrap().runbook)
            .map(|it| (it.name.clone(), it.title.clone(), it.steps.len()))
            .collect();
        let shown: Vec<(String, String, usize)> =
            SHOWN.iter().map(|(name, title, steps)| ((*name).to_owned(), (*title).to_owned(), *steps)).collect();
        assert_eq!(shown, said);
    }
}
