//! The names of everything that can be wrong.
//!
//! Owns the closed list of codes that refusals, findings, holds and answers carry, each with what happened
//! and what to do now. Codes are stable: scripts and problem types (RFC 9457) are built on them. Must never
//! know where a code is raised.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! codes {
    ($($variant:ident = $name:literal: $title:literal, $advice:literal;)*) => {
        /// A named finding or refusal.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Code {
            $(#[doc = $title] #[serde(rename = $name)] $variant,)*
        }

        impl Code {
            /// Every code.
            pub const ALL: &[Code] = &[$(Code::$variant,)*];

            /// The stable name.
            pub fn name(self) -> &'static str {
                match self { $(Code::$variant => $name,)* }
            }

            /// What happened.
            pub fn title(self) -> &'static str {
                match self { $(Code::$variant => $title,)* }
            }

            /// What to do now.
            pub fn advice(self) -> &'static str {
                match self { $(Code::$variant => $advice,)* }
            }
        }
    };
}

codes! {
    // Authors and keys
    UnknownKey = "unknown-key": "The key that signed is not enrolled.", "Ask your organisation's administrator to add the key, then send the statement again.";
    WrongOrganisation = "wrong-organisation": "The key belongs to another organisation than the statement names.", "Sign with a key of the organisation in whose name you speak.";
    WrongActor = "wrong-actor": "The credential in the statement is not the holder of the key.", "Sign with your own key.";
    BadSignature = "bad-signature": "The signature does not verify.", "The bytes were changed or signed with another key; sign again.";
    KeyRevoked = "key-revoked": "The key is revoked.", "Sign with a key in force.";
    KeyRotated = "key-rotated": "Another key has taken the place of this one.", "Sign with the new key.";
    KeyForked = "key-forked": "Two statements of this key carry the same number: the key exists twice.", "Stop using the key, report it to your administrator, and have it revoked.";
    KeyCompromised = "key-compromised": "The key was compromised when this was signed.", "Two other parties must vouch for the report.";
    RoleMissing = "role-missing": "The key's holder has not the role that this asks for.", "Have the role granted, and accredited where it must be, or let a person sign who has it.";
    FunctionMissing = "function-missing": "The organisation is not admitted to do this.", "Let a member sign whose function this is.";
    NotYours = "not-yours": "This belongs to another organisation.", "Let its owner or a certification authority sign.";
    Unvouched = "unvouched": "The report was made with a key that was not in force.", "Two other organisations must vouch for it before the part is used.";
    FromTheFuture = "from-the-future": "The statement says that it happened after it was logged.", "Set the clock and sign again.";
    NotInForce = "not-in-force": "The organisation or the key is not in force yet.", "Wait until the delay after the vote is over, then send the statement again.";
    Expelled = "expelled": "The organisation is no member any more.", "Let a member sign; the governors can admit it again by a vote.";
    NeedsVotes = "needs-votes": "Only a vote of the governors does this.", "Propose it; it is done when more than half of the governors are in favour.";
    VoteClosed = "vote-closed": "There is nothing to vote on any more.", "Look at the proposal: it has expired, or what it decided is in force or taken back.";
    RulesUnknown = "rules-unknown": "The log is under rules that this program does not know.", "Update the program; what it knows so far stays.";
    // Forms and references
    Malformed = "malformed": "The bytes are no valid statement.", "Read the detail; build the statement again with a current tool.";
    WrongSubject = "wrong-subject": "The statement is about a subject of the wrong type, or says something that cannot be.", "Read the detail and sign a corrected statement.";
    AlreadyExists = "already-exists": "The subject exists already.", "Use a new id; nothing is ever overwritten.";
    WaitsFor = "waits-for": "Something that this builds on is not logged yet.", "Send the earlier statement first, then this one again, unchanged.";
    Unstorable = "unstorable": "The database cannot hold the statement.", "Report this: a limit is missing at the border.";
    // Design, approval, licence
    DesignWithdrawn = "design-withdrawn": "The design is withdrawn.", "Ask the design authority for the design in force.";
    DesignSuperseded = "design-superseded": "Another revision takes the design's place.", "Build the new revision.";
    NotApproved = "not-approved": "No design approval is granted.", "Ask the certification authority.";
    ApprovalRevoked = "approval-revoked": "The design approval is revoked.", "Do not use the part; ask the certification authority.";
    ApprovalExpired = "approval-expired": "The approval had expired.", "Ask the certification authority to renew it.";
    AllowableOutsideEnvelope = "allowable-outside-envelope": "The allowable does not cover material, machine class, process and orientation of the design.", "Cite an allowable whose envelope covers the design, or substantiate by test.";
    AllowableExpired = "allowable-expired": "An allowable that the approval rests on had expired.", "Cite an allowable in force, or ask its publisher for a new one.";
    AllowableLower = "allowable-lower": "An allowable that the approval rests on was computed anew and came out lower.", "Do not use the part before the design authority has shown that the lower value suffices.";
    ZoneNotQualified = "zone-not-qualified": "The approval does not qualify the mark zone.", "Have the zone qualified, or mark the part after the build.";
    NotEffective = "not-effective": "The approval is not effective for this asset.", "Do not install it there; look at the approval's effectivity.";
    LicenceNotAccepted = "licence-not-accepted": "The holder has not accepted the licence.", "Accept the licence first.";
    LicenceExpired = "licence-expired": "The licence had expired.", "Ask the licensor for a new one.";
    LicenceUnitUnknown = "licence-unit-unknown": "The licence has no such unit.", "Every licensed unit is spent or was never granted: ask the licensor for more.";
    LicenceUnitSpent = "licence-unit-spent": "The unit of the licence is spent.", "Use the next unit; a failed print's unit comes back only by reissue.";
    LicenceOtherMachine = "licence-other-machine": "The licence is for another machine.", "Build on the licensed machine, or ask the licensor.";
    LicenceOtherHolder = "licence-other-holder": "The licence is for another organisation.", "Ask the licensor.";
    MarkNotLicensed = "mark-not-licensed": "The mark is not the one that the licence commits to for this unit.", "Treat the part as suspect: it did not come from the licensed agent.";
    MarkDuplicated = "mark-duplicated": "Two authentic builds claim the same mark.", "Hold both parts; one of them is a copy.";
    MarkMissing = "mark-missing": "The part was made without its mark, and nobody has reported that one was put on and reads.", "Put the mark on, report it, and have it graded.";
    QualificationPart = "qualification-part": "The part was made under a qualification licence and can never be released.", "Use it for tests only.";
    // Machine, material, build
    CouponsMissing = "coupons-missing": "The approval asks for tests of coupons, and the order names none.", "Order the build with its coupons.";
    TestMissing = "test-missing": "No test of a coupon of the build is known that the approval asks for.", "Test the coupon, or deliver the journal of the laboratory.";
    AccountMissing = "account-missing": "The design says what a part weighs, and nobody has reported what the build took and fused.", "Weigh what the build took, what came back and what was fused, and report it: `threadmark material use`.";
    FusedTooLittle = "fused-too-little": "The build fused less than its parts weigh by their design.", "Weigh the parts and look inside: one may be hollow or missing.";
    FusedTooMuch = "fused-too-much": "The build fused more than its parts, supports and coupons weigh by their design.", "Find what else was built; it may be a part without a licence.";
    MachineUnknown = "machine-unknown": "The machine is not enrolled.", "Enrol the machine.";
    MachineNotQualified = "machine-not-qualified": "The machine was not qualified for the process when the build started.", "Qualify the machine first.";
    MachineNotEquivalent = "machine-not-equivalent": "The approval rests on an allowable of other machines' specimens, and nobody has shown that this machine's are equal.", "Pass the equivalency test and name the allowable in the machine's qualification.";
    MachineNotCalibrated = "machine-not-calibrated": "The machine's calibration was not in force when the build started.", "Calibrate the machine first.";
    MachineRetired = "machine-retired": "The machine was retired before the build started.", "Build on another machine; treat a part that it built since as suspect.";
    LotUnknown = "lot-unknown": "No receipt of the material lot is logged.", "Log the lot's receipt.";
    LotOtherMaterial = "lot-other-material": "The lot is not the material that the design asks for.", "Use a lot of the right material.";
    LotInsufficient = "lot-insufficient": "The lot has not enough material left.", "Receive more, or use another lot.";
    LotOverdrawn = "lot-overdrawn": "More was taken out of the material lot than was in it.", "Find the receipt or blend that is missing; until then nobody knows what the parts are made of.";
    MassUnbalanced = "mass-unbalanced": "The masses of a blend or build do not add up within the tolerance.", "Weigh again, and find what is missing or was added.";
    ReuseExceeded = "reuse-exceeded": "The powder was used more often than the approval allows.", "Do not use the part; ask the certification authority.";
    OrderMissing = "order-missing": "The build order is not logged.", "Deliver the operator's journal.";
    OrderMismatch = "order-mismatch": "The build is not the one that was ordered.", "Treat the part as suspect.";
    OrderExpired = "order-expired": "The build started after the order had expired.", "Order the build again.";
    BuildMissing = "build-missing": "No build of this part is logged.", "Deliver the journal of the printer's agent.";
    BuildUnfinished = "build-unfinished": "The build has not ended yet, as far as is known.", "Deliver the journal of the printer's agent.";
    BuildAborted = "build-aborted": "The build was aborted.", "Scrap the part.";
    OtherAgent = "other-agent": "The build was reported by a key that is not the machine's.", "Treat the part as suspect.";
    // Part
    Contradicted = "contradicted": "Another report says otherwise.", "Find out which is true; declare the other an error.";
    NotInspected = "not-inspected": "No passed inspection is known.", "Have the part inspected.";
    Nonconforming = "nonconforming": "The inspection found characteristics that do not conform.", "Follow the nonconformance procedure.";
    EvidenceDiffers = "evidence-differs": "The piece differs from the physical evidence that was enrolled of the part.", "Set the piece aside as a suspected copy, and have it decided.";
    NotIndependent = "not-independent": "Who ordered, inspected and released the part must be three people.", "Let another accredited person inspect or release.";
    NotReleased = "not-released": "The part is not released for use.", "Have it released.";
    Held = "held": "Something holds the part.", "Clear the hold first.";
    NotCustodian = "not-custodian": "The sender did not hold the part.", "Deliver the missing custody statements.";
    ShipmentMissing = "shipment-missing": "The shipment that was received is not known.", "Deliver the sender's journal.";
    OtherReceiver = "other-receiver": "The part was received by another organisation than it was sent to.", "Hold the part and ask the sender.";
    NotInstalled = "not-installed": "The part was removed without having been installed, as far as is known.", "Deliver the missing journal.";
    Installed = "installed": "The part is installed already.", "Remove it first.";
    AssemblyMissing = "assembly-missing": "No record of the assembly is known.", "Deliver the journals of who made the assembly, or enter it.";
    AssemblyElsewhere = "assembly-elsewhere": "Who says that the part was put into the assembly did not have the assembly.", "Deliver the missing custody statements of the assembly.";
    AssemblyCircular = "assembly-circular": "The part is said to be in an assembly that is in the part itself.", "Find out which of the two is in the other; declare the other report an error.";
    ComponentHeld = "component-held": "A part in this assembly is held.", "Look at the part that is named: take it out, or clear what holds it.";
    NotOwner = "not-owner": "The part was not this organisation's to give away.", "Deliver the missing statements about its owners.";
    UsageFell = "usage-fell": "Less use was reported than before.", "Find out which numbers are true; use never falls.";
    UsageMissing = "usage-missing": "No use of a life-limited part was reported between its installation and its removal.", "Report hours, cycles and landings.";
    LifeExpired = "life-expired": "The part has reached the end of its life.", "Take it out of use.";
    Decommissioned = "decommissioned": "The part is taken out of use for good.", "Do not install it; have it destroyed.";
    Destroyed = "destroyed": "The part is destroyed.", "Treat the piece in your hand as a suspected copy.";
    AfterDestruction = "after-destruction": "Something was reported of a part after its destruction.", "Treat it as a suspected unapproved part.";
    Quarantined = "quarantined": "The part is in quarantine.", "Wait for the disposition.";
    Recalled = "recalled": "The part is recalled.", "Do not use it; follow the recall.";
    Suspected = "suspected": "Somebody suspects that the piece is not the part of this record.", "Compare the piece with its papers and evidence before you rely on it; nothing is held by the suspicion.";
    SameAuthor = "same-author": "Who lifts a hold must be another person than who placed it.", "Let another person sign.";
    WithoutEffect = "without-effect": "The act was allowed by what its author had seen, and is not any more.", "Look at what has happened since, and decide again.";
    TooManyReports = "too-many-reports": "One organisation has said more of this than is kept.", "Ask that organisation what happened, and hold what it touches; everything it said stands in the log.";
    TooManyAncestors = "too-many-ancestors": "More stands above the part than can be checked.", "Report this to the operator of the log.";
    // Answers
    UnknownMark = "unknown-mark": "No record of this mark.", "Do not install it: it has no pedigree.";
    NotInBundle = "not-in-bundle": "The mark is not in the knowledge at hand.", "Synchronise, or import the journals of those who handled the part.";
    UnpinnedLog = "unpinned-log": "Nothing says that the log of this file is the one to believe: its beginning came in the same file.", "Give the genesis file that the consortium publishes, or the home that has joined the log.";
    Withheld = "withheld": "Statements about the part, or about what stands above it, are withheld.", "Ask for a bundle that holds them.";
    KnowledgeTooOld = "knowledge-too-old": "What is known is older than the class of the part allows.", "Synchronise and ask again.";
    Provisional = "provisional": "The answer would lean on statements that are not logged yet.", "Synchronise and ask again.";
    PhysicalMatchMissing = "physical-match-missing": "For this class the piece must be matched with its enrolled evidence.", "Measure the piece that you have, and compare its surface or a scan of it with what was enrolled.";
    NotYourCustody = "not-your-custody": "The part is in another organisation's custody.", "Log the receipt first.";
    OriginReported = "origin-reported": "No licensed build made this part: what it is was reported by who had it.", "Compare the piece with its papers, and decide by them; no approval in this log covers it.";
    MarkReplaced = "mark-replaced": "Another mark took the place of this one on the part.", "Find the newer mark on the piece and scan it; a piece that carries only the old one may be another piece.";
    AssetNotNamed = "asset-not-named": "The approval names types of assets, and no asset was named.", "Say which asset the part is for.";
}

impl fmt::Display for Code {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

/// Why a part, or what stands above it, is held; what a person must act on first stands first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldKind {
    /// Recalled.
    Recall,
    /// Reports contradict each other, or the rules.
    Suspect,
    /// Does not conform.
    Nonconformance,
    /// Set aside by a party with the right to.
    Quarantine,
    /// The approval, design or licence above it does not carry it.
    Unapproved,
    /// Reported with a revoked or compromised key.
    Unvouched,
    /// A statement that must exist is not there; clears by itself when it arrives.
    DocGap,
}

impl Code {
    /// The hold that a finding with this code means.
    pub fn hold(self) -> HoldKind {
        use Code::*;
        match self {
            OrderMissing | BuildMissing | BuildUnfinished | ShipmentMissing | LotUnknown
            | TestMissing | AccountMissing | MachineUnknown | NotInstalled | UsageMissing
            | MarkMissing | AssemblyMissing | WaitsFor => HoldKind::DocGap,
            Recalled => HoldKind::Recall,
            Quarantined => HoldKind::Quarantine,
            Nonconforming | BuildAborted | MassUnbalanced | FusedTooLittle | FusedTooMuch => {
                HoldKind::Nonconformance
            }
            DesignWithdrawn | DesignSuperseded | NotApproved | ApprovalRevoked
            | AllowableExpired | AllowableLower | ApprovalExpired | ZoneNotQualified
            | LicenceNotAccepted | LicenceExpired | QualificationPart | MachineRetired
            | ReuseExceeded | LifeExpired => HoldKind::Unapproved,
            Unvouched | KeyCompromised => HoldKind::Unvouched,
            _ => HoldKind::Suspect,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique_kebab_case_and_what_json_says() {
        let names: BTreeSet<_> = Code::ALL.iter().map(|code| code.name()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        for code in Code::ALL {
            assert!(
                code.name()
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'-')
            );
            assert_eq!(serde_json::to_value(code).unwrap(), code.name());
            assert!(code.title().ends_with('.') && code.advice().ends_with('.'));
        }
    }
}
