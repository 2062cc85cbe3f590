//! The hash chain: finding an edit, a gap or a cut.
//!
//! Each record's hash covers the hash before it, so a change anywhere shows; the head is kept beside the records, so a
//! cut at the end shows too. Not handled: somebody who rewrites records, hashes and head alike. For that, keep the head's
//! hash elsewhere (a report, a ticket).

use super::chain::chain_hash;
use super::{Journal, JournalError, Record};
use crate::model::{Millis, RunId};
use rusqlite::params;

/// What a check of a run's records found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// All is as it was written.
    Intact {
        /// How many records.
        records: u64,
        /// The last one's hash.
        head: String,
    },
    /// Something was changed.
    Broken(Broken),
}

/// What was changed, and where it shows first.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// A record is missing.
    #[error("record {expected} is missing")]
    Missing {
        /// Its number.
        expected: u64,
    },
    /// A record was changed, or the one before it.
    #[error("record {seq} was changed after it was written")]
    Changed {
        /// Its number.
        seq: u64,
    },
    /// Records at the end are missing.
    #[error("the journal ends at record {found}, and {expected} were written")]
    Cut {
        /// The last number found.
        found: u64,
        /// The last number written.
        expected: u64,
    },
    /// What is stored is a record no more, or cannot follow the one before.
    #[error("record {seq} makes no sense: {why}")]
    Nonsense {
        /// Its number.
        seq: u64,
        /// Why.
        why: String,
    },
}

impl Journal {
    /// Checks every record of a run.
    ///
    /// # Errors
    /// When they cannot be read; what was changed is no error but the verdict.
    pub fn verify(&self, run: &RunId) -> Result<Verdict, JournalError> {
        // One view of both: an executor may be appending.
        let _view = self.reader().unchecked_transaction()?;
        let Some((expected, head)) = self.head(run)? else { return Err(JournalError::NoRun(run.to_string())) };
        let sql = "SELECT seq, at, body, prev, hash FROM records WHERE run = ?1 ORDER BY seq";
        let mut statement = self.reader().prepare_cached(sql)?;
        let mut rows = statement.query(params![run.as_str()])?;
        let (mut count, mut last, mut records) = (0, String::new(), Vec::new());
        while let Some(row) = rows.next()? {
            let (seq, at): (u64, Millis) = (row.get(0)?, row.get(1)?);
            let (body, prev, hash): (String, String, String) = (row.get(2)?, row.get(3)?, row.get(4)?);
            if seq != count + 1 {
                return Ok(Verdict::Broken(Broken::Missing { expected: count + 1 }));
            }
            if prev != last || hash != chain_hash(&last, run, seq, at, &body) {
                return Ok(Verdict::Broken(Broken::Changed { seq }));
            }
            let record: Record = match serde_json::from_str(&body) {
                Ok(record) => record,
                Err(e) => return Ok(Verdict::Broken(Broken::Nonsense { seq, why: e.to_string() })),
            };
            if record.seq != seq || record.at != at || record.run != *run {
                return Ok(Verdict::Broken(Broken::Changed { seq }));
            }
            (count, last) = (seq, hash);
            records.push(record);
        }
        if count != expected {
            return Ok(Verdict::Broken(Broken::Cut { found: count, expected }));
        }
        if last != head {
            return Ok(Verdict::Broken(Broken::Changed { seq: count }));
        }
        Ok(match super::RunState::fold(&records) {
            Ok(_) => Verdict::Intact { records: count, head },
            Err(e) => Verdict::Broken(Broken::Nonsense { seq: e.seq, why: e.to_string() }),
        })
    }
}
