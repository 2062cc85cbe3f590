//! `nextcloud.login`: whether a user can do on a site, as it is now, what the checks of a run will do: log in by the form,
//! be known to WebDAV, log out. Nothing is uploaded.
//!
//! One attempt each time, with the user's own password: Nextcloud counts refused ones and slows down who sends them
//! ([`browser`](crate::action::site)), so nothing is tried again, and a client's login is asked for only when the form has
//! taken the same password.

use super::{Examine, Seen};
use crate::access::reveal;
use crate::action::Lines;
use crate::action::site::{BrowsedSite, CLIENT_REFUSED, DavFiles, open, who};
use crate::model::{Failure, FailureKind, NextcloudLogin, Secret, Text};

const LOGIN: &str = "login";
const CLIENT: &str = "client";

impl Examine for NextcloudLogin {
    const PERMISSIONS: &'static [&'static str] = &[];

    async fn examine(&self, lines: &Lines<'_>) -> Result<Vec<Seen>, Failure> {
        let password = match reveal(&self.password).await {
            Ok(password) => password,
            Err(e) => {
                let told = format!("the password of `{}` cannot be had from {}: {e}", self.user, self.password);
                return Ok([LOGIN, CLIENT].map(|row| Seen::not_checkable(row, told.as_str())).into());
            }
        };
        let site =
            BrowsedSite::new(lines.access().settings(), &self.fqdn, self.via.as_ref().map(Text::as_str), None).await?;
        let user = match open(site).await {
            Ok(page) => page.log_in(self.user.as_str(), &password).await,
            Err(failure) => Err(failure),
        };
        let user = match user {
            Ok(user) => user,
            Err(failure) => {
                let nobody = Seen::not_checkable(CLIENT, format!("nobody could log in to `https://{}/`", self.fqdn));
                return Ok(vec![Seen::failed(LOGIN, &judged(failure)), nobody]);
            }
        };
        let id = user.id().to_owned();
        let client = self.client(lines, &id, &password).await;
        let login = user.log_out().await.map(|()| {
            Seen::pass(
                LOGIN,
                format!("{} logged in at `https://{}/` and out again", who(self.user.as_str(), &id), self.fqdn),
            )
        });
        Ok(vec![Seen::of(LOGIN, login.map_err(judged)), client])
    }
}

impl NextcloudLogin {
    /// Whether WebDAV takes name and password with a request, without a session, as the servers are asked one by one.
    async fn client(&self, lines: &Lines<'_>, id: &str, password: &Secret) -> Seen {
        if self.user.as_str().contains(':') {
            return Seen::refuse(CLIENT, format!("`{}` cannot be sent with a request", self.user))
                .advise("a name with `:` ends at it there: give another user");
        }
        let looked =
            match BrowsedSite::new(lines.access().settings(), &self.fqdn, self.via.as_ref().map(Text::as_str), None)
                .await
            {
                Ok(site) => DavFiles::of_client(&site, id, self.user.as_str(), password).look().await,
                Err(failure) => Err(failure),
            };
        let seen =
            looked.map(|()| Seen::pass(CLIENT, format!("WebDAV shows the files of `{id}` to name and password")));
        Seen::of(
            CLIENT,
            seen.map_err(|failure| match failure.message.contains("answered 401") {
                true => Failure { advice: vec![CLIENT_REFUSED.into()], ..judged(failure) },
                false => judged(failure),
            }),
        )
    }
}

/// What will not go away by itself would stop the run later: it refuses now.
fn judged(failure: Failure) -> Failure {
    match failure.kind {
        FailureKind::Permanent => Failure { kind: FailureKind::Refused, ..failure },
        _ => failure,
    }
}
