//! The blocks of a release form: FAA 8130-3 (02-14) and EASA Form 1 have the same fourteen.
//!
//! Owns what the blocks say and which of them go together. Which form it is, and in which version, is data beside them:
//! forms change. Signatures (13b, 14b) are the statement's own, dates (13e, 14e) its `occurred_at`, and the name (13d, 14d)
//! is behind the author's credential: personal data stands in no body. Must never know parts.

use crate::statement::StatementId;
use crate::text::{Line, Paragraph};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Most serial numbers of one form.
pub const SERIALS_MAX: usize = 256;

/// What a form says of the parts that it covers; each of them is released by a statement of its own with the same blocks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Blocks {
    /// Block 1: approving authority and country.
    pub authority: Line,
    /// Block 4: name and address of the organisation.
    pub organisation: Paragraph,
    /// Block 5: work order, contract or invoice.
    pub work_order: Line,
    /// Block 6: item number.
    pub item: u32,
    /// Block 7.
    pub description: Line,
    /// Block 8: the design's part number.
    pub part_number: Line,
    /// Block 9: how many parts.
    pub quantity: u32,
    /// Block 10: the serial numbers that the form covers, exactly; a part's is its mark.
    pub serials: BTreeSet<Line>,
    /// Block 11.
    pub status: Status,
    /// Block 12.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remarks: Option<Paragraph>,
    /// Block 13 or block 14, never both.
    pub certified: Certified,
    /// The release whose form this one corrects; both are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrects: Option<StatementId>,
}

/// Status or work: one term.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Newly made, to approved data.
    New,
    /// Newly made, to data that is not approved.
    Prototype,
    /// Overhauled.
    Overhauled,
    /// Repaired.
    Repaired,
    /// Inspected or tested.
    InspectedTested,
    /// Modified.
    Modified,
}

/// What the signature certifies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "block", deny_unknown_fields)]
pub enum Certified {
    /// Block 13: made in conformity to one status of data.
    #[serde(rename = "13")]
    Production {
        /// 13a: approved design data, or data named in block 12.
        data: DataStatus,
        /// 13c: approval or authorisation number.
        approval: Line,
    },
    /// Block 14: returned to service.
    #[serde(rename = "14")]
    Maintenance {
        /// 14a: under which rule.
        rule: ReturnRule,
        /// 14c: approval or certificate number.
        certificate: Line,
    },
}

/// To which data parts conform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataStatus {
    /// Approved design data, in a condition for safe operation.
    Approved,
    /// Data that is not approved, named in block 12.
    NotApproved,
}

/// Under which rule a part returns to service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReturnRule {
    /// 14 CFR 43.9, or Part-145 (145.A.50) on an EASA form.
    ReturnToService,
    /// Another regulation, named in block 12.
    Other,
}

impl Blocks {
    /// Which blocks do not go together, if any.
    pub fn problem(&self) -> Option<&'static str> {
        let is_made = matches!(self.status, Status::New | Status::Prototype);
        let needs_remarks = match &self.certified {
            Certified::Production { .. } if !is_made => {
                return Some("Block 13 certifies what was made: block 11 is NEW or PROTOTYPE.");
            }
            Certified::Maintenance { .. } if is_made => {
                return Some("Block 14 certifies work: block 11 is neither NEW nor PROTOTYPE.");
            }
            Certified::Production { data, .. } => {
                if (self.status == Status::New) != (*data == DataStatus::Approved) {
                    return Some(
                        "What is NEW conforms to approved data, a PROTOTYPE to other data.",
                    );
                }
                *data == DataStatus::NotApproved
            }
            Certified::Maintenance { rule, .. } => *rule == ReturnRule::Other,
        };
        if needs_remarks && self.remarks.is_none() {
            return Some(
                "Block 12 must name the data or the regulation that block 13 or 14 refers to.",
            );
        }
        if self.serials.is_empty() || self.serials.len() > SERIALS_MAX {
            return Some("Block 10 lists 1 to 256 serial numbers.");
        }
        if self.quantity as usize != self.serials.len() {
            return Some("Block 9 is how many serial numbers block 10 lists.");
        }
        None
    }
}

impl Status {
    /// As it stands on the form.
    pub fn words(self) -> &'static str {
        match self {
            Status::New => "NEW",
            Status::Prototype => "PROTOTYPE",
            Status::Overhauled => "OVERHAULED",
            Status::Repaired => "REPAIRED",
            Status::InspectedTested => "INSPECTED/TESTED",
            Status::Modified => "MODIFIED",
        }
    }
}

impl Certified {
    /// What is certified, in words.
    pub fn words(&self) -> &'static str {
        match self {
            Certified::Production {
                data: DataStatus::Approved,
                ..
            } => "block 13, approved data",
            Certified::Production { .. } => "block 13, data of block 12",
            Certified::Maintenance {
                rule: ReturnRule::ReturnToService,
                ..
            } => "block 14, return to service",
            Certified::Maintenance { .. } => "block 14, regulation of block 12",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    /// The example of `docs/release-forms.md`.
    fn example() -> Value {
        let page = include_str!("../../../docs/release-forms.md");
        let (_, rest) = page.split_once("```json\n").unwrap();
        serde_json::from_str(rest.split_once("```").unwrap().0).unwrap()
    }

    fn with(changes: Value) -> Option<&'static str> {
        let mut blocks = example();
        let fields = blocks.as_object_mut().unwrap();
        fields.extend(changes.as_object().unwrap().clone());
        serde_json::from_value::<Blocks>(blocks).unwrap().problem()
    }

    #[test]
    fn one_of_production_and_maintenance_and_one_status_of_data() {
        let work = json!({ "block": "14", "rule": "return_to_service", "certificate": "R-1" });
        let other = json!({ "block": "14", "rule": "other", "certificate": "R-1" });
        let drawn = json!({ "block": "13", "data": "not_approved", "approval": "A-1" });
        for good in [
            json!({}),
            json!({ "status": "repaired", "certified": work }),
            json!({ "status": "modified", "certified": other, "remarks": "CAR 571" }),
            json!({ "status": "prototype", "certified": drawn, "remarks": "Drawing X rev A" }),
        ] {
            assert_eq!(with(good.clone()), None, "{good}");
        }
        for (bad, why) in [
            (json!({ "status": "repaired" }), "Block 13"),
            (json!({ "certified": work }), "Block 14"),
            (json!({ "status": "prototype" }), "NEW"),
            (json!({ "certified": drawn, "remarks": "x" }), "NEW"),
            (
                json!({ "status": "prototype", "certified": drawn, "remarks": null }),
                "Block 12",
            ),
            (
                json!({ "status": "repaired", "certified": other, "remarks": null }),
                "Block 12",
            ),
            (json!({ "serials": [] }), "Block 10"),
            (json!({ "quantity": 2 }), "Block 9"),
        ] {
            assert!(
                with(bad.clone()).is_some_and(|said| said.contains(why)),
                "{bad}"
            );
        }
        for both in [
            json!({ "block": "13", "data": "approved", "approval": "A-1", "rule": "other" }),
            json!({ "block": "15" }),
        ] {
            let mut blocks = example();
            blocks["certified"] = both;
            assert!(serde_json::from_value::<Blocks>(blocks).is_err());
        }
    }
}
