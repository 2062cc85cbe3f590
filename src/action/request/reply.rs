//! An answer, and what it says of its request.

use crate::action::Veil;
use crate::action::probe::missing;
use crate::model::{Advice, AnswerExpectation, DeclaredOutputs, Failure, FailureKind, Url, Value, Values};

/// The output by which a request that was answered is known.
pub(super) const STATUS: &str = "status";
/// How much of the beginning of an answer is shown.
const SHOWN: usize = 400;
/// Statuses by which a server says that it did nothing and that it passes: too many requests (RFC 6585, 4), and unable to handle the
/// request now (RFC 9110, 15.6.4).
const PASSING: &[u16] = &[429, 503];

/// An answer that came.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: String,
    /// Why there is not all of the body.
    pub(super) cut: Option<(FailureKind, String)>,
}

/// Which answer is a good one, and what it is to give.
pub(super) struct GoodReply<'a> {
    pub(super) url: &'a Url,
    pub(super) expect: &'a AnswerExpectation,
    /// Statuses after which the request is sent again.
    pub(super) retry_on: Option<&'a [u16]>,
    pub(super) outputs: Option<&'a DeclaredOutputs>,
}

impl Reply {
    /// The beginning of the body, in one line, without secrets.
    pub(super) fn begins(&self, veil: &Veil) -> String {
        let said = veil.over(&self.body);
        let line = said.split_whitespace().collect::<Vec<_>>().join(" ");
        let line: String = line.chars().filter(|c| !c.is_control()).take(SHOWN).collect();
        if line.is_empty() { "with nothing in it".to_owned() } else { line }
    }

    /// What it gives, when it is a good one.
    ///
    /// # Errors
    /// When it is none. A client's error (RFC 9110, 15.5) and what passes say that nothing was done; anything else says nothing.
    pub(super) fn judge(
        &self,
        told: &str,
        veil: &Veil,
        GoodReply { url, expect, retry_on, outputs }: &GoodReply<'_>,
    ) -> Result<Values, Failure> {
        let told = format!("`{told}` is answered with {}", self.status);
        if !expect.takes(self.status) {
            let failure =
                |kind| Failure::new(kind, format!("{told}, and {} is wanted", expect.told())).cause(self.begins(veil));
            return Err(match self.status {
                429 if retry_on.unwrap_or(PASSING).contains(&429) => failure(FailureKind::Throttled).did_nothing(),
                status if retry_on.unwrap_or(PASSING).contains(&status) => {
                    failure(FailureKind::Transient).did_nothing()
                }
                400..=499 => failure(FailureKind::Permanent)
                    .did_nothing()
                    .advise(Advice::then_resume("see what it was refused for").which("sends it again")),
                _ => failure(FailureKind::Permanent),
            });
        }
        let said = veil.over(&self.body);
        let unread = |why: &str| Failure::permanent(format!("{told}, but {why}")).cause(self.begins(veil));
        let declared = outputs.filter(|outputs| outputs.types().next().is_some());
        if let (Some((kind, why)), true) = (&self.cut, expect.reads_body() || declared.is_some()) {
            return Err(Failure { kind: *kind, ..unread(&format!("its body is not whole: {why}")) });
        }
        if let Some(why) = missing(&expect.of_body(url), &said).filter(|_| expect.reads_body()) {
            return Err(unread(&why));
        }
        let mut values = match declared {
            Some(declared) => declared.read(&said).map_err(|why| unread(&why.to_string()))?,
            None => Values::new(),
        };
        values.insert(STATUS.to_owned(), Value::from(self.status));
        Ok(values)
    }
}
