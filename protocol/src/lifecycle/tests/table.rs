//! `docs/lifecycle.md` is what the rules do: its tables are made by asking them, and compared.

use super::kinds::{every_kind, replay};
use super::*;
use crate::body::governance::PartClass;
use crate::body::marking::Grade;
use crate::body::physical::Match;
use crate::body::quality::Disposition;
use crate::body::{Core, Nature};
use crate::fixture::Build;
use crate::life::Phase;
use crate::lifecycle::{Refusal, apply};
use crate::statement::{Statement, StatementId};
use std::collections::BTreeMap;
use std::fmt::Write as _;

const DOC: &str = include_str!("../../../../docs/lifecycle.md");
const BEGIN: &str = "<!-- made by the rules: begin -->\n";
const END: &str = "<!-- made by the rules: end -->";

#[test]
fn the_committed_tables_are_what_the_rules_do() {
    let (before, rest) = DOC.split_once(BEGIN).unwrap();
    let (committed, after) = rest.split_once(END).unwrap();
    let made = format!("\n{}\n{}\n", who_may_say(), what_it_does());
    if committed != made {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/lifecycle.md");
        std::fs::write(path, format!("{before}{BEGIN}{made}{END}{after}")).unwrap();
        panic!(
            "docs/lifecycle.md was not what the rules do; it is written anew: read and commit it"
        );
    }
}

/// Everything that the document names as a test is one.
#[test]
fn the_tests_that_the_document_names_exist() {
    let sources = [
        include_str!("story.rs"),
        include_str!("kinds.rs"),
        include_str!("keys.rs"),
        include_str!("votes.rs"),
        include_str!("attacks.rs"),
        include_str!("allowable.rs"),
        include_str!("coupons.rs"),
        include_str!("fused.rs"),
        include_str!("assembly.rs"),
        include_str!("forms.rs"),
        include_str!("bounds.rs"),
        include_str!("marking.rs"),
        include_str!("material.rs"),
        include_str!("physical.rs"),
        include_str!("safety.rs"),
        include_str!("service.rs"),
        include_str!("impact.rs"),
        include_str!("usage.rs"),
        include_str!("histories.rs"),
        include_str!("../../../../tests/it/need_to_know.rs"),
        include_str!("../../../../tests/it/cases.rs"),
        include_str!("../../../../src/watch/tests/population.rs"),
        include_str!("../../../../printer-agent/src/gate/tests.rs"),
        include_str!("../../../../printer-agent/src/print/tests.rs"),
    ];
    let (_, invariants) = DOC.split_once("## The invariants").unwrap();
    let named: Vec<_> = invariants.split('`').skip(1).step_by(2).collect();
    assert!(named.len() > 20, "{}", named.len());
    for name in named {
        let test = format!("fn {name}(");
        assert!(sources.iter().any(|text| text.contains(&test)), "{name}");
    }
}

/// What becomes of one kind of statement from different people.
#[derive(Default)]
struct Row {
    may: BTreeSet<String>,
    others: BTreeSet<&'static str>,
    alone: BTreeSet<&'static str>,
}

fn who_may_say() -> String {
    let (c, _) = every_kind();
    let mut rows: BTreeMap<&str, Row> = BTreeMap::new();
    replay(c.log.entries(), |world, entry, at| {
        let row = rows.entry(entry.body.core.kind()).or_default();
        let own = findings(apply(world, entry, at));
        for who in Who::ALL {
            if world.get(&c.key_of(*who)).is_none() {
                continue;
            }
            let said = as_said_by(&c, entry, *who);
            let found = findings(apply(world, &said, at));
            if found.is_subset(&own) {
                row.may.insert(format!("{who:?}"));
            } else {
                row.others.extend(found.difference(&own));
            }
        }
        row.alone
            .extend(findings(apply(&only_people(world), entry, at)));
    });
    let mut table = "| statement | nature | said by | by others | where nothing else is known |\n|---|---|---|---|---|\n".to_owned();
    for kind in Core::KINDS {
        // What newer rules refuse stands in no log under them.
        let Some(row) = rows.get(kind) else {
            assert_eq!(*kind, "governance.member_admitted");
            continue;
        };
        let nature = match nature_of(&c, kind) {
            Nature::Act => "act",
            Nature::Report => "report",
            Nature::Log => "log",
        };
        let may: Vec<_> = row.may.iter().map(String::as_str).collect();
        writeln!(
            table,
            "| {kind} | {nature} | {} | {} | {} |",
            listed(&may),
            listed(&row.others.iter().copied().collect::<Vec<_>>()),
            listed(&row.alone.iter().copied().collect::<Vec<_>>())
        )
        .unwrap();
    }
    table
}

fn listed(names: &[&str]) -> String {
    if names.is_empty() {
        "–".to_owned()
    } else {
        names.join(", ")
    }
}

fn nature_of(c: &Consortium, kind: &str) -> Nature {
    let mut entries = c.log.entries().iter();
    let entry = entries.find(|entry| entry.body.core.kind() == kind);
    entry.unwrap().body.core.nature()
}

/// Codes of a refusal, or of the findings.
fn findings(said: Result<crate::lifecycle::Changes, Refusal>) -> BTreeSet<&'static str> {
    match said {
        Ok(changes) => changes.findings.iter().map(|code| code.name()).collect(),
        Err(refusal) => [refusal.code().name()].into(),
    }
}

fn as_said_by(c: &Consortium, statement: &Statement, who: Who) -> Statement {
    let mut author = c.person(who).clone();
    let mut body = statement.body.clone();
    (body.iss, body.actor) = (author.org.clone(), author.actor.clone());
    body.seq = 1_000_000;
    author.sign(body, BTreeMap::new())
}

/// The world with its members and their keys, and nothing that anybody did.
fn only_people(world: &World) -> World {
    let kept = ["policy", "org", "key", "governors", "log", "proposal"];
    let states = world.states.iter();
    let states = states.filter(|(id, _)| kept.contains(&id.kind()));
    World {
        states: states
            .map(|(id, state)| (id.clone(), state.clone()))
            .collect(),
        sequences: world.sequences.clone(),
    }
}

/// A part that has come so far.
struct Stage {
    c: Consortium,
    part: SubjectId,
    build: Build,
    inspection: StatementId,
    /// Who has it, as a custodian and as a mechanic may.
    holder: Who,
}

const PHASES: [Phase; 11] = [
    Phase::Expected,
    Phase::Printing,
    Phase::Built,
    Phase::Scrapped,
    Phase::Accepted,
    Phase::Rejected,
    Phase::Released,
    Phase::Installed,
    Phase::Removed,
    Phase::Decommissioned,
    Phase::Destroyed,
];

impl Stage {
    fn at(phase: Phase) -> Stage {
        let (mut c, licence) = Consortium::licensed(31, PartClass::C, 3);
        let order = c.order(&licence).unwrap();
        let mut build = c.start(&licence, &order, 1);
        let mut part = build.parts[0].clone();
        let mut inspection = build.started.id;
        let mut holder = Who::Custodian;
        if phase == Phase::Expected {
            part = c.new_subject("part");
            build.parts = vec![part.clone()];
            c.quarantine(Who::Mechanic, &part).unwrap();
        } else if phase == Phase::Scrapped {
            c.abort(&build).unwrap();
        } else if phase != Phase::Printing {
            c.complete(&build).unwrap();
        }
        if phase == Phase::Rejected {
            inspection = c.inspect_with(Who::Inspector, &part, 11).unwrap().id;
        } else if phase >= Phase::Accepted {
            inspection = c.inspect(Who::Inspector, &part).unwrap().id;
        }
        if phase >= Phase::Released {
            c.release(Who::Signatory, &part, inspection).unwrap();
        }
        if phase >= Phase::Installed {
            c.hand_over(&part).unwrap();
            holder = Who::Mechanic;
        }
        match phase {
            Phase::Decommissioned => drop(c.decommission(holder, &part).unwrap()),
            Phase::Destroyed => drop(c.destroy(holder, &part).unwrap()),
            Phase::Installed | Phase::Removed => drop(c.install(holder, &part).unwrap()),
            _ => {}
        }
        if phase == Phase::Removed {
            c.remove(holder, &part).unwrap();
        }
        let stage = Stage {
            c,
            part,
            build,
            inspection,
            holder,
        };
        assert_eq!(stage.phase(), phase);
        stage
    }

    fn phase(&self) -> Phase {
        Life::of(self.c.log.world(), &self.part).unwrap().phase
    }

    /// What one more statement does: the phase that it leads to, and what is found.
    fn cell(mut self, say: Say) -> String {
        let before = self.phase();
        let found: Vec<_> = match say(&mut self) {
            Ok(said) => {
                let found = self.c.log.findings(&said.id);
                found.iter().map(|code| code.name()).collect()
            }
            Err(refusal) => return format!("refused: {}", refusal.code()),
        };
        let after = self.phase();
        let moved = (after != before).then(|| format!("→ {}", name_of(after)));
        let told: Vec<_> = moved.iter().map(String::as_str).chain(found).collect();
        listed(&told)
    }
}

fn name_of(phase: Phase) -> String {
    serde_json::to_value(phase)
        .unwrap()
        .as_str()
        .unwrap()
        .to_owned()
}

type Say = fn(&mut Stage) -> Result<Statement, Refusal>;

/// Each kind about a part, by the one who should say it.
const SAID: [(&str, Say); 37] = [
    ("build.completed", |s| s.c.complete(&s.build)),
    ("build.aborted", |s| s.c.abort(&s.build)),
    ("quality.inspected, passed", |s| {
        s.c.inspect(Who::Inspector, &s.part)
    }),
    ("quality.inspected, failed", |s| {
        s.c.inspect_with(Who::Inspector, &s.part, 11)
    }),
    ("quality.post_processed", |s| {
        s.c.treat(Who::Production, &s.part)
    }),
    ("part.entered", |s| s.c.enter(Who::Custodian, &s.part)),
    ("mark.marked, by its custodian", |s| {
        let mark = s.c.new_mark();
        s.c.label(s.holder, &s.part, mark)
    }),
    ("mark.verified, grade F", |s| {
        let life = Life::of(s.c.log.world(), &s.part).unwrap();
        let mark = life.mark.unwrap_or_else(|| s.c.new_mark());
        s.c.verify_mark(Who::Inspector, &s.part, mark, Grade::F)
    }),
    ("mark.re_marked, of a mark that it never had", |s| {
        let (old, new) = (s.c.new_mark(), s.c.new_mark());
        s.c.mark_again(s.holder, &s.part, old, new)
    }),
    ("quality.tested, failed", |s| {
        s.c.test(Who::Inspector, &s.part, 399)
    }),
    ("quality.enrolled, by its custodian", |s| {
        s.c.enrol_piece(s.holder, &s.part)
    }),
    ("quality.compared, the same piece, by its custodian", |s| {
        compare(s, s.holder, Match::Matched)
    }),
    ("quality.compared, another piece, by its custodian", |s| {
        compare(s, s.holder, Match::Differs)
    }),
    ("quality.compared, another piece, by another member", |s| {
        let other = if s.holder == Who::Mechanic {
            Who::Custodian
        } else {
            Who::Mechanic
        };
        compare(s, other, Match::Differs)
    }),
    ("quality.nonconformance, by its custodian", |s| {
        s.c.fault(s.holder, &s.part)
    }),
    ("quality.dispositioned, use as is", |s| {
        decide(s, Disposition::UseAsIs)
    }),
    ("quality.dispositioned, rework", |s| {
        decide(s, Disposition::Rework)
    }),
    ("quality.dispositioned, scrap", |s| {
        decide(s, Disposition::Scrap)
    }),
    ("custody.owner_changed, by its maker", |s| {
        let to = s.c.org(Who::Mechanic);
        s.c.give(Who::Custodian, &s.part, to)
    }),
    ("service.usage_reported", |s| {
        s.c.report_use(s.holder, &s.part, 10, 4)
    }),
    ("correction.error_declared, of the inspection", |s| {
        let error = s.inspection;
        s.c.err(Who::Inspector, &s.part, error)
    }),
    ("correction.error_confirmed, of a failed test", |s| {
        let error = s.c.test(Who::Inspector, &s.part, 399)?.id;
        let declared = s.c.err(Who::Inspector, &s.part, error)?.id;
        s.c.agree(Who::Certifier, &s.part, declared)
    }),
    ("service.repaired", |s| {
        s.c.repair(Who::Mechanic, &s.part, false)
    }),
    ("end.decommissioned, by its custodian", |s| {
        s.c.decommission(s.holder, &s.part)
    }),
    ("quality.released", |s| {
        s.c.release(Who::Signatory, &s.part, s.inspection)
    }),
    ("custody.shipped", |s| {
        let to = s.c.org(Who::Designer);
        s.c.ship(s.holder, &s.part, to)
    }),
    ("custody.received", |s| {
        let to = s.c.org(if s.holder == Who::Mechanic {
            Who::Custodian
        } else {
            Who::Mechanic
        });
        let receiver = if s.holder == Who::Mechanic {
            Who::Custodian
        } else {
            Who::Mechanic
        };
        let shipment = s.c.ship(s.holder, &s.part, to)?.id;
        s.c.receive(receiver, &s.part, shipment)
    }),
    ("service.installed, by its custodian", |s| {
        if s.holder != Who::Mechanic && s.phase() < Phase::Installed && s.phase() != Phase::Expected
        {
            let _ = s.c.hand_over(&s.part);
        }
        s.c.install(Who::Mechanic, &s.part)
    }),
    ("service.installed, by somebody else", |s| {
        s.c.install(Who::Custodian, &s.part)
    }),
    ("service.installed, into an assembly", |s| {
        let assembly = s.c.new_subject("part");
        s.c.enter(Who::Custodian, &assembly)?;
        if s.holder == Who::Mechanic {
            s.c.hand_over(&assembly)?;
        } else {
            s.c.grant(Who::Custodian, crate::body::governance::Role::Mechanic);
        }
        s.c.assemble(s.holder, &s.part, &assembly)
    }),
    ("service.removed", |s| s.c.remove(Who::Mechanic, &s.part)),
    ("end.destroyed, by its custodian", |s| {
        s.c.destroy(s.holder, &s.part)
    }),
    ("safety.quarantine_placed, by its custodian", |s| {
        s.c.quarantine(s.holder, &s.part)
    }),
    ("safety.quarantine_placed, by another member", |s| {
        let other = if s.holder == Who::Mechanic {
            Who::Custodian
        } else {
            Who::Mechanic
        };
        s.c.quarantine(other, &s.part)
    }),
    ("safety.suspicion_placed, by another member", |s| {
        s.c.suspect(Who::Certifier, &s.part)
    }),
    ("safety.suspicion_lifted", |s| {
        let placed = s.c.suspect(s.holder, &s.part)?.id;
        s.c.clear(Who::Certifier, &s.part, placed)
    }),
    ("safety.quarantine_lifted", |s| {
        let placed = s.c.quarantine(Who::Designer, &s.part)?.id;
        s.c.lift(Who::Certifier, &s.part, placed)
    }),
];

/// With what the authority enrolled.
fn compare(stage: &mut Stage, who: Who, as_it: Match) -> Result<Statement, Refusal> {
    let enrolment = stage.c.enrol_piece(Who::Certifier, &stage.part)?.id;
    stage.c.compare_piece(who, &stage.part, enrolment, as_it)
}

/// The design authority found it, the authority decides.
fn decide(stage: &mut Stage, disposition: Disposition) -> Result<Statement, Refusal> {
    let fault = stage.c.fault(Who::Designer, &stage.part)?.id;
    stage
        .c
        .dispose(Who::Certifier, &stage.part, fault, disposition)
}

fn what_it_does() -> String {
    let mut table = "| statement |".to_owned();
    for phase in PHASES {
        write!(table, " {} |", name_of(phase)).unwrap();
    }
    table.push_str("\n|---|");
    table.push_str(&"---|".repeat(PHASES.len()));
    table.push('\n');
    for (kind, say) in SAID {
        write!(table, "| {kind} |").unwrap();
        for phase in PHASES {
            write!(table, " {} |", Stage::at(phase).cell(say)).unwrap();
        }
        table.push('\n');
    }
    table
}
