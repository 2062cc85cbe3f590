//! `http.answers`: a site answers now, as a user would ask it.

use super::{Examine, Seen};
use crate::access::{HttpOptions, http_client};
use crate::action::Lines;
use crate::action::site::causes;
use crate::model::{Failure, HttpAnswers};

impl Examine for HttpAnswers {
    const PERMISSIONS: &'static [&'static str] = &[];

    async fn examine(&self, lines: &Lines<'_>) -> Result<Vec<Seen>, Failure> {
        const ROW: &str = "answers";
        let wanted = self.status.unwrap_or(200);
        let client = http_client(lines.access().settings(), &HttpOptions::default())?;
        let refuse = |evidence: String| {
            Seen::refuse(ROW, evidence)
                .advise("put the site right first: afterwards nobody could tell what was broken before")
        };
        Ok(vec![match client.get(self.url.as_str()).send().await {
            Err(e) => refuse(format!("`{}` gives no answer: {}", self.url, causes(e))),
            Ok(answer) if answer.status().as_u16() == wanted => {
                Seen::pass(ROW, format!("`{}` answers {wanted}", self.url))
            }
            Ok(answer) => refuse(format!("`{}` answers {}, not {wanted}", self.url, answer.status().as_u16())),
        }])
    }
}
