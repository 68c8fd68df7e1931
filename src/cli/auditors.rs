//! What a policy of witnesses says of audits, in a sentence.

use threadmark_protocol::witness::policy::{INDEPENDENT_AUDITORS, Policy};

/// Which witnesses replay the log, by what the policy says, and whether a quorum needs one of them.
pub fn told(policy: &Policy) -> String {
    let auditors = policy.independent_auditors();
    if auditors.is_empty() {
        return format!(
            "no group {INDEPENDENT_AUDITORS}: the quorum watches that the log only grows, nobody in it that its rules \
             are kept"
        );
    }
    let each = auditors.iter();
    let each = each.map(|witness| format!("{} of {}", witness.name, witness.organisation()));
    let names = each.collect::<Vec<_>>().join(", ");
    match policy.asks_for_independent_audit() {
        true => format!("no quorum without an independent audit, by {names}"),
        false => format!("{names} audit, and the quorum comes about without them as well"),
    }
}
