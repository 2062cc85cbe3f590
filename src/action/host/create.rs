//! A file made where none is, and removed again; and content staged with other attributes than the file's.

use super::file::HostFile;
use super::file_scripts::{CREATE, REMOVE};
use crate::model::{Advice, Failure};

impl HostFile<'_> {
    /// Gives the staged content the file's name, which nobody has taken.
    pub(super) async fn create(&self) -> Result<(), Failure> {
        let output = self.run(CREATE, [&self.path, &self.fresh], b"").await?;
        match output.status {
            0 => Ok(()),
            4 => Err(self.appeared()),
            status => Err(self.failed("make", status, output.stderr)),
        }
    }

    /// Removes a file that this run made, and what an interrupted command may have left beside it; a file of other content
    /// stays.
    pub(super) async fn remove_made(&self, sha256: &str) -> Result<(), Failure> {
        let arguments = [self.path.as_str(), sha256, &self.part, &self.fresh, &self.aside];
        let output = self.run_long(REMOVE, arguments).await?;
        match output.status {
            0 => Ok(()),
            5 => Err(self.changed()),
            status => Err(self.failed("remove", status, output.stderr)),
        }
    }

    /// The refusal to take the place of a file that was not there when it was looked for first.
    pub(super) fn appeared(&self) -> Failure {
        Failure::refused(format!("`{}` is on {} now, with other content", self.path, self.host))
            .cause("it was not there when this run first looked")
            .advise(Advice::then_resume("see who made it and what for, and move it away"))
    }
}
