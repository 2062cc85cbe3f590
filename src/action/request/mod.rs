//! Requests over HTTP of a runbook's author: `http.request`.
//!
//! A request cannot be looked for afterwards, as a command on its host can. So it is sent once: what may have arrived is a doubt, for
//! a person or the runbook's `check`, unless the runbook says that it may be sent again (`reads`, `repeatable`, or a key by which the
//! server knows it again). What certainly was not sent, or was refused as a whole, says so ([`Failure::did_nothing`]), and leaves no
//! doubt.
//!
//! Promises: secrets go into headers and bodies, and are blotted out of what comes back; one request is sent by one `apply`; no body
//! follows a redirect.
//! Not handled: secrets in a URL; answers of more than 1 MiB where they are read; a server that answers 4xx, or a status of `retry_on`,
//! to what it has carried out.
//!
//! [`Failure::did_nothing`]: crate::model::Failure::did_nothing

mod back;
mod kinds;
mod parcel;
mod reply;

use parcel::{Draft, Parcel};
use reply::Reply;
