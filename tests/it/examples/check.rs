//! How to add a check: `certificate.renewal` at every place that must know it; see `action.rs` for why it is not a new one.

use super::places::{Words, files, told};
use runbook::action::permissions_of_check;
use runbook::model::{ASKS_AWS, CheckKind, Refusal};

#[test]
fn the_document_lists_every_place() {
    const ROW: &str = "src/model/check/vocabulary.rs";
    const LIST: &str = "src/action/check/dispatch.rs";
    let (told, words) = (told("How to add a check"), Words::read());
    assert_eq!(words.naming("CertificateRenewal"), files([ROW, LIST, "src/action/check/renewal.rs"]));
    for kind in CheckKind::ALL {
        let knows = words.naming(&format!("{kind:?}"));
        assert!(knows.contains(ROW) && knows.contains(LIST), "{kind}: {knows:?}");
    }
    assert!(told.contains(ROW) && told.contains(LIST) && told.contains("src/action/check/contract.rs"), "{told:?}");
}

/// The row says which rows a check gives, which of their refusals a person may accept, and whether it talks to AWS.
#[test]
fn the_row_is_what_others_know() {
    for kind in CheckKind::ALL {
        let spec = kind.spec();
        assert!(!spec.rows.is_empty() && kind.as_str() == spec.name, "{kind}");
        // One probes in several ways, and asks AWS in one.
        let may = spec.params.iter().any(|param| ASKS_AWS.contains(&param.name));
        let says = kind.needs_aws() || may;
        assert!(says || permissions_of_check(*kind).is_empty(), "{kind} needs AWS and does not say so");
    }
    let renewal = CheckKind::CertificateRenewal;
    assert!(!renewal.needs_aws());
    assert!(renewal.spec().rows.iter().any(|row| row.refusal != Refusal::Never), "a check that never refuses is none");
}
