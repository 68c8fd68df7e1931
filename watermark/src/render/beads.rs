//! Owns: the face of a part as a printer lays it: the beads of a toolpath as a field of heights. Must never know: which
//! slicer wrote it, or light.
//!
//! Spec: G-code as PrusaSlicer writes it for Marlin: G0 and G1 with X, Y, Z and E, G92, M82 and M83, and its comments
//! `;WIDTH:` and `;HEIGHT:` before each change. A bead is a rectangle with round sides; where beads overlap, the higher
//! one is seen.

use super::RenderError;
use super::surface::Surface;
use crate::zone::Zone;

/// A line of code is longer than any that moves something.
const MAX_LINE: usize = 1_000;

/// Why a toolpath shows no face.
#[derive(Debug, thiserror::Error)]
pub enum BeadError {
    /// Beads are seen from above only.
    #[error("the zone does not face up, so the beads of its face are not seen from above")]
    NotUpward,
    /// A word of the code is no number.
    #[error("line {line} of the toolpath has {word:?} where a number is expected")]
    NotANumber {
        /// Counted from 1.
        line: usize,
        /// What stands there.
        word: String,
    },
    /// Circles are not followed: they would be left out silently.
    #[error("line {line} of the toolpath moves along a circle: slice without arcs")]
    Arc {
        /// Counted from 1.
        line: usize,
    },
    /// Nothing is laid there.
    #[error("the toolpath lays nothing where the zone is: is its place on the bed right?")]
    Nothing,
    /// The zone or the fineness.
    #[error(transparent)]
    Surface(#[from] RenderError),
}

/// The face of `zone`, which looks up, as `gcode` lays it, with a point every `pitch_um` micrometres. `moved_mm` is where
/// the slicer has put the origin of the part.
///
/// # Errors
/// [`BeadError`].
pub fn beads(
    gcode: &str,
    zone: &Zone,
    moved_mm: [f64; 3],
    pitch_um: f32,
) -> Result<Surface, BeadError> {
    let frame = zone.frame().map_err(RenderError::from)?;
    if frame.normal[2] < 0.999 {
        return Err(BeadError::NotUpward);
    }
    let mut surface = Surface::flat([zone.width_um, zone.height_um], pitch_um)?;
    (0..surface.height_um.len()).for_each(|at| surface.set(at, None));
    let mut is_laid = false;
    let mut machine = Machine::default();
    for (line, code) in gcode.lines().enumerate() {
        let Some(bead) = machine.run(line + 1, code)? else {
            continue;
        };
        let ends = bead.ends_mm.map(|at| {
            let part = [0, 1, 2].map(|axis| at[axis] - moved_mm[axis]);
            frame.local(part).map(|mm| (mm * 1e3) as f32)
        });
        is_laid |= surface.lay(ends, bead.width_um, bead.height_um);
    }
    if is_laid {
        Ok(surface)
    } else {
        Err(BeadError::Nothing)
    }
}

struct Bead {
    ends_mm: [[f64; 3]; 2],
    width_um: f32,
    height_um: f32,
}

struct Machine {
    at_mm: [f64; 3],
    extruded_mm: f64,
    is_relative: bool,
    width_um: f32,
    height_um: f32,
}

impl Default for Machine {
    /// A nozzle of 0.4 mm before its first comment.
    fn default() -> Self {
        Self {
            at_mm: [0.0; 3],
            extruded_mm: 0.0,
            is_relative: false,
            width_um: 450.0,
            height_um: 200.0,
        }
    }
}

impl Machine {
    fn run(&mut self, line: usize, code: &str) -> Result<Option<Bead>, BeadError> {
        if code.len() > MAX_LINE {
            return Ok(None);
        }
        let size = |text: &str| Ok::<_, BeadError>((number(line, text)? * 1e3) as f32);
        if let Some(text) = code.strip_prefix(";WIDTH:") {
            self.width_um = size(text)?;
        } else if let Some(text) = code.strip_prefix(";HEIGHT:") {
            self.height_um = size(text)?;
        }
        let code = code.split(';').next().unwrap_or_default();
        let mut words = code.split_ascii_whitespace();
        match words.next() {
            Some("G0" | "G1") => return self.move_to(line, words),
            Some("G2" | "G3") => return Err(BeadError::Arc { line }),
            Some("G92") => {
                for word in words {
                    if let Some(text) = word.strip_prefix('E') {
                        self.extruded_mm = number(line, text)?;
                    }
                }
            }
            Some("M82") => self.is_relative = false,
            Some("M83") => self.is_relative = true,
            _ => {}
        }
        Ok(None)
    }

    fn move_to<'a>(
        &mut self,
        line: usize,
        words: impl Iterator<Item = &'a str>,
    ) -> Result<Option<Bead>, BeadError> {
        let from_mm = self.at_mm;
        let mut fed_mm = 0.0;
        for word in words {
            let (axis, text) = word.split_at(word.chars().next().map_or(0, char::len_utf8));
            let place = match axis {
                "X" => 0,
                "Y" => 1,
                "Z" => 2,
                "E" if self.is_relative => {
                    fed_mm = number(line, text)?;
                    continue;
                }
                "E" => {
                    let to_mm = number(line, text)?;
                    fed_mm = to_mm - self.extruded_mm;
                    self.extruded_mm = to_mm;
                    continue;
                }
                _ => continue,
            };
            self.at_mm[place] = number(line, text)?;
        }
        let is_bead = fed_mm > 0.0 && from_mm[..2] != self.at_mm[..2];
        Ok(is_bead.then_some(Bead {
            ends_mm: [from_mm, self.at_mm],
            width_um: self.width_um,
            height_um: self.height_um,
        }))
    }
}

fn number(line: usize, text: &str) -> Result<f64, BeadError> {
    let number = text.parse().ok().filter(|number: &f64| number.is_finite());
    number.ok_or_else(|| BeadError::NotANumber {
        line,
        word: text.chars().take(20).collect(),
    })
}

impl Surface {
    /// Lays a bead from one end to the other, the path in the middle of its upper side; true where it is seen.
    fn lay(&mut self, [a, b]: [[f32; 3]; 2], width_um: f32, height_um: f32) -> bool {
        let reach = width_um / 2.0;
        let bounds = |axis: usize| (a[axis].min(b[axis]) - reach, a[axis].max(b[axis]) + reach);
        let ((left, right), (lower, upper)) = (bounds(0), bounds(1));
        let half = |count: usize| count as f32 * self.pitch_um / 2.0;
        let (half_x, half_y) = (half(self.columns), half(self.rows));
        let index = |um: f32, count: usize| ((um / self.pitch_um) as usize).min(count);
        let columns =
            index(left + half_x, self.columns)..index(right + half_x + self.pitch_um, self.columns);
        let rows =
            index(half_y - upper, self.rows)..index(half_y - lower + self.pitch_um, self.rows);
        let mut is_seen = false;
        for at in rows.flat_map(|row| columns.clone().map(move |column| (row, column))) {
            let at = at.0 * self.columns + at.1;
            let top = top_of(self.place(at), [a, b], width_um, height_um);
            if let Some(top) = top.filter(|&top| top > self.height_um[at]) {
                self.height_um[at] = top;
                self.albedo[at] = 0.6;
                is_seen = true;
            }
        }
        is_seen
    }
}

/// How high a bead is over a point, above the plane of the face. `None` where it is not.
fn top_of([x, y]: [f32; 2], [a, b]: [[f32; 3]; 2], width_um: f32, height_um: f32) -> Option<f32> {
    let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
    let length2 = (dx * dx + dy * dy).max(1e-6);
    let along = (((x - a[0]) * dx + (y - a[1]) * dy) / length2).clamp(0.0, 1.0);
    let away = (x - a[0] - along * dx).hypot(y - a[1] - along * dy);
    let radius = height_um / 2.0;
    let beyond = (away - (width_um / 2.0 - radius).max(0.0)).max(0.0);
    (beyond <= radius).then(|| a[2] - radius + (radius * radius - beyond * beyond).max(0.0).sqrt())
}
