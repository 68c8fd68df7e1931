//! Owns: what becomes of a square on a region: its symbol, module and depth, how good it is, and what speaks against it.
//! Must never know: how squares are found.

use super::judge::{self, Remark};
use super::reason::{Miss, NoPlace};
use super::regions::Region;
use super::room::Room;
use super::square::{self, Square, Wanted};
use super::{Pin, Wish, behind, seen};
use crate::mesh::Mesh;
use crate::process::{Facing, Limits};
use crate::symbol::SymbolForm;
use crate::vec3::{Vec3, dot, sub, unit, wide};
use crate::zone::{Clearance, Frame, Manner, Zone};

/// A zone keeps this from everything: its numbers are whole micrometres and millionths.
const CLEAR_MM: f64 = 0.005;
/// Modules larger than this, in thousandths of the least, take more of the part than they are worth.
pub(super) const MODULE_MOST_E3: u32 = 1250;
/// Depths in thousandths of the module, the best first. Below one module, relief of one colour is not read.
pub(super) const DEPTHS_E3: [u32; 3] = [1500, 1250, 1000];
/// Modules and depths are whole multiples of this.
const STEP_UM: u32 = 10;
/// Least and most depth of another colour, in micrometres.
const COLOUR_UM: [u32; 2] = [300, 600];
/// What must be behind a mark that leaves the part as thick as it was, raised or filled with another colour: two layers. A wall
/// that its designer made so thin gets no thinner.
pub(super) const LEAST_WALL_UM: u32 = 400;
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

/// How a symbol goes into a face.
#[derive(Clone, Copy)]
struct Cut {
    module_um: u32,
    depth_um: u32,
    wall_um: u32,
}

/// What places are made with.
#[derive(Clone, Copy)]
pub(super) struct Placing<'a> {
    pub(super) mesh: &'a Mesh,
    pub(super) wish: &'a Wish<'a>,
    pub(super) limits: Limits,
    pub(super) up: Vec3,
    /// Modules of the smallest symbol.
    pub(super) smallest: SymbolForm,
    /// How low the part reaches.
    plate_mm: f64,
    manner: Manner,
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
            manner: Manner::Recessed,
        })
    }

    /// The same for marks of another manner.
    pub(super) fn by(self, manner: Manner) -> Self {
        Self { manner, ..self }
    }

    /// Side of the smallest square that takes a mark.
    pub(super) fn least_mm(&self) -> f64 {
        f64::from(self.smallest.modules * self.limits.module_um) / 1000.0 + 2.0 * CLEAR_MM
    }

    /// Material that the shallowest mark with its wall needs.
    pub(super) fn least_thickness_mm(&self) -> f64 {
        let least_um = match self.manner {
            Manner::Recessed => self.limits.least_depth_um() + self.limits.wall_um,
            Manner::Raised => LEAST_WALL_UM,
            Manner::TwoColours => COLOUR_UM[0] + LEAST_WALL_UM,
        };
        f64::from(least_um) / 1000.0
    }

    /// The best place on a region.
    pub(super) fn on(&self, region: &Region) -> Option<Place> {
        let room = self.thick(region);
        self.place(region, &room, square::largest(&room, self.wanted())?)
    }

    /// The first square that takes the smallest symbol, whatever is behind it.
    pub(super) fn any(&self, region: &Region) -> Option<Square> {
        let least_mm2 = self.least_mm() * self.least_mm();
        let any = Wanted {
            enough_mm: self.wanted().above_mm,
            ..self.wanted()
        };
        (region.area_mm2 >= least_mm2)
            .then(|| square::largest(&Room::new(&region.border, &[]), any))?
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
    pub(super) fn pinned(&self, regions: &[Region], pin: &Pin) -> Result<Place, NoPlace> {
        let normal = unit(pin.normal).ok_or(NoPlace::PinOffFace)?;
        let (region, _) = under(regions, pin.point_mm, normal);
        self.pinned_on(region.ok_or(NoPlace::PinOffFace)?, pin)
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
        place
            .filter(|place| self.is_sound(place))
            .ok_or_else(too_small)
    }

    fn place(&self, region: &Region, room: &Room, square: Square) -> Option<Place> {
        let frame = turned(region, &square)?;
        let side_um = (2000.0 * (square.half_mm - CLEAR_MM)).floor() as u32;
        let most_um = self.limits.module_um * MODULE_MOST_E3 / 1000;
        let fits = |size: &&SymbolForm| size.modules * self.limits.module_um <= side_um;
        let symbol = *self.wish.forms.iter().find(fits)?;
        let module_um = (side_um / symbol.modules).min(most_um) / STEP_UM * STEP_UM;
        let side_mm = f64::from(module_um * symbol.modules) / 1000.0;
        let thickness_mm = Clearance::of(self.mesh, &frame, [side_mm / 2.0; 2]).behind_mm;
        let cut = self.cut(module_um, thickness_mm)?;
        let half_mm = f64::from(cut.module_um * symbol.modules) / 2000.0;
        if self.manner == Manner::Raised && !self.clears_plate(&frame, half_mm, cut.depth_um) {
            return None;
        }
        let mut place = Place {
            zone: self.zone(&frame, symbol, cut),
            symbol,
            facing: self.facing(&frame),
            thickness_mm,
            room_mm: room.around(square.centre, square.half_mm, square.turn),
            seen_e3: seen::seen_e3(self.mesh, &frame, half_mm),
            score: 0,
            remarks: Vec::new(),
        };
        if place.seen_e3 == 0 {
            return None;
        }
        judge::judge(&mut place, self, region, &square);
        Some(place)
    }

    /// The largest module that the material allows, and the best depth for it.
    fn cut(&self, module_um: u32, thickness_mm: f64) -> Option<Cut> {
        let thickness_um = (thickness_mm * 1000.0).min(1e6) as u32 / STEP_UM * STEP_UM;
        let wall_um = self.limits.wall_um;
        match self.manner {
            Manner::Recessed => {
                let most_um = thickness_um.checked_sub(wall_um)?;
                let module_um = module_um.min(most_um);
                let depth = |e3: u32| (module_um * e3 / 1000).max(self.limits.depth_um);
                let mut depths = DEPTHS_E3
                    .map(|e3| depth(e3) / STEP_UM * STEP_UM)
                    .into_iter();
                let depth_um = depths.find(|&um| um <= most_um)?;
                (module_um >= self.limits.module_um).then_some(Cut {
                    module_um,
                    depth_um,
                    wall_um,
                })
            }
            Manner::Raised => Some(Cut {
                module_um,
                depth_um: module_um.max(self.limits.depth_um),
                wall_um: wall_um.min(thickness_um),
            }),
            Manner::TwoColours => {
                let [least, most] = COLOUR_UM;
                let depth_um = thickness_um.saturating_sub(wall_um).clamp(least, most);
                Some(Cut {
                    module_um,
                    depth_um,
                    wall_um: wall_um.min(thickness_um.checked_sub(depth_um)?),
                })
            }
        }
        .filter(|cut| cut.wall_um >= LEAST_WALL_UM)
    }

    /// Whether a raised mark stays above the plate: below it, it would lift the part.
    fn clears_plate(&self, frame: &Frame, half_mm: f64, depth_um: u32) -> bool {
        let depth_mm = f64::from(depth_um) / 1000.0;
        let corners = [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)];
        corners.into_iter().all(|(x, y)| {
            let corner = frame.world([x * half_mm, y * half_mm, depth_mm]);
            dot(corner, self.up) > self.plate_mm
        })
    }

    fn zone(&self, frame: &Frame, symbol: SymbolForm, cut: Cut) -> Zone {
        let side_um = cut.module_um * symbol.modules;
        let millionths = |v: Vec3| v.map(|c| (c * 1e6).round() as i32);
        Zone {
            centre_um: frame.origin.map(|c| (c * 1000.0).round() as i64),
            normal_e6: millionths(frame.normal),
            up_e6: millionths(frame.up),
            width_um: side_um,
            height_um: side_um,
            module_um: cut.module_um,
            depth_um: cut.depth_um,
            wall_um: cut.wall_um,
            manner: self.manner,
        }
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

    /// Whether embedding will find what the search has found.
    pub(super) fn is_sound(&self, place: &Place) -> bool {
        let zone = &place.zone;
        let Ok(face) = zone.face(self.mesh) else {
            return false;
        };
        zone.require_room(self.mesh, &face).is_ok()
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

/// The region that has this point within its border and looks this way, and how many sides of borders it took. One alone: where
/// faces of several solids meet in the point, none of them takes a mark, and a file may have as many as it likes.
pub(super) fn under(regions: &[Region], point_mm: Vec3, normal: Vec3) -> (Option<&Region>, usize) {
    let mut sides = 0;
    let mut nearest: Option<(f64, &Region)> = None;
    for region in regions {
        let [x, y, height] = region.frame.local(point_mm);
        let (height, closest) = (height.abs(), nearest.map_or(0.01, |(height, _)| height));
        if height >= closest || dot(normal, region.frame.normal) <= 0.999 {
            continue;
        }
        sides += region.border.len();
        if Room::new(&region.border, &[]).is_inside([x, y]) {
            nearest = Some((height, region));
        }
    }
    (nearest.map(|(_, region)| region), sides)
}

/// The axes of a square on a region.
pub(super) fn turned(region: &Region, square: &Square) -> Option<Frame> {
    let [x, y] = square.centre;
    let origin = region.frame.world([x, y, 0.0]);
    let [up_x, up_y] = square.turn.back([0.0, 1.0]);
    let up = sub(region.frame.world([x + up_x, y + up_y, 0.0]), origin);
    Frame::new(origin, region.frame.normal, up)
}
