//! Owns: what each printing process can make of a mark: its smallest module, recess and wall, and which way a face should look.
//! Must never know: meshes. Every number names its source; they are guides for a first choice, a qualified process knows better.
//!
//! Sources: C = cifproto.com/dfm-for-3d-printing.php, minimum features by process. H = hycubeworks.in/design_guide, text
//! guidelines. X = xometry.com, text that was still crisp. L = two lines of a nozzle of 0.4 mm side by side.

use serde::{Deserialize, Serialize};

/// How a part is made, layer by layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Process {
    /// Filament through a nozzle of 0.4 mm.
    Fdm,
    /// Resin, cured by light.
    Sla,
    /// Polymer powder, sintered by laser.
    Sls,
    /// Polymer powder, fused under ink.
    Mjf,
    /// Metal powder, melted by laser.
    Lpbf,
}

/// Which way a face looks while the part is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Facing {
    /// Up: the last layer.
    Up,
    /// Up, but leaning: each layer is a step.
    LeaningUp,
    /// To a side: every layer draws it.
    Side,
    /// Down by less than 45 degrees: layers reach over.
    LeaningDown,
    /// Down onto the build plate: the first layer.
    OnPlate,
    /// Down over a gap: held by supports, or by nothing.
    OverGap,
}

/// What a process makes reliably.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Smallest side of a module, in micrometres.
    pub module_um: u32,
    /// Least depth of a recess, in micrometres, whatever the module is.
    pub depth_um: u32,
    /// Least material behind a recess, in micrometres.
    pub wall_um: u32,
}

impl Limits {
    /// The least depth of the least module, in micrometres.
    pub fn least_depth_um(&self) -> u32 {
        self.depth_um.max(self.module_um)
    }
}

impl Process {
    /// All, as they stand in tables.
    pub const ALL: [Process; 5] = [
        Process::Fdm,
        Process::Sla,
        Process::Sls,
        Process::Mjf,
        Process::Lpbf,
    ];

    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Process::Fdm => "FDM",
            Process::Sla => "SLA",
            Process::Sls => "SLS",
            Process::Mjf => "MJF",
            Process::Lpbf => "LPBF",
        }
    }

    /// What it makes reliably. A depth of one module is the least at which relief of one colour is read at all.
    pub fn limits(self) -> Limits {
        let of = |module_um, depth_um, wall_um| Limits {
            module_um,
            depth_um,
            wall_um,
        };
        match self {
            // Module: L, H (engraved upright 0.8), X (0.83). Wall: L, H (upright 0.8).
            Process::Fdm => of(800, 800, 800),
            // Module: H (engraved 0.5; C says 0.3). Depth: C (0.4), a module's. Wall: C.
            Process::Sla => of(500, 500, 500),
            // Module and depth: C; X (0.43). Wall: C.
            Process::Sls => of(500, 500, 800),
            // Module: as SLS, because C (0.4) is for strokes and not for the bridges between them. Wall: C.
            Process::Mjf => of(500, 500, 500),
            // Module: C (engraved 0.3), to the next half millimetre for the roughness of powder. Depth and wall: C.
            Process::Lpbf => of(500, 500, 500),
        }
    }

    /// How well a recess comes out on a face that looks this way, in thousandths, and why it is less than it could be.
    pub fn favour(self, facing: Facing) -> (u32, Option<&'static str>) {
        const STEPS: &str = "each layer shows as a step";
        const OVERHANG: &str = "layers that reach over are rough";
        const SUPPORTS: &str = "supports leave scars here";
        match (self, facing) {
            // Upright text is crisp from 0.8 mm, level text from 1 mm (H); lines of the last layer draw a texture.
            (Process::Fdm, Facing::Up) => (900, Some("lines of the last layer show")),
            (Process::Fdm | Process::Sla | Process::Lpbf, Facing::LeaningUp) => (750, Some(STEPS)),
            (Process::Fdm | Process::Sla | Process::Lpbf, Facing::LeaningDown) => {
                (500, Some(OVERHANG))
            }
            (Process::Fdm, Facing::OnPlate) => (
                450,
                Some("the first layer spreads and narrows the recess, which is printed over air"),
            ),
            (Process::Sla, Facing::OnPlate) => {
                (350, Some("the first layers are cured too long and spread"))
            }
            (Process::Lpbf, Facing::OnPlate) => {
                (150, Some("the part is cut off the plate along this face"))
            }
            (Process::Fdm | Process::Sla, Facing::OverGap) => (250, Some(SUPPORTS)),
            (Process::Lpbf, Facing::OverGap) => (
                100,
                Some("metal over loose powder sags, and supports leave scars"),
            ),
            // Powder carries the part; only the direction of the layers is left.
            (Process::Sls | Process::Mjf, Facing::LeaningUp | Facing::LeaningDown) => {
                (900, Some(STEPS))
            }
            _ => (1000, None),
        }
    }
}
