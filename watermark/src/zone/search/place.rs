//! Owns: what becomes of a square on a region: its symbol, module and depth, how good it is, and what speaks against it.
//! Must never know: how squares are found.

use super::reason::{Miss, NoPlace};
use super::regions::{Beyond, Region};
use super::room::Room;
use super::square::{self, Square, Wanted};
use super::{Pin, Wish, behind, regions, seen};
use crate::mesh::Mesh;
use crate::process::{Facing, Limits};
use crate::symbol::{SymbolKind, SymbolForm};
use crate::vec3::{Vec3, dot, length, sub, unit, wide};
use crate::zone::{Frame, Zone, thickness};

/// A zone keeps this from everything: its numbers are whole micrometres and millionths.
const CLEAR_MM: f64 = 0.005;
/// Modules larger than this, in thousandths of the least, are no easier to read.
const MODULE_MOST_E3: u32 = 1500;
/// Depths in thousandths of the module, the best first. Below one module, relief of one colour is not read.
const DEPTHS_E3: [u32; 3] = [1500, 1250, 1000];
/// Modules and depths are whole multiples of this.
const STEP_UM: u32 = 10;
/// How near to the plate is on it, and how nearly level is level.
const ON_PLATE_MM: f64 = 0.05;
const LEVEL: f64 = 0.985;
/// Sine of the lean up to which a wall is upright, and of the one up to which layers carry each other: 10 and 45 degrees.
const UPRIGHT: f64 = 0.174;
const CARRIED: f64 = 0.708;

/// A place for a mark.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// What `embed` takes.
    pub zone: Zone,
    /// The best symbol that the zone takes.
    pub symbol: SymbolForm,
    /// Which way the face looks while the part is built.
    pub facing: Facing,
    /// Least material behind the zone, in millimetres.
    pub thickness_mm: f64,
    /// The largest rectangle around the zone on its face that is as thick as is needed, along `up` last, in millimetres.
    pub room_mm: [f64; 2],
    /// Directions from which a camera sees all of it, in thousandths.
    pub seen_e3: u32,
    /// How good it is, in thousandths of a place that leaves nothing to wish for.
    pub score: u32,
    /// What speaks against it.
    pub remarks: Vec<Remark>,
}

/// Something that speaks against a place, but does not rule it out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remark {
    /// What the process makes of a face that looks this way.
    Facing(&'static str),
    /// A phone's own camera reads no address from it.
    NoAddress,
    /// The wall leaves less depth than is best: light must be soft or low.
    Shallow,
    /// Parts of the part stand in the way of a camera.
    PartlyHidden,
    /// A wall rises beside it and shades it.
    Shaded,
    /// A rounding begins beside it, where light changes slowly.
    Rounded,
}

impl Remark {
    /// For people.
    pub fn text(self) -> &'static str {
        match self {
            Remark::Facing(text) => text,
            Remark::NoAddress => "no room for an address: the scan page reads it, a phone's own camera does not",
            Remark::Shallow => "the wall allows less depth than is best: it needs soft light, or light from a side",
            Remark::PartlyHidden => "from some sides the part hides it",
            Remark::Shaded => "a wall beside it throws a shadow",
            Remark::Rounded => "a rounding begins beside it",
        }
    }
}

/// What places are made with.
pub(super) struct Placing<'a> {
    pub(super) mesh: &'a Mesh,
    pub(super) wish: &'a Wish<'a>,
    pub(super) limits: Limits,
    pub(super) up: Vec3,
    /// Modules of the smallest symbol.
    pub(super) smallest: SymbolForm,
    /// How low the part reaches.
    plate_mm: f64,
}

impl<'a> Placing<'a> {
    /// Nothing without a symbol.
    pub(super) fn new(mesh: &'a Mesh, wish: &'a Wish, up: Vec3) -> Option<Self> {
        let corners = mesh.triangles.as_flattened().iter();
        let heights = corners.map(|&v| dot(wide(v), up));
        Some(Self {
            mesh,
            wish,
            up,
            limits: wish.process.limits(),
            smallest: *wish.forms.iter().min_by_key(|size| size.modules)?,
            plate_mm: heights.fold(f64::INFINITY, f64::min),
        })
    }

    /// Side of the smallest square that takes a mark.
    pub(super) fn least_mm(&self) -> f64 {
        f64::from(self.smallest.modules * self.limits.module_um) / 1000.0 + 2.0 * CLEAR_MM
    }

    /// Material that the shallowest recess with its wall needs.
    pub(super) fn least_thickness_mm(&self) -> f64 {
        let depth_um = self.limits.depth_um.max(self.limits.module_um);
        f64::from(depth_um + self.limits.wall_um) / 1000.0
    }

    /// The best place on a region.
    pub(super) fn on(&self, region: &Region) -> Option<Place> {
        // What is large enough is rare, and quick to see.
        let least = self.wanted().above_mm;
        let any = Wanted {
            enough_mm: least,
            ..self.wanted()
        };
        square::largest(&Room::new(&region.border, &[]), any)?;
        let room = self.thick(region);
        self.place(region, &room, square::largest(&room, self.wanted())?)
    }

    /// From the smallest symbol with the least module to the best one with the largest.
    pub(super) fn wanted(&self) -> Wanted {
        let modules = self.wish.forms.iter().map(|form| form.modules).max();
        let most_um = modules.unwrap_or(0) * self.limits.module_um * MODULE_MOST_E3 / 1000;
        Wanted {
            above_mm: self.least_mm() / 2.0,
            // A little more, so that it does not touch.
            enough_mm: f64::from(most_um) / 2000.0 * 1.2,
        }
    }

    /// What is free on a region with enough material behind it.
    pub(super) fn thick(&self, region: &Region) -> Room {
        let blocked = behind::thin(self.mesh, region, self.least_thickness_mm());
        Room::new(&region.border, &blocked)
    }

    /// Where the designer wants it.
    pub(super) fn pinned(&self, pin: &Pin) -> Result<Place, NoPlace> {
        let normal = unit(pin.normal).ok_or(NoPlace::PinOffFace)?;
        let regions = regions::find(self.mesh, self.up, 0.0, usize::MAX);
        let on_plane = |region: &&Region| {
            let [_, _, height] = region.frame.local(pin.point_mm);
            height.abs() < 0.01 && dot(normal, region.frame.normal) > 0.999
        };
        let mut nearest = NoPlace::PinOffFace;
        for region in regions.iter().filter(on_plane) {
            match self.pinned_on(region, pin) {
                Ok(place) => return Ok(place),
                Err(NoPlace::PinOffFace) => {}
                Err(why) => nearest = why,
            }
        }
        Err(nearest)
    }

    fn pinned_on(&self, region: &Region, pin: &Pin) -> Result<Place, NoPlace> {
        let [x, y, _] = region.frame.local(pin.point_mm);
        let room = self.thick(region);
        if !room.is_inside([x, y]) {
            return Err(NoPlace::PinOffFace);
        }
        let asked = pin.side_mm.map(|side| side / 2.0);
        let least = asked.unwrap_or(0.0).max(self.least_mm() / 2.0);
        let mut best: Option<Square> = None;
        for turn in room.turns() {
            let half_mm = room.reach([x, y], turn);
            if best.is_none_or(|best| half_mm > best.half_mm + CLEAR_MM) {
                let centre = [x, y];
                best = Some(Square {
                    centre,
                    half_mm,
                    turn,
                });
            }
        }
        let best = best.ok_or(NoPlace::PinOffFace)?;
        let too_small = || NoPlace::PinTooSmall {
            side_mm: 2.0 * best.half_mm,
            needed_mm: 2.0 * least,
        };
        if best.half_mm < least {
            return Err(too_small());
        }
        let half_mm = asked.map_or(best.half_mm, |asked| asked + CLEAR_MM);
        let place = self.place(region, &room, Square { half_mm, ..best });
        place.filter(|place| self.is_sound(place)).ok_or_else(too_small)
    }

    fn place(&self, region: &Region, room: &Room, square: Square) -> Option<Place> {
        let frame = turned(region, &square)?;
        let side_um = (2000.0 * (square.half_mm - CLEAR_MM)).floor() as u32;
        let most_um = self.limits.module_um * MODULE_MOST_E3 / 1000;
        let fits = |size: &&SymbolForm| size.modules * self.limits.module_um <= side_um;
        let symbol = *self.wish.forms.iter().find(fits)?;
        let module_um = (side_um / symbol.modules).min(most_um) / STEP_UM * STEP_UM;
        let side_mm = f64::from(module_um * symbol.modules) / 1000.0;
        let thickness_mm = thickness::behind(self.mesh, &frame, [side_mm / 2.0; 2]);
        let (module_um, depth_um) = self.cut(module_um, thickness_mm)?;
        let facing = self.facing(&frame);
        let half_mm = f64::from(module_um * symbol.modules) / 2000.0;
        let mut place = Place {
            zone: zone(&frame, symbol, module_um, depth_um, self.limits.wall_um),
            symbol,
            facing,
            thickness_mm,
            room_mm: room.around(square.centre, square.half_mm, square.turn),
            seen_e3: seen::seen_e3(self.mesh, &frame, half_mm),
            score: 0,
            remarks: Vec::new(),
        };
        if place.seen_e3 == 0 {
            return None;
        }
        self.judge(&mut place, region, &square);
        Some(place)
    }

    /// The largest module that the material allows, and the best depth for it.
    fn cut(&self, module_um: u32, thickness_mm: f64) -> Option<(u32, u32)> {
        let most_um = (thickness_mm * 1000.0).min(1e6) as u32;
        let most_um = most_um.checked_sub(self.limits.wall_um)? / STEP_UM * STEP_UM;
        let module_um = module_um.min(most_um);
        let depth = |e3: u32| (module_um * e3 / 1000).max(self.limits.depth_um);
        let depths = DEPTHS_E3.into_iter().map(depth);
        let depth_um = depths.map(|um| um / STEP_UM * STEP_UM).find(|&um| um <= most_um)?;
        (module_um >= self.limits.module_um).then_some((module_um, depth_um))
    }

    fn facing(&self, frame: &Frame) -> Facing {
        let lean = dot(frame.normal, self.up);
        match lean {
            _ if lean >= LEVEL => Facing::Up,
            _ if lean > UPRIGHT => Facing::LeaningUp,
            _ if lean >= -UPRIGHT => Facing::Side,
            _ if lean >= -CARRIED => Facing::LeaningDown,
            _ if dot(frame.origin, self.up) - self.plate_mm < ON_PLATE_MM => Facing::OnPlate,
            _ => Facing::OverGap,
        }
    }

    /// Everything counts as a share of what is left, so that nothing makes up for a face that cannot be used.
    fn judge(&self, place: &mut Place, region: &Region, square: &Square) {
        let zone = &place.zone;
        let (favour_e3, against) = self.wish.process.favour(place.facing);
        let symbol_e3 = match place.symbol.kind {
            SymbolKind::QrUrl => 1000,
            SymbolKind::QrBare => 700,
            SymbolKind::DataMatrixBare | SymbolKind::DataMatrixUii => 600,
        };
        let larger_e3 = zone.module_um * 1000 / self.limits.module_um;
        let module_e3 = 800 + (larger_e3 - 1000) * 200 / (MODULE_MOST_E3 - 1000);
        let ratio_e3 = (zone.depth_um * 1000 / zone.module_um).min(DEPTHS_E3[0]);
        let depth_e3 = 850 + (ratio_e3.max(1000) - 1000) * 150 / 500;
        let beside = Beside::of(region, square, zone);
        let factors = [
            favour_e3,
            symbol_e3,
            module_e3,
            depth_e3,
            place.seen_e3,
            1000 - beside.rises_e3 * 150 / 1000,
            1000 - beside.rounds_e3 * 100 / 1000,
        ];
        place.score = factors
            .into_iter()
            .fold(1000, |score, factor| score * factor / 1000);
        let spoken = [
            against.map(Remark::Facing),
            (symbol_e3 < 1000).then_some(Remark::NoAddress),
            (ratio_e3 < DEPTHS_E3[0]).then_some(Remark::Shallow),
            (place.seen_e3 < 1000).then_some(Remark::PartlyHidden),
            (beside.rises_e3 > 250).then_some(Remark::Shaded),
            (beside.rounds_e3 > 250).then_some(Remark::Rounded),
        ];
        place.remarks = spoken.into_iter().flatten().collect();
    }

    /// Whether embedding will find what the search has found.
    pub(super) fn is_sound(&self, place: &Place) -> bool {
        let face = place.zone.face(self.mesh);
        face.is_ok_and(|face| place.zone.require_thickness(self.mesh, &face).is_ok())
    }

    /// The square on its region, for people.
    pub(super) fn miss(region: &Region, square: &Square) -> Miss {
        let [x, y] = square.centre;
        Miss {
            side_mm: 2.0 * square.half_mm,
            at_mm: region.frame.world([x, y, 0.0]),
            normal: region.frame.normal,
        }
    }
}

/// The axes of a square on a region.
pub(super) fn turned(region: &Region, square: &Square) -> Option<Frame> {
    let [x, y] = square.centre;
    let origin = region.frame.world([x, y, 0.0]);
    let [up_x, up_y] = square.turn.back([0.0, 1.0]);
    let up = sub(region.frame.world([x + up_x, y + up_y, 0.0]), origin);
    Frame::new(origin, region.frame.normal, up)
}

fn zone(
    frame: &Frame,
    symbol: SymbolForm,
    module_um: u32,
    depth_um: u32,
    wall_um: u32,
) -> Zone {
    let side_um = module_um * symbol.modules;
    let millionths = |v: Vec3| v.map(|c| (c * 1e6).round() as i32);
    Zone {
        centre_um: frame.origin.map(|c| (c * 1000.0).round() as i64),
        normal_e6: millionths(frame.normal),
        up_e6: millionths(frame.up),
        width_um: side_um,
        height_um: side_um,
        module_um,
        depth_um,
        wall_um,
    }
}

/// What begins within two modules of the zone, in thousandths of its outline.
struct Beside {
    rises_e3: u32,
    rounds_e3: u32,
}

impl Beside {
    fn of(region: &Region, square: &Square, zone: &Zone) -> Self {
        let half = f64::from(zone.width_um) / 2000.0 + 2.0 * zone.module_mm();
        let middle = square.turn.into(square.centre);
        let (mut rises, mut rounds) = (0.0, 0.0);
        for border in &region.border {
            let ends = border.ends.map(|end| {
                let at = square.turn.into(end);
                [at[0] - middle[0], at[1] - middle[1], 0.0]
            });
            let near = thickness::clip_to_prism(ends.to_vec(), [half; 2]);
            let along = match near[..] {
                [a, b, ..] => length(sub(b, a)),
                _ => 0.0,
            };
            match border.beyond {
                Beyond::Rises => rises += along,
                Beyond::Rounds => rounds += along,
                Beyond::Falls => {}
            }
        }
        let share = |length: f64| ((length / (8.0 * half)).min(1.0) * 1000.0) as u32;
        Self {
            rises_e3: share(rises),
            rounds_e3: share(rounds),
        }
    }
}
