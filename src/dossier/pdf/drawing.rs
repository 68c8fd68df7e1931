//! The genealogy as a drawing: what is far from the part on the left, the part on the right.
//!
//! Owns where boxes and lines stand. A drawing that is higher than a page is made smaller as a whole. Must never know what a
//! lot is.

use super::face::{Face, Glyph, width};
use super::flow::{Flow, Style, wrap_within};
use super::sheet::{
    BOTTOM, Drawn, INK, Ink, Kind, LEFT, PAPER, RAIL, SOFT, STEEL, STEEL_SOFT, STOP, STOP_TINT,
    Segment, TOP, WIDTH, rectangle,
};
use super::{HEADING, SMALL, style};
use crate::dossier::report::{Genealogy, Node, Tone};
use crate::web::words;

const NAME: Style = style(Face::Bold, 8.0, 10.0, INK);
const LINE: Style = style(Face::Regular, 7.0, 9.0, SOFT);
const LABEL: Style = style(Face::Regular, 6.5, 8.0, SOFT);
const PAD: f32 = 6.0;
/// Between two boxes of a column.
const BETWEEN: f32 = 9.0;
const BOX_MAX: f32 = 128.0;

/// Writes it, where there is something to draw.
pub fn write(flow: &mut Flow, genealogy: &Genealogy) {
    if genealogy.nodes.is_empty() {
        return;
    }
    let plan = Plan::of(genealogy);
    let most = BOTTOM - TOP - 70.0;
    let scale = (most / plan.height).min(1.0);
    flow.heading(
        2,
        HEADING,
        "What it was made of, and by what right",
        plan.height * scale + 50.0,
    );
    flow.paragraph(
        SMALL,
        "From left to right: design and material, licence, machine and lots, build, part. Masses as the builder weighed them. \
         What holds the part is red.",
    );
    flow.y += 8.0;
    let place = Placed { top: flow.y, scale };
    flow.element(Kind::Figure(in_words(genealogy)), |flow| {
        for edge in &genealogy.edges {
            place.edge(flow, &plan, edge);
        }
        for (node, spot) in genealogy.nodes.iter().zip(&plan.spots) {
            place.node(flow, node, spot);
        }
    });
    flow.y += plan.height * scale + 6.0;
    if genealogy.more > 0 {
        let more = words::plural(genealogy.more as u64, "further lot");
        flow.paragraph(
            SMALL,
            &format!("{more} not drawn; the statements about all of them are listed below."),
        );
    }
    flow.y += 14.0;
}

/// What the drawing shows, for who does not see it.
fn in_words(genealogy: &Genealogy) -> String {
    let box_of = |node: &Node| format!("{} ({})", node.title, node.lines.join(", "));
    let boxes = genealogy.nodes.iter().map(box_of);
    let way = |(from, to, label): &(usize, usize, String)| {
        let with = if label.is_empty() {
            String::new()
        } else {
            format!(" with {label}")
        };
        format!(
            "{} goes into {}{with}",
            genealogy.nodes[*from].title, genealogy.nodes[*to].title
        )
    };
    let ways = genealogy.edges.iter().map(way);
    boxes.chain(ways).collect::<Vec<_>>().join("; ")
}

/// Where a box stands before it is scaled, and what is in it.
struct Spot {
    x: f32,
    y: f32,
    width: f32,
    height: f32,
    name: Vec<Vec<Glyph>>,
    lines: Vec<Vec<Glyph>>,
}

impl Spot {
    /// Of this breadth, and as high as what is in it; at the top.
    fn of(node: &Node, x: f32, breadth: f32) -> Spot {
        let inner = breadth - 2.0 * PAD;
        let name = wrap_within(NAME, inner, &node.title, 3);
        let lines = node.lines.iter();
        let lines: Vec<_> = lines
            .flat_map(|line| wrap_within(LINE, inner, line, 3))
            .collect();
        let text = name.len() as f32 * NAME.lead + lines.len() as f32 * LINE.lead;
        Spot {
            x,
            y: 0.0,
            width: breadth,
            height: text + 2.0 * PAD,
            name,
            lines,
        }
    }
}

struct Plan {
    spots: Vec<Spot>,
    height: f32,
}

impl Plan {
    fn of(genealogy: &Genealogy) -> Plan {
        let columns = genealogy
            .nodes
            .iter()
            .map(|node| node.column + 1)
            .max()
            .unwrap_or(1);
        let gaps = (columns - 1) as f32;
        let gap: f32 = if columns > 4 { 34.0 } else { 44.0 };
        let breadth = ((WIDTH - gap * gaps) / columns as f32).min(BOX_MAX);
        // What is left over goes between the columns.
        let gap = if columns > 1 {
            (WIDTH - breadth * columns as f32) / gaps
        } else {
            0.0
        };
        let left = |node: &Node| LEFT + (columns - 1 - node.column) as f32 * (breadth + gap);
        let spot = |node: &Node| Spot::of(node, left(node), breadth);
        let mut spots: Vec<Spot> = genealogy.nodes.iter().map(spot).collect();
        let heights = (0..columns).map(|column| column_height(genealogy, &spots, column));
        let height = heights.fold(0.0, f32::max);
        for column in 0..columns {
            let mut y = (height - column_height(genealogy, &spots, column)) / 2.0;
            for (node, spot) in genealogy.nodes.iter().zip(&mut spots) {
                if node.column == column {
                    spot.y = y;
                    y += spot.height + BETWEEN;
                }
            }
        }
        Plan { spots, height }
    }
}

fn column_height(genealogy: &Genealogy, spots: &[Spot], column: usize) -> f32 {
    let of = genealogy
        .nodes
        .iter()
        .zip(spots)
        .filter(|(node, _)| node.column == column);
    let heights: Vec<f32> = of.map(|(_, spot)| spot.height).collect();
    heights.iter().sum::<f32>() + BETWEEN * heights.len().saturating_sub(1) as f32
}

/// Where the drawing stands on the page, and how much smaller it is.
#[derive(Clone, Copy)]
struct Placed {
    top: f32,
    scale: f32,
}

impl Placed {
    fn x(self, x: f32) -> f32 {
        LEFT + (x - LEFT) * self.scale
    }

    fn y(self, y: f32) -> f32 {
        self.top + y * self.scale
    }

    fn shape(
        self,
        flow: &mut Flow,
        outline: Vec<Segment>,
        fill: Option<Ink>,
        pen: Option<(Ink, f32)>,
    ) {
        flow.draw(Drawn::Shape { outline, fill, pen });
    }

    fn edge(self, flow: &mut Flow, plan: &Plan, (from, to, label): &(usize, usize, String)) {
        let (from, to) = (&plan.spots[*from], &plan.spots[*to]);
        let (x1, y1) = (
            self.x(from.x + from.width),
            self.y(from.y + from.height / 2.0),
        );
        let (x2, y2) = (self.x(to.x), self.y(to.y + to.height / 2.0));
        let (middle, tip) = ((x1 + x2) / 2.0, x2 - 5.0);
        let way = vec![
            Segment::Move(x1, y1),
            Segment::Curve(middle, y1, middle, y2, tip, y2),
        ];
        self.shape(flow, way, None, Some((RAIL, 1.2)));
        let head = vec![
            Segment::Move(x2, y2),
            Segment::Line(tip, y2 - 2.6),
            Segment::Line(tip, y2 + 2.6),
            Segment::Close,
        ];
        self.shape(flow, head, Some(RAIL), None);
        if !label.is_empty() {
            self.mass(flow, middle, (y1 + y2) / 2.0, label);
        }
    }

    /// What goes this way, on paper of its own.
    fn mass(self, flow: &mut Flow, x: f32, y: f32, label: &str) {
        let glyphs = LABEL.face.set(label);
        let size = LABEL.size * self.scale;
        let breadth = width(&glyphs, size);
        let paper = rectangle(
            x - breadth / 2.0 - 1.5,
            y - size * 0.75,
            breadth + 3.0,
            size * 1.5,
        );
        self.shape(flow, paper, Some(PAPER), None);
        flow.line(
            x - breadth / 2.0,
            y + size * 0.35,
            Style { size, ..LABEL },
            glyphs,
        );
    }

    fn node(self, flow: &mut Flow, node: &Node, spot: &Spot) {
        let (fill, pen) = match node.tone {
            Tone::Plain => (PAPER, (RAIL, 1.0)),
            Tone::Own => (STEEL_SOFT, (STEEL, 1.5)),
            Tone::Held => (STOP_TINT, (STOP, 1.5)),
        };
        let (x, y) = (self.x(spot.x), self.y(spot.y));
        let (breadth, height) = (spot.width * self.scale, spot.height * self.scale);
        self.shape(
            flow,
            rectangle(x, y, breadth, height),
            Some(fill),
            Some(pen),
        );
        let mut baseline = spot.y + PAD - 2.0;
        let held = if node.tone == Tone::Held {
            LINE.ink(STOP)
        } else {
            LINE
        };
        let lines = spot.name.iter().map(|line| (NAME, line));
        for (style, line) in lines.chain(spot.lines.iter().map(|line| (held, line))) {
            baseline += style.lead;
            let style = Style {
                size: style.size * self.scale,
                ..style
            };
            flow.line(self.x(spot.x + PAD), self.y(baseline), style, line.clone());
        }
    }
}
