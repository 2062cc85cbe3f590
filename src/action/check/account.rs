//! `account.caller`: whose the credentials are.

use super::{Examine, Seen};
use crate::action::Lines;
use crate::model::{AccountCaller, Failure};

impl Examine for AccountCaller {
    const PERMISSIONS: &'static [&'static str] = &["sts:GetCallerIdentity"];

    async fn examine(&self, lines: &Lines<'_>) -> Result<Vec<Seen>, Failure> {
        let region = lines.aws().await?.region.clone();
        let caller =
            lines.access().caller(&region).await.map_err(|e| e.failure("cannot ask whose credentials these are"))?;
        Ok(vec![Seen::pass("account", format!("account {} as `{}`, in {region}", caller.account, caller.arn))])
    }
}
