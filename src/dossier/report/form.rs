//! The release in the frame that FAA Form 8130-3 and EASA Form 1 share.
//!
//! Owns which block is filled from which statement. What no statement carries is said to be missing, never made up: this is a
//! picture of the record, not the certificate. Must never know pages.

use crate::web::words;
use threadmark_protocol::answer::{Answer, Step};
use threadmark_protocol::body::form::{Blocks, Certified};
use threadmark_protocol::body::part::{Inspected, Released};
use threadmark_protocol::life::{Above, Life};
use threadmark_protocol::statement::StatementId;
use threadmark_protocol::world::{Data, Event, Report, World};

/// One block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Its number on the form.
    pub number: &'static str,
    /// What the form calls it.
    pub label: &'static str,
    /// What the record says; `None` where no statement says it.
    pub text: Option<String>,
    /// In twelfths of the form's width.
    pub width: u8,
}

/// A filled form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// What the release is called in its statement.
    pub name: String,
    /// Whether the release is in effect.
    pub in_effect: bool,
    /// In the form's order, in rows.
    pub rows: Vec<Vec<Block>>,
}

impl Form {
    /// Of the release in effect, or of the last one; `None` where the part was never released.
    pub fn of(world: &World, known: &(Life, Above), answer: &Answer) -> Option<Form> {
        let (life, above) = known;
        let Some(Data::Part { facts, .. }) = world.get(&life.part) else {
            return None;
        };
        let released = facts.iter().filter_map(|fact| match &fact.says {
            Event::Released(says) => Some((fact, says)),
            _ => None,
        });
        let in_effect = life.release.as_ref().map(|source| source.statement);
        let releases: Vec<_> = released.collect();
        let own = releases
            .iter()
            .find(|(fact, _)| Some(fact.source.statement) == in_effect);
        let (fact, says) = own.or(releases.last())?;
        let step = answer
            .life
            .iter()
            .find(|step| step.statement == fact.source.statement);
        let filling = Filling {
            fact,
            says,
            step,
            above,
            inspection: inspection(facts, says.inspection),
            answer,
        };
        Some(Form {
            name: says.form.to_string(),
            in_effect: own.is_some(),
            rows: vec![
                filling.head(),
                filling.issuer(),
                filling.item(),
                vec![filling.remarks()],
                filling.signed(),
            ],
        })
    }
}

fn inspection(facts: &[Report<Event>], id: StatementId) -> Option<&Inspected> {
    let found = facts.iter().find(|fact| fact.source.statement == id);
    found.and_then(|fact| match &fact.says {
        Event::Inspected(says) => Some(says),
        _ => None,
    })
}

struct Filling<'a> {
    fact: &'a Report<Event>,
    says: &'a Released,
    step: Option<&'a Step>,
    above: &'a Above,
    inspection: Option<&'a Inspected>,
    answer: &'a Answer,
}

fn block(number: &'static str, label: &'static str, width: u8, text: Option<String>) -> Block {
    Block {
        number,
        label,
        text,
        width,
    }
}

fn item_of(blocks: &Blocks) -> Vec<Block> {
    let serials: Vec<_> = blocks.serials.iter().map(ToString::to_string).collect();
    vec![
        block("6", "Item", 1, Some(blocks.item.to_string())),
        block("7", "Description", 3, Some(blocks.description.to_string())),
        block("8", "Part number", 3, Some(blocks.part_number.to_string())),
        block("9", "Qty", 1, Some(blocks.quantity.to_string())),
        block("10", "Serial numbers", 2, Some(serials.join(", "))),
        block(
            "11",
            "Status / work",
            2,
            Some(blocks.status.words().to_owned()),
        ),
    ]
}

impl Filling<'_> {
    /// What the release itself says in a block, where it carries blocks: nothing that follows from the record takes its place.
    fn block(&self, of: impl FnOnce(&Blocks) -> String) -> Option<String> {
        self.says.blocks.as_deref().map(of)
    }

    fn head(&self) -> Vec<Block> {
        let says = self.says;
        vec![
            block(
                "1",
                "Approving authority / country",
                3,
                self.block(|blocks| blocks.authority.to_string()),
            ),
            block(
                "2",
                "Authorised release certificate",
                5,
                Some(says.form.to_string()),
            ),
            block(
                "3",
                "Form tracking number",
                4,
                Some(says.number.to_string()),
            ),
        ]
    }

    fn issuer(&self) -> Vec<Block> {
        let org = &self.fact.source.org;
        let name = self.step.and_then(|step| step.org_name.as_ref());
        let org = words::organisation(org, name);
        let organisation = self.block(|blocks| blocks.organisation.to_string());
        let work_order = self.block(|blocks| blocks.work_order.to_string());
        let organisation = organisation.or(Some(org));
        vec![
            block("4", "Organisation name and address", 8, organisation),
            block("5", "Work order / contract / invoice", 4, work_order),
        ]
    }

    fn item(&self) -> Vec<Block> {
        if let Some(blocks) = &self.says.blocks {
            return item_of(blocks);
        }
        let design = self.above.design();
        let number = design.map(|design| format!("{} rev {}", design.part_number, design.revision));
        vec![
            block("6", "Item", 1, Some("1".to_owned())),
            block(
                "7",
                "Description",
                3,
                design.map(|design| design.name.to_string()),
            ),
            block("8", "Part number", 3, number),
            block("9", "Qty", 1, Some("1".to_owned())),
            block(
                "10",
                "Serial number: the mark",
                2,
                Some(self.answer.mark.grouped()),
            ),
            block("11", "Status / work", 2, None),
        ]
    }

    fn remarks(&self) -> Block {
        if let Some(blocks) = &self.says.blocks {
            let remarks = blocks.remarks.as_ref().map(ToString::to_string);
            let corrects = blocks.corrects.as_ref();
            let corrects = corrects.map(|id| format!("Corrects the form of {}.", words::short(id)));
            let text: Vec<_> = remarks.into_iter().chain(corrects).collect();
            let text = (!text.is_empty()).then(|| text.join(" "));
            return block("12", "Remarks", 12, Some(text.unwrap_or("none".to_owned())));
        }
        let mut text = match self.inspection {
            Some(says) => format!(
                "Inspection by plan {}: {} of {} characteristics conform; mark read from the part: {}.",
                says.plan,
                says.conforming,
                says.required,
                if says.mark_read { "yes" } else { "no" }
            ),
            None => format!(
                "The inspection that it names, {}, is not in the record.",
                words::short(&self.says.inspection)
            ),
        };
        if let Some(class) = self.above.class() {
            text.push_str(&format!(" Class {}.", words::class(class)));
        }
        block("12", "Remarks", 12, Some(text))
    }

    /// Of the half that is signed: production or maintenance, never both.
    fn numbers(&self) -> [&'static str; 4] {
        match self.says.blocks.as_ref().map(|blocks| &blocks.certified) {
            Some(Certified::Maintenance { .. }) => ["14a", "14b", "14d", "14e"],
            _ => ["13a", "13b", "13d", "13e"],
        }
    }

    fn certified(&self) -> String {
        if let Some(blocks) = &self.says.blocks {
            let (of, number) = match &blocks.certified {
                Certified::Production { approval, .. } => ("approval", approval),
                Certified::Maintenance { certificate, .. } => ("certificate", certificate),
            };
            return format!("{}; {of} {number}", blocks.certified.words());
        }
        let granted = self.above.approval().and_then(|(_, granted)| granted);
        let data = match granted {
            Some(_) => "approved design data: the approval stands in the life above",
            None => "no approved design data in the record",
        };
        data.to_owned()
    }

    fn signed(&self) -> Vec<Block> {
        let source = &self.fact.source;
        let [certified, by, whom, date] = self.numbers();
        let stamp = words::stamp(source.at);
        let place = source.index.map_or("not logged yet".to_owned(), |index| {
            format!("entry {index}")
        });
        let signature = format!(
            "Ed25519 over statement {}, {place}",
            words::short(&source.statement)
        );
        vec![
            block(certified, "Conformity", 3, Some(self.certified())),
            block(by, "Signature", 4, Some(signature)),
            block(
                whom,
                "Signed by the credential",
                3,
                Some(source.actor.to_string()),
            ),
            block(
                date,
                "Date",
                2,
                Some(format!("{} {}", stamp.day, stamp.clock)),
            ),
        ]
    }
}
