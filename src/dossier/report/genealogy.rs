//! What the part is made of and what allowed it, as a drawing: lots and blends, machine and licence, build, part.
//!
//! Owns which boxes there are, what stands in them, what leads to what, and how many steps each is away from the part. Must
//! never know where on a page they stand.

use crate::web::words;
use std::collections::BTreeMap;
use threadmark_protocol::body::build::{Assurance, BuildStarted};
use threadmark_protocol::life::{Above, Life, Lot};
use threadmark_protocol::mark::Mark;
use threadmark_protocol::text::SubjectId;
use threadmark_protocol::world::{Data, World};

/// Most lots that are drawn; all of them are listed among the statements.
const LOTS_MAX: usize = 24;
/// Of these, at one distance from the part.
const COLUMN_LOTS_MAX: usize = 10;
/// Most steps from the part that are drawn.
const COLUMNS_MAX: usize = 6;
/// Where the lots of the build stand.
const FIRST_LOTS: usize = 2;

/// How a box looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Nothing is wrong with it.
    Plain,
    /// It is the part itself.
    Own,
    /// It holds the part.
    Held,
}

/// A box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// In bold.
    pub title: String,
    /// Under it.
    pub lines: Vec<String>,
    /// How it looks.
    pub tone: Tone,
    /// Steps from the part, which is 0.
    pub column: usize,
}

/// The drawing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Genealogy {
    /// The boxes.
    pub nodes: Vec<Node>,
    /// From which box to which, with what stands on the way.
    pub edges: Vec<(usize, usize, String)>,
    /// Lots that are not drawn.
    pub more: usize,
}

impl Genealogy {
    /// Of a part with this life; empty where no part is known.
    pub fn of(world: &World, mark: Mark, known: Option<&(Life, Above)>) -> Genealogy {
        let Some((life, above)) = known else {
            return Genealogy::default();
        };
        let mut drawing = Drawing {
            world,
            life,
            made: Genealogy::default(),
        };
        let part = drawing.part(mark, above);
        if let Some((id, build)) = above.build_id().zip(above.build()) {
            let build_node = drawing.build(id, build);
            drawing.made.edges.push((build_node, part, String::new()));
            drawing.licence(build, above, build_node);
            drawing.machine(&build.machine, build_node);
            drawing.lots(build, above, build_node);
        }
        drawing.made
    }
}

struct Drawing<'a> {
    world: &'a World,
    life: &'a Life,
    made: Genealogy,
}

impl<'a> Drawing<'a> {
    fn node(&mut self, id: &SubjectId, column: usize, title: String, lines: Vec<String>) -> usize {
        let mut lines = lines;
        let hold = self.life.holds.iter().find(|hold| hold.subject == *id);
        lines.extend(hold.map(|hold| format!("HELD: {}", hold.code.title())));
        let tone = match hold {
            Some(_) => Tone::Held,
            None => Tone::Plain,
        };
        self.made.nodes.push(Node {
            title,
            lines,
            tone,
            column,
        });
        self.made.nodes.len() - 1
    }

    fn part(&mut self, mark: Mark, above: &Above) -> usize {
        let of = above.licence().map(|licence| licence.commitments.len());
        let unit = self
            .life
            .unit
            .zip(of)
            .map(|(unit, of)| format!("unit {unit} of {of}"));
        let number = above
            .design()
            .map(|design| format!("{} rev {}", design.part_number, design.revision));
        let phase = words::phase(self.life.phase).to_owned();
        let lines = number.into_iter().chain(unit).chain([phase]).collect();
        let id = self.life.part.clone();
        let node = self.node(&id, 0, mark.grouped(), lines);
        if self.made.nodes[node].tone == Tone::Plain {
            self.made.nodes[node].tone = Tone::Own;
        }
        node
    }

    fn build(&mut self, id: &SubjectId, build: &BuildStarted) -> usize {
        let day = self.life.started_at.map(|at| words::stamp(at).day);
        let parts = words::plural(build.parts.len() as u64, "part");
        let how = match build.assurance {
            Assurance::File => "handed over as a file",
            Assurance::Host => "compared on the print host",
            Assurance::Wire => "streamed by the agent",
        };
        let lines = day.into_iter().chain([parts, how.to_owned()]).collect();
        self.node(id, 1, "Build".to_owned(), lines)
    }

    fn licence(&mut self, build: &BuildStarted, above: &Above, to: usize) {
        let Some(licence) = above.licence() else {
            return;
        };
        let units = words::plural(licence.commitments.len() as u64, "unit");
        let lines = vec![format!("to {}", licence.holder), units];
        let node = self.node(&build.licence, FIRST_LOTS, "Licence".to_owned(), lines);
        self.made.edges.push((node, to, String::new()));
        let Some(design) = above.design() else {
            return;
        };
        let title = format!("{} rev {}", design.part_number, design.revision);
        let granted = above.approval().and_then(|(_, granted)| granted);
        let approval = granted.map_or("not approved".to_owned(), |granted| {
            format!(
                "approved until {}",
                words::stamp(granted.expires.unix()).day
            )
        });
        let lines = vec![design.name.to_string(), approval];
        let design = self.node(&licence.design, FIRST_LOTS + 1, title, lines);
        self.made.edges.push((design, node, String::new()));
    }

    fn machine(&mut self, id: &SubjectId, to: usize) {
        let Some(Data::Machine { enrolled, .. }) = self.world.get(id) else {
            return;
        };
        let Some((machine, source)) = enrolled else {
            return;
        };
        let (title, org) = (machine.model.to_string(), source.org.to_string());
        let lines = vec![format!("machine {}", machine.serial), org];
        let node = self.node(id, FIRST_LOTS, title, lines);
        self.made.edges.push((node, to, String::new()));
    }

    /// Every lot by its id, and the ids in their order.
    fn once(&self, above: &Above) -> (BTreeMap<SubjectId, Lot<'a>>, Vec<SubjectId>) {
        let (mut lots, mut order) = (BTreeMap::new(), Vec::new());
        for lot in above.powder(self.world) {
            if lots.insert(lot.id.clone(), lot.clone()).is_none() {
                order.push(lot.id);
            }
        }
        (lots, order)
    }

    /// Every lot once, as far from the part as its longest way.
    fn lots(&mut self, build: &BuildStarted, above: &Above, to: usize) {
        let (lots, mut order) = self.once(above);
        let all = order.len();
        order.truncate(LOTS_MAX);
        let loads = above.uses().iter().flat_map(|account| &account.says.lots);
        let mut named: BTreeMap<_, _> = loads
            .map(|load| (&load.lot, Some(load.loaded_mg)))
            .collect();
        named.entry(&build.lot).or_insert(None);
        let columns = columns(&order, &lots, named.keys().copied());
        let (mut places, mut crowds) = (BTreeMap::new(), [0; COLUMNS_MAX]);
        for id in &order {
            let column = columns.get(id).copied().unwrap_or(FIRST_LOTS);
            crowds[column] += 1;
            if crowds[column] > COLUMN_LOTS_MAX {
                continue;
            }
            let (title, lines) = in_words(&lots[id]);
            places.insert(id, self.node(id, column, title, lines));
        }
        self.made.more = all - places.len();
        for (id, loaded_mg) in &named {
            if let Some(from) = places.get(id) {
                let label = loaded_mg.map_or_else(String::new, words::mass);
                self.made.edges.push((*from, to, label));
            }
        }
        for id in &order {
            let shares = lots[id].blended.iter().flat_map(|blend| &blend.says.from);
            self.made.edges.extend(shares.filter_map(|share| {
                let (from, to) = places.get(&share.lot).zip(places.get(id))?;
                Some((*from, *to, words::mass(share.mass_mg)))
            }));
        }
    }
}

/// How far each lot is from the part. Lots that are said to be made out of themselves stand at the end.
fn columns<'a>(
    order: &[SubjectId],
    lots: &BTreeMap<SubjectId, Lot>,
    named: impl Iterator<Item = &'a SubjectId>,
) -> BTreeMap<SubjectId, usize> {
    let mut columns: BTreeMap<_, _> = named.map(|id| (id.clone(), FIRST_LOTS)).collect();
    for _ in FIRST_LOTS..COLUMNS_MAX {
        for id in order {
            let Some(own) = columns.get(id).copied() else {
                continue;
            };
            let shares = lots[id].blended.iter().flat_map(|blend| &blend.says.from);
            for share in shares {
                let column = columns.entry(share.lot.clone()).or_insert(0);
                *column = (own + 1).min(COLUMNS_MAX - 1).max(*column);
            }
        }
    }
    columns
}

fn in_words(lot: &Lot) -> (String, Vec<String>) {
    let id = &lot.id;
    if let Some(report) = lot.received.first() {
        let says = &report.says;
        let mass = format!("{} received", words::mass(says.mass_mg));
        let lines = vec![
            says.material.to_string(),
            mass,
            report.source.org.to_string(),
        ];
        return (format!("Lot {}", says.lot_number), lines);
    }
    if let Some(report) = lot.blended.first() {
        let says = &report.says;
        let lots = words::plural(says.from.len() as u64, "lot");
        let mass = format!("{} of {lots}", words::mass(says.mass_mg));
        let lines = vec![mass, report.source.org.to_string()];
        return (format!("Blend {}", says.lot_number), lines);
    }
    let lines = vec!["nothing is reported of it".to_owned()];
    (id.to_string(), lines)
}
