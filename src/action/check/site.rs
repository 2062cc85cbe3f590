//! `http.answers`: a site answers now, as a user would ask it.
//!
//! Nextcloud's `status.php` answers 200 in maintenance mode too, and when an upgrade waits; what it says of that stands in
//! its JSON (status.php of Nextcloud: `installed`, `maintenance`, `needsDbUpgrade`). Before it is asked anything, an unknown
//! name is refused with 400 (lib/base.php, `init`).

use super::{Examine, Seen};
use crate::access::why_unanswered;
use crate::action::Lines;
use crate::model::{Failure, HttpAnswers};
use serde::Deserialize;

const ROW: &str = "answers";

impl Examine for HttpAnswers {
    const PERMISSIONS: &'static [&'static str] = &[];

    async fn examine(&self, lines: &Lines<'_>) -> Result<Vec<Seen>, Failure> {
        let wanted = self.status.unwrap_or(200);
        let client = lines.access().http()?;
        let url = self.url.as_str();
        let status_page = reqwest::Url::parse(url).is_ok_and(|url| url.path().ends_with("/status.php"));
        Ok(vec![match client.get(url).send().await {
            Err(e) => refuse(format!("`{url}` gives no answer: {}", why_unanswered(e))),
            Ok(answer) if answer.status().as_u16() == wanted && status_page => match answer.text().await {
                Err(e) => refuse(format!("`{url}` breaks off its answer: {}", why_unanswered(e))),
                Ok(body) => said(url, wanted, &body),
            },
            Ok(answer) if answer.status().as_u16() == wanted => Seen::pass(ROW, format!("`{url}` answers {wanted}")),
            Ok(answer) => {
                let status = answer.status().as_u16();
                let seen = refuse(format!("`{url}` answers {status}, not {wanted}"));
                match (status, status_page) {
                    (400, true) => seen.advise("is the name in `trusted_domains` of Nextcloud's config.php?"),
                    (404, true) => {
                        seen.advise("is Nextcloud at the root of its name? One under a path is not supported")
                    }
                    _ => seen,
                }
            }
        }])
    }
}

fn refuse(evidence: String) -> Seen {
    Seen::refuse(ROW, evidence).advise("put the site right first: afterwards nobody could tell what was broken before")
}

/// What Nextcloud says of itself. Another program's page of that name says nothing.
#[derive(Debug, Deserialize)]
struct Status {
    installed: bool,
    maintenance: bool,
    #[serde(rename = "needsDbUpgrade", default)]
    needs_upgrade: bool,
    #[serde(rename = "versionstring", default)]
    version: String,
}

fn said(url: &str, wanted: u16, body: &str) -> Seen {
    let Ok(status) = serde_json::from_str::<Status>(body) else {
        return Seen::pass(ROW, format!("`{url}` answers {wanted}"));
    };
    let version = &status.version;
    if !status.installed {
        return refuse(format!("`{url}` says that Nextcloud {version} is not installed yet"));
    }
    if status.maintenance {
        return refuse(format!("`{url}` says that Nextcloud {version} is in maintenance mode"))
            .advise("`occ maintenance:mode --off` when its work is done: nobody can log in until then");
    }
    if status.needs_upgrade {
        return refuse(format!("`{url}` says that Nextcloud {version} needs an upgrade"))
            .advise("`occ upgrade`: nobody can log in until then");
    }
    Seen::pass(ROW, format!("`{url}` answers {wanted}: Nextcloud {version}, in service"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::CheckVerdict::{Pass, Refuse};

    #[test]
    fn what_a_nextcloud_says_of_itself_counts() {
        let status = |installed: bool, maintenance: bool, upgrade: bool| {
            let body = format!(
                r#"{{"installed":{installed},"maintenance":{maintenance},"needsDbUpgrade":{upgrade},"version":"29.0.6.1","versionstring":"29.0.6","edition":"","productname":"Nextcloud","extendedSupport":false}}"#
            );
            said("https://cloud.example/status.php", 200, &body)
        };
        assert_eq!(status(true, false, false).verdict, Pass);
        for (seen, word) in [
            (status(true, true, false), "maintenance mode"),
            (status(true, false, true), "needs an upgrade"),
            (status(false, false, false), "not installed"),
        ] {
            assert_eq!(seen.verdict, Refuse);
            assert!(seen.evidence.contains(word), "{seen:?}");
        }
        assert_eq!(said("https://a.example/status.php", 200, "all is well").verdict, Pass);
    }
}
